//! Records as CSV and as a Markdown table. CSV holds every column of the record, for a program or a spreadsheet; Markdown
//! holds what a person looks for. A value stays what it is, but for two things: text that a spreadsheet would run as a
//! formula gets an apostrophe in front, and in Markdown what would act on a terminal is made harmless.

use super::actor::{actor, person};
use crate::domain::audit::Record;
use crate::domain::audit::export::COLUMNS;
use crate::domain::identity::Identity;
use crate::domain::moment::{Form, printed};
use crate::domain::people::People;
use crate::domain::{csv, markdown};
use serde_json::Value;
use std::borrow::Cow;

/// How many columns the list has; an export has those that came later too.
const LISTED: usize = 12;

/// The columns of Markdown. `row` and `changed` are told in a few words, the others are columns of the table.
const TOLD: [&str; 8] = [
    "created_at",
    "action",
    "row",
    "changed",
    "rationale",
    "actor",
    "subject",
    "id",
];

/// The cells of the first columns of [`COLUMNS`]: those of a record in the list.
fn cells(record: &Record) -> [Cow<'_, str>; LISTED] {
    fn optional(text: Option<&String>) -> Cow<'_, str> {
        Cow::Borrowed(text.map_or("", String::as_str))
    }
    fn image(value: Option<&Value>) -> Cow<'_, str> {
        value.map_or(Cow::Borrowed(""), |value| Cow::Owned(value.to_string()))
    }
    [
        Cow::Borrowed(&record.id),
        Cow::Borrowed(&record.created_at),
        optional(record.actor_user_id.as_ref()),
        Cow::Borrowed(&record.actor_type),
        optional(record.subject_user_id.as_ref()),
        Cow::Borrowed(&record.action),
        image(record.before_state.as_ref()),
        image(record.after_state.as_ref()),
        optional(record.rationale.as_ref()),
        optional(record.correlation_id.as_ref()),
        optional(record.source_ip.as_ref()),
        optional(record.user_agent.as_ref()),
    ]
}

/// The heading of CSV.
pub fn csv_head() -> String {
    csv::record(&COLUMNS[..LISTED])
}

/// A record as a line of CSV; the images are JSON text.
pub fn csv(record: &Record) -> String {
    csv::record(&cells(record))
}

/// The heading of a table of GitHub's Markdown.
pub fn markdown_head() -> String {
    let rule = "| --- ".repeat(TOLD.len());
    format!("| {} |\n{rule}|\n", TOLD.join(" | "))
}

/// A record as a row of the table.
pub fn markdown(record: &Record, people: &People) -> String {
    let about = record.about();
    let names = about.names.iter();
    let names = names.map(|name| format!("{} {}", name.key, name.value));
    let row: Vec<String> = about.row().into_iter().chain(names).collect();
    let nobody = (&Identity::Anon, people);
    let id = record.actor_user_id.as_deref();
    let actor = actor(&record.actor_type, id, nobody);
    let subject = record.subject_user_id.as_deref();
    let subject = subject.map_or_else(String::new, |id| person(id, nobody));
    let (row, brief) = (row.join(", "), record.brief());
    let told = |text: &Option<String>| text.clone().unwrap_or_default();
    markdown::row(&[
        printed(&record.created_at, Form::Detail),
        record.action.clone(),
        row,
        brief,
        told(&record.rationale),
        actor,
        subject,
        record.id.clone(),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record(action: &str, rationale: &str) -> Record {
        Record {
            id: "1".into(),
            created_at: "2025-10-04T12:30:00+00:00".into(),
            actor_type: "user".into(),
            subject_user_id: Some("2".into()),
            action: action.into(),
            before_state: Some(json!({"id": 7, "qty": 1, "notes": "a,\"b\"", "plan_id": 9})),
            after_state: Some(json!({"id": 7, "qty": 2, "notes": "a,\"b\"", "plan_id": 9})),
            rationale: Some(rationale.into()),
            ..Record::default()
        }
    }

    #[test]
    fn csv_holds_every_column_quotes_and_defuses() {
        let head = csv_head();
        let whole = serde_json::to_value(record("", "")).unwrap();
        let columns: Vec<_> = whole.as_object().unwrap().keys().cloned().collect();
        assert_eq!(head.trim_end(), columns.join(","));
        let image =
            |qty| format!(r#""{{""id"":7,""qty"":{qty},""notes"":""a,\""b\"""",""plan_id"":9}}""#);
        let (before, after) = (image(1), image(2));
        for (rationale, cell) in [
            ("a,\"b\"", "\"a,\"\"b\"\"\""),
            ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
            ("@x\ny", "\"'@x\ny\""),
        ] {
            assert_eq!(
                csv(&record("task.update", rationale)),
                format!(
                    "1,2025-10-04T12:30:00+00:00,,user,2,task.update,{before},{after},{cell},,,\r\n"
                )
            );
        }
    }

    #[test]
    fn markdown_tells_row_change_and_reason_and_keeps_its_table() {
        let head = markdown_head();
        let row = markdown(&record("plan_item.update", "a|b\n<script>"), &People::new());
        assert_eq!(head.lines().count() + row.lines().count(), 3);
        for told in [
            "| 2025-10-04 12:30:00 UTC | plan_item.update | plan_item 7, plan_id 9 | qty: 1 → 2 |",
            "| a\\|b⏎\\<script\\> |",
        ] {
            assert!(row.contains(told), "{row}");
        }
        let bars = |line: &str| line.replace("\\|", "").matches('|').count();
        assert_eq!(bars(head.lines().next().unwrap()), bars(&row));
    }
}
