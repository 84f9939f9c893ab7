//! Week locks as a table.

use crate::cli::page::{Span, Table, Tone};
use crate::domain::identity::Identity;
use crate::domain::lock::{LockState, WeekLock};

/// Locks as a table, one week a row. With `reader` it says whose week each is; without, the weeks are of one owner who
/// is named elsewhere.
pub fn table(locks: &[WeekLock], reader: Option<&Identity>) -> Table {
    let mut header = vec![
        "@CYCLE", ">WEEK", "NOW", "STATE", ">ITEMS", ">DONE", "#PLAN", "~WHY",
    ];
    if reader.is_some() {
        header.insert(1, "@OWNER");
    }
    let mut table = Table::new(&header);
    for lock in locks {
        let (tone, word) = standing(lock);
        let done = lock
            .percent()
            .map_or_else(|| "-".to_owned(), |percent| format!("{percent:.1}%"));
        let mut row = vec![
            Span::from(&lock.cycle_id),
            Span::from(lock.week_no.to_string()),
            Span::from(if lock.is_current_week { "now" } else { "" }),
            Span::new(tone, word),
            Span::from(lock.item_count.to_string()),
            Span::from(done),
            Span::from(&lock.plan_id),
            Span::new(Tone::Muted, &lock.reason()),
        ];
        if let Some(reader) = reader {
            row.insert(1, Span::from(owner(lock, reader)));
        }
        table.row(row);
    }
    table
}

/// Whose week it is: `you`, or the user's id.
fn owner<'a>(lock: &'a WeekLock, reader: &Identity) -> &'a str {
    if reader.user_id() == Some(lock.user_id.as_str()) {
        "you"
    } else {
        &lock.user_id
    }
}

fn standing(lock: &WeekLock) -> (Tone, &'static str) {
    match lock.standing() {
        LockState::Locked => (Tone::Danger, "locked"),
        LockState::Unlocked => (Tone::Warn, "unlocked"),
        LockState::Open => (Tone::Ok, "open"),
    }
}
