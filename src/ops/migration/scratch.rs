//! A dry run on a scratch database: first the history's stored statements build it again, then every file of the plan is
//! dry-run, and really run before the next one.

use super::dry_run::{
    lines, milliseconds, not_reached, run_at, snapshot, snapshot_and_rights, statement_report,
};
use super::passing::{Judged, Passing};
use super::redo::run;
use super::{RunControl, Workspace, read_files};
use crate::domain::dry_run::access::{add_dependent, changes};
use crate::domain::dry_run::{
    End, Environment, Report, StatementReport, StepReport, TableLockSummary,
};
use crate::domain::migration::history::sha256;
use crate::domain::migration::platform_locks::of_plan;
use crate::domain::migration::{
    Direction, Outcome, Plan, RollbackFile, Step, StepEnd, StepMode, StepReport as RunReport,
};
use crate::domain::problem::{Kind, Problem};
use crate::domain::snapshot::Kind as Thing;
use crate::domain::snapshot::Snapshot;
use crate::domain::snapshot::difference::Difference;
use crate::domain::sql::execution_mode::{ExecutionMode, execution_mode};
use crate::ports::DryRunDatabase;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Applies to an empty scratch database what the history of another one stores, oldest first. A version that does not
/// run, or that has no stored statements, is named; what the scratch server lacks is passed over.
pub async fn rebuild(
    from: &Workspace,
    scratch: &Workspace,
    passing: &mut Passing,
    watch: &RunControl,
) -> Result<(), Problem> {
    let history = from.database.history().await?;
    let versions = history.versions();
    let stored = from.database.stored(&versions).await?;
    let mut steps = Vec::with_capacity(stored.len());
    for row in stored {
        let Some(statements) = row.statements else {
            return Err(not_rebuilt(
                &row.version,
                "The history stores no statements of it.",
            ));
        };
        let text = statements.join(";\n");
        let (mode, mode_why) = match execution_mode(&text) {
            Ok(ExecutionMode::Transaction) => (StepMode::Transaction, None),
            Ok(ExecutionMode::Alone(why)) => (StepMode::Alone, Some(why.why)),
            Err(refusal) => return Err(not_rebuilt(&row.version, &refusal.why)),
        };
        steps.push(Step {
            name: row.name.unwrap_or_default(),
            direction: Direction::Apply,
            file: PathBuf::from(format!("history/{}", row.version)),
            sha256: sha256(text.as_bytes()),
            statements: statements.into_iter().collect(),
            version: row.version,
            mode,
            mode_why,
            begin_at: 0,
            repeats: 0,
            older_than: None,
            passed_over: BTreeSet::new(),
            way_back: RollbackFile::Usable,
        });
    }
    let outcome = run_for_real(scratch, steps, passing, watch).await?;
    match outcome.problem {
        None => Ok(()),
        Some(problem) if problem.kind == Kind::Cancelled => Err(problem),
        Some(problem) => {
            let done = outcome.history.unwrap_or_default();
            let failed = versions.iter().find(|version| !done.contains(version));
            let failed = failed.cloned().unwrap_or_default();
            let told = not_rebuilt(&failed, &problem.to_string());
            Err(match problem.detail {
                Some(detail) => told.with_detail(detail),
                None => told,
            })
        }
    }
}

fn not_rebuilt(version: &str, why: &str) -> Problem {
    Problem::new(
        Kind::Conflict,
        format!("The scratch database cannot be built: version {version} stops it."),
        why,
    )
    .with_hint("Run it on the database itself with `--on target`.")
}

/// Runs steps on a scratch database, which nobody else uses.
pub(super) async fn run_for_real(
    scratch: &Workspace,
    mut steps: Vec<Step>,
    passing: &mut Passing,
    watch: &RunControl,
) -> Result<Outcome, Problem> {
    for step in &mut steps {
        passing.enter(step);
    }
    let history = scratch.database.history().await?;
    let mut plan = Plan {
        steps,
        target: history.target.clone(),
        history: history.versions(),
        is_resume: false,
    };
    let quiet = RunControl {
        progress: tokio::sync::mpsc::unbounded_channel().0,
        cancel: watch.cancel.clone(),
    };
    run_passing(&scratch.on_scratch(), &mut plan, passing, &quiet).await
}

