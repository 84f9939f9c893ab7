//! What apply and rollback have in common: plan, show, confirm, run, report.

use super::super::answer::{Answer, Answered, Failure};
use super::super::confirm::{self, Confirm};
use super::super::context::Context;
use super::super::page::{Page, Tone};
use super::super::seed::stale;
use super::progress::{ProgressPrinter, watched};
use super::show;
use super::skipped;
use super::timeouts::{self, Waits};
use crate::domain::migration::{
    Direction, Outcome, Plan, PlanRequest, State, StepEnd, StepMode, plan_summary, platform_locks,
};
use crate::domain::report::{self, Lines};
use crate::domain::seed::StaleSeed;
use crate::ops::migration::{self, RunControl, Workspace};
use crate::ops::seed;
use crate::ports::Soon;

/// Makes the plan of a wish, has it confirmed, and runs it.
pub async fn carry_out(
    context: &Context,
    wish: &PlanRequest,
    waits: &Waits,
    options: &Confirm,
) -> Answered {
    let mut work = context.work().await?;
    waits.set(&mut work.schema.limits);
    // Nobody is asked, so what is planned runs in a moment.
    if options.yes {
        work.schema.database.expect(Soon::Run);
    }
    let plan = work.read(migration::plan(&work.schema, wish)).await?;
    let (skipped, said) = match wish {
        PlanRequest::Apply { .. } => skipped::of(&work.schema.root)?,
        _ => Default::default(),
    };
    if plan.steps.is_empty() {
        let answer = nothing(&work.schema, wish, &plan, said).await?;
        return Ok(answer.with("skipped", &skipped)?);
    }
    let (word, mut what) = match wish {
        PlanRequest::Apply { .. } => ("apply".to_owned(), show::size("Apply", &plan)),
        PlanRequest::RollbackTo { .. } | PlanRequest::RollbackLast { .. } => (
            format!("rollback {}", plan.steps.len()),
            show::size("Roll back", &plan),
        ),
        PlanRequest::Redo => {
            let count = show::counted(plan.statement_count(), "statement");
            (
                "redo".to_owned(),
                format!("{}, {count}", plan_summary::title(&plan)),
            )
        }
        PlanRequest::GoOn { direction, .. } => {
            let word = match direction {
                Direction::Apply => "apply",
                Direction::Rollback => "rollback 1",
            };
            let title = plan_summary::title(&plan);
            let count = show::counted(plan.statement_count(), "statement");
            (word.to_owned(), format!("{title}: {count}"))
        }
    };
    let alone = plan
        .steps
        .iter()
        .filter(|step| step.mode == StepMode::Alone)
        .count();
    if alone > 0 {
        let which = if plan.is_resume {
            String::new()
        } else {
            format!("{} ", show::counted(alone, "migration"))
        };
        what.push_str(&format!(
            ", {which}outside a transaction, where a failure leaves what ran before it"
        ));
    }
    let shown = || {
        let mut page = show::plan(&plan);
        page.append(timeouts::shown(&work.schema.limits, &plan));
        let mut lines = Lines::default();
        report::locks::foretold(&mut lines, &plan);
        report::plan::cautions(&mut lines, &plan);
        page.report(lines).append(said.clone());
        // Whoever says yes beforehand looked before; everybody else sees the risks that the deck shows.
        if !options.yes {
            let risks = migration::risks(&plan).into_iter();
            let risks: Vec<_> = risks.map(|risk| risk.assessment).collect();
            let mut lines = Lines::default();
            report::risks::section(&mut lines, &plan, &risks);
            page.report(lines);
            if let Some(rehearse) = show::rehearsed_by(wish) {
                page.blank();
                page.toned(Tone::Muted, &format!("`{rehearse}` tries it in a dry run."));
            }
        }
        Answer::new(&plan, page)?
            .with("limits", &work.schema.limits)?
            .with("platform_locks", &platform_locks::of_plan(&plan))?
            .with("statement_timeout", &plan.target.statement_timeout)
    };
    confirm::confirm(
        context,
        &plan.target.protection,
        options,
        shown,
        &word,
        &what,
    )
    .await?;
    // Nobody was asked: what is left out is said all the same.
    if options.yes && !skipped.is_empty() {
        context.output().note(&said);
    }
    // Nobody was asked: of a file that does nothing it is said all the same, before it is recorded.
    if options.yes
        && let Some(empty) = plan_summary::empty(&plan)
    {
        let mut page = Page::default();
        page.toned(Tone::Warn, &empty);
        context.output().note(&page);
    }
    let run = async |watch: &RunControl| migration::run(&work.schema, &plan, watch).await;
    let outcome = watched(context, ProgressPrinter::of_plan(&plan), run).await?;
    ended(&outcome, &outlived(&work.schema, &outcome).await, &skipped)
}

/// The seeds that a rollback left recorded, although their rows may be gone. Only a courtesy: a run that went well is not
/// spoilt by its failure.
async fn outlived(schema: &Workspace, outcome: &Outcome) -> Vec<StaleSeed> {
    let mut steps = outcome.steps.iter();
    if steps.any(|step| step.direction == Direction::Rollback && step.end == StepEnd::Done) {
        seed::stale(schema).await.unwrap_or_default()
    } else {
        Vec::new()
    }
}

async fn nothing(schema: &Workspace, wish: &PlanRequest, plan: &Plan, said: Page) -> Answered {
    let mut page = at_rest(schema, wish).await;
    page.append(said);
    let outcome = Outcome {
        steps: Vec::new(),
        problem: None,
        target: plan.target.clone(),
        history: Some(plan.history.clone()),
    };
    Ok(Answer::new(&outcome, page)?)
}

/// Says that there is nothing to do. Whoever edited an applied file thinks that there is, so that is said too.
pub async fn at_rest(schema: &Workspace, wish: &PlanRequest) -> Page {
    if matches!(
        wish,
        PlanRequest::RollbackTo { .. } | PlanRequest::RollbackLast { .. } | PlanRequest::Redo
    ) {
        return Page::of("There is nothing to roll back.");
    }
    let mut page = Page::of("Nothing is pending.");
    let listing = migration::list(schema).await.ok();
    let entries = listing.iter().flat_map(|listing| &listing.entries);
    for entry in entries.filter(|entry| entry.state == State::Edited) {
        let text = format!(
            "{} {} was edited after it was applied, and the edit is not in the database: see `supadeck migration diff {}`.",
            entry.version, entry.name, entry.version
        );
        page.toned(Tone::Warn, &text);
    }
    page
}

fn ended(outcome: &Outcome, outlived: &[StaleSeed], skipped: &[String]) -> Answered {
    let mut page = show::outcome(outcome);
    page.append(stale::page(outlived));
    let mut answer = Answer::new(outcome, page)?.with("skipped", &skipped)?;
    if !outlived.is_empty() {
        answer = answer.with("stale_seeds", &outlived)?;
    }
    match &outcome.problem {
        None => Ok(answer),
        Some(problem) => Err(Failure::after(problem.clone(), answer)),
    }
}
