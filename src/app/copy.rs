//! What the copy key takes from each screen.

use super::effect::Effect;
use super::execute::toast;
use super::model::{Focus, Model, Screen};
use crate::domain::migration::journal::Line;
use crate::domain::sql::outline::Piece;
use serde_json::Value;
use std::borrow::Cow;

/// Puts what is selected on the clipboard, by the name that people know it under.
pub(super) fn copy(model: &mut Model) -> Vec<Effect> {
    let (what, text) = match model.screen {
        Screen::Home => (
            "the project's URL",
            model.project.as_ref().map(|project| project.url.clone()),
        ),
        Screen::Migrations | Screen::Seeds
            if model.focus == Focus::Detail && model.outline().is_some() =>
        {
            let piece = model.outline().and_then(|outline| outline.selected());
            ("the statement", piece.map(Piece::text))
        }
        Screen::Migrations => ("the SQL", model.migrations.text().ok().map(Cow::into_owned)),
        Screen::Seeds => (
            "the file's path",
            model.seeds.table.selected().map(|seed| seed.path.clone()),
        ),
        Screen::Cycles => match &model.open_cycle {
            Some(open) => ("the text", open.copy_text(&model.beside_cycle())),
            None => (
                "the cycle's id",
                model.cycles.selected().map(|cycle| cycle.id.clone()),
            ),
        },
        Screen::Goals => (
            "the goal's text",
            model.goals.selected().map(|goal| goal.description.clone()),
        ),
        Screen::Locks => (
            "the plan's id",
            model.locks.selected().map(|lock| lock.plan_id.clone()),
        ),
        Screen::Tables if model.browser.grid.is_some() => (
            "the value",
            model
                .browser
                .cursor_value(model.focus == Focus::Detail)
                .map(|(_, value)| copied_value(value)),
        ),
        Screen::Tables => (
            "the table's name",
            model
                .browser
                .table
                .selected()
                .map(|table| table.info.full_name().to_string()),
        ),
        Screen::Journal => (
            "the line",
            model
                .journal
                .table
                .selected()
                .map(|kept| copied(&kept.line)),
        ),
        Screen::Access => ("the access", model.access.copy_text(model.tried.as_ref())),
        Screen::Audit if model.focus == Focus::Detail => ("the value", model.audit.copy_value()),
        Screen::Audit => ("the record", model.audit.copy_text()),
    };
    match text {
        Some(text) => vec![Effect::Copy { what, text }],
        None => toast(model, "There is nothing to copy."),
    }
}

/// Puts the whole audit record on the clipboard.
pub(super) fn copy_record(model: &mut Model) -> Vec<Effect> {
    match model.audit.copy_text() {
        Some(text) => vec![Effect::Copy {
            what: "the record",
            text,
        }],
        None => toast(model, "There is nothing to copy."),
    }
}

/// Puts the whole row of a table on the clipboard.
pub(super) fn copy_row(model: &mut Model) -> Vec<Effect> {
    let is_cut = model.browser.row().is_some_and(|row| row.is_cut);
    match model.browser.row_json() {
        Some(_) if is_cut => toast(
            model,
            "The row is too large to be held whole: open it first, then copy one value.",
        ),
        Some(text) => vec![Effect::Copy {
            what: "the row",
            text: text.to_owned(),
        }],
        None => toast(model, "There is nothing to copy."),
    }
}

/// A value as a program reads it: a text as it is, anything else as JSON.
fn copied_value(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A line of the journal, as it is told to somebody else.
fn copied(line: &Line) -> String {
    let started = line.started.map_or_else(String::new, |at| at.to_string());
    let error = line.error.as_deref().unwrap_or_default();
    let text = format!(
        "{started} {} {} {} by {} {error}",
        line.direction, line.version, line.outcome, line.who
    );
    text.trim_end().to_owned()
}