/// Runs a plan on a scratch database, and goes on without what its server lacks.
pub(super) async fn run_passing(
    scratch: &Workspace,
    plan: &mut Plan,
    passing: &mut Passing,
    watch: &RunControl,
) -> Result<Outcome, Problem> {
    let mut before = Vec::new();
    loop {
        let mut outcome = run(scratch, plan, watch).await?;
        let at = outcome
            .steps
            .iter()
            .position(|ran| ran.end != StepEnd::Done);
        let done = plan.steps.iter().take(at.unwrap_or(plan.steps.len()));
        done.for_each(|step| passing.ran(step));
        if let (Some(at), Some(problem)) = (at, outcome.problem.take()) {
            let statement = outcome.steps[at].statement;
            match passing.judge(&mut plan.steps[at], statement, &problem) {
                Judged::Again => {
                    before.extend(outcome.steps.drain(..at));
                    plan.steps.drain(..at);
                    plan.history = outcome.history.take().unwrap_or_default();
                    continue;
                }
                Judged::Unsure(why) => {
                    outcome.problem = Some(Problem {
                        why: format!("{} {why}", problem.why),
                        ..problem
                    });
                }
                Judged::Own => outcome.problem = Some(passing.own(problem)),
            }
        }
        before.append(&mut outcome.steps);
        outcome.steps = before;
        return Ok(outcome);
    }
}

/// Dry-runs a plan on a scratch database that holds the same history: each file in a transaction of its own, and then
/// for good, so that the next one finds what a real run would leave it.
pub async fn rehearse_on_scratch(
    scratch: &Workspace,
    stage: &dyn DryRunDatabase,
    plan: &Plan,
    passing: &mut Passing,
    watch: &RunControl,
) -> Result<Report, Problem> {
    let (before, rights) = snapshot_and_rights(scratch, stage).await?;
    let known = tables(&before);
    let mut reached = None;
    // What rights depend on from further away is only seen within the transaction that changes it.
    let mut dependent = Vec::new();
    let mut whole = Report {
        on: Environment::Scratch,
        database: scratch.database.history().await?.target,
        steps: Vec::new(),
        difference: Difference::default(),
        locks: Vec::new(),
        losses: Vec::new(),
        uncounted: Vec::new(),
        access: Vec::new(),
        sequences: Vec::new(),
        sequence_notes: Vec::new(),
        passed_over: Vec::new(),
        platform_locks: of_plan(plan),
        problem: None,
    };
    for step in &plan.steps {
        let one = Plan {
            steps: vec![step.clone()],
            target: whole.database.clone(),
            history: Vec::new(),
            is_resume: false,
        };
        if step.mode == StepMode::Alone {
            let so_far = snapshot(scratch, stage).await?;
            let outcome = run_for_real(scratch, one.steps, passing, watch).await?;
            let ran = outcome.steps.first();
            let told = ran.map(|ran| run_alone(step, ran, outcome.problem.as_ref()));
            whole.steps.extend(told);
            whole.problem = outcome.problem;
            if whole.problem.is_some() {
                // What it left half way is nothing that the files before it do.
                reached = Some(so_far);
                break;
            }
            continue;
        }
        let mut report = try_one(scratch, stage, one.clone(), &known, passing, watch).await?;
        whole.steps.append(&mut report.steps);
        merge(&mut whole.locks, report.locks);
        let access = report.access.into_iter();
        dependent.extend(access.filter(|change| change.depends_on.is_some()));
        for loss in report.losses {
            if !whole.losses.contains(&loss) {
                whole.losses.push(loss);
            }
        }
        whole.problem = report.problem;
        if whole.problem.is_none() {
            whole.problem = run_for_real(scratch, one.steps, passing, watch)
                .await?
                .problem;
        }
        if whole.problem.is_some() {
            break;
        }
    }
    for step in &plan.steps[whole.steps.len()..] {
        whole.steps.push(not_reached(step));
    }
    let after = if let Some(snapshot) = reached {
        snapshot
    } else {
        // What failed is undone, so this shows what the files before it do.
        let (after, rights_after) = snapshot_and_rights(scratch, stage).await?;
        if whole.problem.is_none() {
            whole.access = changes(&rights, &rights_after, &before.ids());
            add_dependent(&mut whole.access, dependent);
        }
        after
    };
    whole.difference = Difference::between(&before, &after);
    whole.passed_over = passing.passed().to_vec();
    Ok(whole)
}

