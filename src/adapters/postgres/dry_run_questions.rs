//! How a dry run asks within its transaction: between a savepoint and the return to it, so that a question leaves neither locks
//! nor settings, and it fails where the transaction has ended meanwhile. Several questions go in one round trip.

use super::answers::has_code;
use super::connection::{Connection, rows_as_text};
use super::error::statement_problem;
use super::timeout::StatementTimeout;
use crate::adapters::sql::dry_run_limits::{
    self, COUNT, NO_TRANSACTION, NOT_MEASURED, left_transaction,
};
use crate::adapters::sql::quote::{block, dollar};
use crate::adapters::sql::snapshot::{self, Texts};
use crate::domain::dry_run::losses::Counts;
use crate::domain::dry_run::measure::{Baseline, Recount, Rows, TouchedTable};
use crate::domain::problem::Problem;
use crate::domain::script::Limits;
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio_postgres::{Client, Error};

/// What every question of one dry run is asked with.
pub(super) struct Questions {
    /// The transaction's number; empty until it has begun.
    pub(super) number: String,
    pub(super) limits: Limits,
    pub(super) patience: StatementTimeout,
}

/// A command on its way, and what it will answer.
pub(super) type Flying<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// Sends a command: the first look at it does. Its answer is awaited later.
pub(super) fn send<'a, T: Send + 'a>(mut command: Flying<'a, T>) -> Flying<'a, T> {
    let waker = futures_util::task::noop_waker();
    let mut context = std::task::Context::from_waker(&waker);
    match command.as_mut().poll(&mut context) {
        Poll::Ready(answer) => Box::pin(std::future::ready(answer)),
        Poll::Pending => command,
    }
}

impl Questions {
    /// SQL that lowers the waiting times to our limits, where the file raised them or took them away. It gives no rows.
    pub(super) fn caps(&self) -> String {
        block(&dry_run_limits::clamp_timeouts(&self.limits))
    }

    /// A question of ours under no setting and no role of the file: a catalog is printed differently under other settings, and
    /// that would look like a change. The server works on it no longer than a limit.
    pub(super) fn message(&self, sql: &str, limit: Duration) -> String {
        format!(
            "savepoint supadeck_aside; reset all; reset session authorization; reset role; \
            set local search_path = ''; set local row_security = off; set local jit = off; set local statement_timeout = {}; \
            {sql}; rollback to savepoint supadeck_aside; release savepoint supadeck_aside; {}; select pg_catalog.txid_current()",
            limit.as_millis(),
            self.caps()
        )
    }

    /// The message of a question that has the usual limit.
    pub(super) fn usual(&self, sql: &str) -> String {
        self.message(sql, self.patience.0)
    }

    /// The rows of a question, if the transaction is still the one that was begun.
    pub(super) fn rows(&self, mut rows: Texts) -> Result<Texts, Problem> {
        let number = rows.pop().and_then(|row| row.into_iter().next().flatten());
        if number.as_ref() == Some(&self.number) {
            Ok(rows)
        } else {
            Err(left_transaction())
        }
    }

    /// Asks everything at once. In a transaction that failed the server refuses what follows.
    pub(super) async fn ask(
        &self,
        connection: &Connection,
        messages: Vec<String>,
    ) -> Result<Vec<Texts>, Problem> {
        let client = &connection.client;
        let flying: Vec<Flying<'_, Texts>> = messages
            .iter()
            .map(|message| send(asked(client, message)))
            .collect();
        let mut answers = Vec::with_capacity(flying.len());
        for one in flying {
            let asking = async { one.await.map_err(|error| refused(&error)) };
            let answer = self.patience.on(connection, NOT_MEASURED, asking).await?;
            answers.push(self.rows(answer)?);
        }
        Ok(answers)
    }

    /// The questions how much tables that have a new file hold: whether values or rows went with the old one, only their numbers
    /// tell.
    pub(super) fn recount(&self, renewed: &[u32], sql: &str) -> Vec<String> {
        let digested = snapshot::may_convert(&format!("{}::pg_catalog.text", dollar(sql)));
        let one = |id: &u32| {
            let counting = snapshot::count_sql(&id.to_string(), "true", &digested);
            self.counting(&snapshot::count_block_of(*id, &counting, "true"))
        };
        renewed.iter().map(one).collect()
    }

    /// The message of a block that counts.
    pub(super) fn counting(&self, block: &str) -> String {
        self.message(&format!("{block}; select {}", snapshot::COUNTED), COUNT)
    }
}

/// A question of ours on its way.
pub(super) fn asked<'a>(client: &'a Client, sql: &'a str) -> Flying<'a, Texts> {
    Box::pin(async move { Ok(rows_as_text(client.simple_query(sql).await?)) })
}

/// Why a question was not answered.
pub(super) fn refused(error: &Error) -> Problem {
    if has_code(error, &[NO_TRANSACTION]) {
        return left_transaction();
    }
    statement_problem(error, NOT_MEASURED)
}

/// What was counted.
pub(super) fn counted(rows: Texts) -> Result<Counts, Problem> {
    let text = rows.into_iter().flatten().flatten().next();
    let counts: Vec<snapshot::Count> = serde_json::from_str(&text.unwrap_or_default())
        .map_err(|error| Problem::internal(format!("A count cannot be read: {error}.")))?;
    Ok(snapshot::parse_counts(&counts))
}

/// What the tables hold that were counted again.
pub(super) fn recounts(answers: Vec<Texts>) -> Result<Vec<Recount>, Problem> {
    let mut all = Vec::new();
    for answer in answers {
        let counts = counted(answer)?.into_iter();
        all.extend(counts.map(|(id, tally)| Recount { id, tally }));
    }
    Ok(all)
}

/// The tables that were there before, as they were seen last. Cheap to copy.
#[derive(Debug, Clone, Default)]
pub(super) struct KnownTables {
    /// The files of those that hold rows.
    files: Arc<HashMap<u32, Option<u32>>>,
    names: Arc<HashMap<u32, String>>,
    /// The rows that were told as changed.
    rows: Arc<HashMap<u32, Rows>>,
    /// The rows that the server counts besides: it goes on counting over what is undone.
    besides: Arc<HashMap<u32, Rows>>,
}

impl KnownTables {
    /// As they are before anything runs.
    pub(super) fn of(baseline: &Baseline) -> Self {
        let tables = &baseline.tables;
        let files = tables.iter().filter(|table| table.holds_rows);
        let names = tables.iter().map(|table| (table.id, table.table.clone()));
        Self {
            files: Arc::new(files.map(|table| (table.id, table.file)).collect()),
            names: Arc::new(names.collect()),
            ..Self::default()
        }
    }

    /// Enters what a measure says: which tables have another file than before, and whether one has another name.
    pub(super) fn enter(&mut self, touched: &mut [TouchedTable]) -> (Vec<u32>, bool) {
        let (mut renewed, mut is_renamed) = (Vec::new(), false);
        for table in touched {
            if let Some(besides) = self.besides.get(&table.id) {
                table.rows = table.rows.since(*besides);
            }
            if self.rows.get(&table.id) != Some(&table.rows) {
                Arc::make_mut(&mut self.rows).insert(table.id, table.rows);
            }
            // A new partition has no name from before.
            if let Some(name) = &table.table
                && let Some(known) = self.names.get(&table.id)
                && known != name
            {
                is_renamed = true;
                Arc::make_mut(&mut self.names).insert(table.id, name.clone());
            }
            if table.bytes.is_some()
                && self
                    .files
                    .get(&table.id)
                    .is_some_and(|file| *file != table.file)
            {
                Arc::make_mut(&mut self.files).insert(table.id, table.file);
                renewed.push(table.id);
            }
        }
        (renewed, is_renamed)
    }

    /// Returns to how the tables were before; what was told of their rows stays told.
    pub(super) fn return_to(&mut self, before: &Self) {
        let (rows, besides) = (Arc::clone(&self.rows), Arc::clone(&self.besides));
        self.clone_from(before);
        (self.rows, self.besides) = (rows, besides);
    }

    /// Enters how many rows the server counts now: what was not told is counted besides.
    pub(super) fn count_besides(&mut self, counters: Texts) {
        let counted = counters.into_iter().filter_map(|row| {
            let mut cells = row.into_iter().map(|cell| cell?.parse::<u64>().ok());
            let mut cell = || cells.next().flatten();
            let id = u32::try_from(cell()?).ok()?;
            let counted = Rows {
                inserted: cell()?,
                updated: cell()?,
                deleted: cell()?,
            };
            let told = self.rows.get(&id).copied().unwrap_or_default();
            Some((id, counted.since(told)))
        });
        self.besides = Arc::new(counted.collect());
    }
}
