//! What is known of a table: its columns, its keys, who may do what to it, how large it is. It comes from the catalogs of the
//! database, from the OpenAPI document of the REST interface, or only from the rows that came.

use super::column::ColumnInfo;
use super::name::TableName;
use crate::domain::audit::path::key_text;
use crate::domain::identity::Identity;
use crate::domain::near::edits;
use crate::domain::problem::{Kind, Problem};
use crate::domain::text;
use serde::{Deserialize, Serialize};

/// What a table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TableKind {
    /// A table.
    #[default]
    Table,
    /// A table that is divided into partitions.
    PartitionedTable,
    /// A partition of another table.
    Partition,
    /// A table of another server.
    ForeignTable,
    /// A view.
    View,
    /// A view whose rows are kept.
    MaterializedView,
}

impl TableKind {
    /// The words for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::PartitionedTable => "partitioned table",
            Self::Partition => "partition",
            Self::ForeignTable => "foreign table",
            Self::View => "view",
            Self::MaterializedView => "materialized view",
        }
    }
}

/// From where a description comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TableSource {
    /// From the catalogs of the database.
    Database,
    /// From the OpenAPI document of the REST interface.
    OpenApi,
    /// From the rows that came.
    #[default]
    Rows,
}

/// What a role may do by its grants. Policies are not counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRights {
    /// Read rows, of some columns at least.
    pub select: bool,
    /// Add rows.
    pub insert: bool,
    /// Change rows.
    pub update: bool,
    /// Remove rows.
    pub delete: bool,
}

impl TableRights {
    /// The verbs that are granted.
    pub fn verbs(self) -> Vec<&'static str> {
        let all = [
            (self.select, "select"),
            (self.insert, "insert"),
            (self.update, "update"),
            (self.delete, "delete"),
        ];
        let granted = all.into_iter().filter(|(is_granted, _)| *is_granted);
        granted.map(|(_, verb)| verb).collect()
    }

    /// The same as text; `none` without any.
    pub fn words(self) -> String {
        match self.verbs().as_slice() {
            [] => "none".to_owned(),
            verbs => verbs.join(", "),
        }
    }
}

/// Row Level Security of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRls {
    /// Whether it is on.
    pub enabled: bool,
    /// Whether it binds the owner too.
    pub forced: bool,
    /// How many policies there are.
    pub policies: u32,
}

/// A policy of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TablePolicy {
    /// Its name.
    pub name: String,
    /// What it is for: `select`, `insert`, `update`, `delete` or `all`.
    pub verb: String,
    /// Whether it opens; else it narrows what others open.
    pub permissive: bool,
    /// Whether it is for the role in use, itself or by membership; absent where that role is not there.
    pub applies: Option<bool>,
    /// Which rows it is about.
    #[serde(rename = "using")]
    pub qual: Option<String>,
    /// What rows must be that are written.
    pub check: Option<String>,
}

/// A foreign key, from whichever of its two tables one looks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableLink {
    /// The constraint's name.
    pub name: String,
    /// The columns of the table that one looks from.
    pub columns: Vec<String>,
    /// The other table.
    pub table: TableName,
    /// The columns of the other table, in the same order.
    pub other_columns: Vec<String>,
}

/// A table or view.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TableInfo {
    /// The schema.
    pub schema: String,
    /// The name.
    pub name: String,
    /// What it is.
    pub kind: TableKind,
    /// Row Level Security; absent for views, and where it is not known.
    pub rls: Option<TableRls>,
    /// Of a view, whether its rows are read with the rights of whoever reads it.
    pub security_invoker: Option<bool>,
    /// What the role in use may do; absent where it is not known.
    pub rights: Option<TableRights>,
    /// How many rows there are, as Postgres estimates; absent where it does not.
    pub rows: Option<u64>,
    /// How much room it takes with its indexes.
    pub bytes: Option<u64>,
    /// What its comment says.
    pub comment: Option<String>,
    /// The columns that a row is known by: the primary key, else a unique index without nulls.
    pub key: Vec<String>,
    /// The columns, in their order. A list of tables goes without.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<ColumnInfo>,
    /// The policies, of whatever role.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<TablePolicy>,
    /// The foreign keys of the table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<TableLink>,
    /// The foreign keys of other tables that lead here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub referenced_by: Vec<TableLink>,
    /// From where all of this comes.
    #[serde(default)]
    pub source: TableSource,
}

