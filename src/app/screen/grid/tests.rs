//! Moving through a grid, its pages, and rows that are copied.
#![allow(clippy::unwrap_used)]

use super::pages::{HELD_PAGES, PAGE_ROWS};
use super::*;
use crate::domain::table::info::TableSource;
use crate::domain::table::paging::{PageStart, RowPage, RowsWanted};
use crate::domain::text::CELL_LIMIT;
use proptest::prelude::*;
use serde_json::json;

fn column(name: &str, base_type: &str) -> ColumnInfo {
    ColumnInfo {
        name: name.to_owned(),
        data_type: base_type.to_owned(),
        base_type: base_type.to_owned(),
        ..ColumnInfo::default()
    }
}

fn grid(key: &[&str], columns: usize) -> Grid {
    let mut table = TableInfo {
        columns: vec![column("n", "integer"), column("id", "integer")],
        key: key.iter().map(|name| (*name).to_owned()).collect(),
        source: TableSource::Database,
        ..TableInfo::unknown(&TableName::new("public", "t"))
    };
    table
        .columns
        .extend((2..columns).map(|at| column(&format!("c{at}"), "text")));
    let mut grid = Grid::new(TableName::new("public", "t"), "");
    let described = TableDescribed { table, note: None };
    assert!(grid.described(Ok(described), &Identity::Anon, Timestamp::UNIX_EPOCH));
    grid
}

/// What a server with so many rows answers; ids are 0, 1, 2 ….
fn answer(wanted: &RowsWanted, total: usize) -> RowPage {
    answer_cut(wanted, total, usize::MAX)
}

/// The same of one that sends so many rows at most.
fn answer_cut(wanted: &RowsWanted, total: usize, most: usize) -> RowPage {
    let all: Vec<usize> = match wanted.order.columns.first().map(|column| column.direction) {
        Some(Direction::Descending) => (0..total).rev().collect(),
        _ => (0..total).collect(),
    };
    let start = match &wanted.from {
        PageStart::First => 0,
        PageStart::Offset(rows) => *rows,
        PageStart::Behind(row) => {
            let id = row["id"].as_u64().unwrap() as usize;
            all.iter().position(|own| *own == id).unwrap() + 1
        }
    };
    let rows: Vec<RowValues> = all
        .iter()
        .skip(start)
        .take(wanted.limit.min(most))
        .map(|id| json!({"n": id % 3, "id": id}).as_object().unwrap().clone())
        .collect();
    let end = start + rows.len();
    let next = (end < total).then(|| wanted.order.next(rows.last().unwrap(), end));
    RowPage {
        rows,
        next,
        ..RowPage::default()
    }
}

/// A grid with these rows.
fn with_rows(mut grid: Grid, rows: &[Value]) -> Grid {
    let _ = grid.request_start();
    let page = RowPage {
        rows: rows
            .iter()
            .map(|row| row.as_object().unwrap().clone())
            .collect(),
        ..RowPage::default()
    };
    grid.arrived(Ok(page), Timestamp::UNIX_EPOCH, 10);
    grid
}

#[test]
fn only_a_row_that_is_held_as_it_is_is_copied() {
    let deep = format!("{}1{}", "[".repeat(130), "]".repeat(130));
    let deep = crate::domain::deep_json::flattened(deep.as_bytes());
    let deep: Value = serde_json::from_slice(&deep).unwrap();
    for (value, is_copied) in [
        (json!("short"), true),
        (json!("x".repeat(5_000)), false),
        (json!({"a": "x".repeat(5_000)}), false),
        (json!({"a": deep}), false),
        (deep, false),
    ] {
        let row = json!({"n": 1, "id": 7, "c2": value});
        let mut grid = with_rows(grid(&["id"], 3), &[row]);
        assert_eq!(grid.begin_draft(true).is_ok(), is_copied, "{value}");
        assert_eq!(grid.draft.is_some(), is_copied);
    }
}

