//! A planning cycle of twelve weeks, as its table row.

use serde::{Deserialize, Serialize};

/// The number of weeks in a cycle.
pub const WEEKS: u8 = 12;

/// A row of `cycle`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cycle {
    /// Primary key.
    pub id: String,
    /// Owner, an id of `auth.users`.
    pub user_id: String,
    /// First day, `YYYY-MM-DD`.
    pub start_date: String,
    /// Last day, `YYYY-MM-DD`.
    pub end_date: String,
    /// The week the owner is in, 1 to 12.
    pub current_week: u8,
    /// When the row was written, as PostgREST prints it.
    pub created_at: String,
}

/// The target of completion per week: 85 %, with the band around it that counts as on target.
/// Source: design section 7, Locks.
pub const TARGET_PERCENT: f64 = 85.0;

/// How a week's completion compares with the target band.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heat {
    /// Nothing planned.
    Empty,
    /// Well under the target.
    Low,
    /// Near the target, but under it.
    Near,
    /// At or above the target.
    OnTarget,
}

impl Heat {
    /// Classes a completion percentage; `None` means that nothing is planned.
    pub fn of(percent: Option<f64>) -> Self {
        match percent {
            None => Self::Empty,
            Some(p) if p >= TARGET_PERCENT => Self::OnTarget,
            Some(p) if p >= TARGET_PERCENT - 20.0 => Self::Near,
            Some(_) => Self::Low,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heat_marks_the_target_band() {
        assert_eq!(Heat::of(None), Heat::Empty);
        assert_eq!(Heat::of(Some(64.9)), Heat::Low);
        assert_eq!(Heat::of(Some(65.0)), Heat::Near);
        assert_eq!(Heat::of(Some(85.0)), Heat::OnTarget);
    }
}
