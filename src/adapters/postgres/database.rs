//! The database as a port: reads the history, repairs it, and opens sessions.

use super::address::ConnectionConfig;
use super::answers::{has_code, some_answers};
use super::connection::Connection;
use super::connection_config::parse;
use super::error::statement_problem;
use super::session::PgSession;
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
use crate::domain::migration::history::{History, Stored};
use crate::domain::migration::journal::Journal;
use crate::domain::migration::owner::Owned;
use crate::domain::problem::Problem;
use crate::domain::script::{Change, Failure, Limits};
use crate::domain::seed::SeedHistory;
use crate::domain::source::Source;
use crate::ports::{Database, Session, Task};
use secrecy::{ExposeSecret as _, SecretString};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres::Error;

/// How connections that only read are called on the server.
pub(super) const APPLICATION: &str = "supadeck";
const NO_HISTORY: &str = "The migration history cannot be read.";
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
        })
    }

    /// The same database, with another limit for one statement of supadeck's own; the user's scripts have theirs.
    #[must_use]
    pub fn with_statement_limit(mut self, limit: Duration) -> Self {
        self.patience = StatementTimeout(limit);
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
            let connection = self.open().await?;
            self.read_history(&connection).await
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
            let name = session_name();
            let connection = self.open_as(&name).await?;
            let session = PgSession::new(connection, name, limits, self.clone());
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

/// Makes the tables that are missing, and tells what there is. A journal that may not be made is done without.
pub(super) async fn make_books(
    connection: &Connection,
    patience: StatementTimeout,
) -> Result<InstalledTables, Problem> {
    let unmade = |error| {
        statement_problem(
            &error,
            "The tables of the migration history cannot be made.",
        )
    };
    let look = || async {
        connection
            .rows(&patience.with_limits(history_table::PRESENT))
            .await
            .map(|rows| InstalledTables::of(&rows))
    };
    let mut present = look().await.map_err(unmade)?;
    let missing = present.missing();
    if missing.is_none() && present.journal && present.positions {
        return Ok(present);
    }
    if let Some(sql) = missing {
        connection.client.simple_query(&sql).await.map_err(unmade)?;
    }
    if !present.journal || !present.positions {
        match connection.client.simple_query(&journal::make()).await {
            Ok(_) => {}
            Err(error) if has_code(&error, &["42501"]) => {
                connection
                    .client
                    .simple_query("rollback")
                    .await
                    .map_err(unmade)?;
            }
            Err(error) => return Err(unmade(error)),
        }
    }
    present = look().await.map_err(unmade)?;
    Ok(present)
}

/// A name of its own for a session, so that it can be found on the server and ended.
pub(super) fn session_name() -> String {
    let random = uuid::Uuid::new_v4().simple().to_string();
    format!("{APPLICATION} {}", &random[..12])
}
