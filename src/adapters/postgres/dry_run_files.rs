//! Runs files of a dry run. Whatever need not wait for an answer is on its way at once, so all of them mostly cost one round trip;
//! and small statements that are measured together go in one message.
//!
//! The server takes them one after the other. In a transaction that failed it refuses all that follow, and so does each
//! measure, because it begins with a savepoint. What a statement must not be sent behind is waited for: one that may end the
//! transaction, and one that may move a table that was there before, because how the next ones are measured depends on that.
//! Where a table moved all the same, or where a message does not say which of its statements failed, the files are undone and run
//! again strictly, each statement by itself.
//!
//! Single statements go by the extended protocol, where the server itself refuses a text with more than one command: a COMMIT
//! that no reader of the file saw cannot hide behind a semicolon. In a message of several no text holds a word that could end a
//! transaction.

use super::activity_monitor::ActivityMonitor;
use super::connection::Connection;
use super::database::PgDatabase;
use super::dry_run_feed::{Feed, Item, is_commit};
use super::dry_run_questions::{Flying, KnownTables, Questions, asked, recounts, send};
use super::error::refused;
use super::supervisor::{Failure, Supervisor};
use crate::adapters::sql::dry_run_limits::{self, NO_TRANSACTION, NOT_MEASURED, statement_limit};
use crate::adapters::sql::snapshot::{self, Texts};
use crate::domain::dry_run::access::Right;
use crate::domain::dry_run::measure::{Recount, StatementStats};
use crate::domain::dry_run::quiet::Quiet;
use crate::domain::dry_run::recording::{Failed, FileResult, FileScript, StatementResult};
use crate::domain::dry_run::savepoint::Marks;
use crate::domain::migration::Blocker;
use crate::domain::problem::Problem;
use crate::domain::run_event::RunEvent;
use crate::domain::script::{Part, RunError};
use crate::ports::Events;
use futures_util::TryStreamExt as _;
use std::collections::VecDeque;
use std::ops::Range;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio_postgres::{Client, Error, SimpleQueryMessage};
use tokio_util::sync::CancellationToken;

/// How long after its limit a statement's answer is still awaited; then the line is given up.
const LATE: Duration = Duration::from_secs(15);
/// How much is on its way at once.
const WINDOW: usize = 64;
const WINDOW_BYTES: usize = 1024 * 1024;
/// What stands between two statements of a message: each may end in a comment.
const BETWEEN: &str = "\n;\n";

/// Files on their way.
pub(super) struct FilesRun<'a> {
    pub(super) database: &'a PgDatabase,
    pub(super) connection: &'a mut Connection,
    /// How the session is called on the server.
    pub(super) name: &'a str,
    pub(super) questions: &'a Questions,
    /// The numbers of the tables that were there before.
    pub(super) known: &'a [u32],
    pub(super) tables: &'a mut KnownTables,
    pub(super) quiet: &'a mut Quiet,
    /// What stands before the savepoint of the first file.
    pub(super) open: &'a str,
    /// Whether each statement is sent by itself and each measure is waited for.
    pub(super) is_strict: bool,
    /// Whether it is asked in the end what each role may do.
    pub(super) wants_rights: bool,
    /// Whether it is told where a file begins and ends.
    pub(super) tells_files: bool,
}

/// How far files came.
#[derive(Default)]
pub(super) struct Flown {
    /// The files that began; the last of them may have failed.
    pub(super) files: Vec<FileResult>,
    /// What each role may do, where all files came to their end.
    pub(super) rights: Option<Vec<Right>>,
    /// Whether nothing of it is known: all of it has to run again strictly.
    pub(super) is_unclear: bool,
}

enum Reply {
    Rows(u64),
    Texts(Texts),
}

/// What the server says while statements run: kept for their results, and passed on.
struct Heard<'a> {
    step: usize,
    news: Events<'a>,
    /// The first statement of those that are answered now, and how many of them are.
    now: Option<(usize, Arc<Mutex<Vec<u64>>>)>,
    /// What was said of which statement.
    notices: Vec<(usize, String)>,
    blocker: Option<Blocker>,
}

