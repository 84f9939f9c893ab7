//! Small files and what is found in them.

mod access;
mod body;
mod definer;
mod loss;
mod opened;
mod outside;
mod waiting;

use super::{Assessment, Level, assess, rule};
use proptest::prelude::*;

/// Nearly every function with its owner's rights breaks it: it has tests of its own (`opened`).
const APART: &str = "definer-for-everybody";

/// The rules that a file breaks, in its order.
fn rules(sql: &str) -> Vec<&'static str> {
    let found = assess(sql);
    let rules = found.findings().map(|finding| finding.rule);
    rules.filter(|rule| *rule != APART).collect()
}

/// Checks one file a row.
#[track_caller]
fn check(table: &[(&str, &[&str])]) {
    let wrong: Vec<String> = table
        .iter()
        .filter(|(sql, expected)| rules(sql) != *expected)
        .map(|(sql, expected)| format!("{sql}\n   is {:?}\n   not {expected:?}", rules(sql)))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_rule_is_broken_by_its_example_and_has_a_name_of_its_own() {
    let all = rule::all();
    for rule in &all {
        let found = assess(rule.example);
        let finding = found.findings().find(|finding| finding.rule == rule.name);
        let finding = finding.unwrap_or_else(|| panic!("{}: {found:?}", rule.name));
        assert!(!finding.reason.contains("{}") && finding.reason.ends_with('.'));
        assert_eq!(rule::named(rule.name), Some(*rule));
        assert!(
            rule.name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c == '-')
        );
        assert_eq!(
            all.iter().filter(|other| other.name == rule.name).count(),
            1
        );
    }
}

#[test]
fn what_harms_nobody_is_safe() {
    for sql in [
        "",
        "-- nothing",
        "select 1",
        "insert into goal (id) values (1), (2) on conflict do nothing",
        "update goal set description = 'x' where id = 1",
        "delete from goal using cycle where goal.cycle_id = cycle.id",
        "create table private.a (id int primary key); create index on private.a (id); alter table private.a add column b uuid default gen_random_uuid(); drop table private.a;",
        "create table a (id int); alter table a enable row level security; create policy p on a to authenticated using (id = 1);",
        "revoke all on goal from anon, public",
        "grant select on goal to authenticated",
        "comment on table goal is 'x'; analyze goal; create statistics s on a, b from goal;",
        "create view v with (security_invoker = true) as select * from goal",
        "create function private.f() returns int language sql security definer set search_path = pg_catalog, pg_temp as 'select 1'",
        "create type t as enum ('a'); alter type t add value 'b'; create extension citext; create schema s;",
        "alter table goal validate constraint c; alter table goal alter column c set statistics 5; alter table goal set (fillfactor = 70);",
        "begin; set local lock_timeout = '1s'; commit;",
        "create temp table x as select * from goal; truncate x; drop table x;",
        "notify pgrst, 'reload schema'",
    ] {
        let found = assess(sql);
        assert_eq!(found.level(), Level::Safe, "{sql}\n{found:#?}");
        assert_eq!(found.findings().count(), 0);
    }
}

#[test]
fn a_file_that_follows_the_advice_is_not_given_it_again() {
    let sql = "create index concurrently i on a (b)";
    let safer = |sql: &str| {
        let found = assess(sql);
        let finding = found.findings().next().unwrap();
        assert_eq!(finding.rule, "cannot-run-in-transaction");
        finding.safer.is_some()
    };
    assert!(safer(sql));
    assert!(!safer(&format!("-- supadeck: no-transaction\n{sql}")));
}

