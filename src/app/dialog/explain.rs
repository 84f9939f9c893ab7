//! The form that asks which row is to be explained, and for which verb.

use super::DialogResult;
use crate::app::command::Command;
use crate::app::effect::Load;
use crate::app::field::Field;
use crate::app::key::Key;
use crate::app::model::Model;
use crate::app::requests;
use crate::app::ticket::Slot;
use crate::domain::access::explain::{ExplainRequest, Wanted};
use crate::domain::access::rules::{SecuredTable, Verb};
use crate::domain::access::viewer::Viewer;

/// What was filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct ExplainForm {
    /// The table.
    pub table: String,
    /// What names a row of it: `id`, or `id=VALUE,part=VALUE`.
    pub key_hint: String,
    /// Who.
    pub viewer: Viewer,
    /// The operation.
    pub verb: Verb,
    /// The key of the row.
    pub field: Field,
    /// Why the form cannot be accepted.
    pub problem: Option<String>,
}

impl ExplainForm {
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
            viewer: viewer.clone(),
            verb: Verb::Select,
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
                let key = self.field.text().trim();
                if key.is_empty() && self.verb != Verb::Insert {
                    self.problem = Some(format!("Type which row: {}.", self.key_hint));
                    return DialogResult::Stay(Vec::new());
                }
                let request = ExplainRequest {
                    table: self.table.clone(),
                    asked: self.viewer.who(),
                    verb: self.verb,
                    wanted: Wanted {
                        key: Some(key.to_owned())
                            .filter(|key| !key.is_empty() && self.verb != Verb::Insert),
                        written: None,
                    },
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

    fn turn(&mut self, by: isize) {
        let all = Verb::ALL;
        let at = all.iter().position(|verb| *verb == self.verb).unwrap_or(0);
        let next = (at as isize + by).rem_euclid(all.len() as isize);
        self.verb = all[next as usize];
        self.problem = None;
    }
}
