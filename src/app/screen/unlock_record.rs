//! How the running unlock of the selected week came about, as far as the identity may read it: one small read, and only
//! for a week that an emergency unlock keeps open.

use crate::app::loadable::{Loadable, Standing};
use crate::domain::lock::{UnlockRecord, WeekLock};
use crate::domain::problem::Problem;
use jiff::Timestamp;

/// What is known of one running unlock.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OpeningView {
    /// The plan and the end of the unlock that was asked about.
    of: Option<(String, Option<String>)>,
    remote: Loadable<Option<UnlockRecord>>,
}

impl OpeningView {
    /// Whether it has to be asked about this week's unlock.
    pub fn is_wanted(&self, lock: &WeekLock) -> bool {
        let is_known =
            self.is_about(lock) && (self.remote.is_loading() || self.remote.held().is_some());
        lock.running_until().is_some() && !is_known
    }

    /// Marks that an answer is awaited; what was known of another unlock goes.
    pub fn started(&mut self, lock: &WeekLock) {
        self.of = Some(key(lock));
        self.remote = Loadable::default();
        self.remote.started();
    }

    /// Takes the answer.
    pub fn arrived(&mut self, result: Result<Option<UnlockRecord>, Problem>, at: Timestamp) {
        self.remote.arrived(result, at);
    }

    /// How the read about this week's unlock stands; nothing where it was about another week.
    pub fn standing(&self, lock: &WeekLock) -> Option<Standing<'_, Option<UnlockRecord>>> {
        self.is_about(lock).then(|| self.remote.standing())
    }

    /// What is known of this week's unlock. Nothing where the record is hidden, or could not be read: see
    /// [`Self::standing`].
    pub fn of(&self, lock: &WeekLock) -> Option<&UnlockRecord> {
        let known = self.remote.held()?.as_ref();
        known.filter(|_| self.is_about(lock))
    }

    fn is_about(&self, lock: &WeekLock) -> bool {
        self.of.as_ref() == Some(&key(lock))
    }
}

fn key(lock: &WeekLock) -> (String, Option<String>) {
    (lock.plan_id.clone(), lock.unlocked_until.clone())
}
