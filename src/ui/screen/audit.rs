//! Draws the Audit screen: the window onto the trail at the left, the selected record at the right. Each line says when, who,
//! which row and what changed; what changed stays however narrow the terminal is.

use super::record;
use super::words::empty_text;
use crate::app::command::Command;
use crate::app::labels;
use crate::app::layout;
use crate::app::loadable::Standing;
use crate::app::model::Model;
use crate::app::screen::audit::Scan;
use crate::domain::audit::Summary;
use crate::domain::audit::story::Deed;
use crate::domain::moment::{BRIEF_COLUMNS, brief};
use crate::ui::DrawContext;
use crate::ui::table::{self, Cell, Column, Table};
use crate::ui::text::short_id;
use crate::ui::theme::Role;
use jiff::tz::TimeZone;
use ratatui::Frame;
use std::collections::BTreeMap;

/// The column of what changed, among the others.
const CHANGE: usize = 3;

fn columns(zone: &'static str) -> [Column; 4] {
    [
        Column::fixed(zone, BRIEF_COLUMNS, 2),
        Column::between("who", (8, 10), 3),
        Column::rest("row", 15, 1),
        Column::rest("what changed", 20, 0),
    ]
}

pub fn draw(frame: &mut Frame, view: DrawContext) {
    let panes = view.model.panes();
    let audit = &view.model.audit;
    let (zone, heading) = zone(view.model);
    let columns = columns(heading);
    let lines = audit.window(layout::rows(panes.list).height.into());
    let widths = table::widths_in(&columns, panes.list);
    let table = Table {
        title: title(view),
        columns: &columns,
        offset: 0,
        selected: audit.selected_line(),
        len: lines.len(),
    };
    let room = usize::from(widths[CHANGE]);
    table::draw(frame, panes.list, view, &table, |line| {
        let at = lines.get(line).copied();
        let row = at.and_then(|at| Some((at, audit.row(at)?)));
        row.map_or_else(Vec::new, |(at, row)| cells(view, (at, row), &zone, room))
    });
    let inside = layout::rows(panes.list);
    match audit.rows.ready() {
        Err(blank) => table::blank(frame, inside, view, Err(blank)),
        Ok(rows) if rows.is_empty() => {
            let text = match &audit.meant {
                _ if audit.has_older || audit.has_newer => searching(view),
                Some(meant) => format!(
                    "Did you mean action:{meant}? Nothing fits “{}”. Press {} to type it, esc to drop the filter.",
                    audit.filter_text,
                    view.model.keymap.first_key(Command::Filter)
                ),
                None => empty_text(view, &audit.filter_text, true),
            };
            table::blank(frame, inside, view, Ok(&text));
        }
        Ok(_) => {}
    }
    record::draw(frame, panes.detail, view);
}

/// How many records have come above what one reads.
fn announced(view: DrawContext, count: u64) -> String {
    if count == 0 {
        return String::new();
    }
    let key = view.model.keymap.first_key(Command::ShowNew);
    format!(", {count} new, {key} shows them")
}

/// The heading: the place in the trail as far as it is known, and the filter.
fn title(view: DrawContext) -> String {
    let audit = &view.model.audit;
    let place = match audit.newer {
        _ if audit.held() == 0 => String::new(),
        Some(newer) => format!(", row {}", newer + audit.selected as u64 + 1),
        None => String::new(),
    };
    let end = match (audit.held(), audit.has_older, audit.newer) {
        (0, ..) | (_, true, _) | (_, _, None) => String::new(),
        (held, false, Some(newer)) => format!(" of {}", newer + held as u64),
    };
    let filter = if audit.filter_text.is_empty() {
        String::new()
    } else {
        format!(", /{}", audit.filter_text)
    };
    let looked = match &audit.scan {
        Some(_) if !audit.has_older && !audit.has_newer => String::new(),
        Some(scan) => {
            let looked = looked(view, scan);
            let stopped = if scan.is_stopped { "stopped, " } else { "" };
            format!(", {stopped}looked at {looked}")
        }
        None => String::new(),
    };
    let old = match audit.rows.standing() {
        Standing::Stale(..) => ", old",
        _ => "",
    };
    let of = if audit.trail.is_own() {
        String::new()
    } else {
        format!(" of {}", audit.trail.name())
    };
    let news = match audit.following {
        None => announced(view, audit.announced()),
        Some(0) => ", following".to_owned(),
        Some(count) => announced(view, count),
    };
    format!("Audit{of}{place}{end}{news}{old}{looked}{filter}")
}

