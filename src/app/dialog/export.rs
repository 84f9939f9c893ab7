//! The form that asks for the file into which the rows of the grid are written.

use super::DialogResult;
use crate::app::command::Command;
use crate::app::effect::Load;
use crate::app::field::Field;
use crate::app::key::Key;
use crate::app::model::Model;
use crate::app::requests;
use crate::app::ticket::Slot;
use crate::domain::table::export::RowsFormat;
use crate::domain::table::paging::RowsWanted;
use std::path::PathBuf;

/// What was filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportForm {
    /// What is exported: the table with the filter and the order that it is shown with.
    pub wanted: RowsWanted,
    /// The filter as it was typed.
    pub filter: String,
    /// The name of the file.
    pub field: Field,
    /// Why the form cannot be accepted.
    pub problem: Option<String>,
}

impl ExportForm {
    /// A form with a name that a file can have.
    pub fn new(wanted: RowsWanted, filter: &str) -> Self {
        let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
        let name = wanted.table.name.chars().take(60);
        let name: String = name.map(|c| if is_plain(c) { c } else { '_' }).collect();
        Self {
            wanted,
            filter: filter.to_owned(),
            field: Field::with(&format!("{name}.jsonl")),
            problem: None,
        }
    }

    pub(super) fn press(
        &mut self,
        key: Key,
        command: Option<Command>,
        model: &mut Model,
    ) -> DialogResult {
        match command {
            Some(Command::Cancel) => return DialogResult::Close(Vec::new()),
            Some(Command::Confirm) => {
                let name = self.field.text().trim();
                let Some(form) = RowsFormat::of_name(name) else {
                    self.problem =
                        Some("The end of the name says the form: .jsonl, .csv, .sql, or seed.sql for a seed.".to_owned());
                    return DialogResult::Stay(Vec::new());
                };
                let load = Load::Export {
                    wanted: Box::new(self.wanted.clone()),
                    form,
                    path: PathBuf::from(name),
                };
                return DialogResult::Close(vec![requests::effect(model, Slot::Export, load)]);
            }
            _ => {
                self.field.press(key);
                self.problem = None;
            }
        }
        DialogResult::Stay(Vec::new())
    }
}
