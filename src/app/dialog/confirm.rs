//! The confirmation before a write: the exact statements, the target and the role, and a word that must be typed.

use super::confirm_layout::{ConfirmLayout, FactRow, Place};
use super::confirm_search::ConfirmSearch;
use super::script::{Outlined, Script};
use super::statement::StatementView;
use super::unlock::UnlockForm;
use super::{Dialog, DialogResult};
use crate::app::command::Command;
use crate::app::effect::{Fix, RowsWrite};
use crate::app::field::Field;
use crate::app::key::{Code, Key};
use crate::app::model::Model;
use crate::app::rows::Rows;
use crate::app::seen::Seen;
use crate::domain::lock::UnlockRequest;
use crate::domain::migration::Plan;
use crate::domain::report::Tone;
use crate::domain::seed::SeedPlan;
use crate::domain::sql::outline::Piece;
use std::ops::Range;

/// The longest of the reasons why a question is not asked yet.
pub(super) const LONGEST_UNREAD: &str = "There is more below. Scroll to the end to confirm.";
/// The key that starts a dry run on a scratch database.
pub const SCRATCH_KEY: char = 's';

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub enum PendingAction {
    /// To run migration or rollback files.
    Migrate(Plan),
    /// To run them and undo all of it, while others wait.
    Rehearse(Plan),
    /// The same on production.
    RehearseProduction(Plan),
    /// To change files or the history.
    Fix(Fix),
    /// To run seed files.
    Seed(SeedPlan),
    /// To unlock a week.
    Unlock(UnlockRequest),
    /// To change rows of a table.
    Rows(Box<RowsWrite>),
    /// To read with the service role.
    Service,
}

impl PendingAction {
    /// Whether one key answers: what is asked for undoes itself.
    pub fn is_light(&self) -> bool {
        self.target_key().is_some()
    }

    /// The key that starts a dry run on the database itself. On production no plain yes does.
    pub fn target_key(&self) -> Option<char> {
        match self {
            Self::RehearseProduction(_) => Some('t'),
            Self::Rehearse(_) => Some('y'),
            _ => None,
        }
    }
}

/// Why an answer does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It is another word.
    Wrong,
    /// The key came together with others, before what they did was on screen: as in a pasted text.
    Rushed,
    /// It was pasted.
    Pasted,
}

/// Where something stands that must be seen first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// On the next page.
    Below,
    /// Further down in the text, of which the end is enough.
    Beyond,
    /// Among the facts, and not on the next page.
    Elsewhere,
}

/// A fact before it lies on the screen: its name, what it means, what it says.
pub(super) type Said = (&'static str, Tone, String);

/// What there is to know before one answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is about.
    pub name: &'static str,
    /// What it means.
    pub tone: Tone,
    /// What it says.
    pub rows: Rows,
    /// Where it begins among all that can be seen.
    base: usize,
}

/// A question and the word that answers it.
#[derive(Debug, Clone, PartialEq)]
pub struct Confirm {
    /// What is asked.
    pub asked: PendingAction,
    /// The heading.
    pub title: String,
    /// Where it happens and as whom, and what to think about.
    pub facts: Vec<Fact>,
    /// What will run, to be read: SQL for plans.
    pub text: Rows,
    /// Whether the text is SQL.
    pub is_sql: bool,
    /// The word that must be typed; none where one key answers.
    pub word: String,
    /// What was typed.
    pub typed: Field,
    /// First visible row of those that scroll.
    pub top: usize,
    /// How it lies on the screen.
    pub sheet: ConfirmLayout,
    /// Why the last answer did not count.
    pub refused: Option<Refused>,
    /// The form that led here, to which cancelling leads back.
    pub form: Option<UnlockForm>,
    /// The search inside, while it is open.
    pub search: Option<ConfirmSearch>,
    /// Where each statement begins in the text.
    statements: Vec<usize>,
    /// What the lines of an outline stand for.
    outlined: Vec<Outlined>,
    /// Where the text begins among all that can be seen.
    base: usize,
    /// The places in the text where risks are marked.
    stops: Vec<usize>,
    /// What must be on screen and was not, each part whole, in order. Once the end was on screen, the text has no such part.
    must_see: Vec<Range<usize>>,
    /// What was on screen.
    seen: Seen,
}

