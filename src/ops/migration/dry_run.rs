//! Dry-runs a plan in one transaction that is never committed: what each statement does, and what is different, locked
//! and lost in the end. Who records it, over a connection or in one call, makes no difference to the report.

use super::doubt::{Doubt, doubt};
use super::error::{cause, step_problem};
use super::losses::count_losses;
use super::outside::refused;
use super::script::parts;
use super::{RunControl, Workspace, read_files};
use crate::domain::dry_run::access::Right;
use crate::domain::dry_run::effects::EffectLedger;
use crate::domain::dry_run::losses::Candidates;
use crate::domain::dry_run::moved::partitions;
use crate::domain::dry_run::recording::{DryRunResult, Failed, FileResult, FileScript};
use crate::domain::dry_run::{
    End, Environment, LeftOut, Report, StatementReport, StepReport, TableLockSummary,
};
use crate::domain::migration::platform_locks::{PlatformLocks, predicted};
use crate::domain::migration::{Plan, Step, StepMode};
use crate::domain::problem::{Kind, Problem};
use crate::domain::script::{Limits, Part};
use crate::domain::snapshot::Snapshot;
use crate::domain::snapshot::difference::Difference;
use crate::domain::sql::one_transaction::Piece;
use crate::domain::sql::split::split;
use crate::domain::sql::statement_kind::significant;
use crate::domain::sql::transaction::control;
use crate::ports::{DryRun, DryRunDatabase};
use std::collections::BTreeSet;
use std::time::Duration;

/// A longer plan is compared only as a whole: each snapshot takes a moment, and nobody reads a hundred of them.
const SNAPSHOT_STEPS: usize = 20;
/// What stands for a COMMIT of a file's own in its script: it is never sent.
const COMMIT: &str = "commit";

/// Dry-runs a plan on the database that it is for. A failing statement is told in the report; an error means that there
/// is none. Nothing of it remains in either case, except that sequences move on.
pub async fn dry_run(
    schema: &Workspace,
    stage: &dyn DryRunDatabase,
    plan: &Plan,
    watch: &RunControl,
) -> Result<Report, Problem> {
    let mut report = run_at(schema, stage, plan, watch, Environment::Target, None).await?;
    if report.problem.is_none() {
        report.problem = changed_history(schema, plan).await;
    }
    Ok(report)
}

