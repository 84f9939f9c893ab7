//! Rehearses a plan in one transaction that is never committed: what each statement does, and what is different, locked
//! and lost in the end.

use super::report::{offset, step_problem};
use super::script::parts;
use super::{Schema, Watch, local};
use crate::domain::migration::{Plan, Progress, Step, StepMode};
use crate::domain::picture::Picture;
use crate::domain::picture::difference::Difference;
use crate::domain::problem::{Kind, Problem};
use crate::domain::rehearsal::account::Account;
use crate::domain::rehearsal::measure::{Ground, Holding, Ran};
use crate::domain::rehearsal::{End, Loss, Place, Report, StatementReport, StepReport};
use crate::domain::script::{Halt, News};
use crate::domain::sql::position::place;
use crate::ports::{Rehearsal, Stage};
use std::collections::BTreeSet;
use std::time::Duration;

/// A longer plan is compared only as a whole: each picture takes a moment, and nobody reads a hundred of them.
const PICTURES_STEPS: usize = 20;

/// Rehearses a plan on the database that it is for. A failing statement is told in the report; an error means that there
/// is none. Nothing of it remains in either case, except that sequences move on.
pub async fn rehearse(
    schema: &Schema,
    stage: &dyn Stage,
    plan: &Plan,
    watch: &Watch,
) -> Result<Report, Problem> {
    let mut report = rehearse_at(schema, stage, plan, watch, Place::Target, None).await?;
    if report.problem.is_none() {
        report.problem = changed_history(schema, plan).await;
    }
    Ok(report)
}

/// Rehearses at a place. Only tables among `known` count as being there before, when it is given.
pub(super) async fn rehearse_at(
    schema: &Schema,
    stage: &dyn Stage,
    plan: &Plan,
    watch: &Watch,
    on: Place,
    known: Option<&BTreeSet<String>>,
) -> Result<Report, Problem> {
    if watch.cancel.is_cancelled() {
        return Err(Problem::cancelled("Nothing was rehearsed."));
    }
    let mut session = stage.rehearsal(schema.limits).await?;
    let found = inside(session.as_mut(), plan, watch, on, known).await;
    // Whatever happened: it is rolled back, and the server is asked whether it is.
    let ended = session.end().await;
    match (found, ended) {
        (Ok(report), Ok(())) => Ok(report),
        (Ok(mut report), Err(problem)) => {
            report.problem = Some(problem);
            Ok(report)
        }
        (Err(_), Err(problem)) | (Err(problem), Ok(())) => Err(problem),
    }
}

async fn inside(
    session: &mut dyn Rehearsal,
    plan: &Plan,
    watch: &Watch,
    on: Place,
    known: Option<&BTreeSet<String>>,
) -> Result<Report, Problem> {
    let before = session.picture().await?;
    let mut ground = session.ground().await?;
    if let Some(known) = known {
        ground.tables.retain(|table| known.contains(&table.table));
    }
    session.mark().await?;
    let mut run = Run {
        watch,
        account: Account::new(&ground),
        steps: plan.steps.iter().map(not_reached).collect(),
    };
    let mut latest = before.clone();
    let mut problem = None;
    for (index, step) in plan.steps.iter().enumerate() {
        if step.mode == StepMode::Alone {
            let report = &mut run.steps[index];
            report.end = End::Skipped;
            report.note = Some(alone(step));
            continue;
        }
        problem = run.step(session, index, step).await;
        if problem.is_some() {
            break;
        }
        if plan.steps.len() <= PICTURES_STEPS || index + 1 == plan.steps.len() {
            let after = session.picture().await?;
            if plan.steps.len() <= PICTURES_STEPS {
                run.steps[index].difference = Some(Difference::between(&latest, &after));
            }
            latest = after;
        }
    }
    let difference = Difference::between(&before, &latest);
    let mut report = Report {
        on,
        database: plan.target.clone(),
        steps: run.steps,
        losses: run.account.losses(&before, &difference),
        locks: run.account.locks(),
        difference,
        sequences: Vec::new(),
        problem,
    };
    // A line that was lost measures nothing any more, and the report says already that it was.
    let counted = after_all(session, &mut report, &ground, &run.account).await;
    if report.problem.is_none() {
        counted?;
    }
    Ok(report)
}

/// Returns to the state before everything, and counts there what would be lost.
async fn after_all(
    session: &mut dyn Rehearsal,
    report: &mut Report,
    ground: &Ground,
    account: &Account,
) -> Result<(), Problem> {
    session.back().await?;
    let now = session.ground().await?;
    let moved = ground.sequences.iter().filter(|(name, value)| {
        now.sequences
            .iter()
            .any(|(other, later)| other == name && later != value)
    });
    report.sequences = moved.map(|(name, _)| name.clone()).collect();
    if report.on == Place::Target {
        count(session, &mut report.losses, account).await?;
    }
    Ok(())
}

/// Counts what the losses hold; where that takes too long the server's estimate stands.
pub(super) async fn count(
    session: &mut dyn Rehearsal,
    losses: &mut [Loss],
    account: &Account,
) -> Result<(), Problem> {
    let open: Vec<usize> = (0..losses.len())
        .filter(|at| losses[*at].holding().is_some())
        .collect();
    let holdings: Vec<Holding> = losses.iter().filter_map(Loss::holding).collect();
    let counts = session.count(&holdings).await?;
    for (at, count) in open.into_iter().zip(counts) {
        let loss = &mut losses[at];
        loss.counted = count.is_some();
        loss.rows = match &loss.column {
            None => count.or_else(|| account.about(&loss.table)),
            Some(_) => count,
        };
    }
    Ok(())
}

