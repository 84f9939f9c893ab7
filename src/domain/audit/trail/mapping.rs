//! A table of a project that holds its audit trail, and which of its columns say what: as a profile names them, or as they were
//! recognised by their names.

use super::super::Cursor;
use crate::domain::problem::{Kind, Problem};
use crate::domain::query::{Direction, Filter as Condition, Op, Select};
use crate::domain::table::column::column_text;
use crate::domain::text;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a column holds, as far as it matters for asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// A UUID.
    Uuid,
    /// A whole number.
    Number,
    /// Any text.
    Text,
    /// A text of which only some are taken: an enum, or one of which it is not known.
    Word,
    /// A moment.
    Time,
    /// A document.
    Json,
    /// Something else.
    Other,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailColumn {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: ColumnKind,
}

/// A table with a trail, and its columns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrailMapping {
    /// The table, with its schema and a dot in front where that is not `public`.
    pub table: String,
    /// The record's own id: unique.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// When it was written.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub time: String,
    /// The row, or its changed fields, before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The same after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The column with the name of the table that was changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_table: Option<String>,
    /// The column with its schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_schema: Option<String>,
    /// The table that was changed, where the trail is of one table only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// What was done: `INSERT`, `updated`, `D`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Whose data it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The id that ties the records of one request together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// From which address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// With what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The column with the id of the row that was changed, for rows whose images do not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<String>,
    /// The field of the images that identifies a row; `id` without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What the columns hold, as far as it is known.
    #[serde(skip)]
    pub kinds: BTreeMap<String, ColumnKind>,
}

impl TrailMapping {
    /// The schema, where it is not `public`, and the table's name.
    pub fn place(&self) -> (Option<&str>, &str) {
        match self.table.split_once('.') {
            Some(("public", name)) => (None, name),
            Some((schema, name)) => (Some(schema), name),
            None => (None, &self.table),
        }
    }

    /// The table as people read it.
    pub fn name(&self) -> String {
        let (schema, name) = self.place();
        let shown = match schema {
            Some(schema) => format!("{schema}.{name}"),
            None => name.to_owned(),
        };
        text::cell(&shown).into_owned()
    }

    /// The field that identifies a row.
    pub fn key(&self) -> &str {
        self.key.as_deref().unwrap_or("id")
    }

    /// What a column holds.
    pub(super) fn kind(&self, column: &str) -> Option<ColumnKind> {
        self.kinds.get(column).copied()
    }

    /// The columns that are named, each once.
    fn columns(&self) -> Vec<&str> {
        let own = [Some(&self.id), Some(&self.time)];
        let others = [
            &self.before,
            &self.after,
            &self.changed_table,
            &self.changed_schema,
            &self.action,
            &self.actor,
            &self.subject,
            &self.request,
            &self.reason,
            &self.address,
            &self.agent,
            &self.row,
        ];
        let all = own.into_iter().chain(others.map(Option::as_ref)).flatten();
        let mut columns: Vec<&str> = Vec::new();
        for column in all {
            if !columns.contains(&column.as_str()) {
                columns.push(column);
            }
        }
        columns
    }

