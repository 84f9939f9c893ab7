//! A value that comes from a read, and how that read went. One rule for every screen: a read that failed is never an empty
//! one. Whoever shows the value, or anything made of it, asks [`Loadable::standing`] and says what it was told.

use crate::domain::problem::{Kind, Problem};
use crate::domain::read_problem;
use jiff::Timestamp;

/// A value with its freshness. Old data stays while it reloads and after a failure.
#[derive(Debug, Clone, PartialEq)]
pub struct Loadable<T> {
    value: Option<T>,
    read_at: Option<Timestamp>,
    is_loading: bool,
    /// Why the last try failed, and since when no try has gone well; cleared by the next success.
    failure: Option<(Problem, Timestamp)>,
}

impl<T> Default for Loadable<T> {
    fn default() -> Self {
        Self {
            value: None,
            read_at: None,
            is_loading: false,
            failure: None,
        }
    }
}

/// What a view has to say about a value.
#[derive(Debug, PartialEq)]
pub enum Standing<'a, T> {
    /// It is there, as it was read last.
    Ready(&'a T),
    /// It is there and old: the last try to read it again failed.
    Stale(&'a T, Failure<'a>),
    /// It is not there.
    Blank(Placeholder<'a>),
}

/// A read that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure<'a> {
    /// Why.
    pub why: &'a Problem,
    /// Since when no try has gone well.
    pub since: Timestamp,
}

/// What a screen shows for a value that has nothing to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placeholder<'a> {
    /// Not asked for yet.
    Idle,
    /// The first answer is awaited.
    Loading,
    /// The project has no such table.
    Absent(&'a Problem),
    /// Who reads may not read it.
    Denied(&'a Problem),
    /// The first answer was a failure.
    Failed(&'a Problem),
}

impl Placeholder<'_> {
    /// What stands in place of the value, in a cell.
    pub fn word(self) -> &'static str {
        match self {
            Self::Idle => "",
            Self::Loading => "reading",
            Self::Absent(_) => "no such table",
            Self::Denied(_) => "not visible",
            Self::Failed(_) => "not read",
        }
    }
}

/// How a read stands, whatever it reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading<'a> {
    /// What is read, in the plural: `goals`.
    pub what: &'static str,
    /// Whether an answer is awaited.
    pub is_loading: bool,
    /// When the value that is held was read.
    pub read_at: Option<Timestamp>,
    /// How the last try failed.
    pub failure: Option<Failure<'a>>,
}

impl<T> Loadable<T> {
    /// Whether it was asked for before, with whatever success.
    pub fn is_wanted(&self) -> bool {
        self.is_loading || self.value.is_some() || self.failure.is_some()
    }

    /// When the value that is held was read.
    pub fn read_at(&self) -> Option<Timestamp> {
        self.read_at
    }

    /// Whether an answer is awaited.
    pub fn is_loading(&self) -> bool {
        self.is_loading
    }

    /// Whether the last answer was that the project has no such table.
    pub fn is_absent(&self) -> bool {
        let failure = self.failure.as_ref();
        failure.is_some_and(|(why, _)| read_problem::is_absent(why))
    }

