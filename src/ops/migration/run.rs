//! Runs a plan exactly as it was shown, one transaction a file, and reports what the history says afterwards.

pub(in crate::ops) mod attempts;
mod scripts;

use super::error::{cause, step_problem};
use super::script::with_statement;
use super::{RunControl, Workspace, files, read_files};
use crate::domain::dry_run::Environment;
use crate::domain::migration::history::History;
use crate::domain::migration::{Direction, Outcome, Plan, Step, StepEnd, StepMode, StepReport};
use crate::domain::problem::{Kind, Problem};
use crate::domain::run_event::RunEvent;
use crate::domain::script::{Failure, INTERRUPTED, RunError};
use crate::domain::text::harmless;
use crate::ports::{Session, Soon};
use attempts::{Ended, run_scripts};
use scripts::{ScriptPrefetch, expect};
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;
use std::time::{Duration, Instant};

/// The most of an error's text that the journal keeps, in characters.
const JOURNAL_ERROR_CHARS: usize = 2_000;

/// Refuses a plan that cannot be run as it was shown, before anything of it is tried.
pub(super) fn check(schema: &Workspace, plan: &Plan, watch: &RunControl) -> Result<(), Problem> {
    if watch.cancel.is_cancelled() {
        return Err(Problem::cancelled("Nothing was run."));
    }
    check_place(schema, plan)?;
    plan.steps.iter().try_for_each(check_unchanged)
}

/// Runs a checked plan whose steps go one way, behind so many steps that ran before it. A failed step is told in the
/// outcome; an error means that nothing was tried.
pub(super) async fn run_one_way(
    schema: &Workspace,
    plan: &Plan,
    watch: &RunControl,
    behind: usize,
) -> Result<Outcome, Problem> {
    let mut runner = Runner {
        schema,
        plan,
        watch,
        behind,
        reports: plan.steps.iter().map(not_run).collect(),
        expected: plan.history.iter().cloned().collect(),
        tried: None,
    };
    if plan.steps.is_empty() {
        return Ok(runner.outcome(None, schema.database.history().await.ok()));
    }
    let mut session = schema.database.session(schema.limits).await?;
    // How it ended is read on another connection, which is opened meanwhile.
    schema.database.expect(Soon::History);
    session.prepare().await?;
    let halted = runner.steps(session.as_mut()).await;
    let name = session.name().to_owned();
    drop(session);
    Ok(runner.finish(halted, &name).await)
}

/// Where a run stopped.
enum Stop {
    /// Between two steps: the next one was not begun.
    Between,
    /// In this step, of those that were sent together.
    At(usize, RunError, Range<usize>),
}

struct Runner<'a> {
    schema: &'a Workspace,
    plan: &'a Plan,
    watch: &'a RunControl,
    /// The steps of the whole plan that ran before these.
    behind: usize,
    reports: Vec<StepReport>,
    expected: BTreeSet<String>,
    /// The step that is tried, since when, and whether it was tried before.
    tried: Option<(usize, Instant, bool)>,
}

