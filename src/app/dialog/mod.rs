//! Dialogs: what lies over the screen and has the keys. The last one on the stack is handled here; it is taken off
//! while it handles a key, and goes back on top unless it says that it is finished.

pub mod accept;
pub mod choose;
pub mod columns;
pub mod complete;
mod complete_columns;
pub mod confirm;
pub mod confirm_layout;
pub mod confirm_search;
pub mod edit;
pub mod edit_text;
pub mod explain;
pub mod export;
pub mod filter;
pub mod help;
pub mod identity;
pub mod mfa;
pub mod migrate;
pub mod new_file;
pub mod onboarding;
pub mod palette;
pub mod project;
mod questions;
pub mod resolutions;
pub mod result;
mod script;
pub mod statement;
pub mod theme;
pub mod unlock;
pub mod value;
pub mod values;

use super::command::{Command, Context};
use super::effect::{Effect, Write};
use super::field::{self, Field};
use super::key::{Code, Key};
use super::model::Model;
use super::ticket::Slot;
use super::{browse, execute, jobs, layout};
use crate::domain::problem::Problem;
use crate::domain::table::values::ValueCounts;
use jiff::Timestamp;

/// Something over the screen.
#[derive(Debug, Clone, PartialEq)]
pub enum Dialog {
    /// All keys; the number is the first visible line.
    Help(usize),
    /// Commands by name.
    Palette(palette::Palette),
    /// A line in which the filter is typed.
    Filter(filter::FilterLine),
    /// Who reads.
    Identity(identity::IdentityDialog),
    /// Which project is open.
    Project(project::ProjectDialog),
    /// Which theme it has.
    Theme(theme::ThemeDialog),
    /// What will run, and the word to type.
    Confirm(Box<confirm::Confirm>),
    /// What runs now; its state is `Model::running`.
    Running,
    /// How a run ended.
    Result(ResultState),
    /// An emergency unlock being filled in.
    Unlock(unlock::UnlockForm),
    /// Into which file rows or a review are written.
    Export(Box<export::ExportForm>),
    /// Which row is to be explained.
    Explain(explain::ExplainForm),
    /// The ways out of a migration's state.
    Ways(resolutions::Resolutions),
    /// The first run.
    Guide(onboarding::Onboarding),
    /// The columns of a grid.
    Columns(Box<columns::ColumnsForm>),
    /// The values of a column.
    Values(Box<values::ValuesForm>),
    /// Why a text from the user's editor cannot be a value.
    Refused(Box<edit_text::RefusedText>),
    /// A value of a row being typed.
    Edit(Box<edit::EditForm>),
    /// A new file being named.
    NewFile(Box<new_file::NewFileForm>),
    /// A value of an audit record, whole.
    Value(Box<value::ValueView>),
    /// A statement of a long file, whole.
    Statement(Box<statement::StatementView>),
}

/// A result and the place in it.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultState {
    /// What is shown.
    pub view: result::ResultView,
    /// First visible line.
    pub top: usize,
}

/// Whether a dialog stays open after a key.
#[derive(Debug, PartialEq)]
pub enum DialogResult {
    /// It stays, with these effects.
    Stay(Vec<Effect>),
    /// It is finished.
    Close(Vec<Effect>),
}

/// Opens a dialog on top.
pub fn open(model: &mut Model, dialog: Dialog) {
    model.dialogs.push(dialog);
}

/// Lays out what depends on the size of the terminal.
pub(super) fn fit(model: &mut Model) {
    let columns = layout::result_columns(model.size.0);
    for dialog in &mut model.dialogs {
        match dialog {
            Dialog::Confirm(confirm) => confirm.fit(model.size),
            Dialog::Value(value) => value.fit(columns),
            Dialog::Statement(statement) => statement.fit(columns),
            Dialog::Columns(form) => form.fit(model.size.1),
            Dialog::Values(form) => form.fit(model.size.1),
            _ => {}
        }
    }
}

/// There is more to be found: an open palette looks again.
pub(super) fn look_again(model: &mut Model) {
    for at in 0..model.dialogs.len() {
        if matches!(model.dialogs[at], Dialog::Palette(_)) {
            let mut dialog = model.dialogs.remove(at);
            if let Dialog::Palette(palette) = &mut dialog {
                palette.search_again(model);
            }
            model.dialogs.insert(at, dialog);
        }
    }
}

