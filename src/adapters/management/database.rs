//! The project's database as a port: reads the books in one call each, and hands out sessions.

use super::address::Access;
use super::answer::{Failure, no_turn};
use super::api::{Api, Patience, told};
use super::fence::Fence;
use super::session::ApiSession;
use crate::adapters::postgres::books::{self, LOCK, Present, Runner};
use crate::adapters::postgres::fault::sentence;
use crate::adapters::postgres::{inventory, journal, log};
use crate::domain::migration::history::{History, Stored};
use crate::domain::migration::journal::Journal;
use crate::domain::migration::{Interruption, Target};
use crate::domain::problem::{Kind, Problem};
use crate::domain::script::{Change, Failure as Failed, Limits};
use crate::domain::seed::SeedHistory;
use crate::ports::{Database, Session, Task};
use serde_json::Value;
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
    pub(super) fence: Arc<Fence>,
}

/// What a reading call told.
pub(super) struct Told {
    pub(super) target: Target,
    pub(super) rows: Vec<Vec<Option<String>>>,
    /// The server's clock, in seconds since 1970.
    pub(super) clock: f64,
}

impl ManagementDatabase {
    /// The database of a project. Nothing is sent yet.
    pub fn new(access: Access) -> Self {
        Self::with_patience(access, Patience::default())
    }

