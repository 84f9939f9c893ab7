//! Runs a seed plan, one transaction a file, and tells what each statement changed.

use crate::domain::dry_run::Environment;
use crate::domain::migration::StepEnd;
use crate::domain::problem::{Kind, Problem};
use crate::domain::run_event::RunEvent;
use crate::domain::script::{Part, Record, RunError, Script, ServerError};
use crate::domain::seed::{SeedHistory, SeedOutcome, SeedPlan, SeedReport, SeedStep};
use crate::domain::sql::Slice;
use crate::domain::sql::position::{byte_of_character, excerpt_from};
use crate::domain::sql::session_effect::lasts;
use crate::domain::sql::statement_kind::{changes_rows, significant, tag};
use crate::domain::sql::transaction::{Shape, shape};
use crate::domain::text::harmless;
use crate::ops::migration::{
    RunControl, Workspace, cause, held, run_scripts, server_problem, sha256_of, with_statement,
};
use crate::ports::Session;

/// Stands for the changes of a file when the line broke before they were told or confirmed.
const ROWS_UNKNOWN: &str = "How many rows it changed is not known.";

/// Runs a seed plan. A failed file is told in the outcome; an error means that nothing was tried.
pub async fn run(
    schema: &Workspace,
    plan: &SeedPlan,
    watch: &RunControl,
) -> Result<SeedOutcome, Problem> {
    if watch.cancel.is_cancelled() {
        return Err(Problem::cancelled("Nothing was run."));
    }
    let mut outcome = SeedOutcome {
        steps: plan.steps.iter().map(not_run).collect(),
        problem: None,
        target: plan.target.clone(),
    };
    if plan.steps.is_empty() {
        return Ok(outcome);
    }
    for step in &plan.steps {
        check_unchanged(step)?;
    }
    // What was recorded before tells a lost connection's outcome afterwards.
    let before = schema.database.seeds().await?;
    let mut session = schema.database.session(schema.limits).await?;
    session.prepare().await?;
    let mut set = Vec::new();
    for (index, step) in plan.steps.iter().enumerate() {
        if watch.cancel.is_cancelled() {
            outcome.problem = Some(Problem::cancelled(
                "The run was cancelled between two seed files.",
            ));
            break;
        }
        let report = &mut outcome.steps[index];
        match run_step(session.as_mut(), schema, index, (step, &set), report, watch).await {
            Ok(()) => set.extend(settings(step)),
            Err(failed) => {
                report.end = match &failed.halt {
                    Some(RunError::Lost { committing, .. }) => {
                        let end = settled_end(schema, session.name(), step, &before).await;
                        count_lost(report, end, *committing);
                        end
                    }
                    Some(RunError::Escaped) => StepEnd::Unknown,
                    Some(
                        RunError::Busy { .. } | RunError::Unsettled(_) | RunError::NotAlone(_),
                    )
                    | None => StepEnd::NotRun,
                    Some(RunError::Halfway(_)) => StepEnd::Interrupted,
                    _ => StepEnd::RolledBack,
                };
                let statements: Vec<&str> = step.statements().collect();
                let (problem, target) = (failed.problem, &plan.target);
                outcome.problem = Some(match &failed.halt {
                    Some(halt) => {
                        cause::with_cause(problem, schema, target, halt, &statements).await
                    }
                    None => problem,
                });
                break;
            }
        }
    }
    Ok(outcome)
}

struct Failed {
    problem: Problem,
    halt: Option<RunError>,
}

