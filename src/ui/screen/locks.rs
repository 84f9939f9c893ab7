//! Draws the Locks screen: a grid of cycles by weeks, and why the selected week is locked or open.
//!
//! ```text
//! cycle           1   2   3   4   5   6   7   8   9  10  11  12
//! 2026-10-05 you  ·█  ·█  ·▄ [·▁] ·   ·   ■   ■   ◇   ■   ■   ■
//! ```

use super::legend;
use super::roles::{heat_role, standing_role};
use super::words::{empty_text, list_title, owner, short};
use crate::app::command::Command;
use crate::app::layout;
use crate::app::loadable::{Placeholder, Standing as ReadStanding};
use crate::app::model::Focus;
use crate::app::screen::locks::{GridRow, cell_width, name_width};
use crate::domain::cycle::{Heat, TARGET_PERCENT, whole_percent};
use crate::domain::identity::Identity;
use crate::domain::lock::{LockState, UnlockRecord, WeekLock};
use crate::domain::moment::{Form, printed};
use crate::domain::plural::counted;
use crate::ui::DrawContext;
use crate::ui::loadable;
use crate::ui::table;
use crate::ui::text::{fit, pad};
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// The most columns of a reason: it may be long, and what stands under it must be seen.
const LONGEST_REASON: usize = 300;

pub fn draw(frame: &mut Frame, view: DrawContext) {
    let panes = view.model.panes();
    let locks = &view.model.locks;
    let list = &locks.list;
    let title = list_title("Locks", list, &locks.remote);
    let is_focused = view.model.focus == Focus::List;
    table::heading(frame, panes.list, view, &title, is_focused);
    let inside = layout::inside(panes.list);
    let rows = layout::rows(panes.list);
    match locks.remote.ready() {
        Err(blank) => table::blank(frame, rows, view, Err(blank)),
        Ok(_) if list.is_empty() => {
            table::blank(frame, rows, view, Ok(&empty_text(view, &list.filter, true)));
        }
        Ok(_) => {
            if inside.height > 0 {
                frame.render_widget(
                    head(view, inside.width),
                    Rect {
                        height: 1,
                        ..inside
                    },
                );
            }
            for line in 0..rows.height {
                let position = list.offset + usize::from(line);
                let Some(row) = list.row(position).and_then(|row| locks.grid.get(row)) else {
                    break;
                };
                let is_selected = position == list.selected && locks.missing.is_none();
                let y = rows.y + line;
                let line = grid_line(view, row, rows.width, is_selected);
                frame.render_widget(
                    line,
                    Rect {
                        y,
                        height: 1,
                        ..rows
                    },
                );
                if is_selected && is_focused {
                    let mark = Line::styled(view.symbols.cursor(), view.style(Role::Accent));
                    frame.render_widget(mark, Rect::new(panes.list.x, y, 1, 1));
                }
            }
        }
    }
    draw_detail(frame, panes.detail, view);
}

