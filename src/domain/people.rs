//! The people whose names are known here, beside their ids: who reads, who is signed in, and whom the project tells of.

use super::near::edits;
use super::problem::Problem;
use super::text;
use std::collections::BTreeMap;

/// The most people that are kept.
pub const MOST: usize = 20_000;
/// The most people that one name may stand for in a filter.
pub const MOST_OF_A_NAME: usize = 20;

/// What is known of somebody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// The name that people use.
    pub name: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
}

/// People by their ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct People {
    by_id: BTreeMap<String, Known>,
    /// How many have an address with this part before its host.
    locals: BTreeMap<String, usize>,
    /// What can be typed for somebody, in lower case and as it is, and for how many.
    words: BTreeMap<(String, String), usize>,
}

/// Who was told of, and why others were not.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PeopleTold {
    /// Whose names are known.
    pub people: People,
    /// Why the names of others are not.
    pub problems: Vec<Problem>,
}

impl People {
    /// Nobody.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many are known.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether nobody is known.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Adds what is known of somebody; what was known before and is not told now stays. Names are made harmless to draw.
    pub fn add(&mut self, id: &str, known: Known) {
        let clean = |text: Option<String>| {
            let text = text.map(|text| text::cell(text.trim()).into_owned());
            text.filter(|text| !text.is_empty())
        };
        let (name, email) = (clean(known.name), clean(known.email));
        let id = id.to_ascii_lowercase();
        if (name.is_none() && email.is_none())
            || (self.by_id.len() >= MOST && !self.by_id.contains_key(&id))
        {
            return;
        }
        let entry = self.by_id.entry(id).or_default();
        if let Some(name) = name {
            let old = entry.name.replace(name.clone());
            replace_word(&mut self.words, old.as_deref(), &name);
        }
        let Some(email) = email else { return };
        let old = entry.email.replace(email.clone());
        replace_word(&mut self.words, old.as_deref().map(local), local(&email));
        if let Some(count) = old.and_then(|old| self.locals.get_mut(&local(&old).to_lowercase())) {
            *count = count.saturating_sub(1);
        }
        *self.locals.entry(local(&email).to_lowercase()).or_default() += 1;
    }

    /// Adds all that others know.
    pub fn extend(&mut self, others: Self) {
        for (id, known) in others.by_id {
            self.add(&id, known);
        }
    }

    /// What people call somebody: the name, else the e-mail address.
    pub fn called(&self, id: &str) -> Option<&str> {
        let known = self.by_id.get(id)?;
        known.name.as_deref().or(known.email.as_deref())
    }

    /// The same in little room: an address without its host, where nobody else is called so.
    pub fn called_briefly(&self, id: &str) -> Option<&str> {
        let known = self.by_id.get(id)?;
        if let Some(name) = &known.name {
            return Some(name);
        }
        let email = known.email.as_deref()?;
        let local = local(email);
        let others = self.locals.get(&local.to_lowercase());
        Some(if others == Some(&1) { local } else { email })
    }

    /// The ids of those whom a text means: a whole name or address first, then the part of an address before its host,
    /// then one of the words of a name, then the beginning of any of these. Case does not matter.
    pub fn find(&self, typed: &str) -> Vec<&str> {
        let typed = typed.trim().to_lowercase();
        if typed.is_empty() {
            return Vec::new();
        }
        let ways: [fn(&str, &str) -> bool; 4] = [
            |known, typed| known == typed,
            |known, typed| known.contains('@') && local(known) == typed,
            |known, typed| !known.contains('@') && known.split_whitespace().any(|w| w == typed),
            |known, typed| known.starts_with(typed),
        ];
        for way in ways {
            let fits = |known: &Known| {
                let texts = [&known.name, &known.email].into_iter().flatten();
                let mut texts = texts.map(|text| text.to_lowercase());
                texts.any(|text| way(&text, &typed))
            };
            let found: Vec<&str> = self
                .by_id
                .iter()
                .filter(|(_, known)| fits(known))
                .map(|(id, _)| id.as_str())
                .collect();
            if !found.is_empty() {
                return found;
            }
        }
        Vec::new()
    }