async fn run_step(
    session: &mut dyn Session,
    schema: &Workspace,
    index: usize,
    (step, set): (&SeedStep, &[Slice]),
    report: &mut SeedReport,
    watch: &RunControl,
) -> Result<(), Failed> {
    check_unchanged(step).map_err(|problem| Failed {
        problem,
        halt: None,
    })?;
    let scripts = [script(step, set)];
    let mut events = |event: RunEvent| {
        take(report, step, &event);
        // Nobody may be listening any more; the run goes on all the same.
        let _ = watch.progress.send(event);
    };
    let (limits, cancel) = (&schema.limits, &watch.cancel);
    let ended = run_scripts(session, &scripts, index, limits, &mut events, cancel).await;
    let Some(halt) = ended.halt else {
        return Ok(());
    };
    // What the statements did before the failure is undone with it; of a lost line the record decides.
    if !matches!(halt, RunError::Lost { .. }) {
        report.changes.clear();
        report.rows = 0;
    }
    Err(Failed {
        problem: problem(&halt, step, &scripts[0]),
        halt: Some(with_statement(halt, &scripts[0])),
    })
}

/// Writes an event of a seed into its report.
fn take(report: &mut SeedReport, step: &SeedStep, event: &RunEvent) {
    match event {
        RunEvent::StatementDone { done, rows, .. } => {
            let change = tag(&step.parts[done - 1].sql, *rows);
            if changes_rows(&change) {
                report.rows += rows;
            }
            report.changes.push(change);
        }
        RunEvent::RowsChanged { rows, .. } => report.rows = *rows,
        RunEvent::Notice { text, .. } => report.notices.push(text.clone()),
        RunEvent::StepRestarted { .. } | RunEvent::TryingAgain { .. } => {
            report.changes.clear();
            report.notices.clear();
            report.rows = 0;
        }
        RunEvent::StepDone { .. } => report.end = StepEnd::Done,
        _ => {}
    }
}

fn script(step: &SeedStep, settings: &[Slice]) -> Script {
    let texts: Vec<&str> = step.statements().collect();
    let left_out = match shape(&texts) {
        Shape::Wrapped { words } => words,
        _ => Vec::new(),
    };
    let runs = |index: usize| !left_out.contains(&index);
    Script {
        parts: step
            .parts
            .iter()
            .enumerate()
            .filter(|(index, part)| !part.is_blank && runs(*index))
            .map(|(statement, part)| Part {
                statement,
                sql: part.sql.clone(),
                data: part.data.clone(),
            })
            .collect(),
        record: Record::Seeded {
            path: step.path.clone(),
            hash: step.hash.clone(),
        },
        sha256: step.hash.clone(),
        expects: None,
        at_once: false,
        is_resume: false,
        alone: None,
        settings: settings.to_vec(),
    }
}

/// What a seed sets for the seeds behind it in the same run, as the Supabase CLI has it: settings stay, the role and the
/// transaction do not.
fn settings(step: &SeedStep) -> impl Iterator<Item = Slice> + '_ {
    let parts = step.parts.iter().filter(|part| lasts(&part.sql));
    parts.map(|part| part.sql.clone())
}

/// What is said about the rows of a file whose line was lost. COMMIT is sent only when the server has told every
/// statement's rows, so these are true once it is known that the file is done.
fn count_lost(report: &mut SeedReport, end: StepEnd, committing: bool) {
    if end == StepEnd::Done && committing {
        return;
    }
    report.rows = 0;
    report.changes = match end {
        StepEnd::Done | StepEnd::Unknown | StepEnd::Interrupted => vec![ROWS_UNKNOWN.to_owned()],
        StepEnd::RolledBack | StepEnd::NotRun => Vec::new(),
    };
}

/// After a lost connection: the record says how it ended, unless it said the same before.
async fn settled_end(
    schema: &Workspace,
    session: &str,
    step: &SeedStep,
    before: &SeedHistory,
) -> StepEnd {
    let has = |history: &SeedHistory| {
        history
            .rows
            .iter()
            .any(|(path, hash)| *path == step.path && *hash == step.hash)
    };
    if schema.database.settled(session).await.is_err() {
        return StepEnd::Unknown;
    }
    match schema.database.seeds().await {
        Err(_) => StepEnd::Unknown,
        Ok(_) if has(before) => StepEnd::Unknown,
        Ok(now) if has(&now) => StepEnd::Done,
        Ok(_) => StepEnd::RolledBack,
    }
}

