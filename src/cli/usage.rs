//! A command line that cannot be understood: as a problem, and without repeating a secret that was typed into it.

use super::redact::redact_arguments;
use crate::domain::problem::{Kind, Problem};
use std::ffi::OsString;

/// Whether `--json` was typed, as far as this can be told from a command line that could not be parsed.
pub fn wants_json(args: &[OsString]) -> bool {
    args.iter()
        .skip(1)
        .take_while(|arg| *arg != "--")
        .any(|arg| arg == "--json")
}

/// The message of the parser, as it is printed for people.
pub fn message(error: &clap::Error) -> String {
    let arguments: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect();
    redact_arguments(&error.render().to_string(), &arguments)
}

/// The same as a problem.
pub fn problem(error: &clap::Error) -> Problem {
    let message = message(error);
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
    use super::*;

    fn refused(args: &[&str]) -> Problem {
        let args = std::iter::once("supadeck").chain(args.iter().copied());
        problem(
            &super::super::command()
                .try_get_matches_from(args)
                .unwrap_err(),
        )
    }

    #[test]
    fn a_usage_error_is_a_problem_with_a_tip() {
        let problem = refused(&["migration", "aply"]);
        assert_eq!(problem.kind, Kind::Usage);
        assert_eq!(problem.what, "Unrecognized subcommand 'aply'.");
        assert!(problem.hint.unwrap().contains("'apply'"));
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
