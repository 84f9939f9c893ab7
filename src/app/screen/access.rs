//! The Access screen: tables by identities, and what the selected identity may do with the selected table, and why.

use crate::app::list::List;
use crate::app::loadable::Loadable;
use crate::domain::access::listing::Matrix;
use crate::domain::access::matrix::AccessCell;
use crate::domain::access::rules::{SecuredTable, Verb};
use crate::domain::access::viewer::Viewer;
use crate::domain::dry_run::access::Verdict;
use crate::domain::problem::Problem;
use crate::domain::report::seen::Tried;
use crate::domain::report::{Line, Tone, access, secured};
use jiff::Timestamp;
use unicode_width::UnicodeWidthStr;

/// A table of the matrix as it is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct AccessRow {
    /// Its name, without its schema where all are of one.
    pub label: String,
    /// The word for its row level security.
    pub rls: &'static str,
    /// A cell for each identity.
    pub cells: Vec<AccessSeen>,
}

/// What an identity may do with a table, as it is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct AccessSeen {
    /// What may be done, and the rows seen.
    pub text: String,
    /// How far it comes at most.
    pub reach: Verdict,
    /// Whether it is somebody who has not signed in.
    pub is_anon: bool,
    /// Whether the catalogs and the rows do not agree.
    pub is_odd: bool,
}

/// The columns that all rows together need.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AccessWidths {
    /// Those of the longest name.
    pub name: usize,
    /// Those of the longest word for row level security.
    pub rls: usize,
    /// Those of the widest cell.
    pub cell: usize,
}

/// The state of the screen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AccessScreen {
    /// The matrix as it was read.
    pub remote: Loadable<Box<Matrix>>,
    /// The place among the tables.
    pub list: List,
    /// The selected identity, by its place.
    pub column: usize,
    /// Whether what the last dry run changes is still to be looked for.
    pub seeks: bool,
    /// The tables as they are drawn, and the row of all findings where there are any; made once for each answer: there may be thousands.
    pub rows: Vec<AccessRow>,
    /// The columns that they need.
    pub widths: AccessWidths,
    /// Whether what it shows has to be read again when it comes into view.
    pub is_old: bool,
}

/// The most changes of a dry run that are told.
const MOST_CHANGES: usize = 12;
/// The row behind the tables, which leads to all findings.
const FINDINGS: &str = "all findings";

impl AccessScreen {
    /// Takes an answer; table and identity stay, by their names.
    pub fn arrived(&mut self, result: Result<Box<Matrix>, Problem>, at: Timestamp) {
        let place = self.selected();
        let place = place.map(|(table, viewer)| (table.full_name(), viewer.name.clone()));
        self.remote.arrived(result, at);
        self.rows = self.matrix().map(rows).unwrap_or_default();
        self.widths = widths(&self.rows);
        self.refresh();
        if let Some((table, viewer)) = place
            && let Some(matrix) = self.matrix()
        {
            let row = matrix.tables().position(|own| own.full_name() == table);
            let column = matrix.viewers.iter().position(|own| own.name == viewer);
            self.column = column.unwrap_or(0);
            if let Some(row) = row {
                self.list.select_row(row);
            }
        }
        let last = self.matrix().map_or(0, |matrix| matrix.viewers.len());
        self.column = self.column.min(last.saturating_sub(1));
    }

    /// The matrix that is held.
    pub fn matrix(&self) -> Option<&Matrix> {
        self.remote.held().map(Box::as_ref)
    }

    /// The selected table and identity.
    pub fn selected(&self) -> Option<(&SecuredTable, &Viewer)> {
        let matrix = self.matrix()?;
        let table = matrix.tables().nth(self.list.current()?)?;
        Some((table, matrix.viewers.get(self.column)?))
    }

