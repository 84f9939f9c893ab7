//! The columns of the grid: which are shown, in which order, how wide each is, and which are in view.

use super::{Grid, GridRow, grid_text};
use crate::domain::table::column::ColumnInfo;
use crate::domain::table::column_choice::{self, ColumnChoice};
use crate::domain::table::info::TableInfo;
use jiff::tz::TimeZone;
use std::collections::VecDeque;
use unicode_width::UnicodeWidthStr;

/// The least and the most columns of the terminal that a column takes which was given no width.
const WIDTHS: (usize, usize) = (3, 32);
/// By how much a column is made wider or narrower.
const STEP: u16 = 2;

impl Grid {
    /// Puts the key first.
    pub(super) fn arrange(&mut self, table: &TableInfo) {
        let is_shown = |column: &&ColumnInfo| column.may_select != Some(false);
        let of_key = |column: &&ColumnInfo| table.key.contains(&column.name);
        let shown: Vec<&ColumnInfo> = table.columns.iter().filter(is_shown).collect();
        let key = shown.iter().copied().filter(of_key);
        let rest = shown.iter().copied().filter(|column| !of_key(column));
        self.columns = key.chain(rest).cloned().collect();
        self.frozen = shown.iter().filter(|column| of_key(column)).count();
        self.choose();
        self.widths = self.columns.iter().map(|one| self.heading(one)).collect();
    }

    /// Takes another choice of columns, and is as wide as it says.
    pub fn set_choice(&mut self, choice: ColumnChoice) {
        self.choice = choice;
        self.choose();
        self.widths = self.columns.iter().map(|one| self.heading(one)).collect();
        if let Some(rows) = self.rows.take_held() {
            self.measure(&rows);
            self.rows.put_held(rows);
        }
    }

    /// Shows what the choice says. The cursor stands on a column that is shown.
    fn choose(&mut self) {
        let names: Vec<&str> = self.columns.iter().map(|one| one.name.as_str()).collect();
        let places = self.choice.places(&names, self.frozen);
        self.shown = self.choice.shown(&names, self.frozen);
        if self.shown.contains(&self.column) {
            return;
        }
        // The next one that is shown, else the last.
        let at = places.iter().position(|at| *at == self.column);
        let behind = &places[at.unwrap_or(places.len())..];
        let next = behind.iter().find(|at| self.shown.contains(at));
        self.column = next.or(self.shown.last()).copied().unwrap_or(0);
    }

    /// How wide a column is before its values are known.
    fn heading(&self, column: &ColumnInfo) -> u16 {
        let wanted = column.name.width().clamp(WIDTHS.0, WIDTHS.1) as u16;
        self.choice.width(&column.name).unwrap_or(wanted)
    }

    /// Makes columns as wide as their values want, unless they were given a width. They never get narrower, so that nothing jumps.
    pub(super) fn measure(&mut self, rows: &VecDeque<GridRow>) {
        for (at, (column, width)) in self.columns.iter().zip(&mut self.widths).enumerate() {
            if self.choice.widths.contains_key(&column.name) {
                continue;
            }
            for row in rows {
                let Some(value) = row.values.get(at) else {
                    continue;
                };
                if usize::from(*width) >= WIDTHS.1 {
                    break;
                }
                let text = grid_text(column.kind(), value, &TimeZone::UTC, "…").text;
                let wide = text.width().clamp(WIDTHS.0, WIDTHS.1) as u16;
                *width = (*width).max(wide);
            }
        }
    }

    /// Makes the selected column wider, or narrower.
    pub fn widen(&mut self, is_wider: bool) {
        let column = self.columns.get(self.column);
        if let (Some(column), Some(width)) = (column, self.widths.get_mut(self.column)) {
            *width = wider(*width, is_wider);
            self.choice.widths.insert(column.name.clone(), *width);
        }
    }

    /// How many columns are not shown.
    pub fn hidden(&self) -> usize {
        self.columns.len() - self.shown.len()
    }

    /// The place of the selected column among those that are shown.
    pub fn place(&self) -> usize {
        let place = self.shown.iter().position(|at| *at == self.column);
        place.unwrap_or(0)
    }

    /// How many of the columns that are shown stay in view.
    fn staying(&self) -> usize {
        let key = self.shown.iter().take_while(|at| **at < self.frozen);
        key.count()
    }

    /// Moves among the columns, and brings the selected one into view of so many columns of the terminal.
    pub fn go_column(&mut self, by: isize, room: u16) {
        let last = self.shown.len().saturating_sub(1);
        let place = self.place().saturating_add_signed(by).min(last);
        self.column = self.shown.get(place).copied().unwrap_or(0);
        self.follow_column(room);
    }

    /// Brings the selected column into view.
    pub fn follow_column(&mut self, room: u16) {
        let (staying, place) = (self.staying(), self.place());
        self.left = self.left.clamp(staying, self.shown.len());
        if place < staying {
            return;
        }
        if place < self.left {
            self.left = place;
        }
        while self.left < place && !self.visible(room).iter().any(|(at, _)| *at == self.column) {
            self.left += 1;
        }
    }

    /// The columns in view of so many columns of the terminal, each with its width. The key takes no more than half.
    pub fn visible(&self, room: u16) -> Vec<(usize, u16)> {
        let staying = self.staying();
        let mut shown = Vec::new();
        let mut used = 0_u16;
        // Also one that was given more leaves room for the others.
        let most = if staying < self.shown.len() {
            (room / 2).max(WIDTHS.1 as u16).min(room)
        } else {
            room
        };
        for at in &self.shown[..staying] {
            let width = self.widths[*at].min(most.max(1));
            if !shown.is_empty() && used + width > room / 2 {
                break;
            }
            shown.push((*at, width));
            used = used.saturating_add(width + 1);
        }
        let first = self.left.clamp(staying, self.shown.len());
        for at in &self.shown[first..] {
            let left = room.saturating_sub(used);
            let width = self.widths[*at];
            // The last one may be cut, but not to nothing; the first is always there.
            if left < width
                && (left < 8.min(width) || left == 0)
                && shown.iter().any(|(at, _)| *at >= self.frozen)
            {
                break;
            }
            if left == 0 {
                break;
            }
            let width = width.min(left);
            shown.push((*at, width));
            used = used.saturating_add(width + 1);
        }
        shown
    }
}

/// A width that is a step larger or smaller, within bounds.
pub(in crate::app) fn wider(width: u16, is_wider: bool) -> u16 {
    let (least, most) = column_choice::WIDTHS;
    let width = if is_wider {
        width.saturating_add(STEP)
    } else {
        width.saturating_sub(STEP)
    };
    width.clamp(least, most)
}