impl Heard<'_> {
    fn enter(&mut self, event: RunEvent) {
        match &event {
            RunEvent::Notice { text, .. } => {
                let Some((first, counts)) = &self.now else {
                    return;
                };
                let part = first + locked(counts).len();
                self.notices.push((part, text.clone()));
            }
            RunEvent::Blocked { blocker, .. } => self.blocker = Some(blocker.clone()),
            RunEvent::Cancelling => {}
            _ => return,
        }
        (self.news)(event.shifted(self.step));
    }

    /// The notices of a statement.
    fn take(&mut self, part: usize) -> Vec<String> {
        let (own, rest) = std::mem::take(&mut self.notices)
            .into_iter()
            .partition::<Vec<_>, _>(|(of, _)| *of == part);
        self.notices = rest;
        own.into_iter().map(|(_, text)| text).collect()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl FilesRun<'_> {
    /// Runs the files up to the first that fails.
    pub(super) async fn run(
        self,
        scripts: &[FileScript],
        news: Events<'_>,
        cancel: &CancellationToken,
    ) -> Result<Flown, Problem> {
        let Self {
            database,
            connection,
            name,
            questions,
            tables,
            quiet,
            ..
        } = self;
        let heard = Mutex::new(Heard {
            step: scripts.first().map_or(0, |script| script.step),
            news,
            now: None,
            notices: Vec::new(),
            blocker: None,
        });
        let mut said = |event: RunEvent| locked(&heard).enter(event);
        let parts = scripts.iter().flat_map(|script| &script.parts);
        let bytes: usize = parts.map(|part| part.sql.len()).sum();
        let (silence, cancel_timeout) = (questions.limits.silence, questions.limits.cancel_timeout);
        let lookout = ActivityMonitor::new(
            database.clone(),
            name.to_owned(),
            silence,
            bytes as u64,
            None,
        );
        let turns = connection.turns.clone();
        let mut guard = Supervisor::new(connection, &mut said, cancel, cancel_timeout)
            .with_lookout(lookout)
            .ordered(turns.keep());
        let mut feed = Feed::new(scripts, self.is_strict, self.wants_rights);
        let flight = Flight {
            questions,
            open: self.open,
            known: self.known,
            measure: questions.usual(&snapshot::measure_sql(self.known)),
            scripts,
            heard: &heard,
            limit: statement_limit(&questions.limits) + LATE,
            tells_files: self.tells_files,
        };
        let mut flown = Flown::default();
        let mut at_file = tables.clone();
        let ended = flight
            .fly(
                &mut guard,
                &mut feed,
                &mut flown,
                tables,
                &mut at_file,
                quiet,
            )
            .await;
        guard.end_turns();
        match ended {
            Ok(()) => {}
            Err(Stop::Unclear) => flown.is_unclear = true,
            Err(Stop::Broken(problem)) => return Err(problem),
            Err(Stop::Failed(failed)) => {
                if matches!(failed.halt, RunError::Lost { .. }) {
                    guard.give_up();
                }
                // Nothing is learned of a file that is undone, and of those that were on their way behind it.
                tables.clone_from(&at_file);
                if let Some(judged) = feed.forget() {
                    *quiet = judged;
                }
                if let Some(last) = flown.files.last_mut() {
                    last.failed = Some(*failed);
                }
            }
        }
        Ok(flown)
    }
}

/// Why files did not come to their end.
enum Stop {
    /// The last one failed.
    Failed(Box<Failed>),
    Unclear,
    /// The dry run is of no use any more.
    Broken(Problem),
}

/// What is the same for everything that is sent.
struct Flight<'a, 'n> {
    questions: &'a Questions,
    open: &'a str,
    known: &'a [u32],
    measure: String,
    scripts: &'a [FileScript],
    heard: &'a Mutex<Heard<'n>>,
    limit: Duration,
    tells_files: bool,
}

