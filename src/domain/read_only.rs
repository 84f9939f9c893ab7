//! A profile through which nothing is changed: what is said where something would be.

use super::problem::{Kind, Problem};
use super::text;

/// The code of the refusal in JSON.
pub const CODE: &str = "read_only";

/// Why nothing is changed: as words behind `because`, and what can be done.
pub fn why(profile: &str) -> (String, String) {
    (
        format!(
            "The profile {} is read-only: nothing is changed through it.",
            text::cell(profile)
        ),
        "Take another profile with `--profile NAME`, or take `read_only = true` out of the file with the profiles.".to_owned(),
    )
}

/// The refusal of a change.
pub fn refusal(profile: &str) -> Problem {
    let (why, hint) = why(profile);
    Problem::new(Kind::Denied, "Nothing was changed.", why)
        .with_hint(hint)
        .with_code(CODE)
}

/// The refusal of a dry run on the database itself: a sequence that moves on stays so.
pub fn no_dry_run(profile: &str) -> Problem {
    let (why, _) = why(profile);
    Problem::new(Kind::Denied, "Nothing was dry-run.", why)
        .with_hint("Take a scratch database: `--on scratch`.")
        .with_code(CODE)
}
