//! Sends whole transactions in one message: head, statements and tail of one script, and behind them those of the next.
//!
//! The server works through a message by itself, so several files cost one round trip, and it skips all the rest of the
//! message after an error: what failed leaves nothing, and no later script begins.

use super::batch_progress::BatchProgress;
use super::batch_timing::BatchTiming;
use super::connection::rows_as_text;
use super::error::refused;
use super::session::{Phase, halt};
use super::supervisor::{Failure, Supervisor};
use crate::adapters::sql::history_table::RollbackColumn;
use crate::adapters::sql::journal::Operator;
use crate::adapters::sql::quote::dollar;
use crate::adapters::sql::transaction::{
    AssembledTx, Behind, TxIdentity, epilogue, epilogue_parts, head_answers, prologue,
    tail_answers, whole,
};
use crate::domain::run_event::RunEvent;
use crate::domain::script::{Limits, RunError, Script};
use futures_util::TryStreamExt as _;
use tokio_postgres::SimpleQueryMessage;

/// What a transaction is written with, besides its script.
pub(super) struct TxTemplate<'a> {
    pub(super) limits: &'a Limits,
    /// Whether the journal has places for interrupted runs.
    pub(super) positions: bool,
    pub(super) column: Option<RollbackColumn>,
    pub(super) journal: Option<&'a Operator>,
    /// What the answers of ours in a message are known by; nothing else in the database is called so.
    pub(super) name: &'a str,
}

impl TxTemplate<'_> {
    /// The SQL that opens a script's transaction.
    pub(super) fn head(&self, script: &Script, behind: Behind) -> String {
        prologue(script, self.limits, self.positions, behind)
    }

    /// The SQL that writes the history and commits.
    pub(super) fn tail(
        &self,
        script: &Script,
        anchor: TxIdentity<'_>,
        mark: Option<&str>,
    ) -> String {
        epilogue(script, anchor, mark, self.column, self.journal)
    }

    /// The same without the script's row: what stands before it, and what stands behind it.
    pub(super) fn around_record(
        &self,
        script: &Script,
        anchor: TxIdentity<'_>,
    ) -> (String, String) {
        epilogue_parts(script, anchor, None, self.journal)
    }
}

/// One script's part of the message.
struct BatchEntry {
    whole: AssembledTx,
    /// How many answers come before those of the script's own statements; the last of them has [`Sentinel::Opens`].
    before: usize,
    /// How many answers come before the row with [`Sentinel::Ends`].
    ends: usize,
    /// How many answers it gets.
    answers: usize,
}

/// What tells in a row of ours which script of the message it belongs to. Answers are counted, and by the marks it is known that
/// the server counts the statements of a file as we do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sentinel {
    /// The transaction of the script is open.
    Opens(usize),
    /// The statements of the script are done.
    Ends(usize),
}

impl Sentinel {
    fn text(self, name: &str) -> String {
        match self {
            Self::Opens(at) => format!("{name} opens {at}"),
            Self::Ends(at) => format!("{name} ends {at}"),
        }
    }

    fn read(text: &str, name: &str) -> Option<Self> {
        let (what, at) = text.strip_prefix(name)?.trim_start().split_once(' ')?;
        let at = at.parse().ok()?;
        match what {
            "opens" => Some(Self::Opens(at)),
            "ends" => Some(Self::Ends(at)),
            _ => None,
        }
    }
}

/// How a message ended that did not halt.
pub(super) enum BatchEnd {
    /// All its scripts are done.
    Done,
    /// A script cannot be followed in a message, and nothing of it remains: it is to be sent statement by statement.
    RetryLive,
}

