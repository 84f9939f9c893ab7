//! What a record changed, in a few words: for a cell of a table.

use super::Record;
use super::diff::{diff, window};

/// The most changes that are told one by one.
const MOST: usize = 5;
/// The most columns of one value.
const LONGEST: usize = 40;

impl Record {
    /// What changed, such as `qty: 2 → 0; notes: "" → "Paused"`. A row that came or went is told in two words.
    pub fn brief(&self) -> String {
        match (&self.before_state, &self.after_state) {
            (None, None) if self.lacks_images() => return "images not read".to_owned(),
            (None, None) => return String::new(),
            (None, Some(_)) => return "new row".to_owned(),
            (Some(_), None) => return "row removed".to_owned(),
            (Some(_), Some(_)) => {}
        }
        let difference = diff(self.before_state.as_ref(), self.after_state.as_ref());
        let lines = difference.lines(true);
        let more = lines.len().saturating_sub(MOST);
        let told = lines.iter().take(MOST).map(|line| {
            let (old, new) = (line.old.as_deref(), line.new.as_deref());
            let value = match (old, new) {
                (Some(old), Some(new)) => {
                    let (old, new) = window(old, new, (LONGEST, LONGEST), "…");
                    format!("{old} → {new}")
                }
                (None, Some(new)) => format!("{} added", cut(new)),
                (Some(old), None) => format!("{} removed", cut(old)),
                (None, None) => String::new(),
            };
            match line.path.as_str() {
                "" => value,
                path => format!("{path}: {value}"),
            }
        });
        let mut told: Vec<String> = told.collect();
        if more > 0 {
            told.push(format!("and {more} more"));
        }
        told.join("; ")
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn brief(before: Value, after: Value) -> String {
        let image = |value: Value| (!value.is_null()).then_some(value);
        let record = Record {
            before_state: image(before),
            after_state: image(after),
            ..Record::default()
        };
        record.brief()
    }

    #[test]
    fn a_change_is_told_without_what_changes_along_with_it() {
        let before = json!({"qty": 2, "notes": "", "updated_at": "a"});
        let after = json!({"qty": 0, "notes": "x".repeat(200), "updated_at": "b"});
        let text = brief(before.clone(), after);
        assert!(
            text.starts_with("qty: 2 → 0; notes: \"\" → \"xxx"),
            "{text}"
        );
        assert!(text.ends_with("x…") && text.chars().count() < 80, "{text}");
        let touched = json!({"qty": 2, "notes": "", "updated_at": "b"});
        assert_eq!(brief(before, touched), "updated_at: \"a\" → \"b\"");
    }

    #[test]
    fn many_changes_are_counted_and_whole_rows_are_two_words() {
        let wide = |value: u8| {
            (0..9)
                .map(|n| (format!("k{n}"), json!(value)))
                .collect::<Value>()
        };
        assert!(brief(wide(1), wide(2)).ends_with("k4: 1 → 2; and 4 more"));
        assert_eq!(brief(Value::Null, json!({"a": 1})), "new row");
        assert_eq!(brief(json!({"a": 1}), Value::Null), "row removed");
    }
}
