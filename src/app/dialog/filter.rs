//! The line in which a filter is typed. Local lists follow while one types; the audit list asks the server on enter.

use super::DialogResult;
use super::complete::{Proposals, Sources, propose};
use super::complete_columns::propose_columns;
use crate::app::command::Command;
use crate::app::effect::Effect;
use crate::app::field::Field;
use crate::app::key::{Code, Key};
use crate::app::model::{Focus, Model, Screen};
use crate::app::{browse, execute, requests};
use crate::domain::audit::filter::FilterFault;
use crate::domain::audit::filter_book::{identity_key, naming};
use crate::domain::problem::Problem;
use std::borrow::Cow;

/// The line being typed.
#[derive(Debug, Clone, PartialEq)]
pub struct FilterLine {
    /// The words.
    pub field: Field,
    /// What the filter was before, to go back to.
    pub before: String,
    /// Why the words cannot be used.
    pub problem: Option<String>,
    /// What can be typed next, and which of it stands there after a completion.
    pub proposals: Option<(Proposals, Option<usize>)>,
    /// Which earlier filter stands there, counted back from the newest.
    recalled: Option<usize>,
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
            proposals: None,
            recalled: None,
        }
        .proposing(model)
    }

    fn proposing(mut self, model: &Model) -> Self {
        self.propose(model);
        self
    }

    /// Proposes what can be typed next into the filter of the audit list.
    fn propose(&mut self, model: &Model) {
        let text = self.field.text();
        let proposals = is_remote(model).then(|| match &model.browser.grid {
            Some(grid) if model.screen == Screen::Tables => propose_columns(text, grid),
            _ => {
                let from = Sources {
                    rows: model.audit.rows.held(),
                    people: &model.people,
                    book: &model.filter_book,
                };
                propose(text, from)
            }
        });
        self.proposals = proposals.map(|proposals| (proposals, None));
    }

    /// Completes the last word by the next proposal.
    fn complete(&mut self, by: isize) {
        let Some((proposals, at)) = &mut self.proposals else {
            return;
        };
        let count = proposals.options.len() as isize;
        if count == 0 {
            return;
        }
        let next = match (*at, by > 0) {
            (Some(at), _) => (at as isize + by).rem_euclid(count),
            (None, true) => 0,
            (None, false) => count - 1,
        } as usize;
        *at = Some(next);
        let text = self.field.text();
        let start = text.get(..proposals.start).unwrap_or_default();
        let text = format!("{start}{}", proposals.options[next]);
        self.field = Field::with(&text);
    }

    /// Puts an earlier filter in place, or goes back to a later one.
    fn recall(&mut self, by: isize, model: &Model) {
        // The filters of tables are not kept: each table has its own columns.
        if model.screen != Screen::Audit {
            return;
        }
        let history = model.filter_history();
        let at = match self.recalled {
            None if by < 0 => return,
            None => 0,
            Some(at) if at as isize + by < 0 => {
                self.recalled = None;
                self.field = Field::with(&self.before);
                return self.propose(model);
            }
            Some(at) => at.saturating_add_signed(by),
        };
        let found = history.iter().rev().nth(at);
        if let Some(text) = found {
            self.recalled = Some(at);
            self.field = Field::with(text);
            self.propose(model);
        }
    }

    /// The words are others now: shows what they find, where that needs no server.
    pub fn edited(&mut self, model: &mut Model) {
        self.problem = None;
        self.propose(model);
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
            Some(Command::Confirm) if model.screen == Screen::Tables && is_remote(model) => {
                match browse::set_filter(model, self.field.text()) {
                    Ok(effects) => DialogResult::Close(effects),
                    Err(fault) => {
                        self.problem = Some(said(&fault.problem));
                        self.field.go_to(fault.at);
                        DialogResult::Stay(Vec::new())
                    }
                }
            }
            Some(Command::Confirm) if is_remote(model) => match ask(model, self.field.text()) {
                Ok(effects) => DialogResult::Close(effects),
                Err(fault) => {
                    self.problem = Some(said(&fault.problem));
                    self.field.go_to(fault.at);
                    DialogResult::Stay(Vec::new())
                }
            },
            Some(Command::Confirm) => DialogResult::Close(execute::selection_moved(model)),
            Some(command @ (Command::NextField | Command::PreviousField)) if is_remote(model) => {
                let is_next = command == Command::NextField;
                match key.code {
                    Code::Up | Code::Down => self.recall(if is_next { -1 } else { 1 }, model),
                    _ => self.complete(if is_next { 1 } else { -1 }),
                }
                self.problem = None;
                DialogResult::Stay(Vec::new())
            }
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

/// Asks the audit trail what was typed; a line that gives a filter a name, or takes one away, does that besides.
fn ask(model: &mut Model, typed: &str) -> Result<Vec<Effect>, FilterFault> {
    let whole = |problem| FilterFault { at: 0, problem };
    let named = naming(typed);
    let filter = named.map_or(typed, |(_, filter)| filter);
    let head = named.and_then(|_| typed.trim_end().strip_suffix(filter));
    // A fault names its column: that of the line as it was typed.
    let before = " ".repeat(head.map_or(0, |head| head.chars().count()));
    let text = model.filter_book.expanded(filter).map_err(whole)?;
    let is_typed = matches!(text, Cow::Borrowed(_));
    let text = text.into_owned();
    if let Some((name, "")) = named {
        model.filter_book.forget(name).map_err(whole)?;
        let mut effects = execute::toast(model, format!("@{name} is no filter's name any more."));
        effects.extend(saved(model, name, None));
        return Ok(effects);
    }
    let mut book = model.filter_book.clone();
    if let Some((name, _)) = named {
        book.save(name, &text).map_err(whole)?;
    }
    let (now, zone) = (model.now, model.shown_zone());
    let line = format!("{before}{text}");
    let set = model.audit.set_filter(&line, (now, &zone), &model.people);
    set.map_err(|fault| FilterFault {
        at: if is_typed { fault.at } else { 0 },
        ..fault
    })?;
    model.filter_book = book;
    model.audit.came_from.clear();
    let mut effects = requests::audit_from_start(model);
    if model.remember_filter() {
        effects.extend(kept(model));
    }
    if let Some((name, _)) = named {
        let save = saved(model, name, Some(text));
        let until = if save.is_some() {
            ""
        } else {
            " until the deck ends: this project has no profile"
        };
        effects.extend(save);
        effects.extend(execute::toast(model, format!("Saved as @{name}{until}.")));
    }
    Ok(effects)
}

/// Keeps the name of a filter, where the project keeps them.
fn saved(model: &Model, name: &str, filter: Option<String>) -> Option<Effect> {
    let project = model.project.as_ref()?;
    project.filters.as_ref()?;
    Some(Effect::SaveFilter {
        profile: project.name.clone(),
        url: project.url.clone(),
        name: name.to_owned(),
        filter,
    })
}

/// Keeps the filter in force for the next time, where the project keeps them.
fn kept(model: &Model) -> Option<Effect> {
    let project = model.project.as_ref()?;
    project.filters.as_ref()?;
    Some(Effect::KeepFilter {
        profile: project.name.clone(),
        url: project.url.clone(),
        who: identity_key(&model.identity),
        filter: model.audit.filter_text.clone(),
    })
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
    match model.screen {
        Screen::Audit => model.focus == Focus::List,
        Screen::Tables => model.browser.grid.is_some(),
        _ => false,
    }
}

/// The filter in force on the screen in view.
pub fn current(model: &Model) -> &str {
    match model.screen {
        Screen::Home => "",
        Screen::Journal => &model.journal.table.list.filter,
        Screen::Access => &model.access.list.filter,
        Screen::Migrations => &model.migrations.table.list.filter,
        Screen::Seeds => &model.seeds.table.list.filter,
        Screen::Cycles => match &model.open_cycle {
            Some(open) => &open.list().filter,
            None => &model.cycles.list.filter,
        },
        Screen::Goals => &model.goals.list.filter,
        Screen::Locks => &model.locks.list.filter,
        Screen::Tables => match &model.browser.grid {
            Some(grid) => &grid.filter_text,
            None => &model.browser.table.list.filter,
        },
        Screen::Audit if model.focus == Focus::Detail => &model.audit.search,
        Screen::Audit => &model.audit.filter_text,
    }
}

/// Sets the filter of a list that is searched here; the audit list is left as it is.
pub fn set_local(model: &mut Model, text: &str) {
    match model.screen {
        Screen::Home => {}
        Screen::Journal => model.journal.table.set_filter(text),
        Screen::Access => model.access.set_filter(text),
        Screen::Migrations => model.migrations.table.set_filter(text),
        Screen::Seeds => model.seeds.table.set_filter(text),
        Screen::Cycles => match &mut model.open_cycle {
            Some(open) => open.set_filter(text),
            None => model.cycles.set_filter(text),
        },
        Screen::Goals => model.goals.set_filter(text),
        Screen::Locks => model.locks.set_filter(text),
        Screen::Tables if model.browser.grid.is_none() => model.browser.table.set_filter(text),
        Screen::Audit if model.focus == Focus::Detail => model.audit.set_search(text),
        Screen::Audit | Screen::Tables => {}
    }
    let height = model.list_height();
    if let Some(list) = execute::list_mut(model) {
        list.follow(height);
    }
}
