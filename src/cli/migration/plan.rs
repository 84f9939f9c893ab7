//! `supadeck migration plan`.

use super::super::answer::{Answer, Answered, Failure};
use super::super::context::{Context, Work};
use super::super::interrupt;
use super::super::page::Page;
use super::chosen::{On, chosen};
use super::run::at_rest;
use super::scratch::{self, Scratch};
use super::skipped;
use super::timeouts::{self, Waits};
use crate::domain::dry_run::Report;
use crate::domain::dry_run::access::AccessChange;
use crate::domain::lint::Assessment;
use crate::domain::migration::platform_locks::PlatformLocks;
use crate::domain::migration::{Plan, PlanRequest, plan_summary, platform_locks};
use crate::domain::problem::Problem;
use crate::domain::report::risks::{self, RiskGroup};
use crate::domain::report::{Extent, losses, plan, seen};
use crate::ops::migration::{self, Passing, RunControl, StepRisk};
use crate::ports::Soon;
use clap::Args as ClapArgs;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

/// Show what the pending migrations, or a rollback, would change, lock and lose, before anything is changed
///
/// The files really run, whoever wrote them: on the database itself in a transaction that is never committed, or on a scratch database that
/// the history's stored statements build again. A production profile uses scratch unless --on says otherwise. On the
/// database itself the locks are real while the dry run runs, and sequences move on; a file that reaches outside the
/// database (programs, files of the server, other servers) is not run there, because no rollback undoes that. On the
/// scratch database it is, as a role that reaches nothing on this machine. --no-rehearsal runs nothing.
///
/// Exit code 0 when every statement ran, whatever the risks are; else that of what failed, such as 8 for the database.
#[derive(ClapArgs)]
pub struct Args {
    /// The last version to apply; with --rollback the version that stays the newest, 0 for none
    #[arg(long, value_name = "VERSION")]
    to: Option<String>,

    /// Also migrations that are older than the newest applied one
    #[arg(long, conflicts_with = "rollback")]
    include_out_of_order: bool,

    /// Plan a rollback, with --to or --last
    #[arg(long)]
    rollback: bool,

    /// How many to roll back
    #[arg(long, value_name = "N", requires = "rollback", conflicts_with = "to", value_parser = clap::value_parser!(u32).range(1..))]
    last: Option<u32>,

    /// Where to dry-run
    #[arg(long, value_name = "PLACE")]
    on: Option<On>,

    /// Run nothing: show the statements and their risks by their text
    #[arg(long, conflicts_with = "on")]
    no_rehearsal: bool,

    /// Show every statement, object and risk, however many there are
    #[arg(long)]
    all: bool,

    #[command(flatten)]
    waits: Waits,
}

/// The JSON document.
#[derive(Serialize)]
struct Shown<'a> {
    plan: &'a Plan,
    risks: &'a [StepRisk],
    rehearsal: Option<&'a Report>,
    /// What is lost, as short as it can be said.
    losses: Vec<losses::Lost<'a>>,
    /// Who gains or loses access.
    access: &'a [AccessChange],
    /// The risks that a dry run has not refuted, by rule and file.
    risk_groups: Vec<RiskGroup>,
    /// What running it locks of the platform.
    platform_locks: Option<PlatformLocks>,
}

/// Plans and dry-runs.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let wish = match (args.rollback, &args.to) {
        (false, to) => PlanRequest::Apply {
            to: to.clone(),
            include_out_of_order: args.include_out_of_order,
        },
        (true, Some(version)) => PlanRequest::RollbackTo {
            version: version.clone(),
        },
        (true, None) => PlanRequest::RollbackLast {
            count: args.last.unwrap_or(1) as usize,
        },
    };
    let mut work = context.work().await?;
    args.waits.set(&mut work.schema.limits);
    let place = args.on.unwrap_or(match work.production {
        None if !work.is_read_only => On::Target,
        _ => On::Scratch,
    });
    if place == On::Target && !args.no_rehearsal {
        work.schema.database.expect(Soon::Run);
    }
    let plan = work.read(migration::plan(&work.schema, &wish)).await?;
    let risks = migration::risks(&plan);
    let report = if args.no_rehearsal || plan.steps.is_empty() {
        None
    } else {
        Some(rehearse(context, &work, &plan, args.on).await?)
    };
    let (skipped, said) = skipped::of(&work.schema.root)?;
    let assessments = risks.iter().map(|risk| risk.assessment.clone());
    let mut assessments: Vec<Assessment> = assessments.collect();
    if let Some(report) = &report {
        assessments = seen::settle(&assessments, report);
    }
    let mut page = if plan.steps.is_empty() {
        at_rest(&work.schema, &wish).await
    } else {
        let extent = if args.all { Extent::All } else { Extent::Short };
        let mut page = Page::default();
        page.report(plan::page(
            &plan,
            Some(&assessments),
            report.as_ref(),
            extent,
            false,
        ));
        page
    };
    if !plan.steps.is_empty() {
        page.append(timeouts::shown(&work.schema.limits, &plan));
    }
    page.append(said);
    let shown = Shown {
        plan: &plan,
        risks: &risks,
        rehearsal: report.as_ref(),
        losses: report.as_ref().map(losses::all).unwrap_or_default(),
        access: report.as_ref().map_or(&[], |report| &report.access),
        risk_groups: risks::groups(&plan, &assessments),
        platform_locks: platform_locks::of_plan(&plan),
    };
    let answer = Answer::new(&shown, page)?
        .with("skipped", &skipped)?
        .with("refused", &plan_summary::out_of_place(&plan))?
        .with("statement_timeout", &plan.target.statement_timeout)?;
    match report.and_then(|report| report.problem) {
        None => Ok(answer),
        Some(problem) => Err(Failure::after(problem, answer)),
    }
}

async fn rehearse(
    context: &Context,
    work: &Work,
    plan: &Plan,
    asked: Option<On>,
) -> Result<Report, Problem> {
    let production = plan.target.protection.profile.as_ref();
    let on = asked.unwrap_or(match production.or(work.production.as_ref()) {
        None if !work.is_read_only => On::Target,
        _ => On::Scratch,
    });
    let on = match platform_locks::of_plan(plan).filter(|_| on == On::Target) {
        None => on,
        Some(locks) => chosen(context, &locks, asked.is_some()).await?,
    };
    let (watch, cancel) = quiet();
    if on == On::Target {
        let rehearsing = migration::dry_run(&work.schema, work.stage.as_ref(), plan, &watch);
        return interrupt::cancelling(context.output(), &cancel, rehearsing).await;
    }
    let wanted = scratch::of_target(&plan.target.server_version);
    let scratch = interrupt::ending(Box::pin(Scratch::start(context, wanted))).await?;
    let mut passing = Passing::on(scratch.is_right_version());
    let rehearsing = async {
        let there = scratch.work(context, &work.schema.root, work.schema.limits)?;
        migration::rebuild(&work.schema, &there.schema, &mut passing, &watch).await?;
        let (schema, stage) = (&there.schema, there.stage.as_ref());
        migration::rehearse_on_scratch(schema, stage, plan, &mut passing, &watch).await
    };
    let report = interrupt::cancelling(context.output(), &cancel, rehearsing).await;
    scratch.stop().await;
    report
}

/// A watch whose news nobody reads: the report holds all of it.
pub fn quiet() -> (RunControl, CancellationToken) {
    let watch = RunControl::quiet();
    let cancel = watch.cancel.clone();
    (watch, cancel)
}
