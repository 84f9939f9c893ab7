//! The Tables screen: the tables of the project, the grid of one, and the row that one reads as a form.

use crate::app::list::{Move, window_top};
use crate::app::screen::grid::{Grid, GridRow};
use crate::app::table::{Row, Table};
use crate::app::wrap::wrap;
use crate::domain::audit::path::key_text;
use crate::domain::plural::{counted_in_groups, grouped};
use crate::domain::problem::Problem;
use crate::domain::report::{Tone, row_security};
use crate::domain::table::cell::size;
use crate::domain::table::filter::RowFilter;
use crate::domain::table::info::{TableInfo, TableLink, TableList};
use crate::domain::table::name::TableName;
use crate::domain::table::paging::{PageStart, RowOrder, RowsWanted};
use crate::domain::text::harmless;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;

/// The most grids that one can go back to.
const MOST_BACK: usize = 20;

/// The state of the screen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tables {
    /// One row a table.
    pub table: Table<ListedTable>,
    /// The grid that is open.
    pub grid: Option<Box<Grid>>,
    /// The grids from which one came here, the last one last.
    pub came_from: Vec<Grid>,
    /// Whether the grid has to be read again when it comes into view.
    pub is_old: bool,
    /// How many rows tables have for whoever reads, where that was counted since the list was read.
    pub counts: BTreeMap<TableName, u64>,
    /// The table of the list whose rows are being counted.
    pub counting: Option<TableName>,
}

/// A table with the key that the selection follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedTable {
    key: String,
    /// What is known of it.
    pub info: TableInfo,
}

impl Row for ListedTable {
    fn key(&self) -> &str {
        &self.key
    }

    fn haystack(&self) -> String {
        format!("{} {}", self.key, self.info.kind.word())
    }
}

/// Rows that a foreign key leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// Their table.
    pub table: TableName,
    /// The filter that finds them.
    pub filter: String,
}

