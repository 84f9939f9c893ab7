//! From the result of a dry run that went well on to running the same plan.

use super::command::{Command, Context};
use super::dialog::result::ResultView;
use super::dialog::{self, Dialog, ResultState, migrate};
use super::key::Key;
use super::model::Model;
use super::production;
use crate::domain::migration::plan_summary::{is_redo, is_rollback};

/// The command that goes on from a result: it runs what was dry-run, while that is still the last thing tried.
pub fn goes_on_with(model: &Model, view: &ResultView) -> Option<Command> {
    let is_last = view.is_passed && model.last_result.as_ref() == Some(view);
    let planned = model.rehearsed.as_ref().filter(|_| is_last)?;
    if production::is_read_only(model, &planned.plan.target) {
        return None;
    }
    Some(if is_redo(&planned.plan) {
        Command::Redo
    } else if is_rollback(&planned.plan) {
        Command::Rollback
    } else {
        Command::Apply
    })
}

/// Takes a key that goes on from the result on top, and asks whether its plan is run. It is refused later where its files
/// or the history are others by then.
pub(super) fn press(model: &mut Model, key: Key) -> bool {
    let Some(Dialog::Result(state)) = model.dialogs.last() else {
        return false;
    };
    let next = goes_on_with(model, &state.view);
    let command = model.keymap.command(key, &[Context::Migrations]);
    let planned = model
        .rehearsed
        .clone()
        .filter(|_| next.is_some() && command == next);
    let Some(planned) = planned else {
        return false;
    };
    model.dialogs.pop();
    let question = match production::check(&planned.plan.target) {
        Ok(()) => Dialog::Confirm(Box::new(migrate::running(planned, model))),
        Err(problem) => Dialog::Result(ResultState {
            view: ResultView::failed("Plan", &problem),
            top: 0,
        }),
    };
    dialog::open(model, question);
    true
}