impl Runner<'_> {
    /// Runs step by step until one halts; tells which and why.
    async fn steps(&mut self, session: &mut dyn Session) -> Option<Stop> {
        let mut writer =
            ScriptPrefetch::new(self.schema.limits, self.plan, session.stores_rollbacks());
        let mut next = 0;
        while let Some(scripts) = writer.next().await {
            if self.watch.cancel.is_cancelled() {
                return Some(Stop::Between);
            }
            let (limits, cancel) = (&self.schema.limits, &self.watch.cancel);
            let mut events = |event: RunEvent| self.take(event);
            let ended = run_scripts(session, &scripts, next, limits, &mut events, cancel).await;
            let Ended { done, halt, took } = ended;
            if let Some(halt) = halt {
                let halt = match scripts.get(done) {
                    Some(script) => {
                        self.reports[next + done].took = took;
                        with_statement(halt, script)
                    }
                    None => halt,
                };
                let sent = next..next + scripts.len();
                return Some(Stop::At(next + done, halt, sent));
            }
            next += scripts.len();
        }
        None
    }

    /// Writes an event into the reports, and passes it on.
    fn take(&mut self, event: RunEvent) {
        self.time(&event);
        match &event {
            RunEvent::Notice { step, text } => self.reports[*step].notices.push(text.clone()),
            // What the server said of what was undone is said again.
            RunEvent::StepRestarted { step } | RunEvent::TryingAgain { step, .. } => {
                self.reports[*step].notices.clear();
            }
            RunEvent::StepDone { step, took } => {
                let report = &mut self.reports[*step];
                (report.took, report.end) = (*took, StepEnd::Done);
                expect(&mut self.expected, &self.plan.steps[*step]);
            }
            _ => {}
        }
        // Nobody may be listening any more; the run goes on all the same.
        let _ = self.watch.progress.send(event.shifted(self.behind));
    }

    /// Counts how long a step was tried before the attempt that is its last.
    fn time(&mut self, event: &RunEvent) {
        match (event, &mut self.tried) {
            (RunEvent::TryingAgain { step, .. }, Some((at, _, again))) if at == step => {
                *again = true;
            }
            (RunEvent::StepStarted { step }, Some((at, since, true))) if at == step => {
                self.reports[*step].waited = since.elapsed();
            }
            (RunEvent::StepStarted { step }, _) => {
                self.tried = Some((*step, Instant::now(), false));
            }
            _ => {}
        }
    }

    /// Reads the history again on a fresh connection, and lets it decide what is reported.
    async fn finish(mut self, stopped: Option<Stop>, session: &str) -> Outcome {
        let is_lost = match &stopped {
            Some(Stop::At(_, RunError::Lost { .. }, _)) => true,
            Some(Stop::At(_, RunError::Halfway(halfway), _)) => !halfway.is_recorded,
            _ => false,
        };
        let database = &self.schema.database;
        let history = if is_lost {
            database.settled(session).await
        } else {
            database.history().await
        };
        let history = history.ok();
        let problem = match stopped {
            None => self.recheck_done(history.as_ref()),
            Some(Stop::Between) => Some(Problem::cancelled(
                "The run was cancelled between two migrations.",
            )),
            Some(Stop::At(index, halt, sent)) => {
                let is_lost = matches!(halt, RunError::Lost { .. });
                let index = match &history {
                    Some(history) if is_lost => self.last_reached(index..sent.end, history),
                    _ => index,
                };
                let problem = self.on_error(index, &halt, history.as_ref()).await;
                if is_lost {
                    self.mark_unsent(index + 1..sent.end, history.as_ref());
                }
                // The halt says why the run ended; what was told as done and is not in the history is not done.
                self.recheck_done(history.as_ref());
                Some(problem)
            }
        };
        self.outcome(problem, history)
    }

    /// Decides how the halted step ended, writes the journal, and says what is to be said.
    async fn on_error(
        &mut self,
        index: usize,
        halt: &RunError,
        history: Option<&History>,
    ) -> Problem {
        let step = &self.plan.steps[index];
        let text = read_files::read(&step.file).ok().map(|source| source.text);
        let problem = step_problem(halt, step, text.as_deref(), self.schema.place);
        let statements: Vec<&str> = step.statements.iter().collect();
        let target = &self.plan.target;
        let mut problem = cause::with_cause(problem, self.schema, target, halt, &statements).await;
        let (end, outcome) = match halt {
            RunError::Refused(_) => (StepEnd::RolledBack, Some("failed")),
            RunError::Cancelled => (StepEnd::RolledBack, Some("cancelled")),
            RunError::HistoryChanged(_)
            | RunError::Busy { .. }
            | RunError::Unsettled(_)
            | RunError::NotAlone(_) => (StepEnd::NotRun, None),
            RunError::Halfway(halfway) => match history {
                // The last transaction holds the history row: its answer may be what was lost.
                Some(history) if is_done(step, history) => (StepEnd::Done, None),
                // Its line is not in the journal either: it was lost before anything ran.
                Some(history)
                    if !halfway.is_recorded
                        && !history
                            .interrupted
                            .iter()
                            .any(|open| open.version == step.version) =>
                {
                    (StepEnd::RolledBack, Some("failed"))
                }
                None if halfway.statement >= step.statements.len() => (StepEnd::Unknown, None),
                _ if halfway.is_recorded => (StepEnd::Interrupted, None),
                _ => (StepEnd::Interrupted, Some(INTERRUPTED)),
            },
            RunError::Escaped => (StepEnd::Unknown, Some("unknown")),
            RunError::Lost { committing, .. } => match history {
                None if *committing => (StepEnd::Unknown, None),
                // Without a COMMIT the server undoes it, whether it can be reached or not.
                None => (StepEnd::RolledBack, None),
                Some(history) if is_done(step, history) => (StepEnd::Done, None),
                Some(_) => (StepEnd::RolledBack, Some("failed")),
            },
        };
        let statement = match halt {
            RunError::Refused(refused) => refused.part.map(|statement| statement + 1),
            RunError::Halfway(halfway) => Some(halfway.statement + 1),
            _ => None,
        };
        (self.reports[index].end, self.reports[index].statement) = (end, statement);
        if let RunError::HistoryChanged(found) = halt {
            problem.detail = difference(&self.expected, found);
        }
        let is_settled = matches!(halt, RunError::Halfway(_)) && end != StepEnd::Interrupted;
        if is_settled || matches!(halt, RunError::Lost { .. }) {
            problem.hint = Some(lost_hint(end).into());
        }
        if is_settled && end != StepEnd::Unknown {
            problem.what = format!(
                "The connection was lost {} the statements of {}_{}.",
                if end == StepEnd::Done {
                    "after"
                } else {
                    "before"
                },
                step.version,
                harmless(&step.name)
            );
            problem.detail = None;
        }
        if let Some(outcome) = outcome {
            let failure = Failure {
                version: step.version.clone(),
                direction: step.direction,
                sha256: step.sha256.clone(),
                outcome,
                took: self.reports[index].took,
                statement,
                done: match halt {
                    RunError::Halfway(halfway) => Some((halfway.resume_at, halfway.is_in_doubt)),
                    _ => None,
                },
                error: harmless(&problem.to_string())
                    .chars()
                    .take(JOURNAL_ERROR_CHARS)
                    .collect(),
            };
            // The journal is a courtesy: its own failure must not hide why the run failed.
            let _ = self.schema.database.note(&failure).await;
        }
        problem
    }

    /// Does the history say of every step that is told as done that it is? What it denies becomes unknown.
    fn recheck_done(&mut self, history: Option<&History>) -> Option<Problem> {
        let history = history?;
        let mut denied = Vec::new();
        for (step, report) in self.plan.steps.iter().zip(&mut self.reports) {
            if report.end == StepEnd::Done && !is_done(step, history) {
                report.end = StepEnd::Unknown;
                denied.push(step.version.clone());
            }
        }
        (!denied.is_empty()).then(|| {
            Problem::new(
                Kind::Conflict,
                format!("The history no longer agrees about {}.", denied.join(", ")),
                "The server confirmed it, and somebody changed the history since.",
            )
            .with_hint("Look at `supadeck migration list`.")
        })
    }

    fn outcome(self, problem: Option<Problem>, history: Option<History>) -> Outcome {
        Outcome {
            steps: self.reports,
            problem,
            target: self.plan.target.clone(),
            history: history.map(|history| history.versions()),
        }
    }

    /// The step that the server was at when the line was lost: the first of those unanswered that is not done, else the last.
    fn last_reached(&mut self, unanswered: Range<usize>, history: &History) -> usize {
        let (first, last) = (unanswered.start, unanswered.end - 1);
        let mut open = unanswered.filter(|at| !is_done(&self.plan.steps[*at], history));
        let at = open.next().unwrap_or(last);
        for done in &mut self.reports[first..at] {
            done.end = StepEnd::Done;
        }
        self.reports[at].took = std::mem::take(&mut self.reports[first].took);
        at
    }

    /// Steps that were sent with a lost one: the server may have gone on with them before it noticed.
    fn mark_unsent(&mut self, steps: Range<usize>, history: Option<&History>) {
        for at in steps {
            self.reports[at].end = match history {
                None => StepEnd::Unknown,
                Some(history) if is_done(&self.plan.steps[at], history) => StepEnd::Done,
                Some(_) => StepEnd::NotRun,
            };
        }
    }
}

