//! What enter and back do on the Cycles and Goals screens: a cycle to its weeks, vision and chats, a week to its items, the
//! chats to their messages. And the answers of the reads that this takes.

use super::availability::wanted_review;
use super::dialog::export::ExportForm;
use super::dialog::{self, Dialog};
use super::effect::Effect;
use super::execute::{go_to, selection_moved, toast};
use super::loadable::Standing;
use super::model::{Focus, Model, Screen};
use super::msg::Report;
use super::requests;
use super::screen::cycles::{Level, OpenCycle, Part};
use crate::domain::cycle::Cycle;
use jiff::Timestamp;

/// Asks for the file into which the review is written.
pub(super) fn export_review(model: &mut Model) -> Vec<Effect> {
    if let Ok((cycle, week)) = wanted_review(model) {
        let mut cycles = model.cycles.rows().iter();
        let start = cycles.find(|one| one.id == cycle);
        let start = start.map(|one| one.start_date.clone());
        let form = ExportForm::of_review(cycle, week, start.as_deref());
        dialog::open(model, Dialog::Export(Box::new(form)));
    }
    Vec::new()
}

/// Opens what is selected.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    if model.focus == Focus::Detail {
        return Vec::new();
    }
    if model.screen == Screen::Goals {
        return open_of_goal(model);
    }
    let Some(open) = &mut model.open_cycle else {
        let cycle = model.cycles.selected().cloned();
        return cycle.map_or_else(Vec::new, |cycle| open_cycle(model, cycle, false));
    };
    match (open.level, open.part()) {
        (Level::Items | Level::Chats, _) | (Level::Parts, Some(Part::Vision)) => {
            model.focus = Focus::Detail;
            Vec::new()
        }
        (Level::Parts, Some(Part::Week(week))) => {
            if model.locks.remote.ready().is_ok() && open.lock(week, model.locks.locks()).is_none()
            {
                let who = model.identity.called();
                return toast(
                    model,
                    format!("Week {week} has no plan that is visible to {who}."),
                );
            }
            go_down(model, Level::Items)
        }
        (Level::Parts, Some(Part::Chats)) => go_down(model, Level::Chats),
        (Level::Parts, None) => Vec::new(),
    }
}

fn go_down(model: &mut Model, level: Level) -> Vec<Effect> {
    if let Some(open) = &mut model.open_cycle {
        open.level = level;
    }
    model.detail_top = 0;
    requests::details_now(model)
}

fn open_of_goal(model: &mut Model) -> Vec<Effect> {
    let Some(id) = model.goals.selected().map(|goal| goal.cycle_id.clone()) else {
        return Vec::new();
    };
    let cycle = model.cycles.rows().iter().find(|cycle| cycle.id == id);
    match (cycle.cloned(), model.cycles.remote.standing()) {
        (Some(cycle), _) => {
            let mut effects = go_to(model, Screen::Cycles);
            model.cycles.select(&id);
            effects.extend(open_cycle(model, cycle, true));
            effects
        }
        (None, Standing::Ready(_) | Standing::Stale(..)) => {
            let who = model.identity.called();
            toast(
                model,
                format!("The cycle of this goal is not visible to {who}."),
            )
        }
        (None, Standing::Blank(blank)) => {
            let text = format!("The cycles: {}.", blank.word());
            toast(model, text)
        }
    }
}

fn open_cycle(model: &mut Model, cycle: Cycle, is_of_goal: bool) -> Vec<Effect> {
    requests::leave_cycle(model);
    model.open_cycle = Some(Box::new(OpenCycle::new(cycle, is_of_goal)));
    model.detail_top = 0;
    requests::open_cycle(model)
}

/// Goes back to where what is in view was opened from.
pub(super) fn leave(model: &mut Model) -> Vec<Effect> {
    model.focus = Focus::List;
    let Some(open) = &mut model.open_cycle else {
        return Vec::new();
    };
    if open.level == Level::Parts {
        let is_of_goal = open.is_of_goal;
        requests::leave_cycle(model);
        if is_of_goal {
            return go_to(model, Screen::Goals);
        }
    } else {
        open.set_filter("");
        open.level = Level::Parts;
    }
    selection_moved(model)
}

/// The cycles were read: the open one is as it is now, and closed where it is not among them any more.
pub(super) fn cycles_arrived(model: &mut Model) {
    let (Some(open), Standing::Ready(rows)) =
        (&mut model.open_cycle, model.cycles.remote.standing())
    else {
        return;
    };
    if let Some(cycle) = rows.iter().find(|cycle| cycle.id == open.cycle.id) {
        open.cycle.clone_from(cycle);
    } else {
        let who = model.identity.called();
        model.toast = Some(format!("The open cycle is no longer visible to {who}."));
        requests::leave_cycle(model);
    }
}

/// Takes an answer about the open cycle.
pub(super) fn take(model: &mut Model, report: Report, at: Timestamp) -> Vec<Effect> {
    let Some(open) = &mut model.open_cycle else {
        return Vec::new();
    };
    match report {
        Report::Items(result) => open.items.rows.arrived(result, at),
        Report::Vision(result) => {
            let vision = result.map(|vision| vision.map(|vision| *vision));
            open.vision.arrived(vision, at);
        }
        Report::Chats(result) => open.chats.arrived(result, at),
        Report::Messages(result) => open.messages.rows.arrived(result, at),
        _ => return Vec::new(),
    }
    if model.screen == Screen::Cycles {
        requests::details_soon(model)
    } else {
        Vec::new()
    }
}
