//! Dry-runs a plan in one transaction that is never committed: what each statement does, and what is different, locked
//! and lost in the end. Who records it, over a connection or in one call, makes no difference to the report.

use super::doubt::{Doubt, doubt};
use super::error::step_problem;
use super::losses::count_losses;
use super::outside::refused;
use super::record::recorder;
use super::script::parts;
use super::{RunControl, Workspace, read_files};
use crate::domain::dry_run::access::Right;
use crate::domain::dry_run::effects::EffectLedger;
use crate::domain::dry_run::losses::Candidates;
use crate::domain::dry_run::recording::{DryRunResult, Failed, FileResult, FileScript};
use crate::domain::dry_run::{End, Environment, Report, StatementReport, StepReport};
use crate::domain::migration::{Plan, Step, StepMode};
use crate::domain::problem::{Kind, Problem};
use crate::domain::script::Limits;
use crate::domain::snapshot::Snapshot;
use crate::domain::snapshot::difference::Difference;
use crate::domain::sql::split::split;
use crate::domain::sql::statement_kind::significant;
use crate::ports::{Recorder, Stage};
use std::collections::BTreeSet;
use std::time::Duration;

/// A longer plan is compared only as a whole: each picture takes a moment, and nobody reads a hundred of them.
const PICTURES_STEPS: usize = 20;

/// Dry-runs a plan on the database that it is for. A failing statement is told in the report; an error means that there
/// is none. Nothing of it remains in either case, except that sequences move on.
pub async fn rehearse(
    schema: &Workspace,
    stage: &dyn Stage,
    plan: &Plan,
    watch: &RunControl,
) -> Result<Report, Problem> {
    let mut report = rehearse_at(schema, stage, plan, watch, Environment::Target, None).await?;
    if report.problem.is_none() {
        report.problem = changed_history(schema, plan).await;
    }
    Ok(report)
}

/// Dry-runs at a place. Only tables among `known` count as being there before, when it is given.
pub(super) async fn rehearse_at(
    schema: &Workspace,
    stage: &dyn Stage,
    plan: &Plan,
    watch: &RunControl,
    on: Environment,
    known: Option<&BTreeSet<u32>>,
) -> Result<Report, Problem> {
    if watch.cancel.is_cancelled() {
        return Err(Problem::cancelled("No dry run was made."));
    }
    let mut recorder = recorder(stage, schema.limits).await?;
    let found = inside(recorder.as_mut(), schema, plan, watch, on, known).await;
    // Whatever happened: it is rolled back, and the server is asked whether it is.
    let ended = recorder.end().await;
    match (found, ended) {
        (Ok(report), Ok(())) => Ok(report),
        (Ok(mut report), Err(problem)) => {
            report.problem = Some(problem);
            Ok(report)
        }
        (Err(_), Err(problem)) | (Err(problem), Ok(())) => Err(problem),
    }
}

/// Records, makes the report of it, and asks what is to be known of the state before.
async fn inside(
    recorder: &mut dyn Recorder,
    schema: &Workspace,
    plan: &Plan,
    watch: &RunControl,
    on: Environment,
    known: Option<&BTreeSet<u32>>,
) -> Result<Report, Problem> {
    let mut news = |progress| drop(watch.progress.send(progress));
    let refused = refused(plan, on);
    let limits = &schema.limits;
    let scenes = scenes(plan, &refused);
    let steps: Vec<&Step> = plan.steps.iter().collect();
    let left_out = left_out(plan, &refused);
    let goes_on = |step: usize, failed: &Failed, undone: &[usize]| {
        let not_run: Vec<usize> = left_out.iter().chain(undone).copied().collect();
        doubt(&steps, step, failed, &not_run, limits).is_some()
    };
    let recording = recorder.record(&scenes, &goes_on, &mut news, &watch.cancel);
    let mut recording = recording.await?;
    if let Some(known) = known {
        let tables = &mut recording.ground.tables;
        tables.retain(|table| known.contains(&table.id));
    }
    let (mut report, account, mut candidates) = told(plan, &refused, on, &recording, limits);
    if let Some(known) = known {
        let is_known = |(id, _): &(u32, Option<i16>)| known.contains(id);
        candidates
            .open
            .retain(|open| open.parts.iter().all(is_known));
    }
    let ground = &recording.ground;
    // A line that was lost measures nothing any more, and the report says already that it was.
    let counted = count_losses(
        recorder,
        &mut report,
        ground,
        &account,
        candidates,
        &recording.rights,
    )
    .await;
    if report.problem.is_none() {
        counted?;
    }
    Ok(report)
}

