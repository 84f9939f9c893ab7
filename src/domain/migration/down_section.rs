//! Migrations of other tools that hold their rollback too: a marker comment in the file, or a pair of files named `.up` and
//! `.down`. Applied as they are, both halves would run.

use crate::domain::sql::lexer::{Kind, tokens};
use crate::domain::sql::position::place;

/// The comments with which the sections of a file begin, in lower case, and the tools that write them.
struct Marker {
    tool: &'static str,
    up: Option<&'static str>,
    down: &'static str,
    /// Whether the comment holds nothing else: the words are ordinary ones.
    is_alone: bool,
}

const fn marker(tool: &'static str, up: &'static str, down: &'static str) -> Marker {
    Marker {
        tool,
        up: Some(up),
        down,
        is_alone: false,
    }
}

const MARKERS: [Marker; 5] = [
    marker("dbmate", "migrate:up", "migrate:down"),
    marker("goose", "+goose up", "+goose down"),
    marker("sql-migrate", "+migrate up", "+migrate down"),
    Marker {
        is_alone: true,
        ..marker("node-pg-migrate", "up migration", "down migration")
    },
    Marker {
        tool: "MyBatis Migrations",
        up: None,
        down: "//@undo",
        is_alone: false,
    },
];
/// The same for the words that take a file out of a transaction.
const WITHOUT_TRANSACTION: [&str; 3] = ["transaction:false", "no transaction", "notransaction"];

/// Where the rollback of a file begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownSection {
    /// The tool that writes such files.
    pub tool: &'static str,
    /// The marker comment, as it is in the file.
    pub marker: String,
    /// The marker's line, from 1 on.
    pub line: usize,
}

/// A marker comment of a file.
struct Section {
    tool: &'static str,
    is_down: bool,
    /// The byte at which the comment begins.
    start: usize,
    /// The byte at which the comment ends.
    end: usize,
    /// The byte after its line.
    body: usize,
}

/// The marker comments of a file, in their order.
fn sections(text: &str) -> impl Iterator<Item = Section> {
    comments(text).filter_map(|(words, token)| {
        let begins = |marker: &Marker, word: &str| {
            begins_with(&words, word) && (!marker.is_alone || words == word)
        };
        let (tool, is_down) = MARKERS.iter().find_map(|marker| {
            let is_down = begins(marker, marker.down);
            let is_up = || marker.up.is_some_and(|up| begins(marker, up));
            (is_down || is_up()).then_some((marker.tool, is_down))
        })?;
        let line = text[token.end..].find('\n');
        Some(Section {
            tool,
            is_down,
            start: token.start,
            end: token.end,
            body: line.map_or(text.len(), |at| token.end + at + 1),
        })
    })
}

/// Finds the marker of a rollback among the comments of a file.
pub fn find(text: &str) -> Option<DownSection> {
    let section = sections(text).find(|section| section.is_down)?;
    Some(DownSection {
        tool: section.tool,
        marker: text[section.start..section.end].trim_end().to_owned(),
        line: place(text, section.start).line,
    })
}

impl DownSection {
    /// The two halves as files of their own: the migration and its rollback, whichever comes first and however many sections
    /// each has. Where the tool would have run one outside a transaction, its first line says so.
    pub fn halves(&self, text: &str) -> (String, String) {
        let all: Vec<Section> = sections(text)
            .filter(|section| section.tool == self.tool)
            .collect();
        let begin = all.first().map_or(text.len(), |first| first.start);
        let mut up = text[..begin].to_owned();
        let mut down = String::new();
        let mut marker_says = false;
        for (at, section) in all.iter().enumerate() {
            let end = all.get(at + 1).map_or(text.len(), |next| next.start);
            if section.is_down {
                marker_says |= says_without_transaction(&text[section.start..section.end]);
                down.push_str(&text[section.body.min(end)..end]);
            } else {
                up.push_str(&text[section.start..end]);
            }
        }
        let up_says = comments(&up).any(|(words, _)| says_without_transaction(&words));
        // goose and sql-migrate say it once for the whole file, dbmate for each half.
        let is_whole = up_says && self.tool != "dbmate";
        (half(&up, up_says), half(&down, marker_says || is_whole))
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
    let has_any = ["migrate", "igration", "IGRATION", "goose", "@UNDO", "@undo"]
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

/// What tools with two files of one version put behind the name of the migration, and of its rollback: golang-migrate and sqlx,
/// and postgrator.
const ENDINGS: [(&str, &str); 2] = [(".up", ".down"), (".do", ".undo")];

/// The name of the migration of which a file named `x.down` or `x.undo` is the rollback.
pub fn rolled_back_by(name: &str) -> Option<&str> {
    ENDINGS
        .iter()
        .find_map(|(_, down)| name.strip_suffix(down))
        .filter(|name| !name.is_empty())
}

/// The name without the `.up` or `.do` that such tools put behind it.
pub fn plain_name(name: &str) -> &str {
    ENDINGS
        .iter()
        .find_map(|(up, _)| name.strip_suffix(up))
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
                "-- Up Migration\nselect 1;\n\n-- Down Migration\nselect 2;\n",
                "node-pg-migrate",
                4,
            ),
            (
                "-- +migrate Down\nselect 2;\n-- +migrate Up\nselect 1;\n",
                "sql-migrate",
                1,
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
            "-- Down migration is in rollback/\nselect 1;",
            "-- the down migration\nselect 1;",
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
        // Whichever comes first, and however often.
        for text in [
            "-- +migrate Down\nselect 'd';\n-- +migrate Up\nselect 'u';\n",
            "-- +migrate Up\nselect 'u';\n-- +migrate Down\nselect 'd';\n-- +migrate Up\nselect 'v';\n",
            "-- a note\nselect 'u';\n-- +migrate Down\nselect 'd';\n-- +migrate Up\n-- +migrate Down\nselect 'e';",
        ] {
            let (up, down) = halves(text);
            assert!(up.contains("'u'") && !up.contains("'d'"), "{up}");
            assert!(down.contains("'d'") && !down.contains("'u'"), "{down}");
            assert_eq!(up.contains("'v'"), text.contains("'v'"), "{up}");
            assert!(!down.contains("'v'"), "{down}");
            assert_eq!(down.contains("'e'"), text.contains("'e'"), "{down}");
        }
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
        assert_eq!(rolled_back_by("sessions.undo"), Some("sessions"));
        assert_eq!(plain_name("sessions.do"), "sessions");
        assert_eq!(rolled_back_by("count.downs"), None);
        assert_eq!(rolled_back_by(".down"), None);
        assert_eq!(plain_name("sessions.up"), "sessions");
        assert_eq!(plain_name("sessions"), "sessions");
    }
}
