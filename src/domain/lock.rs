//! The lock of one week of a cycle, as the view `week_lock_status` tells it.

use serde::{Deserialize, Serialize};
use serde_json::Number;

/// A row of the view `week_lock_status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeekLock {
    /// The week's plan.
    pub plan_id: String,
    /// The cycle the plan belongs to.
    pub cycle_id: String,
    /// The plan's owner.
    pub user_id: String,
    /// 1 to 12.
    pub week_no: u8,
    /// `time_block` or `priority_queue`.
    pub mode: String,
    /// Whether items of the week are closed now.
    pub locked: bool,
    /// The reason, as a sentence.
    pub why: String,
    /// Weeks after this one are locked.
    pub locked_after_week: u8,
    /// The end of a running or past emergency unlock.
    pub unlocked_until: Option<String>,
    /// Whether the owner is in this week.
    pub is_current_week: bool,
    /// How many items are planned.
    pub item_count: u64,
    /// The sum of the items' quantities.
    pub planned_qty: Number,
    /// The sum of what was completed.
    pub completed_qty: Number,
    /// Completed of planned, in percent; absent when nothing is planned.
    pub completion_pct: Option<Number>,
}

impl WeekLock {
    /// The completion in percent, for drawing.
    pub fn percent(&self) -> Option<f64> {
        self.completion_pct.as_ref().and_then(Number::as_f64)
    }

    /// How the week stands: locked, open by itself, or open because of an emergency unlock.
    pub fn standing(&self) -> Standing {
        match (self.locked, self.week_no > self.locked_after_week) {
            (true, _) => Standing::Locked,
            (false, true) => Standing::Unlocked,
            (false, false) => Standing::Open,
        }
    }
}

/// How a week stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Items are closed.
    Locked,
    /// The week would be locked, and an emergency unlock is running.
    Unlocked,
    /// The week is not one of the locked ones.
    Open,
}

/// The longest emergency unlock, in minutes: 24 hours (design section 4, Week lock).
pub const LONGEST_UNLOCK_MINUTES: u32 = 24 * 60;

/// What an operator asks for with an emergency unlock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnlockRequest {
    /// The plan of the week.
    pub plan_id: String,
    /// Why; goes into the audit log.
    pub rationale: String,
    /// For how long, 1 to [`LONGEST_UNLOCK_MINUTES`].
    pub minutes: u32,
}
