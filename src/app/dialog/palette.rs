//! The palette: commands found by name, and on the Audit screen a moment to go to. Commands that cannot run now are listed with the reason.

use super::DialogResult;
use crate::app::availability::availability;
use crate::app::command::{Command, Context, TABLE};
use crate::app::execute;
use crate::app::field::Field;
use crate::app::key::Key;
use crate::app::model::{Model, Screen};
use crate::app::requests;
use crate::domain::audit::filter::Moment;
use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// What was typed and what it finds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Palette {
    /// The words.
    pub field: Field,
    /// The commands found, the best first, each with the reason why it cannot run now.
    pub found: Vec<(Command, Option<String>)>,
    /// The selected one.
    pub selected: usize,
    /// The moment that was typed in place of a name, to go to in the audit trail.
    pub moment: Option<Moment>,
}

impl Palette {
    /// A palette that lists everything.
    pub fn new(model: &Model) -> Self {
        let mut palette = Self::default();
        palette.search(model);
        palette
    }

    /// Finds the commands for what was typed.
    pub fn search(&mut self, model: &Model) {
        let typed = self.field.text().trim();
        let is_audit = model.screen == Screen::Audit;
        let moment = Moment::parse(typed, model.now, "on").ok();
        let moment = moment.map(|moment| moment.in_zone(model.now, &model.shown_zone()));
        self.moment = moment.filter(|_| is_audit);
        if self.moment.is_some() {
            self.found.clear();
            self.selected = 0;
            return;
        }
        // Scattered letters are looked for only when the words themselves are nowhere: they match far too much.
        let mut found = find(self.field.text(), AtomKind::Substring);
        if found.is_empty() {
            found = find(self.field.text(), AtomKind::Fuzzy);
        }
        self.found = found
            .into_iter()
            .map(|(_, command)| (command, availability(command, model).err()))
            .collect();
        // The title itself was meant by who typed it; else what can run now comes before what cannot. Within these the
        // order of the search stands, or the table's when nothing was typed.
        let typed = self.field.text().trim().to_lowercase();
        self.found.sort_by_key(|(command, reason)| {
            let is_title = command.spec().title.to_lowercase() == typed;
            (!is_title, reason.is_some())
        });
        self.selected = 0;
    }

    pub(super) fn press(
        &mut self,
        key: Key,
        command: Option<Command>,
        model: &mut Model,
    ) -> DialogResult {
        let last = self.found.len().saturating_sub(1);
        match command {
            Some(Command::Cancel) => return DialogResult::Close(Vec::new()),
            Some(Command::NextField) => self.selected = (self.selected + 1).min(last),
            Some(Command::PreviousField) => self.selected = self.selected.saturating_sub(1),
            Some(Command::Confirm) => {
                if let Some(moment) = &self.moment {
                    let effects = requests::audit_at(model, moment);
                    return DialogResult::Close(effects);
                }
                if let Some((command, _)) = self.found.get(self.selected) {
                    return DialogResult::Close(execute::run(model, *command));
                }
            }
            _ => {
                if self.field.press(key) {
                    self.search(model);
                }
            }
        }
        DialogResult::Stay(Vec::new())
    }
}

/// The commands that hold every word, the best first.
fn find(text: &str, how: AtomKind) -> Vec<(u32, Command)> {
    let pattern = Pattern::new(text, CaseMatching::Ignore, Normalization::Smart, how);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut found: Vec<(u32, Command)> = TABLE
        .iter()
        .filter(|spec| spec.context != Context::Dialog && spec.command != Command::Palette)
        .filter_map(|spec| {
            let text = format!("{} {}", spec.title, spec.id);
            let mut buffer = Vec::new();
            let score = pattern.score(Utf32Str::new(&text, &mut buffer), &mut matcher)?;
            Some((score, spec.command))
        })
        .collect();
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    found
}
