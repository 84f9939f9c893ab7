//! Splitting a file into the statements that the Supabase CLI would store.

use super::*;
use proptest::prelude::*;

#[test]
fn semicolons_inside_something_do_not_end_a_statement() {
    for sql in [
        "select ';'",
        "select \";\"",
        "select $a$;$a$",
        "select E'\\';'",
        "select 1 /* ; /* ; */ ; */",
        "create rule r as on insert to t do also (delete from u; delete from v)",
        "create function f() returns int begin atomic select 1; select case when true then 1 end; end",
        "create function f() returns int begin atomic select 1 as end; select x.case; end",
        "select a$$b",
    ] {
        assert_eq!(statements(sql), [sql], "{sql}");
    }
    assert_eq!(
        statements("select a$$b; select c$$d"),
        ["select a$$b", "select c$$d"]
    );
}

/// Here the CLI (3.1.0) cuts inside a statement and then cannot apply the file, so the server's grammar counts.
#[test]
fn valid_statements_are_whole_where_the_cli_breaks_them() {
    for sql in [
        "create rule r as on insert to t do also (insert into u values (1); delete from v)",
        "create procedure p() begin /* why */ atomic insert into t values (1); end",
        "select $$$x;$$",
    ] {
        assert_eq!(statements(sql), [sql], "{sql}");
    }
}

#[test]
fn outer_blanks_and_empty_statements_go_and_comments_stay() {
    assert_eq!(
        statements("\u{feff}-- a\r\nselect 1;;\r\n ; select 2 -- b\r\n;\r\n-- c\r\n"),
        ["-- a\r\nselect 1", "select 2 -- b", "-- c"]
    );
    assert!(statements(" \n;;\u{feff}").is_empty());
}

#[test]
fn comments_alone_are_blank() {
    let blank: Vec<bool> = split("-- a\n; select 1; /* b */")
        .iter()
        .map(|statement| statement.is_blank)
        .collect();
    assert_eq!(blank, [true, false, true]);
}

#[test]
fn what_never_ends_is_found() {
    assert_eq!(unclosed("select 1"), None);
    assert_eq!(
        unclosed("select 1; select 'x"),
        Some(Unclosed {
            at: 17,
            kind: Kind::Text
        })
    );
}

/// Statements as an author writes them, none with a semicolon outside quotes.
fn statement() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "[a-z]{1,6}",
        Just("';'".to_owned()),
        Just("\"a;\"".to_owned()),
        Just("$x$;'$x$".to_owned()),
        Just("E'\\';'".to_owned()),
        Just("/* ; */".to_owned()),
        Just("(a; b)".to_owned()),
        Just("-- ;\n".to_owned()),
    ];
    proptest::collection::vec(word, 1..6)
        .prop_map(|words| format!("select {}", words.join(" ")).trim().to_owned())
}

#[test]
fn a_comment_between_spaces_that_are_trimmed_is_blank() {
    for sql in ["\u{a0}\n/* ; */", "-- a\n\u{3000}", "\u{a0}"] {
        assert!(split(sql).iter().all(|one| one.is_blank), "{sql:?}");
    }
    assert!(!split("\u{a0}select 1")[0].is_blank);
}

proptest! {
    #[test]
    fn statements_joined_are_split_again(wanted in proptest::collection::vec(statement(), 0..6)) {
        let file = wanted.iter().fold(String::new(), |file, one| file + one + "\n;\n");
        prop_assert_eq!(statements(&file), wanted);
    }

    #[test]
    fn splitting_what_was_split_changes_nothing(sql in "[-a-c$'\"/*;() \n]{0,60}") {
        for one in statements(&sql) {
            // The CLI takes a semicolon at the very end of a text, also when a comment holds it.
            if unclosed(&one).is_none() && !one.ends_with(';') {
                prop_assert_eq!(statements(&one), vec![one]);
            }
        }
    }

    #[test]
    fn arbitrary_text_never_panics(sql in any::<String>()) {
        split(&sql);
        crate::domain::sql::execution_mode::refusal(&sql);
        let _ = crate::domain::sql::psql::parse(&std::sync::Arc::new(sql.clone()));
    }
}
