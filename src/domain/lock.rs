//! The lock of one week of a cycle, as the view `week_lock_status` tells it, and the emergency unlock.

use super::audit::Record;
use super::cycle::Cycle;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Number;
use std::borrow::Cow;

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

    /// The completion as a score: none while the week is still to come.
    pub fn score(&self, cycle: Option<&Cycle>, today: Date) -> Option<f64> {
        let is_to_come = cycle.is_some_and(|cycle| cycle.is_to_come(self.week_no, today));
        self.percent().filter(|_| !is_to_come)
    }

    /// How the week stands: locked, open by itself, or open because of an emergency unlock.
    pub fn standing(&self) -> LockState {
        match (self.locked, self.week_no > self.locked_after_week) {
            (true, _) => LockState::Locked,
            (false, true) => LockState::Unlocked,
            (false, false) => LockState::Open,
        }
    }

    /// Its state and the reason, as one sentence.
    pub fn sentence(&self) -> String {
        let reason = self.reason();
        match self.standing() {
            LockState::Locked => format!("Locked: {reason}"),
            LockState::Unlocked => format!("Unlocked for now: {reason}"),
            LockState::Open => format!("Open: {reason}"),
        }
    }

    /// Why it stands so, as words about this week alone. Every week has a limit of its own, and it decides for that
    /// week only: what the view's `why` says of "weeks after 4" need not hold for the next week, whose limit may be 6.
    pub fn reason(&self) -> Cow<'_, str> {
        let limit = self.locked_after_week;
        match self.standing() {
            LockState::Unlocked => Cow::Borrowed(&self.why),
            LockState::Open => format!("this plan locks after week {limit}.").into(),
            LockState::Locked if limit == 0 => {
                "this plan is always locked (its limit is week 0).".into()
            }
            LockState::Locked => format!("this plan locks after week {limit}.").into(),
        }
    }

    /// The end of the emergency unlock that runs.
    pub fn running_until(&self) -> Option<Timestamp> {
        let until = self.unlocked_until.as_ref();
        let until = until.filter(|_| self.standing() == LockState::Unlocked)?;
        until.parse().ok()
    }
}

/// How a week stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockState {
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
    /// `unlocked_until` of the week as it was shown to whoever asks. Where it is another by then, nothing is done.
    pub shown_until: Option<String>,
}

/// How the unlock that runs came about, as the audit log tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnlockRecord {
    /// The id of the audit record.
    pub record_id: String,
    /// When, as PostgREST prints it.
    pub created_at: String,
    /// Who did it; absent for the system.
    pub actor_user_id: Option<String>,
    /// `user`, `system` or `ai`.
    pub actor_type: String,
    /// The reason that was given.
    pub rationale: Option<String>,
}

impl UnlockRecord {
    /// What a record tells of the unlock of a week; nothing where another unlock runs by now than the one it is about.
    pub fn of(record: Record, lock: &WeekLock) -> Option<Self> {
        let after = record.after_state.as_ref()?;
        let set: Timestamp = after.get("unlocked_until")?.as_str()?.parse().ok()?;
        (Some(set) == lock.running_until()).then_some(Self {
            record_id: record.id,
            created_at: record.created_at,
            actor_user_id: record.actor_user_id,
            actor_type: record.actor_type,
            rationale: record.rationale,
        })
    }
}

/// What an unlock would do, to be looked at before it is confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnlockPreview {
    /// The week as it is.
    pub lock: WeekLock,
    /// Its cycle, where the identity may see it.
    pub cycle: Option<Cycle>,
    /// How the unlock that runs already came about, where the identity may read that.
    pub opening: Option<UnlockRecord>,
    /// What will be asked for.
    pub request: UnlockRequest,
}

/// What an unlock does to the one that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnlockEffect {
    /// None runs.
    Opens,
    /// It ends so much later.
    Lengthens(SignedDuration),
    /// It ends so much earlier.
    Shortens(SignedDuration),
}

impl UnlockPreview {
    /// About when the new unlock would end: its minutes count from when the database runs it.
    pub fn until(&self, now: Timestamp) -> Timestamp {
        now.saturating_add(SignedDuration::from_mins(self.request.minutes.into()))
            .unwrap_or(Timestamp::MAX)
    }

    /// What it would do to the unlock that runs.
    pub fn bearing(&self, now: Timestamp) -> UnlockEffect {
        let Some(running) = self.lock.running_until() else {
            return UnlockEffect::Opens;
        };
        let by = self.until(now).duration_since(running);
        if by.is_negative() {
            UnlockEffect::Shortens(by.abs())
        } else {
            UnlockEffect::Lengthens(by)
        }
    }
}

/// An unlock that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlocked {
    /// The week as a second read found it.
    pub lock: WeekLock,
    /// The id of its audit record, where that could be read.
    pub record: Option<String>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_week_to_come_has_no_score() {
        let lock = serde_json::json!({
            "plan_id": "p", "cycle_id": "c", "user_id": "u", "week_no": 4, "mode": "time_block", "locked": false, "why": "",
            "locked_after_week": 6, "unlocked_until": null, "is_current_week": false, "item_count": 1, "planned_qty": 1,
            "completed_qty": 0, "completion_pct": 0.0,
        });
        let lock: WeekLock = serde_json::from_value(lock).unwrap();
        let cycle = |current_week| Cycle {
            id: "c".into(),
            user_id: "u".into(),
            start_date: "2026-10-05".into(),
            end_date: "2026-12-27".into(),
            current_week,
            created_at: String::new(),
        };
        let within: Date = "2026-10-27".parse().unwrap();
        assert_eq!(lock.score(Some(&cycle(3)), within), None);
        assert_eq!(lock.score(Some(&cycle(4)), within), Some(0.0));
        assert_eq!(lock.score(None, within), Some(0.0));
        let before: Date = "2026-10-04".parse().unwrap();
        assert_eq!(lock.score(Some(&cycle(4)), before), None);
        let after: Date = "2026-12-28".parse().unwrap();
        assert_eq!(lock.score(Some(&cycle(3)), after), Some(0.0));
    }

    #[test]
    fn a_reason_speaks_of_its_own_week_alone() {
        let week = |week_no, limit, locked| WeekLock {
            plan_id: String::new(),
            cycle_id: String::new(),
            user_id: String::new(),
            week_no,
            mode: "time_block".into(),
            locked,
            why: "Emergency unlock until 14:05 UTC.".into(),
            locked_after_week: limit,
            unlocked_until: None,
            is_current_week: false,
            item_count: 0,
            planned_qty: 0.into(),
            completed_qty: 0.into(),
            completion_pct: None,
        };
        for (week, reason) in [
            (week(3, 6, false), "this plan locks after week 6."),
            (week(5, 4, true), "this plan locks after week 4."),
            (
                week(1, 0, true),
                "this plan is always locked (its limit is week 0).",
            ),
            (week(9, 6, false), "Emergency unlock until 14:05 UTC."),
        ] {
            assert_eq!(week.reason(), reason);
        }
    }
}
