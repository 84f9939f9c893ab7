//! The form that asks which row is to be explained, and for which verb.

use super::DialogResult;
use crate::app::command::Command;
use crate::app::effect::Load;
use crate::app::field::Field;
use crate::app::key::Key;
use crate::app::model::Model;
use crate::app::requests;
use crate::app::screen::grid::PointedRow;
use crate::app::ticket::Slot;
use crate::domain::access::explain::{ExplainRequest, Wanted};
use crate::domain::access::rules::{SecuredTable, Verb};
use crate::domain::access::viewer::{Viewer, Who};

/// What was filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct ExplainForm {
    /// The table.
    pub table: String,
    /// What names a row of it: `id`, or `id=VALUE,part=VALUE`.
    pub key_hint: String,
    /// Who, as it is shown.
    pub viewer: String,
    /// Who.
    pub asked: Who,
    /// The operation.
    pub verb: Verb,
    /// The row that was pointed at, until another key is typed.
    pub row: Option<PointedRow>,
    /// The key of the row.
    pub field: Field,
    /// Why the form cannot be accepted.
    pub problem: Option<String>,
}

impl ExplainForm {
    /// A form for a row of a table that is looked at as somebody.
    pub fn of_row(table: String, viewer: String, asked: Who, verb: Verb, row: PointedRow) -> Self {
        Self {
            table,
            key_hint: "its key, or columns with values such as name=x".to_owned(),
            viewer,
            asked,
            verb,
            row: Some(row),
            field: Field::new(),
            problem: None,
        }
    }

    /// A form for a table and an identity.
    pub fn new(table: &SecuredTable, viewer: &Viewer) -> Self {
        let key_hint = match table.key.as_slice() {
            [one] => format!("its {one}"),
            [] => "a column with a value, such as name=x".to_owned(),
            several => {
                let several = several.iter().map(|name| format!("{name}=VALUE"));
                several.collect::<Vec<_>>().join(",")
            }
        };
        Self {
            table: table.full_name(),
            key_hint,
            viewer: viewer.name.clone(),
            asked: viewer.who(),
            verb: Verb::Select,
            row: None,
            field: Field::new(),
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
            Some(Command::NextField) => self.turn(1),
            Some(Command::PreviousField) => self.turn(-1),
            Some(Command::Confirm) => {
                let Some(wanted) = self.wanted() else {
                    self.problem = Some(format!("Type which row: {}.", self.key_hint));
                    return DialogResult::Stay(Vec::new());
                };
                let request = ExplainRequest {
                    table: self.table.clone(),
                    asked: self.asked.clone(),
                    verb: self.verb,
                    wanted,
                };
                let load = Load::Explain(Box::new(request));
                return DialogResult::Close(vec![requests::effect(model, Slot::Answer, load)]);
            }
            _ => {
                self.field.press(key);
                self.problem = None;
            }
        }
        DialogResult::Stay(Vec::new())
    }

    /// The row that is meant: what was typed, else what was pointed at; none where neither names one.
    fn wanted(&self) -> Option<Wanted> {
        let typed = self.field.text().trim();
        let pointed = self.row.as_ref().filter(|_| typed.is_empty());
        let written = pointed.and_then(|row| row.written.clone());
        if self.verb == Verb::Insert {
            return Some(Wanted {
                written,
                ..Wanted::default()
            });
        }
        let row = pointed.map_or_else(Vec::new, |row| row.columns.clone());
        if typed.is_empty() && row.is_empty() {
            return None;
        }
        Some(Wanted {
            key: (!typed.is_empty()).then(|| typed.to_owned()),
            row,
            written: written.filter(|_| self.verb == Verb::Update),
        })
    }

    fn turn(&mut self, by: isize) {
        let all = Verb::ALL;
        let at = all.iter().position(|verb| *verb == self.verb).unwrap_or(0);
        let next = (at as isize + by).rem_euclid(all.len() as isize);
        self.verb = all[next as usize];
        self.problem = None;
    }
}
