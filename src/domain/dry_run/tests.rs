//! The ledger of a dry run: locks by the name a table had before, rewrites told from emptying, losses by way.

use super::LossKind;
use super::effects::EffectLedger;
use super::measure::{
    Baseline, BaselineTable, Blocks, Recount, Rows, StatementStats, Tally, TouchedTable, Uncounted,
};
use crate::domain::lint::LockMode;
use crate::domain::snapshot::{Kind, Object, Snapshot};
use std::collections::BTreeMap;
use std::time::Duration;

fn baseline() -> Baseline {
    let known = |id: u32, table: &str| BaselineTable {
        id,
        table: table.into(),
        file: Some(id),
        bytes: 8192,
        about: Some(3),
        holds_rows: true,
    };
    Baseline {
        tables: vec![known(1, "public.a"), known(2, "public.b")],
        sequences: Vec::new(),
    }
}

fn touched(id: u32, mode: LockMode, file: u32, bytes: u64) -> TouchedTable {
    TouchedTable {
        id,
        table: Some("public.renamed".into()),
        root: None,
        mode,
        file: Some(file),
        bytes: Some(bytes),
        rows: Rows::default(),
    }
}

fn ran(took_ms: u64, touched: Vec<TouchedTable>) -> StatementStats {
    StatementStats {
        took: Duration::from_millis(took_ms),
        rows: 0,
        touched,
        ..StatementStats::default()
    }
}

/// The losses that need no count.
fn losses(ledger: &EffectLedger, before: &Snapshot, after: &Snapshot) -> Vec<super::Loss> {
    let candidates = ledger.candidates(before, after);
    candidates.settle(&BTreeMap::new(), ledger).0
}

#[test]
fn a_lock_is_held_from_its_statement_to_the_end_of_its_file() {
    let mut ledger = EffectLedger::new(&baseline());
    ledger.record_statement("1", 1, "x", &ran(5, vec![]));
    let share = touched(1, LockMode::Share, 1, 8192);
    let effect = ledger.record_statement("1", 2, "x", &ran(7, vec![share.clone()]));
    assert_eq!(effect.locks[0].blocks, Blocks::Writers);
    let effect = ledger.record_statement("1", 3, "x", &ran(11, vec![share.clone()]));
    assert!(effect.locks.is_empty());
    ledger.close_file();
    ledger.record_statement("2", 1, "x", &ran(13, vec![share]));
    ledger.close_file();
    let locks = ledger.locks();
    assert_eq!(locks.len(), 1);
    assert_eq!(
        (
            locks[0].table.as_str(),
            locks[0].statement,
            locks[0].held_ms
        ),
        ("public.a", 2, 18)
    );
    // The dry run commits nowhere.
    assert_eq!(locks[0].rehearsal_held_ms, 31);
}

#[test]
fn a_statement_that_fails_holds_every_lock_while_it_does() {
    let mut ledger = EffectLedger::new(&baseline());
    let exclusive = touched(1, LockMode::AccessExclusive, 1, 8192);
    ledger.record_statement("1", 1, "x", &ran(2, vec![exclusive.clone()]));
    ledger.close_file();
    let other = touched(2, LockMode::AccessExclusive, 2, 8192);
    ledger.record_statement("2", 1, "x", &ran(3, vec![exclusive, other]));
    ledger.add_time(Duration::from_secs(5));
    ledger.close_file();
    let held: Vec<_> = ledger
        .locks()
        .iter()
        .map(|held| (held.held_ms, held.rehearsal_held_ms))
        .collect();
    assert_eq!(held, [(2, 5005), (5003, 5003)]);
}

#[test]
fn a_new_file_is_a_rewrite_unless_it_is_empty_and_was_not() {
    let exclusive = LockMode::AccessExclusive;
    for (sql, bytes, rewritten, emptied) in [
        ("alter table a alter x type bigint", 8192, true, false),
        ("call clean()", 0, false, true),
        ("truncate a", 0, false, true),
    ] {
        let mut ledger = EffectLedger::new(&baseline());
        let effect =
            ledger.record_statement("1", 1, sql, &ran(1, vec![touched(1, exclusive, 9, bytes)]));
        assert_eq!(effect.rewrites == ["public.a"], rewritten, "{sql}");
        let losses = losses(&ledger, &Snapshot::default(), &Snapshot::default());
        let told = losses.iter().any(|loss| loss.way == LossKind::TableEmptied);
        assert_eq!(told, emptied, "{sql}");
        assert_eq!(ledger.locks()[0].rewritten, rewritten, "{sql}");
    }
}

#[test]
fn a_table_that_was_not_there_before_is_nobodys_concern() {
    let mut ledger = EffectLedger::new(&baseline());
    let mut new = touched(7, LockMode::AccessExclusive, 7, 0);
    new.rows.deleted = 5;
    let effect = ledger.record_statement("1", 1, "x", &ran(1, vec![new]));
    assert_eq!(effect, super::effects::Effect::default());
    assert!(ledger.locks().is_empty());
}

#[test]
fn rows_count_once_and_a_dropped_table_takes_its_deleted_rows_with_it() {
    let rows = |deleted| TouchedTable {
        rows: Rows {
            deleted,
            ..Rows::default()
        },
        ..touched(1, LockMode::RowExclusive, 1, 8192)
    };
    let mut ledger = EffectLedger::new(&baseline());
    ledger.record_statement("1", 1, "delete", &ran(1, vec![rows(2)]));
    let effect = ledger.record_statement("1", 2, "delete", &ran(1, vec![rows(5)]));
    assert_eq!(effect.changed[0].rows.deleted, 3);
    let found = losses(&ledger, &Snapshot::default(), &Snapshot::default());
    let losses = |before: &Snapshot| losses(&ledger, before, &Snapshot::default());
    assert_eq!(
        (found[0].way, found[0].rows),
        (LossKind::RowsDeleted, Some(5))
    );
    let table = Object {
        kind: Kind::Table,
        on: None,
        name: "public.a".into(),
    };
    let before = Snapshot {
        objects: [(table, [].into())].into(),
        ..Snapshot::default()
    };
    let losses = losses(&before);
    assert_eq!(losses.len(), 1);
    assert_eq!(losses[0].way, LossKind::TableDropped);
}

#[test]
fn what_could_not_be_counted_is_listed_with_the_reason() {
    let exclusive = LockMode::AccessExclusive;
    let mut ledger = EffectLedger::new(&baseline());
    let rewritten = StatementStats {
        recounts: vec![Recount {
            id: 1,
            tally: Ok(Tally {
                rows: 3,
                ..Tally::default()
            }),
        }],
        ..ran(1, vec![touched(1, exclusive, 9, 8192)])
    };
    ledger.record_statement("1", 1, "alter table a", &rewritten);
    let (before, after) = (Snapshot::default(), Snapshot::default());
    let candidates = ledger.candidates(&before, &after);
    assert_eq!(candidates.holdings().len(), 1);
    let counts = [(1, Err(Uncounted::TooLarge))].into();
    let (losses, missing) = candidates.settle(&counts, &ledger);
    assert_eq!(losses, []);
    assert_eq!(
        (missing[0].table.as_str(), missing[0].why),
        ("public.a", Uncounted::TooLarge)
    );
    for (code, why) in [
        ("57014", Uncounted::TooLarge),
        ("42501", Uncounted::NoRight),
        ("XX001", Uncounted::Refused),
    ] {
        assert_eq!(Uncounted::of(code), why);
    }
}
