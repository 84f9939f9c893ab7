//! The database as a port: reads the history, repairs it, and opens sessions.

use super::address::ConnectionConfig;
use super::answers::{has_code, some_answers};
use super::connection::Connection;
use super::connection_config::parse;
use super::error::statement_problem;
use super::session::PgSession;
use super::spare::{Purpose, Spares};
use super::timeout::{LIMITS, StatementTimeout, with_deadline};
use super::variables::PgVariables;
use crate::adapters::sql::history_shape;
use crate::adapters::sql::history_table::{self, InstalledTables};
use crate::adapters::sql::journal;
use crate::adapters::sql::journal::Operator;
use crate::adapters::sql::lock;
use crate::adapters::sql::quote;
use crate::adapters::sql::target;
use crate::domain::database_url::trimmed;
use crate::domain::migration::Target;
use crate::domain::migration::history::{History, HistoryMark, Stored};
use crate::domain::migration::irreversible::Irreversible;
use crate::domain::migration::journal::Journal;
use crate::domain::migration::owner::Owned;
use crate::domain::problem::Problem;
use crate::domain::script::{Change, Failure, Limits};
use crate::domain::seed::SeedHistory;
use crate::domain::source::Source;
use crate::ports::{Database, Session, Soon, Task};
use secrecy::{ExposeSecret as _, SecretString};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres::Error;

/// How connections that only read are called on the server.
pub(super) const APPLICATION: &str = "supadeck";
const NO_HISTORY: &str = "The migration history cannot be read.";
const NO_BOOKS: &str = "The tables of the migration history cannot be made.";
const NO_SEEDS: &str = "The record of seed files cannot be read.";
const NO_OWNERS: &str = "The owners cannot be read.";
const NO_JOURNAL: &str = "The journal was not written.";
const NO_END: &str = "The end of the lost session was not seen.";
/// How long the end of a lost session is awaited.
const SETTLE: Duration = Duration::from_secs(20);

/// A Postgres database behind a URL. `Debug` shows the host and the user, never the password.
#[derive(Clone)]
pub struct PgDatabase {
    address: Arc<ConnectionConfig>,
    /// What was left out around the URL.
    trimmed: Option<String>,
    pub(super) patience: StatementTimeout,
    /// Whether a dry run sends and measures every statement by itself.
    pub(super) is_strict: bool,
    /// What was opened ahead. Copies of this value share it.
    spares: Arc<Spares<Spare>>,
}

/// An open connection that has run nothing.
pub(super) struct Spare {
    pub(super) connection: Connection,
    /// Its name on the server.
    pub(super) name: String,
    /// Which tables there were when it was opened ahead.
    pub(super) looked: Option<InstalledTables>,
}

impl Spare {
    fn is_closed(&self) -> bool {
        self.connection.client.is_closed()
    }
}

impl PgDatabase {
    /// Reads a database URL. Nothing is connected yet, and a fault repeats no part of the URL.
    pub fn parse(url: &SecretString) -> Result<Self, Problem> {
        Self::parse_from(url, &Source::Code, &PgVariables::default())
    }

    /// The same, where libpq's variables say what the URL does not; the fault names where the URL came from.
    pub fn parse_from(
        url: &SecretString,
        source: &Source,
        variables: &PgVariables,
    ) -> Result<Self, Problem> {
        Ok(Self {
            address: Arc::new(parse(url.expose_secret(), source, variables)?),
            trimmed: trimmed(url.expose_secret())
                .1
                .map(|note| format!("{}: {note}", source.of("The database URL"))),
            patience: StatementTimeout::default(),
            is_strict: false,
            spares: Arc::default(),
        })
    }

    /// The same database, with another limit for one statement of supadeck's own; the user's scripts have theirs.
    #[must_use]
    pub fn with_statement_limit(mut self, limit: Duration) -> Self {
        self.patience = StatementTimeout(limit);
        self
    }

    /// The same database, where a dry run sends and measures every statement by itself: slower, and the same report.
    #[must_use]
    pub fn strictly(mut self) -> Self {
        self.is_strict = true;
        self
    }