/// What stands in place of rows while a search has found none.
fn searching(view: DrawContext) -> String {
    let audit = &view.model.audit;
    let Some(scan) = &audit.scan else {
        return String::new();
    };
    let looked = looked(view, scan);
    let key = |command| view.model.keymap.first_key(command);
    if scan.is_stopped {
        format!(
            "Stopped. Nothing fits so far; looked at {looked}. {} goes on, {} drops the filter.",
            key(Command::Down),
            key(Command::Back)
        )
    } else {
        format!(
            "No index answers this filter, so one record after the other is looked at. Nothing fits so far; looked at {looked}. {} stops.",
            key(Command::Back)
        )
    }
}

/// How far a search has come.
fn looked(view: DrawContext, scan: &Scan) -> String {
    let way = view.model.audit.scan_way();
    scan.looked
        .text(view.model.now, way, &view.model.shown_zone())
}

/// The zone in which times are shown, and what its column is called.
fn zone(model: &Model) -> (TimeZone, &'static str) {
    let zone = model.shown_zone();
    let heading = if zone == TimeZone::UTC {
        "when (UTC)"
    } else {
        "when (local)"
    };
    (zone, heading)
}

fn cells(
    view: DrawContext,
    (at, row): (usize, &Summary),
    zone: &TimeZone,
    room: usize,
) -> Vec<Cell> {
    let model = view.model;
    let story = &row.story;
    let who = match (row.actor_type.as_str(), row.actor_user_id.as_deref()) {
        ("user", Some(id)) => Cell::text(person(model, id)),
        (kind, Some(id)) => Cell::of(format!("{kind} {}", person(model, id)), Role::Warn),
        (kind, None) => Cell::of(kind, Role::Warn),
    };
    let arrow = if view.symbols.is_ascii { "->" } else { "→" };
    let count = model.audit.folded(at);
    let (words, change, role) = if count > 1 {
        let words = format!("{} {count} in one request", view.symbols.fold(true));
        (words, request_words(model, at, count), Role::Accent)
    } else {
        let role = match story.deed {
            Deed::Insert => Role::Added,
            Deed::Delete => Role::Removed,
            Deed::Other => Role::Text,
        };
        let words = labels::row_words(story, model, view.symbols.dot());
        let part = match model.audit.is_unfolded_part(at) {
            Some(true) => format!("{} ", view.symbols.fold(false)),
            Some(false) => "  ".to_owned(),
            None => String::new(),
        };
        (format!("{part}{words}"), story.change(room, arrow), role)
    };
    vec![
        Cell::of(brief(&row.created_at, model.now, zone), Role::Muted),
        who,
        Cell::text(words),
        Cell::of(change, role),
    ]
}

/// What the records of one request did: `plan_item.update ×8, task.insert`.
fn request_words(model: &Model, at: usize, count: usize) -> String {
    let mut actions: BTreeMap<&str, usize> = BTreeMap::new();
    for row in (at..at + count).filter_map(|at| model.audit.row(at)) {
        *actions.entry(row.action.as_str()).or_default() += 1;
    }
    let mut actions: Vec<(&str, usize)> = actions.into_iter().collect();
    actions.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let words = actions.into_iter().map(|(action, count)| match count {
        1 => action.to_owned(),
        count => format!("{count} {action}"),
    });
    words.collect::<Vec<_>>().join(", ")
}

/// Somebody in few columns: `you`, a name, or the beginning of the id.
fn person(model: &Model, id: &str) -> String {
    if model.identity.user_id() == Some(id) {
        return "you".to_owned();
    }
    let known = model.people.called_briefly(id);
    known.unwrap_or_else(|| short_id(id)).to_owned()
}
