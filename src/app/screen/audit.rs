//! The Audit screen: a window onto the trail, newest first, and the selected record.
//!
//! The trail may hold millions of rows, so only a few pages are held. Going on past an end of what is held asks for
//! the next page from there (key-set paging) and lets go of the page farthest away.

use crate::app::dialog::value::ValueView;
use crate::app::list::Move;
use crate::app::live::LiveNews;
use crate::app::loadable::Loadable;
use crate::app::screen::record::RecordView;
use crate::app::screen::record_head::{HeadLine, person_term, row_term};
use crate::app::screen::request_groups::{RequestGroups, Rows};
use crate::domain::audit::filter::{Filter, FilterFault, Moment, Side, holding, quoted};
use crate::domain::audit::follow::Pace;
use crate::domain::audit::path::key_text;
use crate::domain::audit::trail::Trail;
use crate::domain::audit::{ComparedRecord, Cursor, Looked, Page, PageDirection, Record, Summary};
use crate::domain::people::People;
use crate::domain::problem::Problem;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::layout::Rect;
use serde_json::Value;
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
    /// Replaces what is held by the page that begins at a moment.
    At,
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
    pub rows: Loadable<Rows>,
    /// Which requests are folded.
    pub groups: RequestGroups,
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
    /// What stands above the difference.
    pub head: Vec<HeadLine>,
    /// The line of it that is selected; none while the cursor is in the difference.
    pub head_at: Option<usize>,
    /// The filters from which one came here by keys, to go back to.
    pub came_from: Vec<String>,
    /// How it is shown.
    pub view: RecordView,
    /// Where the filter found nothing: an action that it may have meant.
    pub meant: Option<String>,
    /// How far the search has come, where the filter is one that no index answers.
    pub scan: Option<Scan>,
    /// Whether every record names the fields that changed, where it is known.
    pub has_changed: Option<bool>,
    /// Where the records are.
    pub trail: Trail,
    /// Whether the trail is followed, and how many records have come above what one reads.
    pub following: Option<u64>,
    /// Whether the page that is awaited begins the follow.
    pub begins_follow: bool,
    /// The number of the follow by which live mode finds what has come; absent until it asks.
    pub live_follow: Option<u64>,
    /// How many records it has announced.
    announced: u64,
    /// How often the trail is asked while it is followed.
    pub pace: Pace,
    row_bytes: usize,
    /// Where older rows go on, where that is not behind the last row held.
    older: Option<Cursor>,
    /// Where newer rows go on, where that is not before the first row held.
    newer_from: Option<Cursor>,
    /// Where the page begins that is awaited of a moment or a record.
    jump: Option<Cursor>,
    /// The record that one goes to: the page begins behind it.
    jump_row: Option<Summary>,
    wanted: Option<Wanted>,
}

/// The least or the greatest id.
fn uuid(byte: u8) -> String {
    uuid::Uuid::from_bytes([byte; 16]).to_string()
}

impl Default for Audit {
    fn default() -> Self {
        Self {
            rows: Loadable::default(),
            groups: RequestGroups::default(),
            selected: 0,
            offset: 0,
            newer: Some(0),
            has_older: false,
            has_newer: false,
            filter: Filter::default(),
            filter_text: String::new(),
            search: String::new(),
            record: Loadable::default(),
            head: Vec::new(),
            head_at: None,
            came_from: Vec::new(),
            view: RecordView::default(),
            meant: None,
            scan: None,
            has_changed: None,
            trail: Trail::Own,
            following: None,
            begins_follow: false,
            live_follow: None,
            announced: 0,
            pace: Pace::default(),
            row_bytes: 0,
            older: None,
            newer_from: None,
            jump: None,
            jump_row: None,
            wanted: None,
        }
    }
}

impl Audit {
    /// The rows that are held.
    pub fn held(&self) -> usize {
        self.rows.held().map_or(0, Rows::len)
    }

    /// The row at a place among those held.
    pub fn row(&self, at: usize) -> Option<&Summary> {
        self.rows.held()?.get(at)
    }