#[test]
fn places_are_byte_offsets_of_the_file() {
    for (sql, at) in [
        ("select 'ä';\n/* ü */ drop table a;", "a;"),
        (
            "select 1;\ndo $x$ begin\n -- ß\n delete from \"ä\"; end $x$;",
            "delete",
        ),
        (
            "create function private.f() returns void language sql as $$ select 1; truncate a $$;",
            "a $$",
        ),
        ("do E'begin\\n  truncate a; end';", "a; end"),
        ("select 1;\n\n drop policy p on a;", "drop"),
    ] {
        let found = assess(sql);
        let places: Vec<usize> = found.findings().map(|finding| finding.at).collect();
        assert!(places.contains(&sql.find(at).unwrap()), "{sql}: {found:#?}");
    }
}

#[test]
fn indices_are_those_of_the_engine() {
    let sql = "select 1;; ;drop table a;\n-- c\n;create function private.f() returns int begin atomic select 1; select 2; end;drop table b;-- end";
    let found = assess(sql);
    let count = crate::domain::sql::split::statements(sql).len();
    assert_eq!(found.statements.len(), count);
    let at: Vec<usize> = found
        .findings()
        .filter(|finding| finding.rule == "drop-table")
        .map(|finding| finding.statement)
        .collect();
    assert_eq!(at, [1, 4]);
    for (index, statement) in found.statements.iter().enumerate() {
        assert_eq!(statement.statement, index);
        assert!(
            statement
                .findings
                .iter()
                .all(|found| found.statement == index)
        );
    }
}

#[test]
fn json_has_the_words_of_the_contract() {
    let json = serde_json::to_value(assess("truncate public.\"Goal\";")).unwrap();
    assert_eq!(
        json["statements"][0]["locks"],
        serde_json::json!([{"table": "public.Goal", "mode": "access_exclusive", "rewrites": true}])
    );
    assert_eq!(json["statements"][0]["level"], "loses_data");
    assert_eq!(json["statements"][0]["findings"][0]["rule"], "truncate");
    assert_eq!(json["faulty_allows"], serde_json::json!([]));
}

#[test]
fn the_strongest_lock_of_a_file_is_told_once_a_table() {
    let found: Assessment = assess("select * from a; truncate a; insert into public.b values (1);");
    let locks: Vec<String> = found
        .locks()
        .iter()
        .map(|lock| format!("{} {} {}", lock.table, lock.mode.name(), lock.rewrites))
        .collect();
    assert_eq!(
        locks,
        [
            "a AccessExclusiveLock true",
            "public.b RowExclusiveLock false"
        ]
    );
}

#[test]
fn a_table_of_an_earlier_file_is_new_but_each_file_answers_for_itself() {
    let found = super::assess_in_order([
        "create table a (b int);",
        "alter table a enable row level security; create index on a (b);",
        "drop table a; create table a ();",
        "truncate a;",
    ]);
    let rules: Vec<Vec<&str>> = found
        .iter()
        .map(|file| file.findings().map(|finding| finding.rule).collect())
        .collect();
    assert_eq!(
        rules,
        [
            vec!["table-without-rls"],
            vec![],
            vec!["table-without-rls"],
            vec![]
        ]
    );
}

#[test]
fn a_long_insert_is_read_without_its_rows_and_with_its_places() {
    let rows = ", (1, 'x')".repeat(20_000);
    let sql = format!(
        "select 1;\ninsert into a values (1, 'x'){rows}, (2, set_config('pgrst.db_schemas', 'x', true));"
    );
    let found = assess(&sql);
    let finding = found.findings().next().unwrap();
    assert_eq!(finding.rule, "api-settings");
    assert_eq!(Some(finding.at), sql.find("set_config"));
    let broken = format!("insert into a values (1, 'x'){rows} on confusion do nothing;");
    let found = assess(&broken);
    let at = found.findings().next().unwrap().at;
    assert!(at >= broken.find("on confusion").unwrap(), "{at}");
}

#[test]
fn what_is_nested_or_chained_beyond_reason_is_unreadable() {
    let deep = format!("select {}1{}", "(".repeat(100_000), ")".repeat(100_000));
    let long = format!("select 1{}", " + 1".repeat(100_000));
    let body = format!("do $$ begin perform {}1; end $$", "- ".repeat(100_000));
    for sql in [deep, long, body] {
        assert_eq!(rules(&sql), ["unreadable"]);
    }
}

