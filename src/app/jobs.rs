//! Starts what changes something: the one write that may run, and the requests of the session, whose waiting is counted.

use super::dialog::{self, Dialog};
use super::effect::{Effect, Timer, Write};
use super::execute;
use super::model::Model;
use super::progress::{RunProgress, Running};
use super::ticket::Slot;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// Starts the one write that may run.
pub fn start(model: &mut Model, what: String, progress: RunProgress, write: Write) -> Vec<Effect> {
    if let Some(running) = &model.running {
        let text = format!("{} is still running.", running.what);
        return execute::toast(model, text);
    }
    let ticket = model.tickets.issue(Slot::Write);
    model.running = Some(Running {
        ticket,
        what,
        // An unlock or a change of the history is one request, and is over before one could stop it.
        can_cancel: !progress.steps.is_empty(),
        is_cancelling: false,
        progress,
    });
    dialog::open(model, Dialog::Running);
    vec![Effect::Write {
        ticket,
        identity: model.identity.clone(),
        write,
    }]
}

/// No run is shown any more; gives its name.
pub fn end_run(model: &mut Model) -> String {
    let running = model.running.take();
    model
        .dialogs
        .retain(|dialog| !matches!(dialog, Dialog::Running));
    running.map_or_else(String::new, |running| running.what)
}

/// Asks the running write to stop.
pub fn cancel(model: &mut Model) -> Vec<Effect> {
    match &mut model.running {
        Some(running) if !running.is_cancelling && running.can_cancel => {
            running.is_cancelling = true;
            vec![Effect::CancelWrite]
        }
        _ => Vec::new(),
    }
}

/// A write of the session slot: sign-in and its relatives.
pub fn session(model: &mut Model, write: Write) -> Vec<Effect> {
    if model.is_session_busy {
        return execute::toast(
            model,
            "The last request to sign in or out is still to be answered.",
        );
    }
    model.is_session_busy = true;
    model.session_waited_s = 0;
    model.is_sign_in_unwanted = false;
    let ticket = model.tickets.issue(Slot::Session);
    let write = Effect::Write {
        ticket,
        identity: model.identity.clone(),
        write,
    };
    vec![write, Effect::Arm(Timer::Session, SECOND)]
}

/// A second of waiting has passed; the next one is counted as long as there is no answer.
pub fn session_waits(model: &mut Model) -> Vec<Effect> {
    if !model.is_session_busy {
        return Vec::new();
    }
    model.session_waited_s += 1;
    vec![Effect::Arm(Timer::Session, SECOND)]
}
