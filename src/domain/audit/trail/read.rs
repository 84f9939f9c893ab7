//! A row of a project's own trail as a record. Nothing that such a table can hold makes it fail: what cannot be read as meant stays as
//! it is.

use super::super::Record;
use super::super::export::ExportRow;
use super::TrailMapping;
use jiff::civil::DateTime;
use serde_json::Value;

/// Words for what was done, and the one for it here.
const DEEDS: [(&str, &[&str]); 3] = [
    (
        "insert",
        &[
            "insert", "inserted", "i", "create", "created", "c", "add", "added", "+",
        ],
    ),
    (
        "update",
        &[
            "update", "updated", "u", "change", "changed", "modify", "modified", "~",
        ],
    ),
    (
        "delete",
        &[
            "delete",
            "deleted",
            "d",
            "remove",
            "removed",
            "destroy",
            "destroyed",
            "-",
        ],
    ),
];

impl TrailMapping {
    /// The record that a row is.
    pub(super) fn record(&self, row: &ExportRow) -> Record {
        let text = |column: &Option<String>| plain(row.get(column.as_ref()?)?);
        let own = |column: &str| row.get(column).and_then(plain).unwrap_or_default();
        let image = |column: &Option<String>| image(row.get(column.as_ref()?)?);
        let (mut before, mut after) = (image(&self.before), image(&self.after));
        let deed = match text(&self.action) {
            Some(word) => word_of(&word),
            None => match (&before, &after) {
                (None, Some(_)) => "insert".to_owned(),
                (Some(_), None) => "delete".to_owned(),
                _ => "update".to_owned(),
            },
        };
        // Some write an empty document where there is no row.
        match deed.as_str() {
            "insert" => before = before.filter(|image| !is_empty(image)),
            "delete" => after = after.filter(|image| !is_empty(image)),
            _ => {}
        }
        let table = text(&self.changed_table).or_else(|| self.of.clone());
        let schema = text(&self.changed_schema).filter(|schema| schema != "public");
        let action = [schema, table, Some(deed)].into_iter().flatten();
        let actor = text(&self.actor);
        let key = |image: &Option<Value>| plain(image.as_ref()?.get(self.key())?);
        let row_id = key(&after).or_else(|| key(&before));
        Record {
            id: own(&self.id),
            created_at: moment(own(&self.time)),
            actor_type: if actor.is_some() { "user" } else { "system" }.to_owned(),
            actor_user_id: actor,
            subject_user_id: text(&self.subject),
            action: action.collect::<Vec<_>>().join("."),
            row_id: row_id.or_else(|| text(&self.row)),
            before_state: before,
            after_state: after,
            rationale: text(&self.reason),
            correlation_id: text(&self.request),
            source_ip: text(&self.address),
            user_agent: text(&self.agent),
        }
    }
}

/// A single value as text; a document as JSON.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// A document, or a text that holds one.
fn image(value: &Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(Value::Null) => None,
            Ok(document @ (Value::Object(_) | Value::Array(_))) => Some(document),
            _ => Some(value.clone()),
        },
        other => Some(other.clone()),
    }
}

fn is_empty(image: &Value) -> bool {
    match image {
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

/// What was done in the word for it here; another word stays, in small letters.
pub(super) fn word_of(word: &str) -> String {
    let lower = word.trim().to_lowercase();
    let known = DEEDS
        .iter()
        .find(|(_, words)| words.contains(&lower.as_str()));
    known.map_or(lower, |(deed, _)| (*deed).to_owned())
}

/// A time without an offset is UTC, as servers keep it.
fn moment(text: String) -> String {
    let is_whole = text.parse::<jiff::Timestamp>().is_ok();
    if !is_whole && text.parse::<DateTime>().is_ok() && text.contains(':') {
        return format!("{text}+00:00");
    }
    text
}
