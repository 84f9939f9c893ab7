//! `supadeck seed apply`.

use super::super::answer::{Answer, Answered, Failure};
use super::super::confirm::{self, Confirm};
use super::super::context::Context;
use super::super::migration::progress::{ProgressPrinter, watched};
use super::super::migration::show;
use super::super::migration::timeouts::Times;
use super::super::page::{Page, Tone};
use super::{missing, notes, stale};
use crate::domain::migration::limit;
use crate::domain::report::outcome::{self, Beside};
use crate::domain::script::Limits;
use crate::domain::seed::{SeedEntry, SeedListing, SeedOutcome, SeedPlan, SeedState};
use crate::ops::migration::RunControl;
use crate::ops::seed;
use clap::Args as ClapArgs;
use std::path::PathBuf;

/// Run seed files that have not run yet, each in one transaction
///
/// A changed seed is run again only with --again. At a terminal the exact statements are shown and `seed` has to be typed;
/// elsewhere --yes is needed.
#[derive(ClapArgs)]
pub struct Args {
    /// The files; all seeds of the project when none is named
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Also run seeds that have run before
    #[arg(long)]
    again: bool,

    #[command(flatten)]
    times: Times,

    #[command(flatten)]
    confirm: Confirm,
}

/// Plans, asks and runs.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let mut work = context.work().await?;
    args.times.set(&mut work.schema.limits);
    let plan = work
        .read(seed::plan(&work.schema, &args.paths, args.again))
        .await?;
    if plan.steps.is_empty() {
        let outcome = SeedOutcome {
            steps: Vec::new(),
            problem: None,
            target: plan.target,
        };
        let seeds = work.read(seed::at_rest(&work.schema, &args.paths)).await?;
        let mut page = match seed::looked(&work.schema)? {
            Some(looked) if args.paths.is_empty() => {
                Page::of(format!("There are no seed files. {looked}"))
            }
            _ => at_rest(&seeds, !args.paths.is_empty()),
        };
        page.append(notes::page(&seeds.notes));
        page.append(missing::page(&seeds.entries));
        return Ok(Answer::new(&outcome, page)?
            .with("stale", &seeds.stale)?
            .with("notes", &seeds.notes)?);
    }
    let count: usize = plan.steps.iter().map(|step| step.parts.len()).sum();
    let what = format!(
        "Run {}, {}",
        show::counted(plan.steps.len(), "seed"),
        show::counted(count, "statement")
    );
    let shown = || Answer::new(&plan, shown(&plan, &work.schema.limits));
    confirm::confirm(
        context,
        &plan.target.protection,
        &args.confirm,
        shown,
        "seed",
        &what,
    )
    .await?;
    // Nobody was shown the plan: what is to be said of it is said all the same, before it runs.
    if args.confirm.yes && !plan.notes.is_empty() {
        context.output().note(&notes::page(&plan.notes));
    }
    let run = async |watch: &RunControl| seed::run(&work.schema, &plan, watch).await;
    let outcome = watched(context, ProgressPrinter::of_seeds(&plan), run).await?;
    let answer = Answer::new(&outcome, report(&outcome))?.with("notes", &plan.notes)?;
    match &outcome.problem {
        None => Ok(answer),
        Some(problem) => Err(Failure::after(problem.clone(), answer)),
    }
}

/// Says that nothing waits, and why what one might expect to run does not.
fn at_rest(seeds: &SeedListing, is_named: bool) -> Page {
    let mut page = Page::of("No pending seeds.");
    let is_stale = |path: &String| seeds.stale.iter().any(|stale| stale.path == *path);
    for SeedEntry { path, state, .. } in &seeds.entries {
        // Without a path `--again` runs every seed again.
        let again = if is_named {
            "`--again` runs it".to_owned()
        } else {
            format!("`--again {path}` runs it")
        };
        let why = match state {
            SeedState::Changed => format!("{path} changed since it ran; {again}."),
            SeedState::Applied if is_named && !is_stale(path) => {
                format!("{path} ran already; {again}.")
            }
            SeedState::Applied | SeedState::Missing | SeedState::Pending => continue,
        };
        page.line(why);
    }
    page.append(stale::page(&seeds.stale));
    page
}

fn shown(plan: &SeedPlan, limits: &Limits) -> Page {
    let mut page = Page::default();
    page.toned(Tone::Strong, &show::target(&plan.target));
    for step in &plan.steps {
        page.blank();
        page.toned(Tone::Strong, &format!("Run {}", step.path));
        for statement in step.statements() {
            page.block(Tone::Text, "    ", &format!("{statement};"));
        }
    }
    page.blank();
    let limit = limit::of_run(limits, &plan.target);
    page.toned(Tone::Muted, &format!("Statement timeout: {limit}."));
    page.append(notes::page(&plan.notes));
    page
}

fn report(outcome: &SeedOutcome) -> Page {
    let mut page = Page::default();
    page.report(outcome::page(&outcome::seeded(outcome), Beside::default()));
    page
}