/// What the history holds beyond what was expected, and what it lacks.
fn difference(expected: &BTreeSet<String>, found: &[String]) -> Option<String> {
    let found: BTreeSet<String> = found.iter().cloned().collect();
    let named = |versions: Vec<&String>, what: &str| {
        let versions: Vec<_> = versions
            .into_iter()
            .map(|version| harmless(version))
            .collect();
        (!versions.is_empty()).then(|| format!("{what}: {}.", versions.join(", ")))
    };
    let lines = [
        named(found.difference(expected).collect(), "New in the history"),
        named(
            expected.difference(&found).collect(),
            "No longer in the history",
        ),
    ];
    let lines: Vec<String> = lines.into_iter().flatten().collect();
    (!lines.is_empty() && !found.is_empty()).then(|| lines.join("\n"))
}

fn is_done(step: &Step, history: &History) -> bool {
    let is_applied = history.rows.iter().any(|row| row.version == step.version);
    is_applied == (step.direction == Direction::Apply)
}

fn lost_hint(end: StepEnd) -> &'static str {
    match end {
        StepEnd::Done => "The history says that it is done. Plan again for the rest.",
        StepEnd::Unknown => {
            "The database could not be reached since, so nobody knows how it ended. Run `supadeck migration list` when it can."
        }
        _ => "Nothing of it remains, as the history says. Try again.",
    }
}

