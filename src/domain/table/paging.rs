//! How the rows of a table are read page by page: by a key where there is one, so that nothing that was there at the start is
//! lost or comes twice however rows are written meanwhile; else by counting them off.

use super::column::{ColumnInfo, column_text};
use super::info::{TableInfo, TableSource};
use crate::domain::filter::condition::{every, one};
use crate::domain::problem::{Kind, Problem};
use crate::domain::query::{Direction, Filter as Condition, Op, Select};
use serde_json::{Map, Value};

/// A row as it came: its values by the names of their columns, in their order.
pub type RowValues = Map<String, Value>;

/// A column that rows are sorted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortColumn {
    /// The column.
    pub name: String,
    /// Up or down.
    pub direction: Direction,
    /// Whether rows without a value must be reckoned with.
    pub nullable: bool,
}

/// The order in which rows are read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowOrder {
    /// The columns, most significant first.
    pub columns: Vec<SortColumn>,
    /// Whether no two rows are alike in them, so that one can go on behind any row.
    pub is_keyed: bool,
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum PageStart {
    /// At the first row.
    #[default]
    First,
    /// Behind a row.
    Behind(RowValues),
    /// So many rows further.
    Offset(usize),
}

/// A page of rows that is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct RowsWanted {
    /// The table.
    pub table: TableInfo,
    /// What must hold of its rows.
    pub filter: Vec<Condition>,
    /// Their order.
    pub order: RowOrder,
    /// The columns that are wanted; none means all.
    pub columns: Vec<String>,
    /// Where the page begins.
    pub from: PageStart,
    /// How many rows at most.
    pub limit: usize,
    /// How many rows lie before the page, for those that are counted off.
    pub passed: usize,
}

/// A page of rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RowPage {
    /// The rows.
    pub rows: Vec<RowValues>,
    /// Where the next page begins; absent where this is the last.
    pub next: Option<PageStart>,
    /// The server's own limit, where it sent fewer rows than were asked for and had more.
    pub cut_at: Option<usize>,
    /// How many bytes a row took, on average.
    pub row_bytes: usize,
}

impl RowOrder {
    /// The order by these columns, and by the key of the table behind them.
    pub fn of(table: &TableInfo, sort: &[(String, Direction)]) -> Result<Self, Problem> {
        let mut columns: Vec<SortColumn> = Vec::new();
        let mut is_keyed = !table.key.is_empty();
        let last = sort.last().map_or(Direction::Ascending, |(_, way)| *way);
        let key = table.key.iter().map(|name| (name.clone(), last));
        for (name, direction) in sort.iter().cloned().chain(key) {
            if columns.iter().any(|column| column.name == name) {
                continue;
            }
            let column = table.find(&name)?;
            if table.key.contains(&name) {
                // REST calls a column of a view a key where it is one of the table below, whatever the view joins: only
                // that of a table takes no null.
                is_keyed &= table.source != TableSource::OpenApi || !column.nullable;
                // What the role may not read cannot be sorted by either.
                if column.may_select == Some(false) && !sort.iter().any(|(own, _)| *own == name) {
                    is_keyed = false;
                    continue;
                }
            }
            is_keyed &= column.kind().is_ordered();
            columns.push(SortColumn {
                name,
                direction,
                nullable: column.nullable,
            });
        }
        Ok(Self { columns, is_keyed })
    }

    /// Reads `name`, `-created_at` or `created_at.desc`; a column whose own name looks so is taken as it is.
    pub fn parse(table: &TableInfo, typed: &str) -> Result<(String, Direction), Problem> {
        let typed = typed.trim();
        if table.column(typed).is_some() {
            return Ok((typed.to_owned(), Direction::Ascending));
        }
        let (name, direction) = if let Some(name) = typed.strip_prefix('-') {
            (name, Direction::Descending)
        } else if let Some(name) = typed.strip_suffix(".desc") {
            (name, Direction::Descending)
        } else {
            (
                typed.strip_suffix(".asc").unwrap_or(typed),
                Direction::Ascending,
            )
        };
        if name.is_empty() {
            return Err(Problem::new(
                Kind::Usage,
                "The order names no column.",
                "It is a column, with `-` in front for the largest first.",
            ));
        }
        table.find(name)?;
        Ok((name.to_owned(), direction))
    }

    /// The other way round.
    #[must_use]
    pub fn reversed(&self) -> Self {
        let turn = |column: &SortColumn| SortColumn {
            direction: match column.direction {
                Direction::Ascending => Direction::Descending,
                Direction::Descending => Direction::Ascending,
            },
            ..column.clone()
        };
        Self {
            columns: self.columns.iter().map(turn).collect(),
            is_keyed: self.is_keyed,
        }
    }

    /// Whether a column decides the order.
    pub fn has(&self, name: &str) -> bool {
        self.columns.iter().any(|column| column.name == name)
    }

    /// Puts the order on a selection, and where it begins.
    pub fn apply(&self, mut query: Select, from: &PageStart) -> Select {
        for column in &self.columns {
            query = query.order(column_text(&column.name), column.direction);
        }
        match from {
            PageStart::First => query,
            PageStart::Offset(rows) => query.offset(*rows),
            PageStart::Behind(row) => match self.behind(row) {
                Some(conditions) => conditions.into_iter().fold(query, Select::filter),
                None => query,
            },
        }
    }