struct Run<'a> {
    watch: &'a Watch,
    account: Account,
    steps: Vec<StepReport>,
}

impl Run<'_> {
    /// Runs one file; tells why it failed.
    async fn step(
        &mut self,
        session: &mut dyn Rehearsal,
        index: usize,
        step: &Step,
    ) -> Option<Problem> {
        self.tell(Progress::StepStarted { step: index });
        let text = local::read(&step.file).ok().map(|source| source.text);
        let mut done = Vec::new();
        let failed = statements(session, step, self.watch, &mut |ran| done.push(ran), index).await;
        let report = &mut self.steps[index];
        for (statement, notices, ran) in done {
            let sql = &step.statements[statement];
            let effect = self.account.enter(&step.version, statement + 1, sql, &ran);
            report.took_ms += milliseconds(ran.took);
            report.statements.push(StatementReport {
                took_ms: milliseconds(ran.took),
                rows: ran.rows,
                locks: effect.locks,
                rewrites: effect.rewrites,
                changed: effect.changed,
                ..statement_report(step, statement, text.as_deref(), notices)
            });
        }
        self.account.close_file();
        let Err(failed) = failed else {
            report.end = End::Passed;
            let took = Duration::from_millis(report.took_ms);
            self.tell(Progress::StepDone { step: index, took });
            return None;
        };
        report.end = End::Failed;
        let problem = step_problem(&failed.halt, step, text.as_deref());
        if let Some(statement) = failed.statement {
            report.statements.push(StatementReport {
                problem: Some(problem.clone()),
                ..statement_report(step, statement, text.as_deref(), failed.notices)
            });
        }
        Some(problem)
    }

    fn tell(&self, progress: Progress) {
        let _ = self.watch.progress.send(progress);
    }
}

/// Why a file is not rehearsed in a transaction, and what that means.
fn alone(step: &Step) -> String {
    let why = step.mode_why.as_deref().unwrap_or_default();
    format!(
        "{why} So it cannot be undone, and was not run here; the files behind it were rehearsed without it. `--on scratch` runs it."
    )
}

/// Where a file failed, and why.
pub(super) struct Failed {
    pub(super) statement: Option<usize>,
    pub(super) notices: Vec<String>,
    pub(super) halt: Halt,
}

/// What is kept of a statement that ran: its index, what the server said, what it did.
type Kept<'a> = dyn FnMut((usize, Vec<String>, Ran)) + Send + 'a;

/// Runs the statements of one file, and then what its commit would check.
pub(super) async fn statements(
    session: &mut dyn Rehearsal,
    step: &Step,
    watch: &Watch,
    keep: &mut Kept<'_>,
    index: usize,
) -> Result<(), Failed> {
    for part in parts(step) {
        let mut notices = Vec::new();
        let ended = {
            let mut news = |news: News| match news {
                News::Notice(text) => {
                    notices.push(text.clone());
                    let _ = watch.progress.send(Progress::Notice { step: index, text });
                }
                News::Cancelling => drop(watch.progress.send(Progress::Cancelling)),
                _ => {}
            };
            session.run(&part.sql, &mut news, &watch.cancel).await
        };
        match ended {
            Ok(ran) => keep((part.statement, notices, ran)),
            Err(mut halt) => {
                if let Halt::Refused(refused) = &mut halt {
                    refused.part = Some(part.statement);
                }
                return Err(Failed {
                    statement: Some(part.statement),
                    notices,
                    halt,
                });
            }
        }
        let done = part.statement + 1;
        let _ = watch
            .progress
            .send(Progress::StatementDone { step: index, done });
    }
    let settled = session.settle(&mut |_| {}, &watch.cancel).await;
    settled.map(drop).map_err(|mut halt| {
        if let Halt::Refused(refused) = &mut halt {
            refused.at_commit = true;
            refused.character = None;
        }
        Failed {
            statement: None,
            notices: Vec::new(),
            halt,
        }
    })
}

fn statement_report(
    step: &Step,
    statement: usize,
    text: Option<&str>,
    notices: Vec<String>,
) -> StatementReport {
    let at = text.and_then(|text| Some((text, offset(text, statement, None)?)));
    StatementReport {
        statement: statement + 1,
        line: at.map(|(text, at)| place(text, at).line),
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

fn milliseconds(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

/// The history is read again: a rehearsal leaves it as it was.
async fn changed_history(schema: &Schema, plan: &Plan) -> Option<Problem> {
    let history = match schema.database.history().await {
        Ok(history) => history,
        Err(problem) => return Some(problem),
    };
    (history.versions() != plan.history).then(|| {
        Problem::new(
            Kind::Conflict,
            "The history has changed since the plan was made.",
            "Somebody else migrates this database too: what was rehearsed is not what would run.",
        )
        .with_hint("Plan again.")
    })
}

/// The catalog of a database, read aside.
pub(super) async fn picture(schema: &Schema, stage: &dyn Stage) -> Result<Picture, Problem> {
    let mut session = stage.rehearsal(schema.limits).await?;
    let picture = session.picture().await;
    session.end().await?;
    picture
}
