//! Runs a script statement by statement: the head is confirmed, then the statements run with news of each, and only when
//! all of them are done the tail with COMMIT is sent; a line that breaks before that leaves nothing.

use super::batch::TxTemplate;
use super::copy_in::{self, copy};
use super::session::{Phase, halt, history_row_rejected};
use super::supervisor::{Failure, Supervisor};
use crate::adapters::sql::transaction::{Behind, TxIdentity};
use crate::domain::run_event::RunEvent;
use crate::domain::script::{RunError, Script};
use futures_util::TryStreamExt as _;
use std::collections::VecDeque;
use std::pin::Pin;
use tokio_postgres::{Client, Error, SimpleQueryMessage, SimpleQueryStream};

/// Statements that may be on their way before the first of them is answered, and their bytes.
const WINDOW: usize = 32;
const WINDOW_BYTES: usize = 1024 * 1024;

/// Head, then statement by statement, then the tail: COMMIT is sent only when everything else is done.
pub(super) async fn run_pipelined(
    guard: &mut Supervisor<'_>,
    script: &Script,
    frame: &TxTemplate<'_>,
) -> Result<(), RunError> {
    let sql = frame.head(script, Behind::Anything);
    let opened = guard.wait(guard_query(guard.client, &sql)).await;
    let answers = opened.map_err(|failure| halt(guard, failure, Phase::Prologue, false))?;
    let number = answers.iter().rev().find_map(|answer| match answer {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    });
    let number = number.unwrap_or_default();
    parts(guard, script).await?;
    if guard.stop.is_wanted() {
        return Err(RunError::Cancelled);
    }
    guard.forward_notices();
    let anchor = TxIdentity::Number(&number);
    let sql = if copy_in::is_streamed(script) {
        let (before, behind) = frame.around_record(script, anchor);
        let client = guard.client;
        // A limit of the role's would count the time that the rows take on the line.
        let before = format!("{before}; set local statement_timeout = 0");
        let recorded = async {
            client.simple_query(&before).await?;
            copy_in::record(client, &script.record, frame.column).await
        };
        let recorded = guard.wait(recorded).await;
        let rows = recorded.map_err(|failure| halt(guard, failure, Phase::Epilogue, false))?;
        if rows == 0 {
            return Err(RunError::Refused(Box::new(history_row_rejected())));
        }
        behind
    } else {
        frame.tail(script, anchor, None)
    };
    match guard.wait(guard_query(guard.client, &sql)).await {
        Ok(_) => Ok(()),
        Err(failure) => Err(halt(guard, failure, Phase::Epilogue, true)),
    }
}

async fn guard_query(client: &Client, sql: &str) -> Result<Vec<SimpleQueryMessage>, Error> {
    client.simple_query(sql).await
}

/// Runs the parts, several on their way at once: in a failed transaction the server refuses all that follow.
async fn parts(guard: &mut Supervisor<'_>, script: &Script) -> Result<(), RunError> {
    let client = guard.client;
    let mut flying: VecDeque<(usize, usize, Pin<Box<SimpleQueryStream>>)> = VecDeque::new();
    let (mut next, mut bytes) = (0, 0);
    loop {
        while let Some(part) = script.parts.get(next).filter(|part| part.data.is_none())
            && flying.len() < WINDOW
            && (bytes < WINDOW_BYTES || flying.is_empty())
            && !guard.stop.is_wanted()
        {
            let sent = guard.wait(client.simple_query_raw(&part.sql)).await;
            let stream =
                sent.map_err(|failure| halt(guard, failure, Phase::Statement(next), false))?;
            flying.push_back((next, part.sql.len(), Box::pin(stream)));
            bytes += part.sql.len();
            next += 1;
        }
        let (index, ended) = match (flying.pop_front(), script.parts.get(next)) {
            (Some((index, size, mut stream)), _) => {
                bytes -= size;
                (index, rows_of(guard, &mut stream).await)
            }
            (None, None) => return Ok(()),
            (None, Some(_)) if guard.stop.is_wanted() => return Err(RunError::Cancelled),
            (None, Some(part)) => {
                let copied = guard.wait(copy(client, part)).await;
                next += 1;
                (next - 1, copied)
            }
        };
        let rows = ended.map_err(|failure| halt(guard, failure, Phase::Statement(index), false))?;
        guard.emit(RunEvent::StatementDone {
            step: 0,
            done: script.parts[index].statement + 1,
            rows,
        });
    }
}

/// Reads one statement's answers to their end.
async fn rows_of(
    guard: &mut Supervisor<'_>,
    stream: &mut Pin<Box<SimpleQueryStream>>,
) -> Result<u64, Failure> {
    let mut rows = 0;
    while let Some(message) = guard.wait(stream.try_next()).await? {
        if let SimpleQueryMessage::CommandComplete(count) = message {
            rows = count;
        }
    }
    Ok(rows)
}
