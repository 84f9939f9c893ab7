//! The outline of a file too long to be read, on the Migrations and Seeds screens: a line a statement, hundreds of a kind in one that
//! opens, and one statement at a time to be read. It is made once for a text; what is drawn of it is what is in view.

use super::list::{Move, window_top};
use crate::domain::plural::grouped;
use crate::domain::sql::outline::{Entry, Outline, Piece};
use crate::domain::table::cell::size;
use std::collections::BTreeSet;

/// Files of more bytes than these are shown by their outline.
pub const OUTLINE_FROM: usize = 1 << 20;

/// A line as it is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The line of the file.
    pub number: usize,
    /// Whether it is a group, and whether that is open.
    pub group: Option<bool>,
    /// Whether it is a statement of the group above.
    pub is_inside: bool,
    /// What it does; made harmless where it is drawn.
    pub text: String,
    /// How many statements and how large.
    pub size: String,
}

/// The outline with the place in it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OutlineView {
    outline: Outline,
    head: String,
    /// The groups whose statements are shown.
    open: BTreeSet<usize>,
    /// The lines: entries, and whether they are inside of a group.
    lines: Vec<(Entry, bool)>,
    /// The selected line.
    pub selected: usize,
    /// The first line in view.
    pub top: usize,
}

/// How many rows what stands above an outline takes of so many, and how many are left for its lines below its head.
pub fn rooms(above: usize, height: usize) -> (usize, usize) {
    let used = above.min(height / 2);
    (used, height.saturating_sub(used + 1))
}

impl OutlineView {
    /// An outline from its first line on.
    pub fn new(outline: Outline) -> Self {
        let bytes = outline.pieces.iter().map(Piece::bytes).sum::<usize>();
        let statements = match outline.pieces.len() {
            1 => "1 statement".to_owned(),
            count => format!("{} statements", grouped(count as u64)),
        };
        let mut view = Self {
            head: format!("Outline of {statements}, {}", size(bytes as u64)),
            outline,
            ..Self::default()
        };
        view.lay_out();
        view
    }

    fn lay_out(&mut self) {
        self.lines.clear();
        for entry in &self.outline.entries {
            self.lines.push((*entry, false));
            if let Entry::Group(group) = entry
                && self.open.contains(group)
            {
                let inside = self.outline.groups[*group].statements.iter();
                self.lines
                    .extend(inside.map(|at| (Entry::Statement(*at), true)));
            }
        }
        self.selected = self.selected.min(self.lines.len().saturating_sub(1));
    }

    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// What it is the outline of.
    pub fn head(&self) -> &str {
        &self.head
    }

    /// The columns of the numbers of lines.
    pub fn digits(&self) -> usize {
        let last = self.outline.pieces.last().map_or(1, |piece| piece.line);
        last.to_string().len()
    }

    /// A line.
    pub fn line(&self, at: usize) -> Option<Line> {
        let (entry, is_inside) = *self.lines.get(at)?;
        Some(match entry {
            Entry::Statement(at) => {
                let piece = self.outline.pieces.get(at)?;
                Line {
                    number: piece.line,
                    group: None,
                    is_inside,
                    text: piece.told(),
                    size: size(piece.bytes() as u64),
                }
            }
            Entry::Group(at) => {
                let group = self.outline.groups.get(at)?;
                let first = self.outline.pieces.get(*group.statements.first()?)?;
                let count = grouped(group.statements.len() as u64);
                let bytes = group.bytes as u64;
                Line {
                    number: first.line,
                    group: Some(self.open.contains(&at)),
                    is_inside: false,
                    text: group.deed.told(),
                    size: format!("{count} statements, {}", size(bytes)),
                }
            }
        })
    }

    /// Moves the selection.
    pub fn go(&mut self, movement: Move) {
        let last = self.lines.len().saturating_sub(1);
        self.selected = movement.from(self.selected, last);
    }

    /// Brings the selection into view of so many rows.
    pub fn follow(&mut self, rows: usize) {
        self.top = window_top(self.top, self.selected, rows);
        self.top = self.top.min(self.lines.len().saturating_sub(rows.max(1)));
    }

    /// The selected statement; none on a group.
    pub fn selected(&self) -> Option<&Piece> {
        match self.lines.get(self.selected)? {
            (Entry::Statement(at), _) => self.outline.pieces.get(*at),
            (Entry::Group(_), _) => None,
        }
    }

    /// Opens the selected group, or closes it. Whether one is selected.
    pub fn toggle(&mut self) -> bool {
        let Some((Entry::Group(group), _)) = self.lines.get(self.selected).copied() else {
            return false;
        };
        if !self.open.remove(&group) {
            self.open.insert(group);
        }
        self.lay_out();
        true
    }
}