/// A line of the form of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormLine<'a> {
    /// A column, by its place in the grid, and the foreign key that it begins.
    Column(usize, Option<&'a TableLink>),
    /// A foreign key of another table that leads here.
    Back(&'a TableLink),
}

impl Tables {
    /// Takes a list.
    pub fn arrived(&mut self, result: Result<TableList, Problem>, at: Timestamp) {
        let rows = result.map(|list| {
            let listed = |info: TableInfo| ListedTable {
                key: info.full_name().to_string(),
                info,
            };
            list.tables.into_iter().map(listed).collect()
        });
        self.counts.clear();
        self.table.arrived(rows, at);
    }

    /// What to ask for to have the rows of the selected table counted.
    pub fn request_count(&mut self) -> Option<RowsWanted> {
        let table = self.table.selected()?.info.clone();
        self.counting = Some(table.full_name());
        Some(RowsWanted {
            table,
            filter: Vec::new(),
            order: RowOrder::default(),
            columns: Vec::new(),
            from: PageStart::First,
            limit: 1,
            passed: 0,
        })
    }

    /// The rows were counted, of the grid or of a table of the list.
    pub fn counted(&mut self, result: Result<u64, Problem>, at: Timestamp) {
        match (&mut self.grid, self.counting.take(), result) {
            (Some(grid), _, result) => grid.counted.arrived(result, at),
            (None, Some(name), Ok(rows)) => drop(self.counts.insert(name, rows)),
            (None, ..) => {}
        }
    }

    /// Opens the grid of a table; the one that is open is gone back to.
    pub fn open(&mut self, name: TableName, filter: &str) {
        if let Some(mut grid) = self.grid.take() {
            grid.gave_up();
            self.came_from.push(*grid);
            // What is marked is not let go of.
            let unmarked = self.came_from.iter().position(|grid| grid.marked() == 0);
            if let Some(at) = unmarked.filter(|_| self.came_from.len() > MOST_BACK) {
                self.came_from.remove(at);
            }
        }
        self.grid = Some(Box::new(Grid::new(name, filter)));
    }

    /// Goes back to the grid before, or closes the last one. False where none is open.
    pub fn back(&mut self) -> bool {
        let was_open = self.grid.is_some();
        self.grid = self.came_from.pop().map(Box::new);
        was_open
    }

    /// How many changes are marked and not written, in view or not.
    pub fn marked(&self) -> usize {
        let open = self.grid.iter().map(AsRef::as_ref);
        open.chain(&self.came_from).map(Grid::marked).sum()
    }

    /// The grid whose changes are being written, in view or not.
    pub fn writing(&mut self) -> Option<&mut Grid> {
        let open = self.grid.iter_mut().map(AsMut::as_mut);
        let mut all = open.chain(&mut self.came_from);
        all.find(|grid| grid.is_writing)
    }

    /// For another identity: the same grid, of which nothing is read yet.
    #[must_use]
    pub fn anew(&self) -> Self {
        Self {
            grid: self.grid.as_ref().map(|grid| Box::new(grid.anew())),
            ..Self::default()
        }
    }

    /// The lines of the form of the selected row.
    pub fn form_lines(&self) -> Vec<FormLine<'_>> {
        let Some(grid) = &self.grid else {
            return Vec::new();
        };
        let table = grid.table.held();
        let references = table.map_or(&[][..], |table| &table.references);
        // A row that is not there yet is referenced by none.
        let back = table.filter(|_| grid.draft.is_none());
        let back = back.map_or(&[][..], |table| &table.referenced_by);
        let columns = grid.columns.iter().enumerate().map(|(at, column)| {
            let begins = |link: &&TableLink| link.columns.first() == Some(&column.name);
            FormLine::Column(at, references.iter().find(begins))
        });
        columns.chain(back.iter().map(FormLine::Back)).collect()
    }

    /// Moves through the form, which has so many columns and rows of the screen.
    pub fn go_form(&mut self, movement: Move, (columns, height): (usize, usize)) {
        let count = self.form_lines().len();
        let is_json = self.grid.as_ref().is_some_and(|grid| grid.form.is_json);
        let lines = if is_json {
            self.json_lines(columns).len()
        } else {
            0
        };
        let Some(grid) = &mut self.grid else {
            return;
        };
        let last = count.saturating_sub(1);
        let form = &mut grid.form;
        if form.is_json {
            let last = lines.saturating_sub(height);
            // The terminal may have grown.
            form.top = movement.from(form.top.min(last), last);
            return;
        }
        form.at = movement.from(form.at, last);
        form.top = window_top(form.top, form.at, height);
    }

    /// The selected line of the form.
    pub fn form_line(&self) -> Option<FormLine<'_>> {
        let at = self.grid.as_ref()?.form.at;
        self.form_lines().get(at).copied()
    }

    /// The place of the selected column: in the grid, or in the form, which has other lines too.
    pub fn column_at(&self, is_form: bool) -> Option<usize> {
        match (is_form, self.form_line()) {
            (true, Some(FormLine::Column(at, _))) => Some(at),
            (true, _) => None,
            (false, _) => Some(self.grid.as_ref()?.column),
        }
    }

    /// The value under the cursor, with the name of its column.
    pub fn cursor_value(&self, is_form: bool) -> Option<(&str, &Value)> {
        let grid = self.grid.as_ref()?;
        let at = self.column_at(is_form)?;
        let name = &grid.columns.get(at)?.name;
        Some((name, grid.selected_row()?.values.get(at)?))
    }

    /// Where the foreign key on the selected line leads; none where it leads nowhere.
    pub fn followed(&self) -> Option<Followed> {
        let grid = self.grid.as_ref()?;
        let link = match self.form_line()? {
            FormLine::Column(_, link) => link?,
            FormLine::Back(link) => link,
        };
        let pairs = link.columns.iter().zip(&link.other_columns);
        let terms = pairs.map(|(own, other)| {
            let value = grid.value(own).filter(|value| !value.is_null())?;
            RowFilter::term_for(other, value)
        });
        Some(Followed {
            table: link.table.clone(),
            filter: terms.collect::<Option<Vec<_>>>()?.join(" "),
        })
    }

    /// The filter of the audit trail that finds the changes of the selected row; none where its key is not an `id`.
    pub fn history_term(&self) -> Option<String> {
        let grid = self.grid.as_ref()?;
        let table = grid.table.held()?;
        if table.key != ["id"] {
            return None;
        }
        let id = match grid.value("id")? {
            Value::String(id) => id.clone(),
            Value::Number(id) => id.to_string(),
            _ => return None,
        };
        let name = if grid.name.is_public() {
            grid.name.name.clone()
        } else {
            format!("{}.{}", grid.name.schema, grid.name.name)
        };
        Some(format!("row:{name}/{id}"))
    }

    /// The selected row as JSON over several lines.
    pub fn row_json(&self) -> Option<&str> {
        let grid = self.grid.as_ref()?;
        Some(grid.selected_row()?.json(&grid.columns))
    }

    /// The same in so many columns, harmless to draw.
    pub fn json_lines(&self, columns: usize) -> Vec<String> {
        let text = self.row_json().unwrap_or_default();
        let lines = text.lines();
        lines
            .flat_map(|line| wrap(&harmless(line), columns))
            .collect()
    }

    /// The selected row.
    pub fn row(&self) -> Option<&GridRow> {
        self.grid.as_ref()?.selected_row()
    }

    /// What is known of the table that is selected in the list, as paragraphs.
    pub fn detail(&self, role: &str) -> Vec<(Tone, String)> {
        let Some(listed) = self.table.selected() else {
            return Vec::new();
        };
        let table = &listed.info;
        let counted = self.counts.get(&table.full_name());
        let mut lines = vec![(Tone::Text, described(table, counted))];
        let (tone, sentence) = row_security::sentence(table, role);
        if !sentence.is_empty() {
            lines.push((tone, sentence));
        }
        if let Some(may) = table.rights {
            lines.push(match may.verbs().as_slice() {
                [] => (Tone::Warn, format!("{role} has no grant on it.")),
                verbs => (
                    Tone::Text,
                    format!("Grants of {role}: {}.", verbs.join(", ")),
                ),
            });
        }
        match table.key.as_slice() {
            [] => lines.push((Tone::Muted, "No primary key: pages by OFFSET.".to_owned())),
            key => {
                let key: Vec<String> = key.iter().map(|name| key_text(name)).collect();
                lines.push((Tone::Muted, format!("Key: {}.", key.join(", "))));
            }
        }
        if let Some(comment) = &table.comment {
            lines.push((Tone::Text, harmless(comment).into_owned()));
        }
        lines
    }
}

