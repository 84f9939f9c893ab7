//! Draws the Audit screen: the window onto the trail at the left, the selected record at the right.

use super::record;
use super::roles::action_role;
use super::words::empty_text;
use crate::app::command::Command;
use crate::app::layout;
use crate::app::loadable::Standing;
use crate::domain::audit::Summary;
use crate::domain::identity::Identity;
use crate::domain::moment::{Form, LIST_COLUMNS, printed};
use crate::ui::DrawContext;
use crate::ui::table::{self, Cell, Column, Table};
use crate::ui::text::short_id;
use crate::ui::theme::Role;
use ratatui::Frame;

const COLUMNS: [Column; 5] = [
    Column::fixed("when (UTC)", LIST_COLUMNS, 1),
    Column::rest("action", 18, 0),
    Column::fixed("actor", 8, 2),
    Column::fixed("subject", 8, 3),
    Column::fixed("request", 8, 4),
];

pub fn draw(frame: &mut Frame, view: DrawContext) {
    let panes = view.model.panes();
    let audit = &view.model.audit;
    let table = Table {
        title: title(view),
        columns: &COLUMNS,
        offset: audit.offset,
        selected: audit.selected,
        len: audit.held(),
    };
    table::draw(frame, panes.list, view, &table, |position| {
        audit
            .row(position)
            .map_or_else(Vec::new, |row| cells(row, &view.model.identity))
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
            let looked = scan.looked.text(view.model.now, audit.scan_way());
            let stopped = if scan.is_stopped { "stopped, " } else { "" };
            format!(", {stopped}looked at {looked}")
        }
        None => String::new(),
    };
    let old = match audit.rows.standing() {
        Standing::Stale(..) => ", old",
        _ => "",
    };
    format!("Audit{place}{end}{old}{looked}{filter}")
}

/// What stands in place of rows while a search has found none.
fn searching(view: DrawContext) -> String {
    let audit = &view.model.audit;
    let Some(scan) = &audit.scan else {
        return String::new();
    };
    let looked = scan.looked.text(view.model.now, audit.scan_way());
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

fn cells(row: &Summary, identity: &Identity) -> Vec<Cell> {
    let who = |id: &Option<String>| match id.as_deref() {
        None => String::new(),
        Some(id) if identity.user_id() == Some(id) => "you".to_owned(),
        Some(id) => short_id(id).to_owned(),
    };
    let actor = match (row.actor_type.as_str(), row.actor_user_id.is_some()) {
        ("user", true) => Cell::text(who(&row.actor_user_id)),
        (kind, _) => Cell::of(kind, Role::Warn),
    };
    vec![
        Cell::of(printed(&row.created_at, Form::List), Role::Muted),
        Cell::of(&row.action, action_role(&row.action)),
        actor,
        Cell::of(who(&row.subject_user_id), Role::Muted),
        Cell::of(
            row.correlation_id.as_deref().map_or("", short_id),
            Role::Muted,
        ),
    ]
}
