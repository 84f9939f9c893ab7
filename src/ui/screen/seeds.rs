//! Draws the Seeds screen.

use super::list::List;
use crate::app::layout;
use crate::app::model::Focus;
use crate::domain::seed::SeedState;
use crate::ui::View;
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

pub fn draw(frame: &mut Frame, view: View) {
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

fn draw_detail(frame: &mut Frame, pane: Rect, view: View) {
    let is_focused = view.model.focus == Focus::Detail;
    let Some(seed) = view.model.seeds.table.selected() else {
        table::heading(frame, pane, view, "", is_focused);
        return;
    };
    table::heading(frame, pane, view, &seed.path, is_focused);
    let keys = &view.model.keymap;
    let (run, again) = (
        keys.first_key(crate::app::command::Command::SeedApply),
        keys.first_key(crate::app::command::Command::SeedAgain),
    );
    let meaning = match seed.state {
        SeedState::Pending => format!(
            "Has not run on this database. Press {run} to see and run all that are pending."
        ),
        SeedState::Applied => {
            format!("Ran on this database, and is the same since. Press {again} to run it again.")
        }
        SeedState::Changed => {
            format!(
                "Ran on this database, and the file has changed since. Press {again} to run it again."
            )
        }
        SeedState::Missing => "Is recorded as run, and the file is no longer there.".to_owned(),
    };
    let mut lines = Vec::new();
    if let Some(stale) = view.model.seeds.stale(&seed.path) {
        let text = format!("It ran {}: what it wrote may be gone.", stale.when());
        lines.push((Role::Warn, text));
    }
    lines.push((role(seed.state), meaning));
    if let Some(hash) = &seed.hash {
        lines.push((Role::Muted, format!("SHA-256 {hash}")));
    }
    if let Some(target) = &view.model.seeds.target {
        lines.push((
            Role::Muted,
            format!("{} on {} as {}", target.database, target.host, target.role),
        ));
    }
    table::lines(frame, layout::inside(pane), view, &lines);
}