#[test]
fn no_value_is_copied_as_no_value_where_a_default_would_come_in_its_place() {
    let mut grid = grid(&["id"], 4);
    for column in &mut grid.columns {
        column.default = (column.name != "c3").then(|| "'x'".to_owned());
    }
    let mut grid = with_rows(grid, &[json!({"n": 1, "id": 7, "c2": null, "c3": null})]);
    grid.begin_draft(true).unwrap();
    assert_eq!(
        Value::Object(grid.draft.clone().unwrap()),
        json!({"n": 1, "c2": null})
    );
    // A second one does not take the place of the first, and no hidden row is marked behind it.
    assert!(grid.begin_draft(false).is_err() && grid.stage_delete().is_err());
    assert!(grid.staged.is_empty());
}

fn id(grid: &Grid) -> u64 {
    grid.value("id").unwrap().as_u64().unwrap()
}

proptest! {
    #[test]
    fn wherever_one_goes_the_window_shows_what_is_there(
        is_keyed in any::<bool>(),
        total in 1..1_500_usize,
        most in prop_oneof![Just(usize::MAX), 5..90_usize],
        moves in prop::collection::vec(prop_oneof![
            4 => (-150..300_isize).prop_map(Move::By),
            1 => Just(Move::First),
            1 => Just(Move::Last),
        ], 1..40),
    ) {
        let key: &[&str] = if is_keyed { &["id"] } else { &[] };
        let mut grid = grid(key, 2);
        let height = 20;
        let wanted = grid.request_start();
        grid.arrived(Ok(answer_cut(&wanted, total, most)), Timestamp::UNIX_EPOCH, height);
        let mut place = 0;
        for movement in moves {
            let held = grid.held();
            let selected = grid.selected;
            match grid.go(movement, height) {
                GridStep::Moved | GridStep::Stayed => {
                    match movement {
                        Move::By(by) => {
                            let within = selected.saturating_add_signed(by).min(held - 1);
                            place = place + within - selected;
                        }
                        Move::First => place = 0,
                        Move::Last => place = place + held - 1 - selected,
                    }
                    let mut asks = true;
                    while asks {
                        asks = false;
                        if let Some(wanted) = grid.request_near_end() {
                            let page = answer_cut(&wanted, total, most);
                            asks = grid.arrived(Ok(page), Timestamp::UNIX_EPOCH, height);
                        }
                    }
                }
                GridStep::WantsStart => {
                    let wanted = grid.request_start();
                    grid.selected = 0;
                    grid.arrived(Ok(answer_cut(&wanted, total, most)), Timestamp::UNIX_EPOCH, height);
                    grid.go(Move::First, height);
                    place = 0;
                }
                GridStep::WantsEnd => {
                    let wanted = grid.request_end().unwrap();
                    grid.arrived(Ok(answer_cut(&wanted, total, most)), Timestamp::UNIX_EPOCH, height);
                    place = total - 1;
                }
            }
            prop_assert_eq!(id(&grid), place as u64);
            prop_assert!(grid.held() <= 2 * HELD_PAGES * PAGE_ROWS);
            prop_assert!(grid.offset <= grid.selected && grid.selected < grid.offset + height);
            let rows = grid.rows.held().unwrap();
            let ids: Vec<u64> = rows.iter().map(|row| row.values[usize::from(!is_keyed)].as_u64().unwrap()).collect();
            prop_assert!(ids.windows(2).all(|pair| pair[0] + 1 == pair[1]));
            if let Some(before) = grid.before {
                prop_assert_eq!(before as u64, ids[0]);
            }
        }
    }

    #[test]
    fn what_is_read_again_about_the_selection_leaves_it_where_it_is(
        is_keyed in any::<bool>(),
        total in 1..1_500_usize,
        steps in prop::collection::vec(0..190_isize, 1..12),
    ) {
        let key: &[&str] = if is_keyed { &["id"] } else { &[] };
        let mut grid = grid(key, 2);
        let wanted = grid.request_start();
        grid.arrived(Ok(answer(&wanted, total)), Timestamp::UNIX_EPOCH, 20);
        for by in steps {
            grid.go(Move::By(by), 20);
            if let Some(wanted) = grid.request_near_end() {
                grid.arrived(Ok(answer(&wanted, total)), Timestamp::UNIX_EPOCH, 20);
            }
            let at = id(&grid);
            grid.written(&[]);
            let wanted = grid.request_around();
            grid.arrived(Ok(answer(&wanted, total)), Timestamp::UNIX_EPOCH, 20);
            // Without a key one cannot tell the row on the first page; elsewhere it is counted.
            if is_keyed || wanted.from != PageStart::First {
                prop_assert_eq!(id(&grid), at);
            }
            let rows = grid.rows.held().unwrap();
            let ids: Vec<u64> = rows.iter().map(|row| row.values[usize::from(!is_keyed)].as_u64().unwrap()).collect();
            prop_assert!(ids.windows(2).all(|pair| pair[0] + 1 == pair[1]));
            prop_assert_eq!(grid.before, Some(ids[0] as usize));
            prop_assert_eq!(grid.has_after, (*ids.last().unwrap() as usize) + 1 < total);
        }
    }

    #[test]
    fn the_selected_column_is_in_view_beside_the_key(
        columns in 2..200_usize,
        room in 1..200_u16,
        moves in prop::collection::vec(-30..40_isize, 1..20),
    ) {
        let mut grid = grid(&["id"], columns);
        for by in moves {
            grid.go_column(by, room);
            let shown = grid.visible(room);
            prop_assert_eq!(shown[0].0, 0);
            let used: u16 = shown.iter().map(|(_, width)| width + 1).sum();
            prop_assert!(used <= room + 1);
            if room > 20 {
                prop_assert!(shown.iter().any(|(at, _)| *at == grid.column), "{} {shown:?}", grid.column);
            }
        }
    }
}

