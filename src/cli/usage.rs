//! A command line that cannot be understood: as a problem, and without repeating a secret that was typed into it.

use super::redact::redact_arguments;
use crate::domain::plural::listed;
use crate::domain::problem::{Kind, Problem};
use clap::error::{ContextKind, ContextValue};
use std::ffi::OsString;

/// What other programs call a command that has another name here.
const ELSEWHERE: [(&str, &str); 12] = [
    ("up", "migration apply"),
    ("migrate", "migration apply"),
    ("push", "migration apply"),
    ("down", "migration rollback"),
    ("revert", "migration rollback"),
    ("undo", "migration rollback"),
    ("status", "migration list"),
    ("history", "migration list"),
    ("create", "migration new"),
    ("lint", "migration verify"),
    ("link", "profile add"),
    ("signout", "logout"),
];

/// Whether `--json` was typed, as far as this can be told from a command line that could not be parsed.
pub fn wants_json(args: &[OsString]) -> bool {
    args.iter()
        .skip(1)
        .take_while(|arg| *arg != "--")
        .any(|arg| arg == "--json")
}

/// The message of the parser, as it is printed for people.
pub fn message(error: &clap::Error, root: &clap::Command) -> String {
    let arguments: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect();
    redact_arguments(&with_tip(error, root), &arguments)
}

/// The parser's words, with the name here of a command that others call so, in the place of a similar one.
fn with_tip(error: &clap::Error, root: &clap::Command) -> String {
    let message = error.render().to_string();
    let Some(tip) = pointed(error, root) else {
        return message;
    };
    let mut paragraphs = message.split("\n\n");
    let first = paragraphs.next().unwrap_or_default();
    let rest = paragraphs.filter(|one| !one.trim_start().starts_with("tip: "));
    let rest: Vec<&str> = rest.collect();
    format!("{first}\n\n  tip: {tip}\n\n{}", rest.join("\n\n"))
}

/// What a word is called here that is no command where it was typed.
fn pointed(error: &clap::Error, root: &clap::Command) -> Option<String> {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else {
        return None;
    };
    let known = ELSEWHERE.iter().filter(|(other, _)| other == word);
    let mut names: Vec<String> = known.map(|(_, own)| format!("`supadeck {own}`")).collect();
    for group in root.get_subcommands() {
        let leaf = group.get_subcommands().find(|leaf| leaf.get_name() == word);
        if let Some(leaf) = leaf {
            let (group, leaf) = (group.get_name(), leaf.get_name());
            names.push(format!("`supadeck {group} {leaf}`"));
        }
    }
    names.dedup();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    (!names.is_empty()).then(|| {
        format!(
            "`{word}` is {} here",
            listed(&names).replace(" and ", " or ")
        )
    })
}

/// The same as a problem.
pub fn problem(error: &clap::Error, root: &clap::Command) -> Problem {
    let message = message(error, root);
    let mut paragraphs = message.split("\n\n");
    let first = paragraphs.next().unwrap_or_default();
    let what = first.strip_prefix("error: ").unwrap_or(first).trim();
    let mut what = what.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some(letter) = what.get_mut(0..1) {
        letter.make_ascii_uppercase();
    }
    if !what.ends_with('.') {
        what.push('.');
    }
    let tip = paragraphs.find_map(|paragraph| paragraph.trim().strip_prefix("tip: "));
    let hint = tip.map_or_else(
        || "See `supadeck --help`.".to_owned(),
        |tip| format!("{tip}. See `supadeck --help`."),
    );
    Problem::new(Kind::Usage, what, "").with_hint(hint)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn refused(args: &[&str]) -> Problem {
        let args = std::iter::once("supadeck").chain(args.iter().copied());
        let root = super::super::command();
        let error = root.clone().try_get_matches_from(args).unwrap_err();
        problem(&error, &root)
    }

    #[test]
    fn a_usage_error_is_a_problem_with_a_tip() {
        let problem = refused(&["migration", "aply"]);
        assert_eq!(problem.kind, Kind::Usage);
        assert_eq!(problem.what, "Unrecognized subcommand 'aply'.");
        assert!(problem.hint.unwrap().contains("'apply'"));
    }

    #[test]
    fn a_command_of_other_programs_points_to_its_name_here() {
        for (args, name) in [
            (&["up"][..], "`supadeck migration apply`"),
            (&["down"], "`supadeck migration rollback`"),
            (&["status"], "`supadeck migration list`"),
            (&["status", "--json"], "`supadeck migration list`"),
            (&["migration", "up"], "`supadeck migration apply`"),
            (
                &["apply"],
                "`supadeck migration apply` or `supadeck seed apply`",
            ),
            (&["rollback", "--to", "1"], "`supadeck migration rollback`"),
        ] {
            let problem = refused(args);
            let hint = problem.hint.unwrap();
            assert!(hint.contains(name), "{args:?}: {hint}");
            assert!(!hint.contains("similar"), "{hint}");
        }
        // Every name that is pointed to is one.
        let root = super::super::command();
        for (word, own) in ELSEWHERE {
            let mut at = &root;
            for part in own.split(' ') {
                at = at.find_subcommand(part).unwrap();
            }
            assert!(
                root.find_subcommand(word).is_none(),
                "{word} is a command by itself"
            );
        }
    }

    #[test]
    fn a_secret_that_was_mistyped_is_not_repeated() {
        let problem = refused(&["postgresql://me:hunter2@db/x"]);
        assert!(!format!("{problem:?}").contains("hunter2"));
    }

    #[test]
    fn json_is_wanted_only_before_the_double_dash() {
        let args = |list: &[&str]| list.iter().map(OsString::from).collect::<Vec<_>>();
        assert!(wants_json(&args(&["supadeck", "x", "--json"])));
        assert!(!wants_json(&args(&["supadeck", "x", "--", "--json"])));
        assert!(!wants_json(&args(&["--json"])));
    }
}