    /// Host and port.
    pub fn host(&self) -> String {
        crate::domain::text::harmless(&self.address.host()).into_owned()
    }

    /// What the user should know about the address before anything is sent there; nothing is connected.
    pub fn notes(&self) -> Vec<String> {
        self.trimmed
            .clone()
            .into_iter()
            .chain(self.address.notes())
            .collect()
    }

    pub(super) async fn open(&self) -> Result<Connection, Problem> {
        self.open_as(APPLICATION).await
    }

    pub(super) async fn open_as(&self, name: &str) -> Result<Connection, Problem> {
        Connection::open(&self.address, name).await
    }

    /// A connection that runs something, under a name of its own: one that was opened ahead, or a new one.
    pub(super) async fn open_to_run(&self) -> Result<Spare, Problem> {
        if let Some(spare) = self.spares.take(Purpose::Run, Spare::is_closed).await {
            return Ok(spare);
        }
        let name = session_name();
        Ok(Spare {
            connection: self.open_as(&name).await?,
            name,
            looked: None,
        })
    }

    /// A connection that was opened ahead to ask on it, where there is one. It may turn out to be dead: then a new one is asked.
    pub(super) async fn spare_reader(&self) -> Option<Connection> {
        let spare = self.spares.take(Purpose::Read, Spare::is_closed).await;
        spare.map(|spare| spare.connection)
    }

    /// Keeps a connection that has answered a question for the next one.
    pub(super) fn keep_to_read(&self, connection: Connection) {
        let spare = Spare {
            connection,
            name: APPLICATION.to_owned(),
            looked: None,
        };
        self.spares.keep(Purpose::Read, async { Some(spare) });
    }

    /// Begins to open a connection that will be wanted in a moment. One that runs something is asked already which tables there
    /// are.
    pub(super) fn open_ahead(&self, purpose: Purpose) {
        if self.spares.has(purpose) {
            return;
        }
        let database = self.clone();
        self.spares.keep(purpose, async move {
            let name = match purpose {
                Purpose::Read => APPLICATION.to_owned(),
                Purpose::Run => session_name(),
            };
            let connection = database.open_as(&name).await.ok()?;
            let looked = match purpose {
                Purpose::Read => None,
                Purpose::Run => {
                    let patience = database.patience;
                    let looking = look(&connection, patience);
                    let looked = patience.on(&connection, NO_BOOKS, looking).await;
                    Some(looked.ok()?)
                }
            };
            Some(Spare {
                connection,
                name,
                looked,
            })
        });
    }

    pub(super) fn target(&self, connection: &Connection, who: &[Option<String>]) -> Target {
        let cell = |at: usize| who.get(at).cloned().flatten().unwrap_or_default();
        Target {
            host: self.address.host(),
            database: cell(1),
            role: cell(0),
            server_version: connection.server_version.clone(),
            statement_timeout: target::timeout(
                who.get(3).and_then(Option::as_deref),
                self.address.sets("statement_timeout"),
            ),
            platform: Box::new(target::platform(who.get(5).and_then(Option::as_deref))),
            irreversible: Box::new(Irreversible::parse(who.get(6).and_then(Option::as_deref))),
            mark: Box::new(self.address.mark(who.get(2).cloned().flatten())),
            ..Target::default()
        }
    }

    async fn read_history(&self, connection: &Connection) -> Result<History, Problem> {
        let reading = self.try_history(connection);
        self.patience.on(connection, NO_HISTORY, reading).await
    }

