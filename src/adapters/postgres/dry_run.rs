//! A transaction that is never committed: runs statements one by one and measures what each of them did.
//!
//! Statements go by the extended protocol, where the server itself refuses a text with more than one command: a COMMIT
//! that no reader of the file saw cannot hide behind a semicolon. Every measure stands between a savepoint and the return
//! to it, so that it leaves neither locks nor settings; and it fails where the transaction has ended meanwhile.

use super::activity_monitor::ActivityMonitor;
use super::connection::Connection;
use super::database::{PgDatabase, session_name};
use super::error::{refused, statement_problem};
use super::supervisor::{Failure, Supervisor};
use super::timeout::StatementTimeout;
use crate::adapters::sql::between;
use crate::adapters::sql::codes::BUSY;
use crate::adapters::sql::dry_run_limits::{
    self, COUNT, NO_TRANSACTION, NOT_BEGUN, NOT_MEASURED, busy, left_transaction, statement_limit,
    status, undone,
};
use crate::adapters::sql::quote::{block, dollar};
use crate::adapters::sql::snapshot;
use crate::domain::dry_run::access::{Right, Visible};
use crate::domain::dry_run::losses::Counts;
use crate::domain::dry_run::measure::{
    Baseline, CountTarget, Recount, StatementStats, TouchedTable,
};
use crate::domain::dry_run::quiet::Quiet;
use crate::domain::problem::Problem;
use crate::domain::run_event::RunEvent;
use crate::domain::script::{Limits, RunError};
use crate::domain::snapshot::Snapshot;
use crate::ports::{Database as _, DryRunDatabase, DryRunTransaction, Events, StatementRun, Task};
use futures_util::TryStreamExt as _;
use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Error};
use tokio_util::sync::CancellationToken;

/// How long after its limit a statement's answer is still awaited; then the line is given up.
const LATE: Duration = Duration::from_secs(15);
/// How many commands that need no measure of their own are on their way at once.
const WINDOW: usize = 32;

/// A dry run on a connection of its own.
pub(super) struct PgDryRun {
    database: PgDatabase,
    connection: Connection,
    name: String,
    /// The transaction's number.
    number: String,
    /// When it began, by the server's clock.
    begun: String,
    limits: Limits,
    /// The tables that were there, once they were asked for; what is made on the way is nobody's concern, and a new
    /// database would pay for it with every statement.
    known: Vec<u32>,
    /// The files of the tables among them that hold rows, as they were seen last.
    files: HashMap<u32, Option<u32>>,
    /// The same before anything ran.
    first_files: HashMap<u32, Option<u32>>,
    /// The same where the transaction was marked.
    marked_files: HashMap<u32, Option<u32>>,
    /// The same before the file that runs.
    files_before: HashMap<u32, Option<u32>>,
    /// Which statements are measured together with others.
    quiet: Quiet,
}

impl DryRunDatabase for PgDatabase {
    fn begin_dry_run(&self, limits: Limits) -> Task<'_, Box<dyn DryRunTransaction>> {
        Box::pin(async move {
            let name = session_name();
            let connection = self.open_as(&name).await?;
            let mut rehearsal = PgDryRun {
                database: self.clone(),
                connection,
                name,
                number: String::new(),
                begun: String::new(),
                limits,
                known: Vec::new(),
                files: HashMap::new(),
                first_files: HashMap::new(),
                marked_files: HashMap::new(),
                files_before: HashMap::new(),
                quiet: Quiet::default(),
            };
            rehearsal.begin().await?;
            Ok(Box::new(rehearsal) as Box<dyn DryRunTransaction>)
        })
    }
}

impl PgDryRun {
    async fn begin(&mut self) -> Result<(), Problem> {
        let sql = format!(
            "{}; {}; savepoint supadeck_start; select pg_catalog.txid_current(), pg_catalog.now()",
            between::open(),
            self.caps(),
        );
        let patience = self.database.patience;
        let opening = async {
            self.connection.rows(&sql).await.map_err(|error| {
                if super::answers::has_code(&error, &[BUSY]) {
                    return busy();
                }
                statement_problem(&error, NOT_BEGUN)
            })
        };
        let rows = patience.on(&self.connection, NOT_BEGUN, opening).await?;
        let mut cells = rows.into_iter().next_back().into_iter().flatten().flatten();
        let (Some(number), Some(begun)) = (cells.next(), cells.next()) else {
            return Err(Problem::internal("The transaction has no number."));
        };
        (self.number, self.begun) = (number, begun);
        while self.connection.notices.try_recv().is_ok() {}
        Ok(())
    }

