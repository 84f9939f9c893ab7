//! The project's database as a port: reads the history in one call each, and hands out sessions.

use super::client::{Api, Timeouts};
use super::endpoint::ProjectAccess;
use super::query::{QueryResult, Rows, problem};
use super::response::Failure;
use super::session::{ApiSession, NOT_ALONE};
use super::start_deadline::StartDeadline;
use crate::adapters::sql::history_table::{self, InstalledTables};
use crate::adapters::sql::journal::Operator;
use crate::adapters::sql::journal_lines;
use crate::adapters::sql::lock;
use crate::adapters::sql::target;
use crate::adapters::sql::{history_shape, journal};
use crate::domain::migration::LockHolder;
use crate::domain::migration::history::{History, HistoryMark, Stored};
use crate::domain::migration::journal::Journal;
use crate::domain::migration::owner::Owned;
use crate::domain::problem::Problem;
use crate::domain::script::{Change, Failure as Failed, Limits};
use crate::domain::seed::SeedHistory;
use crate::ports::{Database, Session, Soon, Task};
use std::sync::Arc;
use std::time::{Duration, Instant};

const NO_HISTORY: &str = "The migration history cannot be read.";
const NO_SEEDS: &str = "The record of seed files cannot be read.";
const NO_JOURNAL: &str = "The journal was not written.";
const NO_END: &str = "The end of the lost call was not seen.";
const NO_BOOKS: &str = "The tables of the migration history cannot be made.";
/// How long one call waits for the lock; a gateway would give up a long one.
pub(super) const SLICE: Duration = Duration::from_secs(8);

/// A project's database behind the Management API. `Debug` shows the project, never the token.
#[derive(Debug, Clone)]
pub struct ManagementDatabase {
    pub(super) api: Arc<Api>,
    pub(super) fence: Arc<StartDeadline>,
}

impl ManagementDatabase {
    /// The database of a project. Nothing is sent yet.
    pub fn new(access: ProjectAccess) -> Self {
        Self::with_timeouts(access, Timeouts::default())
    }

    /// The same with other waiting times.
    pub fn with_timeouts(access: ProjectAccess, patience: Timeouts) -> Self {
        Self {
            api: Arc::new(Api::new(access, patience)),
            fence: Arc::default(),
        }
    }

    /// The project's ref.
    pub fn reference(&self) -> &str {
        self.api.access.reference()
    }

    /// What the user should know about this way to the database.
    pub fn notes(&self) -> Vec<String> {
        self.api.access.notes()
    }

    /// The same, where a table that is not there has no rows.
    async fn tell_or_none(&self, select: (&str, usize)) -> Result<QueryResult, Failure> {
        match self.tell(Some(select)).await {
            Err(Failure::Refused(said)) if is_missing(&said.code) => self.tell(None).await,
            told => told,
        }
    }

    /// The history with what the catalogs say of its table and the runs that a Postgres connection left open: in one call
    /// where the tables of the history are there, because the API counts calls.
    async fn read_history(&self) -> Result<History, Problem> {
        let unreadable = |failure| problem(failure, NO_HISTORY);
        let open = journal::interrupted();
        let all = [
            (history_table::HISTORY, 3),
            (history_shape::BOOKS, 1),
            (&open, journal::INTERRUPTED_COLUMNS),
        ];
        let (target, rows, table, open) = match self.query_all(&self.question(&all)).await {
            Ok((told, lists)) => {
                let mut lists = lists.into_iter();
                let mut next = || lists.next().unwrap_or_default();
                (told.target, next(), next(), next())
            }
            Err(Failure::Refused(_)) => {
                let table = self.tell(Some((history_shape::BOOKS, 1))).await;
                let table = table.map_err(unreadable)?;
                let (rows, open) = if table.rows.is_empty() {
                    Default::default()
                } else {
                    self.read_apart(&open).await.map_err(unreadable)?
                };
                (table.target, rows, table.rows, open)
            }
            Err(failure) => return Err(unreadable(failure)),
        };
        let rows: Vec<_> = rows.into_iter().map(history_table::history_row).collect();
        history_shape::check(&rows)?;
        let table = table.into_iter().flatten().next().flatten();
        Ok(History {
            target,
            rows,
            interrupted: open
                .iter()
                .filter_map(|row| journal::read_interrupted(row))
                .collect(),
            books: history_shape::parse_shape(table.as_deref()),
        })
    }