    /// Selects the first table and identity that a dry run changes something for, once both are known.
    pub fn seek(&mut self, tried: Option<&Tried>) {
        if !self.seeks || self.matrix().is_none() {
            return;
        }
        self.seeks = false;
        let place = self.matrix().zip(tried).and_then(|(matrix, tried)| {
            let changes = tried.report.access.iter();
            changes.into_iter().find_map(|change| {
                let rights = &matrix.rules.rights;
                let known = rights.iter().find(|right| right.object == change.table);
                let is_it = |table: &SecuredTable| match known {
                    Some(right) => right.id == table.id,
                    None => table.full_name() == change.table,
                };
                let row = matrix.tables().position(is_it)?;
                let who = |viewer: &Viewer| viewer.role == change.role;
                Some((row, matrix.viewers.iter().position(who)))
            })
        });
        if let Some((row, column)) = place {
            self.list.select_row(row);
            self.column = column.unwrap_or(self.column);
        }
    }

    /// Moves along the identities; true when it changed.
    pub fn go_column(&mut self, by: isize) -> bool {
        let count = self.matrix().map_or(0, |matrix| matrix.viewers.len());
        let next = self
            .column
            .saturating_add_signed(by)
            .min(count.saturating_sub(1));
        std::mem::replace(&mut self.column, next) != next
    }

    /// Whether the row of all findings is selected, which is behind those of the tables.
    pub fn is_on_findings(&self) -> bool {
        let tables = self.rows.len().checked_sub(1);
        self.has_findings() && self.list.current().is_some() && self.list.current() == tables
    }

    /// Whether there is a row of all findings.
    pub fn has_findings(&self) -> bool {
        self.matrix()
            .is_some_and(|matrix| !matrix.findings.is_empty())
    }

    /// How many tables are shown, and how many there are.
    pub fn table_counts(&self) -> (usize, usize) {
        let last = self.rows.len().saturating_sub(1);
        let others = usize::from(self.has_findings());
        let shown = (0..self.list.len()).filter_map(|at| self.list.row(at));
        let shown = shown.filter(|row| others == 0 || *row != last).count();
        (shown, self.list.total().saturating_sub(others))
    }

    /// Sets the filter.
    pub fn set_filter(&mut self, filter: &str) {
        let row = self.list.current();
        filter.clone_into(&mut self.list.filter);
        self.refresh();
        if let Some(row) = row {
            self.list.select_row(row);
        }
    }

    fn refresh(&mut self) {
        let names: Vec<String> = self.matrix().map_or_else(Vec::new, |matrix| {
            let text = |table: &SecuredTable| format!("{} {}", table.full_name(), table.rls_word());
            let findings = (!matrix.findings.is_empty()).then(|| FINDINGS.to_owned());
            matrix.tables().map(text).chain(findings).collect()
        });
        self.list.refresh(names.len(), |row| names[row].clone());
    }

    /// What the last dry run would change, and everything about the selected cell.
    pub fn detail(&self, tried: Option<&Tried>) -> Vec<Line> {
        if self.is_on_findings() {
            return self.findings();
        }
        let (Some((table, viewer)), Some(matrix)) = (self.selected(), self.matrix()) else {
            return Vec::new();
        };
        let mut lines = planned(tried);
        lines.extend([secured::head(table), Line::default()]);
        lines.extend(secured::cells(matrix.of(table, viewer)).lines);
        lines.push(Line::default());
        for (to, what) in secured::grants(&matrix.rules, table) {
            lines.push(Line::new(Tone::Text, &format!("granted to {to}: {what}")));
        }
        lines.push(Line::default());
        lines.extend(secured::policies(&matrix.rules, table).lines);
        let own = matrix
            .findings
            .iter()
            .filter(|finding| finding.schema == table.schema && finding.object == table.name);
        let own: Vec<_> = own.cloned().collect();
        if !own.is_empty() {
            lines.push(Line::default());
            lines.extend(secured::findings(&own).lines);
        }
        if let Some(why) = &matrix.unlinted {
            lines.push(Line::default());
            lines.push(Line::new(Tone::Warn, why));
        }
        let role = &matrix.rules.connection.role;
        let seen = if matrix.rules.connection.passes {
            "which sees all rows"
        } else {
            "which is under row level security itself"
        };
        lines.push(Line::default());
        lines.push(Line::new(Tone::Muted, &format!("read as {role}, {seen}")));
        lines
    }

    /// All that is doubtful, also of functions, extensions and whatever else is no table.
    fn findings(&self) -> Vec<Line> {
        self.matrix()
            .map_or_else(Vec::new, |matrix| secured::findings(&matrix.findings).lines)
    }

