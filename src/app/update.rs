//! The one function that changes the model.

use super::answers;
use super::command::{Command, Context};
use super::dialog::{self, Dialog};
use super::effect::{Effect, Timer};
use super::key::Key;
use super::labels;
use super::layout;
use super::list::Move;
use super::model::{Focus, Model, Screen};
use super::msg::Msg;
use super::reads::Wait;
use super::requests;
use super::ticket::Slot;
use super::{execute, go_on, hints, jobs, live_reads, scroll, tab};

/// Takes what happened, changes the model, and returns what is to be done outside.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    let was_utc = model.is_utc;
    let mut effects = take(model, msg);
    if model.is_utc != was_utc {
        labels::name_record(model);
    }
    // Whatever changed the room, or what stands in it.
    scroll::fit(model);
    dialog::fit(model);
    effects.extend(live_reads::arm(model));
    effects
}

/// Brings the selected row into view, as many rows as there are now.
fn follow(model: &mut Model) {
    let height = model.list_height();
    if let Some(list) = execute::list_mut(model) {
        return list.follow(height);
    }
    match model.screen {
        Screen::Audit => model.audit.follow(height),
        _ => super::browse::fit(model),
    }
}

fn take(model: &mut Model, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::KeyPressed(key) => press(model, key),
        Msg::KeyRushed(key) => {
            model.is_rushed = true;
            let effects = press(model, key);
            model.is_rushed = false;
            effects
        }
        Msg::Pasted(text) => dialog::paste(model, &text),
        Msg::Clicked(x, y) => click(model, x, y),
        Msg::Wheeled(x, y, lines) => wheel(model, x, y, lines),
        Msg::Resized(width, height) => {
            model.size = (width, height);
            follow(model);
            Vec::new()
        }
        Msg::Focused(has_focus) => {
            model.live.focused(has_focus);
            Vec::new()
        }
        // The one place where an answer that is no longer wanted is dropped.
        Msg::Reported { ticket, at, report } => {
            model.now = at;
            if !model.tickets.redeem(ticket) {
                return Vec::new();
            }
            model.waits.remove(&ticket.slot);
            let mut effects = answers::take(model, *report, at);
            if model.are_files_new && model.running.is_none() {
                effects.extend(requests::files(model));
            }
            model.migrations.read_again();
            model.seeds.read_again();
            // Fewer rows, or a notice above them, must not leave the selection out of view.
            follow(model);
            effects
        }
        // Nobody waits for the answer of live mode.
        Msg::Waiting { ticket, .. } if ticket.slot == Slot::Live => Vec::new(),
        Msg::Waiting { ticket, at, whom } => {
            if model.tickets.is_live(ticket) {
                let since = model.waits.get(&ticket.slot).map_or(at, |wait| wait.since);
                model.waits.insert(ticket.slot, Wait { since, whom });
                follow(model);
            }
            Vec::new()
        }
        Msg::Progressed(ticket, news) => {
            if let Some(running) = model
                .running
                .as_mut()
                .filter(|running| running.ticket == ticket)
            {
                running.progress.take(news);
            }
            Vec::new()
        }
        Msg::TimerFired(timer) => fire(model, timer),
        Msg::Noticed(text) => execute::toast(model, text),
        Msg::Prepared(ticket, text) => {
            let running = model.running.as_mut();
            if let Some(running) = running.filter(|running| running.ticket == ticket) {
                running.progress.waits_for = Some(text);
            }
            Vec::new()
        }
        Msg::FilesChanged => requests::files(model),
        Msg::Edited(result) => answers::edited(model, &result),
        Msg::TextEdited(result) => super::browse::text_edited(model, result),
    }
}

