//! The time after which a call may not begin any more.
//!
//! A call whose answer is lost may still be on its way, and run after everybody has looked. So each one that writes
//! says until when it may begin, by the server's clock; once that is past and the lock was free, nothing can come of it.

use crate::adapters::sql::codes::TOO_LATE;
use crate::adapters::sql::quote::block;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The server's clock as it was last seen, and the latest time that was given to a call.
#[derive(Debug, Default)]
pub(super) struct StartDeadline(Mutex<State>);

#[derive(Debug, Default, Clone, Copy)]
struct State {
    /// Seconds since 1970 on the server, and when that was.
    seen: Option<(f64, Instant)>,
    last: Option<f64>,
}

impl StartDeadline {
    /// Takes note of the server's clock.
    pub(super) fn observe_clock(&self, server: f64) {
        self.lock().seen = Some((server, Instant::now()));
    }

    /// SQL that refuses to go on when it is begun later than this; to be run under the lock.
    pub(super) fn guard_sql(&self, on_the_way: Duration) -> String {
        let mut state = self.lock();
        let Some((server, then)) = state.seen else {
            return "select 1".to_owned();
        };
        let end = server + then.elapsed().as_secs_f64() + on_the_way.as_secs_f64();
        state.last = Some(state.last.map_or(end, |last| last.max(end)));
        drop(state);
        block(&format!(
            "begin if pg_catalog.clock_timestamp() > pg_catalog.to_timestamp({end:.3}) then \
            raise exception 'supadeck: the call came too late' using errcode = '{TOO_LATE}'; end if; end"
        ))
    }

    /// How long it takes until no call can begin any more, when the server's clock says this.
    pub(super) fn remaining(&self, server: f64) -> Option<Duration> {
        let rest = self.lock().last? - server;
        // A little more, because the time in the SQL is rounded.
        (rest > -0.01).then(|| Duration::from_secs_f64(rest.max(0.0) + 0.05))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_is_counted_by_the_servers_clock() {
        let fence = StartDeadline::default();
        assert_eq!(fence.remaining(1_000.0), None);
        fence.observe_clock(1_000.0);
        let sql = fence.guard_sql(Duration::from_secs(30));
        assert!(sql.contains("to_timestamp(1030."), "{sql}");
        let rest = fence.remaining(1_010.0).unwrap();
        assert!(rest >= Duration::from_secs(20) && rest < Duration::from_secs(25));
        assert_eq!(fence.remaining(1_040.0), None);
        // A shorter one does not take the longer one back.
        let _ = fence.guard_sql(Duration::from_secs(1));
        assert!(fence.remaining(1_010.0).unwrap() >= Duration::from_secs(20));
    }
}
