//! Stored statements written as a file again, so that the file says exactly what was applied; and text as a comment.
//! Whether it does is checked here, not assumed: what cannot be written back gives nothing.

use super::history::{is_same_text, resplit};
use crate::domain::sql::lexer::{Kind, tokens};
use crate::domain::sql::split::{split, statements};

/// The text of a file that says what is stored; absent when no file can, because the pieces read differently together.
pub fn file_text(stored: &[String]) -> Option<String> {
    let mut text = String::new();
    for (at, piece) in stored.iter().enumerate() {
        if at > 0 {
            text.push('\n');
        }
        text.push_str(piece);
        text.push_str(ending(piece, at + 1 == stored.len()));
    }
    // Cutting once more forgives a semicolon behind what is not closed; whole statements must come back as they are.
    let is_exact = if resplit(stored) == stored {
        statements(&text) == stored
    } else {
        is_same_text(&text, stored)
    };
    is_exact.then_some(text)
}

/// What ends a piece: a semicolon, on a line of its own where a comment would swallow it.
fn ending(piece: &str, is_last: bool) -> &'static str {
    let last = tokens(piece)
        .filter(|token| token.kind != Kind::Space)
        .last();
    let is_blank = split(piece)
        .last()
        .is_none_or(|statement| statement.is_blank);
    match last.map(|token| token.kind) {
        Some(Kind::Semicolon) => "\n",
        _ if is_blank && is_last => "\n",
        Some(Kind::LineComment) => "\n;\n",
        _ => ";\n",
    }
}

/// A text as lines of comment. Every character that ends a comment for Postgres begins a new one.
pub fn commented(text: &str, indent: &str) -> String {
    let mut comment = String::new();
    let lines = text.split(['\n', '\r']);
    for line in lines.filter(|line| !line.trim().is_empty()) {
        comment.push_str("-- ");
        comment.push_str(indent);
        comment.push_str(line);
        comment.push('\n');
    }
    comment
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(pieces: &[&str]) -> Option<String> {
        let pieces: Vec<String> = pieces.iter().map(|piece| (*piece).to_owned()).collect();
        file_text(&pieces)
    }

    #[test]
    fn what_was_stored_is_written_back() {
        assert_eq!(
            written(&["create table a ()", "select 1 -- one", "-- bye"]).as_deref(),
            Some("create table a ();\n\nselect 1 -- one\n;\n\n-- bye\n")
        );
        assert_eq!(written(&[]).as_deref(), Some(""));
        assert_eq!(
            written(&["create table a (); create table b ();"]).as_deref(),
            Some("create table a (); create table b ();\n")
        );
    }

    #[test]
    fn pieces_that_read_differently_together_are_refused() {
        assert_eq!(written(&["select 'a", "b'"]), None);
        assert_eq!(written(&["select 'a"]), None);
        assert_eq!(written(&["select (1", "2)"]), None);
        assert_eq!(written(&["/* a", "*/ select 1"]), None);
    }

    #[test]
    fn nothing_leaves_a_comment() {
        let text = commented(
            "drop table a;\r\ndrop table b;\rdrop table c;\n\ndrop table d",
            "  ",
        );
        assert!(
            split(&text).iter().all(|statement| statement.is_blank),
            "{text:?}"
        );
        assert_eq!(text.lines().count(), 4);
    }

    proptest! {
        #[test]
        fn a_file_of_any_text_comes_back(sql in "([a-z0-9 ;'\"$()\n\r\t/*-]|begin atomic|end|case|\\$x\\$|--|/\\*|\\*/|E'){0,40}") {
            let stored = statements(&sql);
            if let Some(text) = file_text(&stored) {
                prop_assert!(is_same_text(&text, &stored));
            }
        }

        #[test]
        fn closed_statements_always_come_back(
            pieces in proptest::collection::vec("(select 1|'a;b'|/\\* c; \\*/ x|\\$t\\$;\\$t\\$|x -- c|\\(a;b\\)|x\n-- c\n)", 0..6)
        ) {
            let stored = statements(&pieces.join("\n;\n"));
            let text = file_text(&stored);
            prop_assert!(text.is_some_and(|text| statements(&text) == stored));
        }
    }
}