fn press(model: &mut Model, key: Key) -> Vec<Effect> {
    model.toast = None;
    if go_on::press(model, key) {
        return Vec::new();
    }
    if !model.dialogs.is_empty() {
        let in_dialogs = model.keymap.command(key, &[Context::Dialog]);
        let everywhere = model.keymap.command(key, &[Context::Global]);
        return match (in_dialogs, everywhere) {
            (None, Some(Command::Redraw)) => execute::run(model, Command::Redraw),
            _ => dialog::press(model, key),
        };
    }
    match model.keymap.command(key, model.contexts()) {
        Some(command) => execute::run(model, command),
        None => Vec::new(),
    }
}

fn fire(model: &mut Model, timer: Timer) -> Vec<Effect> {
    match timer {
        Timer::Toast => {
            model.toast = None;
            Vec::new()
        }
        Timer::Details => requests::details_now(model),
        Timer::Follow => requests::news(model).into_iter().collect(),
        Timer::Live => live_reads::ask(model),
        Timer::Session => jobs::session_waits(model),
        Timer::Guide => {
            let Some(at) = model
                .dialogs
                .iter()
                .position(|dialog| matches!(dialog, Dialog::Guide(_)))
            else {
                return Vec::new();
            };
            let mut dialog = model.dialogs.remove(at);
            let effects = match &mut dialog {
                Dialog::Guide(guide) => guide.check(model, false),
                _ => Vec::new(),
            };
            model.dialogs.insert(at, dialog);
            effects
        }
    }
}

fn click(model: &mut Model, x: u16, y: u16) -> Vec<Effect> {
    if !model.dialogs.is_empty() {
        return Vec::new();
    }
    let areas = model.areas();
    if layout::holds(areas.tabs, x, y) {
        return match tab::at(
            areas.tabs.width,
            model.screen,
            |screen| model.has(screen),
            x,
        ) {
            Some(tab) => execute::run(model, tab.command),
            None => Vec::new(),
        };
    }
    if layout::holds(areas.footer, x, y) {
        // What is said there for a moment goes away first.
        if model.toast.take().is_some() {
            return Vec::new();
        }
        return match hints::at(model, areas.footer.width.into(), x.into()) {
            Some(command) => execute::run(model, command),
            None => Vec::new(),
        };
    }
    if layout::holds(areas.header, x, y) {
        return execute::run(model, Command::Identity);
    }
    if model.screen == Screen::Home {
        return Vec::new();
    }
    let panes = model.panes();
    if layout::holds(panes.detail, x, y) {
        model.focus = Focus::Detail;
        return Vec::new();
    }
    let rows = layout::rows(panes.list);
    if !layout::holds(rows, x, y) {
        return Vec::new();
    }
    model.focus = Focus::List;
    let line = usize::from(y - rows.y);
    let mut is_other_week = false;
    if model.screen == Screen::Locks {
        is_other_week = model.locks.give_up_missing();
        if let Some(week) = super::screen::locks::week_at(x - rows.x, rows.width) {
            is_other_week |= std::mem::replace(&mut model.locks.week, week) != week;
        }
    }
    let from = match model.screen {
        Screen::Audit => model.audit.selected_line(),
        Screen::Tables if model.browser.grid.is_some() => {
            super::browse::click_column(model, x - rows.x);
            let grid = model.browser.grid.as_ref();
            grid.map_or(0, |grid| grid.selected.saturating_sub(grid.offset))
        }
        _ => execute::list_mut(model).map_or(0, |list| list.selected.saturating_sub(list.offset)),
    };
    let by = line as isize - from as isize;
    if by == 0 && is_other_week {
        return execute::selection_moved(model);
    }
    execute::go(model, Move::By(by))
}

fn wheel(model: &mut Model, x: u16, y: u16, lines: isize) -> Vec<Effect> {
    if !model.dialogs.is_empty() {
        let key = if lines > 0 {
            super::key::Code::Down
        } else {
            super::key::Code::Up
        };
        return dialog::press(model, Key::plain(key));
    }
    let is_over_detail = layout::holds(model.panes().detail, x, y);
    let focus = model.focus;
    model.focus = if is_over_detail {
        Focus::Detail
    } else {
        Focus::List
    };
    let effects = execute::go(model, Move::By(lines * 3));
    model.focus = focus;
    effects
}