    /// What the records do not tell.
    pub(super) fn missing(&self) -> Vec<&'static str> {
        let is_one_table = self.changed_table.is_none() && self.of.is_none();
        let all = [
            ("what was changed", is_one_table),
            ("the row before", self.before.is_none()),
            ("the row after", self.after.is_none()),
            ("who did it", self.actor.is_none()),
            ("whose data it was", self.subject.is_none()),
            ("of which request it is", self.request.is_none()),
            ("why", self.reason.is_none()),
            ("from where", self.address.is_none()),
        ];
        let missing = all.into_iter().filter(|(_, is_missing)| *is_missing);
        missing.map(|(what, _)| what).collect()
    }

    /// Checks it against the columns that the table has, and keeps what these hold.
    pub fn with_columns(mut self, columns: &[TrailColumn]) -> Result<Self, Problem> {
        let has = |name: &str| columns.iter().any(|column| column.name == name);
        if let Some(unknown) = self.columns().into_iter().find(|name| !has(name)) {
            let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
            return Err(Problem::new(
                Kind::Config,
                format!(
                    "The profile's trail names a column `{}` that {} does not have.",
                    text::cell(unknown),
                    self.name()
                ),
                format!("Its columns are {}.", text::cell(&names.join(", "))),
            )
            .with_hint("Correct `[profiles.NAME.trail]` in profiles.toml."));
        }
        self.kinds = columns
            .iter()
            .map(|column| (column.name.clone(), column.kind))
            .collect();
        Ok(self)
    }

    /// Checks what can be checked without the table.
    pub fn check(&self) -> Result<(), Problem> {
        let wrong = |what: &str| {
            Problem::new(
                Kind::Config,
                format!("The profile's trail names no {what}."),
                "A trail is a table with an id, a time, and the row before, after or both.",
            )
            .with_hint("See docs/audit.md for `[profiles.NAME.trail]`.")
        };
        let (_, table) = self.place();
        match self {
            _ if table.is_empty() => Err(wrong("table")),
            _ if self.id.is_empty() => Err(wrong("id")),
            _ if self.time.is_empty() => Err(wrong("time")),
            _ if self.before.is_none() && self.after.is_none() => {
                Err(wrong("column with the row before or after"))
            }
            _ => Ok(()),
        }
    }

    /// Whether only the table is named, so that its columns have to be recognised.
    pub fn is_table_only(&self) -> bool {
        self.columns().iter().all(|column| column.is_empty())
    }

    /// With what the profile says beside the columns: of which table it is, and what identifies a row.
    #[must_use]
    pub fn with_words_of(mut self, named: &Self) -> Self {
        if named.of.is_some() {
            self.of.clone_from(&named.of);
            (self.changed_table, self.changed_schema) = (None, None);
        }
        if named.key.is_some() {
            self.key.clone_from(&named.key);
        }
        self
    }

    fn whole_table(&self) -> Select {
        let (schema, table) = self.place();
        let select = Select::from(table);
        match schema {
            Some(schema) => select.of_schema(schema),
            None => select,
        }
    }

    pub(super) fn select(&self) -> Select {
        let columns: Vec<String> = self.columns().into_iter().map(column_text).collect();
        self.whole_table().columns(columns.join(","))
    }

    pub(super) fn places(&self) -> Select {
        let columns = [column_text(&self.id), column_text(&self.time)];
        self.whole_table().columns(columns.join(","))
    }

    /// Whether the ids say in which order the records were written, so that the table's key gives the list: they are numbers.
    pub(super) fn is_ordered_by_id(&self) -> bool {
        self.kind(&self.id) == Some(ColumnKind::Number)
    }

    /// Whether an id that reads as a number is one: in a text, `10` is less than `9`.
    pub(super) fn may_have_numbers(&self) -> bool {
        use ColumnKind as K;
        !matches!(
            self.kind(&self.id),
            Some(K::Text | K::Word | K::Uuid | K::Time | K::Json)
        )
    }

    pub(super) fn ordered(&self, query: Select, direction: Direction) -> Select {
        let query = if self.is_ordered_by_id() {
            query
        } else {
            // A record without a time has no place in the list.
            let column = column_text(&self.time);
            query
                .filter(Condition::NotNull { column })
                .order(column_text(&self.time), direction)
        };
        query.order(column_text(&self.id), direction)
    }

    pub(super) fn beyond(
        &self,
        cursor: &Cursor,
        (strict, or_same, at_id): (Op, Op, Op),
    ) -> Vec<Condition> {
        let (time, id) = (column_text(&self.time), column_text(&self.id));
        // A moment that one goes to is no record: before all of its records, or behind all of them.
        let is_uuid = matches!(self.kind(&self.id), Some(ColumnKind::Uuid));
        let at_moment = |op: Op| vec![Condition::compare(&time, op, &cursor.created_at)];
        let towards_older = matches!(strict, Op::Lt);
        match cursor.id.as_str() {
            LEAST if !is_uuid => at_moment(if towards_older { strict } else { Op::GtEq }),
            GREATEST if !is_uuid => at_moment(if towards_older { or_same } else { Op::Gt }),
            _ if self.is_ordered_by_id() => vec![Condition::compare(id, at_id, &cursor.id)],
            _ => bounded((&time, &id), cursor, (strict, or_same, at_id)),
        }
    }
}

/// The ids of a moment that one goes to: before all records of it, and behind them.
const LEAST: &str = "00000000-0000-0000-0000-000000000000";
const GREATEST: &str = "ffffffff-ffff-ffff-ffff-ffffffffffff";

/// The same rows as (time, id) < (X, Y), or another order. The first condition says nothing new, but Postgres cannot start an index
/// scan inside an `or`: without it every page would walk the list from its top.
pub(super) fn bounded(
    (time, id): (&str, &str),
    cursor: &Cursor,
    (strict, or_same, at_id): (Op, Op, Op),
) -> Vec<Condition> {
    let moment = &cursor.created_at;
    vec![
        Condition::compare(time, or_same, moment),
        Condition::Any(vec![
            Condition::compare(time, strict, moment),
            Condition::All(vec![
                Condition::eq(time, moment),
                Condition::compare(id, at_id, &cursor.id),
            ]),
        ]),
    ]
}
