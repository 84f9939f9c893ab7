//! What the table of the migration history is like in a database: the Supabase CLI's own, an older tool's, one with more
//! columns, a view. Says what is unusual about it and what to do. Reads nothing itself.

use crate::domain::sql::name::quoted;
use serde::Serialize;

/// The table of the history as the catalogs describe it; the default is a table that is not there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryTable {
    /// Postgres' `relkind`: `r` for a table, `v` for a view; empty when there is none.
    pub kind: String,
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// Whether the role may add a row.
    pub may_insert: bool,
    /// Whether the role may take a row away.
    pub may_delete: bool,
    /// Whether the role may change a row.
    pub may_update: bool,
    /// Whether no version can be recorded twice.
    pub is_unique: bool,
    /// Whether Row Level Security may hide rows from the role.
    pub hides_rows: bool,
}

/// A column of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type as Postgres writes it, such as `text[]`.
    pub kind: String,
    /// Whether a row must name a value: not null, and nothing fills it.
    pub is_required: bool,
}

/// What is to be done with the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableAccess {
    /// Add rows.
    Insert,
    /// Take rows away.
    Delete,
    /// Change rows.
    Update,
    /// Add rows, or change those that are there.
    Upsert,
}

/// Something unusual about the table, and the way out of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableWarning {
    /// What it is and what follows from it.
    pub what: String,
    /// What to do; absent when nothing needs to be done.
    pub way_out: Option<String>,
}

const TABLE: &str = "supabase_migrations.schema_migrations";
/// The columns of the Supabase CLI's table, with their types.
const OWN: [(&str, &str); 3] = [
    ("version", "text"),
    ("statements", "text[]"),
    ("name", "text"),
];

impl HistoryTable {
    /// Whether there is a table, or something in its place.
    pub fn is_there(&self) -> bool {
        !self.kind.is_empty()
    }

    fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    fn is_table(&self) -> bool {
        matches!(self.kind.as_str(), "r" | "p")
    }

    /// Everything that is unusual; nothing for the Supabase CLI's own table, and for none.
    pub fn remarks(&self) -> Vec<TableWarning> {
        if !self.is_there() {
            return Vec::new();
        }
        let mut remarks: Vec<TableWarning> =
            [self.place(), self.hidden(), self.lacking(), self.typed()]
                .into_iter()
                .flatten()
                .collect();
        remarks.extend(self.repeating());
        remarks.extend(self.demanding());
        remarks.extend(self.denied());
        remarks.extend(self.extra());
        remarks
    }

    /// Why the history cannot be used like this; absent when nothing is known to stand in the way.
    pub fn blocker(&self, usage: TableAccess) -> Option<TableWarning> {
        if !self.is_there() {
            return None;
        }
        let may = match usage {
            TableAccess::Insert => self.may_insert,
            TableAccess::Delete => self.may_delete,
            TableAccess::Update => self.may_update,
            TableAccess::Upsert => self.may_insert && self.may_update,
        };
        let denied = || (!may).then(|| self.denied()).flatten();
        let demanding = || {
            matches!(usage, TableAccess::Insert | TableAccess::Upsert)
                .then(|| self.demanding())
                .flatten()
        };
        self.place()
            .or_else(|| self.hidden())
            .or_else(|| self.typed())
            .or_else(demanding)
            .or_else(|| {
                (usage == TableAccess::Upsert)
                    .then(|| self.repeating())
                    .flatten()
            })
            .or_else(denied)
    }

    fn place(&self) -> Option<TableWarning> {
        let what = match self.kind.as_str() {
            "r" | "p" => return None,
            "v" => "a view",
            "m" => "a materialized view",
            "f" => "a foreign table",
            _ => "no table",
        };
        Some(TableWarning {
            what: format!(
                "{TABLE} is {what}: it can be read, and supadeck writes no history through it."
            ),
            way_out: Some(format!(
                "Move it away and make the table from it: `alter {} {TABLE} rename to schema_migrations_old`, then \
                 `create table {TABLE} as table supabase_migrations.schema_migrations_old` and `alter table {TABLE} add primary key (version)`.",
                match self.kind.as_str() {
                    "m" => "materialized view",
                    "f" => "foreign table",
                    _ => "view",
                }
            )),
        })
    }

    fn hidden(&self) -> Option<TableWarning> {
        self.hides_rows.then(|| TableWarning {
            what: format!(
                "Row Level Security is active for this role on {TABLE}: applied versions may be hidden and look pending."
            ),
            way_out: Some("Use the database URL of the role that owns the table.".to_owned()),
        })
    }

    fn lacking(&self) -> Option<TableWarning> {
        let lacking: Vec<&str> = ["statements", "name"]
            .into_iter()
            .filter(|name| self.column(name).is_none())
            .collect();
        if lacking.is_empty() || !self.is_table() {
            return None;
        }
        let effect = if lacking.contains(&"statements") {
            "what was applied cannot be compared with the files"
        } else {
            "the names come from the files alone"
        };
        Some(TableWarning {
            what: format!(
                "{TABLE} was made by an older tool and has no {}: {effect}.",
                lacking.join(" and no ")
            ),
            way_out: Some(
                "Nothing needs to be done: the next `supadeck migration apply` or `repair` adds what lacks, as the Supabase CLI does. \
                 `supadeck migration repair --status applied VERSION` records the statements of a file."
                    .to_owned(),
            ),
        })
    }

