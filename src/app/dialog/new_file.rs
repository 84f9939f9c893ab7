//! The line in which a new file is named: a migration, the rollback file that one has not, or a seed.

use super::{Dialog, DialogResult};
use crate::app::command::Command;
use crate::app::effect::{Effect, Write};
use crate::app::field::Field;
use crate::app::jobs;
use crate::app::key::Key;
use crate::app::model::{Model, Screen};
use crate::app::progress::RunProgress;
use crate::app::screen::migrations::Side;
use crate::app::{execute, requests};
use crate::domain::migration::{Entry, RollbackFile};
use crate::domain::problem::Problem;
use crate::domain::project_file::{MadeFile, NewFile};

/// What can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A migration and its rollback file.
    Migration,
    /// The rollback file of this version, with the migration's name.
    Rollback {
        /// The version.
        version: String,
        /// The name.
        name: String,
    },
    /// A seed file.
    Seed,
}

impl Kind {
    /// What it is, for the heading.
    pub fn title(&self) -> String {
        match self {
            Self::Migration => "New migration".to_owned(),
            Self::Rollback { version, name } => format!("Rollback file of {version} {name}"),
            Self::Seed => "New seed".to_owned(),
        }
    }

    /// Whether it is named by whoever makes it.
    pub fn has_name(&self) -> bool {
        !matches!(self, Self::Rollback { .. })
    }
}

/// A file being named.
#[derive(Debug, Clone, PartialEq)]
pub struct NewFileForm {
    /// What can be made here.
    pub kinds: Vec<Kind>,
    /// Which of it is made.
    pub selected: usize,
    /// The name.
    pub field: Field,
    /// Why it was not made.
    pub problem: Option<Problem>,
}

impl NewFileForm {
    /// The form for the screen in view.
    pub fn new(model: &Model) -> Self {
        let mut form = Self {
            kinds: Vec::new(),
            selected: 0,
            field: Field::new(),
            problem: None,
        };
        if model.screen == Screen::Seeds {
            form.kinds.push(Kind::Seed);
            return form;
        }
        form.kinds.push(Kind::Migration);
        let entry = model.migrations.table.selected();
        let is_without =
            |entry: &&Entry| entry.file.is_some() && entry.way_back == RollbackFile::Missing;
        if let Some(entry) = entry.filter(is_without) {
            form.kinds.push(Kind::Rollback {
                version: entry.version.clone(),
                name: entry.name.clone(),
            });
            // Where somebody looks at the rollback that is not there, that is what is wanted.
            form.selected = usize::from(model.migrations.side == Side::Down);
        }
        form
    }

    /// What is made.
    pub fn kind(&self) -> &Kind {
        &self.kinds[self.selected]
    }

    pub(super) fn press(
        &mut self,
        key: Key,
        command: Option<Command>,
        model: &mut Model,
    ) -> DialogResult {
        let count = self.kinds.len();
        match command {
            Some(Command::Cancel) => return DialogResult::Close(Vec::new()),
            Some(Command::NextField) => self.selected = (self.selected + 1) % count,
            Some(Command::PreviousField) => self.selected = (self.selected + count - 1) % count,
            Some(Command::Confirm) => return DialogResult::Stay(self.make(model)),
            _ if !self.kind().has_name() => {}
            _ => {
                if self.field.press(key) {
                    self.problem = None;
                }
            }
        }
        DialogResult::Stay(Vec::new())
    }

    /// Makes the file; the form closes when that is answered.
    fn make(&mut self, model: &mut Model) -> Vec<Effect> {
        let name = self.field.text().to_owned();
        let file = match self.kind() {
            Kind::Migration => NewFile::Migration { name },
            Kind::Rollback { version, .. } => NewFile::Rollback {
                version: version.clone(),
            },
            Kind::Seed => NewFile::Seed { name },
        };
        self.problem = None;
        let what = self.kind().title();
        jobs::start(model, what, RunProgress::default(), Write::NewFile(file))
    }
}

/// A file was made, or why not.
pub fn made(model: &mut Model, result: Result<MadeFile, Problem>) -> Vec<Effect> {
    jobs::end_run(model);
    let made = match result {
        Ok(made) => made,
        Err(problem) => {
            for dialog in &mut model.dialogs {
                if let Dialog::NewFile(form) = dialog {
                    form.problem = Some(problem);
                    return Vec::new();
                }
            }
            return execute::toast(model, problem.to_string());
        }
    };
    model
        .dialogs
        .retain(|dialog| !matches!(dialog, Dialog::NewFile(_)));
    let name = made.file.file_name().unwrap_or_default().to_string_lossy();
    let place = match &made.made {
        Some(folder) => format!(" The folder {} was made for it.", folder.display()),
        None => String::new(),
    };
    let edit = match model.screen {
        Screen::Seeds => Command::EditSeed,
        _ => Command::EditMigration,
    };
    let key = model.keymap.first_key(edit);
    let note = made.note.as_ref();
    let note = note.map_or_else(String::new, |note| format!(" {note}"));
    let text = format!("Made {name}; {key} edits it.{place}{note}");
    match model.screen {
        Screen::Seeds => model.seeds.wanted = Some(made.key),
        _ => model.migrations.wanted = Some(made.key),
    }
    let mut effects = requests::screen(model);
    effects.extend(execute::toast(model, text));
    effects
}