    async fn try_history(&self, connection: &Connection) -> Result<History, Problem> {
        let unreadable = |error| statement_problem(&error, NO_HISTORY);
        let open = journal::has_open();
        let sql = |mark: &str| {
            let who = history_shape::who_and_books(mark);
            format!("{who}; {}; select {open}", history_table::HISTORY)
        };
        let (mut answers, error) = self.marked_answers(connection, sql).await;
        let who = answers.get_mut(LIMITS).and_then(Vec::pop);
        let Some(who) = who else {
            return Err(match error {
                Some(error) => unreadable(error),
                None => Problem::internal("The server did not say who is connected."),
            });
        };
        let target = self.target(connection, &who);
        let table = history_shape::parse_shape(who.get(4).and_then(Option::as_deref));
        let mut answers = answers.into_iter().skip(LIMITS + 1);
        let (rows, open) = match (answers.next(), error) {
            // What keeps the journal from being read, or an older one without positions, keeps nobody from the history.
            (Some(rows), _) => (rows, answers.next().unwrap_or_default()),
            (None, Some(error)) if has_code(&error, &["42P01", "3F000"]) => Default::default(),
            (None, Some(error)) if has_code(&error, history_shape::OTHER_SHAPE) => {
                let sql = self.patience.with_limits(history_table::OLD_HISTORY);
                let rows = connection.rows(&sql).await.map_err(unreadable)?;
                (rows, Vec::new())
            }
            (None, Some(error)) => return Err(unreadable(error)),
            (None, None) => return Err(Problem::internal("The server did not answer all.")),
        };
        let rows: Vec<_> = rows.into_iter().map(history_table::history_row).collect();
        history_shape::check(&rows)?;
        // To plan that query takes the server longer than all the others, and there is hardly ever anything to read.
        let interrupted = match open.first().and_then(|row| row.first()?.as_deref()) {
            Some("t") => {
                let sql = self.patience.with_limits(&journal::interrupted());
                connection.rows(&sql).await.map_err(unreadable)?
            }
            _ => Vec::new(),
        };
        Ok(History {
            target,
            rows,
            interrupted: interrupted
                .iter()
                .filter_map(|row| journal::read_interrupted(row))
                .collect(),
            books: table,
        })
    }

    /// Asks with what the database is recognised by in the first answer, and without it where the server does not tell.
    async fn marked_answers(
        &self,
        connection: &Connection,
        sql: impl Fn(&str) -> String,
    ) -> (Vec<Vec<Vec<Option<String>>>>, Option<Error>) {
        let asked = self.patience.with_limits(&sql(target::MARK));
        let (answers, error) = some_answers(connection, &asked).await;
        match &error {
            Some(error) if answers.len() <= LIMITS && has_code(error, target::NO_MARK) => {
                some_answers(connection, &self.patience.with_limits(&sql("null"))).await
            }
            _ => (answers, error),
        }
    }

    /// A history without a table has the mark of no rows at all.
    async fn read_mark(&self, connection: &Connection) -> Result<HistoryMark, Problem> {
        let sql = self.patience.with_limits(history_table::HISTORY_MARK);
        let reading = async {
            let rows = match connection.rows(&sql).await {
                Err(error) if has_code(&error, &["42P01", "3F000"]) => Vec::new(),
                rows => rows.map_err(|error| statement_problem(&error, NO_HISTORY))?,
            };
            Ok(history_table::history_mark(rows))
        };
        self.patience.on(connection, NO_HISTORY, reading).await
    }

    async fn read_seeds(&self, connection: &Connection) -> Result<SeedHistory, Problem> {
        let unreadable = |error| statement_problem(&error, NO_SEEDS);
        let sql = |mark: &str| {
            let (who, timeout) = (target::WHO, target::TIMEOUT);
            format!("{who}, {mark}, {timeout}; {}", history_table::SEEDS)
        };
        let (answers, error) = self.marked_answers(connection, sql).await;
        let mut rows: Vec<_> = answers.into_iter().flatten().collect();
        if let Some(error) =
            error.filter(|error| rows.is_empty() || !has_code(error, &["42P01", "3F000"]))
        {
            return Err(unreadable(error));
        }
        if rows.is_empty() {
            return Err(Problem::internal(
                "The server did not say who is connected.",
            ));
        }
        let target = self.target(connection, &rows.remove(0));
        let pair = |row: Vec<Option<String>>| {
            let mut cells = row.into_iter().flatten();
            Some((cells.next()?, cells.next()?))
        };
        Ok(SeedHistory {
            target,
            rows: rows.into_iter().filter_map(pair).collect(),
        })
    }

