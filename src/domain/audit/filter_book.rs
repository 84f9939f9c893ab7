//! The filters of the audit trail that were typed in a project, by whom it was read as, so that nobody else's are called up, and those
//! that were given a name. They may hold personal data: few are kept, none that looks like a secret.
//!
//! In a filter `@NAME` stands for the one of that name. The line `@NAME = FILTER` gives it the name, and `@NAME =` takes the name away.

use crate::domain::filter::text::words;
use crate::domain::hidden::holds_secret;
use crate::domain::identity::Identity;
use crate::domain::plural::listed;
use crate::domain::problem::{Kind, Problem};
use crate::domain::text;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The most filters of one identity.
pub const MOST: usize = 100;
/// The most identities of a project; the one that typed nothing for the longest time goes first.
const MOST_IDENTITIES: usize = 20;
/// The longest filter that is kept, in bytes.
const LONGEST: usize = 1_000;
/// The most filters with a name.
const MOST_NAMES: usize = 100;
/// The longest name, in characters.
const LONGEST_NAME: usize = 40;

/// The filters of a project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FilterBook {
    /// The project's address: those of another project under the same profile are not its own.
    pub url: String,
    /// How many filters were typed so far.
    typed: u64,
    histories: BTreeMap<String, History>,
    /// The filters that have a name.
    saved: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct History {
    /// When the newest was typed, by the number of filters.
    at: u64,
    /// The newest last.
    filters: Vec<String>,
}

/// What stands for an identity in a file: no name and no address.
pub fn identity_key(who: &Identity) -> String {
    match who {
        Identity::Anon => "anon".to_owned(),
        Identity::Service => "service".to_owned(),
        // What was looked for as somebody else is no filter of theirs.
        Identity::User(user) if user.is_acted => format!("acted:{}", user.id),
        Identity::User(user) => format!("user:{}", user.id),
    }
}

/// The name and the filter of a line that gives a filter a name; the filter is empty where the name is taken away.
pub fn naming(line: &str) -> Option<(&str, &str)> {
    let (name, filter) = line.trim().strip_prefix('@')?.split_once('=')?;
    let name = name.trim_end();
    (!name.contains(char::is_whitespace)).then(|| (name, filter.trim()))
}

/// Whether a filter has words that stand for others.
pub fn has_names(filter: &str) -> bool {
    words(filter).is_ok_and(|words| words.iter().any(|word| word.text.starts_with('@')))
}

