//! Sends whole transactions in one message: head, statements and tail of one script, and behind them those of the next.
//!
//! The server works through a message by itself, so several files cost one round trip, and it skips all the rest of the
//! message after an error: what failed leaves nothing, and no later script begins.

use super::books::{RollbackColumn, Runner};
use super::fault::refused;
use super::guard::{Failure, Guard};
use super::lean::{self, Lean};
use super::message::{
    AGAIN, Anchor, TAIL_ANSWERS, Whole, around_record, code, head, head_answers, tail, whole,
};
use super::session::{Place, halt};
use crate::domain::script::{BatchNews, Halt, Limits, News, Script};
use futures_util::TryStreamExt as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio_postgres::SimpleQueryMessage;

/// What a transaction is written with, besides its script.
pub(super) struct Frame<'a> {
    pub(super) limits: &'a Limits,
    /// Whether the journal has places for interrupted runs.
    pub(super) positions: bool,
    pub(super) column: Option<RollbackColumn>,
    pub(super) journal: Option<&'a Runner>,
    /// How a script leans on the one before it in the same message, where it may.
    pub(super) lean: Option<Lean<'a>>,
}

impl Frame<'_> {
    /// The SQL that opens a script's transaction.
    pub(super) fn head(&self, script: &Script) -> String {
        head(script, self.limits, self.positions)
    }

    /// The SQL that writes the books and commits.
    pub(super) fn tail(&self, script: &Script, anchor: Anchor<'_>) -> String {
        tail(script, anchor, self.column, self.journal)
    }

    /// The same without the script's row: what stands before it, and what stands behind it.
    pub(super) fn around_record(&self, script: &Script, anchor: Anchor<'_>) -> (String, String) {
        around_record(script, anchor, self.journal)
    }
}

/// Where a message is, and who is told.
pub(super) struct Course<'a> {
    /// The script that the server is at: all before it are committed.
    at: AtomicUsize,
    /// The script whose answers are read. The look-out can have seen it committed already.
    read: AtomicUsize,
    news: Mutex<&'a mut (dyn FnMut(BatchNews) + Send)>,
}

impl<'a> Course<'a> {
    /// A course that was not begun.
    pub(super) fn new(news: &'a mut (dyn FnMut(BatchNews) + Send)) -> Self {
        Self {
            at: AtomicUsize::new(0),
            read: AtomicUsize::new(0),
            news: Mutex::new(news),
        }
    }

    /// The script that the server is at.
    pub(super) fn at(&self) -> usize {
        self.at.load(Ordering::Relaxed)
    }

    /// Tells news, of the script that they are of.
    pub(super) fn tell(&self, news: News) {
        let read = self.read.load(Ordering::Relaxed);
        let of = match news {
            News::Notice(_) => read,
            News::PartDone { .. } if read < self.at() => return,
            _ => self.at(),
        };
        self.tell_all(BatchNews::Of(of, news));
    }

    /// So many scripts are committed; what was told of them is not told again.
    pub(super) fn reach(&self, count: usize) {
        while self.at() < count {
            self.done(None);
        }
    }

    /// The script whose answers were read is committed, and took so long.
    pub(super) fn next(&self, took: Option<Duration>) {
        if self.read.fetch_add(1, Ordering::Relaxed) == self.at() {
            self.done(took);
        }
    }

    fn done(&self, took: Option<Duration>) {
        let at = self.at.fetch_add(1, Ordering::Relaxed);
        self.tell_all(BatchNews::Done { at, took });
    }

    fn tell_all(&self, news: BatchNews) {
        let mut to = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        to(news);
    }
}

/// One script's part of the message.
struct Piece {
    whole: Whole,
    /// Whether it leans on the script before it.
    leans: bool,
    /// How many answers come before those of the script's own statements.
    before: usize,
    /// How many answers it gets.
    answers: usize,
}

/// How a message ended that did not halt.
pub(super) enum Ended {
    /// All its scripts are done.
    Whole,
    /// A script could not lean on the one before it, and nothing of it or behind it began. Whether any may again.
    Apart { leans: bool },
}

/// Runs scripts in one message.
pub(super) async fn at_once(
    guard: &mut Guard<'_>,
    scripts: &[Script],
    frame: &Frame<'_>,
    course: &Course<'_>,
) -> Result<Ended, Halt> {
    match send(guard, scripts, frame, course).await {
        Ok(()) => Ok(Ended::Whole),
        Err(Stopped::Apart { leans }) => Ok(Ended::Apart { leans }),
        // A message that cannot be read as a whole is not begun: then each script is sent by itself, as far as it goes.
        Err(Stopped::Unread(_)) if scripts.len() > 1 => {
            for script in scripts {
                let sent = send(guard, std::slice::from_ref(script), frame, course).await;
                sent.map_err(Stopped::into_halt)?;
            }
            Ok(Ended::Whole)
        }
        Err(stopped) => Err(stopped.into_halt()),
    }
}

/// Why a message was not carried out to its end.
enum Stopped {
    /// The server could not read it: nothing of it ran.
    Unread(Halt),
    /// A script was refused because it leans on the one before it; whether any may again.
    Apart { leans: bool },
    /// A script of it halted.
    Halted(Halt),
}

impl Stopped {
    fn into_halt(self) -> Halt {
        match self {
            Self::Unread(halt) | Self::Halted(halt) => halt,
            // Only a script behind another one leans.
            Self::Apart { .. } => Halt::HistoryChanged(Vec::new()),
        }
    }
}