fn head(view: DrawContext<'_>, width: u16) -> Line<'static> {
    let mut spans = vec![Span::styled(
        pad("cycle", name_width(width).into(), ""),
        view.style(Role::Muted),
    )];
    for week in 1..=12u8 {
        let is_selected = week == view.model.locks.week && view.model.locks.missing.is_none();
        let role = if is_selected {
            Role::Accent
        } else {
            Role::Muted
        };
        let cell = pad(&format!("{week:>2}"), cell_width(width).into(), "");
        spans.push(Span::styled(cell, view.style(role)));
    }
    Line::from(spans)
}

fn grid_line(view: DrawContext<'_>, row: &GridRow, width: u16, is_selected: bool) -> Line<'static> {
    let locks = view.model.locks.locks();
    let cycle = view
        .model
        .cycles
        .rows()
        .iter()
        .find(|cycle| cycle.id == row.cycle_id);
    let start = cycle.map_or_else(|| short(&row.cycle_id), |cycle| cycle.start_date.clone());
    let room = usize::from(name_width(width)).saturating_sub(1);
    let whole = format!("{start} {}", owner(view, &row.user_id));
    // A part of an owner's id would tell nobody apart.
    let name = if whole.width() <= room { whole } else { start };
    let is_focused = view.model.focus == Focus::List;
    let base = if is_selected {
        Role::SelectionDim
    } else {
        Role::Text
    };
    let name = pad(&name, room, view.symbols.more());
    let mut spans = vec![Span::styled(format!("{name} "), view.style(base))];
    for (index, week) in row.weeks.iter().enumerate() {
        let cell = usize::from(cell_width(width));
        let Some(lock) = week.and_then(|index| locks.get(index)) else {
            spans.push(Span::raw(" ".repeat(cell)));
            continue;
        };
        let is_here = is_selected && index + 1 == usize::from(view.model.locks.week);
        let current = if lock.is_current_week {
            view.symbols.cursor()
        } else {
            " "
        };
        let standing = lock.standing();
        let heat = Heat::of(lock.score(cycle, view.model.today()));
        let mut parts = vec![
            (current, Role::Accent),
            (view.symbols.week(standing), standing_role(standing)),
            (view.symbols.heat(heat), heat_role(heat)),
        ];
        parts.truncate(cell);
        let used = parts.len();
        for (text, role) in parts {
            let role = if is_here {
                if is_focused {
                    Role::Selection
                } else {
                    Role::SelectionDim
                }
            } else {
                role
            };
            spans.push(Span::styled(text, view.style(role)));
        }
        spans.push(Span::raw(" ".repeat(cell - used)));
    }
    Line::from(spans)
}

fn draw_detail(frame: &mut Frame, pane: Rect, view: DrawContext) {
    let is_focused = view.model.focus == Focus::Detail;
    let Some(lock) = view.model.locks.selected() else {
        let title = match view.model.locks.selected_row() {
            Some(_) => format!("Week {} has no plan", view.model.locks.week),
            None => String::new(),
        };
        table::heading(frame, pane, view, &title, is_focused);
        let locks = &view.model.locks;
        if let (Some(place), false) = (&locks.missing, locks.grid.is_empty()) {
            let text = "No week selected.".to_owned();
            let lines = [
                (Role::Warn, text),
                (Role::Text, String::new()),
                (Role::Muted, format!("cycle {}", place.cycle_id)),
            ];
            table::lines(frame, layout::inside(pane), view, &lines);
        }
        return;
    };
    table::heading(
        frame,
        pane,
        view,
        &format!("Week {}", lock.week_no),
        is_focused,
    );
    let mut lines = facts(lock, view);
    lines.extend(loadable::remark(view, "cycles", &view.model.cycles.remote));
    let keys = &view.model.keymap;
    let (left, right) = (
        keys.first_key(Command::Left),
        keys.first_key(Command::Right),
    );
    lines.push((
        Role::Muted,
        format!("Keys {left} and {right} choose the week."),
    ));
    let key = keys.first_key(Command::Unlock);
    let is_service = view.model.identity == Identity::Service;
    let how = match lock.standing() {
        LockState::Open => None,
        LockState::Locked if is_service => Some(format!(
            "Press {key} for an emergency unlock; it needs a reason and is audited."
        )),
        LockState::Unlocked if is_service => Some(format!(
            "Press {key} to shorten or lengthen the unlock; it needs a reason and is audited."
        )),
        LockState::Locked => Some("An emergency unlock needs the service role.".to_owned()),
        LockState::Unlocked => Some("Changing the unlock needs the service role.".to_owned()),
    };
    lines.extend(how.map(|how| (Role::Muted, how)));
    lines.push((Role::Text, String::new()));
    let inside = layout::inside(pane);
    let signs = legend::lines(signs(view), inside.width.into()).into_iter();
    lines.extend(signs.map(|line| (Role::Muted, line)));
    // On a low screen what matters least is left off.
    lines.push((Role::Text, String::new()));
    lines.push((Role::Muted, format!("plan  {}", lock.plan_id)));
    lines.push((Role::Muted, format!("cycle {}", lock.cycle_id)));
    table::lines(frame, inside, view, &lines);
}

fn facts(lock: &WeekLock, view: DrawContext) -> Vec<(Role, String)> {
    let standing = lock.standing();
    let mut lines = vec![(standing_role(standing), lock.sentence())];
    if let Some(opening) = view.model.locks.opening.of(lock) {
        lines.extend(opened_by(opening, view));
    } else if lock.running_until().is_some() {
        lines.extend(unopened(lock, view));
    }
    if lock.locked {
        let open = "Completed quantity, status and notes stay open; quantities, units, tasks and goals are closed.";
        lines.push((Role::Text, open.to_owned()));
    }
    if let Some(until) = lock
        .unlocked_until
        .as_ref()
        .filter(|_| standing == LockState::Locked)
    {
        lines.push((
            Role::Text,
            format!(
                "The last emergency unlock ended {}.",
                printed(until, Form::Detail)
            ),
        ));
    }
    if lock.is_current_week {
        lines.push((Role::Accent, "This is the current week.".into()));
    }
    lines.push((Role::Text, String::new()));
    let mut cycles = view.model.cycles.rows().iter();
    let cycle = cycles.find(|cycle| cycle.id == lock.cycle_id);
    let percent = lock.score(cycle, view.model.today());
    let heat = Heat::of(percent);
    let completion = match percent {
        None if lock.percent().is_some() => format!(
            "The week is still to come: {} planned.",
            counted(
                usize::try_from(lock.item_count).unwrap_or(usize::MAX),
                "item"
            )
        ),
        None => "Nothing is planned.".to_owned(),
        Some(percent) => format!(
            "{} of {} completed in {} items: {}, {} the {TARGET_PERCENT:.0} % target.",
            lock.completed_qty,
            lock.planned_qty,
            lock.item_count,
            whole_percent(percent),
            if heat == Heat::OnTarget {
                "on"
            } else {
                "under"
            },
        ),
    };
    lines.push((heat_role(heat), completion));
    lines.push((
        Role::Muted,
        format!(
            "Mode {}, locks after week {}.",
            lock.mode, lock.locked_after_week
        ),
    ));
    lines
}

/// Why nothing is said of how the unlock came about.
fn unopened(lock: &WeekLock, view: DrawContext) -> Option<(Role, String)> {
    match view.model.locks.opening.standing(lock)? {
        ReadStanding::Ready(_) | ReadStanding::Stale(..) => {
            let who = view.model.identity.called();
            Some((
                Role::Muted,
                format!("Why it was unlocked is not visible to {who}."),
            ))
        }
        ReadStanding::Blank(Placeholder::Idle | Placeholder::Loading) => None,
        ReadStanding::Blank(
            Placeholder::Absent(why) | Placeholder::Denied(why) | Placeholder::Failed(why),
        ) => {
            let text = format!("Why it was unlocked could not be read: {}", why.what);
            Some((loadable::role(why), text))
        }
    }
}

/// Why the week was unlocked, by whom and when.
fn opened_by(opening: &UnlockRecord, view: DrawContext) -> [(Role, String); 2] {
    let reason = match &opening.rationale {
        Some(reason) => format!(
            "Reason: {}",
            fit(reason, LONGEST_REASON, view.symbols.more())
        ),
        None => "No reason was recorded.".to_owned(),
    };
    let actor = match &opening.actor_user_id {
        Some(id) => format!("{} {id}", opening.actor_type),
        None => opening.actor_type.clone(),
    };
    let when = printed(&opening.created_at, Form::Detail);
    [
        (Role::Warn, reason),
        (Role::Muted, format!("Unlocked {when} by {actor}.")),
    ]
}

/// What the signs of the grid mean.
fn signs(view: DrawContext) -> [String; 7] {
    let s = view.symbols;
    [
        format!("{} locked", s.week(LockState::Locked)),
        format!("{} unlocked for now", s.week(LockState::Unlocked)),
        format!("{} open", s.week(LockState::Open)),
        format!("{} current week", s.cursor()),
        format!("{} on target", s.heat(Heat::OnTarget)),
        format!("{} near", s.heat(Heat::Near)),
        format!("{} under", s.heat(Heat::Low)),
    ]
}
