//! Records as CSV and as a Markdown table. A value stays what it is, but for two things: text that a spreadsheet would
//! run as a formula gets an apostrophe in front, and in Markdown what would act on a terminal or break the table is escaped.

use crate::domain::audit::Summary;
use crate::domain::text;

/// The columns, by their names in the table.
const COLUMNS: [&str; 7] = [
    "id",
    "created_at",
    "actor_user_id",
    "actor_type",
    "subject_user_id",
    "action",
    "correlation_id",
];

fn cells(row: &Summary) -> [&str; 7] {
    fn optional(text: Option<&String>) -> &str {
        text.map_or("", String::as_str)
    }
    [
        &row.id,
        &row.created_at,
        optional(row.actor_user_id.as_ref()),
        &row.actor_type,
        optional(row.subject_user_id.as_ref()),
        &row.action,
        optional(row.correlation_id.as_ref()),
    ]
}

/// RFC 4180: a header, CRLF, quotes where they are needed.
pub fn csv(rows: &[Summary]) -> String {
    let mut out = COLUMNS.join(",");
    out.push_str("\r\n");
    for row in rows {
        let cells: Vec<_> = cells(row).iter().map(|cell| csv_cell(cell)).collect();
        out.push_str(&cells.join(","));
        out.push_str("\r\n");
    }
    out
}

/// Spreadsheets run cells that begin like this (OWASP, CSV Injection).
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

fn csv_cell(cell: &str) -> String {
    let guard = if cell.starts_with(FORMULA) { "'" } else { "" };
    if cell.contains(['"', ',', '\r', '\n']) {
        format!("\"{guard}{}\"", cell.replace('"', "\"\""))
    } else {
        format!("{guard}{cell}")
    }
}

/// A table of GitHub's Markdown.
pub fn markdown(rows: &[Summary]) -> String {
    let mut out = format!("| {} |\n", COLUMNS.join(" | "));
    out.push_str(&"| --- ".repeat(COLUMNS.len()));
    out.push_str("|\n");
    for row in rows {
        let cells: Vec<_> = cells(row).iter().map(|cell| markdown_cell(cell)).collect();
        out.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    out
}

fn markdown_cell(cell: &str) -> String {
    let mut out = String::with_capacity(cell.len());
    for c in text::harmless(cell).chars() {
        if matches!(c, '|' | '\\' | '`' | '*' | '<' | '>' | '[' | ']') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(action: &str) -> Summary {
        Summary {
            id: "1".into(),
            created_at: "2025-10-04T12:30:00+00:00".into(),
            actor_user_id: None,
            actor_type: "user".into(),
            subject_user_id: Some("2".into()),
            action: action.into(),
            correlation_id: None,
        }
    }

    #[test]
    fn csv_quotes_and_defuses() {
        let text = csv(&[row("a,\"b\""), row("=cmd|' /C calc'!A0"), row("@x\ny")]);
        assert_eq!(
            text,
            "id,created_at,actor_user_id,actor_type,subject_user_id,action,correlation_id\r\n\
             1,2025-10-04T12:30:00+00:00,,user,2,\"a,\"\"b\"\"\",\r\n\
             1,2025-10-04T12:30:00+00:00,,user,2,'=cmd|' /C calc'!A0,\r\n\
             1,2025-10-04T12:30:00+00:00,,user,2,\"'@x\ny\",\r\n"
        );
    }

    #[test]
    fn markdown_keeps_its_table() {
        let text = markdown(&[row("a|b\n<script>")]);
        let last = text.lines().last().unwrap();
        assert!(last.contains("a\\|b⏎\\<script\\>"), "{last}");
        assert_eq!(text.lines().count(), 3);
    }
}