/// Runs scripts in one message.
pub(super) async fn run_batch(
    guard: &mut Supervisor<'_>,
    scripts: &[Script],
    frame: &TxTemplate<'_>,
    course: &BatchProgress<'_>,
) -> Result<BatchEnd, RunError> {
    match send(guard, scripts, frame, course).await {
        Ok(()) => Ok(BatchEnd::Done),
        Err(BatchStop::LeftTransaction(number)) => {
            if !is_undone(guard, number).await? {
                return Err(RunError::Escaped);
            }
            course.restart();
            Ok(BatchEnd::RetryLive)
        }
        // A message that cannot be read as a whole is not begun: then each script is sent by itself, as far as it goes.
        Err(BatchStop::ParseError(_)) if scripts.len() > 1 => {
            for script in scripts {
                let sent = send(guard, std::slice::from_ref(script), frame, course).await;
                sent.map_err(BatchStop::into_halt)?;
            }
            Ok(BatchEnd::Done)
        }
        Err(stopped) => Err(stopped.into_halt()),
    }
}

/// Why a message was not carried out to its end.
enum BatchStop {
    /// The server could not read it: nothing of it ran.
    ParseError(RunError),
    /// A script is no longer in its transaction, or has reset what that is known by. Holds the transaction's number.
    LeftTransaction(Option<u64>),
    /// A script of it halted.
    Failed(RunError),
}

impl BatchStop {
    fn into_halt(self) -> RunError {
        match self {
            Self::ParseError(halt) | Self::Failed(halt) => halt,
            Self::LeftTransaction(_) => RunError::Escaped,
        }
    }
}

fn entries(scripts: &[Script], frame: &TxTemplate<'_>) -> Vec<BatchEntry> {
    let entry = |(at, script): (usize, &Script)| {
        let behind = match at {
            0 => Behind::Anything,
            _ if frame.journal.is_none() => Behind::Anything,
            _ => Behind::Script,
        };
        let [opens, ends] = [Sentinel::Opens(at), Sentinel::Ends(at)]
            .map(|sentinel| dollar(&sentinel.text(frame.name)));
        let head = format!("{}, {opens}", frame.head(script, behind));
        let tail = frame.tail(script, TxIdentity::Setting, Some(&ends));
        let before = head_answers(frame.limits, behind);
        let parts = before + script.parts.len();
        BatchEntry {
            whole: whole(&head, script, &tail),
            before,
            // Deferred triggers belong to the script: they run before the mark.
            ends: parts + 1,
            answers: parts + 1 + tail_answers(frame.journal.is_some()),
        }
    };
    scripts.iter().enumerate().map(entry).collect()
}

