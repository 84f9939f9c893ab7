//! Lines that are broken, cut and counted.

use super::seen::{Tried, figures};
use super::*;
use crate::domain::dry_run::access::{AccessChange, Verdict, Why};
use crate::domain::dry_run::measure::{Blocks, Rows};
use crate::domain::dry_run::{
    End, Environment, StatementReport, StepReport, TableLockSummary, TableRows,
};
use crate::domain::lint::LockMode;
use crate::domain::migration::platform_locks::{LockingStatement, PlatformLocks};
use crate::domain::migration::{Direction, Plan, Target};
use crate::domain::snapshot::difference::Difference;
use proptest::prelude::*;

fn count(text: &str) -> usize {
    text.chars().count()
}

#[test]
fn a_line_is_broken_at_blanks_and_keeps_its_indent_and_tones() {
    let line = Line::new(Tone::Danger, "40 rows lost:")
        .and(Tone::Text, " table public.basket is dropped")
        .indented(2);
    let rows = line.rows(20, count);
    let texts: Vec<String> = rows.iter().map(Line::whole).collect();
    assert_eq!(
        texts,
        [
            "  40 rows lost:",
            "    table",
            "    public.basket is",
            "    dropped"
        ]
    );
    assert_eq!(rows[0].tone(), Tone::Danger);
    assert_eq!(rows[1].tone(), Tone::Text);
    assert_eq!(line.rows(80, count), [line]);
}

#[test]
fn the_elastic_piece_gives_way_before_a_line_is_broken() {
    let sql = "create table goal (id uuid primary key, cycle_id uuid not null)";
    let line = Line::new(Tone::Muted, "  1  ")
        .and(Tone::Text, sql)
        .elastic()
        .and(Tone::Danger, "  FAILED");
    let rows = line.rows(50, count);
    assert_eq!(rows.len(), 1);
    assert!(
        rows[0].text().ends_with("…  FAILED") && count(&rows[0].text()) <= 50,
        "{rows:?}"
    );
}

#[test]
fn one_more_is_shown_instead_of_a_line_that_counts_it() {
    let shown = |number: usize| {
        let mut lines = Lines::default();
        let all = vec![Line::new(Tone::Text, "x"); number];
        lines.most(all, 3, "loss");
        (lines.lines.len(), lines.lines.last().map(Line::text))
    };
    assert_eq!(shown(4).0, 4);
    let (rows, last) = shown(5);
    assert_eq!(rows, 4);
    assert!(last.unwrap_or_default().starts_with("and 2 more losses;"));
}

#[test]
fn what_supautils_locks_is_one_line_and_no_other_lock_is_folded_into_it() {
    let lock = |table: String| TableLockSummary {
        table,
        mode: LockMode::AccessExclusive,
        blocks: Blocks::ReadersAndWriters,
        version: "1".into(),
        statement: 2,
        held_ms: 9,
        rehearsal_held_ms: 9,
        rewritten: false,
    };
    let platform = PlatformLocks {
        tables: vec!["auth.users".into(), "auth.sessions".into()],
        statements: vec![LockingStatement {
            version: "1".into(),
            statement: 1,
        }],
        held_ms: Some(9),
    };
    let told = |own: usize, platform_locks: Option<PlatformLocks>| {
        let report = Report {
            on: Environment::Target,
            database: Target::default(),
            steps: Vec::new(),
            difference: Difference::default(),
            locks: (0..own)
                .map(|number| lock(format!("auth.t{number}")))
                .collect(),
            losses: Vec::new(),
            uncounted: Vec::new(),
            access: Vec::new(),
            sequences: Vec::new(),
            sequence_notes: Vec::new(),
            passed_over: Vec::new(),
            platform_locks,
            problem: None,
        };
        let mut lines = Lines::default();
        locks::section(&mut lines, &report);
        let plan = Plan {
            steps: Vec::new(),
            target: Target::default(),
            history: Vec::new(),
            is_resume: false,
        };
        let tried = Tried::new(&plan, report, "12:00".into());
        let facts = figures(&tried).into_iter().filter(|fact| fact.0 == "locks");
        (
            lines.lines.iter().map(Line::whole).collect::<Vec<_>>(),
            facts.map(|fact| fact.2).collect::<Vec<_>>(),
        )
    };
    let (lines, facts) = told(9, Some(platform.clone()));
    assert_eq!(lines.len(), 2 + 1 + 9);
    assert!(
        lines[2].starts_with("  2 tables of auth: supautils locks"),
        "{lines:?}"
    );
    assert_eq!(facts.len(), 2, "{facts:?}");
    let (_, facts) = told(0, Some(platform));
    assert!(
        matches!(&facts[..], [one] if one.starts_with("2 tables of auth")),
        "{facts:?}"
    );
    let (_, facts) = told(0, None);
    assert_eq!(facts, ["No query waits for a lock."]);
}

