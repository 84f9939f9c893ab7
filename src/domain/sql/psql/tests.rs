//! psql's variables: where they are filled in, and where they are not.

use super::*;
use proptest::prelude::*;

fn parse(file: &str) -> Result<Vec<SeedPart>, Fault> {
    super::parse(&Arc::new(file.to_owned()))
}

fn sql(file: &str) -> Vec<String> {
    parse(file).map_or_else(
        |fault| vec![format!("{}: {}", fault.line, fault.why)],
        |parts| parts.into_iter().map(|part| part.sql.to_string()).collect(),
    )
}

#[test]
fn variables_are_filled_in_outside_quotes_only() {
    let file = "\\set name 'O''Hara; x'\n\\set t goals\nselect :'name', ':name', \":t\", :\"t\", $$:t$$ from :t -- :t\n;";
    assert_eq!(
        sql(file),
        ["select 'O''Hara; x', ':name', \":t\", \"goals\", $$:t$$ from goals -- :t"]
    );
}

#[test]
fn casts_slices_assignments_and_unset_names_stay() {
    let file = "\\set a 1\nselect x::text, y[1:2], z[:a], f(p := 1), :unknown, :'unknown', b::a;";
    assert_eq!(
        sql(file),
        ["select x::text, y[1:2], z[1], f(p := 1), :unknown, :'unknown', b::a"]
    );
}

#[test]
fn set_joins_its_words_and_uses_earlier_variables() {
    let file = "\\set a 'x y'\n\\set b :a z 'it''s\\n'\nselect :'b';\n\\set b\nselect :'b';";
    assert_eq!(sql(file), ["select 'x yzit''s\n'", "select ''"]);
    assert_eq!(
        sql("\\set a 'x y'\n\\set b \"p  q\" :'a' :\"a\" :c\nselect :b;"),
        ["select \"p  q\"'x y'\"x y\":c"]
    );
    assert_eq!(
        sql("\\set p C:\\\\x\nselect 1"),
        ["1: A second backslash command follows on the line."]
    );
    assert_eq!(
        sql("\\set p 'C:\\\\x'\nselect :'p'"),
        ["select  E'C:\\\\x'"]
    );
}

#[test]
fn other_backslash_commands_are_refused_with_their_line() {
    for (file, line) in [
        ("select 1;\n\\copy t from 'x'\n", 2),
        ("\n\n\\i other.sql", 3),
        ("select 1 \\gset\n", 1),
        ("select 1;\n\\.\n", 2),
        ("\\set a `whoami`", 1),
        ("\\set", 1),
        ("copy t to stdout;", 1),
        ("select 'x", 1),
        ("\\set q ''''\nselect :q;", 2),
    ] {
        assert_eq!(parse(file).map_err(|fault| fault.line), Err(line), "{file}");
    }
    assert!(parse("select '\\copy', E'\\\\' -- \\x\n;").is_ok());
}

#[test]
fn rows_of_a_copy_are_data_and_not_sql() {
    let file = "select 1;\ncopy t (a) from stdin;\n1\t'x;\n\\N\n\\.\nselect 2;\ncopy t from stdin with (format csv);\n\"a;\",b\n";
    let parts = parse(file).unwrap_or_default();
    let data: Vec<Option<&str>> = parts.iter().map(|part| part.data.as_deref()).collect();
    assert_eq!(
        data,
        [None, Some("1\t'x;\n\\N\n"), None, Some("\"a;\",b\n")]
    );
    assert_eq!(
        parts.iter().map(|part| part.line).collect::<Vec<_>>(),
        [1, 2, 6, 7]
    );
}

#[test]
fn lines_count_in_the_file_as_it_is() {
    let parts = parse("-- a\n\n\\set x 1\n\nselect\n:x;\n  select 2;").unwrap_or_default();
    assert_eq!(
        parts.iter().map(|part| part.line).collect::<Vec<_>>(),
        [1, 7]
    );
}

proptest! {
    #[test]
    fn a_file_without_colons_and_backslashes_splits_like_a_migration(file in "[-a-c$'\"/*;() \n]{0,60}") {
        if crate::domain::sql::split::unclosed(&file).is_none() {
            prop_assert_eq!(sql(&file), crate::domain::sql::split::statements(&file));
        }
    }
}