    /// The same with other waiting times.
    pub fn with_patience(access: Access, patience: Patience) -> Self {
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

    /// Runs a selection of so many columns, if there is one, and tells its rows as text with who asks what.
    pub(super) async fn tell(&self, select: Option<(&str, usize)>) -> Result<Told, Failure> {
        self.told(&self.question(select)).await
    }

    async fn told(&self, question: &str) -> Result<Told, Failure> {
        let rows = self.api.ask(question).await?;
        let unreadable = || {
            Failure::Unknown(
                "The Management API did not give the rows that were asked for.".to_owned(),
            )
        };
        let told = match told(&rows).ok_or_else(unreadable)? {
            Value::String(text) => serde_json::from_str(text).map_err(|_| unreadable())?,
            value => value.clone(),
        };
        let who = cells(&told["who"]).ok_or_else(unreadable)?;
        let cell = |at: usize| who.get(at).cloned().flatten().unwrap_or_default();
        if cell(4) == "off" {
            return Err(Failure::TurnedAway(Box::new(strings_problem(&cell(0)))));
        }
        let clock = cell(3).parse().map_err(|_| unreadable())?;
        self.fence.see(clock);
        let rows = match &told["rows"] {
            Value::Array(rows) => rows.iter().map(cells).collect::<Option<_>>(),
            _ => Some(Vec::new()),
        };
        Ok(Told {
            target: Target {
                host: self.api.access.host(),
                database: cell(1),
                role: cell(0),
                server_version: cell(2).split(' ').next().unwrap_or_default().to_owned(),
            },
            rows: rows.ok_or_else(unreadable)?,
            clock,
        })
    }

    /// One selection that gives everything in one value: the API may give the rows of only one statement, and columns of
    /// the same name only once.
    fn question(&self, select: Option<(&str, usize)>) -> String {
        let rows = match select {
            None => "null".to_owned(),
            Some((sql, columns)) => {
                let list = |suffix: &str| {
                    let names: Vec<_> = (0..columns).map(|at| format!("c{at}{suffix}")).collect();
                    names.join(", ")
                };
                format!(
                    "(select coalesce(pg_catalog.json_agg(pg_catalog.json_build_array({})), '[]') from ({sql}) as q({}))",
                    list("::pg_catalog.text"),
                    list("")
                )
            }
        };
        let limit = self.api.patience.statement;
        format!(
            "set local lock_timeout = {}; set local statement_timeout = {}; \
            select pg_catalog.json_build_object('who', pg_catalog.json_build_array(current_user, pg_catalog.current_database(), \
            pg_catalog.current_setting('server_version'), extract(epoch from pg_catalog.clock_timestamp())::pg_catalog.text, \
            pg_catalog.current_setting('standard_conforming_strings')), 'rows', {rows}) as supadeck",
            (limit / 2).as_millis().max(1),
            limit.as_millis().max(1),
        )
    }

    /// The same, where a table that is not there has no rows.
    async fn tell_or_none(&self, select: (&str, usize)) -> Result<Told, Failure> {
        match self.tell(Some(select)).await {
            Err(Failure::Refused(said)) if is_missing(&said.code) => self.tell(None).await,
            told => told,
        }
    }

    async fn read_history(&self) -> Result<History, Problem> {
        let unreadable = |failure| problem(failure, NO_HISTORY);
        let told = match self.tell_or_none((books::HISTORY, 3)).await {
            Err(Failure::Refused(said)) if inventory::OTHER_SHAPE.contains(&said.code.as_str()) => {
                self.tell(Some((books::OLD_HISTORY, 3))).await
            }
            told => told,
        };
        let told = told.map_err(unreadable)?;
        let rows: Vec<_> = told.rows.into_iter().map(books::history_row).collect();
        inventory::check(&rows)?;
        let table = self.tell(Some((inventory::BOOKS, 1))).await;
        let table = table.map_err(unreadable)?.rows.into_iter().flatten().next();
        Ok(History {
            target: told.target,
            rows,
            interrupted: self.interrupted().await.map_err(unreadable)?,
            books: inventory::books(table.flatten().as_deref()),
        })
    }

    /// The runs outside a transaction that a Postgres connection left open; a journal that cannot be read keeps nobody
    /// from the history.
    async fn interrupted(&self) -> Result<Vec<Interruption>, Failure> {
        let select = journal::interrupted();
        match self
            .tell(Some((&select, journal::INTERRUPTED_COLUMNS)))
            .await
        {
            Ok(told) => Ok(told
                .rows
                .iter()
                .filter_map(|row| journal::read_interrupted(row))
                .collect()),
            Err(Failure::Refused(_)) => Ok(Vec::new()),
            Err(failure) => Err(failure),
        }
    }

    /// Makes the tables that are missing, and tells what there is. A journal that may not be made is done without.
    pub(super) async fn make_books(&self) -> Result<Present, Problem> {
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

    async fn present(&self) -> Result<Present, Failure> {
        let mut told = self.tell(Some((books::PRESENT, 5))).await?;
        // A cast writes in full what the protocol abbreviates.
        for cell in told.rows.iter_mut().flatten() {
            if cell.as_deref() == Some("true") {
                *cell = Some("t".to_owned());
            }
        }
        Ok(Present::of(&told.rows))
    }

    /// Waits until no lost call can begin any more and none is at work.
    pub(super) async fn settle(&self) -> Result<(), Problem> {
        let begun = Instant::now();
        loop {
            let asked = self.wait_for_lock().await;
            match asked {
                Ok(clock) => match self.fence.rest(clock) {
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
            "set local lock_timeout = {}; select pg_catalog.pg_advisory_xact_lock({LOCK}); {}",
            slice.as_millis(),
            self.question(None)
        );
        self.told(&sql).await.map(|told| told.clock)
    }
}

impl Database for ManagementDatabase {
    fn history(&self) -> Task<'_, History> {
        Box::pin(self.read_history())
    }

    fn stored<'a>(&'a self, versions: &'a [String]) -> Task<'a, Vec<Stored>> {
        Box::pin(async move {
            let told = self.tell_or_none((&books::stored(versions), 4)).await;
            let told = told.map_err(|failure| problem(failure, NO_HISTORY))?;
            Ok(told.rows.into_iter().map(books::stored_row).collect())
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
            let line = books::journal_failed(failure, &Runner::here());
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
            let lines = log::lines(limit, version);
            let (told, is_kept) = match self.tell(Some((&lines, 1))).await {
                Err(Failure::Refused(said)) if is_missing(&said.code) => {
                    (self.tell(None).await, false)
                }
                Err(Failure::Refused(said)) if said.code == "42501" => return Err(log::denied()),
                told => (told, true),
            };
            let told = told.map_err(|failure| problem(failure, log::UNREADABLE))?;
            Ok(Journal {
                lines: log::read(told.rows),
                is_kept,
                target: told.target,
            })
        })
    }

    fn seeds(&self) -> Task<'_, SeedHistory> {
        Box::pin(async move {
            let told = self.tell_or_none((books::SEEDS, 2)).await;
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

/// A failure of a call of supadeck's own, as a problem.
pub(super) fn problem(failure: Failure, what: &str) -> Problem {
    let network = |why: String| Problem::new(Kind::Network, what, why).retryable();
    match failure {
        Failure::TurnedAway(problem) => *problem,
        Failure::Cancelled => Problem::cancelled(what),
        Failure::Later(_) => problem(no_turn(), what),
        Failure::Unsent(why) | Failure::Unknown(why) => network(why),
        Failure::Unclear(why) => Problem::new(Kind::Database, what, why),
        Failure::Refused(said) => {
            let kind = match said.code.as_str() {
                "42501" => Kind::Denied,
                "55P03" => Kind::Conflict,
                "57014" => Kind::Network,
                _ => Kind::Database,
            };
            let problem = Problem::new(kind, what, sentence(&said.message)).with_code(said.code);
            match (said.hint, kind) {
                (Some(hint), _) => problem.with_hint(sentence(&hint)),
                (None, Kind::Conflict | Kind::Network) => problem.retryable(),
                (None, _) => problem,
            }
        }
    }
}

fn is_missing(code: &str) -> bool {
    matches!(code, "42P01" | "3F000")
}

/// A JSON array of texts and nulls.
fn cells(value: &Value) -> Option<Vec<Option<String>>> {
    let cell = |value: &Value| match value {
        Value::Null => Some(None),
        Value::String(text) => Some(Some(text.clone())),
        Value::Number(number) => Some(Some(number.to_string())),
        _ => None,
    };
    value.as_array()?.iter().map(cell).collect()
}

/// As over a Postgres connection: with the setting off, strings would be read differently from how they are shown.
fn strings_problem(role: &str) -> Problem {
    Problem::new(
        Kind::Database,
        "The project's database sets standard_conforming_strings off.",
        "Strings with backslashes would be read differently from how they are shown.",
    )
    .with_hint(format!(
        "Run `alter role {role} set standard_conforming_strings = on` (or the same for the database)."
    ))
}
