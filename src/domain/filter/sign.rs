//! The sign between a key and its value.

/// How a value of a row is compared. `!=` is `:` in a term that takes what does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Test {
    /// `:` equal; numbers by value.
    Is,
    /// `>`.
    Above,
    /// `>=`.
    AtLeast,
    /// `<`.
    Below,
    /// `<=`.
    AtMost,
    /// `~` contains, without regard to case; `*` is any run of characters.
    Contains,
}

impl Test {
    /// The sign in a filter.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Is => ":",
            Self::Above => ">",
            Self::AtLeast => ">=",
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Contains => "~",
        }
    }
}

/// Reads the sign that a text begins with: as it stands there, how it compares, and what follows.
pub fn read_sign(text: &str) -> Option<(&'static str, Test, &str)> {
    let signs = [
        ("!=", Test::Is),
        (">=", Test::AtLeast),
        ("<=", Test::AtMost),
        (">", Test::Above),
        ("<", Test::Below),
        ("~", Test::Contains),
        (":", Test::Is),
        ("=", Test::Is),
    ];
    signs
        .into_iter()
        .find_map(|(sign, test)| Some((sign, test, text.strip_prefix(sign)?)))
}