    /// The rows of the history, whatever tool made its table, and the open runs: a journal that cannot be read keeps
    /// nobody from the history.
    async fn read_apart(&self, open: &str) -> Result<(Rows, Rows), Failure> {
        let rows = match self.tell(Some((history_table::HISTORY, 3))).await {
            Err(Failure::Refused(said))
                if history_shape::OTHER_SHAPE.contains(&said.code.as_str()) =>
            {
                self.tell(Some((history_table::OLD_HISTORY, 3))).await?.rows
            }
            told => told?.rows,
        };
        match self.tell(Some((open, journal::INTERRUPTED_COLUMNS))).await {
            Ok(told) => Ok((rows, told.rows)),
            Err(Failure::Refused(_)) => Ok((rows, Vec::new())),
            Err(failure) => Err(failure),
        }
    }

    /// Who holds the runners' lock, when the server tells.
    pub(super) async fn holder(&self) -> Option<LockHolder> {
        let told = self.tell(Some((&lock::holder(), 5))).await.ok()?;
        lock::read_person(told.rows.first()?, 0)
    }

    /// Makes the tables that are missing, and tells what there is. A journal that may not be made is done without.
    pub(super) async fn make_books(&self) -> Result<InstalledTables, Problem> {
        let unmade = |failure| problem(failure, NO_BOOKS);
        let present = self.present().await.map_err(unmade)?;
        let missing = present.missing();
        if missing.is_none() && present.journal && present.positions {
            return Ok(present);
        }
        if let Some(sql) = missing {
            self.make(&sql).await.map_err(unmade)?;
        }
        if !present.journal || !present.positions {
            match self.make(&journal::make()).await {
                Err(Failure::Refused(said)) if said.code == "42501" => {}
                made => made.map_err(unmade)?,
            }
        }
        self.present().await.map_err(unmade)
    }

    /// Makes what is only made where it is missing, so that it may be sent twice.
    async fn make(&self, sql: &str) -> Result<(), Failure> {
        self.api.ask(sql).await.map(drop)
    }

    async fn present(&self) -> Result<InstalledTables, Failure> {
        let mut told = self.tell(Some((history_table::PRESENT, 5))).await?;
        // A cast writes in full what the protocol abbreviates.
        for cell in told.rows.iter_mut().flatten() {
            if cell.as_deref() == Some("true") {
                *cell = Some("t".to_owned());
            }
        }
        Ok(InstalledTables::of(&told.rows))
    }

    /// Waits until no lost call can begin any more and none is at work.
    pub(super) async fn settle(&self) -> Result<(), Problem> {
        let begun = Instant::now();
        loop {
            let asked = self.wait_for_lock().await;
            match asked {
                Ok(clock) => match self.fence.remaining(clock) {
                    None => return Ok(()),
                    Some(rest) => tokio::time::sleep(rest).await,
                },
                Err(Failure::Refused(said))
                    if said.code == "55P03" && begun.elapsed() < self.api.patience.settle => {}
                Err(failure) => return Err(problem(failure, NO_END)),
            }
        }
    }

    /// Waits for the runners' lock for one slice, and tells the server's clock while it is held: what has not begun by
    /// then begins later than that.
    pub(super) async fn wait_for_lock(&self) -> Result<f64, Failure> {
        let slice = SLICE.min(self.api.patience.statement / 2);
        let sql = format!(
            "set local lock_timeout = {}; {}; {}",
            slice.as_millis(),
            lock::wait(),
            self.question(&[])
        );
        self.query_all(&sql).await.map(|(told, _)| told.clock)
    }
}