    /// The line of the window on which the selection stands.
    pub fn selected_line(&self) -> usize {
        let Some(rows) = self.rows.held() else {
            return 0;
        };
        let lines = self.offset.min(self.selected)..self.selected;
        lines.filter(|at| self.groups.is_visible(rows, *at)).count()
    }

    /// The rows on the lines of the window, at most so many.
    pub fn window(&self, height: usize) -> Vec<usize> {
        let Some(rows) = self.rows.held() else {
            return Vec::new();
        };
        let lines = self.offset..rows.len();
        let lines = lines.filter(|at| self.groups.is_visible(rows, *at));
        lines.take(height).collect()
    }

    /// How many records of one request stand on the line of a row; one where it stands alone or is unfolded.
    pub fn folded(&self, at: usize) -> usize {
        match self.rows.held() {
            Some(rows) if self.groups.is_folded(rows, at) == Some(true) => {
                RequestGroups::size(rows, at)
            }
            _ => 1,
        }
    }

    /// Whether a row begins an unfolded request, or stands under its beginning; none where it stands alone.
    pub fn is_unfolded_part(&self, at: usize) -> Option<bool> {
        let rows = self.rows.held()?;
        let head = (0..=at).rev().find(|at| RequestGroups::begins(rows, *at))?;
        let is_open = self.groups.is_folded(rows, head) == Some(false);
        is_open.then_some(head == at)
    }

    /// Folds or unfolds the request of the selected row. False where there is nothing to fold.
    pub fn toggle_request(&mut self, height: usize) -> bool {
        let Some(rows) = self.rows.held() else {
            return false;
        };
        let Some(at) = self.groups.toggle(rows, self.selected) else {
            return false;
        };
        self.selected = at;
        self.follow(height);
        true
    }

    /// Sets the filter; words that cannot be understood leave it as it was. The rows of the filter before go: under
    /// the new one's heading they would lie. Relative times such as `since:2h` count from now; days and times without an offset are
    /// those of the zone that is shown.
    pub fn set_filter(
        &mut self,
        text: &str,
        (now, zone): (Timestamp, &TimeZone),
        people: &People,
    ) -> Result<(), FilterFault> {
        let filter = Filter::read(text, now)?.in_zone(now, zone);
        let filter = if self.trail.is_own() {
            filter.resolved(people)
        } else {
            Ok(filter.resolved_where_known(people))
        };
        self.filter = filter.map_err(|problem| FilterFault { at: 0, problem })?;
        text.trim().clone_into(&mut self.filter_text);
        self.let_go();
        Ok(())
    }