fn problem(halt: &RunError, step: &SeedStep, script: &Script) -> Problem {
    let parts = &step.parts;
    let name = harmless(&step.path).into_owned();
    match halt {
        RunError::Refused(refused) => {
            let part = refused.part.and_then(|part| script.parts.get(part));
            let mut what = format!("Seed {name} failed");
            let mut shown = None;
            if let Some(part) = part {
                let begins_at = parts[part.statement].line;
                let offset = match refused.character {
                    Some(character) => byte_of_character(&part.sql, character),
                    None => significant(&part.sql).next().map_or(0, |token| token.start),
                };
                let copied = copied_line(refused, part);
                let lines = copied.map_or_else(
                    || breaks(&part.sql[..offset]),
                    |row| breaks(&part.sql) + row,
                );
                let line = begins_at + lines;
                what.push_str(&format!(
                    " at statement {} of {}, line {line}",
                    part.statement + 1,
                    parts.len()
                ));
                shown = Some(match (copied, &part.data) {
                    (Some(row), Some(data)) => excerpt_from(
                        data,
                        line_start(data, row),
                        begins_at + breaks(&part.sql) + 1,
                    ),
                    _ => excerpt_from(&part.sql, offset, begins_at),
                });
            } else if refused.at_commit {
                what.push_str(" when it was committed");
            }
            what.push_str(", and nothing of it remains.");
            server_problem(refused, what, shown, Environment::Target)
        }
        RunError::Cancelled => Problem::cancelled(format!(
            "Seed {name} was cancelled, and nothing of it remains."
        )),
        RunError::Busy { holder } => Problem::new(
            Kind::Conflict,
            "Another runner is at work on this database.",
            held(holder.as_ref()),
        )
        .with_hint("Wait until it is done, then try again.")
        .retryable(),
        // A seed expects no history and runs in a transaction.
        RunError::HistoryChanged(_)
        | RunError::Unsettled(_)
        | RunError::NotAlone(_)
        | RunError::Halfway(_) => {
            Problem::internal(format!("Seed {name} ended as only a migration can."))
        }
        RunError::Escaped => Problem::new(
            Kind::Database,
            format!("Seed {name} ended its own transaction."),
            "A statement of it committed or rolled back, so a part of it may remain.",
        ),
        RunError::Lost { why, .. } => Problem::new(
            Kind::Network,
            format!("The connection was lost during seed {name}."),
            harmless(why).into_owned(),
        )
        .with_hint("`supadeck seed list` shows what is recorded as done.")
        .retryable(),
    }
}

fn breaks(text: &str) -> usize {
    text.matches('\n').count()
}

/// The row of its data, from 1, at which a `COPY` failed, as the server says it: `COPY t, line 3, column a`.
fn copied_line(refused: &ServerError, part: &Part) -> Option<usize> {
    part.data.as_ref()?;
    let context = refused.context.as_deref()?.strip_prefix("COPY ")?;
    let (_, rest) = context.split_once(", line ")?;
    let digits = rest.find(|c: char| !c.is_ascii_digit());
    rest[..digits.unwrap_or(rest.len())].parse().ok()
}

/// Where a line of a text, from 1, begins.
fn line_start(text: &str, line: usize) -> usize {
    let mut breaks = text.match_indices('\n').map(|(at, _)| at + 1);
    match line.checked_sub(2) {
        None => 0,
        Some(before) => breaks.nth(before).unwrap_or(text.len()),
    }
}

/// Whether a seed file is still what the plan showed.
fn check_unchanged(step: &SeedStep) -> Result<(), Problem> {
    if sha256_of(&step.file)? == step.hash {
        return Ok(());
    }
    Err(Problem::new(
        Kind::Conflict,
        format!("{} has changed since the plan was shown.", step.path),
        "Only what was shown is run.",
    )
    .with_hint("Plan again."))
}

fn not_run(step: &SeedStep) -> SeedReport {
    SeedReport {
        path: step.path.clone(),
        end: StepEnd::NotRun,
        changes: Vec::new(),
        rows: 0,
        notices: Vec::new(),
    }
}