impl Database for ManagementDatabase {
    fn history(&self) -> Task<'_, History> {
        Box::pin(self.read_history())
    }

    fn history_mark(&self) -> Task<'_, HistoryMark> {
        Box::pin(async move {
            let told = self.tell_or_none((history_table::HISTORY_MARK, 1)).await;
            let told = told.map_err(|failure| problem(failure, NO_HISTORY))?;
            Ok(history_table::history_mark(told.rows))
        })
    }

    fn stored<'a>(&'a self, versions: &'a [String]) -> Task<'a, Vec<Stored>> {
        Box::pin(async move {
            let told = self
                .tell_or_none((&history_table::stored(versions), 4))
                .await;
            let told = told.map_err(|failure| problem(failure, NO_HISTORY))?;
            Ok(told
                .rows
                .into_iter()
                .map(history_table::stored_row)
                .collect())
        })
    }

    fn settled<'a>(&'a self, _session: &'a str) -> Task<'a, History> {
        Box::pin(async move {
            self.settle().await?;
            self.read_history().await
        })
    }

    fn session(&self, limits: Limits) -> Task<'_, Box<dyn Session>> {
        Box::pin(async move {
            let session = ApiSession::new(self.clone(), limits);
            Ok(Box::new(session) as Box<dyn Session>)
        })
    }

    fn repair<'a>(&'a self, changes: &'a [Change]) -> Task<'a, ()> {
        Box::pin(self.change_books(changes))
    }

    fn note<'a>(&'a self, failure: &'a Failed) -> Task<'a, ()> {
        Box::pin(async move {
            let limit = self.api.patience.statement.as_millis();
            let line = journal::journal_failed(failure, &Operator::here());
            let sql = format!(
                "set local lock_timeout = {}; set local statement_timeout = {limit}; {line}",
                limit / 2
            );
            // A second line would be worse than none: this is sent once.
            let written = self.api.call(&sql, self.api.patience.statement);
            written
                .await
                .map(drop)
                .map_err(|failure| problem(failure, NO_JOURNAL))
        })
    }

    fn journal<'a>(&'a self, limit: u32, version: Option<&'a str>) -> Task<'a, Journal> {
        Box::pin(async move {
            let lines = journal_lines::lines(limit, version);
            let (told, is_kept) = match self.tell(Some((&lines, 1))).await {
                Err(Failure::Refused(said)) if is_missing(&said.code) => {
                    (self.tell(None).await, false)
                }
                Err(Failure::Refused(said)) if said.code == "42501" => {
                    return Err(journal_lines::denied());
                }
                told => (told, true),
            };
            let told = told.map_err(|failure| problem(failure, journal_lines::UNREADABLE))?;
            Ok(Journal {
                lines: journal_lines::read(told.rows),
                is_kept,
                target: told.target,
            })
        })
    }

    /// Each call is a session of its own, so there is nothing to open.
    fn expect(&self, _soon: Soon) {}

    fn refuses_alone(&self) -> Task<'_, Option<String>> {
        Box::pin(std::future::ready(Ok(Some(NOT_ALONE.to_owned()))))
    }

    fn owners<'a>(&'a self, name: &'a str) -> Task<'a, Vec<Owned>> {
        Box::pin(async move {
            let told = self.tell(Some((&target::owners(name), 4))).await;
            let told = told.map_err(|failure| problem(failure, "The owners cannot be read."))?;
            Ok(told.rows.into_iter().filter_map(target::owned).collect())
        })
    }

    fn seeds(&self) -> Task<'_, SeedHistory> {
        Box::pin(async move {
            let told = self.tell_or_none((history_table::SEEDS, 2)).await;
            let told = told.map_err(|failure| problem(failure, NO_SEEDS))?;
            let pair = |row: Vec<Option<String>>| {
                let mut cells = row.into_iter().flatten();
                Some((cells.next()?, cells.next()?))
            };
            Ok(SeedHistory {
                target: told.target,
                rows: told.rows.into_iter().filter_map(pair).collect(),
            })
        })
    }
}

fn is_missing(code: &str) -> bool {
    matches!(code, "42P01" | "3F000")
}
