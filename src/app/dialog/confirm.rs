//! The confirmation before a write: the exact statements, the target and the role, and a word that must be typed.

use super::sheet::{FactRow, Place, Sheet};
use super::unlock::UnlockForm;
use super::{After, Dialog, long_line};
use crate::app::command::Command;
use crate::app::effect::{Effect, Fix, Write};
use crate::app::field::Field;
use crate::app::key::{Code, Key};
use crate::app::model::Model;
use crate::app::progress::RunProgress;
use crate::app::rows::Rows;
use crate::app::seen::Seen;
use crate::app::{run, write};
use crate::domain::identity::Identity;
use crate::domain::lock::UnlockRequest;
use crate::domain::migration::{Plan, briefing};
use crate::domain::seed::SeedPlan;
use std::ops::Range;

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    /// To run migration or rollback files.
    Migrate(Plan),
    /// To run them and undo all of it, while others wait.
    Rehearse(Plan),
    /// To change files or the history.
    Fix(Fix),
    /// To run seed files.
    Seed(SeedPlan),
    /// To unlock a week.
    Unlock(UnlockRequest),
    /// To read with the service role.
    Service,
}

impl Asked {
    /// Whether one key answers: what is asked for undoes itself.
    pub fn is_light(&self) -> bool {
        matches!(self, Self::Rehearse(_))
    }
}

/// Where something stands that must be seen first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// Further down, on the way.
    Below,
    /// At the end.
    End,
    /// Further up.
    Above,
}

/// What there is to know before one answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is about.
    pub name: &'static str,
    /// What it says.
    pub rows: Rows,
    /// Where it begins among all that can be seen.
    base: usize,
}

/// A question and the word that answers it.
#[derive(Debug, Clone, PartialEq)]
pub struct Confirm {
    /// What is asked.
    pub asked: Asked,
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
    pub sheet: Sheet,
    /// Whether the wrong word was entered.
    pub is_wrong: bool,
    /// The form that led here, to which cancelling leads back.
    pub form: Option<UnlockForm>,
    /// Where the text begins among all that can be seen.
    base: usize,
    /// The places in the text where risks are marked, and where a long line hides what it runs.
    stops: Vec<usize>,
    /// How many of the stops are risks.
    risk_count: usize,
    /// What must have been on screen, each part whole.
    must_see: Vec<Range<usize>>,
    /// Up to where the text must have been on screen: behind the last risk that is not summed up among the facts.
    must_reach: usize,
    /// What was on screen.
    seen: Seen,
}

impl Confirm {
    pub(super) fn new(
        title: String,
        facts: Vec<(&'static str, String)>,
        lines: &[String],
        is_sql: bool,
        word: String,
        asked: Asked,
    ) -> Self {
        let mut base = 0;
        let mut must_see = Vec::new();
        let facts = facts.into_iter().map(|(name, text)| {
            let rows = Rows::plain(&text);
            let begin = base;
            base += rows.text().len() + 1;
            must_see.push(begin..base - 1);
            Fact {
                name,
                rows,
                base: begin,
            }
        });
        let facts = facts.collect();
        let text = lines.join("\n");
        let text = if is_sql {
            Rows::sql(&text)
        } else {
            Rows::plain(&text)
        };
        let mut stops = Vec::new();
        if is_sql {
            stops = long_line::hidden(text.text());
            must_see.extend(stops.iter().map(|at| base + at..base + at + 1));
        } else if asked.is_light() {
            must_see.push(base..base + text.text().len());
        }
        Self {
            asked,
            title,
            facts,
            text,
            is_sql,
            word,
            typed: Field::new(),
            top: 0,
            sheet: Sheet::default(),
            is_wrong: false,
            form: None,
            base,
            stops,
            risk_count: 0,
            must_see,
            must_reach: 0,
            seen: Seen::default(),
        }
    }

    /// The same with the lines on which risks are marked, and the line behind the last one that must be seen there.
    pub(super) fn with_risks(mut self, marked: &[usize], must_see: usize) -> Self {
        let mut starts = vec![0];
        let lines = self.text.text().match_indices('\n');
        starts.extend(lines.map(|(at, _)| at + 1));
        let start = |line: usize| starts.get(line).copied();
        if must_see > 0 {
            let end = start(must_see).map_or(self.text.text().len(), |next| next - 1);
            self.must_reach = self.base + end;
        }
        self.risk_count = marked.len();
        self.stops.extend(marked.iter().filter_map(|at| start(*at)));
        self.stops.sort_unstable();
        self.stops.dedup();
        self
    }

    /// The question that the word answers.
    pub fn label(&self) -> String {
        if self.asked.is_light() {
            "Rehearse it now?".to_owned()
        } else {
            format!("Type {} to go on:", self.word)
        }
    }

    /// Why the question is not asked yet.
    pub fn unread_text(&self, unread: Unread) -> &'static str {
        match unread {
            Unread::Above => "More to read stands above. It is asked when all of it was seen.",
            _ if self.risk_count > 0 && !self.asked.is_light() => {
                "More risks stand below. The word is asked for when they were seen."
            }
            _ => "More to read stands below. It is asked when all of it was seen.",
        }
    }

