//! A planning cycle of twelve weeks, as its table row.

use super::goal::Goal;
use super::lock::WeekLock;
use jiff::Timestamp;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
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

impl Cycle {
    /// The first day and the last of a week, `YYYY-MM-DD`; nothing where the cycle's days are none.
    pub fn days(&self, week: u8) -> Option<(String, String)> {
        let start: Date = self.start_date.parse().ok()?;
        let end: Date = self.end_date.parse().ok()?;
        let first = start.checked_add((i32::from(week) - 1).weeks()).ok()?;
        let last = first.checked_add(6.days()).ok()?.min(end.max(first));
        Some((first.to_string(), last.to_string()))
    }

    /// Where a day is in the cycle. `current_week` says nothing of that: it stays at 1 before the first day, and where it
    /// was after the last. Days that cannot be read leave the cycle running.
    pub fn phase(&self, today: Date) -> Phase {
        let day = |text: &str| text.parse::<Date>().ok();
        if day(&self.start_date).is_some_and(|start| today < start) {
            Phase::ToCome
        } else if day(&self.end_date).is_some_and(|end| today > end) {
            Phase::Ended
        } else {
            Phase::Running
        }
    }

    /// Whether a week is still to come for its owner: its completion says nothing yet.
    pub fn is_to_come(&self, week: u8, today: Date) -> bool {
        match self.phase(today) {
            Phase::ToCome => true,
            Phase::Running => week > self.current_week,
            Phase::Ended => false,
        }
    }

    /// `week 9 of 12`, `begins 2026-12-07` or `ended 2026-09-27`.
    pub fn progress(&self, today: Date) -> String {
        match self.phase(today) {
            Phase::ToCome => format!("begins {}", self.start_date),
            Phase::Running => format!("week {} of {WEEKS}", self.current_week),
            Phase::Ended => format!("ended {}", self.end_date),
        }
    }

    /// The same in a column: `9`, `to come` or `ended`.
    pub fn progress_cell(&self, today: Date) -> String {
        match self.phase(today) {
            Phase::ToCome => "to come".to_owned(),
            Phase::Running => self.current_week.to_string(),
            Phase::Ended => "ended".to_owned(),
        }
    }
}

/// Where a day is in a cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Before its first day.
    ToCome,
    /// Within its days.
    Running,
    /// After its last day.
    Ended,
}

/// The date in UTC, as the database reckons the days of a cycle (`private.today()`).
pub fn today(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::UTC).date()
}

/// A row of `vision`: what the owner is planning towards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vision {
    /// Primary key.
    pub id: String,
    /// Owner, an id of `auth.users`.
    pub user_id: String,
    /// For every day.
    pub daily: String,
    /// For every week.
    pub weekly: String,
    /// For the year.
    pub year: String,
    /// For life.
    pub life: String,
    /// Free words.
    pub tags: Vec<String>,
    /// When the row was written, as PostgREST prints it.
    pub created_at: String,
    /// When the row was last changed, as PostgREST prints it.
    pub updated_at: String,
}

/// A cycle with what belongs to it, as far as the identity in use may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CycleDetail {
    /// The cycle.
    pub cycle: Cycle,
    /// Its goals, personal before professional.
    pub goals: Vec<Goal>,
    /// The locks of its weeks, in order.
    pub locks: Vec<WeekLock>,
    /// The owner's vision.
    pub vision: Option<Vision>,
}

/// The target of completion per week: 85 %, with the band around it that counts as on target.
/// Source: design section 7, Locks.
pub const TARGET_PERCENT: f64 = 85.0;

/// A completion in whole percent. What is under the target does not read as if it had reached it.
pub fn whole_percent(percent: f64) -> String {
    format!("{:.0} %", percent.floor())
}

/// From here on a week is near its target.
pub const NEAR_PERCENT: f64 = TARGET_PERCENT - 20.0;

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
            Some(p) if p >= NEAR_PERCENT => Self::Near,
            Some(_) => Self::Low,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_has_seven_days_within_its_cycle() {
        let mut cycle = Cycle {
            id: String::new(),
            user_id: String::new(),
            start_date: "2026-10-05".into(),
            end_date: "2026-12-25".into(),
            current_week: 9,
            created_at: String::new(),
        };
        let days = |cycle: &Cycle, week| {
            let (first, last) = cycle.days(week).unwrap();
            format!("{first} {last}")
        };
        assert_eq!(days(&cycle, 1), "2026-10-05 2026-10-11");
        assert_eq!(days(&cycle, 12), "2026-12-21 2026-12-25");
        // A cycle may be shorter than twelve weeks.
        cycle.end_date = "2026-10-06".into();
        assert_eq!(days(&cycle, 12), "2026-12-21 2026-12-21");
        cycle.start_date = "9999-12-31".into();
        assert_eq!(cycle.days(2), None);
    }

    #[test]
    fn a_cycle_is_in_a_week_only_between_its_days() {
        let cycle = Cycle {
            id: String::new(),
            user_id: String::new(),
            start_date: "2026-10-05".into(),
            end_date: "2026-12-27".into(),
            current_week: 9,
            created_at: String::new(),
        };
        let to_come = |day: Date| {
            let weeks = (1..=WEEKS).filter(|week| cycle.is_to_come(*week, day));
            weeks.count()
        };
        for (day, phase, progress, cell, count) in [
            (
                "2026-10-04",
                Phase::ToCome,
                "begins 2026-10-05",
                "to come",
                12,
            ),
            ("2026-10-05", Phase::Running, "week 9 of 12", "9", 3),
            ("2026-12-27", Phase::Running, "week 9 of 12", "9", 3),
            ("2026-12-28", Phase::Ended, "ended 2026-12-27", "ended", 0),
        ] {
            let day: Date = day.parse().unwrap();
            assert_eq!(cycle.phase(day), phase);
            assert_eq!(cycle.progress(day), progress);
            assert_eq!(cycle.progress_cell(day), cell);
            assert_eq!(to_come(day), count, "{day}");
        }
        let late: Timestamp = "2026-12-27T23:30:00-01:00".parse().unwrap();
        assert_eq!(today(late).to_string(), "2026-12-28");
        let odd = Cycle {
            start_date: "infinity".into(),
            end_date: "infinity".into(),
            ..cycle
        };
        assert_eq!(odd.phase(today(late)), Phase::Running);
    }

    #[test]
    fn heat_marks_the_target_band() {
        assert_eq!(Heat::of(None), Heat::Empty);
        assert_eq!(Heat::of(Some(64.9)), Heat::Low);
        assert_eq!(Heat::of(Some(65.0)), Heat::Near);
        assert_eq!(Heat::of(Some(85.0)), Heat::OnTarget);
        assert_eq!(whole_percent(84.9), "84 %");
        assert_eq!(whole_percent(85.0), "85 %");
    }
}
