//! Tables as a server has them: goals of cycles, with every kind of column, and rows that are counted by their number.

use serde_json::{Value, json};
use supadeck::domain::query::{Direction, Filter};
use supadeck::domain::table::column::ColumnInfo;
use supadeck::domain::table::info::{
    TableDescribed, TableInfo, TableKind, TableLink, TableList, TableRights, TableRls, TableSource,
};
use supadeck::domain::table::name::TableName;
use supadeck::domain::table::paging::{PageStart, RowPage, RowValues, RowsWanted};

/// How many goals there are.
pub const GOALS: usize = 1_000;

fn column(name: &str, base_type: &str) -> ColumnInfo {
    ColumnInfo {
        name: name.into(),
        data_type: base_type.into(),
        base_type: base_type.into(),
        nullable: name != "id",
        ..ColumnInfo::default()
    }
}

fn table(name: &str) -> TableInfo {
    TableInfo {
        rls: Some(TableRls {
            enabled: true,
            forced: false,
            policies: 2,
        }),
        rights: Some(TableRights {
            select: true,
            insert: true,
            update: true,
            delete: false,
        }),
        rows: Some(12_345),
        bytes: Some(3_000_000),
        key: vec!["id".into()],
        source: TableSource::Database,
        ..TableInfo::unknown(&TableName::new("public", name))
    }
}

pub fn list() -> TableList {
    let open = TableInfo {
        rls: Some(TableRls {
            enabled: false,
            forced: false,
            policies: 0,
        }),
        comment: Some("Left open\u{1b}[2J on purpose".into()),
        ..table("open door")
    };
    let view = TableInfo {
        kind: TableKind::View,
        rls: None,
        security_invoker: Some(false),
        rows: None,
        bytes: None,
        key: Vec::new(),
        ..table("overview")
    };
    TableList {
        exposed: vec!["public".into()],
        schemas: vec!["public".into()],
        tables: vec![table("cycle"), table("goal"), open, view],
    }
}

pub fn info(name: &TableName) -> TableDescribed {
    let mut found = table(&name.name);
    found.schema.clone_from(&name.schema);
    let link = TableLink {
        name: "goal_cycle_id_fkey".into(),
        columns: vec!["cycle_id".into()],
        table: TableName::new("public", "cycle"),
        other_columns: vec!["id".into()],
    };
    if name.name == "cycle" {
        found.columns = vec![column("id", "bigint"), column("start_date", "date")];
        found.referenced_by = vec![TableLink {
            columns: link.other_columns,
            table: TableName::new("public", "goal"),
            other_columns: link.columns,
            name: link.name,
        }];
    } else {
        let mut kind = column("type", "goal_type");
        kind.values = vec!["personal".into(), "professional".into()];
        found.columns = vec![
            column("description", "text"),
            column("id", "bigint"),
            kind,
            column("cycle_id", "bigint"),
            column("weight", "numeric"),
            column("done", "boolean"),
            column("data", "jsonb"),
            column("picture", "bytea"),
            column("created_at", "timestamp with time zone"),
        ];
        found.references = vec![link];
    }
    TableDescribed {
        table: found,
        note: None,
    }
}

fn row(table: &str, id: usize) -> RowValues {
    let row: Value = if table == "cycle" {
        json!({"id": id, "start_date": "2026-01-05"})
    } else {
        json!({
            "description": match id % 4 {
                0 => json!(null),
                1 => json!(""),
                2 => json!(format!("Run {id} km\u{1b}[31m\nevery week")),
                _ => json!(format!("Read {id} books, and one more that has a very long name indeed")),
            },
            "id": id,
            "type": if id.is_multiple_of(2) { "personal" } else { "professional" },
            "cycle_id": if id.is_multiple_of(5) { json!(null) } else { json!(id % 7 + 1) },
            "weight": format!("{id}.50").parse::<serde_json::Number>().unwrap(),
            "done": id.is_multiple_of(3),
            "data": {"steps": [1, 2], "note": "x"},
            "picture": "\\x00ff10",
            "created_at": format!("2026-10-{:02}T12:30:00+00:00", id % 28 + 1),
        })
    };
    row.as_object().unwrap().clone()
}

/// What the server answers: rows by their number, up or down, those of a number where one is asked for.
pub fn page(wanted: &RowsWanted) -> RowPage {
    let mut ids: Vec<usize> = (1..=GOALS).collect();
    for filter in &wanted.filter {
        if let Filter::Compare { column, value, .. } = filter
            && column == "id"
        {
            ids.retain(|id| id.to_string() == *value);
        }
    }
    if wanted.order.columns.last().map(|column| column.direction) == Some(Direction::Descending) {
        ids.reverse();
    }
    let start = match &wanted.from {
        PageStart::First => 0,
        PageStart::Offset(rows) => *rows,
        PageStart::Behind(row) => {
            let id = row["id"].as_u64().unwrap() as usize;
            ids.iter().position(|own| *own == id).unwrap() + 1
        }
    };
    let rows: Vec<RowValues> = ids
        .iter()
        .skip(start)
        .take(wanted.limit)
        .map(|id| row(&wanted.table.name, *id))
        .collect();
    let end = start + rows.len();
    RowPage {
        next: rows
            .last()
            .filter(|_| end < ids.len())
            .map(|last| wanted.order.next(last, end)),
        rows,
        row_bytes: 300,
        cut_at: None,
    }
}
