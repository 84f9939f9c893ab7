//! Draws the Journal screen.

use super::list::List;
use crate::app::layout;
use crate::app::model::Focus;
use crate::domain::migration::journal::Line;
use crate::ui::View;
use crate::ui::table::{self, Cell, Column};
use crate::ui::text::moment;
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;

/// The columns at a width. Whether something was applied or rolled back is never left out: the moment gives way, first
/// its seconds, then its year.
fn columns(width: u16) -> [Column; 4] {
    let (when, outcome, deed) = match width {
        62.. => (19, 11, 15),
        59.. => (16, 11, 15),
        _ => (11, 9, 8),
    };
    let column = |title, width| Column {
        title,
        width,
        level: 0,
    };
    [
        column("when, UTC", when),
        column("outcome", outcome),
        column("deed", deed),
        column("version", 0),
    ]
}

pub fn draw(frame: &mut Frame, view: View) {
    let panes = view.model.panes();
    let journal = &view.model.journal;
    let columns = columns(layout::rows(panes.list).width);
    let list = List {
        name: "Journal",
        columns: &columns,
        rows: &journal.table,
        nothing: Some(if journal.is_kept {
            "Nothing was run or repaired here yet."
        } else {
            "This database has no journal yet: the first run of supadeck makes it."
        }),
    };
    list.draw(frame, panes.list, view, |kept| {
        cells(&kept.line, columns[0].width)
    });
    draw_detail(frame, panes.detail, view);
}

fn cells(line: &Line, width: u16) -> Vec<Cell> {
    let when = when(line);
    let shown = match width {
        19.. => when.get(..),
        16.. => when.get(..16),
        _ => when.get(5..16),
    };
    vec![
        Cell::of(shown.unwrap_or(&when), Role::Muted),
        Cell::of(&line.outcome, role(&line.outcome)),
        Cell::text(deed(&line.direction)),
        Cell::text(&line.version),
    ]
}

fn when(line: &Line) -> String {
    let at = line.started.map(|at| moment(&at.to_string()));
    at.map_or_else(String::new, |at| at.trim_end_matches('Z').to_owned())
}

/// What was done, in words: the journal's own are for programs.
fn deed(direction: &str) -> String {
    direction.replace('_', " ")
}

fn role(outcome: &str) -> Role {
    match outcome {
        "done" => Role::Ok,
        "cancelled" => Role::Warn,
        _ => Role::Removed,
    }
}

fn draw_detail(frame: &mut Frame, pane: Rect, view: View) {
    let is_focused = view.model.focus == Focus::Detail;
    let Some(kept) = view.model.journal.table.selected() else {
        table::heading(frame, pane, view, "", is_focused);
        return;
    };
    let line = &kept.line;
    let title = format!(
        "{} {}: {}",
        deed(&line.direction),
        line.version,
        line.outcome
    );
    table::heading(frame, pane, view, &title, is_focused);
    let mut lines = Vec::new();
    let took = line
        .took_ms
        .map_or_else(String::new, |ms| format!(", took {ms} ms"));
    lines.push((Role::Text, format!("{} UTC{took}", when(line))));
    let host = line
        .host
        .as_deref()
        .map_or_else(String::new, |host| format!(" from {host}"));
    lines.push((Role::Text, format!("by {}{host}", line.who)));
    if let Some(statement) = line.failing_statement {
        lines.push((
            Role::Removed,
            format!("It stopped at statement {statement}."),
        ));
    }
    if let Some(error) = &line.error {
        lines.push((Role::Text, String::new()));
        lines.extend(error.lines().map(|text| (Role::Removed, text.to_owned())));
        lines.push((Role::Text, String::new()));
    }
    if let Some(sha256) = &line.sha256 {
        lines.push((Role::Muted, format!("file sha256 {sha256}")));
    }
    if let Some(target) = &view.model.journal.target {
        let text = format!("{} on {} as {}", target.database, target.host, target.role);
        lines.push((Role::Muted, text));
    }
    table::lines(frame, layout::inside(pane), view, &lines);
}
