//! The journal as it is shown, whatever columns its table has by now.

use super::quote::dollar;
use crate::domain::migration::journal::Line;
use crate::domain::problem::{Kind, Problem};
use serde_json::Value;

/// What failed where the journal cannot be read.
pub(in crate::adapters) const UNREADABLE: &str = "The journal cannot be read.";

/// The rows of [`lines`].
pub(in crate::adapters) fn read(rows: Vec<Vec<Option<String>>>) -> Vec<Line> {
    rows.into_iter()
        .filter_map(|row| row.into_iter().next().flatten())
        .map(|json| line(&json))
        .collect()
}

/// The journal is there and this role may not read it.
pub(in crate::adapters) fn denied() -> Problem {
    Problem::new(
        Kind::Denied,
        UNREADABLE,
        "This role may not read supabase_migrations.supadeck_journal.",
    )
    .with_code("42501")
    .with_hint("Use the database URL of the role that applies the migrations, or have `select` on it granted.")
}

/// One JSON object a line, so that more columns and fewer do no harm. Times are in UTC, whatever the role's zone is.
pub(in crate::adapters) fn lines(limit: u32, version: Option<&str>) -> String {
    let of = version.map_or_else(String::new, |version| {
        format!("where version = {} ", dollar(version))
    });
    format!(
        "select pg_catalog.to_jsonb(j) || pg_catalog.jsonb_build_object('took_ms', \
        pg_catalog.round(extract(epoch from finished - started) * 1000), \
        'runs', outcome = 'running' and exists ({})) \
        from supabase_migrations.supadeck_journal j {of}order by id desc limit {limit}",
        crate::adapters::sql::lock::lock_pids(
            " and k.pid = (pg_catalog.to_jsonb(j) ->> 'keeper')::pg_catalog.int4"
        )
    )
}

/// Reads one line. What a column does not hold is left out.
fn line(json: &str) -> Line {
    let value: Value = serde_json::from_str(json).unwrap_or_default();
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    Line {
        version: text("version").unwrap_or_default(),
        direction: text("direction").unwrap_or_default(),
        outcome: match text("outcome").unwrap_or_default() {
            outcome if outcome == "running" && value["runs"] == false => "lost".to_owned(),
            outcome => outcome,
        },
        who: text("who").unwrap_or_default(),
        host: text("host"),
        started: text("started").and_then(|time| time.parse().ok()),
        took_ms: value["took_ms"].as_f64().map(|ms| ms.max(0.0) as u64),
        failing_statement: value["failing_statement"].as_u64(),
        error: text("error"),
        sha256: text("sha256"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_any_columns_is_read() {
        let full = line(
            r#"{"id":1,"version":"1","direction":"apply","outcome":"failed","who":"a as b","host":"h","started":"2026-01-02T03:04:05.5+02:00","took_ms":12.0,"failing_statement":3,"error":"No.","sha256":"ff","position":7}"#,
        );
        assert_eq!(full.started.unwrap().to_string(), "2026-01-02T01:04:05.5Z");
        assert_eq!((full.took_ms, full.failing_statement), (Some(12), Some(3)));
        let bare = line(r#"{"version":"1"}"#);
        assert_eq!((bare.version.as_str(), bare.started), ("1", None));
        assert_eq!(line("nonsense"), Line::default());
    }
}