    /// SQL that lowers the waiting times to our limits, where the file raised them or took them away. It gives no rows.
    fn caps(&self) -> String {
        block(&dry_run_limits::clamp_timeouts(&self.limits))
    }

    /// A question of ours between a savepoint and the return to it, under no setting and no role of the file: a catalog is
    /// printed differently under other settings, and that would look like a change.
    fn in_savepoint(&self, sql: &str, limit: Duration) -> String {
        format!(
            "savepoint supadeck_aside; reset all; reset session authorization; reset role; \
            set local search_path = ''; set local row_security = off; set local jit = off; set local statement_timeout = {}; \
            {sql}; rollback to savepoint supadeck_aside; release savepoint supadeck_aside; {}; select pg_catalog.txid_current()",
            limit.as_millis(),
            self.caps()
        )
    }

    /// Asks, and makes sure that the transaction is still ours.
    async fn ask(&mut self, sql: &str) -> Result<Vec<Vec<Option<String>>>, Problem> {
        let StatementTimeout(limit) = self.database.patience;
        self.ask_within(sql, limit).await
    }

    /// The same, where the server works on it no longer than a limit.
    async fn ask_within(
        &mut self,
        sql: &str,
        limit: Duration,
    ) -> Result<Vec<Vec<Option<String>>>, Problem> {
        let message = self.in_savepoint(sql, limit);
        let asking = async {
            let rows = self.connection.rows(&message).await;
            rows.map_err(|error| {
                if super::answers::has_code(&error, &[NO_TRANSACTION]) {
                    return left_transaction();
                }
                statement_problem(&error, NOT_MEASURED)
            })
        };
        let patience = self.database.patience;
        let mut rows = patience.on(&self.connection, NOT_MEASURED, asking).await?;
        let number = rows.pop().and_then(|row| row.into_iter().next().flatten());
        while self.connection.notices.try_recv().is_ok() {}
        if number.as_ref() != Some(&self.number) {
            return Err(left_transaction());
        }
        Ok(rows)
    }

    /// Runs one command, and measures.
    async fn step(
        &mut self,
        sql: &str,
        news: Events<'_>,
        cancel: &CancellationToken,
    ) -> Result<StatementStats, RunError> {
        let (took, rows) = self.command(sql, news, cancel).await?;
        self.measured(sql, took, rows).await
    }

    /// What a command did that has run.
    async fn measured(
        &mut self,
        sql: &str,
        took: Duration,
        rows: u64,
    ) -> Result<StatementStats, RunError> {
        let question = snapshot::measure_sql(&self.known);
        let measured = self
            .ask(&question)
            .await
            .map_err(|problem| lost(&problem))?;
        let touched = snapshot::parse_touched(&measured);
        self.quiet.enter(&touched);
        let recounts = self
            .recount(&touched, sql)
            .await
            .map_err(|problem| lost(&problem))?;
        Ok(StatementStats {
            took,
            rows,
            touched,
            recounts,
        })
    }

    /// Counts the tables that have a new file: whether values or rows went with the old one, only their numbers tell.
    async fn recount(
        &mut self,
        touched: &[TouchedTable],
        sql: &str,
    ) -> Result<Vec<Recount>, Problem> {
        let mut holdings = Vec::new();
        for table in touched.iter().filter(|table| table.bytes.is_some()) {
            if let Some(file) = self.files.get_mut(&table.id)
                && *file != table.file
            {
                *file = table.file;
                holdings.push(table.id);
            }
        }
        let mut recounts = Vec::with_capacity(holdings.len());
        for id in holdings {
            let digested = snapshot::may_convert(&format!("{}::pg_catalog.text", dollar(sql)));
            let counting = snapshot::count_sql(&id.to_string(), "true", &digested);
            let counts = self
                .counted(&snapshot::count_block_of(id, &counting, "true"))
                .await?;
            let counts = counts.into_iter();
            recounts.extend(counts.map(|(id, tally)| Recount { id, tally }));
        }
        Ok(recounts)
    }