    /// Ends what the server still runs for a lost session, and waits for the lock that the session may hold.
    async fn wait_for_end(&self, connection: &Connection, session: &str) -> Result<(), Problem> {
        // Ending, and then the lock, may each take their time; the answers must still come through.
        let limit = 2 * SETTLE + self.patience.0 / 2;
        let ending = terminate_session(connection, session);
        with_deadline(limit, connection, NO_END, ending).await
    }
}

impl fmt::Debug for PgDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PgDatabase")
            .field("host", &self.address.host())
            .field("user", &self.address.user())
            .field("database", &self.address.database())
            .finish_non_exhaustive()
    }
}

impl Database for PgDatabase {
    fn history(&self) -> Task<'_, History> {
        Box::pin(async move {
            if let Some(spare) = self.spare_reader().await
                && let Ok(history) = self.read_history(&spare).await
            {
                return Ok(history);
            }
            let connection = self.open().await?;
            let history = self.read_history(&connection).await?;
            // A run is about to begin, and how it ended is asked next.
            if self.spares.has(Purpose::Run) {
                self.keep_to_read(connection);
            }
            Ok(history)
        })
    }

    fn history_mark(&self) -> Task<'_, HistoryMark> {
        Box::pin(async move {
            if let Some(spare) = self.spare_reader().await
                && let Ok(mark) = self.read_mark(&spare).await
            {
                self.keep_to_read(spare);
                return Ok(mark);
            }
            let connection = self.open().await?;
            let mark = self.read_mark(&connection).await?;
            self.keep_to_read(connection);
            Ok(mark)
        })
    }

    fn stored<'a>(&'a self, versions: &'a [String]) -> Task<'a, Vec<Stored>> {
        Box::pin(async move {
            let connection = self.open().await?;
            let sql = self.patience.with_limits(&history_table::stored(versions));
            let reading = async {
                match connection.rows(&sql).await {
                    Ok(rows) => Ok(rows.into_iter().map(history_table::stored_row).collect()),
                    Err(error) if has_code(&error, &["42P01", "3F000"]) => Ok(Vec::new()),
                    Err(error) => Err(statement_problem(&error, NO_HISTORY)),
                }
            };
            self.patience.on(&connection, NO_HISTORY, reading).await
        })
    }

    fn settled<'a>(&'a self, session: &'a str) -> Task<'a, History> {
        Box::pin(async move {
            let connection = self.open().await?;
            self.wait_for_end(&connection, session).await?;
            self.read_history(&connection).await
        })
    }

    fn session(&self, limits: Limits) -> Task<'_, Box<dyn Session>> {
        Box::pin(async move {
            let spare = self.open_to_run().await?;
            let session = PgSession::new(spare, limits, self.clone());
            Ok(Box::new(session) as Box<dyn Session>)
        })
    }

    fn repair<'a>(&'a self, changes: &'a [Change]) -> Task<'a, ()> {
        Box::pin(self.apply_repairs(changes))
    }

    fn note<'a>(&'a self, failure: &'a Failure) -> Task<'a, ()> {
        Box::pin(async move {
            let connection = self.open().await?;
            let sql = journal::journal_failed(failure, &Operator::here());
            let sql = self.patience.with_limits(&sql);
            // A database can have its sessions begin read only.
            let sql = format!("set local transaction_read_only = off; {sql}");
            let writing = async {
                let written = connection.client.simple_query(&sql).await;
                written
                    .map(drop)
                    .map_err(|error| statement_problem(&error, NO_JOURNAL))
            };
            self.patience.on(&connection, NO_JOURNAL, writing).await
        })
    }

    fn journal<'a>(&'a self, limit: u32, version: Option<&'a str>) -> Task<'a, Journal> {
        Box::pin(self.read_journal(limit, version))
    }

    fn expect(&self, soon: Soon) {
        self.open_ahead(match soon {
            Soon::Run => Purpose::Run,
            Soon::History => Purpose::Read,
        });
    }

    fn refuses_alone(&self) -> Task<'_, Option<String>> {
        Box::pin(self.why_not_alone())
    }

    fn owners<'a>(&'a self, name: &'a str) -> Task<'a, Vec<Owned>> {
        Box::pin(async move {
            let connection = self.open().await?;
            let sql = self.patience.with_limits(&target::owners(name));
            let reading = async {
                let rows = connection.rows(&sql).await;
                rows.map_err(|error| statement_problem(&error, NO_OWNERS))
            };
            let rows = self.patience.on(&connection, NO_OWNERS, reading).await?;
            Ok(rows.into_iter().filter_map(target::owned).collect())
        })
    }

    fn seeds(&self) -> Task<'_, SeedHistory> {
        Box::pin(async move {
            let connection = self.open().await?;
            let reading = self.read_seeds(&connection);
            self.patience.on(&connection, NO_SEEDS, reading).await
        })
    }
}

