//! The table of rules: one entry each, with its level, its reason, the safer way and an example.
//! Findings, allow comments and `docs/risk.md` all read it; which statement breaks a rule is decided in `read`.

mod access;
mod loss;
mod outside;
mod unread;
mod waiting;

pub use access::*;
pub use loss::*;
pub use outside::*;
pub use unread::*;
pub use waiting::*;

use super::Level;

/// The rules of every file.
static EVERY: [&[&Rule]; 5] = [
    loss::ALL,
    access::ALL,
    waiting::ALL,
    unread::ALL,
    outside::ALL,
];

/// Something that a statement can do and that somebody should know before it runs.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// In kebab-case; stable, because allow comments hold it.
    pub name: &'static str,
    /// How severe it is.
    pub level: Level,
    /// What happens; `{}` stands for the object.
    pub reason: &'static str,
    /// How to write it more safely, where there is such a way.
    pub safer: Option<&'static str>,
    /// A file that breaks the rule.
    pub example: &'static str,
}

impl Rule {
    /// The reason with the object in it.
    pub fn reason_for(&self, object: &str) -> String {
        self.reason.replace("{}", object)
    }
}

/// Every rule, the worst level first, by name within a level.
pub fn all() -> Vec<&'static Rule> {
    let mut all: Vec<&'static Rule> = EVERY.concat();
    all.sort_by_key(|rule| (std::cmp::Reverse(rule.level), rule.name));
    all
}

/// The rule with a name.
pub fn named(name: &str) -> Option<&'static Rule> {
    EVERY
        .into_iter()
        .flatten()
        .copied()
        .find(|rule| rule.name == name)
}

/// Defines the rules of one file and the list of them all, so that none can be left out of it.
macro_rules! rules {
    ($($id:ident: $level:ident $name:literal, $reason:literal, $safer:expr, $example:literal;)*) => {
        $(
            #[doc = concat!("`", $name, "`")]
            pub static $id: $crate::domain::risk::rule::Rule = $crate::domain::risk::rule::Rule {
                name: $name,
                level: $crate::domain::risk::Level::$level,
                reason: $reason,
                safer: $safer,
                example: $example,
            };
        )*
        /// The rules of this file.
        pub(super) static ALL: &[&$crate::domain::risk::rule::Rule] = &[$(&$id),*];
    };
}
use rules;