/// Gives a key to the dialog on top.
pub fn press(model: &mut Model, key: Key) -> Vec<Effect> {
    let Some(mut dialog) = model.dialogs.pop() else {
        return Vec::new();
    };
    let command = model.keymap.command(key, &[Context::Dialog]);
    let depth = model.dialogs.len();
    let rows = layout::reading_rows(model.size.1);
    let after = match &mut dialog {
        Dialog::Help(top) => {
            let lines = help::lines(model).len();
            scroll(top, key, command, (lines, rows))
        }
        Dialog::Palette(palette) => palette.press(key, command, model),
        Dialog::Filter(line) => line.press(key, command, model),
        Dialog::Edit(form) => form.press(key, command, model),
        Dialog::NewFile(form) => form.press(key, command, model),
        Dialog::Identity(identity) => identity.press(key, command, model),
        Dialog::Project(project) => choose_project(project, key, command, model),
        Dialog::Theme(theme) => choose_theme(theme, key, command, model),
        Dialog::Confirm(confirm) => confirm.press(key, command, model),
        Dialog::Running => running(command, model),
        Dialog::Result(state) => {
            let columns = layout::result_columns(model.size.0);
            let lines = state.view.wrapped(columns).len();
            scroll(&mut state.top, key, command, (lines, rows))
        }
        Dialog::Unlock(form) => form.press(key, command, model),
        Dialog::Explain(form) => form.press(key, command, model),
        Dialog::Export(form) => form.press(key, command, model),
        Dialog::Ways(ways) => ways.press(key, command, model),
        Dialog::Refused(refused) => match edit_text::RefusedText::press(command) {
            edit_text::Asked::Nothing => DialogResult::Stay(Vec::new()),
            edit_text::Asked::Close => DialogResult::Close(Vec::new()),
            edit_text::Asked::Again => {
                DialogResult::Close(browse::give_to_editor(model, refused.edit.clone()))
            }
        },
        Dialog::Values(form) => values_pressed(form, key, command, model),
        Dialog::Columns(form) => match form.press(key, command, model.size.1) {
            columns::Asked::Nothing => DialogResult::Stay(Vec::new()),
            columns::Asked::Close => DialogResult::Close(Vec::new()),
            columns::Asked::Show(choice) => {
                DialogResult::Close(browse::set_columns(model, &form.name, choice))
            }
        },
        Dialog::Guide(guide) => guide.press(key, command, model),
        Dialog::Value(value) => {
            let lines = value.row_count();
            scroll(&mut value.top, key, command, (lines, rows))
        }
        Dialog::Statement(statement) => {
            let lines = statement.rows.len();
            scroll(&mut statement.top, key, command, (lines, rows))
        }
    };
    match after {
        DialogResult::Stay(mut effects) => {
            if dialog.field().is_some_and(Field::take_full) {
                let word = format!("No room: {}", field::full());
                effects.extend(dialog.say(word, model));
            }
            // What the dialog opened meanwhile lies above it.
            model.dialogs.insert(depth, dialog);
            effects
        }
        DialogResult::Close(effects) => effects,
    }
}

/// Gives pasted text to the field that has the keys. A word that confirms must be typed: pasting it is not an act of its
/// own.
pub fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    let Some(mut dialog) = model.dialogs.pop() else {
        return Vec::new();
    };
    let mut effects = Vec::new();
    if let Some(field) = dialog.field() {
        let pasted = field.paste(text);
        effects.extend(match &mut dialog {
            Dialog::Palette(palette) => {
                palette.search(model);
                Vec::new()
            }
            Dialog::Filter(line) => {
                line.edited(model);
                Vec::new()
            }
            Dialog::Guide(guide) => guide.edited(model),
            Dialog::Confirm(confirm) => {
                confirm.look();
                Vec::new()
            }
            _ => Vec::new(),
        });
        if let Some(word) = pasted.word() {
            effects.extend(dialog.say(word, model));
        }
    } else if let Dialog::Confirm(confirm) = &mut dialog {
        confirm.refuse_paste(text);
    }
    model.dialogs.push(dialog);
    effects
}

impl Dialog {
    /// The field that has the keys, where text may be put in without being typed.
    fn field(&mut self) -> Option<&mut Field> {
        match self {
            Self::Palette(palette) => Some(&mut palette.field),
            Self::Filter(line) => Some(&mut line.field),
            Self::Edit(form) => Some(&mut form.field),
            Self::NewFile(form) => form.kind().has_name().then_some(&mut form.field),
            Self::Identity(identity) => identity.field(),
            Self::Unlock(form) => Some(form.field()),
            Self::Explain(form) => Some(&mut form.field),
            Self::Export(form) => Some(&mut form.field),
            Self::Guide(guide) => Some(guide.field()),
            Self::Confirm(confirm) => confirm.search_field(),
            Self::Project(_)
            | Self::Theme(_)
            | Self::Help(_)
            | Self::Running
            | Self::Result(_)
            | Self::Value(_)
            | Self::Statement(_)
            | Self::Columns(_)
            | Self::Values(_)
            | Self::Refused(_)
            | Self::Ways(_) => None,
        }
    }

