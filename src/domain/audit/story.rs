//! What a record tells in one line of the list: which row, and what changed in it. It is made where the page is read, so that
//! the list holds a few words of each record and no image.

use super::Record;
use super::about::Name;
use super::diff::{diff, window};
use crate::domain::text;
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

/// The most changes that are kept.
const MOST: usize = 8;
/// The most columns of a value that is kept.
const LONGEST: usize = 48;
/// A value of more columns is left out before the name of another change is.
const SHORT: usize = 24;

/// What was done to the row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Deed {
    /// It came.
    Insert,
    /// It went.
    Delete,
    /// It changed, or something else was done.
    #[default]
    Other,
}

/// A record in a few words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Story {
    /// What was done.
    pub deed: Deed,
    /// What was done, where the deed has no word of its own: `unlock`; or that what changed could not be read.
    pub verb: Option<String>,
    /// The table, as the action names it.
    pub table: Option<String>,
    /// The row's `id`.
    pub id: Option<String>,
    /// What else names the row.
    pub names: Vec<Name>,
    /// What changed; of a row that came or went, what it holds.
    pub changes: Vec<FieldChange>,
    /// How many more changes there are.
    pub more: usize,
    /// The reason, where there is one.
    pub reason: Option<String>,
}

/// One field of a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// Where.
    pub path: String,
    /// The value before.
    pub old: Option<String>,
    /// The value after.
    pub new: Option<String>,
}

impl Record {
    /// The record in a few words.
    pub fn story(&self) -> Story {
        let about = self.about();
        let deed = match (&self.before_state, &self.after_state) {
            (None, Some(_)) => Deed::Insert,
            (Some(_), None) => Deed::Delete,
            _ => Deed::Other,
        };
        let verb = self.action.rsplit('.').next().unwrap_or_default();
        let is_plain = matches!(verb, "insert" | "update" | "delete");
        let names: Vec<Name> = about.names.into_iter().map(cut_name).collect();
        let (changes, more) = match (deed, &self.before_state, &self.after_state) {
            (Deed::Insert, _, Some(image)) | (Deed::Delete, Some(image), _) => gist(image, &names),
            _ => changes(self),
        };
        Story {
            deed,
            verb: match verb {
                verb if self.lacks_images() => Some(format!("{verb}, images not read")),
                verb if is_plain || verb.is_empty() => None,
                verb => Some(text::cell(verb).into_owned()),
            },
            table: about.table,
            id: about.id,
            names,
            changes,
            more,
            reason: self
                .rationale
                .as_deref()
                .map(|reason| cut(&text::cell(reason))),
        }
    }
}

fn changes(record: &Record) -> (Vec<FieldChange>, usize) {
    let difference = diff(record.before_state.as_ref(), record.after_state.as_ref());
    let lines = difference.lines(true);
    let more = lines.len().saturating_sub(MOST);
    let kept = lines.into_iter().take(MOST).map(|line| {
        let (old, new) = match (line.old, line.new) {
            (Some(old), Some(new)) => {
                let (old, new) = window(&bare(&old), &bare(&new), (LONGEST, LONGEST), "…");
                (Some(old), Some(new))
            }
            (old, new) => (
                old.map(|old| cut(&bare(&old))),
                new.map(|new| cut(&bare(&new))),
            ),
        };
        FieldChange {
            path: cut(&line.path),
            old,
            new,
        }
    });
    (kept.collect(), more)
}

/// What a row that came or went holds: single values that say something and are not told by its names.
fn gist(image: &Value, names: &[Name]) -> (Vec<FieldChange>, usize) {
    let Some(map) = image.as_object() else {
        return (Vec::new(), 0);
    };
    let tells = |(key, value): &(&String, &Value)| {
        let is_empty = match value {
            Value::Null | Value::Bool(false) => true,
            Value::String(text) => text.trim().is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(map) => map.is_empty(),
            _ => false,
        };
        let is_named = names.iter().any(|name| name.key == **key);
        let is_bound = *key == "id" || key.ends_with("_id") || key.ends_with("_at");
        !is_empty && !is_named && !is_bound
    };
    let told: Vec<_> = map.iter().filter(tells).collect();
    let kept = told.iter().take(MOST).map(|(key, value)| FieldChange {
        path: cut(&super::path::key_text(key)),
        old: None,
        new: Some(match value {
            Value::String(text) => cut(&text::cell(text)),
            Value::Array(_) | Value::Object(_) => "…".to_owned(),
            leaf => cut(&leaf.to_string()),
        }),
    });
    (kept.collect(), told.len().saturating_sub(MOST))
}

/// A text without its quotes, where it cannot be taken for anything else.
fn bare(value: &str) -> String {
    let inner = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let is_word = |text: &&str| {
        let is_taken = matches!(*text, "null" | "true" | "false")
            || serde_json::from_str::<serde_json::Number>(text).is_ok();
        !text.trim().is_empty() && !is_taken && !text.contains(['"', '\\', '→', ','])
    };
    inner.filter(is_word).unwrap_or(value).to_owned()
}