/// Something on its way: of which file, what, how much, and its answer.
type Sent<'a> = (usize, Item, usize, Flying<'a, Reply>);

impl Flight<'_, '_> {
    async fn fly(
        &self,
        guard: &mut Supervisor<'_>,
        feed: &mut Feed<'_>,
        flown: &mut Flown,
        tables: &mut KnownTables,
        at_file: &mut KnownTables,
        quiet: &mut Quiet,
    ) -> Result<(), Stop> {
        let client = guard.client;
        let mut queue: VecDeque<Sent<'_>> = VecDeque::new();
        let ended = self
            .fly_queue(
                guard,
                feed,
                flown,
                tables,
                at_file,
                quiet,
                (client, &mut queue),
            )
            .await;
        if matches!(ended, Err(Stop::Unclear)) {
            // What is on its way runs to its end, and each of it under its own limit. Ctrl-C is heard meanwhile.
            while let Some((_, item, _, flying)) = queue.pop_front() {
                let limit = self.limit_of(&item);
                let ended = tokio::time::timeout(limit, guard.wait(flying)).await;
                if !matches!(ended, Ok(Ok(_) | Err(Failure::Server(_)))) {
                    break;
                }
            }
        }
        ended
    }

    /// How long an answer is waited for.
    fn limit_of(&self, item: &Item) -> Duration {
        match item {
            Item::Statement(_) | Item::Settle | Item::EndSession => self.limit,
            // Each of them has the server's limit for itself.
            Item::Packed(range, _) => self.limit * u32::try_from(range.len()).unwrap_or(u32::MAX),
            _ => self.questions.patience.0 * 3 / 2,
        }
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "the state of one flight, which its caller goes on with"
    )]
    async fn fly_queue<'c>(
        &'c self,
        guard: &mut Supervisor<'_>,
        feed: &mut Feed<'_>,
        flown: &mut Flown,
        tables: &mut KnownTables,
        at_file: &mut KnownTables,
        quiet: &mut Quiet,
        (client, queue): (&'c Client, &mut VecDeque<Sent<'c>>),
    ) -> Result<(), Stop> {
        let (mut bytes, mut is_waiting) = (0, false);
        let mut savepoints = Marks::default();
        let mut latest = Instant::now();
        let mut settled = Duration::ZERO;
        loop {
            while !is_waiting
                && queue.len() < WINDOW
                && (bytes < WINDOW_BYTES || queue.is_empty())
                && !guard.stop.is_wanted()
                && let Some((file, item)) = feed.next(quiet)
            {
                is_waiting = item.is_barrier();
                let size = self.size(file, &item);
                bytes += size;
                let sent = self.send(client, file, &item);
                queue.push_back((file, item, size, sent));
            }
            let Some((file, item, size, flying)) = queue.pop_front() else {
                if !guard.stop.is_wanted() || feed.is_done() {
                    return Ok(());
                }
                let (at, is_open) = feed.place();
                if !is_open {
                    flown.files.push(FileResult::default());
                }
                return Err(self.failed(flown, at, Duration::ZERO, RunError::Cancelled));
            };
            bytes -= size;
            locked(self.heard).blocker = None;
            locked(self.heard).now = match &item {
                Item::Statement(part) => Some((*part, Arc::default())),
                Item::Packed(range, counts) => Some((range.start, Arc::clone(counts))),
                _ => None,
            };
            let limit = self.limit_of(&item);
            let ended = match tokio::time::timeout(limit, guard.wait(flying)).await {
                Ok(ended) => ended,
                Err(_) => Err(Failure::Line(silent(limit))),
            };
            let took = latest.elapsed();
            latest = Instant::now();
            locked(self.heard).now = None;
            let reply = match ended {
                Ok(reply) => reply,
                Err(failure) => {
                    let is_stopped = guard.stop.is_wanted();
                    return Err(self.stop(flown, item, settled + took, failure, is_stopped));
                }
            };
            match (item, reply) {
                (Item::Open, _) => {
                    flown.files.push(FileResult::default());
                    at_file.clone_from(tables);
                    savepoints.clear();
                    settled = Duration::ZERO;
                    let step = self.scripts[file].step;
                    let mut heard = locked(self.heard);
                    heard.step = step;
                    if self.tells_files {
                        (heard.news)(RunEvent::StepStarted { step });
                    }
                }
                (Item::Statement(part), Reply::Rows(rows)) => self.ran(flown, part, took, rows),
                (Item::Packed(range, counts), _) => {
                    let counts = std::mem::take(&mut *locked(&counts));
                    if counts.len() != range.len() {
                        // The server counts the statements otherwise than we do.
                        return Err(Stop::Unclear);
                    }
                    let share = took / u32::try_from(range.len()).unwrap_or(u32::MAX);
                    for (part, rows) in range.zip(counts) {
                        self.ran(flown, part, share, rows);
                    }
                }
                (Item::Measure(part, waits), Reply::Texts(rows)) => {
                    let rows = match self.questions.rows(rows) {
                        Ok(rows) => rows,
                        Err(problem) => return Err(self.failed(flown, part, took, lost(&problem))),
                    };
                    let sql = &self.scripts[file].parts[part].sql;
                    if savepoints.enter(sql, tables) {
                        // Such a file runs strictly, so nothing else is on its way.
                        let counters = self.count_undone(guard).await;
                        match counters {
                            Ok(counters) => tables.count_besides(counters),
                            Err(halt) => return Err(self.failed(flown, part, took, halt)),
                        }
                    }
                    let mut touched = snapshot::parse_touched(&rows);
                    let (renewed, is_renamed) = tables.enter(&mut touched);
                    if !waits && !queue.is_empty() && (is_renamed || !renewed.is_empty()) {
                        return Err(Stop::Unclear);
                    }
                    quiet.enter(&touched);
                    is_waiting &= !waits;
                    let counting = self.questions.recount(&renewed, sql);
                    let counted = match self.count(guard, counting).await {
                        Ok(counted) => counted,
                        Err(halt) => return Err(self.failed(flown, part, took, halt)),
                    };
                    latest = Instant::now();
                    let statements = flown.files.last_mut().map(|file| &mut file.statements);
                    if let Some(last) = statements.and_then(|all| all.last_mut()) {
                        (last.ran.touched, last.ran.recounts) = (touched, counted);
                        last.ran.next_xid = snapshot::parse_next_xid(&rows);
                    }
                }
                (Item::Settle | Item::EndSession, _) => settled += took,
                (Item::MeasureCommit(waits), Reply::Texts(rows)) => {
                    let measured = self.questions.rows(rows);
                    let rows =
                        measured.map_err(|problem| commit_failed(settled, lost(&problem)))?;
                    let mut touched = snapshot::parse_touched(&rows);
                    let (renewed, is_renamed) = tables.enter(&mut touched);
                    // An answer that is not read yet would stand before those of what is counted.
                    let is_first = queue.is_empty();
                    if !is_first && (is_renamed || !renewed.is_empty()) {
                        return Err(Stop::Unclear);
                    }
                    quiet.enter(&touched);
                    is_waiting &= !waits;
                    let counting = self.questions.recount(&renewed, &dry_run_limits::settle());
                    let counted = self.count(guard, counting).await;
                    let recounts = counted.map_err(|halt| commit_failed(settled, halt))?;
                    if let Some(last) = flown.files.last_mut() {
                        last.commit = StatementStats {
                            took: settled,
                            rows: 0,
                            touched,
                            recounts,
                            next_xid: snapshot::parse_next_xid(&rows),
                        };
                    }
                }
                (Item::Close, _) => {
                    feed.forget();
                    let statements = flown.files.last().map(|file| &file.statements);
                    let took = statements.into_iter().flatten().map(|kept| kept.ran.took);
                    let (took, step) = (took.sum(), self.scripts[file].step);
                    if self.tells_files {
                        (locked(self.heard).news)(RunEvent::StepDone { step, took });
                    }
                }
                (Item::Snapshot, Reply::Texts(rows)) => {
                    let rows = self.questions.rows(rows).map_err(Stop::Broken)?;
                    let seen = snapshot::parse_snapshot(rows).map_err(Stop::Broken)?;
                    if let Some(last) = flown.files.last_mut() {
                        last.after = Some(seen);
                    }
                }
                (Item::Rights, Reply::Texts(rows)) => {
                    let rows = self.questions.rows(rows).map_err(Stop::Broken)?;
                    let rights = snapshot::parse_rights(rows).map_err(Stop::Broken)?;
                    flown.rights = Some(rights);
                }
                _ => {}
            }
        }
    }

    fn size(&self, file: usize, item: &Item) -> usize {
        match item {
            Item::Statement(part) => self.scripts[file].parts[*part].sql.len(),
            Item::Packed(range, _) => {
                let parts = &self.scripts[file].parts[range.clone()];
                parts.iter().map(|part| part.sql.len()).sum()
            }
            Item::Measure(..) | Item::MeasureCommit(_) => self.measure.len(),
            _ => 0,
        }
    }

    /// Sends it.
    fn send<'c>(&'c self, client: &'c Client, file: usize, item: &Item) -> Flying<'c, Reply> {
        let ours = |sql: String| -> Flying<'c, Reply> {
            send(Box::pin(async move {
                asked(client, &sql).await.map(Reply::Texts)
            }))
        };
        match item {
            Item::Open if file == 0 => ours(format!("{}savepoint supadeck_file", self.open)),
            Item::Open => ours("savepoint supadeck_file".to_owned()),
            Item::Statement(part) if is_commit(&self.scripts[file].parts[*part].sql) => {
                send(Box::pin(async move {
                    let sql = dry_run_limits::settle_within();
                    execute(client, &sql).await.map(Reply::Rows)
                }))
            }
            Item::Statement(part) => {
                let sql: &'c str = &self.scripts[file].parts[*part].sql;
                send(Box::pin(async move {
                    execute(client, sql).await.map(Reply::Rows)
                }))
            }
            Item::Packed(range, counts) => {
                let parts = &self.scripts[file].parts[range.clone()];
                let parts = parts.iter().map(|part| &*part.sql);
                let message = parts.collect::<Vec<&str>>().join(BETWEEN);
                send(Box::pin(execute_all(client, message, Arc::clone(counts))))
            }
            Item::Settle => send(Box::pin(async move {
                execute(client, &dry_run_limits::settle())
                    .await
                    .map(Reply::Rows)
            })),
            Item::EndSession => ours(dry_run_limits::end_session()),
            Item::Measure(..) | Item::MeasureCommit(_) => send(Box::pin(async move {
                asked(client, &self.measure).await.map(Reply::Texts)
            })),
            Item::Close => ours(format!(
                "release savepoint supadeck_file; {}",
                self.questions.caps()
            )),
            Item::Snapshot => ours(self.questions.usual(snapshot::SNAPSHOT)),
            Item::Rights => ours(self.questions.usual(snapshot::RIGHTS)),
        }
    }

    /// Counts the tables that have a new file.
    async fn count(
        &self,
        guard: &mut Supervisor<'_>,
        questions: Vec<String>,
    ) -> Result<Vec<Recount>, RunError> {
        let mut answers = Vec::new();
        for message in questions {
            answers.push(self.ask(guard, &message).await?);
        }
        recounts(answers).map_err(|problem| lost(&problem))
    }

    /// How many rows the server counts behind a return to a savepoint.
    async fn count_undone(&self, guard: &mut Supervisor<'_>) -> Result<Texts, RunError> {
        let counters = self.questions.usual(&snapshot::counters_sql(self.known));
        self.ask(guard, &counters).await
    }

    /// Asks one question where nothing else is on its way.
    async fn ask(&self, guard: &mut Supervisor<'_>, message: &str) -> Result<Texts, RunError> {
        let limit = self.questions.patience.0 * 3 / 2;
        let asking = guard.wait(asked(guard.client, message));
        let answer = match tokio::time::timeout(limit, asking).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(Failure::Server(_))) if guard.stop.is_wanted() => {
                return Err(RunError::Cancelled);
            }
            Ok(Err(failure)) => return Err(unmeasured(&failure)),
            Err(_) => return Err(unmeasured(&Failure::Line(silent(limit)))),
        };
        self.questions
            .rows(answer)
            .map_err(|problem| lost(&problem))
    }

    /// The statements of the file that is answered now.
    fn parts(&self, flown: &Flown) -> &[Part] {
        let file = flown.files.len().saturating_sub(1);
        self.scripts.get(file).map_or(&[], |script| &script.parts)
    }

    /// Enters a statement that ran.
    fn ran(&self, flown: &mut Flown, part: usize, took: Duration, rows: u64) {
        let statement = self.parts(flown)[part].statement;
        let mut heard = locked(self.heard);
        let notices = heard.take(part);
        if let Some(file) = flown.files.last_mut() {
            file.statements.push(StatementResult {
                statement,
                notices,
                ran: StatementStats {
                    took,
                    rows,
                    ..StatementStats::default()
                },
            });
        }
        let (step, done) = (heard.step, statement + 1);
        (heard.news)(RunEvent::StatementDone { step, done, rows });
    }

    /// What a failure means for the file.
    fn stop(
        &self,
        flown: &mut Flown,
        item: Item,
        took: Duration,
        failure: Failure,
        is_stopped: bool,
    ) -> Stop {
        let code = match &failure {
            Failure::Server(error) => error.code().code().to_owned(),
            Failure::Line(_) => String::new(),
        };
        let is_cancelled = is_stopped && code == "57014";
        let halt = |failure: Failure| match failure {
            Failure::Server(_) if is_cancelled => RunError::Cancelled,
            Failure::Server(error) => RunError::Refused(Box::new(refused(&error))),
            Failure::Line(why) => RunError::Lost {
                committing: false,
                why,
            },
        };
        match item {
            Item::Statement(part) => {
                let mut halt = halt(failure);
                if is_commit(&self.parts(flown)[part].sql) {
                    halt = dry_run_limits::as_by_commit(halt);
                }
                self.failed(flown, part, took, halt)
            }
            Item::Packed(range, counts) => {
                let counts = std::mem::take(&mut *locked(&counts));
                let (done, mut halt) = (counts.len(), halt(failure));
                let failed = range.start + done;
                // Each answer is of one statement only where none of them can be two commands: then nothing separates them.
                let mut parts = self.parts(flown)[range.clone()].iter();
                if failed >= range.end || parts.any(|part| may_be_several(&part.sql)) {
                    return Stop::Unclear;
                }
                if let RunError::Refused(refused) = &mut halt
                    && let Some(character) = refused.character
                {
                    let (part, inside) = locate(self.parts(flown), range.clone(), character);
                    // A message is read before any of it runs: then those before it have not run.
                    if part != failed {
                        return Stop::Unclear;
                    }
                    refused.character = Some(inside);
                }
                // Nobody knows how the time is shared. A limit of the server is one of a single statement, so it is that of the
                // one that failed.
                for (part, rows) in range.zip(counts) {
                    self.ran(flown, part, Duration::ZERO, rows);
                }
                self.failed(flown, failed, took, halt)
            }
            Item::Measure(part, _) if is_cancelled => {
                self.failed(flown, part, took, RunError::Cancelled)
            }
            Item::Measure(part, _) => self.failed(flown, part, took, unmeasured(&failure)),
            Item::Settle | Item::EndSession => {
                commit_failed(took, dry_run_limits::as_by_commit(halt(failure)))
            }
            Item::MeasureCommit(_) if is_cancelled => commit_failed(took, RunError::Cancelled),
            Item::MeasureCommit(_) => commit_failed(took, unmeasured(&failure)),
            Item::Open | Item::Close | Item::Snapshot | Item::Rights => {
                Stop::Broken(match failure {
                    Failure::Server(_) if is_cancelled => {
                        Problem::cancelled("The dry run was stopped, and nothing of it remains.")
                    }
                    failure => not_measured(&failure),
                })
            }
        }
    }

    /// A statement failed, or what measures it.
    fn failed(&self, flown: &mut Flown, part: usize, took: Duration, halt: RunError) -> Stop {
        let statement = self.parts(flown).get(part).map(|part| part.statement);
        let mut heard = locked(self.heard);
        let mut notices = heard.take(part);
        // One that ran and could not be measured.
        let statements = flown.files.last_mut().map(|file| &mut file.statements);
        let is_own = |last: &mut StatementResult| Some(last.statement) == statement;
        if let Some(last) = statements.and_then(|all| all.pop_if(is_own)) {
            notices.splice(0..0, last.notices);
        }
        let halt = halt.with_blocker(heard.blocker.take());
        Stop::Failed(Box::new(Failed::at(statement, notices, took, halt)))
    }
}