    /// Runs a block that counts, and reads what it says.
    async fn counted(&mut self, block: &str) -> Result<Counts, Problem> {
        let sql = format!("{block}; select {}", snapshot::COUNTED);
        let rows = self.ask_within(&sql, COUNT).await?;
        let text = rows
            .into_iter()
            .flatten()
            .flatten()
            .next()
            .unwrap_or_default();
        let counts: Vec<snapshot::Count> = serde_json::from_str(&text)
            .map_err(|error| Problem::internal(format!("A count cannot be read: {error}.")))?;
        Ok(snapshot::parse_counts(&counts))
    }

    /// Runs one command; tells how long the server took, and the rows.
    async fn command(
        &mut self,
        sql: &str,
        news: Events<'_>,
        cancel: &CancellationToken,
    ) -> Result<(Duration, u64), RunError> {
        if cancel.is_cancelled() {
            return Err(RunError::Cancelled);
        }
        let limit = statement_limit(&self.limits) + LATE;
        let cancel_timeout = self.limits.cancel_timeout;
        let begun = Instant::now();
        let lookout = ActivityMonitor::new(
            self.database.clone(),
            self.name.clone(),
            self.limits.silence,
            sql.len() as u64,
            None,
        );
        let mut guard = Supervisor::new(&mut self.connection, news, cancel, cancel_timeout)
            .with_lookout(lookout);
        let ended = match tokio::time::timeout(limit, execute(&mut guard, sql)).await {
            Ok(ended) => ended,
            Err(_) => Err(Failure::Line(silent(limit))),
        };
        let took = begun.elapsed();
        guard.forward_notices();
        match ended {
            Ok(rows) => Ok((took, rows)),
            Err(Failure::Line(why)) => {
                guard.give_up();
                Err(RunError::Lost {
                    committing: false,
                    why,
                })
            }
            Err(Failure::Server(error)) => Err(match error.code().code() {
                "57014" if guard.stop.is_wanted() => RunError::Cancelled,
                _ => RunError::Refused(Box::new(refused(&error))),
            }),
        }
    }

    /// Runs commands that touch nothing which was there before, several on their way at once: in a failed transaction the
    /// server refuses all that follow.
    async fn commands(
        &mut self,
        statements: &[&str],
        news: Events<'_>,
        cancel: &CancellationToken,
    ) -> Result<(), RunError> {
        let limit = statement_limit(&self.limits) + LATE;
        let bytes: usize = statements.iter().map(|sql| sql.len()).sum();
        let lookout = ActivityMonitor::new(
            self.database.clone(),
            self.name.clone(),
            self.limits.silence,
            bytes as u64,
            None,
        );
        let cancel_timeout = self.limits.cancel_timeout;
        let turns = self.connection.turns.clone();
        let mut guard = Supervisor::new(&mut self.connection, news, cancel, cancel_timeout)
            .with_lookout(lookout)
            .ordered(turns.keep());
        let client = guard.client;
        let mut flying: VecDeque<Flying<'_>> = VecDeque::new();
        let (mut next, mut done) = (0, 0);
        let ended = loop {
            while next < statements.len() && flying.len() < WINDOW && !guard.stop.is_wanted() {
                let mut sent: Flying<'_> = Box::pin(affected(client, statements[next]));
                // The first look sends it.
                flying.push_back(match futures_util::poll!(&mut sent) {
                    Poll::Ready(answer) => Box::pin(std::future::ready(answer)),
                    Poll::Pending => sent,
                });
                next += 1;
            }
            let Some(first) = flying.pop_front() else {
                break if next < statements.len() {
                    Err(Failure::Line(String::new()))
                } else {
                    Ok(())
                };
            };
            match tokio::time::timeout(limit, guard.wait(first)).await {
                Ok(Ok(rows)) => {
                    done += 1;
                    guard.emit(RunEvent::StatementDone {
                        step: 0,
                        done,
                        rows,
                    });
                }
                Ok(Err(failure)) => break Err(failure),
                Err(_) => {
                    break Err(Failure::Line(silent(limit)));
                }
            }
        };
        drop(flying);
        let is_stopped = guard.stop.is_wanted();
        guard.end_turns();
        match ended {
            Ok(()) => Ok(()),
            Err(Failure::Line(why)) if why.is_empty() && is_stopped => Err(RunError::Cancelled),
            Err(Failure::Line(why)) => {
                guard.give_up();
                Err(RunError::Lost {
                    committing: false,
                    why,
                })
            }
            Err(Failure::Server(error)) => Err(match error.code().code() {
                "57014" if is_stopped => RunError::Cancelled,
                _ => RunError::Refused(Box::new(refused(&error))),
            }),
        }
    }

