//! The signals that end or stop the program, and the terminal that goes away.

use crate::domain::problem::Problem;

#[cfg(unix)]
mod unix {
    use crate::domain::problem::Problem;
    use rustix::event::{PollFd, PollFlags, poll};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use tokio::signal::unix::{Signal, SignalKind, signal};
    use tokio::sync::oneshot;

    /// SIGTSTP on every system that this is built for: the number differs.
    const SIGTSTP: i32 = if cfg!(target_os = "linux") { 20 } else { 18 };

    fn listen(kind: SignalKind) -> Result<Signal, Problem> {
        signal(kind).map_err(|error| super::problem(&error))
    }

    /// What tells the program to end: SIGTERM, SIGINT from outside, SIGHUP, and a terminal that is gone.
    pub(in super::super) struct Ends {
        terminate: Signal,
        interrupt: Signal,
        hangup: Signal,
        terminal: oneshot::Receiver<()>,
        /// Whether another program has the terminal, whose interrupts are its own.
        is_lent: Arc<AtomicBool>,
    }

    impl Ends {
        pub(in super::super) fn listen(is_lent: Arc<AtomicBool>) -> Result<Self, Problem> {
            Ok(Self {
                is_lent,
                terminate: listen(SignalKind::terminate())?,
                interrupt: listen(SignalKind::interrupt())?,
                hangup: listen(SignalKind::hangup())?,
                terminal: hung_up(),
            })
        }

        /// Waits for one.
        pub(in super::super) async fn next(mut self) {
            loop {
                tokio::select! {
                    _ = self.terminate.recv() => return,
                    _ = self.interrupt.recv() => {
                        if !self.is_lent.load(Ordering::SeqCst) {
                            return;
                        }
                    }
                    _ = self.hangup.recv() => return,
                    Ok(()) = &mut self.terminal => return,
                }
            }
        }
    }

    /// Tells when the terminal on standard input is gone: its window was closed, its line was cut. It sleeps in the kernel
    /// until then, and is woken by nothing else.
    fn hung_up() -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        std::thread::spawn(move || {
            let stdin = std::io::stdin();
            let mut watched = [PollFd::new(&stdin, PollFlags::empty())];
            let mut found = poll(&mut watched, None);
            while found == Err(rustix::io::Errno::INTR) {
                found = poll(&mut watched, None);
            }
            // A system that cannot watch a terminal this way tells it by the signal alone.
            let gone = PollFlags::HUP | PollFlags::ERR;
            if found.is_ok() && watched[0].revents().intersects(gone) {
                let _ = sender.send(());
            }
        });
        receiver
    }

    /// What tells it to stop until it is continued: SIGTSTP.
    pub(in super::super) struct Stops(Signal);

    impl Stops {
        pub(in super::super) fn listen() -> Result<Self, Problem> {
            listen(SignalKind::from_raw(SIGTSTP)).map(Self)
        }

        /// Waits for it.
        pub(in super::super) async fn next(&mut self) {
            self.0.recv().await;
        }
    }
}

#[cfg(not(unix))]
mod other {
    use crate::domain::problem::Problem;
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    pub(in super::super) struct Ends;

    impl Ends {
        pub(in super::super) fn listen(_: Arc<AtomicBool>) -> Result<Self, Problem> {
            Ok(Self)
        }

        pub(in super::super) async fn next(self) {
            let _ = tokio::signal::ctrl_c().await;
        }
    }

    pub(in super::super) struct Stops;

    impl Stops {
        pub(in super::super) fn listen() -> Result<Self, Problem> {
            Ok(Self)
        }

        pub(in super::super) async fn next(&mut self) {
            std::future::pending().await
        }
    }
}

#[cfg(not(unix))]
pub(super) use other::{Ends, Stops};
#[cfg(unix)]
pub(super) use unix::{Ends, Stops};

#[cfg_attr(not(unix), allow(dead_code))]
fn problem(error: &std::io::Error) -> Problem {
    Problem::internal(format!("Signals cannot be listened to: {error}."))
}
