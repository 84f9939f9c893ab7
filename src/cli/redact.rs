//! What was typed, or set in a variable, and looks like a secret: it is hidden in every message before it is printed.

use crate::domain::hidden::{self, HIDDEN};
use crate::domain::problem::Problem;
use crate::domain::text;

/// The shortest part of an argument that is hidden; a shorter one is a word of ours as often.
const SHORTEST_PIECE: usize = 3;

/// Hides every argument that could be a secret, and then every word: an argument with a blank in it has several.
pub fn redact_arguments(message: &str, arguments: &[String]) -> String {
    redact(&hide_where(message, arguments, looks_secret))
}

/// Hides what was given and looks like a secret, wherever a message quotes it: as it was typed, or as it is made harmless.
pub fn hide_given(message: &str, given: &[String]) -> String {
    hide_where(message, given, hidden::looks_secret)
}

/// The same in every part of a problem. Where a part of an argument is quoted, because it was read word by word, that part
/// is hidden too.
pub fn hide_in(problem: &mut Problem, arguments: &[String], variables: &[String]) {
    let said = [&problem.what, &problem.why].into_iter();
    let quoted: Vec<String> = said
        .flat_map(|part| part.split('`').skip(1).step_by(2))
        .map(|piece| piece.trim_end_matches(':'))
        .filter(|piece| piece.len() >= SHORTEST_PIECE)
        .filter(|piece| {
            let mut secrets = arguments.iter().filter(|text| hidden::looks_secret(text));
            secrets.any(|text| text.contains(*piece))
        })
        .map(str::to_owned)
        .collect();
    let parts = [&mut problem.what, &mut problem.why].into_iter();
    for part in parts.chain(&mut problem.hint).chain(&mut problem.detail) {
        *part = hide_given(&hide_given(part, arguments), variables);
        for piece in &quoted {
            *part = part.replace(piece, HIDDEN);
        }
    }
}

fn hide_where(message: &str, given: &[String], is_secret: fn(&str) -> bool) -> String {
    let mut message = message.to_owned();
    for text in given {
        let value = match text.split_once('=') {
            Some((option, value)) if option.starts_with("--") => value,
            _ => text,
        };
        if is_secret(value) {
            let cell = text::cell(value);
            message = message.replace(value, HIDDEN).replace(&*cell, HIDDEN);
        }
    }
    message
}

/// Hides every word that could be a secret, for messages that quote the command line.
pub fn redact(message: &str) -> String {
    message
        .split_inclusive([' ', '\n', '\'', '"', '`'])
        .map(|word| {
            let bare = word.trim_end_matches([' ', '\n', '\'', '"', '`']);
            if looks_secret(bare) {
                format!("{HIDDEN}{}", &word[bare.len()..])
            } else {
                word.to_owned()
            }
        })
        .collect()
}

fn looks_secret(word: &str) -> bool {
    // Six digits are the code of a second factor more often than anything else.
    (word.len() == 6 && word.bytes().all(|b| b.is_ascii_digit())) || hidden::looks_secret(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::problem::Kind;

    #[test]
    fn a_code_is_hidden_and_a_version_is_not() {
        assert_eq!(
            redact("unexpected argument '123456'"),
            "unexpected argument '[hidden]'"
        );
        assert_eq!(redact("at 20251004123000"), "at 20251004123000");
    }

    #[test]
    fn a_quoted_part_of_an_argument_is_hidden_too() {
        let mut problem = Problem::new(Kind::Usage, "`hunter2` is not a filter.", "")
            .with_hint("For example `action:hunter2`.");
        let arguments = ["hunter2 postgres://u:hunter2@h/x".to_owned()];
        hide_in(&mut problem, &arguments, &[]);
        assert!(!format!("{problem:?}").contains("hunter2"), "{problem:?}");
    }

    #[test]
    fn quoted_secrets_are_hidden() {
        let message =
            "error: unrecognized subcommand 'postgres://me:pw@h/x'\n sb_secret_x eyJhbGci";
        assert_eq!(
            redact(message),
            "error: unrecognized subcommand '[hidden]'\n [hidden] [hidden]"
        );
        assert_eq!(
            redact("tip: use '--url=https://x.y'"),
            "tip: use '--url=https://x.y'"
        );
    }
}
