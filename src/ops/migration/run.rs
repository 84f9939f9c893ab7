//! Runs a plan exactly as it was shown, one transaction a file, and reports what the history says afterwards.

use super::report::step_problem;
use super::{Schema, Watch, local};
use crate::domain::migration::history::History;
use crate::domain::migration::{Direction, Outcome, Plan, Progress, Step, StepEnd, StepReport};
use crate::domain::problem::{Kind, Problem};
use crate::domain::script::{Expected, Failure, Halt, News, Part, Record, Script};
use crate::domain::sql::command::significant;
use crate::domain::sql::split::statements;
use crate::domain::sql::transaction::{Shape, shape};
use crate::domain::text::harmless;
use crate::ports::Session;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

/// A plan of more steps is sent file by file in one message each: a new database is built, and nobody waits for news
/// of single statements.
const LIVE_STEPS: usize = 8;
/// A file with more is always sent statement by statement.
const AT_ONCE_STATEMENTS: usize = 64;
const AT_ONCE_BYTES: usize = 64 * 1024;
/// The most of an error's text that the journal keeps, in characters.
const JOURNAL_ERROR_CHARS: usize = 2_000;

/// Runs a plan. A failed step is told in the outcome; an error means that nothing was tried.
pub async fn run(schema: &Schema, plan: &Plan, watch: &Watch) -> Result<Outcome, Problem> {
    if watch.cancel.is_cancelled() {
        return Err(Problem::cancelled("Nothing was run."));
    }
    for step in &plan.steps {
        check_unchanged(step)?;
    }
    let mut runner = Runner {
        schema,
        plan,
        watch,
        reports: plan.steps.iter().map(not_run).collect(),
        expected: plan.history.iter().cloned().collect(),
    };
    if plan.steps.is_empty() {
        return Ok(runner.outcome(None, schema.database.history().await.ok()));
    }
    let mut session = schema.database.session(schema.limits).await?;
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
    /// In this step.
    At(usize, Halt),
}

struct Runner<'a> {
    schema: &'a Schema,
    plan: &'a Plan,
    watch: &'a Watch,
    reports: Vec<StepReport>,
    expected: BTreeSet<String>,
}

