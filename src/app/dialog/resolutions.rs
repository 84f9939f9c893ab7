//! The ways out of the state of a migration: what each command does, and the choice of one to carry out here.

use super::DialogResult;
use crate::app::command::Command;
use crate::app::effect::{Effect, Load};
use crate::app::key::{Code, Key};
use crate::app::model::{Model, PlanFor};
use crate::app::requests;
use crate::app::ticket::Slot;
use crate::domain::migration::resolution::{Correction, Resolution, Suggestion};
use crate::domain::migration::{Entry, PlanRequest};

/// The choice.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolutions {
    /// The version and its name.
    pub title: String,
    /// Why it needs a way out.
    pub note: String,
    /// The ways.
    pub ways: Vec<Suggestion>,
    /// The selected one.
    pub selected: usize,
}

impl Resolutions {
    /// The ways out for an entry of the list.
    pub fn new(entry: &Entry) -> Self {
        Self {
            title: format!("{} {}: {}", entry.version, entry.name, entry.state.word()),
            note: entry.note.clone().unwrap_or_default(),
            ways: entry.ways.clone(),
            selected: 0,
        }
    }

    /// What accepting does with the selected way.
    pub fn accepting(&self, model: &Model) -> &'static str {
        match self
            .ways
            .get(self.selected)
            .map(|way| end_of(model, &way.resolution))
        {
            Some(End::Copy) => "copy the command",
            Some(End::Plan(_)) => "see what it runs",
            _ => "see what it changes",
        }
    }

    pub(super) fn press(
        &mut self,
        key: Key,
        command: Option<Command>,
        model: &mut Model,
    ) -> DialogResult {
        let last = self.ways.len().saturating_sub(1);
        match (command, key.code) {
            (Some(Command::Cancel), _) => return DialogResult::Close(Vec::new()),
            (Some(Command::NextField), _) | (_, Code::Char('j')) => {
                self.selected = (self.selected + 1).min(last);
            }
            (Some(Command::PreviousField), _) | (_, Code::Char('k')) => {
                self.selected = self.selected.saturating_sub(1);
            }
            (Some(Command::Confirm), _) => {
                if let Some(way) = self.ways.get(self.selected) {
                    return DialogResult::Close(take(model, &way.resolution));
                }
            }
            _ => {}
        }
        DialogResult::Stay(Vec::new())
    }
}

/// What choosing a way leads to.
enum End {
    /// A plan to confirm.
    Plan(PlanRequest),
    /// A change of files or of the history to confirm.
    Change(Correction),
    /// The clipboard: the command wants words that are not known here.
    Copy,
}

/// Where a way leads.
fn end_of(model: &Model, way: &Resolution) -> End {
    match way {
        Resolution::ApplyOutOfOrder => model.migrations.apply_wish().map_or(End::Copy, End::Plan),
        Resolution::GoOn {
            direction,
            from_start,
        } => End::Plan(PlanRequest::GoOn {
            direction: *direction,
            from_start: *from_start,
        }),
        Resolution::Correct(correction) => End::Change(correction.clone()),
        Resolution::ExtractEdits { .. } => End::Copy,
    }
}

/// Goes a way.
fn take(model: &mut Model, way: &Resolution) -> Vec<Effect> {
    match end_of(model, way) {
        End::Plan(wish) => {
            model.plan_for = PlanFor::Running;
            model.plan_what = wish.what();
            vec![requests::effect(model, Slot::Plan, Load::Plan(wish))]
        }
        End::Change(correction) => {
            vec![requests::effect(model, Slot::Answer, Load::Fix(correction))]
        }
        // What is said of it is what the clipboard answers: another line would be overwritten by that.
        End::Copy => vec![Effect::Copy {
            what: if matches!(way, Resolution::ExtractEdits { .. }) {
                "the command with NAME to fill in"
            } else {
                "the command"
            },
            text: way.command(),
        }],
    }
}
