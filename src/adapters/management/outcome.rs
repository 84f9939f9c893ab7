//! What the end of a call means for the script that it was.

use super::error_text::ErrorText;
use super::response::{Failure, no_turn};
use crate::adapters::sql::codes::TOO_LATE;
use crate::adapters::sql::codes::{BUSY, HISTORY_CHANGED, INTERRUPTED_RUN, LEFT_TRANSACTION};
use crate::adapters::sql::transaction::AssembledTx;
use crate::domain::script::{RunError, ServerError};
use tokio_util::sync::CancellationToken;

/// What a failure of the whole call means for the script.
pub(super) fn halt(failure: Failure, whole: &AssembledTx, cancel: &CancellationToken) -> RunError {
    match failure {
        Failure::Unknown(why) | Failure::Unclear(why) => RunError::Lost {
            committing: true,
            why,
        },
        Failure::Refused(said) => said_halt(*said, whole, cancel),
        other => nothing_ran(other),
    }
}

fn said_halt(said: ErrorText, whole: &AssembledTx, cancel: &CancellationToken) -> RunError {
    let is_ours = said.message.starts_with("supadeck: ");
    match said.code.as_str() {
        "57014" if cancel.is_cancelled() => return RunError::Cancelled,
        BUSY if is_ours => return RunError::Busy { holder: None },
        HISTORY_CHANGED if is_ours => {
            let found = said.detail.unwrap_or_default();
            let versions = found.split(',').filter(|version| !version.is_empty());
            return RunError::HistoryChanged(versions.map(str::to_owned).collect());
        }
        "23505" if said.message.contains("\"schema_migrations_pkey\"") => {
            return RunError::HistoryChanged(Vec::new());
        }
        INTERRUPTED_RUN if is_ours => return RunError::Unsettled(said.detail.unwrap_or_default()),
        LEFT_TRANSACTION if is_ours => return RunError::Escaped,
        TOO_LATE if is_ours => {
            return refused(ServerError {
                message: "The Management API kept the call waiting for too long.".to_owned(),
                hint: Some("Try again.".to_owned()),
                ..ServerError::default()
            });
        }
        _ => {}
    }
    let place = said.character(&whole.sql).and_then(|at| whole.locate(at));
    refused(ServerError {
        part: place.map(|(part, _)| part),
        character: place.map(|(_, character)| character),
        code: said.code,
        message: said.message,
        detail: said.detail,
        hint: said.hint,
        context: said.context,
        at_commit: false,
        blocker: None,
    })
}

/// A failure of a call that changes nothing, or that was not sent.
pub(super) fn nothing_ran(failure: Failure) -> RunError {
    match failure {
        Failure::Cancelled => RunError::Cancelled,
        Failure::Later(_) => nothing_ran(no_turn()),
        Failure::Unsent(why) | Failure::Unknown(why) | Failure::Unclear(why) => RunError::Lost {
            committing: false,
            why,
        },
        Failure::TurnedAway(problem) => refused(ServerError {
            code: problem.code.clone().unwrap_or_default(),
            message: problem.to_string(),
            hint: problem.hint,
            ..ServerError::default()
        }),
        Failure::Refused(said) => refused(ServerError {
            code: said.code,
            message: said.message,
            ..ServerError::default()
        }),
    }
}

pub(super) fn refused(refused: ServerError) -> RunError {
    RunError::Refused(Box::new(refused))
}

pub(super) fn no_copy(part: usize) -> RunError {
    refused(ServerError {
        message: "COPY … FROM stdin cannot be sent over the Management API".to_owned(),
        hint: Some(
            "Run this file over a database URL (--db-url), or write its rows as INSERT.".to_owned(),
        ),
        part: Some(part),
        ..ServerError::default()
    })
}
