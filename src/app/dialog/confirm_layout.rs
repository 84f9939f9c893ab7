//! How a confirmation lies on the screen: where it happens and as whom above, then what there is to read in the room that
//! is left, the answer below. What is read scrolls by the rows that are drawn.
//!
//! ```text
//! ┌ title ───────────────────────────┐
//! │ project, database, role          │  where there is room for them; else they scroll with the rest
//! │                                  │
//! │ the other facts, what will run   │  the room
//! │ Lines 1 to 9 of 20               │  free where nothing is hidden
//! │ To confirm, type “apply”:        │
//! │ what is wrong with that          │
//! └ keys ────────────────────────────┘
//! ```

use super::confirm::{Confirm, LONGEST_UNREAD};
use crate::app::wrap::{width, wrap};
use std::ops::Range;

/// The columns of the names of facts, with the space behind them.
pub const NAME_COLUMNS: usize = 10;
/// The widest that it gets, unless its word is wider.
const WIDEST: usize = 110;
/// The fewest columns inside in which anything can be read.
const LEAST_COLUMNS: usize = 30;
/// From these columns and rows on it leaves a margin.
const MARGIN_FROM: (u16, u16) = (60, 20);
/// The columns and rows of the border, with the blanks inside it.
const BORDER: (usize, usize) = (4, 2);
/// The rows below the room beside those of the answer: how much is hidden, what is wrong, the keys.
const BELOW: usize = 3;
/// Pinned facts take at most this part of the rows.
const PINNED_PART: usize = 4;

/// Facts that say where it happens and as whom.
const LASTING: [&str; 3] = ["project", "database", "as role"];

/// A row of a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactRow {
    /// Which fact.
    pub fact: usize,
    /// Which of its rows.
    pub row: usize,
}

/// What stands in a row of the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    /// A row of a fact.
    Fact(&'a FactRow),
    /// Nothing.
    Blank,
    /// This row of the text.
    Text(usize),
}

/// A confirmation on a screen of some size.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfirmLayout {
    /// The columns and rows of the screen.
    pub screen: (u16, u16),
    /// Its own columns and rows, with the border.
    pub size: (u16, u16),
    /// The columns inside.
    pub columns: usize,
    /// Rows of facts that stay.
    pub pinned: Vec<FactRow>,
    /// Rows of facts that scroll.
    pub facts: Vec<FactRow>,
    /// The row of the room, from the top of the inside.
    pub above: u16,
    /// The rows of the room.
    pub room: u16,
    /// How many rows there are to scroll through.
    pub total: usize,
    /// The columns and rows that it needs, where the screen is too small to ask anything.
    pub needs: Option<(usize, usize)>,
    /// The rows for the answer.
    pub answer: u16,
    is_apart: bool,
}

/// The columns of a window on a screen of so many.
fn outer_columns(screen: u16, need: usize) -> usize {
    let all = usize::from(screen);
    let widest = WIDEST.max(need + BORDER.0);
    if screen >= MARGIN_FROM.0 && all - 4 >= need + BORDER.0 {
        (all - 4).min(widest)
    } else {
        all.min(widest)
    }
}

/// The rows of the answer: the question and the field beside or below it, or why it is not asked yet.
fn answer_rows(confirm: &Confirm, columns: usize) -> (usize, bool) {
    let label = confirm.label();
    let is_apart = width(&label) + 2 + width(&confirm.word) + 1 > columns;
    let field = usize::from(is_apart && !confirm.asked.is_light());
    let waits = wrap(LONGEST_UNREAD, columns).len();
    (waits.max(wrap(&label, columns).len() + field), is_apart)
}

impl ConfirmLayout {
    /// Lays a confirmation out; its rows are fitted to the columns that it gets.
    pub fn of(confirm: &mut Confirm, screen: (u16, u16)) -> Self {
        // The field shows the whole word and the cursor behind it, also where it stands below the question.
        let need = LEAST_COLUMNS.max(width(&confirm.word) + 3);
        let outer = outer_columns(screen.0, need);
        let columns = outer.saturating_sub(BORDER.0).max(1);
        let (answer, is_apart) = answer_rows(confirm, columns.max(need));
        let fixed = BELOW + answer + BORDER.1;
        let is_high = screen.1 >= MARGIN_FROM.1;
        let most = usize::from(screen.1).saturating_sub(if is_high { 2 } else { 0 });
        let is_too_small = columns < need || most < fixed + 1;
        let fact_columns = columns.saturating_sub(NAME_COLUMNS).max(1);
        let mut rows: Vec<(bool, FactRow)> = Vec::new();
        for (fact, known) in confirm.facts.iter_mut().enumerate() {
            known.rows.fit(fact_columns as u16);
            let is_lasting = LASTING.contains(&known.name);
            let all = 0..known.rows.len();
            rows.extend(all.map(|row| (is_lasting, FactRow { fact, row })));
        }
        confirm.text.fit(columns as u16);
        let inside = most.saturating_sub(fixed);
        let lasting = rows.iter().filter(|(is_lasting, _)| *is_lasting).count();
        let is_pinned = lasting > 0 && lasting < most.saturating_sub(BORDER.1) / PINNED_PART;
        let (pinned, facts): (Vec<_>, Vec<_>) = rows
            .into_iter()
            .partition(|(is_lasting, _)| is_pinned && *is_lasting);
        let only = |rows: Vec<(bool, FactRow)>| rows.into_iter().map(|(_, row)| row);
        let (pinned, facts): (Vec<_>, Vec<_>) = (only(pinned).collect(), only(facts).collect());
        let blank = usize::from(!facts.is_empty());
        let total = facts.len() + blank + confirm.text.len();
        // Below what stays a row is left free, unless other facts follow and all of them are in view.
        let mut gap = usize::from(!pinned.is_empty());
        if gap == 1 && !facts.is_empty() && pinned.len() + total <= inside {
            gap = 0;
        }
        let above = pinned.len() + gap;
        let mut room = total.min(inside.saturating_sub(above));
        // A single row is never hidden: it stands where the one that says so would be.
        if total == room + 1 {
            room += 1;
        }
        let height = (above + total + fixed).min(most).max(9.min(most));
        Self {
            screen,
            size: (outer as u16, height as u16),
            columns,
            pinned,
            facts,
            above: above as u16,
            room: room as u16,
            total,
            needs: is_too_small.then_some((need + BORDER.0, fixed + 1)),
            answer: answer as u16,
            is_apart,
        }
    }

    /// Whether the field stands below the question and not beside it.
    pub fn is_field_apart(&self) -> bool {
        self.is_apart
    }

    /// The first row to show so that the last one is in view.
    pub fn last_top(&self) -> usize {
        self.total.saturating_sub(self.room.into())
    }

    /// The rows in view, from a first one on.
    pub fn in_view(&self, top: usize) -> Range<usize> {
        top.min(self.total)..(top + usize::from(self.room)).min(self.total)
    }

    /// What stands in a row.
    pub fn place(&self, at: usize) -> Place<'_> {
        match self.facts.get(at) {
            Some(row) => Place::Fact(row),
            None if self.facts.is_empty() => Place::Text(at),
            None if at == self.facts.len() => Place::Blank,
            None => Place::Text(at - self.facts.len() - 1),
        }
    }

    /// The row in which a row of the text stands.
    pub fn row_of_text(&self, row: usize) -> usize {
        match self.facts.len() {
            0 => row,
            facts => facts + 1 + row,
        }
    }
}