    fn typed(&self) -> Option<TableWarning> {
        if self.column("version").is_none() {
            return Some(TableWarning {
                what: format!("{TABLE} has no column version: it is no migration history."),
                way_out: Some(
                    "Look at the table; move it away when another tool left it there.".to_owned(),
                ),
            });
        }
        let odd: Vec<(&Column, &str)> = OWN
            .iter()
            .filter_map(|(name, kind)| Some((self.column(name)?, *kind)))
            .filter(|(column, kind)| {
                let fits = match *kind {
                    "text" => matches!(column.kind.as_str(), "text" | "character varying"),
                    _ => matches!(column.kind.as_str(), "text[]" | "character varying[]"),
                };
                !fits
            })
            .collect();
        let (first, kind) = odd.first()?;
        let named: Vec<String> = odd
            .iter()
            .map(|(column, kind)| format!("{} is {} and not {kind}", column.name, column.kind))
            .collect();
        Some(TableWarning {
            what: format!(
                "In {TABLE} {}: it is not the Supabase CLI's table.",
                named.join(", ")
            ),
            way_out: Some(format!(
                "Change the type, such as `alter table {TABLE} alter column {} type {kind} using …`, when no other tool needs it as it is.",
                first.name
            )),
        })
    }

    fn repeating(&self) -> Option<TableWarning> {
        let is_fine = self.is_unique || !self.is_table() || self.column("version").is_none();
        (!is_fine).then(|| TableWarning {
            what: format!(
                "{TABLE} has no key on version: nothing keeps a version from being recorded twice."
            ),
            way_out: Some(format!(
                "`alter table {TABLE} add primary key (version)`; remove rows that are there twice before."
            )),
        })
    }

    fn demanding(&self) -> Option<TableWarning> {
        let names: Vec<&str> = self
            .columns
            .iter()
            .filter(|column| column.is_required && OWN.iter().all(|(own, _)| *own != column.name))
            .map(|column| column.name.as_str())
            .collect();
        let first = names.first()?;
        Some(TableWarning {
            what: format!(
                "{TABLE} wants a value for {} in every row, which neither supadeck nor the Supabase CLI writes.",
                names.join(", ")
            ),
            way_out: Some(format!(
                "Give the column a default or let it be empty: `alter table {TABLE} alter column {} drop not null`.",
                quoted(first)
            )),
        })
    }

    fn denied(&self) -> Option<TableWarning> {
        let lacking: Vec<&str> = [
            (self.may_insert, "insert"),
            (self.may_delete, "delete"),
            (self.may_update, "update"),
        ]
        .into_iter()
        .filter(|(may, _)| !may)
        .map(|(_, verb)| verb)
        .collect();
        if lacking.is_empty() || !self.is_table() {
            return None;
        }
        Some(TableWarning {
            what: format!(
                "This role may read {TABLE} and has no right to {}.",
                lacking.join(", ")
            ),
            way_out: Some(
                "Use the database URL of the role that owns the table, or have it granted."
                    .to_owned(),
            ),
        })
    }

    fn extra(&self) -> Option<TableWarning> {
        let names: Vec<String> = self
            .columns
            .iter()
            .filter(|column| OWN.iter().all(|(own, _)| *own != column.name))
            .map(|column| match column.name.as_str() {
                "rollback" if matches!(column.kind.as_str(), "text[]" | "text") => {
                    "rollback (written with the rollback file's statements)".to_owned()
                }
                name => format!("{name} (left alone)"),
            })
            .collect();
        (!names.is_empty()).then(|| TableWarning {
            what: format!("{TABLE} has more columns: {}.", names.join(", ")),
            way_out: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, kind: &str, is_required: bool) -> Column {
        Column {
            name: name.into(),
            kind: kind.into(),
            is_required,
        }
    }

    fn own() -> HistoryTable {
        HistoryTable {
            kind: "r".into(),
            columns: vec![
                column("version", "text", true),
                column("statements", "text[]", false),
                column("name", "text", false),
            ],
            may_insert: true,
            may_delete: true,
            may_update: true,
            is_unique: true,
            hides_rows: false,
        }
    }

    #[test]
    fn the_own_table_and_none_are_nothing_to_remark_on() {
        assert_eq!(own().remarks(), []);
        assert_eq!(HistoryTable::default().remarks(), []);
        assert_eq!(own().blocker(TableAccess::Insert), None);
        assert_eq!(HistoryTable::default().blocker(TableAccess::Delete), None);
    }

    #[test]
    fn more_columns_stand_in_the_way_only_when_they_want_a_value() {
        let mut books = own();
        books.columns.push(column("created_by", "text", false));
        assert_eq!(books.remarks().len(), 1);
        assert_eq!(books.blocker(TableAccess::Insert), None);
        books.columns.push(column("Key", "text", true));
        let obstacle = books.blocker(TableAccess::Insert).unwrap();
        assert!(
            obstacle
                .way_out
                .unwrap()
                .contains("column \"Key\" drop not null")
        );
        assert_eq!(books.blocker(TableAccess::Delete), None);
    }

    #[test]
    fn a_view_and_hidden_rows_stand_in_the_way_of_everything() {
        for books in [
            HistoryTable {
                kind: "v".into(),
                ..own()
            },
            HistoryTable {
                hides_rows: true,
                ..own()
            },
        ] {
            for usage in [
                TableAccess::Insert,
                TableAccess::Delete,
                TableAccess::Update,
            ] {
                assert!(books.blocker(usage).is_some());
            }
        }
        let loose = HistoryTable {
            is_unique: false,
            ..own()
        };
        assert!(loose.blocker(TableAccess::Upsert).is_some());
        assert_eq!(loose.blocker(TableAccess::Insert), None);
        let reader = HistoryTable {
            may_insert: false,
            ..own()
        };
        assert!(reader.blocker(TableAccess::Insert).is_some());
        assert_eq!(reader.blocker(TableAccess::Delete), None);
    }
}