    /// Ends what a run ends between two files. A constraint may be checked only here, as a commit checks it.
    async fn end_session(&mut self) -> Result<(), RunError> {
        let sql = dry_run_limits::end_session();
        let limit = statement_limit(&self.limits) + LATE;
        let ended = tokio::time::timeout(limit, self.connection.client.simple_query(&sql)).await;
        match ended {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(match error.as_db_error() {
                Some(error) => RunError::Refused(Box::new(refused(error))),
                None => lost(&statement_problem(&error, NOT_MEASURED)),
            }),
            Err(_) => {
                self.connection.give_up();
                Err(RunError::Lost {
                    committing: false,
                    why: silent(limit),
                })
            }
        }
    }

    /// Undoes a file, and leaves the session as the next one finds it in a run.
    async fn begin_anew(&mut self, savepoint: &str) -> Result<(), Problem> {
        let (reset, limits) = (dry_run_limits::end_session(), self.caps());
        self.plain(format!("{savepoint}; {reset}; {limits}")).await
    }

    /// Runs SQL of ours whose answer says nothing.
    async fn plain(&mut self, sql: String) -> Result<(), Problem> {
        let running = async {
            let ran = self.connection.client.simple_query(&sql).await;
            ran.map(drop)
                .map_err(|error| statement_problem(&error, NOT_MEASURED))
        };
        let patience = self.database.patience;
        patience.on(&self.connection, NOT_MEASURED, running).await
    }

    async fn try_end(&mut self) -> Result<(), Problem> {
        let patience = self.database.patience;
        // What is still in the session's hands is undone with it, whatever the answer is.
        let rollback = format!(
            "rollback; {}; select pg_catalog.pg_advisory_unlock_all()",
            snapshot::forget(&self.begun)
        );
        if self.plain(rollback).await.is_err() {
            self.connection.give_up();
            self.database.settled(&self.name).await?;
        }
        let fresh = self.database.open().await?;
        let sql = patience.with_limits(&format!("select {}", status(&self.number)));
        let asking = async {
            let rows = fresh.rows(&sql).await;
            rows.map_err(|error| statement_problem(&error, NOT_MEASURED))
        };
        let rows = patience.on(&fresh, NOT_MEASURED, asking).await?;
        undone(rows.into_iter().flatten().flatten().next().as_deref())
    }
}

/// That an answer did not come in time.
fn silent(limit: Duration) -> String {
    format!(
        "The database did not answer for {} seconds.",
        limit.as_secs()
    )
}

/// A question of ours that had no answer.
fn lost(problem: &Problem) -> RunError {
    match problem.code.as_deref() {
        Some(NO_TRANSACTION) => RunError::Escaped,
        _ => RunError::Lost {
            committing: false,
            why: problem.to_string(),
        },
    }
}

/// A command on its way.
type Flying<'a> = Pin<Box<dyn Future<Output = Result<u64, Error>> + Send + 'a>>;

/// The same, for a command that is sent behind others.
async fn affected(client: &Client, sql: &str) -> Result<u64, Error> {
    let nothing = Vec::<(i32, Type)>::new();
    let mut stream = pin!(client.query_typed_raw(sql, nothing).await?);
    while stream.try_next().await?.is_some() {}
    Ok(stream.rows_affected().unwrap_or_default())
}

/// Sends one command by the extended protocol and reads its answer to the end. Rows are thrown away as they come.
async fn execute(guard: &mut Supervisor<'_>, sql: &str) -> Result<u64, Failure> {
    let client = guard.client;
    let nothing = Vec::<(i32, Type)>::new();
    let stream = guard.wait(client.query_typed_raw(sql, nothing)).await?;
    let mut stream = pin!(stream);
    while guard.wait(stream.try_next()).await?.is_some() {}
    Ok(stream.rows_affected().unwrap_or_default())
}