impl Confirm {
    pub(super) fn new(
        title: String,
        facts: Vec<Said>,
        lines: &[String],
        word: String,
        asked: PendingAction,
    ) -> Self {
        let mut base = 0;
        let mut must_see = Vec::new();
        let facts = facts.into_iter().map(|(name, tone, text)| {
            let rows = Rows::plain(&text);
            let begin = base;
            base += rows.text().len() + 1;
            must_see.push(begin..base - 1);
            Fact {
                name,
                tone,
                rows,
                base: begin,
            }
        });
        let facts = facts.collect();
        let text = Rows::plain(&lines.join("\n"));
        if asked.is_light() {
            must_see.push(base..base + text.text().len());
        }
        Self {
            asked,
            title,
            facts,
            text,
            is_sql: false,
            word,
            typed: Field::new(),
            top: 0,
            sheet: ConfirmLayout::default(),
            refused: None,
            form: None,
            search: None,
            statements: Vec::new(),
            outlined: Vec::new(),
            base,
            stops: Vec::new(),
            must_see,
            seen: Seen::default(),
        }
    }

    /// A question of which every line must be seen.
    pub(super) fn all(
        title: String,
        facts: Vec<Said>,
        lines: &[String],
        word: String,
        asked: PendingAction,
    ) -> Self {
        let mut confirm = Self::new(title, facts, lines, word, asked);
        let base = confirm.base;
        let mut at = 0;
        for line in confirm.text.text().split('\n') {
            if !line.is_empty() {
                confirm.must_see.push(base + at..base + at + line.len());
            }
            at += line.len() + 1;
        }
        confirm
    }

    /// The question before SQL runs.
    pub(super) fn running(
        title: String,
        facts: Vec<Said>,
        script: &Script,
        word: String,
        asked: PendingAction,
    ) -> Self {
        let mut facts = facts;
        if script.has_outline() {
            let text = "what is too long for a line is told in a few words, hundreds of a kind in one line";
            facts.push(("outline", Tone::Text, text.to_owned()));
        }
        let mut confirm = Self::new(title, facts, &[], word, asked);
        confirm.is_sql = true;
        confirm.text = Rows::sql(&script.lines.join("\n"));
        confirm.statements = script.starts(confirm.text.text());
        confirm.outlined = script.outlined(confirm.text.text());
        let (base, end) = (confirm.base, confirm.text.text().len());
        let risks = script.risks(confirm.text.text());
        let parts = risks.iter();
        let parts = parts.map(|part| base + part.start..base + part.end);
        confirm.must_see.extend(parts);
        if script.is_unknown {
            confirm
                .must_see
                .push(base + end.saturating_sub(1)..base + end);
        }
        confirm.stops = risks.into_iter().map(|part| part.start).collect();
        confirm
    }

    /// The question that the word answers.
    pub fn label(&self) -> String {
        if self.asked.target_key() == Some('t') {
            "Start the dry run on a scratch database, or on production?".to_owned()
        } else if self.asked.is_light() {
            "Start the dry run now?".to_owned()
        } else {
            format!("To confirm, type “{}”:", self.word)
        }
    }