    /// Whether text is typed here.
    pub(super) fn takes_text(&self) -> bool {
        !matches!(
            self,
            Self::Help(_)
                | Self::Running
                | Self::Result(_)
                | Self::Value(_)
                | Self::Statement(_)
                | Self::Columns(_)
                | Self::Values(_)
                | Self::Refused(_)
                | Self::Ways(_)
        )
    }

    /// Says something about what was typed where it is seen.
    fn say(&mut self, word: String, model: &mut Model) -> Vec<Effect> {
        match self {
            // The line stands where a toast would.
            Self::Filter(line) => {
                line.problem = Some(word);
                Vec::new()
            }
            _ => execute::toast(model, word),
        }
    }
}

/// Opens the project that is chosen; the dialog closes when it is there.
fn choose_project(
    dialog: &mut project::ProjectDialog,
    key: Key,
    command: Option<Command>,
    model: &mut Model,
) -> DialogResult {
    match dialog.press(key, command) {
        project::Asked::Nothing => DialogResult::Stay(Vec::new()),
        project::Asked::Close => DialogResult::Close(Vec::new()),
        project::Asked::Open(project) => {
            dialog.is_busy = !model.is_session_busy;
            let write = if project.is_profile {
                Write::OpenProfile(project.name)
            } else {
                Write::Open
            };
            DialogResult::Stay(jobs::session(model, write))
        }
    }
}

/// Tries the theme that one is on; the one that is chosen is kept for the next time.
fn choose_theme(
    dialog: &mut theme::ThemeDialog,
    key: Key,
    command: Option<Command>,
    model: &mut Model,
) -> DialogResult {
    match dialog.press(key, command, &mut model.themes) {
        theme::Asked::Nothing => DialogResult::Stay(Vec::new()),
        theme::Asked::Close => DialogResult::Close(Vec::new()),
        theme::Asked::Keep(name) => DialogResult::Close(vec![Effect::KeepTheme(name)]),
    }
}

/// Filters by the value that is chosen, or gives up what is still counted.
fn values_pressed(
    form: &mut values::ValuesForm,
    key: Key,
    command: Option<Command>,
    model: &mut Model,
) -> DialogResult {
    match form.press(key, command, model.size.1) {
        values::Asked::Nothing => DialogResult::Stay(Vec::new()),
        values::Asked::Close if form.counts.is_loading() => {
            model.tickets.void(Slot::Values);
            model.waits.remove(&Slot::Values);
            DialogResult::Close(vec![Effect::CancelReads(vec![Slot::Values])])
        }
        values::Asked::Close => DialogResult::Close(Vec::new()),
        values::Asked::FilterBy(value) => {
            match browse::filter_by(model, &form.table, &form.column, &value) {
                Ok(effects) => DialogResult::Close(effects),
                Err(problem) => {
                    form.problem = Some(problem.to_string());
                    DialogResult::Stay(Vec::new())
                }
            }
        }
    }
}

/// The values of a column were counted, or could not be.
pub(super) fn values_arrived(
    model: &mut Model,
    result: Result<ValueCounts, Problem>,
    at: Timestamp,
) {
    let mut open = model.dialogs.iter_mut().rev();
    let form = open.find_map(|dialog| match dialog {
        Dialog::Values(form) => Some(form),
        _ => None,
    });
    if let Some(form) = form {
        form.counts.arrived(result, at);
    }
}

/// While something runs, the only thing to do is to cancel it; the dialog closes when the answer comes.
fn running(command: Option<Command>, model: &mut Model) -> DialogResult {
    match command {
        Some(Command::Cancel) => DialogResult::Stay(jobs::cancel(model)),
        _ => DialogResult::Stay(Vec::new()),
    }
}

/// Moves through so many lines that cannot be edited, of which so many are in view; enter and escape close.
fn scroll(
    top: &mut usize,
    key: Key,
    command: Option<Command>,
    (lines, rows): (usize, usize),
) -> DialogResult {
    let last = lines.saturating_sub(rows);
    let page = rows.saturating_sub(1).max(1);
    match (command, key.code) {
        (Some(Command::Cancel | Command::Confirm), _) => return DialogResult::Close(Vec::new()),
        (_, Code::Char('q' | '?')) => return DialogResult::Close(Vec::new()),
        (Some(Command::NextField), _) | (_, Code::Char('j')) => *top = (*top + 1).min(last),
        (Some(Command::PreviousField), _) | (_, Code::Char('k')) => *top = top.saturating_sub(1),
        (_, Code::PageDown) => *top = (*top + page).min(last),
        (_, Code::PageUp) => *top = top.saturating_sub(page),
        (_, Code::Home | Code::Char('g')) => *top = 0,
        (_, Code::End | Code::Char('G')) => *top = last,
        _ => {}
    }
    DialogResult::Stay(Vec::new())
}