/// Dry-runs one file, again and again without what the server lacks.
async fn try_one(
    scratch: &Workspace,
    stage: &dyn DryRunDatabase,
    mut one: Plan,
    known: &BTreeSet<u32>,
    passing: &mut Passing,
    watch: &RunControl,
) -> Result<Report, Problem> {
    for step in &mut one.steps {
        passing.enter(step);
    }
    let place = Environment::Scratch;
    loop {
        let mut report = run_at(scratch, stage, &one, watch, place, Some(known)).await?;
        let Some(problem) = report.problem.take() else {
            return Ok(report);
        };
        let mut statements = report.steps.iter().flat_map(|step| &step.statements);
        let failed = statements.find(|ran| ran.problem.is_some());
        let number = failed.map(|ran| ran.statement);
        let judged = one.steps.first_mut();
        let judged = judged.map(|step| passing.judge(step, number, &problem));
        if !matches!(judged, Some(Judged::Again)) {
            report.problem = Some(passing.own(problem));
            return Ok(report);
        }
    }
}

/// A file that ran outside a transaction: nothing of it was measured but where it stopped.
fn run_alone(step: &Step, ran: &RunReport, problem: Option<&Problem>) -> StepReport {
    let why = step.mode_why.as_deref().unwrap_or_default();
    let text = read_files::read(&step.file).ok().map(|source| source.text);
    let stopped = ran.statement.zip(problem).map(|(number, problem)| {
        let at = number.min(step.statements.len()).saturating_sub(1);
        StatementReport {
            problem: Some(problem.clone()),
            ..statement_report(step, at, text.as_deref().map(lines).as_deref(), Vec::new())
        }
    });
    StepReport {
        end: match problem {
            None => End::Passed,
            Some(_) => End::Failed,
        },
        took_ms: milliseconds(ran.took),
        statements: stopped.into_iter().collect(),
        note: Some(format!(
            "{why} It was really run on the scratch database; its locks were not measured."
        )),
        ..not_reached(step)
    }
}

/// The numbers of the tables that are there.
fn tables(snapshot: &Snapshot) -> BTreeSet<u32> {
    let identities = snapshot.identities.iter();
    let tables = identities.filter(|(object, _)| {
        matches!(
            object.kind,
            Thing::Table | Thing::MaterializedView | Thing::ForeignTable
        )
    });
    tables.map(|(_, identity)| identity.id).collect()
}

/// Keeps the strongest lock of each table; of two that are alike, the one that is held longer.
fn merge(locks: &mut Vec<TableLockSummary>, more: Vec<TableLockSummary>) {
    for new in more {
        match locks.iter_mut().find(|held| held.table == new.table) {
            None => locks.push(new),
            Some(old) => {
                let rewritten = old.rewritten || new.rewritten;
                if (new.mode, new.held_ms) > (old.mode, old.held_ms) {
                    *old = new;
                }
                old.rewritten = rewritten;
            }
        }
    }
    locks.sort_by(|a, b| (b.mode, &a.table).cmp(&(a.mode, &b.table)));
}