    /// The name that is nearest to one that nobody has.
    pub fn meant(&self, typed: &str) -> Option<&str> {
        let typed = typed.to_lowercase();
        let most = (typed.chars().count() / 3).clamp(1, 3);
        self.words()
            .map(|word| (edits(&typed, &word.to_lowercase()), word))
            .filter(|(edits, _)| *edits <= most)
            .min_by_key(|(edits, _)| *edits)
            .map(|(_, word)| word)
    }

    /// What can be typed for somebody: names, and addresses without their hosts; each once, in the order of the alphabet.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.words.keys().map(|(_, word)| word.as_str())
    }

    /// Those of them that begin so, without regard to case. What else is known is not looked at.
    pub fn words_from<'a>(&'a self, start: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let start = start.to_lowercase();
        let from = (start.clone(), String::new());
        let rest = self.words.range(from..).map(|(key, _)| key);
        rest.take_while(move |(lower, _)| lower.starts_with(&start))
            .map(|(_, word)| word.as_str())
    }
}

/// Somebody is called otherwise.
fn replace_word(words: &mut BTreeMap<(String, String), usize>, old: Option<&str>, new: &str) {
    let key = |word: &str| (word.to_lowercase(), word.to_owned());
    if let Some(old) = old.map(key)
        && let Some(count) = words.get_mut(&old)
    {
        *count -= 1;
        if *count == 0 {
            words.remove(&old);
        }
    }
    *words.entry(key(new)).or_default() += 1;
}

fn local(email: &str) -> &str {
    email.split_once('@').map_or(email, |(local, _)| local)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people() -> People {
        let mut people = People::new();
        let mut add = |id: &str, name: &str, email: &str| {
            let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            let (name, email) = (some(name), some(email));
            people.add(id, Known { name, email });
        };
        add("1", "", "bob@example.com");
        add("2", "Alice Liddell", "alice@example.com");
        add("3", "", "alice@example.org");
        add("4", "Bobby\u{1b}[2J", "");
        people
    }

    #[test]
    fn the_closest_reading_of_a_name_wins() {
        let people = people();
        for (typed, ids) in [
            ("bob", vec!["1"]),
            ("BOB@example.com", vec!["1"]),
            ("alice", vec!["2", "3"]),
            ("liddell", vec!["2"]),
            ("Alice Lid", vec!["2"]),
            ("bobb", vec!["4"]),
            ("carol", vec![]),
            (" ", vec![]),
        ] {
            assert_eq!(people.find(typed), ids, "{typed}");
        }
        assert_eq!(people.meant("bpb"), Some("bob"));
        assert_eq!(people.meant("zzzzz"), None);
    }

    #[test]
    fn a_name_is_short_where_nobody_else_has_it_and_never_hostile() {
        let people = people();
        assert_eq!(people.called("1"), Some("bob@example.com"));
        assert_eq!(people.called_briefly("1"), Some("bob"));
        assert_eq!(people.called_briefly("3"), Some("alice@example.org"));
        assert!(!people.called("4").unwrap_or_default().contains('\u{1b}'));
        assert_eq!(people.called("9"), None);
    }

    #[test]
    fn what_is_told_later_adds_to_what_is_known() {
        let mut people = people();
        let name = Some("Bob Stone".to_owned());
        people.add("1", Known { name, email: None });
        assert_eq!(people.called("1"), Some("Bob Stone"));
        assert_eq!(people.find("bob@example.com"), ["1"]);
        people.add("5", Known::default());
        assert_eq!(people.len(), 4);
    }

    #[test]
    fn words_are_found_by_their_beginning_and_follow_what_is_known() {
        let mut people = people();
        let from = |people: &People, start: &str| -> Vec<String> {
            people.words_from(start).map(str::to_owned).collect()
        };
        assert_eq!(from(&people, "AL"), ["alice", "Alice Liddell"]);
        assert_eq!(from(&people, "bob"), ["bob", "Bobby␛[2J"]);
        let name = Some("Alice Hargreaves".to_owned());
        let email = Some("ah@example.com".to_owned());
        people.add("2", Known { name, email });
        // One alice is left: 3.
        assert_eq!(from(&people, "al"), ["alice", "Alice Hargreaves"]);
        assert_eq!(from(&people, "a").len(), 3);
        let all: Vec<&str> = people.words().collect();
        assert_eq!(all.len(), from(&people, "").len());
    }
}
