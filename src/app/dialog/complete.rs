//! What can be typed next into the filter of the audit list: keys, then values of the key, from what is held and known.

use crate::app::screen::request_groups::Rows;
use crate::domain::audit::action;
use crate::domain::audit::filter::{ALL_KEYS, quoted};
use crate::domain::audit::filter_book::FilterBook;
use crate::domain::audit::path::key_text;
use crate::domain::people::People;
use std::collections::BTreeSet;

/// The most proposals.
const MOST: usize = 24;

/// Proposals for the last word of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposals {
    /// The byte at which what they replace begins.
    pub start: usize,
    /// What can stand there, the most likely first.
    pub options: Vec<String>,
}

impl Proposals {
    /// Those of the options that go on from what is typed.
    pub(super) fn beginning_with(typed: &str, start: usize, all: Vec<String>) -> Self {
        let lower = typed.trim_start_matches('"').to_lowercase();
        let fits = |option: &String| {
            let option = option.trim_start_matches('"').to_lowercase();
            option.starts_with(&lower) && option != lower
        };
        Self {
            start,
            options: all.into_iter().filter(fits).take(MOST).collect(),
        }
    }
}

/// What proposals are made of.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// The rows that are held.
    pub rows: Option<&'a Rows>,
    /// Whose names are known.
    pub people: &'a People,
    /// The filters that have a name.
    pub book: &'a FilterBook,
}

/// Proposes how the text can go on.
pub fn propose(text: &str, from: Sources<'_>) -> Proposals {
    let word_start = last_word(text);
    let word = &text[word_start..];
    let sign = usize::from(word.starts_with('-'));
    let term = &word[sign..];
    let (start, typed, all) = match term.find([':', '=', '~', '>', '<']) {
        None => (word_start + sign, term, keys(term, from)),
        Some(colon) => {
            let values = &term[colon + 1..];
            let begin = values.rfind(',').map_or(0, |at| at + 1);
            let start = word_start + sign + colon + 1 + begin;
            let typed = &values[begin..];
            (start, typed, of_key(&term[..colon], typed, from))
        }
    };
    Proposals::beginning_with(typed, start, all)
}

/// Where the last word begins: behind the last white space outside quotes.
pub(super) fn last_word(text: &str) -> usize {
    let (mut start, mut is_quoted, mut is_escaped) = (0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            c if c.is_whitespace() && !is_quoted => start = at + c.len_utf8(),
            _ => {}
        }
    }
    start
}

fn keys(term: &str, from: Sources<'_>) -> Vec<String> {
    for side in ["before.", "after."] {
        if term.starts_with(side) {
            let fields = fields(from).into_iter();
            return fields.map(|field| format!("{side}{field}:")).collect();
        }
    }
    let keys = ALL_KEYS.iter().map(|spec| format!("{}:", spec.key));
    let saved = from.book.saved().map(|(name, _)| format!("@{name}"));
    keys.chain(["before.".to_owned(), "after.".to_owned()])
        .chain(saved)
        .collect()
}

fn of_key(key: &str, typed: &str, from: Sources<'_>) -> Vec<String> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    match key.to_ascii_lowercase().as_str() {
        "actor" | "subject" => {
            let mut people: Vec<String> = words(&["me", "none"]);
            // There may be many: only those that fit are looked at, one more than are shown since one may stand there already.
            let known = from.people.words_from(typed.trim_start_matches('"'));
            people.extend(known.take(MOST + 1).map(quoted));
            people
        }
        "action" => {
            let seen = rows(from).map(|row| row.action.as_str());
            let mut actions: BTreeSet<String> = action::known().collect();
            actions.extend(seen.map(quoted));
            let tables: BTreeSet<String> = actions
                .iter()
                .filter_map(|action| Some(format!("{}.*", action.rsplit_once('.')?.0)))
                .collect();
            tables.into_iter().chain(actions).collect()
        }
        "changed" => fields(from),
        "row" => {
            let seen = rows(from).filter_map(|row| row.story.table.as_deref());
            let tables: BTreeSet<&str> = seen.collect();
            tables
                .into_iter()
                .map(|table| format!("{table}/"))
                .collect()
        }
        "type" => words(&["user", "system", "ai"]),
        "since" | "until" => words(&["1h", "1d", "7d", "30d", "today", "yesterday"]),
        "on" => words(&["today", "yesterday"]),
        "request" => words(&["none"]),
        _ => Vec::new(),
    }
}

fn rows(from: Sources<'_>) -> impl Iterator<Item = &crate::domain::audit::Summary> {
    from.rows.into_iter().flatten()
}

/// The fields of rows that are held.
fn fields(from: Sources<'_>) -> Vec<String> {
    let changes = rows(from).flat_map(|row| &row.story.changes);
    // What is inside a field is left out.
    let fields = changes.map(|change| change.path.split(['.', '[']).next().unwrap_or_default());
    let plain = fields.filter(|field| !field.is_empty() && !field.contains('"'));
    let fields: BTreeSet<String> = plain.map(key_text).collect();
    fields.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::people::Known;

    fn proposed(text: &str) -> Vec<String> {
        let mut book = FilterBook::default();
        assert_eq!(book.save("week9", "actor:bob"), Ok(()));
        let mut people = People::new();
        for email in ["bob@example.com", "bea two@example.com"] {
            let known = Known {
                name: None,
                email: Some(email.to_owned()),
            };
            people.add(email, known);
        }
        let sources = Sources {
            rows: None,
            people: &people,
            book: &book,
        };
        let found = propose(text, sources);
        let start = &text[..found.start];
        found
            .options
            .iter()
            .map(|option| format!("{start}{option}"))
            .collect()
    }

    #[test]
    fn keys_come_first_then_what_the_key_takes() {
        assert_eq!(
            proposed("since:2h act"),
            ["since:2h actor:", "since:2h action:"]
        );
        assert_eq!(proposed("-actor:bo"), ["-actor:bob"]);
        assert_eq!(proposed("since:2h @"), ["since:2h @week9"]);
        assert_eq!(proposed("actor:me,be"), ["actor:me,\"bea two\""]);
        assert_eq!(proposed("action:plan_item.d"), ["action:plan_item.delete"]);
        assert!(proposed("action:plan").contains(&"action:plan_item.*".to_owned()));
        assert_eq!(proposed("type:s"), ["type:system"]);
        assert_eq!(proposed("type:system"), [""; 0]);
        assert!(proposed("").contains(&"changed:".to_owned()));
        assert!(proposed("text:\"deep wo").is_empty());
    }
}
