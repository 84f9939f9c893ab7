//! The Audit screen: a window onto the trail, newest first, and the selected record.
//!
//! The trail may hold millions of rows, so only a few pages are held. Going on past an end of what is held asks for
//! the next page from there (key-set paging) and lets go of the page farthest away.

use crate::app::dialog::value::ValueView;
use crate::app::list::Move;
use crate::app::loadable::Loadable;
use crate::app::screen::record::RecordView;
use crate::domain::audit::filter::{Filter, FilterFault};
use crate::domain::audit::{Cursor, Looked, Page, PageDirection, Record, Summary};
use crate::domain::people::People;
use crate::domain::problem::Problem;
use jiff::Timestamp;
use ratatui::layout::Rect;
use std::collections::VecDeque;
use unicode_width::UnicodeWidthStr;

/// Rows a page (design section 6).
pub const PAGE_ROWS: usize = 200;
/// Rows that are held at most.
const HELD_ROWS: usize = 5 * PAGE_ROWS;
/// Headings of a record up to this width have their texts in one column.
const HEADING_COLUMNS: usize = 16;
/// So near to an end of what is held the next page is asked for.
const NEAR: usize = PAGE_ROWS / 2;

/// What an answer should hold at most, in bytes: where records are large, fewer come at a time.
const ANSWER_BYTES: usize = 4 << 20;

/// A search that looks at one record after the other, and how far it has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scan {
    /// What was looked at.
    pub looked: Looked,
    /// Whether it was stopped; it goes on when one moves on.
    pub is_stopped: bool,
}

/// What an awaited page is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// Replaces what is held by the newest page.
    Start,
    /// Replaces what is held by the oldest page.
    End,
    /// Goes on after the last row held.
    Older,
    /// Goes on before the first row held.
    Newer,
}

/// What a movement led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The selection is on another row.
    Moved,
    /// There was nowhere to go.
    Stayed,
    /// The newest row is not held and must be read first.
    WantsStart,
    /// The oldest row is not held and must be read first.
    WantsEnd,
}

/// The state of the screen.
#[derive(Debug, Clone, PartialEq)]
pub struct Audit {
    /// The rows that are held, newest first, and their freshness.
    pub rows: Loadable<VecDeque<Summary>>,
    /// The selected row among those held.
    pub selected: usize,
    /// The first row in the window, among those held.
    pub offset: usize,
    /// How many newer rows were let go of; absent when that is not known.
    pub newer: Option<u64>,
    /// Whether there are older rows than those held.
    pub has_older: bool,
    /// Whether there may be newer rows than those held.
    pub has_newer: bool,
    /// Which records are asked for.
    pub filter: Filter,
    /// The filter as it was typed.
    pub filter_text: String,
    /// The words searched inside the record.
    pub search: String,
    /// The selected record.
    pub record: Loadable<Record>,
    /// What the record is about, as headings and texts.
    pub about: Vec<(String, String)>,
    /// How it is shown.
    pub view: RecordView,
    /// Where the filter found nothing: an action that it may have meant.
    pub meant: Option<String>,
    /// How far the search has come, where the filter is one that no index answers.
    pub scan: Option<Scan>,
    /// Whether every record names the fields that changed, where it is known.
    pub has_changed: Option<bool>,
    row_bytes: usize,
    /// Where older rows go on, where that is not behind the last row held.
    older: Option<Cursor>,
    /// Where newer rows go on, where that is not before the first row held.
    newer_from: Option<Cursor>,
    wanted: Option<Wanted>,
}

impl Default for Audit {
    fn default() -> Self {
        Self {
            rows: Loadable::default(),
            selected: 0,
            offset: 0,
            newer: Some(0),
            has_older: false,
            has_newer: false,
            filter: Filter::default(),
            filter_text: String::new(),
            search: String::new(),
            record: Loadable::default(),
            about: Vec::new(),
            view: RecordView::default(),
            meant: None,
            scan: None,
            has_changed: None,
            row_bytes: 0,
            older: None,
            newer_from: None,
            wanted: None,
        }
    }
}

impl Audit {
    /// The rows that are held.
    pub fn held(&self) -> usize {
        self.rows.held().map_or(0, VecDeque::len)
    }

    /// The row at a place among those held.
    pub fn row(&self, at: usize) -> Option<&Summary> {
        self.rows.held()?.get(at)
    }

    /// The line of the window on which the selection stands.
    pub fn selected_line(&self) -> usize {
        self.selected - self.offset.min(self.selected)
    }

    /// Sets the filter; words that cannot be understood leave it as it was. The rows of the filter before go: under
    /// the new one's heading they would lie. Relative times such as `since:2h` count from `now`.
    pub fn set_filter(
        &mut self,
        text: &str,
        now: Timestamp,
        people: &People,
    ) -> Result<(), FilterFault> {
        let filter = Filter::read(text, now)?;
        let filter = filter.resolved(people);
        self.filter = filter.map_err(|problem| FilterFault { at: 0, problem })?;
        text.trim().clone_into(&mut self.filter_text);
        self.let_go();
        Ok(())
    }

