//! What a record is about: the table, the row's id, and what else in the images names the row. It goes by the names of
//! the keys alone, so that it holds for the tables of any project.

use super::Record;
use crate::domain::text;
use serde_json::{Map, Value};

/// The most values that name a row besides its id.
const MOST_NAMES: usize = 4;
/// The most characters of one of them.
const LONGEST: usize = 160;

/// What a record is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// The table, as the action names it.
    pub table: Option<String>,
    /// The row's `id`.
    pub id: Option<String>,
    /// What else names the row: what people call it first, then what it belongs to.
    pub names: Vec<Name>,
}

/// A value of the row that says which one it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// Its key in the images.
    pub key: String,
    /// The value, on one line and harmless to draw.
    pub value: String,
}

impl About {
    /// The table and the row's id on one line, as far as they are known.
    pub fn row(&self) -> Option<String> {
        match (&self.table, &self.id) {
            (Some(table), Some(id)) => Some(format!("{table} {id}")),
            (one, other) => one.clone().or(other.clone()),
        }
    }
}

/// What the last word of a key says, the most telling first.
const TELLING: [&[&str]; 3] = [
    &[
        "title",
        "name",
        "label",
        "slug",
        "email",
        "description",
        "type",
        "kind",
    ],
    &["no", "nr", "number", "date"],
    &["id"],
];

impl Record {
    /// What the record is about. Values that changed are left to the difference, and the subject to its own line.
    pub fn about(&self) -> About {
        let before = self.before_state.as_ref().and_then(Value::as_object);
        let after = self.after_state.as_ref().and_then(Value::as_object);
        let table = self.action.rsplit_once('.').map(|(table, _)| table);
        let mut about = About {
            table: table.map(|table| text::cell(table).into_owned()),
            ..About::default()
        };
        let own = self.row_id.clone().map(Value::String);
        about.id = own.as_ref().and_then(plain);
        let Some(image) = before.or(after) else {
            return about;
        };
        about.id = about.id.or_else(|| image.get("id").and_then(plain));
        let stayed = |key: &str, value: &Value| match (before, after) {
            (Some(_), Some(after)) => after.get(key) == Some(value),
            _ => true,
        };
        about.names = names(image, self.subject_user_id.as_deref(), stayed);
        about
    }
}

fn names(
    image: &Map<String, Value>,
    subject: Option<&str>,
    stayed: impl Fn(&str, &Value) -> bool,
) -> Vec<Name> {
    let mut found: Vec<(usize, Name)> = Vec::new();
    for (key, value) in image {
        let Some(place) = place(key).filter(|_| stayed(key, value)) else {
            continue;
        };
        if let Some(value) = plain(value).filter(|value| Some(value.as_str()) != subject) {
            let key = text::cell(key).into_owned();
            found.push((place, Name { key, value }));
        }
    }
    found.sort_by_key(|(place, _)| *place);
    found.truncate(MOST_NAMES);
    found.into_iter().map(|(_, name)| name).collect()
}

/// How telling a key is; `None` for one that does not name its row. `id` alone is the row's own.
fn place(key: &str) -> Option<usize> {
    if key == "id" {
        return None;
    }
    // `goal_id`, and `goalId` as some projects write it.
    let start = key.rfind(|c: char| c == '_' || c.is_ascii_uppercase());
    let last = start.map_or(key, |at| key[at..].trim_start_matches('_'));
    let last = last.to_ascii_lowercase();
    TELLING
        .iter()
        .position(|words| words.contains(&last.as_str()))
}

/// A single value as people read it: a text without quotes, a number as it was written.
fn plain(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) if !text.trim().is_empty() => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Some(match text.char_indices().nth(LONGEST) {
        None => text::harmless(&text).into_owned(),
        Some((cut, _)) => format!("{}…", text::harmless(&text[..cut])),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn about(action: &str, before: Value, after: Value) -> (Option<String>, Vec<String>) {
        let image = |value: Value| (!value.is_null()).then_some(value);
        let record = Record {
            subject_user_id: Some("alice".into()),
            action: action.into(),
            before_state: image(before),
            after_state: image(after),
            ..Record::default()
        };
        let about = record.about();
        let row = about.row();
        let names = about.names.into_iter();
        (
            row,
            names
                .map(|name| format!("{}={}", name.key, name.value))
                .collect(),
        )
    }

    #[test]
    fn an_update_says_which_row_it_changed_without_repeating_the_change() {
        let (row, names) = about(
            "plan_item.update",
            json!({"id": "i", "qty": 2, "title": "Run", "plan_id": "p", "goal_id": "g", "week_no": 9, "user_id": "alice"}),
            json!({"id": "i", "qty": 0, "title": "Walk", "plan_id": "p", "goal_id": null, "week_no": 9, "user_id": "alice"}),
        );
        assert_eq!(row.as_deref(), Some("plan_item i"));
        assert_eq!(names, ["week_no=9", "plan_id=p"]);
    }

    #[test]
    fn what_people_call_a_row_comes_first_in_any_project() {
        let order = json!({"id": 7, "customerId": 12, "shipped": true, "items": [1], "order_number": "A-1", "customer_name": "Zoë\u{202e}", "holiday": "no"});
        let (row, names) = about("shop.order.insert", Value::Null, order);
        assert_eq!(row.as_deref(), Some("shop.order 7"));
        let expected = [
            "customer_name=Zoë\u{fffd}",
            "order_number=A-1",
            "customerId=12",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn a_record_without_images_is_about_its_table() {
        let nothing = about("session.start", Value::Null, Value::Null);
        assert_eq!(nothing, (Some("session".into()), Vec::new()));
        assert_eq!(about("login", Value::Null, json!([1])).0, None);
    }
}