/// Which tables are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TablesWanted {
    /// Their schemas; none means those that the REST interface serves.
    pub schemas: Vec<String>,
    /// One of them, with its columns and keys.
    pub table: Option<String>,
    /// The role whose rights are told.
    pub role: String,
}

/// What is known of a table, and why that is not more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableDescribed {
    /// The table.
    pub table: TableInfo,
    /// Why a better source gave nothing.
    pub note: Option<Problem>,
}

/// The tables that were found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TableList {
    /// The schemas that the REST interface serves, as far as the database says.
    pub exposed: Vec<String>,
    /// The schemas that were looked at and are there.
    pub schemas: Vec<String>,
    /// The tables, by schema and name.
    pub tables: Vec<TableInfo>,
}

impl TableInfo {
    /// A table of which nothing but the name is known.
    pub fn unknown(name: &TableName) -> Self {
        Self {
            schema: name.schema.clone(),
            name: name.name.clone(),
            ..Self::default()
        }
    }

    /// Its name with its schema.
    pub fn full_name(&self) -> TableName {
        TableName::new(&self.schema, &self.name)
    }

    /// Whether a grant alone lets this role at every row, because Row Level Security is off. The service role passes it anyway.
    pub fn is_open_to(&self, role: &str) -> bool {
        let is_granted = self.rights.is_some_and(|may| !may.verbs().is_empty());
        self.hides_no_row() && is_granted && role != "service_role"
    }

    /// Whether it is known that Row Level Security hides none of its rows.
    pub fn hides_no_row(&self) -> bool {
        self.rls.is_some_and(|rls| !rls.enabled)
    }

    /// The sentence for an empty answer: where Row Level Security is off, no row is there.
    pub fn no_rows(&self, who: &Identity, is_filtered: bool) -> String {
        match is_filtered {
            _ if !self.hides_no_row() => who.no_rows(),
            true => "No row fits.".to_owned(),
            false => "The table is empty.".to_owned(),
        }
    }

    /// Whether nothing is known of its columns.
    pub fn is_unknown(&self) -> bool {
        self.source == TableSource::Rows
    }

    /// A column by its name.
    pub fn column(&self, name: &str) -> Option<&ColumnInfo> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The column that is meant, or the problem that names what there is. Any name will do where columns are not known.
    pub fn find(&self, name: &str) -> Result<ColumnInfo, Problem> {
        if let Some(column) = self.column(name) {
            return Ok(column.clone());
        }
        if self.is_unknown() {
            return Ok(ColumnInfo::unknown(name));
        }
        let problem = Problem::new(
            Kind::Usage,
            format!(
                "`{}` is not a column of {}.",
                text::cell(name),
                text::harmless(&self.full_name().to_string())
            ),
            format!("Its columns are {}.", self.told_columns()),
        );
        let near = self.columns.iter().map(|column| {
            let (own, typed) = (column.name.to_lowercase(), name.to_lowercase());
            (edits(&own, &typed), &column.name)
        });
        match near
            .filter(|(edits, own)| *edits <= 2 && *edits < own.len())
            .min()
        {
            Some((_, meant)) => {
                Err(problem.with_hint(format!("Did you mean `{}`?", text::harmless(meant))))
            }
            None => Err(problem),
        }
    }