    /// Drops the filter.
    pub fn clear_filter(&mut self) {
        self.filter = Filter::default();
        self.filter_text.clear();
        self.let_go();
    }

    /// Lets go of all rows.
    fn let_go(&mut self) {
        self.rows = Loadable::default();
        (self.selected, self.offset, self.newer) = (0, 0, Some(0));
        (self.has_older, self.has_newer, self.wanted) = (false, false, None);
        (self.older, self.newer_from, self.scan) = (None, None, None);
        self.meant = None;
    }

    /// How many rows to ask for.
    pub fn page_rows(&self) -> usize {
        (ANSWER_BYTES / self.row_bytes.max(1)).clamp(10, PAGE_ROWS)
    }

    /// Which way a search goes.
    pub fn scan_way(&self) -> PageDirection {
        if self.has_older {
            PageDirection::Older
        } else {
            PageDirection::Newer
        }
    }

    /// Whether a search is under way.
    pub fn is_searching(&self) -> bool {
        self.wanted.is_some() && self.scan.as_ref().is_some_and(|scan| !scan.is_stopped)
    }

    /// Stops a search that is under way behind the piece that is awaited. Says whether there was one.
    pub fn stop(&mut self) -> bool {
        let is_searching = self.is_searching();
        if let Some(scan) = self.scan.as_mut().filter(|_| is_searching) {
            scan.is_stopped = true;
        }
        is_searching
    }

    /// Lets a search that was stopped go on.
    pub fn go_on(&mut self) {
        if let Some(scan) = &mut self.scan {
            scan.is_stopped = false;
        }
    }

    /// Sets the words searched inside the record.
    pub fn set_search(&mut self, text: &str) {
        text.clone_into(&mut self.search);
        self.view.search(&self.search);
    }

    /// What to ask for to begin at the newest row.
    pub fn request_start(&mut self) -> (Option<Cursor>, PageDirection) {
        self.rows.started();
        self.wanted = Some(Wanted::Start);
        (None, PageDirection::Older)
    }

    /// What to ask for to begin at the oldest row.
    pub fn request_end(&mut self) -> (Option<Cursor>, PageDirection) {
        self.rows.started();
        self.wanted = Some(Wanted::End);
        (None, PageDirection::Newer)
    }

    /// What to ask for when the selection came near an end of what is held; nothing when it has been asked for.
    pub fn request_near_end(&mut self) -> Option<(Option<Cursor>, PageDirection)> {
        if self.wanted.is_some() {
            return None;
        }
        let rows = self.rows.held()?;
        if self.scan.as_ref().is_some_and(|scan| scan.is_stopped) {
            return None;
        }
        let (wanted, beyond, row, way) = if self.has_older && self.selected + NEAR >= rows.len() {
            let beyond = &self.older;
            (Wanted::Older, beyond, rows.back(), PageDirection::Older)
        } else if self.has_newer && self.selected < NEAR {
            let beyond = &self.newer_from;
            (Wanted::Newer, beyond, rows.front(), PageDirection::Newer)
        } else {
            return None;
        };
        let cursor = beyond.clone().or(row.map(Summary::cursor))?;
        self.wanted = Some(wanted);
        self.rows.started();
        Some((Some(cursor), way))
    }

    /// Takes a page.
    pub fn arrived(&mut self, result: Result<Page, Problem>, at: Timestamp, height: usize) {
        let wanted = self.wanted.take().unwrap_or(Wanted::Start);
        let page = match result {
            Ok(page) => page,
            Err(problem) => return self.rows.arrived(Err(problem), at),
        };
        self.meant = page.meant;
        self.has_changed = page.has_changed;
        self.row_bytes = page.row_bytes;
        self.looked(page.looked, matches!(wanted, Wanted::Start | Wanted::End));
        match wanted {
            Wanted::Start => (self.older, self.newer_from) = (page.next, None),
            Wanted::End => (self.older, self.newer_from) = (None, page.next),
            Wanted::Older => self.older = page.next,
            Wanted::Newer => self.newer_from = page.next,
        }
        let selected = self.row(self.selected).map(|row| row.id.clone());
        let mut rows = self.rows.take_held().unwrap_or_default();
        match wanted {
            Wanted::Start => {
                rows = page.rows.into();
                (self.has_older, self.has_newer, self.newer) = (page.has_more, false, Some(0));
                // A refresh keeps the row that was selected, where it is still on the first page.
                let same = selected.and_then(|id| rows.iter().position(|row| row.id == id));
                self.selected = same.unwrap_or(0);
            }
            Wanted::End => {
                rows = page.rows.into();
                (self.has_older, self.has_newer) = (false, page.has_more);
                self.newer = (!page.has_more).then_some(0);
                self.selected = rows.len().saturating_sub(1);
            }
            Wanted::Older => {
                self.has_older = page.has_more;
                rows.extend(page.rows);
                let excess = rows.len().saturating_sub(HELD_ROWS).min(self.selected);
                rows.drain(..excess);
                if excess > 0 {
                    self.newer_from = None;
                }
                self.has_newer |= excess > 0;
                self.newer = self.newer.map(|newer| newer + excess as u64);
                self.selected -= excess;
                self.offset = self.offset.saturating_sub(excess);
            }
            Wanted::Newer => {
                let count = page.rows.len();
                self.has_newer = page.has_more;
                for row in page.rows.into_iter().rev() {
                    rows.push_front(row);
                }
                self.selected += count;
                self.offset += count;
                self.newer = match self.newer {
                    _ if !self.has_newer => Some(0),
                    Some(newer) => Some(newer.saturating_sub(count as u64)),
                    None => None,
                };
                let keep = HELD_ROWS.max(self.selected + 1);
                if rows.len() > keep {
                    (self.has_older, self.older) = (true, None);
                }
                rows.truncate(keep);
            }
        }
        self.rows.arrived(Ok(rows), at);
        self.follow(height);
    }

