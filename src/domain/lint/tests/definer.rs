//! Functions with their owner's rights, and the paths that let others in.

use super::{APART, assess, check, rules};
use crate::domain::lint::assess_in_order;

/// A function with such options.
fn definer(options: &str) -> String {
    format!("create function f() returns int language sql security definer {options} as 'select 1'")
}

#[test]
fn only_a_path_that_ends_with_pg_temp_and_names_no_open_schema_is_closed() {
    for (options, expected) in [
        ("", Some("definer-without-search-path")),
        ("set search_path = ''", Some("definer-search-path")),
        ("set search_path to ''", Some("definer-search-path")),
        ("SET SEARCH_PATH TO public", Some("definer-search-path")),
        (
            "set search_path = public, pg_temp",
            Some("definer-search-path"),
        ),
        (
            "set search_path = pg_catalog, public, pg_temp",
            Some("definer-search-path"),
        ),
        (
            "set search_path = \"$user\", pg_temp",
            Some("definer-search-path"),
        ),
        (
            "set search_path = '$user', pg_temp",
            Some("definer-search-path"),
        ),
        ("set search_path = pg_catalog", Some("definer-search-path")),
        (
            "set search_path = private, extensions",
            Some("definer-search-path"),
        ),
        (
            "set search_path = pg_temp, pg_catalog",
            Some("definer-search-path"),
        ),
        (
            "set search_path = pg_temp, pg_temp",
            Some("definer-search-path"),
        ),
        (
            "set search_path = 'pg_catalog, pg_temp'",
            Some("definer-search-path"),
        ),
        ("set search_path from current", Some("definer-search-path")),
        (
            "set search_path = default",
            Some("definer-without-search-path"),
        ),
        ("set work_mem = '4MB'", Some("definer-without-search-path")),
        ("set search_path = pg_catalog, pg_temp", None),
        ("set \"search_path\" to 'pg_catalog', 'pg_temp'", None),
        ("set search_path = pg_temp", None),
        ("set search_path = PG_CATALOG, private, Pg_Temp", None),
        (
            "set search_path = extensions, pg_temp set timezone = 'UTC'",
            None,
        ),
    ] {
        let found = rules(&definer(options));
        assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{options}");
    }
    check(&[
        (
            "create function f() returns int language sql set search_path = '' as 'select 1'",
            &[],
        ),
        (
            "create or replace procedure p() language plpgsql external security definer set search_path = '' as 'begin end'",
            &["definer-search-path"],
        ),
        (
            "create function f() returns int language sql security definer set search_path = '' return 1",
            &["definer-search-path"],
        ),
        (
            "do $$ begin create function f() returns int language sql security definer set search_path = public as 'select 1'; end $$",
            &["definer-search-path"],
        ),
        ("alter function f() set search_path = ''", &[]),
        (
            "alter function f() security definer set search_path = pg_catalog, pg_temp",
            &[],
        ),
        (
            "alter procedure f() security definer set search_path = public",
            &["definer-search-path"],
        ),
        (
            "alter routine f() reset all",
            &["definer-without-search-path"],
        ),
    ]);
    let found = assess(&definer("set search_path = ''"));
    let finding = found.findings().find(|finding| finding.rule != APART);
    let finding = finding.unwrap();
    assert!(
        finding
            .reason
            .contains("leaves pg_temp first for types and tables"),
        "{finding:?}"
    );
    assert!(
        finding
            .safer
            .as_ref()
            .unwrap()
            .contains("set search_path = pg_catalog, pg_temp")
    );
}

#[test]
fn a_later_statement_puts_its_function_right_and_no_other() {
    let open = definer("set search_path = ''");
    for (later, is_open) in [
        (
            "alter function f() set search_path = pg_catalog, pg_temp",
            false,
        ),
        (
            "alter function public.f set search_path = pg_catalog, pg_temp",
            false,
        ),
        (
            "alter routine f() set search_path to pg_catalog, pg_temp",
            false,
        ),
        ("alter function f() security invoker", false),
        ("drop function f()", false),
        (
            "create or replace function f() returns int language sql as 'select 2'",
            false,
        ),
        (
            "alter function f() rename to g; alter function g() set search_path = pg_catalog, pg_temp",
            false,
        ),
        (
            "alter function f() set schema private; alter function private.f() set search_path = pg_catalog, pg_temp",
            false,
        ),
        (
            "alter function f() rename to g; alter function f() set search_path = pg_catalog, pg_temp",
            true,
        ),
        (
            "alter function f(int) set search_path = pg_catalog, pg_temp",
            true,
        ),
        (
            "alter function private.f() set search_path = pg_catalog, pg_temp",
            true,
        ),
        ("alter function f() set search_path = public", true),
        ("alter function f() stable", true),
        (
            "create function h() returns void language plpgsql as $$ begin alter function f() set search_path = pg_catalog, pg_temp; end $$",
            true,
        ),
    ] {
        let sql = format!("{open};\n{later}");
        let is_found = rules(&sql).iter().any(|rule| rule.starts_with("definer-"));
        assert_eq!(is_found, is_open, "{later}: {:?}", rules(&sql));
        // The same in a file of its own, behind.
        let found = assess_in_order([open.as_str(), later]);
        let is_found = found
            .iter()
            .flat_map(super::Assessment::findings)
            .any(|finding| finding.rule.starts_with("definer-") && finding.rule != APART);
        assert_eq!(is_found, is_open, "in two files: {later}");
        assert_eq!(
            found[0].findings().any(|finding| finding.rule != APART),
            is_open && !later.contains("= public"),
            "{later}"
        );
    }
}

#[test]
fn functions_of_one_name_are_told_apart_by_their_arguments() {
    let open = |arguments: &str| {
        format!(
            "create function f({arguments}) returns int language sql security definer as 'select 1'"
        )
    };
    for (created, altered, is_open) in [
        ("a int default 1, out b text", "integer", false),
        (
            "a varchar(10), b timestamptz",
            "character varying, timestamp with time zone",
            false,
        ),
        ("a public.goal_type", "goal_type", false),
        ("variadic a int[]", "integer[]", false),
        ("in a bool", "a boolean", false),
        ("a int", "text", true),
        ("a int", "int, int", true),
        ("a int[]", "int", true),
    ] {
        let sql = format!(
            "{}; alter function f({altered}) set search_path = pg_catalog, pg_temp",
            open(created)
        );
        assert_eq!(
            !rules(&sql).is_empty(),
            is_open,
            "{created} / {altered}: {:?}",
            rules(&sql)
        );
    }
    let both = format!("{}; {}", open("a int"), open("a text"));
    assert_eq!(rules(&both).len(), 2);
    let one = format!("{both}; alter function f(int) set search_path = pg_catalog, pg_temp");
    assert_eq!(rules(&one).len(), 1);
}

#[test]
fn what_a_comment_accepts_in_an_earlier_file_is_no_fault_when_a_later_one_mends_it() {
    let accepted = format!(
        "-- supadeck:allow definer-search-path it is mended below\n{}",
        definer("set search_path = ''")
    );
    let found = assess_in_order([
        &accepted,
        "alter function f() set search_path = pg_catalog, pg_temp",
    ]);
    assert!(
        found
            .iter()
            .all(|one| one.findings().all(|finding| finding.rule == APART)
                && one.faulty_allows.is_empty())
    );
}
