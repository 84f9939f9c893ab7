//! Draws the cycle that is open on the Cycles screen: its parts, the items of a week, or its chats, each with the details of
//! the selected line.

use super::list::List;
use super::roles::{heat_role, standing_role};
use super::words::list_title;
use crate::app::layout::{self, Panes};
use crate::app::loadable::Placeholder;
use crate::app::model::Focus;
use crate::app::screen::cycles::{Level, OpenCycle, Part, chat_words, counted_words, days};
use crate::domain::cycle::{Heat, whole_percent};
use crate::domain::lock::LockState;
use crate::domain::moment::{Form, LIST_COLUMNS, printed};
use crate::domain::plan_item::ChatSession;
use crate::domain::plural::counted;
use crate::domain::review::ReviewItem;
use crate::ui::DrawContext;
use crate::ui::loadable;
use crate::ui::table::{self, Cell, Column, Table};
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;

const PARTS: [Column; 4] = [
    Column::fixed("part", 8, 0),
    Column::fixed("days", 24, 1),
    Column::fixed("lock", 8, 0),
    Column::rest("completed", 9, 0),
];

const ITEMS: [Column; 6] = [
    Column::rest("title", 16, 0),
    Column::between("qty", (3, 5), 0),
    Column::between("unit", (5, 8), 0),
    Column::between("done", (4, 5), 0),
    Column::fixed("status", 11, 2),
    Column::fixed("goal", 12, 1),
];

const CHATS: [Column; 3] = [
    Column::fixed("began (UTC)", LIST_COLUMNS, 0),
    Column::fixed("state", 6, 1),
    Column::rest("summary", 12, 0),
];

pub fn draw(frame: &mut Frame, panes: Panes, view: DrawContext, open: &OpenCycle) {
    match open.level {
        Level::Parts => draw_parts(frame, panes.list, view, open),
        Level::Items => {
            let title = open.title();
            let list = List {
                name: &title,
                columns: &ITEMS,
                rows: &open.items.rows,
                nothing: None,
            };
            list.draw(frame, panes.list, view, |item| item_cells(item, view));
        }
        Level::Chats => {
            let title = open.title();
            let list = List {
                name: &title,
                columns: &CHATS,
                rows: &open.chats,
                nothing: None,
            };
            list.draw(frame, panes.list, view, chat_cells);
        }
    }
    let is_focused = view.model.focus == Focus::Detail;
    table::heading(frame, panes.detail, view, &open.detail_title(), is_focused);
    let lines = open.detail(&view.model.beside_cycle());
    table::read(frame, layout::inside(panes.detail), view, &lines);
}

fn draw_parts(frame: &mut Frame, pane: Rect, view: DrawContext, open: &OpenCycle) {
    let list = &open.parts;
    let title = if list.filter.is_empty() {
        open.title()
    } else {
        list_title(&open.title(), list, &view.model.locks.remote)
    };
    let table = Table {
        title,
        columns: &PARTS,
        offset: list.offset,
        selected: list.selected,
        len: list.len(),
    };
    table::draw(frame, pane, view, &table, |position| {
        let row = list.row(position).map(Part::at);
        row.map_or_else(Vec::new, |part| part_cells(part, view, open))
    });
    if list.is_empty() {
        let text = super::words::empty_text(view, &list.filter, true);
        table::blank(frame, layout::rows(pane), view, Ok(&text));
    }
}

fn part_cells(part: Part, view: DrawContext, open: &OpenCycle) -> Vec<Cell> {
    let week = match part {
        Part::Week(week) => week,
        Part::Vision => {
            let words = counted_words(&open.vision, |vision| match vision {
                Some(vision) => format!("changed {}", printed(&vision.updated_at, Form::List)),
                None => "none visible".to_owned(),
            });
            return vec![Cell::text("vision"), Cell::of(words, Role::Muted)];
        }
        Part::Chats => {
            let words = counted_words(&open.chats.remote, |chats| counted(chats.len(), "chat"));
            return vec![Cell::text("chats"), Cell::of(words, Role::Muted)];
        }
    };
    let name = format!("week {week:>2}");
    let days = Cell::of(days(&open.cycle, week), Role::Muted);
    let locks = match view.model.locks.remote.ready() {
        Ok(locks) => locks,
        Err(blank) => {
            let word = Cell::of(blank.word(), blank_role(blank));
            return vec![Cell::text(name), days, Cell::text(""), word];
        }
    };
    let Some(lock) = open.lock(week, locks) else {
        return vec![
            Cell::of(name, Role::Muted),
            days,
            Cell::of("no plan", Role::Muted),
            Cell::text(""),
        ];
    };
    let standing = lock.standing();
    let word = match standing {
        LockState::Locked => "locked",
        LockState::Unlocked => "unlocked",
        LockState::Open => "open",
    };
    let today = view.model.today();
    let score = lock.score(Some(&open.cycle), today);
    let heat = Heat::of(score);
    let words = match score {
        Some(percent) => format!("{} {:>5}", view.symbols.heat(heat), whole_percent(percent)),
        None if open.cycle.is_to_come(week, today) => "  to come".to_owned(),
        None if lock.item_count == 0 => "  no items".to_owned(),
        None => "  0 planned".to_owned(),
    };
    let role = if lock.is_current_week {
        Role::Accent
    } else {
        Role::Text
    };
    vec![
        Cell::of(name, role),
        days,
        Cell::of(word, standing_role(standing)),
        Cell::of(words, heat_role(heat)),
    ]
}

fn blank_role(blank: Placeholder) -> Role {
    match blank {
        Placeholder::Denied(problem) | Placeholder::Failed(problem) => loadable::role(problem),
        Placeholder::Idle | Placeholder::Loading | Placeholder::Absent(_) => Role::Muted,
    }
}

fn item_cells(one: &ReviewItem, view: DrawContext) -> Vec<Cell> {
    let item = &one.item;
    let goals = &view.model.goals;
    let goal = match &item.goal_id {
        None => String::new(),
        Some(id) => match goals.rows().iter().find(|goal| goal.id == *id) {
            Some(goal) => goal.kind.clone(),
            None => match goals.remote.ready() {
                Ok(_) => "not visible".to_owned(),
                Err(blank) => blank.word().to_owned(),
            },
        },
    };
    let role = match item.status.as_str() {
        _ if item.is_won() => Role::Ok,
        "skipped" => Role::Warn,
        _ => Role::Text,
    };
    vec![
        Cell::text(one.name()),
        Cell::text(item.qty.to_string()),
        Cell::of(&item.unit, Role::Muted),
        Cell::of(item.completed_qty.to_string(), role),
        Cell::of(item.status.replace('_', " "), role),
        Cell::of(goal, Role::Muted),
    ]
}

fn chat_cells(chat: &ChatSession) -> Vec<Cell> {
    let (state, role) = if chat.ended_at.is_some() {
        ("ended", Role::Muted)
    } else {
        ("open", Role::Accent)
    };
    vec![
        Cell::text(printed(&chat.started_at, Form::List)),
        Cell::of(state, role),
        Cell::text(chat_words(chat)),
    ]
}