impl Runner<'_> {
    /// Runs step by step until one halts; tells which and why.
    async fn steps(&mut self, session: &mut dyn Session) -> Option<Stop> {
        for (index, step) in self.plan.steps.iter().enumerate() {
            if self.watch.cancel.is_cancelled() {
                return Some(Stop::Between);
            }
            self.tell(Progress::StepStarted { step: index });
            let script = self.script(step);
            let begun = Instant::now();
            let mut notices = Vec::new();
            let progress = &self.watch.progress;
            let mut news = |news: News| {
                let told = match news {
                    News::WaitingForLock => Progress::WaitingForLock,
                    News::Cancelling => Progress::Cancelling,
                    News::PartDone { done, .. } => Progress::StatementDone {
                        step: index,
                        done: script.parts[done - 1].statement + 1,
                    },
                    News::Notice(text) => {
                        notices.push(text.clone());
                        Progress::Notice { step: index, text }
                    }
                };
                // Nobody may be listening any more; the run goes on all the same.
                let _ = progress.send(told);
            };
            let ended = session.run(&script, &mut news, &self.watch.cancel).await;
            let took = begun.elapsed();
            let report = &mut self.reports[index];
            report.took = took;
            report.notices = notices;
            if let Err(halt) = ended {
                return Some(Stop::At(index, with_statement(halt, &script)));
            }
            report.end = StepEnd::Done;
            self.expect(step);
            self.tell(Progress::StepDone { step: index, took });
        }
        None
    }

    /// Reads the history again on a fresh connection, and lets it decide what is reported.
    async fn finish(mut self, stopped: Option<Stop>, session: &str) -> Outcome {
        let is_lost = matches!(stopped, Some(Stop::At(_, Halt::Lost { .. })));
        let database = &self.schema.database;
        let history = if is_lost {
            database.settled(session).await
        } else {
            database.history().await
        };
        let history = history.ok();
        let problem = match stopped {
            None => self.contradiction(history.as_ref()),
            Some(Stop::Between) => Some(Problem::cancelled(
                "The run was stopped between two migrations.",
            )),
            Some(Stop::At(index, halt)) => Some(self.halted(index, &halt, history.as_ref()).await),
        };
        self.outcome(problem, history)
    }

    /// Decides how the halted step ended, writes the journal, and says what is to be said.
    async fn halted(&mut self, index: usize, halt: &Halt, history: Option<&History>) -> Problem {
        let step = &self.plan.steps[index];
        let text = local::read(&step.file).ok().map(|source| source.text);
        let mut problem = step_problem(halt, step, text.as_deref());
        let (end, outcome) = match halt {
            Halt::Refused(_) => (StepEnd::RolledBack, Some("failed")),
            Halt::Cancelled => (StepEnd::RolledBack, Some("cancelled")),
            Halt::HistoryChanged(_) | Halt::Busy => (StepEnd::NotRun, None),
            Halt::Escaped => (StepEnd::Unknown, Some("unknown")),
            Halt::Lost { committing, .. } => match history {
                None if *committing => (StepEnd::Unknown, None),
                // Without a COMMIT the server undoes it, whether it can be reached or not.
                None => (StepEnd::RolledBack, None),
                Some(history) if is_done(step, history) => (StepEnd::Done, None),
                Some(_) => (StepEnd::RolledBack, Some("failed")),
            },
        };
        self.reports[index].end = end;
        if let Halt::HistoryChanged(found) = halt {
            problem.detail = difference(&self.expected, found);
        }
        if matches!(halt, Halt::Lost { .. }) {
            problem.hint = Some(lost_hint(end).into());
        }
        if let Some(outcome) = outcome {
            let failure = Failure {
                version: step.version.clone(),
                direction: step.direction,
                sha256: step.sha256.clone(),
                outcome,
                took: self.reports[index].took,
                statement: match halt {
                    Halt::Refused(refused) => refused.part.map(|statement| statement + 1),
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

    /// Every step was committed: does the history say so too?
    fn contradiction(&mut self, history: Option<&History>) -> Option<Problem> {
        let history = history?;
        let mut denied = Vec::new();
        for (step, report) in self.plan.steps.iter().zip(&mut self.reports) {
            if !is_done(step, history) {
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

    fn script(&self, step: &Step) -> Script {
        let bytes: usize = step.statements.iter().map(String::len).sum();
        Script {
            parts: parts(&step.statements),
            record: match step.direction {
                Direction::Apply => Record::Applied {
                    version: step.version.clone(),
                    name: step.name.clone(),
                    statements: step.statements.clone(),
                    rollback: way_back(step),
                },
                Direction::Rollback => Record::RolledBack {
                    version: step.version.clone(),
                },
            },
            sha256: step.sha256.clone(),
            expects: Some(Expected::of(self.expected.iter())),
            at_once: self.plan.steps.len() > LIVE_STEPS
                && step.statements.len() <= AT_ONCE_STATEMENTS
                && bytes <= AT_ONCE_BYTES,
        }
    }

    fn expect(&mut self, step: &Step) {
        match step.direction {
            Direction::Apply => self.expected.insert(step.version.clone()),
            Direction::Rollback => self.expected.remove(&step.version),
        };
    }

    fn tell(&self, progress: Progress) {
        let _ = self.watch.progress.send(progress);
    }
}

/// What is run of a file's statements: not the comments, and not a `BEGIN` … `COMMIT` around all of it, whose place
/// our own transaction takes.
pub(super) fn parts(statements: &[String]) -> Vec<Part> {
    let texts: Vec<&str> = statements.iter().map(String::as_str).collect();
    let pair = match shape(&texts) {
        Shape::Wrapped { begin, commit } => Some((begin, commit)),
        _ => None,
    };
    statements
        .iter()
        .enumerate()
        .filter(|(index, _)| pair.is_none_or(|(begin, commit)| *index != begin && *index != commit))
        .filter(|(_, sql)| significant(sql).next().is_some())
        .map(|(statement, sql)| Part {
            statement,
            sql: sql.clone(),
            data: None,
        })
        .collect()
}

/// The rollback file's statements: hosted histories have a place for them.
fn way_back(step: &Step) -> Option<Vec<String>> {
    let file = step
        .file
        .parent()?
        .join(local::ROLLBACK)
        .join(step.file.file_name()?);
    Some(statements(&local::read(&file).ok()?.text))
}

/// Counts the failing part as a statement of the file.
fn with_statement(mut halt: Halt, script: &Script) -> Halt {
    if let Halt::Refused(refused) = &mut halt {
        refused.part = refused
            .part
            .and_then(|part| Some(script.parts.get(part)?.statement));
    }
    halt
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

/// A plan is run as it was shown, so a file that has changed since is a reason to stop.
fn check_unchanged(step: &Step) -> Result<(), Problem> {
    if step.file.starts_with(Path::new("history")) {
        return Ok(());
    }
    let now = local::read(&step.file)?;
    if now.sha256 == step.sha256 {
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

fn not_run(step: &Step) -> StepReport {
    StepReport {
        version: step.version.clone(),
        name: step.name.clone(),
        direction: step.direction,
        end: StepEnd::NotRun,
        took: Duration::ZERO,
        notices: Vec::new(),
    }
}
