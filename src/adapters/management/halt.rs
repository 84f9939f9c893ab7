//! What the end of a call means for the script that it was.

use super::answer::{Failure, no_turn};
use super::fence::TOO_LATE;
use super::said::Said;
use crate::adapters::postgres::message::{BUSY, ESCAPED, HISTORY_CHANGED, UNSETTLED, Whole};
use crate::domain::script::{Halt, Refused};
use tokio_util::sync::CancellationToken;

/// What a failure of the whole call means for the script.
pub(super) fn halt(failure: Failure, whole: &Whole, cancel: &CancellationToken) -> Halt {
    match failure {
        Failure::Unknown(why) | Failure::Unclear(why) => Halt::Lost {
            committing: true,
            why,
        },
        Failure::Refused(said) => said_halt(*said, whole, cancel),
        other => nothing_ran(other),
    }
}

fn said_halt(said: Said, whole: &Whole, cancel: &CancellationToken) -> Halt {
    let is_ours = said.message.starts_with("supadeck: ");
    match said.code.as_str() {
        "57014" if cancel.is_cancelled() => return Halt::Cancelled,
        BUSY if is_ours => return Halt::Busy { holder: None },
        HISTORY_CHANGED if is_ours => {
            let found = said.detail.unwrap_or_default();
            let versions = found.split(',').filter(|version| !version.is_empty());
            return Halt::HistoryChanged(versions.map(str::to_owned).collect());
        }
        "23505" if said.message.contains("\"schema_migrations_pkey\"") => {
            return Halt::HistoryChanged(Vec::new());
        }
        UNSETTLED if is_ours => return Halt::Unsettled(said.detail.unwrap_or_default()),
        ESCAPED if is_ours => return Halt::Escaped,
        TOO_LATE if is_ours => {
            return refused(Refused {
                message: "The Management API kept the call waiting for too long.".to_owned(),
                hint: Some("Try again.".to_owned()),
                ..Refused::default()
            });
        }
        _ => {}
    }
    let place = said.character(&whole.sql).and_then(|at| whole.locate(at));
    refused(Refused {
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
pub(super) fn nothing_ran(failure: Failure) -> Halt {
    match failure {
        Failure::Cancelled => Halt::Cancelled,
        Failure::Later(_) => nothing_ran(no_turn()),
        Failure::Unsent(why) | Failure::Unknown(why) | Failure::Unclear(why) => Halt::Lost {
            committing: false,
            why,
        },
        Failure::TurnedAway(problem) => refused(Refused {
            code: problem.code.clone().unwrap_or_default(),
            message: problem.to_string(),
            hint: problem.hint,
            ..Refused::default()
        }),
        Failure::Refused(said) => refused(Refused {
            code: said.code,
            message: said.message,
            ..Refused::default()
        }),
    }
}

pub(super) fn refused(refused: Refused) -> Halt {
    Halt::Refused(Box::new(refused))
}

pub(super) fn no_copy(part: usize) -> Halt {
    refused(Refused {
        message: "COPY … FROM stdin cannot be sent over the Management API".to_owned(),
        hint: Some(
            "Run this file over a database URL (--db-url), or write its rows as INSERT.".to_owned(),
        ),
        part: Some(part),
        ..Refused::default()
    })
}
