//! Ctrl-C and SIGTERM. A read simply ends. A write is asked to stop, and its end is awaited however often the user
//! presses: half of a write is never left behind by our own hand.

use super::output::Output;
use super::page::{Page, Tone};
use crate::domain::problem::Problem;
use std::future::Future;
use std::io;
use tokio_util::sync::CancellationToken;

/// Runs a read; the first signal ends it.
pub async fn ending<T>(read: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
    let mut signals = Signals::listen()?;
    tokio::select! {
        result = read => result,
        () = signals.next() => Err(Problem::cancelled("The command was stopped.")),
    }
}

/// Runs a write; the first signal cancels the token, and the write's own answer is awaited in any case.
pub async fn cancelling<T>(
    output: Output,
    cancel: &CancellationToken,
    write: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    let mut signals = Signals::listen()?;
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