    /// Another zone is shown: where days of the filter are others now, it asks for other records. Says whether it does.
    pub fn show_zone(&mut self, now: Timestamp, zone: &TimeZone) -> bool {
        let filter = self.filter.in_zone(now, zone);
        let is_other = filter != self.filter;
        if is_other {
            self.filter = filter;
            self.let_go();
        }
        is_other
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
        (self.live_follow, self.announced) = (None, 0);
        self.groups = RequestGroups::all(!self.filter.is_empty());
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

    /// What to ask for to begin with the last record of a day, or before a moment.
    pub fn request_at(&mut self, moment: &Moment) -> (Option<Cursor>, PageDirection) {
        self.rows.started();
        self.wanted = Some(Wanted::At);
        let (created_at, id) = match moment.day_end() {
            Some(end) => (end.to_string(), uuid(0)),
            None => (moment.at().to_string(), uuid(u8::MAX)),
        };
        let cursor = Cursor { created_at, id };
        self.jump = Some(cursor.clone());
        self.jump_row = None;
        (Some(cursor), PageDirection::Older)
    }

    /// What to ask for to begin with a record.
    pub fn request_record(&mut self, row: Summary) -> (Option<Cursor>, PageDirection) {
        self.rows.started();
        self.wanted = Some(Wanted::At);
        let cursor = row.cursor();
        self.jump = Some(cursor.clone());
        self.jump_row = Some(row);
        (Some(cursor), PageDirection::Older)
    }

    /// Whether folding leaves lines of the window empty that older rows could fill.
    pub fn has_room(&self, height: usize) -> bool {
        let shown = self.window(height).len();
        self.has_older && shown < height.min(self.held()) && self.held() < HELD_ROWS
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
        // The last row on the line of the selection.
        let last = self.selected + self.folded(self.selected) - 1;
        let (wanted, beyond, row, way) = if self.has_older && last + NEAR >= rows.len() {
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

    /// What to ask for to go on towards older rows; nothing while a page is awaited.
    pub fn request_older(&mut self) -> Option<(Option<Cursor>, PageDirection)> {
        if self.wanted.is_some() {
            return None;
        }
        let row = self.rows.held()?.back();
        let cursor = self.older.clone().or(row.map(Summary::cursor))?;
        self.wanted = Some(Wanted::Older);
        self.rows.started();
        Some((Some(cursor), PageDirection::Older))
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
        self.trail = page.trail;
        self.row_bytes = page.row_bytes;
        let is_other = matches!(wanted, Wanted::Start | Wanted::End | Wanted::At);
        self.looked(page.looked, is_other);
        if is_other {
            // What has come since is asked for behind these rows.
            (self.live_follow, self.announced) = (None, 0);
        }
        match wanted {
            Wanted::Start => (self.older, self.newer_from) = (page.next, None),
            Wanted::End => (self.older, self.newer_from) = (None, page.next),
            // Newer ones go on where this page began.
            Wanted::At => (self.older, self.newer_from) = (page.next, self.jump.take()),
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
            Wanted::At => {
                rows = page.rows.into();
                if let Some(row) = self.jump_row.take() {
                    rows.push_front(row);
                }
                (self.has_older, self.has_newer, self.newer) = (page.has_more, true, None);
                (self.selected, self.offset) = (0, 0);
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

    /// Takes records that have come to the trail that is followed. What one reads stays where it is: only at the newest record the
    /// selection goes along. Says whether it did.
    pub fn take_news(&mut self, news: Vec<Summary>, height: usize) -> bool {
        let is_at_top = self.selected == 0 && self.rows.held().is_some();
        let is_shown = is_at_top && !self.has_newer;
        let above = self.insert(news, !is_at_top);
        if let Some(count) = &mut self.following {
            *count = if is_shown { 0 } else { *count + above };
        }
        self.follow(height);
        is_at_top
    }

    /// Takes records that live mode has found. Nothing moves, at the newest record neither: they are announced.
    pub fn take_live(&mut self, news: LiveNews, height: usize) {
        if self.live_follow != Some(news.follow) {
            return;
        }
        let seen = self.announced();
        let is_empty = self.held() == 0;
        let above = self.insert(news.rows, !is_empty);
        self.announced = seen + above;
        if news.has_more && !self.has_newer {
            (self.has_newer, self.newer_from) = (true, news.next);
        }
        self.follow(height);
    }

    /// How many records live mode has announced that nobody has gone to.
    pub fn announced(&self) -> u64 {
        let is_at_newest = self.selected == 0 && !self.has_newer;
        if is_at_newest { 0 } else { self.announced }
    }

    /// Where live mode's first page begins, and which way it goes: what has come behind the newest record that is held.
    pub fn gap(&self) -> Option<(Option<Cursor>, PageDirection)> {
        if self.has_newer {
            return None;
        }
        match self.row(0) {
            Some(row) => Some((Some(row.cursor()), PageDirection::Newer)),
            None => Some((None, PageDirection::Older)),
        }
    }

    /// Puts records that have come, oldest first, each in its place; one that is held already is not new. Where what one reads is
    /// to stay, gives how many came above it.
    fn insert(&mut self, news: Vec<Summary>, stays: bool) -> u64 {
        let mut above = 0;
        let has_newer = self.has_newer;
        let has_older = self.has_older;
        let Some(rows) = self.rows.held_mut() else {
            return 0;
        };
        for row in news {
            if rows.iter().any(|held| held.id == row.id) {
                continue;
            }
            // The newest records are not held: these are announced alone.
            if has_newer {
                above += 1;
                continue;
            }
            let cursor = row.cursor();
            let is_newer = |held: &Summary| self.trail.compare(&held.cursor(), &cursor).is_gt();
            let place = rows.partition_point(is_newer);
            if place == rows.len() && has_older {
                continue;
            }
            rows.insert(place, row);
            if stays && place <= self.selected {
                self.selected += 1;
                self.offset += 1;
                above += 1;
            }
        }
        let keep = HELD_ROWS.max(self.selected + 1);
        if rows.len() > keep {
            rows.truncate(keep);
            (self.has_older, self.older) = (true, None);
        }
        above
    }

    /// Goes to the newest record. False where that is not held.
    pub fn show_new(&mut self, height: usize) -> bool {
        if let Some(count) = &mut self.following {
            *count = 0;
        }
        self.announced = 0;
        if self.has_newer || self.held() == 0 {
            return false;
        }
        self.selected = 0;
        self.follow(height);
        true
    }

    /// Adds what was looked at for a page to what was before, or begins anew.
    fn looked(&mut self, looked: Option<Looked>, is_start: bool) {
        let Some(looked) = looked else {
            self.scan = None;
            return;
        };
        let before = self.scan.take().filter(|_| !is_start).unwrap_or_default();
        self.scan = Some(Scan {
            looked: looked.after(&before.looked),
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
        let Some(rows) = self.rows.held() else {
            return Step::Stayed;
        };
        let next = match movement {
            Move::By(lines) => {
                let mut at = self.selected;
                for _ in 0..lines.unsigned_abs() {
                    match self.groups.step(rows, at, lines > 0) {
                        Some(next) => at = next,
                        None => break,
                    }
                }
                at
            }
            Move::First => 0,
            Move::Last => self.groups.line_of(rows, rows.len().saturating_sub(1)),
        };
        let is_moved = std::mem::replace(&mut self.selected, next) != next;
        self.follow(height);
        if is_moved { Step::Moved } else { Step::Stayed }
    }

    /// Moves the window so that the selection is inside it.
    pub fn follow(&mut self, height: usize) {
        let height = height.max(1);
        let Some(rows) = self.rows.held() else {
            return;
        };
        self.selected = self.groups.line_of(rows, self.selected);
        self.offset = self.groups.line_of(rows, self.offset).min(self.selected);
        // The first line that still has the selection in view, and the first that leaves no line empty below.
        let back = |from: usize, lines: usize| {
            let mut at = from;
            for _ in 0..lines {
                match self.groups.step(rows, at, false) {
                    Some(before) => at = before,
                    None => break,
                }
            }
            at
        };
        let last = self.groups.line_of(rows, rows.len().saturating_sub(1));
        let first = back(self.selected, height - 1);
        self.offset = self.offset.max(first).min(back(last, height - 1));
    }

    /// The id of the selected record, unless it is the one that is shown.
    pub fn wanted_record(&self) -> Option<String> {
        let id = &self.row(self.selected)?.id;
        let is_here = self.record.held().is_some_and(|record| &record.id == id);
        (!is_here || self.record.failure().is_some()).then(|| id.clone())
    }

    /// Takes the selected record.
    pub fn record_arrived(&mut self, result: Result<ComparedRecord, Problem>, at: Timestamp) {
        self.head_at = None;
        let record = result.map(|compared| {
            self.view.show(&compared.record, compared.diff);
            self.view.search(&self.search);
            compared.record
        });
        self.record.arrived(record, at);
    }

    /// The record that is shown, when it is the selected one.
    pub fn shown_record(&self) -> Option<&Record> {
        let id = &self.row(self.selected)?.id;
        self.record.held().filter(|record| &record.id == id)
    }

    /// The columns of the headings above the difference; longer ones take what they need.
    pub fn heading_columns(&self) -> usize {
        let keys = self.head.iter().map(|line| line.name.width());
        let keys = keys.filter(|width| *width <= HEADING_COLUMNS);
        keys.max().unwrap_or(0).max("request".width())
    }

    /// Fits the record into the room there is for it.
    pub fn fit(&mut self, room: Rect) {
        let columns = usize::from(room.width).saturating_sub(self.heading_columns() + 2);
        self.view.fit(columns, room.height.into());
    }

    /// The selected line above the difference.
    fn head_line(&self) -> Option<&HeadLine> {
        self.head.get(self.head_at?)
    }

    /// The value under the cursor of the record that is shown, whole.
    pub fn value_view(&self) -> Option<ValueView> {
        if let Some(line) = self.head_line() {
            let value = Value::from(line.raw.as_str());
            return Some(ValueView::new(line.name.clone(), None, Some(&value)));
        }
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
        self.head_at = None;
        self.view.go_match(is_forward);
    }

    /// Goes to the next or the previous change inside the record. False where there is none.
    pub fn go_change(&mut self, is_forward: bool) -> bool {
        if self.head_at.take().is_some() {
            if is_forward {
                self.view.go_end_change(true);
            }
            return is_forward;
        }
        self.view.go_change(is_forward)
    }

    /// Moves inside the record: through the lines above the difference, then through the difference.
    pub fn go_detail(&mut self, movement: Move, height: usize) {
        let heads = self.head.len();
        let lines = self.view.lines.len();
        match (movement, self.head_at) {
            (Move::First, _) if heads > 0 => {
                self.head_at = Some(0);
                self.view.go(Move::First, height);
            }
            (Move::By(by), Some(at)) => {
                let next = at.saturating_add_signed(by);
                if next < heads || lines == 0 {
                    self.head_at = Some(next.min(heads.saturating_sub(1)));
                } else {
                    self.head_at = None;
                    self.view.go(Move::First, height);
                    let more = isize::try_from(next - heads).unwrap_or(isize::MAX);
                    self.view.go(Move::By(more), height);
                }
            }
            (Move::By(by), None) if heads > 0 && by < 0 && by.unsigned_abs() > self.view.cursor => {
                let above = by.unsigned_abs() - self.view.cursor;
                self.view.go(Move::First, height);
                self.head_at = Some(heads.saturating_sub(above));
            }
            (Move::By(by), None) if heads > 0 && by > 0 && lines == 0 => {
                self.head_at = Some(heads - 1);
            }
            (movement, _) => {
                self.head_at = None;
                self.view.go(movement, height);
            }
        }
    }

    /// The filter for the value under the cursor of the record that is shown.
    pub fn cursor_term(&self) -> Option<String> {
        self.shown_record()?;
        match self.head_line() {
            Some(line) => line.term.clone(),
            None => self.value_or_change(),
        }
    }

    /// The filter for the field under the cursor: that it changed; of a row that came or went, which changed none, what it holds.
    fn value_or_change(&self) -> Option<String> {
        let record = self.shown_record()?;
        let side = match (&record.before_state, &record.after_state) {
            (Some(_), None) => Side::Before,
            (None, Some(_)) => Side::After,
            _ => return Some(format!("changed:{}", key_text(self.view.field()?))),
        };
        let (path, old, new) = self.view.value(record)?;
        Some(holding(side, &path, new.or(old)?))
    }

    /// The filter for the row of the selected record.
    pub fn row_term(&self) -> Option<String> {
        if let Some(record) = self.shown_record() {
            return row_term(record);
        }
        let story = &self.row(self.selected)?.story;
        let (table, id) = (story.table.as_deref()?, story.id.as_deref()?);
        Some(format!("row:{}", quoted(&format!("{table}/{id}"))))
    }

    /// The filter for the changes of the field under the cursor, in this row.
    pub fn field_term(&self) -> Option<String> {
        self.shown_record()?;
        if self.head_at.is_some() {
            return None;
        }
        Some(format!("{} {}", self.row_term()?, self.value_or_change()?))
    }

    /// The filter for who did what the selected row tells.
    pub fn actor_term(&self) -> Option<String> {
        let row = self.row(self.selected)?;
        Some(match &row.actor_user_id {
            Some(id) => person_term("actor", id),
            None => format!("actor:none type:{}", row.actor_type),
        })
    }

    /// The value under the cursor, to be copied: the new one where there are two.
    pub fn copy_value(&self) -> Option<String> {
        if let Some(line) = self.head_line() {
            return Some(line.raw.clone());
        }
        let (_, old, new) = self.view.value(self.shown_record()?)?;
        match new.or(old)? {
            Value::String(text) => Some(text.clone()),
            other => serde_json::to_string_pretty(other).ok(),
        }
    }

    /// The selected record as JSON.
    pub fn copy_text(&self) -> Option<String> {
        let record = self.shown_record()?;
        serde_json::to_string_pretty(record).ok()
    }
}