#[test]
fn writers_of_changed_rows_wait_where_no_table_is_closed() {
    let held = |table: &str, mode| TableLockSummary {
        table: table.into(),
        mode,
        blocks: Blocks::NoQuery,
        version: "1".into(),
        statement: 1,
        held_ms: 9,
        rehearsal_held_ms: 9,
        rewritten: false,
    };
    let changed = |table: &str, rows: Rows| StatementReport {
        statement: 1,
        line: None,
        sql: String::new(),
        took_ms: 1,
        rows: 0,
        notices: Vec::new(),
        locks: Vec::new(),
        rewrites: Vec::new(),
        changed: vec![TableRows {
            table: table.into(),
            rows,
            at_most: false,
        }],
        problem: None,
    };
    let updated = |updated| Rows {
        updated,
        ..Rows::default()
    };
    let inserted = Rows {
        inserted: 5,
        ..Rows::default()
    };
    let told = |statements: Vec<StatementReport>| {
        let step = StepReport {
            version: "1".into(),
            name: "a".into(),
            direction: Direction::Apply,
            end: End::Passed,
            took_ms: 1,
            statements,
            left_out: Vec::new(),
            difference: None,
            note: None,
        };
        let report = Report {
            on: Environment::Target,
            database: Target::default(),
            steps: vec![step],
            difference: Difference::default(),
            locks: vec![
                held("public.goal", LockMode::RowExclusive),
                held("public.task", LockMode::RowExclusive),
                held("public.cycle", LockMode::RowShare),
            ],
            losses: Vec::new(),
            uncounted: Vec::new(),
            access: Vec::new(),
            sequences: Vec::new(),
            sequence_notes: Vec::new(),
            passed_over: Vec::new(),
            platform_locks: None,
            problem: None,
        };
        let mut lines = Lines::default();
        locks::section(&mut lines, &report);
        let lines: Vec<String> = lines.lines.iter().map(Line::whole).collect();
        (lines.join("\n"), locks::sum(&report).map(|sum| sum.1))
    };
    let (lines, sum) = told(vec![
        changed("public.goal", updated(8)),
        changed("public.task", inserted),
    ]);
    for part in [
        "Writers of the 8 changed rows of public.goal wait until the file commits (9 ms)",
        "Rows of public.cycle that are read FOR UPDATE or referred to may be locked",
        "No query waits for the locks on public.task.",
    ] {
        assert!(lines.contains(part), "{part}\n{lines}");
    }
    let sum = sum.unwrap_or_default();
    assert_eq!(sum, "writers of 8 changed rows wait, at most 9 ms");
    // Two statements may change the same row.
    let twice = vec![
        changed("public.goal", updated(8)),
        changed("public.goal", updated(2)),
    ];
    let (lines, _) = told(twice);
    assert!(
        lines.contains("Writers of the up to 10 changed rows"),
        "{lines}"
    );
    let (lines, sum) = told(vec![changed("public.task", inserted)]);
    assert!(
        lines.contains("No query waits for the locks on public.goal and public.task."),
        "{lines}"
    );
    assert_eq!(sum, None);
}

#[test]
fn a_table_that_opens_stands_before_functions() {
    let change = |table: &str, verb: &str, why| AccessChange {
        table: table.into(),
        role: "anon".into(),
        verb: verb.into(),
        before: Verdict::None,
        after: Verdict::All,
        rows: (verb == "select").then_some(0),
        why: Some(why),
        passes: false,
        only_parts: false,
        ids: (1, None),
        remade: false,
        depends_on: None,
        is_alike: false,
    };
    let told = access::list(&[
        change("function public.f()", "execute", Why::Definer),
        change("public.extra", "select", Why::RlsOff),
        change("public.extra", "insert", Why::RlsOff),
    ]);
    let told: Vec<String> = told.iter().map(Line::whole).collect();
    assert!(
        told[0].contains("gains select, insert on public.extra"),
        "{told:?}"
    );
    assert!(told[1].contains("public.f()"), "{told:?}");
}

#[test]
fn statements_stand_on_one_line_without_comments() {
    assert_eq!(
        one_line("create /* a */ table t\n  -- b\r  (id int)", 80),
        "create table t (id int)"
    );
    assert_eq!(
        one_line(&"x".repeat(9_000), 10),
        format!("{}…", "x".repeat(10))
    );
}

proptest! {
    #[test]
    fn no_word_of_a_line_is_lost_however_narrow_it_is(
        words in proptest::collection::vec("[a-zäö漢-]{1,12}", 1..12),
        cut in 1_usize..11,
        columns in 1_usize..40,
        indent in 0_usize..8,
    ) {
        let cut = cut.min(words.len());
        let (head, tail) = words.split_at(cut);
        let line = Line::new(Tone::Ok, &head.join(" "))
            .and(Tone::Danger, &format!(" {}", tail.join(" ")))
            .indented(indent);
        let rows = line.rows(columns, count);
        let letters = |text: &str| text.chars().filter(|one| *one != ' ').collect::<String>();
        let told: String = rows.iter().map(|row| letters(&row.text())).collect();
        prop_assert_eq!(told, letters(&line.text()));
        for row in &rows {
            prop_assert!(count(row.whole().trim_end()) <= columns.max(indent + 3), "{:?}", row);
        }
    }
}