async fn send(
    guard: &mut Supervisor<'_>,
    scripts: &[Script],
    frame: &TxTemplate<'_>,
    course: &BatchProgress<'_>,
) -> Result<(), BatchStop> {
    let client = guard.client;
    let pieces = entries(scripts, frame);
    let message = pieces
        .iter()
        .map(|piece| piece.whole.sql.as_str())
        .collect::<Vec<_>>()
        .join(BETWEEN);
    let halted = |guard: &mut Supervisor<'_>, failure, place| {
        BatchStop::Failed(halt(guard, failure, place, true))
    };
    let sent = guard.wait(client.simple_query_raw(&message)).await;
    let stream = sent.map_err(|failure| halted(guard, failure, Phase::Prologue))?;
    let mut stream = Box::pin(stream);
    let (mut index, mut answered) = (0, 0_usize);
    let mut times = BatchTiming::new();
    // Whether the script before this one is committed and not told yet: where this one begins, that one ends.
    let mut is_due = false;
    // Whether the server has answered as many statements of this script as were counted.
    let mut is_counted = false;
    let mut number = None;
    loop {
        match guard.wait(stream.try_next()).await {
            Ok(None) => {
                // The server is ready again, and nothing failed: all that was not told as done is done too.
                (index..pieces.len()).for_each(|_| course.next(times.took()));
                return Ok(());
            }
            Ok(Some(SimpleQueryMessage::CommandComplete(rows))) => {
                answered += 1;
                let Some(piece) = pieces.get(index) else {
                    continue;
                };
                let done = answered.saturating_sub(piece.before);
                let part = done
                    .checked_sub(1)
                    .and_then(|at| scripts[index].parts.get(at));
                if let Some(part) = part {
                    guard.emit(RunEvent::StatementDone {
                        step: 0,
                        done: part.statement + 1,
                        rows,
                    });
                }
                if answered == piece.answers && index + 1 < pieces.len() {
                    if !is_counted {
                        return Err(out_of_sync(guard));
                    }
                    (index, answered, is_due, is_counted) = (index + 1, 0, true, false);
                }
            }
            Ok(Some(SimpleQueryMessage::Row(row))) => {
                // The last column of a row of ours is its mark, the one before it the time, and then the transaction's number. The
                // file's own rows need not even be UTF-8.
                let cell = |back: usize| row.try_get(row.len().checked_sub(back)?).ok().flatten();
                let Some(mark) = cell(1).and_then(|text| Sentinel::read(text, frame.name)) else {
                    continue;
                };
                let piece = &pieces[index];
                let time = cell(2).and_then(|micros| micros.parse().ok());
                if mark == Sentinel::Opens(index) && answered + 1 == piece.before {
                    let took = times.begin(time);
                    if std::mem::take(&mut is_due) {
                        course.next(took);
                    }
                    number = cell(3).and_then(|number| number.parse().ok());
                } else if mark == Sentinel::Ends(index) && answered == piece.ends {
                    is_counted = true;
                    times.end(time);
                } else {
                    return Err(out_of_sync(guard));
                }
            }
            Ok(Some(_)) => {}
            Err(failure) => {
                if is_due {
                    course.next(times.took());
                }
                let Failure::Server(error) = failure else {
                    return Err(halted(guard, failure, Phase::Epilogue));
                };
                let character = refused(&error).character;
                let found = character.and_then(|at| locate(&pieces, index, at));
                let (before, parts) = (pieces[index].before, scripts[index].parts.len());
                let place = match found {
                    Some((part, _)) => Phase::Statement(part),
                    None if answered < before => Phase::Prologue,
                    None if answered - before < parts => Phase::Statement(answered - before),
                    None => Phase::Epilogue,
                };
                let mut halted = halt(guard, Failure::Server(error), place, true);
                let is_refused = matches!(halted, RunError::Refused(_));
                if matches!(halted, RunError::Escaped) {
                    // The number is kept in a setting, and a file that resets it has not left its transaction.
                    return Err(BatchStop::LeftTransaction(number));
                }
                if let RunError::Refused(refused) = &mut halted {
                    refused.character = found.map(|(_, character)| character);
                }
                // Whatever began has answered its BEGIN.
                return Err(if index == 0 && answered == 0 && is_refused {
                    BatchStop::ParseError(halted)
                } else {
                    BatchStop::Failed(halted)
                });
            }
        }
    }
}

/// The server's answers are not those that were counted on, so nobody knows which script they belong to. The history does.
fn out_of_sync(guard: &mut Supervisor<'_>) -> BatchStop {
    guard.give_up();
    BatchStop::Failed(RunError::Lost {
        committing: true,
        why: "The server answered more or fewer statements than were sent, so the connection was closed".to_owned(),
    })
}

/// Whether it is known that nothing of a transaction remains, once it is ended.
async fn is_undone(guard: &mut Supervisor<'_>, number: Option<u64>) -> Result<bool, RunError> {
    let Some(number) = number else {
        return Ok(false);
    };
    let sql = format!("rollback; select pg_catalog.txid_status({number})");
    let answers = match guard.wait(guard.client.simple_query(&sql)).await {
        Ok(answers) => answers,
        Err(Failure::Server(_)) => return Ok(false),
        Err(lost) => return Err(halt(guard, lost, Phase::Epilogue, true)),
    };
    let status = rows_as_text(answers).into_iter().flatten().next().flatten();
    Ok(status.as_deref() == Some("aborted"))
}

/// What stands between two scripts of a message: every tail ends without a semicolon.
const BETWEEN: &str = ";\n";

/// The part of a script, and the character in it, that a character of the whole message falls into.
fn locate(pieces: &[BatchEntry], index: usize, character: usize) -> Option<(usize, usize)> {
    let before: usize = pieces[..index]
        .iter()
        .map(|piece| piece.whole.sql.chars().count() + BETWEEN.len())
        .sum();
    pieces[index].whole.locate(character.checked_sub(before)?)
}