    /// Why the question is not asked yet.
    pub fn unread_text(&self) -> &'static str {
        let is_below = self.unread() != Unread::Elsewhere;
        match (is_below, self.stops.is_empty()) {
            (true, false) => "More risks below. Scroll to the end to confirm.",
            (true, true) => LONGEST_UNREAD,
            (false, _) => "There is more above. Scroll up to confirm.",
        }
    }

    /// The rows at which something begins that must be seen and was not, in order.
    fn missing_rows(&self) -> Vec<usize> {
        let mut seen = self.seen.clone();
        for part in self.in_view() {
            seen.add(part);
        }
        let missing = self.must_see.iter().filter_map(|part| seen.missing(part));
        missing.map(|at| self.row_of_byte(at)).collect()
    }

    /// Where the next stands of what must be seen and was not.
    pub fn unread(&self) -> Unread {
        let behind = self.sheet.in_view(self.top).end;
        let text = self.sheet.row_of_text(0);
        let rows = self.missing_rows();
        match rows.iter().find(|row| **row >= behind) {
            Some(row) if row - behind < usize::from(self.sheet.room) => Unread::Below,
            Some(row) if *row >= text => Unread::Beyond,
            _ => Unread::Elsewhere,
        }
    }

    /// Lays it out for a screen. What is at the top stays there.
    pub fn fit(&mut self, screen: (u16, u16)) {
        if self.sheet.screen == screen {
            return;
        }
        let was = match self.sheet.place(self.top) {
            Place::Text(row) if self.top > 0 => Some(self.text.bytes(row..row + 1).start),
            _ => None,
        };
        self.sheet = ConfirmLayout::of(self, screen);
        self.top = match was {
            Some(byte) => self.row_of(byte).min(self.sheet.last_top()),
            None => self.top.min(self.sheet.last_top()),
        };
    }

    /// The row of a byte among all that can be seen.
    fn row_of_byte(&self, at: usize) -> usize {
        if at >= self.base {
            return self.row_of(at - self.base);
        }
        let holds = |row: &FactRow| {
            let fact = &self.facts[row.fact];
            fact.base + fact.rows.bytes(row.row..row.row + 1).end > at
        };
        self.sheet.facts.iter().position(holds).unwrap_or(0)
    }

    fn row_of(&self, byte: usize) -> usize {
        self.sheet.row_of_text(self.text.row_of(byte))
    }

    /// The parts that are on screen.
    fn in_view(&self) -> Vec<Range<usize>> {
        if self.sheet.needs.is_some() {
            return Vec::new();
        }
        let fact = |row: &FactRow| {
            let fact = &self.facts[row.fact];
            let bytes = fact.rows.bytes(row.row..row.row + 1);
            fact.base + bytes.start..fact.base + bytes.end
        };
        let mut parts: Vec<Range<usize>> = self.sheet.pinned.iter().map(fact).collect();
        for at in self.sheet.in_view(self.top) {
            match self.sheet.place(at) {
                Place::Fact(row) => parts.push(fact(row)),
                Place::Text(row) => {
                    let bytes = self.text.bytes(row..row + 1);
                    parts.push(self.base + bytes.start..self.base + bytes.end);
                }
                Place::Blank => {}
            }
        }
        parts
    }

    /// Whether the end of the text is on screen.
    fn is_at_end(&self) -> bool {
        self.sheet.needs.is_none() && self.sheet.in_view(self.top).end == self.sheet.total
    }

    /// Whether all that must be seen was or is on screen. Too small a screen asks nothing.
    pub fn is_read(&self) -> bool {
        if self.sheet.needs.is_some() {
            return false;
        }
        let mut seen = self.seen.clone();
        for part in self.in_view() {
            seen.add(part);
        }
        let is_at_end = self.is_at_end();
        let is_done = |part: &Range<usize>| is_at_end && part.start >= self.base;
        self.must_see
            .iter()
            .all(|part| is_done(part) || seen.holds(part))
    }

    /// Takes a key. What is on screen then was seen: the shell draws a dialog before it gives it a key.
    pub(super) fn press(
        &mut self,
        key: Key,
        command: Option<Command>,
        model: &mut Model,
    ) -> DialogResult {
        self.fit(model.size);
        for part in self.in_view() {
            self.seen.add(part);
        }
        let (seen, base, is_at_end) = (&self.seen, self.base, self.is_at_end());
        self.must_see
            .retain(|part| !(seen.holds(part) || is_at_end && part.start >= base));
        let is_read = self.is_read();
        if self.press_search(key, command) {
            return DialogResult::Stay(Vec::new());
        }
        let last = self.sheet.last_top().max(self.top);
        let page = usize::from(self.sheet.room).saturating_sub(1).max(1);
        match (command, key.code) {
            (Some(Command::Cancel), _) => {
                if let Some(form) = self.form.take() {
                    super::open(model, Dialog::Unlock(form));
                }
                return DialogResult::Close(Vec::new());
            }
            (_, Code::Char('n')) if self.asked.is_light() => return DialogResult::Close(Vec::new()),
            _ if self.sheet.needs.is_some() => {}
            (Some(Command::NextField), _) => self.top = (self.top + 1).min(last),
            (Some(Command::PreviousField), _) => self.top = self.top.saturating_sub(1),
            (Some(Command::ShowWhole), _) if self.has_outline() => {
                let view = StatementView::of(self.outlined_in_view());
                super::open(model, Dialog::Statement(Box::new(view)));
            }
            (Some(Command::NextRisk), _) => self.go_risk(true),
            (Some(Command::PreviousRisk), _) => self.go_risk(false),
            (_, Code::PageDown) => self.top = (self.top + page).min(last),
            (_, Code::PageUp) => self.top = self.top.saturating_sub(page),
            (_, Code::Home) => self.top = 0,
            (_, Code::End) => self.top = self.sheet.last_top(),
            // Nothing is typed into a field that is not there yet.
            _ if !is_read => {}
            (_, Code::Char(typed)) if self.asked.target_key() == Some(typed) => {
                return self.answer(model);
            }
            (_, Code::Char(SCRATCH_KEY)) if self.asked.is_light() => {
                return self.answer_on_scratch(model);
            }
            _ if self.asked.is_light() => {}
            (Some(Command::Confirm), _) if self.typed.text() == self.word => {
                return self.answer(model);
            }
            (Some(Command::Confirm), _) => self.refused = Some(Refused::Wrong),
            _ => {
                self.typed.press(key);
                self.refused = None;
            }
        }
        DialogResult::Stay(Vec::new())
    }

    /// Takes a key that belongs to the search: all of them while it is open. A word that begins with its key is typed.
    fn press_search(&mut self, key: Key, command: Option<Command>) -> bool {
        if self.sheet.needs.is_some() {
            return false;
        }
        let is_word = self.word.starts_with('/') || !self.typed.is_empty();
        let is_slash = key.typed() == Some('/') && !is_word;
        let is_wanted = self.is_sql && (is_slash || command == Some(Command::SearchInside));
        let from = self.top_byte();
        let Some(search) = &mut self.search else {
            if is_wanted {
                self.search = Some(ConfirmSearch::default());
                self.refused = None;
            }
            return is_wanted;
        };
        match (command, key.code) {
            (Some(Command::Cancel), _) => self.search = None,
            (Some(Command::Confirm | Command::NextField | Command::SearchInside), _) => {
                search.step(true);
                self.go_found();
            }
            (Some(Command::PreviousField), _) => {
                search.step(false);
                self.go_found();
            }
            (_, Code::PageDown | Code::PageUp) => return false,
            _ => {
                if search.field.press(key) {
                    search.look(self.text.text(), &self.outlined, from);
                    self.go_found();
                }
            }
        }
        true
    }

    /// The field of the search, while it is open: the word itself must be typed.
    pub(super) fn search_field(&mut self) -> Option<&mut Field> {
        self.search.as_mut().map(|search| &mut search.field)
    }

    /// A pasted text answers nothing; where a word is asked for, that is said.
    pub(super) fn refuse_paste(&mut self, text: &str) {
        if !text.is_empty() && !self.asked.is_light() && self.is_read() {
            self.refused = Some(Refused::Pasted);
        }
    }

    /// Looks again for what was pasted.
    pub(super) fn look(&mut self) {
        let from = self.top_byte();
        if let Some(search) = &mut self.search {
            search.look(self.text.text(), &self.outlined, from);
            self.go_found();
        }
    }

    /// Whether what will run is shown by its outline.
    pub fn has_outline(&self) -> bool {
        !self.outlined.is_empty()
    }

    /// The statements that lines of the outline in view stand for.
    fn outlined_in_view(&self) -> impl Iterator<Item = &Piece> {
        let rows = self
            .sheet
            .in_view(self.top)
            .filter_map(|at| match self.sheet.place(at) {
                Place::Text(row) => Some(row),
                Place::Fact(_) | Place::Blank => None,
            });
        let rows: Vec<usize> = rows.collect();
        let first = rows.first().map_or(0, |row| *row);
        let bytes = self
            .text
            .bytes(first..rows.last().map_or(first, |row| row + 1));
        let begins = self.outlined.partition_point(|(at, _)| *at < bytes.start);
        let lines = self.outlined[begins..].iter();
        let lines = lines.take_while(move |(at, _)| *at < bytes.end);
        lines.flat_map(|(_, pieces)| pieces)
    }

    /// Brings what was found into view.
    fn go_found(&mut self) {
        let here = self.search.as_ref().and_then(ConfirmSearch::here);
        if let Some(here) = here {
            let row = self.row_of(here.start);
            if !self.sheet.in_view(self.top).contains(&row) {
                self.top = row.min(self.sheet.last_top());
            }
        }
    }

    /// The byte of the text at the top of what is in view.
    fn top_byte(&self) -> usize {
        let mut places = self.sheet.in_view(self.top).map(|at| self.sheet.place(at));
        let row = places.find_map(|place| match place {
            Place::Text(row) => Some(row),
            Place::Fact(_) | Place::Blank => None,
        });
        row.map_or(0, |row| self.text.bytes(row..row + 1).start)
    }

    /// Which statement stands at the top of what is in view, from 1, and how many there are.
    pub fn statement_at_top(&self) -> Option<(usize, usize)> {
        let count = self.statements.len();
        let top = self.top_byte();
        let at = self.statements.partition_point(|start| *start <= top);
        (count > 0).then(|| (at.max(1), count))
    }

    /// Whether a row of the text holds what was found.
    pub fn is_found_in(&self, row: usize) -> bool {
        let here = self.search.as_ref().and_then(ConfirmSearch::here);
        let bytes = self.text.bytes(row..row + 1);
        here.is_some_and(|here| here.start < bytes.end && here.end > bytes.start)
    }

    /// Takes the key that answers. One that came together with others does not: what it answers was not on screen.
    fn answer(&mut self, model: &mut Model) -> DialogResult {
        if model.is_rushed {
            self.refused = Some(Refused::Rushed);
            return DialogResult::Stay(Vec::new());
        }
        DialogResult::Close(self.accept(model))
    }

    /// The same for the key that starts a dry run on a scratch database.
    fn answer_on_scratch(&mut self, model: &mut Model) -> DialogResult {
        if model.is_rushed {
            self.refused = Some(Refused::Rushed);
            return DialogResult::Stay(Vec::new());
        }
        DialogResult::Close(self.accept_on_scratch(model))
    }

    /// The rows at which risks are marked.
    fn stop_rows(&self) -> impl DoubleEndedIterator<Item = usize> + '_ {
        self.stops.iter().map(|at| self.row_of(*at))
    }

    /// How many risks are marked.
    pub fn stop_count(&self) -> usize {
        self.stops.len()
    }

    /// Goes to the next or the previous part that was not seen; where all was, to the next or the previous risk. Both
    /// around the end.
    fn go_risk(&mut self, is_forward: bool) {
        let mut rows = self.missing_rows();
        if rows.is_empty() {
            rows = self.stop_rows().collect();
        }
        let to = if is_forward {
            let next = rows.iter().find(|row| **row > self.top);
            next.or(rows.first())
        } else {
            let previous = rows.iter().rfind(|row| **row < self.top);
            previous.or(rows.last())
        };
        self.top = to.copied().unwrap_or(self.top);
    }

    /// Which risk stands on the first visible row, from 1 on; 0 where that is none.
    pub fn risk_at_top(&self) -> usize {
        let at = self.stop_rows().position(|row| row == self.top);
        at.map_or(0, |at| at + 1)
    }
}
