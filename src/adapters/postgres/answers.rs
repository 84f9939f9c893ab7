//! The answers of several statements sent as one text, as far as they came before an error.

use super::connection::{Connection, rows_as_text};
use futures_util::TryStreamExt as _;
use std::pin::pin;
use tokio_postgres::{Error, SimpleQueryMessage};

/// The rows of all statements that were answered before an error, and the error.
pub(super) async fn some_rows(
    connection: &Connection,
    sql: &str,
) -> (Vec<Vec<Option<String>>>, Option<Error>) {
    let (answers, error) = some_answers(connection, sql).await;
    (answers.into_iter().flatten().collect(), error)
}

/// The rows of each statement that was answered before an error, and the error.
pub(super) async fn some_answers(
    connection: &Connection,
    sql: &str,
) -> (Vec<Vec<Vec<Option<String>>>>, Option<Error>) {
    let mut messages: Vec<SimpleQueryMessage> = Vec::new();
    let mut answers = Vec::new();
    let stream = match connection.client.simple_query_raw(sql).await {
        Ok(stream) => stream,
        Err(error) => return (Vec::new(), Some(error)),
    };
    let mut stream = pin!(stream);
    loop {
        match stream.try_next().await {
            Ok(Some(SimpleQueryMessage::CommandComplete(_))) => {
                answers.push(rows_as_text(std::mem::take(&mut messages)));
            }
            Ok(Some(message)) => messages.push(message),
            Ok(None) => return (answers, None),
            Err(error) => return (answers, Some(error)),
        }
    }
}

/// Whether an error has one of these codes.
pub(super) fn has_code(error: &Error, codes: &[&str]) -> bool {
    error
        .code()
        .is_some_and(|code| codes.contains(&code.code()))
}