    /// Where the page behind a row begins, after so many rows; by the key where that is possible.
    pub fn next(&self, last: &RowValues, passed: usize) -> PageStart {
        if self.is_keyed && self.behind(last).is_some() {
            let kept = self.columns.iter();
            let kept = kept
                .filter_map(|column| Some((column.name.clone(), last.get(&column.name)?.clone())));
            return PageStart::Behind(kept.collect());
        }
        PageStart::Offset(passed)
    }

    /// The conditions of the rows behind one. None where its values cannot be compared with.
    ///
    /// Postgres puts rows without a value last upwards and first downwards.
    fn behind(&self, row: &RowValues) -> Option<Vec<Condition>> {
        let mut any = Vec::new();
        let mut same: Vec<Condition> = Vec::new();
        for column in &self.columns {
            let name = column_text(&column.name);
            let value = comparable(row.get(&column.name)?).ok()?;
            let is_up = column.direction == Direction::Ascending;
            let op = if is_up { Op::Gt } else { Op::Lt };
            let null = || Condition::IsNull {
                column: name.clone(),
            };
            let beyond = match &value {
                Some(value) => {
                    let beyond = Condition::compare(&name, op, value);
                    if is_up && column.nullable {
                        Some(Condition::Any(vec![beyond, null()]))
                    } else {
                        Some(beyond)
                    }
                }
                None if is_up => None,
                None => Some(Condition::NotNull {
                    column: name.clone(),
                }),
            };
            if let Some(beyond) = beyond {
                let mut all = same.clone();
                all.push(beyond);
                any.push(every(all));
            }
            same.push(match value {
                Some(value) => Condition::eq(&name, value),
                None => null(),
            });
        }
        let mut all = Vec::new();
        // It says nothing new, but Postgres cannot start an index scan inside an `or`.
        if let Some(first) = self.columns.first()
            && !first.nullable
            && self.columns.len() > 1
            && let Some(value) = comparable(row.get(&first.name)?).ok()?
        {
            let op = match first.direction {
                Direction::Ascending => Op::GtEq,
                Direction::Descending => Op::LtEq,
            };
            all.push(Condition::compare(column_text(&first.name), op, value));
        }
        match one(any) {
            Condition::All(parts) => all.extend(parts),
            other => all.push(other),
        }
        Some(all)
    }
}

/// An array or a document, which no filter compares.
struct NotSimple;

/// A value as a filter takes it; none for null.
fn comparable(value: &Value) -> Result<Option<String>, NotSimple> {
    match value {
        Value::Null => Ok(None),
        Value::Bool(is) => Ok(Some(is.to_string())),
        Value::Number(number) => Ok(Some(number.to_string())),
        Value::String(text) => Ok(Some(text.clone())),
        Value::Array(_) | Value::Object(_) => Err(NotSimple),
    }
}

