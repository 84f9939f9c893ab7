//! Draws the Cycles screen: the cycles, and of the selected one its goals and the completion of its weeks. A cycle that is
//! open is drawn by `open_cycle`.

use super::roles::{heat_role, standing_role};
use super::words::owner;
use super::{legend, list::List, open_cycle};
use crate::app::layout;
use crate::app::model::Focus;
use crate::domain::cycle::{Cycle, Heat, Phase, whole_percent};
use crate::domain::short_ids;
use crate::ui::DrawContext;
use crate::ui::loadable;
use crate::ui::table::{self, Cell, Column};
use crate::ui::text::{short_id, wrap};
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use std::collections::BTreeSet;

fn columns(id: u16) -> [Column; 5] {
    [
        Column::fixed("start", 10, 0),
        Column::fixed("end", 10, 0),
        Column::fixed("week", 7, 0),
        Column::fixed("owner", 8, 1),
        Column::fixed("id", id, 2),
    ]
}

pub fn draw(frame: &mut Frame, view: DrawContext) {
    let panes = view.model.panes();
    if let Some(open) = &view.model.open_cycle {
        open_cycle::draw(frame, panes, view, open);
        return;
    }
    let cycles = &view.model.cycles;
    // Where the beginning tells the ids apart it is enough, as elsewhere.
    let ids = || cycles.rows().iter().map(|cycle| cycle.id.as_str());
    let beginnings: BTreeSet<&str> = ids().map(short_id).collect();
    let ends = (beginnings.len() < cycles.rows().len()).then(|| short_ids::ends(ids()));
    let shown = |id: &str| match ends {
        None => short_id(id).to_owned(),
        Some(ends) => short_ids::shown(id, ends),
    };
    let width = ends.map_or(8, |(start, end)| start + end + 1);
    let columns = columns(u16::try_from(width).unwrap_or(u16::MAX));
    let list = List {
        name: "Cycles",
        columns: &columns,
        rows: cycles,
        nothing: None,
    };
    list.draw(frame, panes.list, view, |cycle| {
        vec![
            Cell::text(&cycle.start_date),
            Cell::text(&cycle.end_date),
            week_cell(cycle, view),
            Cell::of(owner(view, &cycle.user_id), Role::Muted),
            Cell::of(shown(&cycle.id), Role::Muted),
        ]
    });
    draw_detail(frame, panes.detail, view, cycles.selected());
}

fn week_cell(cycle: &Cycle, view: DrawContext) -> Cell {
    let today = view.model.today();
    let role = match cycle.phase(today) {
        Phase::Running => Role::Accent,
        Phase::ToCome | Phase::Ended => Role::Muted,
    };
    Cell::of(cycle.progress_cell(today), role)
}

fn draw_detail(frame: &mut Frame, pane: Rect, view: DrawContext, cycle: Option<&Cycle>) {
    let is_focused = view.model.focus == Focus::Detail;
    let Some(cycle) = cycle else {
        table::heading(frame, pane, view, "", is_focused);
        return;
    };
    let title = format!(
        "{} to {}, {}",
        cycle.start_date,
        cycle.end_date,
        cycle.progress(view.model.today())
    );
    table::heading(frame, pane, view, &title, is_focused);
    let inside = layout::inside(pane);
    let mut lines = goal_lines(view, &cycle.id, usize::from(inside.width));
    lines.push(Line::default());
    let weeks = week_lines(view, cycle);
    let about_weeks = loadable::remark(view, "week locks", &view.model.locks.remote);
    lines.extend(wrapped(view, about_weeks, inside.width.into()));
    if !weeks.is_empty() {
        let width = usize::from(inside.width);
        let muted = |signs: [String; 3]| {
            let lines = legend::lines(signs, width).into_iter();
            lines.map(|line| Line::styled(line, view.style(Role::Muted)))
        };
        lines.extend(muted(legend::bar()));
        lines.extend(weeks);
        lines.extend(muted(legend::standing(view)));
        lines.push(Line::default());
    }
    lines.push(Line::styled(
        format!("cycle {}", cycle.id),
        view.style(Role::Muted),
    ));
    lines.push(Line::styled(
        format!("owner {}", cycle.user_id),
        view.style(Role::Muted),
    ));
    for (row, line) in lines
        .into_iter()
        .skip(view.model.detail_top)
        .take(inside.height.into())
        .enumerate()
    {
        frame.render_widget(
            line,
            Rect {
                y: inside.y + row as u16,
                height: 1,
                ..inside
            },
        );
    }
}

fn goal_lines(view: DrawContext<'_>, cycle_id: &str, width: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for goal in view
        .model
        .goals
        .rows()
        .iter()
        .filter(|goal| goal.cycle_id == cycle_id)
    {
        let head = format!(
            "{:12} weeks {} to {}",
            goal.kind, goal.start_week, goal.end_week
        );
        lines.push(Line::styled(head, view.style(Role::Accent)));
        let text = wrap(&goal.description, width.saturating_sub(2));
        lines.extend(
            text.into_iter()
                .map(|line| Line::styled(format!("  {line}"), view.style(Role::Text))),
        );
    }
    let goals = &view.model.goals.remote;
    if let Some(remark) = loadable::remark(view, "goals", goals) {
        lines.extend(wrapped(view, Some(remark), width));
    } else if lines.is_empty() && goals.ready().is_ok() {
        let nothing = (Role::Muted, "No goals in this cycle.".to_owned());
        lines.extend(wrapped(view, Some(nothing), width));
    }
    lines
}

/// A paragraph as lines.
fn wrapped(
    view: DrawContext<'_>,
    text: Option<(Role, String)>,
    width: usize,
) -> Vec<Line<'static>> {
    let Some((role, text)) = text else {
        return Vec::new();
    };
    let lines = wrap(&text, width).into_iter();
    lines
        .map(|line| Line::styled(line, view.style(role)))
        .collect()
}

/// One line a week: its number, a bar of completion, the figures, and whether it is locked.
fn week_lines(view: DrawContext<'_>, cycle: &Cycle) -> Vec<Line<'static>> {
    let (full, empty) = view.symbols.bar();
    let weeks = view
        .model
        .locks
        .locks()
        .iter()
        .filter(|lock| lock.cycle_id == cycle.id);
    weeks
        .map(|lock| {
            let percent = lock.score(Some(cycle), view.model.today());
            let cells = percent.map_or(0, |percent| {
                (percent / 5.0).round().clamp(0.0, 20.0) as usize
            });
            let role = heat_role(Heat::of(percent));
            let figure = percent.map_or_else(
                || {
                    let is_to_come = cycle.is_to_come(lock.week_no, view.model.today());
                    let words = if is_to_come {
                        "to come"
                    } else {
                        "nothing planned"
                    };
                    words.to_owned()
                },
                |percent| format!("{:>5}", whole_percent(percent)),
            );
            let standing = lock.standing();
            let mark = if lock.is_current_week {
                view.symbols.cursor()
            } else {
                " "
            };
            Line::from(vec![
                Span::styled(mark, view.style(Role::Accent)),
                Span::styled(format!("week {:>2} ", lock.week_no), view.style(Role::Text)),
                Span::styled(full.repeat(cells), view.style(role)),
                Span::styled(empty.repeat(20 - cells), view.style(Role::Border)),
                Span::styled(format!(" {figure} "), view.style(role)),
                Span::styled(
                    view.symbols.week(standing),
                    view.style(standing_role(standing)),
                ),
            ])
        })
        .collect()
}