impl FilterBook {
    /// An empty one for a project.
    pub fn of(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            ..Self::default()
        }
    }

    /// The filters that were typed as this identity, the newest last.
    pub fn history(&self, key: &str) -> &[String] {
        let found = self.histories.get(key);
        found.map_or(&[], |history| history.filters.as_slice())
    }

    /// The filters that have a name, with their names.
    pub fn saved(&self) -> impl Iterator<Item = (&str, &str)> {
        self.saved
            .iter()
            .map(|(name, filter)| (name.as_str(), filter.as_str()))
    }

    /// Gives a filter a name, which another one may have had.
    pub fn save(&mut self, name: &str, filter: &str) -> Result<(), Problem> {
        let is_letter = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        let length = name.chars().count();
        let refused = |what: String, why: &str| Err(Problem::new(Kind::Usage, what, why));
        if !(1..=LONGEST_NAME).contains(&length) || !name.chars().all(is_letter) {
            return refused(
                format!("`@{}` is not a name for a filter.", text::cell(name)),
                "A name has up to 40 letters, digits, `_`, `-` and `.`.",
            );
        }
        if filter.len() > LONGEST || filter.contains(['\n', '\r', '\0']) {
            return refused(
                "The filter is too long to be saved.".to_owned(),
                "It has more than 1,000 bytes.",
            );
        }
        if holds_secret(filter) {
            return refused(
                "The filter is not saved.".to_owned(),
                "It holds what looks like a key or a password.",
            );
        }
        if self.saved.len() >= MOST_NAMES && !self.saved.contains_key(name) {
            return refused(
                "The filter is not saved.".to_owned(),
                "There are 100 with a name already; `@NAME =` takes one away.",
            );
        }
        self.saved.insert(name.to_owned(), filter.to_owned());
        Ok(())
    }

    /// Takes a name away.
    pub fn forget(&mut self, name: &str) -> Result<(), Problem> {
        match self.saved.remove(name) {
            Some(_) => Ok(()),
            None => Err(self.unknown(name)),
        }
    }

    /// A filter with the saved ones in place of their names.
    pub fn expanded<'a>(&self, filter: &'a str) -> Result<Cow<'a, str>, Problem> {
        if !has_names(filter) {
            return Ok(Cow::Borrowed(filter));
        }
        let words = words(filter).map_err(|fault| fault.problem)?;
        let words = words
            .into_iter()
            .map(|word| match word.text.strip_prefix('@') {
                None => Ok(word.text),
                Some(name) => match self.saved.get(name) {
                    Some(filter) => Ok(filter.clone()),
                    None => Err(self.unknown(name)),
                },
            });
        Ok(Cow::Owned(words.collect::<Result<Vec<_>, _>>()?.join(" ")))
    }

    fn unknown(&self, name: &str) -> Problem {
        let names: Vec<String> = self.saved.keys().map(|name| format!("@{name}")).collect();
        let why = match names.as_slice() {
            [] => "No filter of this project has a name.".to_owned(),
            names => format!("There are {}.", listed(names)),
        };
        let what = format!("No filter is called `@{}`.", text::cell(name));
        Problem::new(Kind::Usage, what, why)
            .with_hint("On the Audit screen `/` and `@NAME = FILTER` saves one.")
    }

    /// Keeps a filter as the newest of an identity. False where it may not be kept.
    pub fn remember(&mut self, key: &str, filter: &str) -> bool {
        let is_one_line = !filter.contains(['\n', '\r', '\0']);
        let is_fine = (1..=LONGEST).contains(&filter.len()) && is_one_line;
        if !is_fine || holds_secret(filter) {
            return false;
        }
        self.typed += 1;
        let history = self.histories.entry(key.to_owned()).or_default();
        history.at = self.typed;
        history.filters.retain(|kept| kept != filter);
        history.filters.push(filter.to_owned());
        let excess = history.filters.len().saturating_sub(MOST);
        history.filters.drain(..excess);
        while self.histories.len() > MOST_IDENTITIES {
            let oldest = self.histories.iter().min_by_key(|(_, history)| history.at);
            let Some(key) = oldest.map(|(key, _)| key.clone()) else {
                break;
            };
            self.histories.remove(&key);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::identity::User;

    #[test]
    fn each_identity_calls_up_its_own_and_what_looks_like_a_secret_is_kept_of_none() {
        let user = |id: &str| {
            let id = id.to_owned();
            identity_key(&Identity::User(User {
                id,
                email: "alice@example.com".into(),
                ..User::default()
            }))
        };
        let mut book = FilterBook::of("http://h");
        for filter in ["changed:qty", "actor:bob", "changed:qty"] {
            assert!(book.remember(&user("1"), filter));
        }
        assert_eq!(book.history(&user("1")), ["actor:bob", "changed:qty"]);
        for other in [
            user("2"),
            identity_key(&Identity::Anon),
            identity_key(&Identity::Service),
        ] {
            assert!(book.history(&other).is_empty(), "{other}");
        }
        let long = "a".repeat(LONGEST + 1);
        let secret = format!("after.key:sb_secret_{}", "a1B2".repeat(8));
        for refused in [
            "",
            "a\nb",
            &long,
            &secret,
            "after.url:postgresql://a:hunter2@h/d",
        ] {
            assert!(!book.remember(&user("1"), refused), "{refused}");
        }
        let text = serde_json::to_string(&book).unwrap_or_default();
        assert!(
            !text.contains("hunter2") && !text.contains("alice@"),
            "{text}"
        );
    }

    #[test]
    fn a_name_stands_for_a_filter_and_can_be_taken_away() {
        assert_eq!(
            naming(" @week9 = actor:bob changed:qty "),
            Some(("week9", "actor:bob changed:qty"))
        );
        assert_eq!(naming("@week9="), Some(("week9", "")));
        for none in [
            "@week9 after.qty>=3",
            "after.a:\"@x =\"",
            "@week9",
            "week9 = x",
        ] {
            assert_eq!(naming(none), None, "{none}");
        }
        let mut book = FilterBook::of("http://h");
        assert_eq!(book.save("week9", "actor:bob text:\"@x y\""), Ok(()));
        assert_eq!(
            book.expanded("since:2d @week9").as_deref(),
            Ok("since:2d actor:bob text:\"@x y\"")
        );
        for plain in ["actor:bob", "text:\"@week9\"", "\"open"] {
            assert_eq!(book.expanded(plain).as_deref(), Ok(plain));
        }
        let unknown = book
            .expanded("@week\u{1b}8")
            .err()
            .map(|problem| problem.to_string());
        let unknown = unknown.unwrap_or_default();
        assert!(
            unknown.contains("There are @week9.") && !unknown.contains('\u{1b}'),
            "{unknown}"
        );
        let secret = format!("after.key:sb_secret_{}", "a1B2".repeat(8));
        let long = "a".repeat(LONGEST + 1);
        for (name, filter) in [
            ("", "a:b"),
            ("a b", "a:b"),
            ("a=b", "a:b"),
            ("x", &secret),
            ("x", &long),
        ] {
            assert!(book.save(name, filter).is_err(), "{name} {filter}");
        }
        let text = serde_json::to_string(&book).unwrap_or_default();
        let read: FilterBook = serde_json::from_str(&text).unwrap_or_default();
        assert_eq!(read.saved().count(), 1);
        assert_eq!(book.forget("week9"), Ok(()));
        assert!(book.forget("week9").is_err() && book.expanded("@week9").is_err());
        for at in 0..MOST_NAMES {
            assert_eq!(book.save(&format!("n{at}"), "a:b"), Ok(()));
        }
        assert!(book.save("more", "a:b").is_err() && book.save("n1", "c:d").is_ok());
    }

    #[test]
    fn a_book_stays_small() {
        let mut book = FilterBook::default();
        for who in 0..60 {
            for filter in 0..150 {
                book.remember(&format!("user:{who}"), &format!("row:t/{filter}"));
            }
        }
        assert_eq!(book.histories.len(), MOST_IDENTITIES);
        assert!(book.history("user:0").is_empty());
        assert_eq!(book.history("user:59").len(), MOST);
        assert_eq!(
            book.history("user:59").last().map(String::as_str),
            Some("row:t/149")
        );
    }
}
