//! How far the audit trail was followed. Each follow of the deck has a number: it is of one filter, one identity and one project, and
//! a question of an older one, which may end late, neither finds nor replaces what belongs to a newer one.

use std::sync::{Mutex, PoisonError};

/// The newest follow, with its number.
#[derive(Debug)]
pub(super) struct Followed<T>(Mutex<(u64, Option<T>)>);

impl<T> Default for Followed<T> {
    fn default() -> Self {
        Self(Mutex::new((0, None)))
    }
}

impl<T: Clone> Followed<T> {
    /// The follow of this number; none where it has not begun, or another one has.
    pub(super) fn of(&self, number: u64) -> Option<T> {
        let place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (newest, follow) = &*place;
        follow.clone().filter(|_| *newest == number)
    }

    /// Keeps how far the follow of this number has come, where no newer one has begun.
    pub(super) fn keep(&self, number: u64, follow: T) {
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if number >= place.0 {
            *place = (number, Some(follow));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Followed;

    #[test]
    fn an_older_follow_neither_finds_nor_replaces_a_newer_one() {
        let followed = Followed::default();
        assert_eq!(followed.of(1), None);
        followed.keep(1, "changed:qty");
        followed.keep(2, "actor:bob");
        // The question that was under way ends late.
        followed.keep(1, "changed:qty, further on");
        assert_eq!(followed.of(1), None);
        assert_eq!(followed.of(2), Some("actor:bob"));
        followed.keep(2, "actor:bob, further on");
        assert_eq!(followed.of(2), Some("actor:bob, further on"));
    }
}