/// The files that can be dry-run in a transaction, without those that are refused.
fn scenes(plan: &Plan, refused: &[Option<String>]) -> Vec<FileScript> {
    let is_short = plan.steps.len() <= PICTURES_STEPS;
    let steps = plan.steps.iter().enumerate();
    let mut scenes: Vec<FileScript> = steps
        .zip(refused)
        .filter(|((_, step), refused)| step.mode != StepMode::Alone && refused.is_none())
        .map(|(numbered, _)| numbered)
        .map(|(index, step)| scene(index, step, is_short))
        .collect();
    if let Some(last) = scenes.last_mut() {
        last.is_pictured = true;
    }
    scenes
}

/// The files that are not run, by their indexes.
fn left_out(plan: &Plan, refused: &[Option<String>]) -> Vec<usize> {
    let steps = plan.steps.iter().zip(refused).enumerate();
    steps
        .filter(|(_, (step, refused))| step.mode == StepMode::Alone || refused.is_some())
        .map(|(index, _)| index)
        .collect()
}

/// One file as it is dry-run.
pub(super) fn scene(index: usize, step: &Step, is_pictured: bool) -> FileScript {
    FileScript {
        step: index,
        parts: parts(step),
        is_pictured,
    }
}

/// The report of a recording, but for what is counted afterwards, with the account that was kept for it.
fn told(
    plan: &Plan,
    refused: &[Option<String>],
    on: Environment,
    recording: &DryRunResult,
    limits: &Limits,
) -> (Report, EffectLedger, Candidates) {
    let all: Vec<&Step> = plan.steps.iter().collect();
    let mut not_run = left_out(plan, refused);
    let mut account = EffectLedger::new(&recording.ground);
    let mut steps: Vec<StepReport> = plan.steps.iter().map(not_reached).collect();
    let mut takes = recording.takes.iter();
    let mut latest = &recording.before;
    let mut problem = None;
    for (index, (step, report)) in plan.steps.iter().zip(&mut steps).enumerate() {
        if step.mode == StepMode::Alone {
            report.end = End::Skipped;
            report.note = Some(alone(step));
            continue;
        }
        if let Some(Some(note)) = refused.get(index) {
            report.end = End::Refused;
            report.note = Some(note.clone());
            continue;
        }
        let Some(take) = takes.next() else {
            break;
        };
        let why = take.failed.as_ref();
        let why = why.and_then(|failed| doubt(&all, index, failed, &not_run, limits));
        problem = of_take(plan, index, take, report, &mut account, on, why.as_ref());
        if let Some(after) = &take.after {
            if plan.steps.len() <= PICTURES_STEPS && take.failed.is_none() {
                report.difference = Some(Difference::between(latest, after));
            }
            latest = after;
        }
        if why.is_some() {
            not_run.push(index);
        }
        if problem.is_some() {
            break;
        }
    }
    let difference = Difference::between(&recording.before, latest);
    let report = Report {
        on,
        database: plan.target.clone(),
        steps,
        losses: Vec::new(),
        uncounted: Vec::new(),
        access: Vec::new(),
        locks: account.locks(),
        difference,
        sequences: Vec::new(),
        problem,
    };
    let candidates = account.candidates(&recording.before, latest);
    (report, account, candidates)
}

