//! Cutting SQL into tokens: the hard cases, and that nothing is lost.

use super::*;
use proptest::prelude::*;

fn pieces(sql: &str) -> Vec<(Kind, &str)> {
    tokens(sql)
        .filter(|token| token.kind != Kind::Space)
        .map(|token| (token.kind, token.text(sql)))
        .collect()
}

#[test]
fn quotes_of_every_kind_are_one_token() {
    for sql in [
        "'a''b;'",
        "E'a\\'b;'",
        "e'a'\n  'b\\';'",
        "e'a' -- b\n  'b\\';'",
        "e'a'\n-- b\n\n -- c'\n'b\\';'",
        "U&'d\\0061t'",
        "N'x'",
        "x'1F'",
    ] {
        assert_eq!(pieces(sql), [(Kind::Text, sql)], "{sql}");
    }
    for sql in ["\"a\"\"b;\"", "u&\"d;\""] {
        assert_eq!(pieces(sql), [(Kind::QuotedWord, sql)], "{sql}");
    }
    for sql in ["$$;$$", "$a$ $$ $b$ $a$", "$ä_1$;$ä_1$"] {
        assert_eq!(pieces(sql), [(Kind::DollarText, sql)], "{sql}");
    }
    assert_eq!(
        pieces("/* a /* b */ c */"),
        [(Kind::BlockComment, "/* a /* b */ c */")]
    );
}

#[test]
fn a_string_ends_where_no_line_break_or_another_comment_follows() {
    for sql in ["e'a' 'b'", "e'a'/* b */\n'b'", "e'a' -- b", "e'a'\n- 'b'"] {
        assert_eq!(pieces(sql)[0], (Kind::Text, "e'a'"), "{sql}");
    }
}

#[test]
fn a_dollar_behind_a_name_opens_nothing() {
    assert_eq!(
        pieces("a$$b; $1"),
        [
            (Kind::Word, "a$$b"),
            (Kind::Semicolon, ";"),
            (Kind::Parameter, "$1")
        ]
    );
}

#[test]
fn comments_end_operators() {
    assert_eq!(
        pieces("1+--x\n2*/*y*/3"),
        [
            (Kind::Number, "1"),
            (Kind::Operator, "+"),
            (Kind::LineComment, "--x"),
            (Kind::Number, "2"),
            (Kind::Operator, "*"),
            (Kind::BlockComment, "/*y*/"),
            (Kind::Number, "3"),
        ]
    );
}

#[test]
fn numbers_take_what_belongs_to_them() {
    for sql in ["1", "1.5e-3", ".5", "0x1F", "1_000", "2."] {
        assert_eq!(pieces(sql), [(Kind::Number, sql)], "{sql}");
    }
    assert_eq!(pieces("1..10").len(), 4);
    assert_eq!(pieces("1e").len(), 2);
}

#[test]
fn highlighting_names_the_classes() {
    let sql = "select \"a\", 'b', $1, 2 from t -- c";
    let classes: Vec<Class> = highlight(sql)
        .into_iter()
        .map(|(_, class)| class)
        .filter(|class| *class != Class::Operator)
        .collect();
    assert_eq!(
        classes,
        [
            Class::Keyword,
            Class::Identifier,
            Class::String,
            Class::Parameter,
            Class::Number,
            Class::Keyword,
            Class::Identifier,
            Class::Comment,
        ]
    );
}

#[test]
fn a_half_file_is_coloured_to_its_end() {
    let sql = "select 'unfinished";
    assert_eq!(highlight(sql).last(), Some(&(7..18, Class::String)));
}

proptest! {
    #[test]
    fn spans_cover_any_input(sql in "[-a-zE$'\"/*;:()\\\\ \n\r0-9.ä\u{feff}]{0,60}") {
        let mut at = 0;
        for token in tokens(&sql) {
            prop_assert_eq!(token.start, at);
            prop_assert!(token.end > at);
            prop_assert!(sql.is_char_boundary(token.end));
            at = token.end;
        }
        prop_assert_eq!(at, sql.len());
    }

    #[test]
    fn arbitrary_text_never_panics(sql in any::<String>()) {
        highlight(&sql);
        let total: usize = tokens(&sql).map(|token| token.end - token.start).sum();
        prop_assert_eq!(total, sql.len());
    }
}
