//! Where allow comments count, and what becomes of those that accept nothing.

use crate::domain::lint::assess;

/// The reasons that accept findings of `drop-table`, by statement, and the faults.
fn outcome(sql: &str) -> (Vec<Option<String>>, Vec<String>) {
    let found = assess(sql);
    (
        found
            .findings()
            .filter(|finding| finding.rule == "drop-table")
            .map(|finding| finding.allowed.clone())
            .collect(),
        found
            .faulty_allows
            .iter()
            .map(|fault| fault.why.clone())
            .collect(),
    )
}

fn accepted(sql: &str) -> Vec<bool> {
    outcome(sql).0.iter().map(Option::is_some).collect()
}

#[test]
fn a_comment_above_inside_or_behind_a_statement_accepts_it_alone() {
    for sql in [
        "drop table a;\n-- supadeck:allow drop-table moved in May\ndrop table b;\ndrop table c;",
        "drop table a;\ndrop table -- supadeck:allow drop-table moved in May\n b;\ndrop table c;",
        "drop table a;\ndrop table b; -- supadeck:allow drop-table moved in May\ndrop table c;",
        "drop table a;drop table b -- supadeck: allow drop-table moved in May\n; drop table c;",
        "drop table a;\n\n--supadeck:allow   drop-table   moved in May  \r\n\n-- why\ndrop table b;drop table c",
    ] {
        let (allowed, faults) = outcome(sql);
        assert_eq!(allowed, [None, Some("moved in May".into()), None], "{sql}");
        assert!(faults.is_empty(), "{sql}: {faults:?}");
    }
}

#[test]
fn a_comment_at_the_top_before_a_blank_line_speaks_for_the_file() {
    let body = "drop table a;\ndrop table b;";
    for top in [
        "-- supadeck:allow drop-table old tables\n\n",
        "\u{feff}-- Clean up.\n-- supadeck:allow drop-table old tables\n-- More.\n\n",
        "\n-- supadeck:allow drop-table old tables\r\n  \r\n",
    ] {
        assert_eq!(accepted(&format!("{top}{body}")), [true, true], "{top}");
    }
    let top = "-- supadeck:allow drop-table old tables\n";
    assert_eq!(accepted(&format!("{top}{body}")), [true, false]);
    let late = "select 1;\n-- supadeck:allow drop-table old tables\n\n";
    assert_eq!(accepted(&format!("{late}{body}")), [true, false]);
}

#[test]
fn accepting_lowers_the_level_and_keeps_the_finding() {
    let found = assess("drop table a; -- supadeck:allow drop-table old\ncreate index on b (c);");
    assert_eq!(found.statements[0].level.word(), "safe");
    assert_eq!(found.level().word(), "blocks_writers");
    assert_eq!(found.findings().count(), 2);
    assert_eq!(found.open_findings().count(), 1);
}

#[test]
fn a_comment_that_accepts_nothing_is_reported() {
    for (sql, why) in [
        (
            "drop table a; -- supadeck:allow drop-table",
            "without a reason",
        ),
        (
            "drop table a; -- supadeck:allow drop-table --",
            "without a reason",
        ),
        (
            "drop table a; -- supadeck:allow drop-tables old",
            "no rule `drop-tables`",
        ),
        ("drop table a; -- supadeck:allow", "names no rule"),
        (
            "drop table a; -- supadeck:allow truncate old",
            "does not break",
        ),
        (
            "drop table a;\n\n-- supadeck:allow drop-table old",
            "does not break",
        ),
        (
            "-- supadeck:allow truncate old\n\ndrop table a;",
            "nothing in the file",
        ),
        (
            "-- supadeck:allow drop-table old\n\nselect 1;",
            "nothing in the file",
        ),
    ] {
        let (allowed, faults) = outcome(sql);
        assert!(allowed.iter().all(Option::is_none), "{sql}");
        assert!(
            faults.len() == 1 && faults[0].contains(why),
            "{sql}: {faults:?}"
        );
    }
}

#[test]
fn a_comment_in_a_string_or_a_block_comment_does_not_count() {
    for sql in [
        "drop table a; select '\n-- supadeck:allow drop-table old\n';",
        "select $$\n-- supadeck:allow drop-table old\n$$; drop table a;",
        "do $$ begin drop table a; -- supadeck:allow drop-table old\n end $$;",
        "/* -- supadeck:allow drop-table old */ drop table a;",
        "drop table a; -- not supadeck:allow drop-table old",
        "drop table a; -- supadeck:allows drop-table old",
    ] {
        let (allowed, faults) = outcome(sql);
        assert_eq!(allowed, [None], "{sql}");
        assert!(faults.is_empty(), "{sql}: {faults:?}");
    }
}

#[test]
fn orders_for_squawk_hide_nothing() {
    for sql in [
        "-- squawk-ignore\nalter table a rename column b to c;",
        "-- squawk-ignore-file\nalter table a rename column b to c;",
        "do $$ begin\n-- squawk-ignore renaming-column\nalter table a rename column b to c; end $$;",
    ] {
        let found = assess(sql);
        assert!(
            found
                .findings()
                .any(|finding| finding.rule == "rename-column"),
            "{sql}: {found:?}"
        );
    }
}