/// Whether a text may be more than one command, whatever it means: where a semicolon stands before its end.
fn may_be_several(sql: &str) -> bool {
    sql.trim_end_matches(|c: char| c == ';' || c.is_whitespace())
        .contains(';')
}

/// The statement and the character in it, from 1, that a character of a message falls into.
fn locate(parts: &[Part], range: Range<usize>, character: usize) -> (usize, usize) {
    let mut left = character;
    for part in range.clone() {
        let own = parts[part].sql.chars().count() + BETWEEN.len();
        if left <= own || part + 1 == range.end {
            return (part, left);
        }
        left -= own;
    }
    (range.start, character)
}

/// What the commit would check failed.
fn commit_failed(took: Duration, halt: RunError) -> Stop {
    Stop::Failed(Box::new(Failed::at(None, Vec::new(), took, halt)))
}

/// That an answer did not come in time.
pub(super) fn silent(limit: Duration) -> String {
    format!(
        "The database did not answer for {} seconds.",
        limit.as_secs()
    )
}

fn not_measured(failure: &Failure) -> Problem {
    match failure {
        Failure::Server(error) if error.code().code() == NO_TRANSACTION => {
            dry_run_limits::left_transaction()
        }
        Failure::Server(error) => Problem::new(
            crate::domain::problem::Kind::Database,
            NOT_MEASURED,
            error.message(),
        )
        .with_code(error.code().code()),
        Failure::Line(why) => Problem::new(
            crate::domain::problem::Kind::Network,
            NOT_MEASURED,
            why.clone(),
        )
        .retryable(),
    }
}

/// A question of ours that had no answer.
fn unmeasured(failure: &Failure) -> RunError {
    lost(&not_measured(failure))
}

/// The same, with the problem at hand.
fn lost(problem: &Problem) -> RunError {
    match problem.code.as_deref() {
        Some(NO_TRANSACTION) => RunError::Escaped,
        _ => RunError::Lost {
            committing: false,
            why: problem.to_string(),
        },
    }
}

/// Sends one command by the extended protocol and reads its answer to the end. Rows are thrown away as they come, and no type
/// of a column is looked up: that would be a question behind all that is on its way already.
async fn execute(client: &Client, sql: &str) -> Result<u64, Error> {
    client.execute_typed(sql, &[]).await
}

/// Sends several commands in one message, and keeps how many rows each of them touched.
async fn execute_all(
    client: &Client,
    message: String,
    counts: Arc<Mutex<Vec<u64>>>,
) -> Result<Reply, Error> {
    let mut stream = pin!(client.simple_query_raw(&message).await?);
    while let Some(answer) = stream.try_next().await? {
        if let SimpleQueryMessage::CommandComplete(rows) = answer {
            locked(&counts).push(rows);
        }
    }
    Ok(Reply::Rows(0))
}
