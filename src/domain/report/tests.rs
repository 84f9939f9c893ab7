//! Lines that are broken, cut and counted.

use super::seen::{Tried, figures};
use super::*;
use crate::domain::dry_run::measure::Blocks;
use crate::domain::dry_run::{Environment, TableLockSummary};
use crate::domain::lint::LockMode;
use crate::domain::migration::platform_locks::{LockingStatement, PlatformLocks};
use crate::domain::migration::{Plan, Target};
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