async fn terminate_session(connection: &Connection, session: &str) -> Result<(), Problem> {
    let milliseconds = SETTLE.as_millis();
    let newer = connection
        .server_version
        .split('.')
        .next()
        .and_then(|major| major.parse::<u32>().ok())
        .is_some_and(|major| major >= 14);
    let end = if newer {
        format!("pg_catalog.pg_terminate_backend(pid, {milliseconds})")
    } else {
        "pg_catalog.pg_terminate_backend(pid)".to_owned()
    };
    let sql = format!(
        "select {end} from pg_catalog.pg_stat_activity where application_name = {} and pid <> pg_catalog.pg_backend_pid()",
        quote::dollar(session)
    );
    // Not every role may end its own sessions behind a pooler; the lock below is what decides.
    let _ = connection.client.simple_query(&sql).await;
    let sql = format!(
        "begin; set local lock_timeout = {milliseconds}; {}; commit",
        lock::wait()
    );
    connection
        .client
        .simple_query(&sql)
        .await
        .map(drop)
        .map_err(|error| statement_problem(&error, NO_END))
}

/// Which of the tables there are.
async fn look(
    connection: &Connection,
    patience: StatementTimeout,
) -> Result<InstalledTables, Problem> {
    let rows = connection
        .rows(&patience.with_limits(history_table::PRESENT))
        .await;
    let rows = rows.map_err(|error| statement_problem(&error, NO_BOOKS))?;
    Ok(InstalledTables::of(&rows))
}

/// Makes the tables that are missing, and tells what there is. A journal that may not be made is done without. `looked` is what
/// there was a moment ago, where that is known.
pub(super) async fn make_books(
    connection: &Connection,
    patience: StatementTimeout,
    looked: Option<InstalledTables>,
) -> Result<InstalledTables, Problem> {
    let unmade = |error| statement_problem(&error, NO_BOOKS);
    let present = match looked {
        Some(present) => present,
        None => look(connection, patience).await?,
    };
    let missing = present.missing();
    let has_journal = present.journal && present.positions;
    if missing.is_none() && has_journal {
        return Ok(present);
    }
    // All on their way at once. In a transaction that failed the server refuses what follows.
    let (tables, journal) = (missing.unwrap_or_default(), journal::make());
    let make = |sql| async move { connection.client.simple_query(sql).await.map(drop) };
    let made = futures_util::join!(
        make(&tables),
        make(if has_journal { "" } else { &journal }),
        look(connection, patience)
    );
    match made {
        (Ok(()), Ok(()), Ok(present)) => Ok(present),
        // A journal that may not be made is done without.
        (Ok(()), Err(error), _) if has_code(&error, &["42501"]) => {
            make("rollback").await.map_err(unmade)?;
            look(connection, patience).await
        }
        (Err(error), ..) | (_, Err(error), _) => Err(unmade(error)),
        (.., Err(problem)) => Err(problem),
    }
}

/// A name of its own for a session, so that it can be found on the server and ended.
pub(super) fn session_name() -> String {
    let random = uuid::Uuid::new_v4().simple().to_string();
    format!("{APPLICATION} {}", &random[..12])
}
