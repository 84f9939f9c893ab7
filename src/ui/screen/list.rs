//! Draws the list of a screen with its heading, its rows in view and the words for having none.

use super::words::{empty_text, list_title};
use crate::app::layout;
use crate::app::table::{Row, Table as Rows};
use crate::ui::DrawContext;
use crate::ui::table::{self, Cell, Column, Table};
use ratatui::Frame;
use ratatui::layout::Rect;

/// A list of a screen.
pub(super) struct List<'a, T> {
    /// What it is called.
    pub(super) name: &'a str,
    /// Its columns.
    pub(super) columns: &'a [Column],
    /// Its rows.
    pub(super) rows: &'a Rows<T>,
    /// What is said when there are none at all; absent where rows may be there and not be visible to who reads.
    pub(super) nothing: Option<&'a str>,
}

impl<T: Row> List<'_, T> {
    /// Draws it into a pane; `cells` gives the cells of one row.
    pub(super) fn draw(
        &self,
        frame: &mut Frame,
        pane: Rect,
        view: DrawContext,
        cells: impl Fn(&T) -> Vec<Cell>,
    ) {
        let list = &self.rows.list;
        let table = Table {
            title: list_title(self.name, list, &self.rows.remote),
            columns: self.columns,
            offset: list.offset,
            selected: list.selected,
            len: list.len(),
        };
        let all = self.rows.rows();
        table::draw(frame, pane, view, &table, |position| {
            let row = list.row(position).and_then(|row| all.get(row));
            row.map_or_else(Vec::new, &cells)
        });
        let inside = layout::rows(pane);
        match (self.rows.remote.ready(), self.nothing) {
            (Err(blank), _) => table::blank(frame, inside, view, Err(blank)),
            (Ok(rows), Some(nothing)) if rows.is_empty() => {
                table::blank(frame, inside, view, Ok(nothing));
            }
            (Ok(_), nothing) if list.is_empty() => {
                let text = empty_text(view, &list.filter, nothing.is_none());
                table::blank(frame, inside, view, Ok(&text));
            }
            (Ok(_), _) => {}
        }
    }
}
