//! The signals that end or stop the program.

use crate::domain::problem::Problem;

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// To end: SIGTERM, SIGINT from outside, or the terminal hung up.
    End,
    /// To stop until continued: SIGTSTP.
    Stop,
}

#[cfg(unix)]
mod unix {
    use super::Signal;
    use crate::domain::problem::Problem;
    use tokio::signal::unix::{Signal as Source, SignalKind, signal};

    /// SIGTSTP on every system that this is built for: the number differs.
    const SIGTSTP: i32 = if cfg!(target_os = "linux") { 20 } else { 18 };

    pub(in super::super) struct Signals {
        terminate: Source,
        interrupt: Source,
        hangup: Source,
        stop: Source,
    }

    impl Signals {
        pub(in super::super) fn listen() -> Result<Self, Problem> {
            let listen = |kind| signal(kind).map_err(|error| super::problem(&error));
            Ok(Self {
                terminate: listen(SignalKind::terminate())?,
                interrupt: listen(SignalKind::interrupt())?,
                hangup: listen(SignalKind::hangup())?,
                stop: listen(SignalKind::from_raw(SIGTSTP))?,
            })
        }

        pub(in super::super) async fn next(&mut self) -> Signal {
            tokio::select! {
                _ = self.terminate.recv() => Signal::End,
                _ = self.interrupt.recv() => Signal::End,
                _ = self.hangup.recv() => Signal::End,
                _ = self.stop.recv() => Signal::Stop,
            }
        }
    }
}

#[cfg(not(unix))]
mod other {
    use super::Signal;
    use crate::domain::problem::Problem;

    pub(in super::super) struct Signals;

    impl Signals {
        pub(in super::super) fn listen() -> Result<Self, Problem> {
            Ok(Self)
        }

        pub(in super::super) async fn next(&mut self) -> Signal {
            let _ = tokio::signal::ctrl_c().await;
            Signal::End
        }
    }
}

#[cfg(not(unix))]
pub(super) use other::Signals;
#[cfg(unix)]
pub(super) use unix::Signals;

fn problem(error: &std::io::Error) -> Problem {
    Problem::internal(format!("Signals cannot be listened to: {error}."))
}