/// Dry-runs at a place. Only tables among `known` count as being there before, when it is given.
pub(super) async fn run_at(
    schema: &Workspace,
    stage: &dyn DryRunDatabase,
    plan: &Plan,
    watch: &RunControl,
    on: Environment,
    known: Option<&BTreeSet<u32>>,
) -> Result<Report, Problem> {
    if watch.cancel.is_cancelled() {
        return Err(Problem::cancelled("No dry run was made."));
    }
    let mut recorder = stage.dry_run(schema.limits).await?;
    let found = run_and_count(recorder.as_mut(), schema, plan, watch, on, known).await;
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
async fn run_and_count(
    recorder: &mut dyn DryRun,
    schema: &Workspace,
    plan: &Plan,
    watch: &RunControl,
    on: Environment,
    known: Option<&BTreeSet<u32>>,
) -> Result<Report, Problem> {
    let mut news = |progress| drop(watch.progress.send(progress));
    let refused = refused(plan, on);
    let limits = &schema.limits;
    let scripts = file_scripts(plan, &refused);
    let steps: Vec<&Step> = plan.steps.iter().collect();
    let left_out = left_out(plan, &refused);
    let goes_on = |step: usize, failed: &Failed, undone: &[usize]| {
        let not_run: Vec<usize> = left_out.iter().chain(undone).copied().collect();
        doubt(&steps, step, failed, &not_run, limits).is_some()
    };
    let recording = recorder.run_files(&scripts, &goes_on, &mut news, &watch.cancel);
    let mut recording = recording.await?;
    if let Some(known) = known {
        let tables = &mut recording.baseline.tables;
        tables.retain(|table| known.contains(&table.id));
    }
    let (mut report, ledger, mut candidates) = report_of(plan, &refused, on, &recording, limits);
    if let Some(known) = known {
        let is_known = |(id, _): &(u32, Option<i16>)| known.contains(id);
        candidates
            .open
            .retain(|open| open.parts.iter().all(is_known));
    }
    // A line that was lost measures nothing any more, and the report says already that it was.
    let counted = count_losses(recorder, &mut report, &recording, &ledger, candidates).await;
    if report.problem.is_none() {
        counted?;
    }
    name_cause(schema, plan, &recording, &mut report).await;
    Ok(report)
}

/// Puts into the problem of the file that failed what only the database knows: whose the timeout or the object is.
async fn name_cause(
    schema: &Workspace,
    plan: &Plan,
    recording: &DryRunResult,
    report: &mut Report,
) {
    let at = report.steps.iter().position(|one| one.end == End::Failed);
    let failed = recording.files.last().and_then(|last| last.failed.as_ref());
    let (Some(at), Some(failed), Environment::Target) = (at, failed, report.on) else {
        return;
    };
    let Some(problem) = report.problem.take() else {
        return;
    };
    let statements: Vec<&str> = plan.steps[at].statements.iter().collect();
    let problem = cause::with_cause(problem, schema, &plan.target, &failed.halt, &statements).await;
    let shown = report.steps[at].statements.last_mut();
    if let Some(shown) = shown.and_then(|statement| statement.problem.as_mut()) {
        shown.clone_from(&problem);
    }
    report.problem = Some(problem);
}

/// The files that can be dry-run in a transaction, without those that are refused.
fn file_scripts(plan: &Plan, refused: &[Option<String>]) -> Vec<FileScript> {
    let is_short = plan.steps.len() <= SNAPSHOT_STEPS;
    let steps = plan.steps.iter().enumerate();
    let mut scripts: Vec<FileScript> = steps
        .zip(refused)
        .filter(|((_, step), refused)| step.fits_one_transaction(&plan.target) && refused.is_none())
        .map(|(numbered, _)| numbered)
        .map(|(index, step)| file_script(index, step, is_short))
        .collect();
    if let Some(last) = scripts.last_mut() {
        last.wants_snapshot = true;
    }
    scripts
}

/// The files that are not run, by their indexes.
fn left_out(plan: &Plan, refused: &[Option<String>]) -> Vec<usize> {
    let steps = plan.steps.iter().zip(refused).enumerate();
    steps
        .filter(|(_, (step, refused))| {
            !step.fits_one_transaction(&plan.target) || refused.is_some()
        })
        .map(|(index, _)| index)
        .collect()
}

/// One file as it is dry-run.
pub(super) fn file_script(index: usize, step: &Step, is_pictured: bool) -> FileScript {
    FileScript {
        step: index,
        parts: match step.pieces() {
            Some(Ok(pieces)) => own_parts(step, &pieces),
            _ => parts(step),
        },
        wants_snapshot: is_pictured,
    }
}

/// What is run of a file with COMMITs of its own: its statements, and a COMMIT where one stands, in place of which the dry run
/// checks what it checks.
fn own_parts(step: &Step, pieces: &[Piece]) -> Vec<Part> {
    let parts = pieces.iter().filter_map(|piece| {
        let (statement, sql) = match *piece {
            Piece::Statement(at) => (at, step.statements.piece(at)?),
            Piece::Commit(at) => (at, COMMIT.into()),
        };
        Some(Part {
            statement,
            sql,
            data: None,
        })
    });
    parts.collect()
}

/// The words about transactions that are left out of such a file.
fn words_left_out(step: &Step, lines: Option<&[usize]>) -> Vec<LeftOut> {
    if step.mode == StepMode::Transaction {
        return Vec::new();
    }
    let words = step.left().filter(|(_, sql)| control(sql).is_some());
    words
        .map(|(at, sql)| LeftOut {
            statement: at + 1,
            line: lines.and_then(|lines| lines.get(at).copied()),
            sql: sql.to_owned(),
        })
        .collect()
}

/// The report of a recording, but for what is counted afterwards, with the ledger that was kept for it.
fn report_of(
    plan: &Plan,
    refused: &[Option<String>],
    on: Environment,
    recording: &DryRunResult,
    limits: &Limits,
) -> (Report, EffectLedger, Candidates) {
    let all: Vec<&Step> = plan.steps.iter().collect();
    let mut not_run = left_out(plan, refused);
    let last = recording
        .files
        .iter()
        .rev()
        .find_map(|file| file.after.as_ref());
    let mut ledger = EffectLedger::new(&recording.baseline)
        .with_partitions(partitions(&recording.before))
        .with_undoing(&recording.before, last.unwrap_or(&recording.before));
    let mut steps: Vec<StepReport> = plan.steps.iter().map(not_reached).collect();
    let mut results = recording.files.iter();
    let mut latest = &recording.before;
    let mut problem = None;
    for (index, (step, report)) in plan.steps.iter().zip(&mut steps).enumerate() {
        if !step.fits_one_transaction(&plan.target) {
            report.end = End::Skipped;
            report.note = Some(not_in_a_transaction(step));
            continue;
        }
        if let Some(Some(note)) = refused.get(index) {
            report.end = End::Refused;
            report.note = Some(note.clone());
            continue;
        }
        let Some(result) = results.next() else {
            break;
        };
        let why = result.failed.as_ref();
        let why = why.and_then(|failed| doubt(&all, index, failed, &not_run, limits));
        problem = file_report(plan, index, result, report, &mut ledger, on, why.as_ref());
        if let Some(after) = &result.after {
            if plan.steps.len() <= SNAPSHOT_STEPS && result.failed.is_none() {
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
    let mut locks = ledger.locks();
    let platform_locks = platform_locks(plan, &mut steps, &mut locks);
    let report = Report {
        on,
        database: plan.target.clone(),
        steps,
        losses: Vec::new(),
        uncounted: Vec::new(),
        access: Vec::new(),
        locks,
        difference,
        sequences: Vec::new(),
        sequence_notes: Vec::new(),
        passed_over: Vec::new(),
        platform_locks,
        problem,
    };
    let candidates = ledger.candidates(&recording.before, latest);
    (report, ledger, candidates)
}

/// Takes the platform's locks out of the others: they are told together. What ran counts, also where the server has none of
/// these tables.
fn platform_locks(
    plan: &Plan,
    steps: &mut [StepReport],
    locks: &mut Vec<TableLockSummary>,
) -> Option<PlatformLocks> {
    let grants = &plan.target.platform;
    let ran = plan.steps.iter().zip(steps.iter());
    let ran = ran.filter(|(_, report)| matches!(report.end, End::Passed | End::Failed));
    let mut told = predicted(grants, ran.map(|(step, _)| step))?;
    for report in steps.iter_mut() {
        for one in &mut report.statements {
            let sql = &one.sql;
            one.locks.retain(|lock| !grants.is_theirs(sql, &lock.table));
        }
    }
    let mut held = None;
    locks.retain(|lock| {
        let of = plan.steps.iter().find(|step| step.version == lock.version);
        let sql = of.and_then(|step| step.statements.iter().nth(lock.statement - 1));
        let is_theirs = sql.is_some_and(|sql| grants.is_theirs(sql, &lock.table));
        if is_theirs {
            held = held.max(Some(lock.held_ms));
        }
        !is_theirs
    });
    told.held_ms = held;
    Some(told)
}

/// Puts one file into its report; tells why it failed.
fn file_report(
    plan: &Plan,
    index: usize,
    result: &FileResult,
    report: &mut StepReport,
    ledger: &mut EffectLedger,
    on: Environment,
    why: Option<&Doubt>,
) -> Option<Problem> {
    let step = &plan.steps[index];
    let text = read_files::read(&step.file).ok().map(|source| source.text);
    let lines = text.as_deref().map(lines);
    ledger.open_file(&result.undone, result.begun_xid);
    report.left_out = words_left_out(step, lines.as_deref());
    for kept in &result.statements {
        let (statement, ran) = (kept.statement, &kept.ran);
        let sql = &step.statements[statement];
        let is_again = report.statements.last();
        let is_again = is_again.is_some_and(|last| last.statement == statement + 1);
        if is_again || control(sql).is_some() {
            let effect = ledger.record_statement(&step.version, statement + 1, "", ran);
            report.took_ms += milliseconds(ran.took);
            let checked = StatementReport {
                took_ms: milliseconds(ran.took),
                locks: effect.locks,
                rewrites: effect.rewrites,
                changed: effect.changed,
                ..statement_report(step, statement, lines.as_deref(), kept.notices.clone())
            };
            enter_check(&mut report.statements, checked);
            continue;
        }
        let effect = ledger.record_statement(&step.version, statement + 1, sql, ran);
        ledger.record_overwrite(sql, ran.rows, &effect.changed);
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
    let failed = result.failed.as_ref();
    let Some(failed) = failed else {
        ledger.record_commit(&step.version, step.statements.len(), &result.commit);
        ledger.close_file();
        report.end = End::Passed;
        return None;
    };
    ledger.add_time(failed.took);
    ledger.close_file();
    ledger.undo_file();
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

/// Enters what the check in place of a COMMIT did. Of a statement that is committed by itself it is a part; where it did nothing,
/// it is not told.
fn enter_check(statements: &mut Vec<StatementReport>, checked: StatementReport) {
    let is_own = |last: &&mut StatementReport| last.statement == checked.statement;
    if let Some(last) = statements.last_mut().filter(is_own) {
        last.took_ms += checked.took_ms;
        last.notices.extend(checked.notices);
        last.locks.extend(checked.locks);
        last.rewrites.extend(checked.rewrites);
        last.changed.extend(checked.changed);
        return;
    }
    let is_idle = checked.notices.is_empty()
        && checked.locks.is_empty()
        && checked.rewrites.is_empty()
        && checked.changed.is_empty();
    if !is_idle {
        statements.push(checked);
    }
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
fn not_in_a_transaction(step: &Step) -> String {
    let why = step.mode_why.as_deref().unwrap_or_default();
    if let Some(Err(differs)) = step.pieces() {
        return format!(
            "{why} A dry run has one transaction, which would differ from its own. {differs} So it was not run here; later files ran without it. `--on scratch` runs it."
        );
    }
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
        left_out: Vec::new(),
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
pub(super) async fn snapshot_and_rights(
    schema: &Workspace,
    stage: &dyn DryRunDatabase,
) -> Result<(Snapshot, Vec<Right>), Problem> {
    let mut session = stage.open_dry_run(schema.limits).await?;
    let looked = async {
        let snapshot = session.snapshot().await?;
        Ok((snapshot, session.rights().await?))
    };
    let looked = looked.await;
    session.end().await?;
    looked
}

/// The catalog of a database, read aside.
pub(super) async fn snapshot(
    schema: &Workspace,
    stage: &dyn DryRunDatabase,
) -> Result<Snapshot, Problem> {
    let mut session = stage.open_dry_run(schema.limits).await?;
    let snapshot = session.snapshot().await;
    session.end().await?;
    snapshot
}
