//! Ctrl-C and SIGTERM. A read simply ends. A write is asked to stop, and its end is awaited however often the user
//! presses: half of a write is never left behind by our own hand. From the first handler on, the system's own answer to
//! these signals is gone; so the whole command runs under [`watching`], and no signal is lost between two waits.

use super::output::Output;
use super::page::{Page, Tone};
use crate::domain::problem::Problem;
use std::future::Future;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// How many waits deal with the signals themselves.
static DEALING: AtomicUsize = AtomicUsize::new(0);

/// Whether the whole command runs under [`watching`].
static IS_WATCHED: AtomicBool = AtomicBool::new(false);

/// Hands a signal from [`watching`] to the wait inside. It is kept until it is taken: a wait that was only beginning when
/// the signal came, as that for the answer to a question just printed, did not listen yet and would never hear of it.
static HANDED: Notify = Notify::const_new();

/// One of them, for as long as it lives.
struct Dealing {
    /// Its own ear, where nobody hands it anything.
    own: Option<Signals>,
}

impl Dealing {
    fn begin() -> Result<Self, Problem> {
        let is_alone = !IS_WATCHED.load(Ordering::SeqCst);
        let own = is_alone.then(Signals::listen).transpose()?;
        DEALING.fetch_add(1, Ordering::SeqCst);
        Ok(Self { own })
    }

    /// Waits for a signal.
    async fn next(&mut self) {
        match &mut self.own {
            Some(signals) => signals.next().await,
            None => HANDED.notified().await,
        }
    }
}

impl Drop for Dealing {
    fn drop(&mut self) {
        DEALING.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Runs a whole command; a signal that no wait inside deals with ends it.
pub async fn watching<T, E: From<Problem>>(
    command: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let mut signals = Signals::listen()?;
    IS_WATCHED.store(true, Ordering::SeqCst);
    tokio::pin!(command);
    loop {
        tokio::select! {
            // What has come to its end is never reported as stopped.
            biased;
            result = &mut command => return result,
            () = signals.next() => {
                if DEALING.load(Ordering::SeqCst) == 0 {
                    return Err(Problem::cancelled("The command was cancelled.").into());
                }
                HANDED.notify_one();
            }
        }
    }
}

/// Runs a write that cannot be cancelled; its end is awaited whatever the user presses.
pub async fn finishing<T>(
    output: Output,
    write: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    let mut signals = Dealing::begin()?;
    tokio::pin!(write);
    loop {
        tokio::select! {
            biased;
            result = &mut write => return result,
            () = signals.next() => {
                let mut page = Page::default();
                page.toned(Tone::Warn, "Waiting for the answer: a write is not left half done.");
                output.note(&page);
            }
        }
    }
}

/// Runs a part of a longer write: a signal lets it end, and then ends the command, with what was done so far.
pub async fn between<T>(
    output: Output,
    write: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    let mut signals = Dealing::begin()?;
    tokio::pin!(write);
    let mut is_ended = false;
    loop {
        tokio::select! {
            biased;
            result = &mut write => {
                let result = result?;
                return if is_ended {
                    Err(Problem::cancelled("The command was cancelled; what was answered before is done."))
                } else {
                    Ok(result)
                };
            }
            () = signals.next() => {
                is_ended = true;
                let mut page = Page::default();
                page.toned(Tone::Warn, "Waiting for the answer: a write is not left half done.");
                output.note(&page);
            }
        }
    }
}

/// Runs a read; the first signal ends it.
pub async fn ending<T>(read: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
    let mut signals = Dealing::begin()?;
    tokio::select! {
        result = read => result,
        () = signals.next() => Err(Problem::cancelled("The command was cancelled.")),
    }
}

/// Runs a write; the first signal cancels the token, and the write's own answer is awaited in any case.
pub async fn cancelling<T>(
    output: Output,
    cancel: &CancellationToken,
    write: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    let mut signals = Dealing::begin()?;
    tokio::pin!(write);
    loop {
        tokio::select! {
            result = &mut write => return result,
            () = signals.next() => {
                let text = if cancel.is_cancelled() {
                    "Still waiting for the server's answer; nothing is left half done."
                } else {
                    "Cancelling: the server is told, and its answer is awaited."
                };
                cancel.cancel();
                let mut page = Page::default();
                page.toned(Tone::Warn, text);
                output.note(&page);
            }
        }
    }
}

/// Waits for a signal, for a command that serves until it is told to stop.
#[cfg_attr(not(feature = "demo"), allow(dead_code))]
pub async fn awaited() -> Result<(), Problem> {
    Signals::listen()?.next().await;
    Ok(())
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> Result<Self, Problem> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind: SignalKind| signal(kind).map_err(|error| no_signals(&error));
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hang_up: listen(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> Result<Self, Problem> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

fn no_signals(error: &io::Error) -> Problem {
    Problem::internal(format!("Signals cannot be received: {error}."))
}