    /// The names of the columns for a sentence, the first of many.
    fn told_columns(&self) -> String {
        const MOST: usize = 20;
        let names = self.columns.iter().take(MOST).map(|column| &column.name);
        let names: Vec<String> = names.map(|name| key_text(name)).collect();
        let more = self.columns.len().saturating_sub(MOST);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        format!("{}{more}", names.join(", "))
    }

    /// Whether Row Level Security decides which rows are seen.
    pub fn has_rls(&self) -> bool {
        self.rls.is_some_and(|rls| rls.enabled)
    }

    /// The policies that decide for the role in use whether it may do this, in words.
    pub fn policies_for(&self, verb: &str) -> Vec<String> {
        let decides = |policy: &&TablePolicy| {
            (policy.verb == verb || policy.verb == "all") && policy.applies != Some(false)
        };
        let words = |policy: &TablePolicy| {
            let kind = if policy.permissive {
                ""
            } else {
                "restrictive "
            };
            let name = text::cell(&policy.name);
            let shown = |expression: &str| text::cell(expression).into_owned();
            let using = policy
                .qual
                .as_deref()
                .map(|qual| format!(" using {}", shown(qual)));
            let check = policy
                .check
                .as_deref()
                .map(|check| format!(" with check {}", shown(check)));
            format!(
                "{kind}policy “{name}”{}{}",
                using.unwrap_or_default(),
                check.unwrap_or_default()
            )
        };
        self.policies.iter().filter(decides).map(words).collect()
    }

    /// Takes the columns that rows have which came: their names are all that is known.
    pub fn learn<'a>(&mut self, names: impl Iterator<Item = &'a String>) {
        if self.is_unknown() {
            for name in names {
                if self.column(name).is_none() {
                    self.columns.push(ColumnInfo::unknown(name));
                }
            }
        }
    }
}

impl TableList {
    /// The table that is meant by a name, or the problem that says which there are.
    pub fn missing(name: &TableName, known: &[TableInfo]) -> Problem {
        let shown = text::harmless(&name.to_string()).into_owned();
        let problem = Problem::new(
            Kind::Usage,
            format!("There is no table or view `{shown}`."),
            match known.len() {
                0 => format!("The schema {} has none.", text::cell(&name.schema)),
                1 => "One other is there.".to_owned(),
                count => format!("{count} others are there."),
            },
        )
        .with_hint("`supadeck table list` shows them.");
        let near = known.iter().map(|table| {
            let (own, typed) = (table.name.to_lowercase(), name.name.to_lowercase());
            (edits(&own, &typed), table.full_name())
        });
        match near
            .filter(|(edits, own)| *edits <= 2 && *edits < own.name.len())
            .min()
        {
            Some((_, meant)) => problem.with_hint(format!(
                "Did you mean `{}`?",
                text::harmless(&meant.to_string())
            )),
            None => problem,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn table(columns: &[&str]) -> TableInfo {
        TableInfo {
            columns: columns
                .iter()
                .map(|name| ColumnInfo::unknown(name))
                .collect(),
            source: TableSource::Database,
            ..TableInfo::unknown(&TableName::new("public", "goal"))
        }
    }

    #[test]
    fn a_wrong_column_names_the_nearest() {
        let problem = table(&["id", "description"])
            .find("descripton")
            .unwrap_err();
        assert_eq!(problem.hint.unwrap(), "Did you mean `description`?");
        let far = table(&["id"]).find("x\u{1b}").unwrap_err();
        assert!(
            !far.to_string().contains('\u{1b}') && far.hint.is_none(),
            "{far}"
        );
    }

    #[test]
    fn columns_are_learned_from_rows_only_where_nothing_is_known() {
        let names = ["a".to_owned(), "b".to_owned()];
        let mut unknown = TableInfo::unknown(&TableName::new("public", "x"));
        unknown.learn(names.iter());
        unknown.learn(names.iter());
        assert_eq!(unknown.columns.len(), 2);
        let mut known = table(&["id"]);
        known.learn(names.iter());
        assert_eq!(known.columns.len(), 1);
    }
}
