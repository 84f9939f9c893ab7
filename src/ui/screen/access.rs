//! Draws the Access screen: tables by identities, and everything about the selected cell.
//!
//! ```text
//! table      RLS     anon   stranger    service     user:alice…
//! goal       on      ----   siud 0/8    SIUD 8/8   [siud 4/8]
//! ```

use super::words::{counted_title, empty_text};
use crate::app::layout;
use crate::app::model::Focus;
use crate::app::screen::access::{AccessRow, AccessScreen, AccessSeen};
use crate::domain::access::lint::counts;
use crate::domain::access::listing::Matrix;
use crate::domain::dry_run::access::Verdict;
use crate::ui::DrawContext;
use crate::ui::table;
use crate::ui::text::pad;
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use std::ops::Range;

/// The least columns of a cell with the blank behind it, and the most.
const CELL: (usize, usize) = (10, 16);

/// Where things stand in so many columns.
struct Places {
    name: usize,
    /// The columns of the word for row level security; none where there is no room for it.
    rls: usize,
    /// Those of a cell, with the blank behind it.
    cell: usize,
    /// The identities in view.
    shown: Range<usize>,
}

impl Places {
    fn of(width: usize, access: &AccessScreen, viewers: usize) -> Self {
        let widths = access.widths;
        let rls = widths.rls.max("RLS".len()) + 1;
        let rls = if width >= 44 { rls } else { 0 };
        let name = (widths.name.max("table".len()) + 1).min((width / 3).max(10));
        let (least, most) = CELL;
        let cell = (widths.cell + 1).clamp(least, most);
        let room = (width.saturating_sub(name + rls) / cell).max(1);
        // The selected identity is always in view.
        let start = (access.column + 1).saturating_sub(room);
        let end = (start + room).min(viewers);
        Self {
            name,
            rls,
            cell,
            shown: start..end,
        }
    }
}

pub fn draw(frame: &mut Frame, view: DrawContext) {
    let panes = view.model.panes();
    let access = &view.model.access;
    let filter = &access.list.filter;
    let mut title = counted_title("Access", access.table_counts(), filter, &access.remote);
    if let Some(matrix) = access.matrix() {
        if !matrix.findings.is_empty() {
            title.push_str(&format!(", {}", counts(&matrix.findings)));
        }
        if matrix.unlinted.is_some() {
            title.push_str(", findings not read");
        }
        let width = layout::rows(panes.list).width;
        let count = matrix.viewers.len();
        let shown = Places::of(width.into(), access, count).shown;
        if shown.len() < count {
            title.push_str(&format!(
                ", identities {} to {} of {count}",
                shown.start + 1,
                shown.end
            ));
        }
    }
    let is_focused = view.model.focus == Focus::List;
    table::heading(frame, panes.list, view, &title, is_focused);
    let rows = layout::rows(panes.list);
    match access.remote.ready() {
        Err(blank) => table::blank(frame, rows, view, Err(blank)),
        Ok(_) if access.list.is_empty() && access.list.total() == 0 => {
            let text = "There are no tables in the schemas of the API.";
            table::blank(frame, rows, view, Ok(text));
        }
        Ok(_) if access.list.is_empty() => {
            let text = empty_text(view, &access.list.filter, false);
            table::blank(frame, rows, view, Ok(&text));
        }
        Ok(matrix) => draw_matrix(frame, panes.list, view, matrix),
    }
    draw_detail(frame, panes.detail, view);
}

fn draw_matrix(frame: &mut Frame, pane: Rect, view: DrawContext, matrix: &Matrix) {
    let access = &view.model.access;
    let (inside, rows) = (layout::inside(pane), layout::rows(pane));
    let places = Places::of(rows.width.into(), access, matrix.viewers.len());
    let is_focused = view.model.focus == Focus::List;
    if inside.height > 0 {
        let line = Rect {
            height: 1,
            ..inside
        };
        frame.render_widget(head(view, matrix, &places), line);
    }
    for line in 0..rows.height {
        let position = access.list.offset + usize::from(line);
        let row = access.list.row(position);
        let row = row.and_then(|row| access.rows.get(row));
        let Some(one) = row else { break };
        let is_selected = position == access.list.selected;
        let y = rows.y + line;
        let text = row_line(view, one, &places, is_selected);
        let area = Rect {
            y,
            height: 1,
            ..rows
        };
        frame.render_widget(text, area);
        if is_selected && is_focused {
            let mark = Line::styled(view.symbols.cursor(), view.style(Role::Accent));
            frame.render_widget(mark, Rect::new(pane.x, y, 1, 1));
        }
    }
}

fn head(view: DrawContext<'_>, matrix: &Matrix, places: &Places) -> Line<'static> {
    let more = view.symbols.more();
    let mut spans = vec![Span::styled(
        pad("table", places.name, more),
        view.style(Role::Muted),
    )];
    spans.push(Span::styled(
        pad("RLS", places.rls, more),
        view.style(Role::Muted),
    ));
    for at in places.shown.clone() {
        let role = if at == view.model.access.column {
            Role::Accent
        } else {
            Role::Muted
        };
        let name = pad(&matrix.viewers[at].name, places.cell - 1, more);
        spans.push(Span::styled(format!("{name} "), view.style(role)));
    }
    Line::from(spans)
}

fn row_line(
    view: DrawContext<'_>,
    one: &AccessRow,
    places: &Places,
    is_selected: bool,
) -> Line<'static> {
    let more = view.symbols.more();
    let base = if is_selected {
        Role::SelectionDim
    } else {
        Role::Text
    };
    if one.cells.is_empty() {
        return Line::styled(one.label.clone(), view.style(base));
    }
    let name = pad(&one.label, places.name - 1, more);
    let mut spans = vec![Span::styled(format!("{name} "), view.style(base))];
    let word = one.rls;
    let role = match word {
        "OFF" => Role::Danger,
        _ => Role::Muted,
    };
    spans.push(Span::styled(pad(word, places.rls, more), view.style(role)));
    let is_focused = view.model.focus == Focus::List;
    for at in places.shown.clone() {
        let Some(seen) = one.cells.get(at) else { break };
        let is_here = is_selected && at == view.model.access.column;
        let role = match (is_here, is_focused) {
            (true, true) => Role::Selection,
            (true, false) => Role::SelectionDim,
            (false, _) => cell_role(seen),
        };
        let text = pad(&seen.text, places.cell - 1, more);
        spans.push(Span::styled(text, view.style(role)));
        spans.push(Span::raw(" "));
    }
    Line::from(spans)
}

/// What a cell means: for nobody in particular every row is much.
fn cell_role(seen: &AccessSeen) -> Role {
    match seen.reach {
        _ if seen.is_odd => Role::Danger,
        Verdict::All if seen.is_anon => Role::Danger,
        Verdict::All => Role::Warn,
        Verdict::Policies => Role::Text,
        Verdict::None => Role::Muted,
    }
}

fn draw_detail(frame: &mut Frame, pane: Rect, view: DrawContext) {
    let is_focused = view.model.focus == Focus::Detail;
    let access = &view.model.access;
    let title = match (access.selected(), access.matrix()) {
        (Some((one, viewer)), _) => format!("{} as {}", one.name, viewer.name),
        (None, Some(matrix)) if access.is_on_findings() => counts(&matrix.findings),
        (None, _) => {
            table::heading(frame, pane, view, "", is_focused);
            return;
        }
    };
    table::heading(frame, pane, view, &title, is_focused);
    table::read_lines(
        frame,
        layout::inside(pane),
        view,
        &access.detail(view.model.tried.as_ref()),
    );
}