/// A file that cannot run on this way to the database stops the run before its first file, and not in the middle.
fn check_place(schema: &Workspace, plan: &Plan) -> Result<(), Problem> {
    let Some(why) = plan.target.refuses_alone.as_ref() else {
        return Ok(());
    };
    let mut alone = plan
        .steps
        .iter()
        .filter(|step| step.mode == StepMode::Alone);
    match alone.next().filter(|_| schema.place == Environment::Target) {
        None => Ok(()),
        Some(step) => Err(Problem::new(
            Kind::Config,
            format!(
                "{}_{} cannot run outside a transaction here, so nothing was run.",
                step.version,
                harmless(&step.name)
            ),
            why.clone(),
        )),
    }
}

/// A plan is run as it was shown, so a file that has changed since is a reason to stop.
fn check_unchanged(step: &Step) -> Result<(), Problem> {
    if step.file.starts_with(Path::new("history")) {
        return Ok(());
    }
    if files::sha256_of(&step.file)? == step.sha256 {
        return Ok(());
    }
    Err(Problem::new(
        Kind::Conflict,
        format!(
            "{} has changed since the plan was shown.",
            step.file.display()
        ),
        "Only what was shown is run, so nothing was run.",
    )
    .with_hint("Plan again."))
}

pub(super) fn not_run(step: &Step) -> StepReport {
    StepReport {
        version: step.version.clone(),
        name: step.name.clone(),
        direction: step.direction,
        end: StepEnd::NotRun,
        took: Duration::ZERO,
        waited: Duration::ZERO,
        notices: Vec::new(),
        statement: None,
    }
}
