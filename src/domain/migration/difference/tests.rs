//! Tests of the difference between a file and what was applied.

use super::*;
use proptest::prelude::*;

fn applied(pieces: &[&str]) -> Vec<String> {
    pieces.iter().map(|piece| (*piece).to_owned()).collect()
}

fn changes(comparison: &Comparison) -> Vec<Change> {
    comparison.pieces.iter().map(|piece| piece.change).collect()
}

fn text(lines: &[Line]) -> String {
    let lines = lines
        .iter()
        .map(|line| format!("{}{}\n", line.sign, line.text));
    lines.collect::<Vec<_>>().concat()
}

#[test]
fn statements_are_told_apart() {
    let comparison = compare(
        &applied(&[
            "create table a ()",
            "create table b (\n  x int\n)",
            "select 1",
        ]),
        "create table a ();\ncreate table b (\n  x int,\n  y int\n);\nselect 1;\nselect 2;",
    );
    assert_eq!(
        changes(&comparison),
        [Change::Same, Change::Changed, Change::Same, Change::Added]
    );
    let changed = &comparison.pieces[1];
    assert_eq!((changed.applied, changed.file), (Some(2), Some(2)));
    assert_eq!(
        text(&changed.lines),
        " create table b (\n-  x int\n+  x int,\n+  y int\n )\n"
    );
    assert_eq!(text(&comparison.pieces[3].lines), "+select 2\n");
    assert!(comparison.differs() && !comparison.only_comments);
}

#[test]
fn other_cuts_are_the_same_and_comments_alone_are_told() {
    let one_piece = applied(&["create table a (); create table b ();"]);
    assert!(!compare(&one_piece, "create table a ();\ncreate table b ()").differs());
    let comparison = compare(&applied(&["select 1", "-- bye"]), "select  1; -- hello");
    assert!(comparison.differs() && comparison.only_comments);
    assert!(beyond(&applied(&["select 1", "-- bye"]), "select  1; -- hello") == Beyond::default());
}

#[test]
fn what_lies_beyond_does_not_depend_on_the_place() {
    let stored = applied(&["create table a ()", "create table b ()", "select 1"]);
    let found = beyond(
        &stored,
        "select 1;\ncreate table c ();\ncreate table a ();\nselect 1;",
    );
    assert_eq!(found.added, ["create table c ()", "select 1"]);
    assert_eq!(found.dropped, ["create table b ()"]);
}

#[test]
fn a_huge_change_is_bounded() {
    let old: Vec<String> = (0..20_000).map(|n| format!("select {n}")).collect();
    let new: Vec<String> = (0..20_000)
        .map(|n| format!("select {};\n", n + 1_000_000))
        .collect();
    let new = new.concat();
    let comparison = compare(&old, &new);
    assert_eq!(comparison.pieces.len(), 20_000);
    assert!(
        comparison
            .pieces
            .iter()
            .all(|piece| piece.change == Change::Changed)
    );
}

proptest! {
    #[test]
    fn both_sides_can_be_read_from_it(old in "([ab;\n' -]|--){0,30}", new in "([ab;\n' -]|--){0,30}") {
        let stored = statements(&old);
        let comparison = compare(&stored, &new);
        for (sign, wanted) in [('+', comparable(&statements(&new))), ('-', comparable(&stored))] {
            let found: Vec<String> = comparison
                .pieces
                .iter()
                .filter(|piece| piece.change != Change::Same)
                .map(|piece| {
                    let lines = piece.lines.iter().filter(|line| line.sign == ' ' || line.sign == sign);
                    lines.map(|line| line.text.clone()).collect::<Vec<_>>().join("\n")
                })
                .filter(|text| !text.is_empty())
                .collect();
            let same = comparison.pieces.iter().filter(|piece| piece.change == Change::Same).count();
            prop_assert_eq!(found.len() + same, wanted.len());
            prop_assert!(found.iter().all(|text| wanted.contains(text)));
        }
        prop_assert_eq!(comparison.differs(), comparable(&stored) != comparable(&statements(&new)));
    }
}