    /// Adds what was looked at for a page to what was before, or begins anew.
    fn looked(&mut self, looked: Option<Looked>, is_start: bool) {
        let Some(looked) = looked else {
            self.scan = None;
            return;
        };
        let before = self.scan.take().filter(|_| !is_start).unwrap_or_default();
        self.scan = Some(Scan {
            looked: Looked {
                count: before.looked.count + looked.count,
                ..looked
            },
            ..before
        });
    }

    /// Moves the selection.
    pub fn go(&mut self, movement: Move, height: usize) -> Step {
        match movement {
            Move::First if self.has_newer => return Step::WantsStart,
            Move::Last if self.has_older => return Step::WantsEnd,
            _ => {}
        }
        let last = self.held().saturating_sub(1);
        let next = match movement {
            Move::By(rows) => self.selected.saturating_add_signed(rows).min(last),
            Move::First => 0,
            Move::Last => last,
        };
        let is_moved = std::mem::replace(&mut self.selected, next) != next;
        self.follow(height);
        if is_moved { Step::Moved } else { Step::Stayed }
    }

    /// Moves the window so that the selection is inside it.
    pub fn follow(&mut self, height: usize) {
        let height = height.max(1);
        if self.selected < self.offset {
            self.offset = self.selected;
        } else if self.selected >= self.offset + height {
            self.offset = self.selected + 1 - height;
        }
        self.offset = self.offset.min(self.held().saturating_sub(height));
    }

    /// The id of the selected record, unless it is the one that is shown.
    pub fn wanted_record(&self) -> Option<String> {
        let id = &self.row(self.selected)?.id;
        let is_here = self.record.held().is_some_and(|record| &record.id == id);
        (!is_here || self.record.failure().is_some()).then(|| id.clone())
    }

    /// Takes the selected record.
    pub fn record_arrived(&mut self, result: Result<Record, Problem>, at: Timestamp) {
        self.record.arrived(result, at);
        if let Some(record) = self
            .record
            .held()
            .filter(|_| self.record.failure().is_none())
        {
            self.view.show(record);
            self.view.search(&self.search);
        }
    }

    /// The record that is shown, when it is the selected one.
    pub fn shown_record(&self) -> Option<&Record> {
        let id = &self.row(self.selected)?.id;
        self.record.held().filter(|record| &record.id == id)
    }

    /// The columns of the headings above the difference; longer ones take what they need.
    pub fn heading_columns(&self) -> usize {
        let keys = self.about.iter().map(|(key, _)| key.width());
        let keys = keys.filter(|width| *width <= HEADING_COLUMNS);
        keys.max().unwrap_or(0).max("request".width())
    }

    /// Fits the record into the room there is for it.
    pub fn fit(&mut self, room: Rect) {
        let columns = usize::from(room.width).saturating_sub(self.heading_columns() + 2);
        self.view.fit(columns, room.height.into());
    }

    /// The value under the cursor of the record that is shown, whole.
    pub fn value_view(&self) -> Option<ValueView> {
        let (path, old, new) = self.view.value(self.shown_record()?)?;
        Some(ValueView::new(path, old, new))
    }

    /// Switches to the next way to show a difference.
    pub fn next_mode(&mut self) {
        self.view.next_mode();
    }

    /// Folds or unfolds the part under the cursor.
    pub fn toggle_fold(&mut self) {
        self.view.toggle_fold();
    }

    /// Goes to the next or the previous match inside the record.
    pub fn go_match(&mut self, is_forward: bool) {
        self.view.go_match(is_forward);
    }

    /// Moves inside the record.
    pub fn go_detail(&mut self, movement: Move, height: usize) {
        self.view.go(movement, height);
    }

    /// The selected record as JSON.
    pub fn copy_text(&self) -> Option<String> {
        let record = self.shown_record()?;
        serde_json::to_string_pretty(record).ok()
    }
}