fn cut_name(name: Name) -> Name {
    Name {
        key: name.key,
        value: cut(&name.value),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}

impl Story {
    /// What changed in so many columns: names of fields first, then as many values as there is room for, then the reason.
    /// What has no room is counted.
    pub fn change(&self, columns: usize, arrow: &str) -> String {
        let head = match (self.deed, &self.verb) {
            (_, Some(verb)) => verb.as_str(),
            (Deed::Insert, None) => "new",
            (Deed::Delete, None) => "deleted",
            (Deed::Other, None) => "",
        };
        let glue = if head.is_empty() || self.changes.is_empty() {
            ""
        } else {
            ": "
        };
        let start = format!("{head}{glue}");
        let mut room = columns.saturating_sub(start.width());
        let count = self.changes.len();
        // As many names as there is room for, beside the number of the others.
        let mut shown = count;
        let names = |shown: usize| -> usize {
            let names = self.changes.iter().take(shown).map(|one| one.path.width());
            names.sum::<usize>() + 2 * shown.saturating_sub(1)
        };
        let rest = |shown: usize| {
            let left = self.more + count - shown;
            if left == 0 {
                String::new()
            } else {
                format!(", +{left}")
            }
        };
        // The first field tells its value too, where that is short: a value says more than a name.
        let first = self.changes.first().map_or(0, |one| {
            let value = one.text(arrow).width().saturating_sub(one.path.width());
            if value <= SHORT { value } else { 0 }
        });
        while shown > 1 && names(shown) + rest(shown).width() + first > room {
            shown -= 1;
        }
        room = room.saturating_sub(names(shown) + rest(shown).width());
        // Short values first, then the long ones, each in its order.
        let mut parts: Vec<String> = self
            .changes
            .iter()
            .take(shown)
            .map(|one| one.path.clone())
            .collect();
        for most in [SHORT, usize::MAX] {
            for (part, one) in parts.iter_mut().zip(&self.changes) {
                let long = one.text(arrow);
                let need = long.width().saturating_sub(part.width());
                if long.width() <= most.saturating_add(one.path.width()) && need > 0 && need <= room
                {
                    room -= need;
                    *part = long;
                }
            }
        }
        let mut out = format!("{start}{}{}", parts.join(", "), rest(shown));
        if let Some(reason) = &self.reason {
            let told = format!(" “{reason}”");
            if out.width() + told.width() <= columns {
                out.push_str(told.trim_start_matches(if out.is_empty() { " " } else { "" }));
            }
        }
        out
    }
}

impl FieldChange {
    /// The field with its values: `qty 2→0`, `tags[1] -b`.
    fn text(&self, arrow: &str) -> String {
        let path = &self.path;
        match (&self.old, &self.new) {
            (Some(old), Some(new)) => format!("{path} {old}{arrow}{new}"),
            (Some(old), None) => format!("{path} -{old}"),
            (None, Some(new)) => format!("{path} {new}"),
            (None, None) => path.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn story(action: &str, before: Value, after: Value) -> Story {
        let image = |value: Value| (!value.is_null()).then_some(value);
        let record = Record {
            action: action.into(),
            before_state: image(before),
            after_state: image(after),
            ..Record::default()
        };
        record.story()
    }

    #[test]
    fn an_update_tells_names_and_as_many_values_as_there_is_room_for() {
        let before = json!({"id": 7, "qty": 2, "notes": "old words ".repeat(9), "status": "planned", "updated_at": 1});
        let after = json!({"id": 7, "qty": 0, "notes": "new words ".repeat(9), "status": "done", "updated_at": 2});
        let story = story("task.update", before, after);
        for (columns, text) in [
            (10, "qty, +2"),
            (11, "qty 2→0, +2"),
            (19, "qty 2→0, notes, +1"),
            (22, "qty 2→0, notes, status"),
            (50, "qty 2→0, notes, status planned→done"),
        ] {
            assert_eq!(story.change(columns, "→"), text, "{columns}");
        }
        assert!(
            story.change(200, "→").contains("notes old words"),
            "{}",
            story.change(200, "→")
        );
    }

    #[test]
    fn a_row_that_came_or_went_tells_what_it_held() {
        let row = json!({"id": 7, "qty": 2, "unit": "km", "notes": "", "plan_id": "p", "title": "Run", "created_at": "x", "done": false});
        let new = story("task.insert", Value::Null, row.clone());
        assert_eq!(new.change(40, "→"), "new: qty 2, unit km");
        assert_eq!(new.names[0].value, "Run");
        let gone = story("task.delete", row, Value::Null);
        assert_eq!(gone.change(16, "→"), "deleted: qty, +1");
        let touched = story(
            "weekly_plan.unlock",
            json!({"until": null}),
            json!({"until": "12:00"}),
        );
        assert_eq!(touched.change(60, "→"), "unlock: until null→12:00");
        let unread = story("task.update", Value::Null, Value::Null);
        assert_eq!(unread.change(60, "→"), "update, images not read");
        assert_eq!(
            story("login", Value::Null, Value::Null).change(60, "→"),
            "login"
        );
    }

    #[test]
    fn a_text_that_reads_like_something_else_keeps_its_quotes() {
        let story = story(
            "a.update",
            json!({"v": "3", "w": "", "x": "a,b"}),
            json!({"v": 3, "w": " ", "x": "c"}),
        );
        assert_eq!(story.change(60, "→"), r#"v "3"→3, w ""→" ", x "a,b"→c"#);
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_its_room(columns in 12_usize..90, keys in prop::collection::btree_map("[a-z]{1,9}", ".{0,30}", 0..12)) {
            let before: Value = keys.keys().map(|key| (key.clone(), json!(null))).collect();
            let after: Value = keys.into_iter().map(|(key, value)| (key, json!(value))).collect();
            let story = story("task.update", before, after);
            let text = story.change(columns, "→");
            prop_assert!(text.width() <= columns.max(16), "{} {text}", columns);
        }
    }
}
