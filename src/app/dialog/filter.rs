//! The line in which a filter is typed. Local lists follow while one types; the audit list asks the server on enter.

use super::DialogResult;
use crate::app::command::Command;
use crate::app::effect::Effect;
use crate::app::field::Field;
use crate::app::key::Key;
use crate::app::model::{Focus, Model, Screen};
use crate::app::{execute, requests};
use crate::domain::problem::Problem;

/// The line being typed.
#[derive(Debug, Clone, PartialEq)]
pub struct FilterLine {
    /// The words.
    pub field: Field,
    /// What the filter was before, to go back to.
    pub before: String,
    /// Why the words cannot be used.
    pub problem: Option<String>,
}

impl FilterLine {
    /// A line that starts with the filter in force.
    pub fn new(model: &Model) -> Self {
        let before = current(model).to_owned();
        let is_search = model.screen == Screen::Audit && model.focus == Focus::Detail;
        Self {
            field: if is_search {
                Field::new()
            } else {
                Field::with(&before)
            },
            before,
            problem: None,
        }
    }

    /// The words are others now: shows what they find, where that needs no server.
    pub fn edited(&mut self, model: &mut Model) {
        self.problem = None;
        set_local(model, self.field.text());
    }

    pub(super) fn press(
        &mut self,
        key: Key,
        command: Option<Command>,
        model: &mut Model,
    ) -> DialogResult {
        match command {
            Some(Command::Cancel) => {
                set_local(model, &self.before);
                DialogResult::Close(execute::selection_moved(model))
            }
            Some(Command::Confirm) if is_remote(model) => {
                let text = self.field.text().to_owned();
                match model.audit.set_filter(&text, model.now, &model.people) {
                    Ok(()) => DialogResult::Close(requests::audit_from_start(model)),
                    Err(fault) => {
                        self.problem = Some(said(&fault.problem));
                        self.field.go_to(fault.at);
                        DialogResult::Stay(Vec::new())
                    }
                }
            }
            Some(Command::Confirm) => DialogResult::Close(execute::selection_moved(model)),
            _ => {
                let effects: Vec<Effect> = Vec::new();
                if self.field.press(key) {
                    self.edited(model);
                }
                DialogResult::Stay(effects)
            }
        }
    }
}

/// A problem on few lines: what was probably meant comes first, for whoever reads no further.
fn said(problem: &Problem) -> String {
    match &problem.hint {
        Some(hint) => format!("{hint} {problem}"),
        None => problem.to_string(),
    }
}

/// Whether enter sends the words to the server.
fn is_remote(model: &Model) -> bool {
    model.screen == Screen::Audit && model.focus == Focus::List
}

/// The filter in force on the screen in view.
pub fn current(model: &Model) -> &str {
    match model.screen {
        Screen::Home => "",
        Screen::Journal => &model.journal.table.list.filter,
        Screen::Migrations => &model.migrations.table.list.filter,
        Screen::Seeds => &model.seeds.table.list.filter,
        Screen::Cycles => &model.cycles.list.filter,
        Screen::Goals => &model.goals.list.filter,
        Screen::Locks => &model.locks.list.filter,
        Screen::Audit if model.focus == Focus::Detail => &model.audit.search,
        Screen::Audit => &model.audit.filter_text,
    }
}

/// Sets the filter of a list that is searched here; the audit list is left as it is.
pub fn set_local(model: &mut Model, text: &str) {
    match model.screen {
        Screen::Home => {}
        Screen::Journal => model.journal.table.set_filter(text),
        Screen::Migrations => model.migrations.table.set_filter(text),
        Screen::Seeds => model.seeds.table.set_filter(text),
        Screen::Cycles => model.cycles.set_filter(text),
        Screen::Goals => model.goals.set_filter(text),
        Screen::Locks => model.locks.set_filter(text),
        Screen::Audit if model.focus == Focus::Detail => model.audit.set_search(text),
        Screen::Audit => {}
    }
    let height = model.list_height();
    if let Some(list) = execute::list_mut(model) {
        list.follow(height);
    }
}