#[test]
fn a_large_value_is_not_held_and_the_row_says_so() {
    let mut grid = grid(&["id"], 4);
    let _ = grid.request_start();
    let row = json!({"id": 1, "n": 2, "c2": "x".repeat(10_000_000), "c3": ["y".repeat(9_000)]});
    let page = RowPage {
        rows: vec![row.as_object().unwrap().clone()],
        row_bytes: 10_000_000,
        ..RowPage::default()
    };
    grid.arrived(Ok(page), Timestamp::UNIX_EPOCH, 10);
    let row = grid.row(0).unwrap();
    assert!(row.is_cut);
    assert!(
        row.values
            .iter()
            .all(|value| value.to_string().len() < 2 * CELL_LIMIT)
    );
    assert_eq!(grid.page_rows(), 5);
}

#[test]
fn a_column_is_sorted_up_then_down_then_no_more() {
    let mut grid = grid(&["id"], 2);
    grid.column = 1;
    let mut ways = Vec::new();
    for _ in 0..3 {
        grid.sort_by_column();
        ways.push(grid.direction("n"));
    }
    assert_eq!(
        ways,
        [
            Some(Direction::Ascending),
            Some(Direction::Descending),
            None
        ]
    );
    assert!(grid.is_keyed());
}

#[test]
fn a_table_that_nothing_is_known_of_shows_what_its_rows_have() {
    let name = TableName::new("public", "x");
    let mut grid = Grid::new(name.clone(), "a:1");
    let described = TableDescribed {
        table: TableInfo::unknown(&name),
        note: None,
    };
    assert!(grid.described(Ok(described), &Identity::Anon, Timestamp::UNIX_EPOCH));
    let _ = grid.request_start();
    let page = RowPage {
        rows: vec![json!({"b": "x", "a": 1}).as_object().unwrap().clone()],
        ..RowPage::default()
    };
    grid.arrived(Ok(page), Timestamp::UNIX_EPOCH, 10);
    let names: Vec<&str> = grid
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    assert_eq!(names, ["b", "a"]);
    assert_eq!(grid.value("a"), Some(&json!(1)));
    assert_eq!((grid.frozen, grid.is_keyed()), (0, false));
}
