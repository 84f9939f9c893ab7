//! That what is shown is old, where the deck knows it without asking: records came to the audit trail about tables of which a screen
//! was read before that. Both times are those at which answers came here, so that no server's clock counts.

use super::model::{Model, Screen};
use crate::domain::audit::Summary;
use jiff::{SignedDuration, Timestamp};

/// What was read so long ago may be called old.
const OLD: SignedDuration = SignedDuration::from_mins(1);

/// The tables that a screen shows rows of, or counts.
fn tables(screen: Screen) -> &'static [&'static str] {
    match screen {
        Screen::Cycles => &["cycle", "goal", "weekly_plan", "plan_item"],
        Screen::Goals => &["goal", "cycle"],
        Screen::Locks => &["weekly_plan", "plan_item", "cycle"],
        _ => &[],
    }
}

impl Model {
    /// Records came to the audit trail, whoever made the changes.
    pub(super) fn hear(&mut self, rows: &[Summary]) {
        let tables = rows.iter().filter_map(|row| row.story.table.clone());
        for table in tables {
            self.heard.insert(table, self.now);
        }
    }

    /// Since when it is known that what is in view has changed, where it was read before that and more than a minute ago.
    pub fn known_change(&self) -> Option<Timestamp> {
        let readings = self.readings();
        let read_at = readings.iter().filter_map(|one| one.read_at).min()?;
        if self.now.duration_since(read_at) < OLD {
            return None;
        }
        let heard = tables(self.screen).iter();
        let heard = heard.filter_map(|table| self.heard.get(*table).copied());
        heard.filter(|at| *at > read_at).min()
    }
}