    /// Where the next stands of what must be seen and was not.
    pub fn unread(&self) -> Unread {
        let in_view = self.in_view();
        let behind = in_view.last().map_or(0, |part| part.end);
        let mut seen = self.seen.clone();
        for part in in_view {
            seen.add(part);
        }
        let mut missing = self.must_see.iter().filter(|part| !seen.holds(part));
        if missing.clone().any(|part| part.end > behind) {
            Unread::Below
        } else if missing.next().is_some() {
            Unread::Above
        } else {
            Unread::End
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
        self.sheet = Sheet::of(self, screen);
        self.top = match was {
            Some(byte) => self.row_of(byte).min(self.sheet.last_top()),
            None => self.top.min(self.sheet.last_top()),
        };
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

    /// Whether all that must be seen was or is on screen. Too small a screen asks nothing.
    pub fn is_read(&self) -> bool {
        if self.sheet.needs.is_some() {
            return false;
        }
        let mut seen = self.seen.clone();
        for part in self.in_view() {
            seen.add(part);
        }
        self.must_reach <= seen.end() && self.must_see.iter().all(|part| seen.holds(part))
    }

    /// Takes a key. What is on screen then was seen: the shell draws a dialog before it gives it a key.
    pub(super) fn press(&mut self, key: Key, command: Option<Command>, model: &mut Model) -> After {
        self.fit(model.size);
        for part in self.in_view() {
            self.seen.add(part);
        }
        let is_read = self.is_read();
        let last = self.sheet.last_top().max(self.top);
        let page = usize::from(self.sheet.room).saturating_sub(1).max(1);
        match (command, key.code) {
            (Some(Command::Cancel), _) => {
                if let Some(form) = self.form.take() {
                    super::open(model, Dialog::Unlock(form));
                }
                return After::Close(Vec::new());
            }
            (_, Code::Char('n')) if self.asked.is_light() => return After::Close(Vec::new()),
            _ if self.sheet.needs.is_some() => {}
            (Some(Command::NextField), _) => self.top = (self.top + 1).min(last),
            (Some(Command::PreviousField), _) => self.top = self.top.saturating_sub(1),
            (Some(Command::NextRisk), _) => self.go_risk(true),
            (Some(Command::PreviousRisk), _) => self.go_risk(false),
            (_, Code::PageDown) => self.top = (self.top + page).min(last),
            (_, Code::PageUp) => self.top = self.top.saturating_sub(page),
            (_, Code::Home) => self.top = 0,
            (_, Code::End) => self.top = self.sheet.last_top(),
            // Nothing is typed into a field that is not there yet.
            _ if !is_read => {}
            (_, Code::Char('y')) if self.asked.is_light() => {
                return After::Close(self.accept(model));
            }
            _ if self.asked.is_light() => {}
            (Some(Command::Confirm), _) if self.typed.text() == self.word => {
                return After::Close(self.accept(model));
            }
            (Some(Command::Confirm), _) => self.is_wrong = true,
            _ => {
                self.typed.press(key);
                self.is_wrong = false;
            }
        }
        After::Stay(Vec::new())
    }

    /// The rows at which risks are marked.
    fn stop_rows(&self) -> impl DoubleEndedIterator<Item = usize> + '_ {
        self.stops.iter().map(|at| self.row_of(*at))
    }

    /// How many risks are marked, with the lines that hide what they run.
    pub fn stop_count(&self) -> usize {
        self.stops.len()
    }

    /// Goes to the next or the previous risk, around the end.
    fn go_risk(&mut self, is_forward: bool) {
        let to = if is_forward {
            let next = self.stop_rows().find(|row| *row > self.top);
            next.or_else(|| self.stop_rows().next())
        } else {
            let previous = self.stop_rows().rfind(|row| *row < self.top);
            previous.or_else(|| self.stop_rows().next_back())
        };
        self.top = to.unwrap_or(self.top);
    }

    /// Which risk stands on the first visible row, from 1 on; 0 where that is none.
    pub fn risk_at_top(&self) -> usize {
        let at = self.stop_rows().position(|row| row == self.top);
        at.map_or(0, |at| at + 1)
    }

    fn accept(&self, model: &mut Model) -> Vec<Effect> {
        match &self.asked {
            Asked::Migrate(plan) => {
                let progress = RunProgress::of(plan);
                let write = Write::Migrate(plan.clone());
                write::start(model, self.title.clone(), progress, write)
            }
            Asked::Rehearse(plan) => rehearse(plan.clone(), model),
            Asked::Fix(fix) => write::start(
                model,
                self.title.clone(),
                RunProgress::default(),
                Write::Fix(fix.clone()),
            ),
            Asked::Seed(plan) => {
                let steps = plan
                    .steps
                    .iter()
                    .map(|step| (step.path.clone(), step.parts.len()));
                let progress = RunProgress {
                    steps: steps.collect(),
                    ..RunProgress::default()
                };
                write::start(
                    model,
                    self.title.clone(),
                    progress,
                    Write::Seed(plan.clone()),
                )
            }
            Asked::Unlock(request) => write::start(
                model,
                self.title.clone(),
                RunProgress::default(),
                Write::Unlock(request.clone()),
            ),
            Asked::Service => run::become_identity(model, Identity::Service),
        }
    }
}

/// Begins a rehearsal.
pub(in crate::app) fn rehearse(plan: Plan, model: &mut Model) -> Vec<Effect> {
    let (title, progress) = (briefing::rehearsal(&plan), RunProgress::of_rehearsal(&plan));
    write::start(model, title, progress, Write::Rehearse(plan))
}
