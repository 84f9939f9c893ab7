//! Reads the words of Postgres out of the text that the Management API gives for an error.
//!
//! The API specifies no form. What it has been seen to send is psql's: `ERROR:  42P07: relation … already exists`,
//! then perhaps `LINE 3: …` with a caret under it, `DETAIL:  …`, `HINT:  …`, `CONTEXT:  …`, with words of its own in front.

/// What stands between the message and its sections.
const SECTIONS: [&str; 5] = ["LINE ", "DETAIL:  ", "HINT:  ", "QUERY:  ", "CONTEXT:  "];

/// The server's words about an error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ErrorText {
    /// Whether the server closed the session with it, so that what went before may have been committed.
    pub(super) is_fatal: bool,
    /// SQLSTATE.
    pub(super) code: String,
    pub(super) message: String,
    pub(super) detail: Option<String>,
    pub(super) hint: Option<String>,
    pub(super) context: Option<String>,
    /// The line of the query, from 1, its text, and the column in it, from 1.
    pub(super) place: Option<(usize, String, usize)>,
}

impl ErrorText {
    /// Reads a text; `None` when there is no SQLSTATE in it, so that it may be anybody's.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (is_fatal, code, rest) = start(text)?;
        let mut said = Self {
            is_fatal: is_fatal || matches!(&code[..2], "08" | "57") && code != "57014",
            code: code.to_owned(),
            ..Self::default()
        };
        let mut lines = rest.lines().peekable();
        let mut section = "";
        while let Some(line) = lines.next() {
            let found = SECTIONS.iter().find(|word| line.starts_with(**word));
            if let Some(word) = found {
                section = word;
            }
            let text = found.map_or(line, |word| &line[word.len()..]);
            let place = match section {
                "" => &mut said.message,
                "DETAIL:  " => said.detail.get_or_insert_default(),
                "HINT:  " => said.hint.get_or_insert_default(),
                "CONTEXT:  " => said.context.get_or_insert_default(),
                "LINE " if said.place.is_none() => {
                    said.place = lines.peek().and_then(|under| place(text, under));
                    continue;
                }
                _ => continue,
            };
            if !place.is_empty() {
                place.push('\n');
            }
            place.push_str(text);
        }
        said.message.truncate(said.message.trim_end().len());
        Some(said)
    }

    /// The character of the query, from 1, that the server pointed at, if it speaks of the same query.
    pub(super) fn character(&self, sql: &str) -> Option<usize> {
        let (number, text, column) = self.place.as_ref()?;
        let mut start = 0;
        for (index, line) in sql.split('\n').enumerate() {
            if index + 1 == *number {
                // The API may put something of its own in front of the first line.
                return (line.trim_end_matches('\r') == text.trim_end_matches('\r'))
                    .then(|| start + column);
            }
            start += line.chars().count() + 1;
        }
        None
    }
}

/// Severity, SQLSTATE and what follows.
fn start(text: &str) -> Option<(bool, &str, &str)> {
    let words = ["ERROR:", "FATAL:", "PANIC:"];
    let mut found: Vec<_> = words
        .iter()
        .flat_map(|word| text.match_indices(word))
        .collect();
    found.sort_unstable();
    found.into_iter().find_map(|(at, word)| {
        let rest = text[at + word.len()..].trim_start_matches(' ');
        let code = rest.get(..5)?;
        let is_code = code
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
        let rest = rest[5..].strip_prefix(": ")?;
        is_code.then_some((word != "ERROR:", code, rest))
    })
}

/// `3: select` with the caret's line under it. The caret stands below its character, behind `LINE 3: `.
fn place(text: &str, under: &str) -> Option<(usize, String, usize)> {
    let (number, line) = text.split_once(": ")?;
    let caret = under.chars().position(|c| c == '^')?;
    let before = "LINE ".len() + number.len() + 2;
    let column = caret.checked_sub(before)? + 1;
    Some((number.parse().ok()?, line.to_owned(), column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_that_the_api_has_been_seen_to_send_is_read() {
        let text = "Failed to run sql query: ERROR:  42P01: relation \"b\" does not exist\nLINE 2: select * from b\n                      ^\nDETAIL:  one\ntwo\nHINT:  Make it.\nCONTEXT:  SQL statement\n";
        let said = ErrorText::parse(text).unwrap();
        assert_eq!((said.code.as_str(), said.is_fatal), ("42P01", false));
        assert_eq!(said.message, "relation \"b\" does not exist");
        assert_eq!(said.detail.as_deref(), Some("one\ntwo"));
        assert_eq!(said.hint.as_deref(), Some("Make it."));
        assert_eq!(said.context.as_deref(), Some("SQL statement"));
        let sql = "begin;ä\nselect * from b\n;";
        let character = said.character(sql).unwrap();
        assert_eq!(sql.chars().nth(character - 1), Some('b'));
        assert_eq!(said.character("begin;\nselect * from c\n;"), None);
    }

    #[test]
    fn what_ends_the_session_may_have_been_committed() {
        for (text, is_fatal) in [
            ("FATAL:  57P01: terminating connection", true),
            ("ERROR:  57P01: terminating connection", true),
            ("ERROR:  08006: connection failure", true),
            (
                "ERROR:  57014: canceling statement due to user request",
                false,
            ),
        ] {
            assert_eq!(
                ErrorText::parse(text).map(|said| said.is_fatal),
                Some(is_fatal),
                "{text}"
            );
        }
    }

    #[test]
    fn a_text_without_a_code_is_nobodys() {
        for text in [
            "",
            "ERROR",
            "ERROR:",
            "ERROR:  42P0",
            "ERROR:  relation is there",
            "Connection terminated unexpectedly",
            "ERROR:  42p01: x",
            "ERROR:  ä",
        ] {
            assert_eq!(ErrorText::parse(text), None, "{text}");
        }
        let said = ErrorText::parse("ERROR: no code. ERROR:  22012: division by zero").unwrap();
        assert_eq!(said.code, "22012");
    }
}