    /// What the copy key takes.
    pub fn copy_text(&self, tried: Option<&Tried>) -> Option<String> {
        let detail = self.detail(tried);
        let lines: Vec<String> = detail.iter().map(Line::whole).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }
}

/// Who would gain or lose access by what was dry-run last. Below stands what is so now.
fn planned(tried: Option<&Tried>) -> Vec<Line> {
    let Some(tried) = tried else {
        return Vec::new();
    };
    let changes = access::all(&tried.report);
    if changes.is_empty() {
        return Vec::new();
    }
    let more = changes.len().saturating_sub(MOST_CHANGES);
    let heading = format!("What was dry-run at {} would change access:", tried.at);
    let mut lines = vec![Line::new(Tone::Strong, &heading)];
    let shown = changes.into_iter().take(MOST_CHANGES);
    lines.extend(shown.map(|line| line.indented(2)));
    if more > 0 {
        lines.push(Line::new(Tone::Muted, &format!("  and {more} more")));
    }
    lines.push(Line::default());
    lines
}

fn rows(matrix: &Matrix) -> Vec<AccessRow> {
    let first = matrix.tables().next();
    let is_one_schema = first.is_some_and(|first| {
        let mut tables = matrix.tables();
        tables.all(|other| other.schema == first.schema)
    });
    let seen = |cells: &&[AccessCell]| AccessSeen {
        text: cell_text(cells),
        reach: reach(cells),
        is_anon: cells.first().is_some_and(|cell| cell.role == "anon"),
        is_odd: is_odd(cells),
    };
    let findings = AccessRow {
        label: FINDINGS.to_owned(),
        rls: "",
        cells: Vec::new(),
    };
    let findings = (!matrix.findings.is_empty()).then_some(findings);
    let tables = matrix.tables().zip(matrix.by_table());
    tables
        .map(|(table, cells)| AccessRow {
            label: if is_one_schema {
                table.name.clone()
            } else {
                table.full_name()
            },
            rls: table.rls_word(),
            cells: cells.iter().map(seen).collect(),
        })
        .chain(findings)
        .collect()
}

fn widths(rows: &[AccessRow]) -> AccessWidths {
    let most = |widths: &mut dyn Iterator<Item = usize>| widths.max().unwrap_or(0);
    let cells = rows.iter().flat_map(|row| &row.cells);
    // The row of the findings has the whole line.
    let tables = rows.iter().filter(|row| !row.cells.is_empty());
    AccessWidths {
        name: most(&mut tables.map(|row| row.label.width())),
        rls: most(&mut rows.iter().map(|row| row.rls.width())),
        cell: most(&mut cells.map(|cell| cell.text.width())),
    }
}

/// One cell in a few columns: what may be done, and the rows seen.
fn cell_text(cells: &[AccessCell]) -> String {
    let letters = crate::domain::access::matrix::letters(cells);
    let Some(select) = cells.iter().find(|cell| cell.verb == Verb::Select) else {
        return letters;
    };
    let odd = if is_odd(cells) { "!" } else { "" };
    if letters == "----" && select.visible.is_none_or(|rows| rows == 0) {
        return format!("{letters}{odd}");
    }
    let rows = match (select.visible, select.total) {
        (None, _) => "?".to_owned(),
        (Some(seen), total) => {
            let more = if select.at_least { "+" } else { "" };
            let total = total.map_or_else(String::new, |total| format!("/{}", short(total)));
            format!("{}{more}{total}", short(seen))
        }
    };
    format!("{letters} {rows}{odd}")
}

/// A number in at most four columns.
fn short(number: u64) -> String {
    match number {
        0..10_000 => number.to_string(),
        10_000..1_000_000 => format!("{}k", number / 1_000),
        1_000_000..1_000_000_000 => format!("{}M", number / 1_000_000),
        _ => format!("{}G", number / 1_000_000_000),
    }
}

/// Whether the catalogs and the rows do not agree somewhere.
fn is_odd(cells: &[AccessCell]) -> bool {
    cells.iter().any(|cell| cell.disagrees.is_some())
}

/// How far an identity comes at most.
fn reach(cells: &[AccessCell]) -> Verdict {
    let most = cells.iter().map(|cell| cell.verdict).max();
    most.unwrap_or(Verdict::None)
}
