//! Live mode: while it is on, the Migrations, Locks and Audit screens ask every few seconds whether somebody has changed what they
//! show. One question at a time: the next is asked some time after the answer of the last, later while answers fail. Nothing is asked while
//! the terminal has no focus, while something runs, or on another screen. Off, it costs nothing.

use super::ticket::Ticket;
use crate::domain::audit::filter::Filter;
use crate::domain::audit::follow::Pace;
use crate::domain::audit::{Cursor, PageDirection, Summary};
use crate::domain::lock::WeekLock;
use crate::domain::migration::history::HistoryMark;
use crate::domain::problem::Problem;
use jiff::Timestamp;
use std::time::Duration;

/// How often it asks, at most.
const EVERY: Duration = Duration::from_secs(3);
/// How long until the first question: a screen that is only passed by asks none.
const SOON: Duration = Duration::from_millis(300);

/// What live mode asks.
#[derive(Debug, Clone, PartialEq)]
pub enum LiveQuestion {
    /// The mark of the migration history.
    History,
    /// The locks of all weeks.
    Locks,
    /// What has come to the audit trail.
    Trail {
        /// The number of the follow. One that has not begun begins with the question.
        follow: u64,
        /// Which records.
        filter: Filter,
        /// Where the page begins, and which way it goes, that closes the gap between what is held and the beginning of the follow.
        gap: Option<(Option<Cursor>, PageDirection)>,
    },
}

/// The answer to it.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveAnswer {
    /// What was found.
    pub found: LiveFound,
    /// How long it took to ask.
    pub took: Duration,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub enum LiveFound {
    /// The mark of the migration history.
    History(HistoryMark),
    /// The locks of all weeks.
    Locks(Vec<WeekLock>),
    /// Records that have come.
    Trail(LiveNews),
}

/// Records that have come to the audit trail.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LiveNews {
    /// The number of the follow.
    pub follow: u64,
    /// The records, oldest first.
    pub rows: Vec<Summary>,
    /// Whether there are more of them than these.
    pub has_more: bool,
    /// Where the others go on.
    pub next: Option<Cursor>,
}

/// The sign of live mode in the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveSign {
    /// It asks.
    Asking,
    /// The last question had no answer.
    Failing,
    /// The terminal has no focus.
    Paused,
}

/// The state of live mode.
#[derive(Debug, Clone, PartialEq)]
pub struct Live {
    /// Whether it is on.
    pub is_on: bool,
    /// Whether the terminal has the focus; one that does not tell has.
    pub has_focus: bool,
    /// When the last answer about the screen in view came.
    pub answered_at: Option<Timestamp>,
    /// Why the last question had no answer, and since when there was none.
    pub failure: Option<(Problem, Timestamp)>,
    /// The migration history as it was found last.
    pub mark: Option<HistoryMark>,
    pace: Pace,
    wait: Duration,
    is_armed: bool,
    asked: Option<Ticket>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            is_on: false,
            has_focus: true,
            answered_at: None,
            failure: None,
            mark: None,
            pace: Pace::new(EVERY),
            wait: SOON,
            is_armed: false,
            asked: None,
        }
    }
}

impl Live {
    /// Switches it on or off; it begins anew each time.
    pub fn toggle(&mut self) {
        self.begin_anew();
        self.is_on = !self.is_on;
    }

    /// Begins anew where another identity reads or another project is open: what failed there is of no account here.
    pub fn begin_anew(&mut self) {
        *self = Self {
            is_on: self.is_on,
            has_focus: self.has_focus,
            is_armed: self.is_armed,
            asked: self.asked,
            ..Self::default()
        };
    }

    /// The terminal got the focus or lost it.
    pub fn focused(&mut self, has_focus: bool) {
        if has_focus && !self.has_focus {
            self.wait = SOON;
        }
        self.has_focus = has_focus;
    }

    /// The sign of it, while it is on.
    pub fn sign(&self) -> Option<LiveSign> {
        match (self.is_on, self.has_focus, &self.failure) {
            (false, ..) => None,
            (true, false, _) => Some(LiveSign::Paused),
            (true, true, Some(_)) => Some(LiveSign::Failing),
            (true, true, None) => Some(LiveSign::Asking),
        }
    }

    /// The question that is under way, maybe given up by now.
    pub fn asked(&self) -> Option<Ticket> {
        self.asked
    }

    /// How long until the next question, where its timer is not running yet; it is from now on.
    pub fn arm(&mut self) -> Option<Duration> {
        let wait = (!self.is_armed).then_some(self.wait);
        self.is_armed = true;
        wait
    }

    /// The timer ran out.
    pub fn fired(&mut self) {
        self.is_armed = false;
    }

    /// A question was asked.
    pub fn asks(&mut self, ticket: Ticket) {
        self.asked = Some(ticket);
    }

    /// An answer came that took so long; `at` where it is about the screen in view.
    pub fn answered(&mut self, took: Duration, at: Option<Timestamp>) {
        (self.asked, self.failure, self.answered_at) = (None, None, at);
        self.wait = self.pace.after(took);
    }

    /// No answer came.
    pub fn failed(&mut self, problem: Problem, at: Timestamp) {
        self.asked = None;
        let since = self.failure.as_ref().map_or(at, |(_, since)| *since);
        self.failure = Some((problem, since));
        self.wait = self.pace.after_failure();
    }
}