/// The columns of a selection: those that were asked for, or all that may be read.
pub fn selection(table: &TableInfo, wanted: &[String], order: &RowOrder) -> String {
    let text = |name: &String| column_text(name);
    if wanted.is_empty() {
        let hidden = |column: &ColumnInfo| column.may_select == Some(false);
        if table.columns.iter().any(hidden) {
            let shown = table.columns.iter().filter(|column| !hidden(column));
            let shown: Vec<String> = shown.map(|column| text(&column.name)).collect();
            return shown.join(",");
        }
        return "*".to_owned();
    }
    let mut names: Vec<String> = wanted.iter().map(text).collect();
    // Without these one could not go on behind the last row.
    for column in &order.columns {
        if !wanted.contains(&column.name) {
            names.push(text(&column.name));
        }
    }
    names.join(",")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::name::TableName;
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;
    use std::cmp::Ordering;

    fn column(name: &str, base_type: &str, nullable: bool) -> ColumnInfo {
        ColumnInfo {
            name: name.to_owned(),
            data_type: base_type.to_owned(),
            base_type: base_type.to_owned(),
            nullable,
            ..ColumnInfo::default()
        }
    }

    #[test]
    fn a_key_that_may_not_be_read_or_may_not_be_one_is_not_paged_by() {
        let mut hidden = table(&["b", "c"]);
        hidden.columns[1].may_select = Some(false);
        let order = RowOrder::of(&hidden, &[]).unwrap();
        assert!(!order.is_keyed && !order.has("b") && order.has("c"));
        let mut view = table(&["a"]);
        view.source = TableSource::OpenApi;
        assert!(!RowOrder::of(&view, &[]).unwrap().is_keyed);
        view.key = vec!["b".into()];
        assert!(RowOrder::of(&view, &[]).unwrap().is_keyed);
    }

    fn table(key: &[&str]) -> TableInfo {
        TableInfo {
            columns: vec![
                column("a", "integer", true),
                column("b", "integer", false),
                column("c", "integer", false),
                column("data", "jsonb", true),
            ],
            key: key.iter().map(|name| (*name).to_owned()).collect(),
            source: TableSource::Database,
            ..TableInfo::unknown(&TableName::new("public", "t"))
        }
    }

    fn holds(condition: &Condition, row: &RowValues) -> bool {
        let number = |column: &str| row[column].as_i64();
        match condition {
            Condition::Compare { column, op, value } => number(column).is_some_and(|own| {
                let value: i64 = value.parse().unwrap();
                match op {
                    Op::Eq => own == value,
                    Op::Lt => own < value,
                    Op::LtEq => own <= value,
                    Op::Gt => own > value,
                    Op::GtEq => own >= value,
                    _ => unreachable!(),
                }
            }),
            Condition::IsNull { column } => number(column).is_none(),
            Condition::NotNull { column } => number(column).is_some(),
            Condition::Any(parts) => parts.iter().any(|part| holds(part, row)),
            Condition::All(parts) => parts.iter().all(|part| holds(part, row)),
            _ => unreachable!(),
        }
    }

    /// As Postgres sorts: rows without a value last upwards, first downwards.
    fn compare(order: &RowOrder, one: &RowValues, other: &RowValues) -> Ordering {
        let mut all = order.columns.iter().map(|column| {
            let key = |row: &RowValues| row[&column.name].as_i64();
            let up = match (key(one), key(other)) {
                (None, None) => Ordering::Equal,
                (None, Some(_)) => Ordering::Greater,
                (Some(_), None) => Ordering::Less,
                (Some(one), Some(other)) => one.cmp(&other),
            };
            match column.direction {
                Direction::Ascending => up,
                Direction::Descending => up.reverse(),
            }
        });
        all.find(|ordering| ordering.is_ne())
            .unwrap_or(Ordering::Equal)
    }

    proptest! {
        #[test]
        fn page_by_page_every_row_comes_once_and_in_order(
            rows in prop::collection::btree_map((0..4_i64, 0..4_i64), prop::option::of(0..3_i64), 0..20),
            ways in prop::collection::vec(any::<bool>(), 3),
            by_c in any::<bool>(),
            size in 1..5_usize,
        ) {
            let way = |up| if up { Direction::Ascending } else { Direction::Descending };
            let mut sort = vec![("a".to_owned(), way(ways[0]))];
            if by_c {
                sort.push(("c".to_owned(), way(ways[1])));
            }
            let order = RowOrder::of(&table(&["b", "c"]), &sort).unwrap();
            prop_assert!(order.is_keyed);
            let order = if ways[2] { order } else { order.reversed() };
            let mut wanted: Vec<RowValues> = rows
                .iter()
                .map(|((b, c), a)| json!({"a": a, "b": b, "c": c}).as_object().unwrap().clone())
                .collect();
            wanted.sort_by(|one, other| compare(&order, one, other));
            let mut found: Vec<RowValues> = Vec::new();
            let mut from = PageStart::First;
            loop {
                let query = order.apply(Select::from("t"), &from);
                let page: Vec<RowValues> = wanted
                    .iter()
                    .filter(|row| query.filters.iter().all(|filter| holds(filter, row)))
                    .take(size)
                    .cloned()
                    .collect();
                let Some(last) = page.last() else { break };
                from = order.next(last, 0);
                prop_assert!(matches!(from, PageStart::Behind(_)));
                found.extend(page);
            }
            prop_assert_eq!(found, wanted);
        }
    }

    #[test]
    fn without_a_key_or_by_a_document_rows_are_counted_off() {
        let order = RowOrder::of(&table(&[]), &[]).unwrap();
        let row = json!({"a": 1}).as_object().unwrap().clone();
        assert_eq!(order.next(&row, 40), PageStart::Offset(40));
        let by_document = [("data".to_owned(), Direction::Ascending)];
        let order = RowOrder::of(&table(&["b"]), &by_document).unwrap();
        assert!(!order.is_keyed);
    }

    #[test]
    fn an_order_is_typed_with_a_sign_or_a_word() {
        let mut table = table(&["b"]);
        table.columns.push(column("-x", "integer", false));
        let parse = |typed| RowOrder::parse(&table, typed).unwrap();
        assert_eq!(parse("a"), ("a".to_owned(), Direction::Ascending));
        assert_eq!(parse("-a"), ("a".to_owned(), Direction::Descending));
        assert_eq!(parse("a.desc"), ("a".to_owned(), Direction::Descending));
        assert_eq!(parse("-x"), ("-x".to_owned(), Direction::Ascending));
        assert!(RowOrder::parse(&table, "-").is_err());
        assert!(RowOrder::parse(&table, "zzz").is_err());
    }

    #[test]
    fn columns_that_may_not_be_read_are_left_out_and_the_key_comes_along() {
        let mut table = table(&["b"]);
        let order = RowOrder::of(&table, &[]).unwrap();
        assert_eq!(selection(&table, &[], &order), "*");
        assert_eq!(selection(&table, &["c".to_owned()], &order), "c,b");
        table.columns[0].may_select = Some(false);
        assert_eq!(selection(&table, &[], &order), "b,c,data");
    }
}