/// What it is and how large.
fn described(table: &TableInfo, counted: Option<&u64>) -> String {
    let kind = table.kind.word();
    let mut out = format!("{}{}", kind[..1].to_uppercase(), &kind[1..]);
    match (counted, table.rows) {
        // Row level security decides of how many that is the number.
        (Some(rows), _) => out.push_str(&format!(", {} counted", counted_in_groups(*rows, "row"))),
        (None, Some(rows)) => out.push_str(&format!(", about {} rows", grouped(rows))),
        (None, None) => {}
    }
    if let Some(bytes) = table.bytes {
        out.push_str(&format!(", {} with its indexes", size(bytes)));
    }
    out.push('.');
    out
}

/// How many rows the grid shows of how many, as far as that is known.
pub fn place(grid: &Grid) -> String {
    let held = grid.held();
    let all = grid.counted.held().copied();
    if grid.counted.is_loading() && held > 0 {
        return format!("{}, counting", place_of(grid, held, None));
    }
    if held == 0 {
        return all.map_or_else(String::new, |all| {
            format!("{} counted", counted_in_groups(all, "row"))
        });
    }
    place_of(grid, held, all)
}

fn place_of(grid: &Grid, held: usize, all: Option<u64>) -> String {
    match (grid.before, all) {
        // What came since is not among those that were counted.
        (Some(before), Some(all)) if all >= (before + held) as u64 => format!(
            "{} of {}",
            grouped((before + grid.selected + 1) as u64),
            grouped(all)
        ),
        (_, Some(all)) => format!("{} counted", counted_in_groups(all, "row")),
        (Some(before), None) => {
            let more = if grid.has_after { "+" } else { "" };
            format!(
                "{} of {}{more}",
                grouped((before + grid.selected + 1) as u64),
                grouped((before + held) as u64)
            )
        }
        (None, None) => counted_in_groups(held as u64, "row"),
    }
}
