//! Draws the Goals screen.

use super::list::List;
use super::words::owner;
use crate::app::layout;
use crate::app::model::Focus;
use crate::domain::moment::{Form, printed};
use crate::ui::DrawContext;
use crate::ui::loadable;
use crate::ui::table::{self, Cell, Column};
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;

const COLUMNS: [Column; 4] = [
    Column::fixed("type", 12, 0),
    Column::rest("description", 20, 0),
    Column::fixed("weeks", 7, 1),
    Column::fixed("owner", 8, 2),
];

pub fn draw(frame: &mut Frame, view: DrawContext) {
    let panes = view.model.panes();
    let list = List {
        name: "Goals",
        columns: &COLUMNS,
        rows: &view.model.goals,
        nothing: None,
    };
    list.draw(frame, panes.list, view, |goal| {
        vec![
            Cell::of(&goal.kind, Role::Accent),
            Cell::text(&goal.description),
            Cell::of(
                format!("{} to {}", goal.start_week, goal.end_week),
                Role::Muted,
            ),
            Cell::of(owner(view, &goal.user_id), Role::Muted),
        ]
    });
    draw_detail(frame, panes.detail, view);
}

fn draw_detail(frame: &mut Frame, pane: Rect, view: DrawContext) {
    let is_focused = view.model.focus == Focus::Detail;
    let Some(goal) = view.model.goals.selected() else {
        table::heading(frame, pane, view, "", is_focused);
        return;
    };
    let title = format!(
        "{} goal, weeks {} to {}",
        goal.kind, goal.start_week, goal.end_week
    );
    table::heading(frame, pane, view, &title, is_focused);
    let mut lines = vec![
        (Role::Text, goal.description.clone()),
        (Role::Text, String::new()),
    ];
    if let Some(cycle) = view
        .model
        .cycles
        .rows()
        .iter()
        .find(|cycle| cycle.id == goal.cycle_id)
    {
        let text = format!(
            "Cycle {} to {}, {}.",
            cycle.start_date,
            cycle.end_date,
            cycle.progress(view.model.today())
        );
        lines.push((Role::Text, text));
    }
    lines.extend(loadable::remark(view, "cycles", &view.model.cycles.remote));
    lines.push((
        Role::Muted,
        format!("written {}", printed(&goal.created_at, Form::Detail)),
    ));
    lines.push((Role::Muted, format!("goal  {}", goal.id)));
    lines.push((Role::Muted, format!("cycle {}", goal.cycle_id)));
    lines.push((Role::Muted, format!("owner {}", goal.user_id)));
    table::lines(frame, layout::inside(pane), view, &lines);
}