/// A test has 2 MiB of stack and no optimisation, as little as any thread of the program.
#[test]
fn what_is_just_within_the_limits_fits_the_stack() {
    let nested = |open: &str, close: &str| format!("{}{}", open.repeat(140), close.repeat(140));
    for sql in [
        format!("select {}1{}", "(".repeat(140), ")".repeat(140)),
        format!("select {}1{}", "(select ".repeat(140), ")".repeat(140)),
        format!("select 1 where {}true", "not ".repeat(140)),
        format!("select {}1", "- ".repeat(140)),
        format!("select 1{}", " + 1".repeat(1_400)),
        format!("select 1{}", " union all select 1".repeat(700)),
        format!("select a{}", "::int".repeat(700)),
        format!("do $$ begin {} end $$", nested("begin ", "end; ")),
        format!("do $$ begin {} end $$", nested("if true then ", "end if; ")),
        format!(
            "do $$ begin {} end $$",
            nested("while true loop ", "end loop; ")
        ),
        format!(
            "do $$ begin a := {}1{}; end $$",
            "case when b then ".repeat(140),
            " end".repeat(140)
        ),
        format!(
            "create function f() returns int language sql as $$ select {}1{} $$",
            "(".repeat(140),
            ")".repeat(140)
        ),
    ] {
        let found = assess(&sql);
        let is_deep = |reason: &str| reason.contains("nested") || reason.contains("too long");
        assert!(
            found.findings().all(|finding| !is_deep(&finding.reason)),
            "{sql}: {found:?}"
        );
    }
}

fn pieces() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "drop",
        "table",
        "alter",
        "create",
        "function",
        "policy",
        "on",
        "to",
        "public",
        "as",
        "$$",
        "$x$",
        "'",
        "\"",
        "(",
        ")",
        ";",
        ",",
        "begin",
        "end",
        "do",
        "language",
        "sql",
        "plpgsql",
        "execute",
        "format",
        "||",
        "'%I'",
        "%",
        "select",
        "from",
        "where",
        "delete",
        "update",
        "set",
        "insert",
        "into",
        "values",
        "with",
        "--",
        "\n",
        "/*",
        "*/",
        "supadeck:allow",
        "drop-table",
        "ä",
        "\u{feff}",
        "\0",
        "a",
        "b.c",
        "1",
        "=",
        "true",
        "if",
        "then",
        "loop",
        "case",
        "when",
        "returns",
        "trigger",
        "grant",
        "all",
        "add",
        "column",
        "constraint",
        "default",
        "not",
        "null",
        "cascade",
        "index",
        "concurrently",
        "view",
        "using",
        "check",
        "for",
        "in",
        "atomic",
        "return",
        "query",
        "E'\\",
        "U&\"\\",
        "$1",
        ".",
        ":",
        "::",
        "[",
        "]",
        "@",
        "truncate",
        "lock",
        "comment",
        "is",
        "copy",
        "stdin",
        "owner",
        "rename",
        "json_table",
        "xmltable",
        "merge",
        "matched",
        "declare",
        "cursor",
        "raise",
        "notice",
        "get",
        "diagnostics",
        "exception",
        "partition",
    ]);
    prop::collection::vec((words, prop::bool::ANY), 0..60).prop_map(|words| {
        words
            .into_iter()
            .map(|(word, apart)| {
                if apart {
                    format!("{word} ")
                } else {
                    word.to_owned()
                }
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_text_gives_an_answer(sql in "\\PC{0,200}") {
        assess(&sql);
    }

    #[test]
    fn any_words_give_an_answer_with_places_in_the_text(sql in pieces()) {
        for finding in assess(&sql).findings() {
            prop_assert!(sql.is_char_boundary(finding.at), "{finding:?}");
        }
    }
}
