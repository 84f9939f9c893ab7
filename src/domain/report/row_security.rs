//! How Row Level Security of a table reads: in a column of a list, and as a sentence.

use super::Tone;
use crate::domain::plural::policies;
use crate::domain::table::info::TableInfo;

/// In a few words.
pub fn words(table: &TableInfo, role: &str) -> (Tone, String) {
    let text = match (table.rls, table.security_invoker) {
        (Some(rls), _) if !rls.enabled => "off".to_owned(),
        (Some(rls), _) => {
            let forced = if rls.forced { ", forced" } else { "" };
            format!("on, {}{forced}", policies(rls.policies))
        }
        (None, Some(true)) => "as its reader".to_owned(),
        (None, Some(false)) => "as its owner".to_owned(),
        (None, None) => String::new(),
    };
    (tone(table, role), text)
}

/// As a sentence; empty where nothing is known.
pub fn sentence(table: &TableInfo, role: &str) -> (Tone, String) {
    let text = match (table.rls, table.security_invoker) {
        (Some(rls), _) if !rls.enabled => "Row Level Security is off.".to_owned(),
        (Some(rls), _) => {
            let forced = if rls.forced {
                ", also for its owner"
            } else {
                ""
            };
            let count = match rls.policies {
                0 => "without a policy: nobody under it sees a row".to_owned(),
                count => format!("with {}", policies(count)),
            };
            format!("Row Level Security is on{forced}, {count}.")
        }
        (None, Some(true)) => "Its rows are read with the rights of its reader.".to_owned(),
        (None, Some(false)) => {
            "Its rows are read with the rights of its owner: policies of its tables may not apply."
                .to_owned()
        }
        (None, None) => String::new(),
    };
    (tone(table, role), text)
}

fn tone(table: &TableInfo, role: &str) -> Tone {
    match (table.rls, table.security_invoker) {
        _ if table.is_open_to(role) => Tone::Warn,
        (Some(rls), _) if !rls.enabled => Tone::Muted,
        (Some(_), _) | (None, Some(true)) => Tone::Text,
        (None, Some(false)) => Tone::Warn,
        (None, None) => Tone::Muted,
    }
}