    /// How the last try failed.
    pub fn failure(&self) -> Option<Failure<'_>> {
        let failure = self.failure.as_ref();
        failure.map(|(why, since)| Failure { why, since: *since })
    }

    /// Marks that an answer is awaited.
    pub fn started(&mut self) {
        self.is_loading = true;
    }

    /// Marks that the answer is no longer awaited: nobody wants it.
    pub fn gave_up(&mut self) {
        self.is_loading = false;
    }

    /// Takes an answer; a failure keeps the old value. Rows of a table that is gone are gone with it.
    pub fn arrived(&mut self, result: Result<T, Problem>, at: Timestamp) {
        self.is_loading = false;
        match result {
            Ok(value) => {
                self.value = Some(value);
                self.read_at = Some(at);
                self.failure = None;
            }
            Err(problem) => self.failed(problem, at),
        }
    }

    /// Takes a failure of which nothing was asked for: what is held is old from now on.
    pub fn failed(&mut self, problem: Problem, at: Timestamp) {
        if read_problem::is_absent(&problem) {
            (self.value, self.read_at) = (None, None);
        }
        let since = self.failure.as_ref().map_or(at, |(_, since)| *since);
        self.failure = Some((problem, since));
    }

    /// The value with whether it is fresh, or what stands in its place: what a view shows.
    pub fn standing(&self) -> Standing<'_, T> {
        match (&self.value, self.failure()) {
            (Some(value), None) => Standing::Ready(value),
            (Some(value), Some(failure)) => Standing::Stale(value, failure),
            (None, failure) => Standing::Blank(match failure {
                _ if self.is_loading => Placeholder::Loading,
                None => Placeholder::Idle,
                Some(Failure { why, .. }) if read_problem::is_absent(why) => {
                    Placeholder::Absent(why)
                }
                Some(Failure { why, .. }) if why.kind == Kind::Denied => Placeholder::Denied(why),
                Some(Failure { why, .. }) => Placeholder::Failed(why),
            }),
        }
    }

    /// The value, however old, or why there is none. A view that uses it says elsewhere that it is old.
    pub fn ready(&self) -> Result<&T, Placeholder<'_>> {
        match self.standing() {
            Standing::Ready(value) | Standing::Stale(value, _) => Ok(value),
            Standing::Blank(blank) => Err(blank),
        }
    }

    /// The value that is held, however old: to select in it and to compare with, never to say that something is not there.
    pub fn held(&self) -> Option<&T> {
        self.value.as_ref()
    }

    /// The same to change it.
    pub fn held_mut(&mut self) -> Option<&mut T> {
        self.value.as_mut()
    }

    /// Takes the value that is held; an answer has to follow.
    pub fn take_held(&mut self) -> Option<T> {
        self.value.take()
    }

    /// Puts back what was taken, changed by what is known besides; it is as old as it was.
    pub fn put_held(&mut self, value: T) {
        self.value = Some(value);
    }

    /// How the read stands, under the name of what it reads.
    pub fn reading(&self, what: &'static str) -> Reading<'_> {
        Reading {
            what,
            is_loading: self.is_loading,
            read_at: self.read_at,
            failure: self.failure(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EARLY: Timestamp = Timestamp::UNIX_EPOCH;
    const LATE: Timestamp = Timestamp::MAX;

    fn problem(kind: Kind) -> Problem {
        Problem::new(kind, "No.", "")
    }

    #[test]
    fn a_failure_keeps_the_old_value_and_its_age() {
        let mut read = Loadable::default();
        read.started();
        read.arrived(Ok(1), EARLY);
        read.started();
        assert_eq!(read.ready(), Ok(&1), "old data stays while it reloads");
        read.arrived(Err(problem(Kind::Network)), LATE);
        assert_eq!(read.ready(), Ok(&1));
        assert_eq!(read.reading("rows").read_at, Some(EARLY));
        let Standing::Stale(1, failure) = read.standing() else {
            panic!("{read:?}");
        };
        assert_eq!(failure.since, LATE);
    }

    #[test]
    fn the_first_of_several_failures_says_since_when() {
        let mut read = Loadable::<u8>::default();
        read.arrived(Err(problem(Kind::Network)), EARLY);
        read.arrived(Err(problem(Kind::Database)), LATE);
        let failure = read.failure().unwrap();
        assert_eq!((failure.why.kind, failure.since), (Kind::Database, EARLY));
        read.arrived(Ok(1), LATE);
        assert_eq!(read.standing(), Standing::Ready(&1));
    }

    #[test]
    fn what_is_not_there_says_why() {
        let blank = |problem: Problem| {
            let mut read = Loadable::<u8>::default();
            read.arrived(Err(problem), EARLY);
            match read.standing() {
                Standing::Blank(Placeholder::Absent(_)) => "absent",
                Standing::Blank(Placeholder::Denied(_)) => "denied",
                Standing::Blank(Placeholder::Failed(_)) => "failed",
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(blank(problem(Kind::Denied)), "denied");
        assert_eq!(blank(problem(Kind::Network)), "failed");
        assert_eq!(blank(read_problem::absent("goal", "", "42P01")), "absent");
    }

    #[test]
    fn rows_of_a_table_that_is_gone_do_not_stay() {
        let mut read = Loadable::default();
        read.arrived(Ok(1), EARLY);
        read.arrived(Err(read_problem::absent("goal", "", "PGRST205")), LATE);
        assert_eq!(read.held(), None);
        assert!(read.is_absent());
    }
}
