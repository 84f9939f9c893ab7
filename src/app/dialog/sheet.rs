//! How a confirmation lies on the screen: its facts above, what will run in the room that is left, the answer below. The
//! drawing and the keys count with the same rows, so that what was seen is known.
//!
//! ```text
//! ┌ title ───────────────────────────┐
//! │ facts, broken into rows          │
//! │                                  │
//! │ what will run: the room          │
//! │ Lines 1 to 9 of 20               │  free where nothing is hidden
//! │ Type apply to go on:             │
//! │ what is wrong with that          │
//! └ keys ────────────────────────────┘
//! ```

use super::confirm::Confirm;
use crate::app::wrap::{row_count, wrap};

/// The columns of the names of facts, with the space behind them.
pub const NAME_COLUMNS: usize = 10;
/// The widest that it gets.
const WIDEST: u16 = 110;
/// The rows below the room, and those of the border.
const BELOW: usize = 4;
const BORDER: usize = 2;

/// Facts that say where it happens and as whom; the others give their room to the text once that is scrolled.
const LASTING: [&str; 3] = ["project", "database", "as role"];

/// A confirmation on a screen.
pub struct Sheet {
    /// Its columns and rows, with the border.
    pub size: (u16, u16),
    /// The rows of each fact that is shown, by its index.
    pub facts: Vec<(usize, Vec<String>)>,
    /// The row of the room, from the top of the inside.
    pub above: u16,
    /// The rows for what will run.
    pub room: u16,
    columns: usize,
}

/// The columns that a fact has behind its name.
pub fn fact_columns(columns: u16) -> usize {
    inner_columns(columns).saturating_sub(NAME_COLUMNS)
}

/// The row of the room, below these facts and a free one.
fn above(facts: &[(usize, Vec<String>)]) -> usize {
    facts.iter().map(|(_, rows)| rows.len()).sum::<usize>() + 1
}

fn inner_columns(columns: u16) -> usize {
    usize::from(width(columns).saturating_sub(4)).max(1)
}

fn width(columns: u16) -> u16 {
    columns.saturating_sub(4).min(WIDEST)
}

impl Sheet {
    /// Lays a confirmation out on a screen of so many columns and rows.
    pub fn of(confirm: &Confirm, (columns, rows): (u16, u16)) -> Self {
        let all = confirm.facts.iter().enumerate();
        let mut facts: Vec<(usize, Vec<String>)> = all
            .map(|(at, (_, text))| (at, wrap(text, fact_columns(columns))))
            .collect();
        let (width, columns) = (width(columns), inner_columns(columns));
        let most = usize::from(rows.saturating_sub(2));
        // More rows than any screen has need not be counted.
        let shown = confirm.text.lines().take(most + 1);
        let text: usize = shown.map(|line| row_count(line, columns)).sum();
        let need = above(&facts) + text + BELOW + BORDER;
        let height = need.min(most).max(9);
        if confirm.top > 0 && need > most {
            facts.retain(|(at, _)| LASTING.contains(&confirm.facts[*at].0));
        }
        let above = above(&facts);
        let inside = height.saturating_sub(BORDER);
        let above = above.min(inside.saturating_sub(BELOW + 1));
        let mut room = inside.saturating_sub(above + BELOW);
        // A single row is never hidden: it stands where the free one would be.
        if confirm.top == 0 && text == room + 1 {
            room += 1;
        }
        Self {
            size: (width, height as u16),
            facts,
            above: above as u16,
            room: room as u16,
            columns,
        }
    }

    /// The first line to show so that the last one is seen to its end.
    pub fn last_top(confirm: &Confirm, size: (u16, u16)) -> usize {
        let mut at = confirm.clone();
        at.top = confirm.line_count.saturating_sub(1);
        while at.top > 0 {
            let top = at.top;
            at.top -= 1;
            if Self::of(&at, size).end(&at) < confirm.line_count {
                return top;
            }
        }
        0
    }

    /// The first line that is not seen to its end.
    pub fn end(&self, confirm: &Confirm) -> usize {
        let mut left = usize::from(self.room);
        let mut lines = confirm.text.lines().skip(confirm.top);
        let seen = lines.by_ref().take_while(|line| {
            let rows = row_count(line, self.columns);
            let fits = rows <= left;
            left = left.saturating_sub(rows);
            fits
        });
        confirm.top + seen.count()
    }
}