fn pieces(scripts: &[Script], frame: &Frame<'_>) -> Vec<Piece> {
    let lean_of = |at: usize| {
        let lean = frame.lean.as_ref().filter(|_| at > 0)?;
        let fits = lean.fits(&scripts[at], &scripts[at - 1], &scripts[0]);
        fits.then_some(lean)
    };
    let mut leaning = (0..scripts.len()).filter(|at| lean_of(*at).is_some());
    let first = leaning.next();
    let last = leaning.next_back().or(first);
    let piece = |(at, script)| {
        let (head, before, tail, behind) = if let Some(lean) = lean_of(at) {
            let (is_first, is_last) = (first == Some(at), last == Some(at));
            (
                lean.head(script, is_first),
                lean::head_answers(is_first),
                lean.tail(script, is_last),
                lean::tail_answers(is_last),
            )
        } else {
            (
                frame.head(script),
                head_answers(frame.limits),
                frame.tail(script, Anchor::Setting),
                TAIL_ANSWERS,
            )
        };
        Piece {
            whole: whole(&head, script, &tail),
            leans: lean_of(at).is_some(),
            before,
            answers: before + script.parts.len() + behind,
        }
    };
    scripts.iter().enumerate().map(piece).collect()
}

async fn send(
    guard: &mut Guard<'_>,
    scripts: &[Script],
    frame: &Frame<'_>,
    course: &Course<'_>,
) -> Result<(), Stopped> {
    let client = guard.client;
    let pieces = pieces(scripts, frame);
    let message = pieces
        .iter()
        .map(|piece| piece.whole.sql.as_str())
        .collect::<Vec<_>>()
        .join(BETWEEN);
    let halted =
        |guard: &mut Guard<'_>, failure, place| Stopped::Halted(halt(guard, failure, place, true));
    let sent = guard.answer(client.simple_query_raw(&message)).await;
    let stream = sent.map_err(|failure| halted(guard, failure, Place::Head))?;
    let mut stream = Box::pin(stream);
    let (mut index, mut answered) = (0, 0_usize);
    // When the script began and ended, in seconds by the server's clock.
    let (mut begun, mut ended) = (None, None);
    loop {
        match guard.answer(stream.try_next()).await {
            Ok(None) => {
                // The server is ready again, and nothing failed: all that was not told as done is done too.
                (index..pieces.len()).for_each(|_| course.next(between(begun, ended)));
                return Ok(());
            }
            Ok(Some(SimpleQueryMessage::CommandComplete(rows))) => {
                answered += 1;
                let Some(piece) = pieces.get(index) else {
                    continue;
                };
                let done = answered.saturating_sub(piece.before);
                if (1..=scripts[index].parts.len()).contains(&done) {
                    guard.tell(News::PartDone { done, rows });
                }
                if answered == piece.answers && index + 1 < pieces.len() {
                    (index, answered) = (index + 1, 0);
                    course.next(between(begun, ended));
                    (begun, ended) = (None, None);
                }
            }
            Ok(Some(SimpleQueryMessage::Row(row))) => {
                let piece = &pieces[index];
                let is_head = answered < piece.before;
                if is_head || answered >= piece.before + scripts[index].parts.len() {
                    let last = row.len().checked_sub(1).and_then(|last| row.get(last));
                    let time = last.and_then(|seconds| seconds.parse::<f64>().ok());
                    let of = if is_head { &mut begun } else { &mut ended };
                    *of = time.or(*of);
                }
            }
            Ok(Some(_)) => {}
            Err(Failure::Server(error)) => {
                let character = refused(&error).character;
                let found = character.and_then(|at| locate(&pieces, index, at));
                let (before, parts) = (pieces[index].before, scripts[index].parts.len());
                let place = match found {
                    Some((part, _)) => Place::Part(part),
                    None if answered < before => Place::Head,
                    None if answered - before < parts => Place::Part(answered - before),
                    None => Place::Tail,
                };
                let code = code(&error).to_owned();
                let mut halted = halt(guard, Failure::Server(error), place, true);
                let is_refused = matches!(halted, Halt::Refused(_));
                if pieces[index].leans && is_refused {
                    // A script can have made the session forget what the message keeps prepared.
                    let is_forgotten = code == FORGOTTEN && !matches!(place, Place::Part(_));
                    if place == Place::Head || is_forgotten {
                        let leans = code == AGAIN || is_forgotten;
                        return Err(Stopped::Apart { leans });
                    }
                }
                if let Halt::Refused(refused) = &mut halted {
                    refused.character = found.map(|(_, character)| character);
                }
                // Whatever began has answered its BEGIN.
                return Err(if index == 0 && answered == 0 && is_refused {
                    Stopped::Unread(halted)
                } else {
                    Stopped::Halted(halted)
                });
            }
            Err(failure) => return Err(halted(guard, failure, Place::Tail)),
        }
    }
}

/// The time between two points of time, in seconds.
fn between(begun: Option<f64>, ended: Option<f64>) -> Option<Duration> {
    Duration::try_from_secs_f64(ended? - begun?).ok()
}

/// `invalid_sql_statement_name`
const FORGOTTEN: &str = "26000";

/// What stands between two scripts of a message: every tail ends without a semicolon.
const BETWEEN: &str = ";\n";

/// The part of a script, and the character in it, that a character of the whole message falls into.
fn locate(pieces: &[Piece], index: usize, character: usize) -> Option<(usize, usize)> {
    let before: usize = pieces[..index]
        .iter()
        .map(|piece| piece.whole.sql.chars().count() + BETWEEN.len())
        .sum();
    pieces[index].whole.locate(character.checked_sub(before)?)
}
