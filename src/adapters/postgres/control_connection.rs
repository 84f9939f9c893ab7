//! Asks on a connection of a run in bounded time, such as on the one that has the lock and writes the journal while a file
//! runs outside a transaction. What is asked there is in `non_transactional`.

use super::connection::{Connection, rows_as_text};
use super::error::{innermost, is_fatal, refused};
use super::timeout::StatementTimeout;
use crate::adapters::sql::lock;
use crate::domain::migration::LockHolder;
use crate::domain::script::RunError;
use std::time::Duration;
use tokio_postgres::{Error, SimpleQueryMessage};

/// The connection, and how long an answer of it may take.
#[derive(Clone, Copy)]
pub(super) struct ControlConnection<'a> {
    pub(super) connection: &'a Connection,
    pub(super) patience: StatementTimeout,
}

impl ControlConnection<'_> {
    /// Sends SQL of ours.
    pub(super) async fn ask(&self, sql: &str) -> Result<Vec<SimpleQueryMessage>, Broken> {
        self.ask_on(self.connection, sql).await
    }

    pub(super) async fn ask_on(
        &self,
        connection: &Connection,
        sql: &str,
    ) -> Result<Vec<SimpleQueryMessage>, Broken> {
        self.ask_for(self.patience.0 * 3 / 2, connection, sql).await
    }

    /// Who holds the lock on the runners, when the server tells.
    pub(super) async fn holder(&self) -> Option<LockHolder> {
        let answers = self.ask(&lock::holder()).await.ok()?;
        lock::read_person(rows_as_text(answers).first()?, 0)
    }

    /// Sends SQL of ours; a line that does not answer in time is given up.
    pub(super) async fn ask_for(
        &self,
        limit: Duration,
        connection: &Connection,
        sql: &str,
    ) -> Result<Vec<SimpleQueryMessage>, Broken> {
        let asked = connection.client.simple_query(sql);
        if let Ok(answer) = tokio::time::timeout(limit, asked).await {
            return answer.map_err(|error| Broken::of(&error));
        }
        connection.give_up();
        Err(Broken::silent())
    }
}

/// Why SQL of ours was not answered well.
pub(super) enum Broken {
    Server(Box<tokio_postgres::error::DbError>),
    Line(String),
}

impl Broken {
    pub(super) fn of(error: &Error) -> Self {
        match error.as_db_error() {
            Some(refused) if !is_fatal(refused) => Self::Server(Box::new(refused.clone())),
            Some(fatal) => Self::Line(fatal.message().to_owned()),
            None => Self::Line(innermost(error)),
        }
    }

    pub(super) fn silent() -> Self {
        Self::Line("The database did not answer in time.".to_owned())
    }

    pub(super) fn why(self) -> String {
        match self {
            Self::Server(error) => error.message().to_owned(),
            Self::Line(why) => why,
        }
    }
}

/// Nothing of the file has run yet.
pub(super) fn lost(broken: Broken) -> RunError {
    match broken {
        Broken::Server(error) => RunError::Refused(Box::new(refused(&error))),
        Broken::Line(why) => RunError::Lost {
            committing: false,
            why,
        },
    }
}

/// The first cell of the first row.
pub(super) fn first_cell(messages: Vec<SimpleQueryMessage>) -> Option<String> {
    let rows = rows_as_text(messages);
    rows.into_iter().next()?.into_iter().next()?
}
