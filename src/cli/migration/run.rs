//! What apply and rollback have in common: plan, show, confirm, run, report.

use super::super::answer::{Answer, Answered, Failure};
use super::super::context::Context;
use super::super::interrupt;
use super::super::page::{Page, Tone};
use super::confirm::{self, Confirm};
use super::show;
use crate::domain::migration::{Outcome, Plan, Progress, Wish};
use crate::domain::problem::Problem;
use crate::ops::migration::{self, Schema, Watch};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Makes the plan of a wish, has it confirmed, and runs it.
pub async fn carry_out(context: &Context, wish: &Wish, options: &Confirm) -> Answered {
    let work = context.work().await?;
    let plan = interrupt::ending(migration::plan(&work.schema, wish)).await?;
    if plan.steps.is_empty() {
        return nothing(wish, &plan);
    }
    let (word, deed) = match wish {
        Wish::Apply { .. } => ("apply".to_owned(), "Apply"),
        Wish::RollbackTo { .. } | Wish::RollbackLast { .. } => {
            (format!("rollback {}", plan.steps.len()), "Roll back")
        }
    };
    let what = format!("{deed} {}", show::size(&plan));
    let shown = Answer::new(&plan, show::plan(&plan))?;
    confirm::confirm(context, &work, options, shown, &word, &what).await?;
    let outcome = watched(context, &work.schema, &plan).await?;
    report(&outcome)
}

fn nothing(wish: &Wish, plan: &Plan) -> Answered {
    let text = match wish {
        Wish::Apply { .. } => "Nothing is pending.",
        Wish::RollbackTo { .. } | Wish::RollbackLast { .. } => "There is nothing to roll back.",
    };
    let outcome = Outcome {
        steps: Vec::new(),
        problem: None,
        target: plan.target.clone(),
        history: Some(plan.history.clone()),
    };
    Ok(Answer::new(&outcome, Page::of(text))?)
}

/// Runs a plan with its progress on stderr; Ctrl-C cancels it in order.
pub async fn watched(context: &Context, schema: &Schema, plan: &Plan) -> Result<Outcome, Problem> {
    let (progress, mut news) = mpsc::unbounded_channel();
    let cancel = CancellationToken::new();
    let watch = Watch {
        progress,
        cancel: cancel.clone(),
    };
    let output = context.output();
    let tell = async {
        while let Some(progress) = news.recv().await {
            if let Some(page) = told(plan, &progress) {
                output.note(&page);
            }
        }
    };
    let run = async {
        let outcome = migration::run(schema, plan, &watch).await;
        // The sender lives in the watch: dropping it ends the telling.
        drop(watch);
        outcome
    };
    let both = async {
        let (outcome, ()) = tokio::join!(run, tell);
        outcome
    };
    interrupt::cancelling(output, &cancel, both).await
}

fn told(plan: &Plan, progress: &Progress) -> Option<Page> {
    let step = |at: usize| plan.steps.get(at);
    let mut page = Page::default();
    match progress {
        Progress::WaitingForLock => {
            page.toned(Tone::Warn, "Waiting for another runner to finish.");
        }
        Progress::StepStarted { step: at } => {
            let step = step(*at)?;
            let count = show::counted(step.statements.len(), "statement");
            let deed = show::deed(step.direction);
            page.line(format!("{deed} {} ({count}).", show::named(step)));
        }
        Progress::Notice { text, .. } => {
            page.block(Tone::Muted, "  ", text);
        }
        Progress::StepDone { step: at, took } => {
            let name = show::named(step(*at)?);
            let done = format!("  {name} is done, {} ms.", took.as_millis());
            page.toned(Tone::Ok, &done);
        }
        Progress::StatementDone { .. } | Progress::Cancelling => return None,
    }
    Some(page)
}

fn report(outcome: &Outcome) -> Answered {
    let answer = Answer::new(outcome, show::outcome(outcome))?;
    match &outcome.problem {
        None => Ok(answer),
        Some(problem) => Err(Failure::after(problem.clone(), answer)),
    }
}
