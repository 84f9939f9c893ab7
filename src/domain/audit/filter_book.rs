//! The filters of the audit trail that were typed in a project, by whom it was read as, so that nobody else's are called up. They may
//! hold personal data: few are kept, none that looks like a secret.

use crate::domain::hidden::holds_secret;
use crate::domain::identity::Identity;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most filters of one identity.
pub const MOST: usize = 100;
/// The most identities of a project; the one that typed nothing for the longest time goes first.
const MOST_IDENTITIES: usize = 20;
/// The longest filter that is kept, in bytes.
const LONGEST: usize = 1_000;

/// The filters of a project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FilterBook {
    /// The project's address: those of another project under the same profile are not its own.
    pub url: String,
    /// How many filters were typed so far.
    typed: u64,
    histories: BTreeMap<String, History>,
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
