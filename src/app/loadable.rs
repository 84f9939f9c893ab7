//! Something that is read from a server: what was read last, when, whether a newer reading is under way, and
//! what went wrong with the last try. Old data stays while it reloads and after a failure.

use crate::domain::problem::Problem;
use jiff::Timestamp;

/// A value from elsewhere with its freshness.
#[derive(Debug, Clone, PartialEq)]
pub struct Loadable<T> {
    /// What was read last.
    pub value: Option<T>,
    /// When that was.
    pub read_at: Option<Timestamp>,
    /// Whether an answer is awaited.
    pub is_loading: bool,
    /// Why the last try failed; cleared by the next success.
    pub problem: Option<Problem>,
}

impl<T> Default for Loadable<T> {
    fn default() -> Self {
        Self {
            value: None,
            read_at: None,
            is_loading: false,
            problem: None,
        }
    }
}

/// What a screen shows for a remote value that has nothing to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placeholder<'a> {
    /// Not asked for yet.
    Idle,
    /// The first answer is awaited.
    Loading,
    /// The first answer was a failure.
    Failed(&'a Problem),
}

impl<T> Loadable<T> {
    /// Whether it was asked for before, with whatever success.
    pub fn is_wanted(&self) -> bool {
        self.is_loading || self.value.is_some() || self.problem.is_some()
    }

    /// Marks that an answer is awaited.
    pub fn started(&mut self) {
        self.is_loading = true;
    }

    /// Takes an answer; a failure keeps the old value.
    pub fn arrived(&mut self, result: Result<T, Problem>, at: Timestamp) {
        self.is_loading = false;
        match result {
            Ok(value) => {
                self.value = Some(value);
                self.read_at = Some(at);
                self.problem = None;
            }
            Err(problem) => self.problem = Some(problem),
        }
    }

    /// The value, or why there is none.
    pub fn ready(&self) -> Result<&T, Placeholder<'_>> {
        match (&self.value, &self.problem) {
            (Some(value), _) => Ok(value),
            (None, _) if self.is_loading => Err(Placeholder::Loading),
            (None, Some(problem)) => Err(Placeholder::Failed(problem)),
            (None, None) => Err(Placeholder::Idle),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::problem::Kind;

    #[test]
    fn a_failure_keeps_the_old_value_and_its_age() {
        let mut remote = Loadable::default();
        remote.started();
        remote.arrived(Ok(1), Timestamp::UNIX_EPOCH);
        remote.started();
        assert_eq!(remote.ready(), Ok(&1), "old data stays while it reloads");
        remote.arrived(Err(Problem::new(Kind::Network, "No.", "")), Timestamp::MAX);
        assert_eq!(remote.ready(), Ok(&1));
        assert_eq!(remote.read_at, Some(Timestamp::UNIX_EPOCH));
        assert!(remote.problem.is_some());
    }
}
