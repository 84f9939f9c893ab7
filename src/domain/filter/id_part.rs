//! A UUID in a filter, or its beginning as lists show it.

/// The longest UUID, with its dashes.
const UUID: usize = 36;
/// So many characters of an id are shown in lists, and are enough in a filter.
const SHOWN: usize = 8;

/// A UUID in lower case, or its first eight and more characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdPart(String);

impl IdPart {
    /// Reads a UUID or the beginning of one, as it is shown: eight characters at least.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(id) = uuid::Uuid::try_parse(text) {
            return Some(Self(id.to_string()));
        }
        let text = text.to_ascii_lowercase();
        let fits = |(at, c): (usize, char)| match at {
            8 | 13 | 18 | 23 => c == '-',
            _ => c.is_ascii_hexdigit(),
        };
        let is_part = (SHOWN..UUID).contains(&text.len()) && text.char_indices().all(fits);
        is_part.then_some(Self(text))
    }

    /// The id, where all of it is known.
    pub fn whole(&self) -> Option<&str> {
        (self.0.len() == UUID).then_some(&self.0)
    }

    /// What is known of it.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The least and the greatest id that begin so.
    pub fn bounds(&self) -> (String, String) {
        let filled = |digit: &str| {
            let form = "00000000-0000-0000-0000-000000000000";
            let rest = form.get(self.0.len()..).unwrap_or_default();
            format!("{}{}", self.0, rest.replace('0', digit))
        };
        (filled("0"), filled("f"))
    }
}
