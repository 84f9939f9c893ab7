//! The table of rules: one entry each, with its level, its reason, the safer way and an example.
//! Findings, allow comments and `docs/risk.md` all read it; which statement breaks a rule is decided in `read`.

mod access;
mod define;
mod loss;
mod outside;
mod unread;
mod waiting;

pub use access::*;
pub use define::Rule;
pub use loss::*;
pub use outside::*;
pub use unread::*;
pub use waiting::*;

/// The rules of every file.
static EVERY: [&[&Rule]; 5] = [
    loss::ALL,
    access::ALL,
    waiting::ALL,
    unread::ALL,
    outside::ALL,
];

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
