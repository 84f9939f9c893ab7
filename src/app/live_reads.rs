//! When live mode asks, and what: looked at behind every message, so that nothing that ends a question or changes the screen has to
//! think of it.

use super::effect::{Effect, Load, Timer};
use super::live::{LiveQuestion, LiveSign};
use super::model::{Model, Screen};
use super::requests;
use super::ticket::Slot;

/// Arms the timer of the next question, where one is wanted and none is under way.
pub fn arm(model: &mut Model) -> Option<Effect> {
    let is_asked = model
        .live
        .asked()
        .is_some_and(|ticket| model.tickets.is_live(ticket));
    if is_asked || !is_wanted(model) {
        return None;
    }
    let wait = model.live.arm()?;
    Some(Effect::Arm(Timer::Live, wait))
}

/// The timer ran out: asks, where that is still wanted.
pub fn ask(model: &mut Model) -> Vec<Effect> {
    model.live.fired();
    if !is_wanted(model) {
        return Vec::new();
    }
    let question = match model.screen {
        Screen::Migrations => LiveQuestion::History,
        Screen::Locks => LiveQuestion::Locks,
        _ => {
            let follow = model.audit.live_follow.unwrap_or_else(|| {
                model.follows += 1;
                model.follows
            });
            model.audit.live_follow = Some(follow);
            LiveQuestion::Trail {
                follow,
                filter: model.audit.filter.clone(),
                gap: model.audit.gap(),
            }
        }
    };
    let effect = requests::effect(model, Slot::Live, Load::Live(question));
    if let Effect::Load { ticket, .. } = &effect {
        model.live.asks(*ticket);
    }
    vec![effect]
}

/// Whether a question is wanted now: live mode is on, somebody looks at a screen that it keeps, and nothing else reads it already.
fn is_wanted(model: &Model) -> bool {
    let is_looked_at = model.live.is_on && model.live.has_focus && model.screen.can_be_live();
    if !is_looked_at || model.running.is_some() || model.is_opening || model.ended.is_some() {
        return false;
    }
    // A page of a trail that is followed, or a list that was never there, is read by other means.
    let is_there = |is_held: bool, is_loading: bool| is_held && !is_loading;
    match model.screen {
        Screen::Migrations => {
            let list = &model.migrations.table.remote;
            is_there(list.held().is_some(), list.is_loading())
        }
        Screen::Locks => {
            let locks = &model.locks.remote;
            is_there(locks.held().is_some(), locks.is_loading())
        }
        _ => {
            let rows = &model.audit.rows;
            model.audit.following.is_none() && is_there(rows.held().is_some(), rows.is_loading())
        }
    }
}

impl Model {
    /// The sign of live mode, on the screens that it keeps.
    pub fn live_sign(&self) -> Option<LiveSign> {
        let sign = self.live.sign().filter(|_| self.screen.can_be_live())?;
        let is_held = match self.screen {
            Screen::Migrations => self.migrations.table.remote.held().is_some(),
            Screen::Locks => self.locks.remote.held().is_some(),
            _ => self.audit.rows.held().is_some(),
        };
        // Where nothing was read, nothing is asked.
        Some(match sign {
            LiveSign::Asking if !is_held => LiveSign::Paused,
            sign => sign,
        })
    }
}
