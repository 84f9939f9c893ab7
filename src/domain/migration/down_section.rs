//! Migrations of other tools that hold their rollback too: a marker comment in the file, or a pair of files named `.up` and
//! `.down`. Applied as they are, both halves would run.

use crate::domain::sql::lexer::{Kind, tokens};
use crate::domain::sql::position::place;

/// The comments with which the second half begins, in lower case, and the tools that write them.
const MARKERS: [(&str, &str); 4] = [
    ("migrate:down", "dbmate"),
    ("+goose down", "goose"),
    ("+migrate down", "sql-migrate"),
    ("//@undo", "MyBatis Migrations"),
];
/// The same for the words that take a file out of a transaction.
const WITHOUT_TRANSACTION: [&str; 3] = ["transaction:false", "no transaction", "notransaction"];

/// Where the second half of a file begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownSection {
    /// The tool that writes such files.
    pub tool: &'static str,
    /// The marker comment, as it is in the file.
    pub marker: String,
    /// The marker's line, from 1 on.
    pub line: usize,
    /// The byte at which the marker begins, and the one after its line.
    at: (usize, usize),
}

/// Finds the marker of a second half among the comments of a file.
pub fn find(text: &str) -> Option<DownSection> {
    let (tool, token) = comments(text).find_map(|(words, token)| {
        let found = MARKERS
            .iter()
            .find(|(marker, _)| begins_with(&words, marker));
        found.map(|(_, tool)| (*tool, token))
    })?;
    let end = text[token.end..]
        .find('\n')
        .map_or(text.len(), |at| token.end + at + 1);
    Some(DownSection {
        tool,
        marker: text[token.start..token.end].trim_end().to_owned(),
        line: place(text, token.start).line,
        at: (token.start, end),
    })
}

impl DownSection {
    /// The two halves as files of their own: the migration and its rollback. Where the tool would have run one outside a
    /// transaction, its first line says so.
    pub fn halves(&self, text: &str) -> (String, String) {
        let up = &text[..self.at.0];
        let down = &text[self.at.1..];
        let marker_says = says_without_transaction(&self.marker);
        let up_says = comments(up).any(|(words, _)| says_without_transaction(&words));
        // goose and sql-migrate say it once for the whole file, dbmate for each half.
        let is_whole = up_says && self.tool != "dbmate";
        (half(up, up_says), half(down, marker_says || is_whole))
    }
}

fn half(text: &str, without_transaction: bool) -> String {
    let directive = if without_transaction {
        "-- supadeck: no-transaction\n"
    } else {
        ""
    };
    format!(
        "{directive}{}\n",
        text.trim_matches(['\n', '\r', ' ', '\t'])
    )
}

fn says_without_transaction(words: &str) -> bool {
    let words = words.to_lowercase();
    WITHOUT_TRANSACTION.iter().any(|one| words.contains(one))
        && (words.contains("goose") || words.contains("migrate"))
}

/// The comments that take the rest of a line, without their dashes and in lower case.
fn comments(text: &str) -> impl Iterator<Item = (String, crate::domain::sql::lexer::Token)> {
    // Most files have no such word anywhere.
    let has_any = ["migrate", "goose", "@UNDO", "@undo"]
        .iter()
        .any(|word| text.contains(word));
    let tokens = has_any.then(|| tokens(text)).into_iter().flatten();
    tokens
        .filter(|token| token.kind == Kind::LineComment)
        .map(|token| {
            let words = text[token.start..token.end].trim_start_matches('-').trim();
            (words.to_lowercase(), token)
        })
}

fn begins_with(words: &str, marker: &str) -> bool {
    words.strip_prefix(marker).is_some_and(|rest| {
        rest.chars()
            .next()
            .is_none_or(|c| !c.is_alphanumeric() && c != '_')
    })
}

/// The name of the migration of which a file named `x.down` is the rollback.
pub fn rolled_back_by(name: &str) -> Option<&str> {
    name.strip_suffix(".down").filter(|name| !name.is_empty())
}

/// The name without the `.up` that golang-migrate and sqlx put behind it.
pub fn plain_name(name: &str) -> &str {
    name.strip_suffix(".up")
        .filter(|name| !name.is_empty())
        .unwrap_or(name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_markers_of_other_tools_are_found_in_comments_only() {
        for (text, tool, line) in [
            (
                "-- migrate:up\ncreate table a ();\n\n-- migrate:down\ndrop table a;\n",
                "dbmate",
                4,
            ),
            (
                "-- +goose Up\nselect 1;\n-- +goose Down\nselect 2;\n",
                "goose",
                3,
            ),
            (
                "-- +migrate Up\nselect 1;\n-- +migrate Down\n",
                "sql-migrate",
                3,
            ),
            ("select 1;\n--//@UNDO\nselect 2;\n", "MyBatis Migrations", 2),
            (
                "select 1;\r\n-- //@UNDO\r\nselect 2;\r\n",
                "MyBatis Migrations",
                2,
            ),
            (
                "select 1; --migrate:down transaction:false\nselect 2;",
                "dbmate",
                1,
            ),
        ] {
            let found = find(text).unwrap();
            assert_eq!((found.tool, found.line), (tool, line), "{text}");
        }
        for text in [
            "select '-- migrate:down';",
            "select $$\n-- +goose Down\n$$;",
            "/* -- migrate:down */ select 1;",
            "-- migrate:downtown\nselect 1;",
            "-- see migrate:down below\nselect 1;",
            "-- migrate:up\nselect 1;",
            "",
        ] {
            assert_eq!(find(text), None, "{text}");
        }
    }

    #[test]
    fn the_halves_are_files_of_their_own() {
        let halves = |text: &str| find(text).unwrap().halves(text);
        let text = "-- migrate:up\ncreate table a ();\n\n-- migrate:down\n\ndrop table a;\n";
        let wanted = (
            "-- migrate:up\ncreate table a ();\n".to_owned(),
            "drop table a;\n".to_owned(),
        );
        assert_eq!(halves(text), wanted);
        let (up, down) = halves(
            "-- +goose NO TRANSACTION\n-- +goose Up\nselect 1;\n-- +goose Down\nselect 2;\n",
        );
        assert!(up.starts_with("-- supadeck: no-transaction\n"), "{up}");
        assert_eq!(down, "-- supadeck: no-transaction\nselect 2;\n");
        let (up, down) =
            halves("-- migrate:up\nselect 1;\n-- migrate:down transaction:false\nselect 2;\n");
        assert!(!up.contains("no-transaction") && down.contains("no-transaction"));
    }

    #[test]
    fn a_pair_is_told_by_its_names() {
        assert_eq!(rolled_back_by("sessions.down"), Some("sessions"));
        assert_eq!(rolled_back_by("count.downs"), None);
        assert_eq!(rolled_back_by(".down"), None);
        assert_eq!(plain_name("sessions.up"), "sessions");
        assert_eq!(plain_name("sessions"), "sessions");
    }
}
