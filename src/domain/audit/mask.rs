//! What an export leaves out: values of records that match a mask are replaced by a word.
//!
//! A mask is a path: `before.email` and `after.email` in one image, `*.email` in both and at any depth, `after.address.*.street` with any
//! levels in between, `after.list[0]`, `after."a.b"`. Or it is the name of a column that may hold what one keeps to oneself.

use super::Record;
use super::path::{WrittenStep, read_steps};
use crate::domain::problem::{Kind, Problem};
use crate::domain::text;
use serde_json::{Map, Value};

/// What stands in the place of a value.
pub const WORD: &str = "[masked]";

/// The columns that can be masked as a whole. The others are what a record is found and proven by.
const COLUMNS: [&str; 8] = [
    "actor_user_id",
    "subject_user_id",
    "before_state",
    "after_state",
    "rationale",
    "correlation_id",
    "source_ip",
    "user_agent",
];

/// One mask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    /// As it was written.
    text: String,
    what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Column(&'static str),
    Path {
        before: bool,
        after: bool,
        levels: Vec<MaskLevel>,
    },
}

/// A level of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum MaskLevel {
    Key(String),
    Index(usize),
    /// Any levels, none at the beginning included.
    Any,
}

impl Mask {
    /// Reads a mask; a fault says what would be right.
    pub fn read(mask: &str) -> Result<Self, Problem> {
        let written = mask.trim();
        if let Some(column) = COLUMNS.iter().find(|column| **column == written) {
            return Ok(Self {
                text: written.to_owned(),
                what: What::Column(column),
            });
        }
        let wrong = |why: &str| {
            Problem::new(
                Kind::Usage,
                format!("`{}` is no mask.", text::cell(written)),
                why,
            )
            .with_hint(format!(
                "Write `*.password`, `after.email`, `before.address.*.street`, or one of the columns {}.",
                COLUMNS.join(", ")
            ))
        };
        let (side, path) = written
            .split_once('.')
            .ok_or_else(|| wrong("It names neither an image with a field nor a column."))?;
        let (before, after) = match side {
            "before" | "before_state" => (true, false),
            "after" | "after_state" => (false, true),
            "*" => (true, true),
            _ => return Err(wrong("A mask begins with `before.`, `after.` or `*.`.")),
        };
        let mut levels = Vec::new();
        if side == "*" {
            levels.push(MaskLevel::Any);
        }
        let read = read_levels(path);
        levels.extend(read.ok_or_else(|| wrong("The path behind the image cannot be read."))?);
        if matches!(levels.last(), None | Some(MaskLevel::Any)) {
            return Err(wrong("A mask ends with the field that is masked."));
        }
        Ok(Self {
            text: written.to_owned(),
            what: What::Path {
                before,
                after,
                levels,
            },
        })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The same in a record whose columns are known.
    pub fn apply_to(&self, record: &mut Record) -> bool {
        let image = |image: &mut Option<Value>, levels: &[MaskLevel]| {
            let value = image.as_mut().filter(|value| !value.is_null());
            value.is_some_and(|value| mask_within(value, levels))
        };
        match &self.what {
            What::Path {
                before,
                after,
                levels,
            } => {
                let in_before = *before && image(&mut record.before_state, levels);
                let in_after = *after && image(&mut record.after_state, levels);
                in_before || in_after
            }
            What::Column("before_state") => image(&mut record.before_state, &[]),
            What::Column("after_state") => image(&mut record.after_state, &[]),
            What::Column(column) => {
                let place = match *column {
                    "actor_user_id" => &mut record.actor_user_id,
                    "subject_user_id" => &mut record.subject_user_id,
                    "rationale" => &mut record.rationale,
                    "correlation_id" => &mut record.correlation_id,
                    "source_ip" => &mut record.source_ip,
                    "user_agent" => &mut record.user_agent,
                    _ => return false,
                };
                let is_there = place.is_some();
                *place = is_there.then(|| WORD.to_owned());
                is_there
            }
        }
    }

    /// Replaces what it matches in a record; tells whether that was anything.
    pub fn apply(&self, record: &mut Map<String, Value>) -> bool {
        let mut within = |column: &str, levels: &[MaskLevel]| {
            let value = record.get_mut(column).filter(|value| !value.is_null());
            value.is_some_and(|value| mask_within(value, levels))
        };
        match &self.what {
            What::Column(column) => within(column, &[]),
            What::Path {
                before,
                after,
                levels,
            } => {
                let in_before = *before && within("before_state", levels);
                let in_after = *after && within("after_state", levels);
                in_before || in_after
            }
        }
    }
}

/// The levels of `a."b.c"[0].*.d`.
fn read_levels(path: &str) -> Option<Vec<MaskLevel>> {
    let (steps, rest) = read_steps(path).ok()?;
    let level = |step| match step {
        WrittenStep::Key(key, _) => Some(MaskLevel::Key(key)),
        WrittenStep::Index(index) => Some(MaskLevel::Index(index)),
        WrittenStep::Any => Some(MaskLevel::Any),
        // Where an element was and where it is are not one place.
        WrittenStep::Moved(..) => None,
    };
    let levels = steps.into_iter().map(level).collect::<Option<_>>()?;
    rest.is_empty().then_some(levels)
}

/// Replaces what lies at the end of the levels. Images are as deep as what is read of them, which is bounded.
fn mask_within(value: &mut Value, levels: &[MaskLevel]) -> bool {
    let Some((level, rest)) = levels.split_first() else {
        *value = WORD.into();
        return true;
    };
    match level {
        MaskLevel::Key(key) => match value {
            Value::Object(members) => members
                .get_mut(key)
                .is_some_and(|inner| mask_within(inner, rest)),
            // `list.0` is an element too, as it is in a filter.
            Value::Array(items) => key
                .parse()
                .ok()
                .and_then(|index: usize| items.get_mut(index))
                .is_some_and(|inner| mask_within(inner, rest)),
            _ => false,
        },
        MaskLevel::Index(index) => match value {
            Value::Array(items) => items
                .get_mut(*index)
                .is_some_and(|inner| mask_within(inner, rest)),
            _ => false,
        },
        MaskLevel::Any => {
            // Here, or somewhere below.
            let mut found = mask_within(value, rest);
            match value {
                Value::Object(members) => {
                    for inner in members.values_mut() {
                        found |= mask_within(inner, levels);
                    }
                }
                Value::Array(items) => {
                    for inner in items {
                        found |= mask_within(inner, levels);
                    }
                }
                _ => {}
            }
            found
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn masked(mask: &str, before: &Value, after: &Value) -> (Value, Value) {
        let mut record = json!({"before_state": before, "after_state": after});
        Mask::read(mask)
            .unwrap()
            .apply(record.as_object_mut().unwrap());
        (record["before_state"].take(), record["after_state"].take())
    }

    #[test]
    fn a_mask_replaces_what_it_names_and_nothing_else() {
        let image = || json!({"email": "a@b", "password": "x", "list": [{"password": "y", "n": 1}, 2], "a.b": {"c": {"password": null}}});
        let w = WORD;
        for (mask, before, after) in [
            (
                "after.email",
                image(),
                json!({"email": w, "password": "x", "list": [{"password": "y", "n": 1}, 2], "a.b": {"c": {"password": null}}}),
            ),
            (
                "*.password",
                json!({"email": "a@b", "password": w, "list": [{"password": w, "n": 1}, 2], "a.b": {"c": {"password": w}}}),
                json!({"email": "a@b", "password": w, "list": [{"password": w, "n": 1}, 2], "a.b": {"c": {"password": w}}}),
            ),
            (
                "before.list[0].n",
                json!({"email": "a@b", "password": "x", "list": [{"password": "y", "n": w}, 2], "a.b": {"c": {"password": null}}}),
                image(),
            ),
            (
                "before.list",
                json!({"email": "a@b", "password": "x", "list": w, "a.b": {"c": {"password": null}}}),
                image(),
            ),
            (
                r#"after."a.b".c"#,
                image(),
                json!({"email": "a@b", "password": "x", "list": [{"password": "y", "n": 1}, 2], "a.b": {"c": w}}),
            ),
            (
                "after.list.*.n",
                image(),
                json!({"email": "a@b", "password": "x", "list": [{"password": "y", "n": w}, 2], "a.b": {"c": {"password": null}}}),
            ),
            (
                "before.list.0.n",
                json!({"email": "a@b", "password": "x", "list": [{"password": "y", "n": w}, 2], "a.b": {"c": {"password": null}}}),
                image(),
            ),
            ("after.list[5]", image(), image()),
            ("after.email.deeper", image(), image()),
            ("*.none", image(), image()),
        ] {
            assert_eq!(masked(mask, &image(), &image()), (before, after), "{mask}");
        }
    }

    #[test]
    fn columns_are_masked_where_they_have_a_value() {
        let mut record = json!({"source_ip": "203.0.113.1", "after_state": {}, "before_state": null, "rationale": null});
        for (column, is_there) in [
            ("source_ip", true),
            ("rationale", false),
            ("after_state", true),
            ("before_state", false),
            ("user_agent", false),
        ] {
            let found = Mask::read(column)
                .unwrap()
                .apply(record.as_object_mut().unwrap());
            assert_eq!(found, is_there, "{column}");
        }
        let expected = json!({"source_ip": WORD, "after_state": WORD, "before_state": null, "rationale": null});
        assert_eq!(record, expected);
    }

    #[test]
    fn a_record_is_masked_as_its_columns_are() {
        let record = Record {
            actor_user_id: Some("a".into()),
            source_ip: Some("203.0.113.1".into()),
            before_state: Some(json!({"email": "x", "list": [{"email": "y"}]})),
            after_state: Some(json!({"email": "z"})),
            ..Record::default()
        };
        for mask in COLUMNS
            .into_iter()
            .chain(["*.email", "before.list[0].email", "after.none"])
        {
            let mask = Mask::read(mask).unwrap();
            let mut columns = serde_json::to_value(&record).unwrap();
            let mut whole = record.clone();
            let found = mask.apply(columns.as_object_mut().unwrap());
            assert_eq!(mask.apply_to(&mut whole), found, "{}", mask.text());
            assert_eq!(
                serde_json::to_value(&whole).unwrap(),
                columns,
                "{}",
                mask.text()
            );
        }
    }

    #[test]
    fn what_is_no_mask_is_refused() {
        for mask in [
            "",
            "password",
            "id",
            "created_at",
            "action",
            "after.",
            "*.*",
            "after.*",
            "middle.x",
            "after..x",
            "after.a[",
            "*",
        ] {
            let problem = Mask::read(mask).unwrap_err();
            assert!(
                problem.kind == Kind::Usage && problem.hint.is_some(),
                "{mask}"
            );
        }
    }
}