/// Puts one file into its report; tells why it failed.
fn of_take(
    plan: &Plan,
    index: usize,
    take: &FileResult,
    report: &mut StepReport,
    account: &mut EffectLedger,
    on: Environment,
    why: Option<&Doubt>,
) -> Option<Problem> {
    let step = &plan.steps[index];
    let text = read_files::read(&step.file).ok().map(|source| source.text);
    let lines = text.as_deref().map(lines);
    account.open_file();
    for kept in &take.ran {
        let (statement, ran) = (kept.statement, &kept.ran);
        let sql = &step.statements[statement];
        let effect = account.record_statement(&step.version, statement + 1, sql, ran);
        account.record_overwrite(sql, &effect.changed);
        report.took_ms += milliseconds(ran.took);
        report.statements.push(StatementReport {
            took_ms: milliseconds(ran.took),
            rows: ran.rows,
            locks: effect.locks,
            rewrites: effect.rewrites,
            changed: effect.changed,
            ..statement_report(step, statement, lines.as_deref(), kept.notices.clone())
        });
    }
    let failed = take.failed.as_ref();
    let Some(failed) = failed else {
        account.record_commit(&step.version, step.statements.len(), &take.settled);
        account.close_file();
        report.end = End::Passed;
        return None;
    };
    account.add_time(failed.took);
    account.close_file();
    account.undo_file();
    report.took_ms += milliseconds(failed.took);
    let mut problem = step_problem(&failed.halt, step, text.as_deref(), on);
    report.end = End::Failed;
    if let Some(why) = why {
        let steps: Vec<&Step> = plan.steps.iter().collect();
        report.end = End::Unsure;
        report.note = Some(why.note(&steps, index));
        problem = why.explain(problem, &steps, index);
    }
    if let Some(statement) = failed.statement {
        report.statements.push(StatementReport {
            took_ms: milliseconds(failed.took),
            problem: Some(problem.clone()),
            ..statement_report(step, statement, lines.as_deref(), failed.notices.clone())
        });
    }
    (report.end == End::Failed).then_some(problem)
}

/// The line on which each statement of a text begins.
pub(super) fn lines(text: &str) -> Vec<usize> {
    let (mut line, mut at) = (1, 0);
    let statements = split(text).into_iter().map(|statement| {
        let sql = statement.text(text);
        let first = significant(sql).next().map_or(0, |token| token.start);
        let begin = statement.range.start + first;
        line += text[at..begin].matches('\n').count();
        at = begin;
        line
    });
    statements.collect()
}

/// Why a file is not dry-run in a transaction, and what that means.
fn alone(step: &Step) -> String {
    let why = step.mode_why.as_deref().unwrap_or_default();
    format!(
        "{why} So it cannot be undone, and was not run here; later files ran without it. `--on scratch` runs it."
    )
}

pub(super) fn statement_report(
    step: &Step,
    statement: usize,
    lines: Option<&[usize]>,
    notices: Vec<String>,
) -> StatementReport {
    StatementReport {
        statement: statement + 1,
        line: lines.and_then(|lines| lines.get(statement).copied()),
        sql: step.statements[statement].to_owned(),
        took_ms: 0,
        rows: 0,
        notices,
        locks: Vec::new(),
        rewrites: Vec::new(),
        changed: Vec::new(),
        problem: None,
    }
}

pub(super) fn not_reached(step: &Step) -> StepReport {
    StepReport {
        version: step.version.clone(),
        name: step.name.clone(),
        direction: step.direction,
        end: End::NotReached,
        took_ms: 0,
        statements: Vec::new(),
        difference: None,
        note: None,
    }
}

pub(super) fn milliseconds(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

/// The history is read again: a dry run leaves it as it was.
async fn changed_history(schema: &Workspace, plan: &Plan) -> Option<Problem> {
    let history = match schema.database.history().await {
        Ok(history) => history,
        Err(problem) => return Some(problem),
    };
    (history.versions() != plan.history).then(|| {
        Problem::new(
            Kind::Conflict,
            "The history has changed since the plan was made.",
            "Somebody else migrates this database too: what the dry run ran is not what would run.",
        )
        .with_hint("Plan again.")
    })
}

/// The catalog of a database and what each role may do, read aside.
pub(super) async fn look(
    schema: &Workspace,
    stage: &dyn Stage,
) -> Result<(Snapshot, Vec<Right>), Problem> {
    let mut session = stage.rehearsal(schema.limits).await?;
    let looked = async {
        let picture = session.picture().await?;
        Ok((picture, session.rights().await?))
    };
    let looked = looked.await;
    session.end().await?;
    looked
}

/// The catalog of a database, read aside.
pub(super) async fn picture(schema: &Workspace, stage: &dyn Stage) -> Result<Snapshot, Problem> {
    let mut session = stage.rehearsal(schema.limits).await?;
    let picture = session.picture().await;
    session.end().await?;
    picture
}
