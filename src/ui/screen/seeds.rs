//! Draws the Seeds screen.

use super::list::List;
use crate::app::layout;
use crate::app::model::Focus;
use crate::app::outline::rooms;
use crate::app::screen::seeds::{detail, note_rows};
use crate::domain::seed::SeedState;
use crate::ui::DrawContext;
use crate::ui::outline;
use crate::ui::sql;
use crate::ui::table::{self, Cell, Column};
use crate::ui::text::short_id;
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;

const COLUMNS: [Column; 3] = [
    Column::fixed("state", 12, 0),
    Column::rest("path", 20, 0),
    Column::fixed("sha-256", 8, 1),
];

pub fn draw(frame: &mut Frame, view: DrawContext) {
    let panes = view.model.panes();
    let list = List {
        name: "Seeds",
        columns: &COLUMNS,
        rows: &view.model.seeds.table,
        nothing: Some(
            "No seed files. SQL files in seeds/, or those that supabase/config.toml names, appear here.",
        ),
    };
    list.draw(frame, panes.list, view, |seed| {
        let (symbol, role) = match view.model.seeds.stale(&seed.path) {
            Some(_) => (view.symbols.mind(), Role::Warn),
            None => (view.symbols.seed(seed.state), role(seed.state)),
        };
        vec![
            Cell::of(format!("{symbol} {}", seed.state.word()), role),
            Cell::text(&seed.path),
            Cell::of(seed.hash.as_deref().map_or("", short_id), Role::Muted),
        ]
    });
    draw_detail(frame, panes.detail, view);
}

fn role(state: SeedState) -> Role {
    match state {
        SeedState::Applied => Role::Ok,
        SeedState::Pending => Role::Accent,
        SeedState::Changed => Role::Warn,
        SeedState::Missing => Role::Removed,
    }
}

fn draw_detail(frame: &mut Frame, pane: Rect, view: DrawContext) {
    let is_focused = view.model.focus == Focus::Detail;
    let Some(seed) = view.model.seeds.table.selected() else {
        table::heading(frame, pane, view, "", is_focused);
        return;
    };
    table::heading(frame, pane, view, &seed.path, is_focused);
    let inside = layout::inside(pane);
    table::read(frame, inside, view, &detail(view.model));
    let top = view.model.detail_top;
    let above = note_rows(view.model, inside.width.into());
    let outline = view.model.seeds.outline.as_deref();
    let used = match outline {
        Some(_) => rooms(above, inside.height.into()).0 as u16,
        None => (above.saturating_sub(top) as u16).min(inside.height),
    };
    let below = Rect {
        y: inside.y + used,
        height: inside.height - used,
        ..inside
    };
    if let Some(outline) = outline {
        return outline::draw(frame, below, view, outline, is_focused);
    }
    let rows = &view.model.seeds.rows;
    sql::draw(frame, below, view, rows, top.saturating_sub(above));
}
