//! The ways out of the state of a migration: what each command does, and the choice of one to carry out here.

use super::After;
use crate::app::command::Command;
use crate::app::effect::{Effect, Load};
use crate::app::key::{Code, Key};
use crate::app::load;
use crate::app::model::{Model, PlanFor};
use crate::app::run;
use crate::app::ticket::Slot;
use crate::domain::migration::remedy::WayOut;
use crate::domain::migration::{Direction, Entry, Wish};

/// The choice.
#[derive(Debug, Clone, PartialEq)]
pub struct Ways {
    /// The version and its name.
    pub title: String,
    /// Why it needs a way out.
    pub note: String,
    /// The ways.
    pub ways: Vec<WayOut>,
    /// The selected one.
    pub selected: usize,
}

impl Ways {
    /// The ways out for an entry of the list.
    pub fn new(entry: &Entry) -> Self {
        Self {
            title: format!("{} {}: {}", entry.version, entry.name, entry.state.word()),
            note: entry.note.clone().unwrap_or_default(),
            ways: entry.ways.clone(),
            selected: 0,
        }
    }

    pub(super) fn press(&mut self, key: Key, command: Option<Command>, model: &mut Model) -> After {
        let last = self.ways.len().saturating_sub(1);
        match (command, key.code) {
            (Some(Command::Cancel), _) => return After::Close(Vec::new()),
            (Some(Command::NextField), _) | (_, Code::Char('j')) => {
                self.selected = (self.selected + 1).min(last);
            }
            (Some(Command::PreviousField), _) | (_, Code::Char('k')) => {
                self.selected = self.selected.saturating_sub(1);
            }
            (Some(Command::Confirm), _) => {
                if let Some(way) = self.ways.get(self.selected) {
                    return After::Close(take(model, way));
                }
            }
            _ => {}
        }
        After::Stay(Vec::new())
    }
}

/// Goes a way: as a plan to confirm, or as a change to confirm. One that needs more words is copied instead.
fn take(model: &mut Model, way: &WayOut) -> Vec<Effect> {
    let words: Vec<&str> = way.arguments.iter().map(String::as_str).collect();
    let wish = match words[..] {
        ["apply", "--include-out-of-order"] => model.migrations.apply_wish().ok(),
        ["apply", how @ ("--resume" | "--retry")] => Some(go_on(Direction::Apply, how)),
        ["rollback", how @ ("--resume" | "--retry")] => Some(go_on(Direction::Rollback, how)),
        ["restore" | "repair" | "renumber", ..] => {
            let load = Load::Fix(way.arguments.clone());
            return vec![load::effect(model, Slot::Answer, load)];
        }
        _ => None,
    };
    let Some(wish) = wish else {
        let text = "This way wants a name: finish the copied command in a shell.";
        let mut effects = run::toast(model, text);
        effects.push(Effect::Copy {
            what: "the command",
            text: way.command.clone(),
        });
        return effects;
    };
    model.plan_for = PlanFor::Running;
    vec![load::effect(model, Slot::Plan, Load::Plan(wish))]
}

fn go_on(direction: Direction, how: &str) -> Wish {
    Wish::GoOn {
        direction,
        from_start: how == "--retry",
    }
}