impl DryRunTransaction for PgDryRun {
    fn snapshot(&mut self) -> Task<'_, Snapshot> {
        Box::pin(async move { snapshot::parse_snapshot(self.ask(snapshot::SNAPSHOT).await?) })
    }

    fn baseline(&mut self) -> Task<'_, Baseline> {
        Box::pin(async move {
            let baseline = snapshot::parse_baseline(self.ask(snapshot::BASELINE).await?);
            self.known = baseline.tables.iter().map(|table| table.id).collect();
            let tables = baseline.tables.iter().filter(|table| table.holds_rows);
            self.first_files = tables.map(|table| (table.id, table.file)).collect();
            self.files.clone_from(&self.first_files);
            self.quiet = Quiet::new(&baseline);
            Ok(baseline)
        })
    }

    fn is_quiet(&mut self, sql: &str) -> bool {
        self.quiet.is_quiet(sql)
    }

    fn run<'a>(
        &'a mut self,
        sql: &'a str,
        news: Events<'a>,
        cancel: &'a CancellationToken,
    ) -> StatementRun<'a> {
        Box::pin(self.step(sql, news, cancel))
    }

    fn check_deferred<'a>(
        &'a mut self,
        news: Events<'a>,
        cancel: &'a CancellationToken,
    ) -> StatementRun<'a> {
        Box::pin(async move {
            let settle = dry_run_limits::settle();
            let settled = self.command(&settle, news, cancel).await;
            let (took, rows) = settled.map_err(dry_run_limits::as_by_commit)?;
            let begun = Instant::now();
            self.end_session()
                .await
                .map_err(dry_run_limits::as_by_commit)?;
            let took = took + begun.elapsed();
            self.measured(&settle, took, rows).await
        })
    }

    fn run_quiet<'a>(
        &'a mut self,
        statements: &'a [&'a str],
        news: Events<'a>,
        cancel: &'a CancellationToken,
    ) -> Pin<Box<dyn Future<Output = Result<(), RunError>> + Send + 'a>> {
        Box::pin(self.commands(statements, news, cancel))
    }

    fn rights(&mut self) -> Task<'_, Vec<Right>> {
        Box::pin(async move { snapshot::parse_rights(self.ask(snapshot::RIGHTS).await?) })
    }

    fn visible<'a>(&'a mut self, wanted: &'a [(String, u32)]) -> Task<'a, Vec<Visible>> {
        Box::pin(async move {
            let mut found = Vec::new();
            for block in snapshot::visible_blocks(wanted, "true") {
                let sql = format!("{block}; select {}", snapshot::SEEN);
                let rows = self.ask_within(&sql, COUNT + COUNT).await?;
                let text = rows.into_iter().flatten().flatten().next();
                let seen: Vec<snapshot::Seen> = serde_json::from_str(&text.unwrap_or_default())
                    .map_err(|error| {
                        Problem::internal(format!("A count cannot be read: {error}."))
                    })?;
                found.extend(snapshot::parse_visible(seen));
            }
            Ok(found)
        })
    }

    fn open_file(&mut self) -> Task<'_, ()> {
        self.files_before.clone_from(&self.files);
        Box::pin(self.plain("savepoint supadeck_file".to_owned()))
    }

    fn close_file(&mut self) -> Task<'_, ()> {
        let limits = self.caps();
        Box::pin(self.plain(format!("release savepoint supadeck_file; {limits}")))
    }

    fn undo_file(&mut self) -> Task<'_, ()> {
        self.files.clone_from(&self.files_before);
        let undo = "rollback to savepoint supadeck_file; release savepoint supadeck_file";
        Box::pin(self.begin_anew(undo))
    }

    fn set_mark(&mut self) -> Task<'_, ()> {
        self.marked_files.clone_from(&self.files);
        Box::pin(self.plain("savepoint supadeck_mark".to_owned()))
    }

    fn rollback_to_start(&mut self) -> Task<'_, ()> {
        self.files.clone_from(&self.first_files);
        Box::pin(self.begin_anew("rollback to savepoint supadeck_start"))
    }

    fn rollback_to_mark(&mut self) -> Task<'_, ()> {
        self.files.clone_from(&self.marked_files);
        Box::pin(self.begin_anew("rollback to savepoint supadeck_mark"))
    }

    fn count<'a>(&'a mut self, holdings: &'a [CountTarget]) -> Task<'a, Counts> {
        Box::pin(async move {
            let mut counts = Counts::new();
            for holding in holdings {
                counts.extend(
                    self.counted(&snapshot::count_block(holding, "true"))
                        .await?,
                );
            }
            Ok(counts)
        })
    }

    fn end(mut self: Box<Self>) -> Task<'static, ()> {
        Box::pin(async move { self.try_end().await })
    }
}
