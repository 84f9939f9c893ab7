//! What the keys do on the Tables screen: into a table, into a row, along a foreign key and back.

use super::dialog::value::ValueView;
use super::dialog::{self, Dialog};
use super::effect::Effect;
use super::execute::toast;
use super::layout;
use super::list::Move;
use super::model::{Focus, Model, Screen};
use super::screen::grid::GridStep;
use super::screen::tables::{Followed, FormLine};
use super::{execute, requests};
use crate::domain::filter::text::FilterFault;
use crate::domain::problem::Problem;
use crate::domain::table::filter::RowFilter;
use crate::domain::table::name::TableName;
use crate::domain::table::paging::RowPage;

/// From the list into a table, from the grid into a row, in a row along a foreign key or into a value.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    if model.browser.grid.is_none() {
        let name = model
            .browser
            .table
            .selected()
            .map(|table| table.info.full_name());
        return match name {
            Some(name) => open_table(model, name, ""),
            None => Vec::new(),
        };
    }
    if model.focus == Focus::List {
        if model.browser.row().is_none() {
            return Vec::new();
        }
        model.focus = Focus::Detail;
        return requests::whole_row(model);
    }
    if let Some(Followed { table, filter }) = model.browser.followed() {
        return open_table(model, table, &filter);
    }
    match model.browser.form_line() {
        Some(FormLine::Column(..)) => {
            let shown = model.browser.cursor_value(true);
            let shown = shown.map(|(name, value)| ValueView::alone(name.to_owned(), value));
            if let Some(value) = shown {
                dialog::open(model, Dialog::Value(Box::new(value)));
            }
            Vec::new()
        }
        Some(FormLine::Back(_)) => toast(model, "The row has no value for this key."),
        None => Vec::new(),
    }
}

/// Opens a table with a filter.
pub(super) fn open_table(model: &mut Model, name: TableName, filter: &str) -> Vec<Effect> {
    model.browser.open(name, filter);
    model.focus = Focus::List;
    model.detail_top = 0;
    requests::grid(model)
}

/// Back to the grid from which one came here; from the first one to the list.
pub(super) fn back(model: &mut Model) -> Vec<Effect> {
    model.browser.back();
    model.focus = if model.browser.grid.is_some() {
        Focus::Detail
    } else {
        Focus::List
    };
    let is_read = model
        .browser
        .grid
        .as_ref()
        .is_some_and(|grid| grid.rows.held().is_some());
    if model.browser.grid.is_none() {
        // Whoever came from elsewhere has not seen the list yet.
        if !model.browser.table.remote.is_wanted() {
            return requests::table_list(model);
        }
        return Vec::new();
    }
    if is_read {
        return Vec::new();
    }
    // What it was waiting for was given up.
    model.focus = Focus::List;
    requests::grid(model)
}

/// One step out: the filter that was typed, the grid.
pub(super) fn leave(model: &mut Model) -> Vec<Effect> {
    let has_filter = model
        .browser
        .grid
        .as_ref()
        .is_some_and(|grid| !grid.filter_text.is_empty());
    if has_filter && model.browser.came_from.is_empty() {
        return set_filter(model, "").unwrap_or_default();
    }
    back(model)
}

/// Moves in the grid.
pub(super) fn go(model: &mut Model, movement: Move) -> Vec<Effect> {
    let height = model.list_height();
    let Some(grid) = &mut model.browser.grid else {
        return Vec::new();
    };
    match grid.go(movement, height) {
        GridStep::Moved | GridStep::Stayed => requests::rows_near_end(model),
        GridStep::WantsStart => requests::rows_from_start(model),
        GridStep::WantsEnd => requests::rows_from_end(model),
    }
}

/// Moves among the columns of the grid. False where there are none.
pub(super) fn go_column(model: &mut Model, by: isize) -> bool {
    if model.screen != Screen::Tables || model.focus != Focus::List {
        return false;
    }
    let room = layout::rows(model.panes().list).width;
    match &mut model.browser.grid {
        Some(grid) => {
            grid.go_column(by, room);
            true
        }
        None => false,
    }
}

/// Selects the column at a place in the window.
pub(super) fn click_column(model: &mut Model, x: u16) {
    let room = layout::rows(model.panes().list).width;
    let Some(grid) = &mut model.browser.grid else {
        return;
    };
    let mut left = 0;
    for (at, width) in grid.visible(room) {
        if (left..=left + width).contains(&x) {
            grid.column = at;
            return;
        }
        left += width + 1;
    }
}

/// Fits the grid into the room there is.
pub(super) fn fit(model: &mut Model) {
    if model.screen != Screen::Tables {
        return;
    }
    let (height, room) = (model.list_height(), layout::rows(model.panes().list).width);
    if let Some(grid) = &mut model.browser.grid {
        grid.follow(height);
        grid.follow_column(room);
    }
}

/// Sorts by the selected column.
pub(super) fn sort(model: &mut Model) -> Vec<Effect> {
    let Some(grid) = &mut model.browser.grid else {
        return Vec::new();
    };
    if grid.table.held().is_none() {
        return Vec::new();
    }
    grid.sort_by_column();
    model.focus = Focus::List;
    requests::rows_from_start(model)
}

/// Shows the row as JSON, or as a form again.
pub(super) fn form(model: &mut Model) -> Vec<Effect> {
    let Some(grid) = &mut model.browser.grid else {
        return Vec::new();
    };
    grid.form.is_json = !grid.form.is_json;
    grid.form.top = 0;
    if model.focus == Focus::List && model.browser.row().is_some() {
        model.focus = Focus::Detail;
        return requests::whole_row(model);
    }
    Vec::new()
}

/// Sets the filter of the grid.
pub(super) fn set_filter(model: &mut Model, text: &str) -> Result<Vec<Effect>, FilterFault> {
    let Some(grid) = &mut model.browser.grid else {
        return Ok(Vec::new());
    };
    grid.set_filter(text, &model.identity, model.now)?;
    model.focus = Focus::List;
    Ok(requests::rows_from_start(model))
}

/// Takes the selected row whole.
pub(super) fn whole(model: &mut Model, result: Result<RowPage, Problem>) -> Vec<Effect> {
    match (result, &mut model.browser.grid) {
        (Ok(page), Some(grid)) => {
            grid.whole_arrived(page);
            Vec::new()
        }
        (Ok(_), None) => Vec::new(),
        (Err(problem), _) => toast(model, format!("The row is shown cut: {problem}")),
    }
}

/// The row that the selected audit record is about: its table, and the filter that finds it.
pub(super) fn row_of_record(model: &Model) -> Option<Followed> {
    let record = model.audit.shown_record()?;
    let about = record.about();
    let (table, id) = (about.table?, about.id?);
    // The audit trail names a table of another schema with it.
    let table = match table.split_once('.') {
        Some((schema, name)) => TableName::new(schema, name),
        None => TableName::new(crate::domain::table::name::PUBLIC, table),
    };
    let filter = RowFilter::term_for("id", &id.into())?;
    Some(Followed { table, filter })
}

/// Opens the row of the selected audit record as it is now.
pub(super) fn row_now(model: &mut Model) -> Vec<Effect> {
    let Some(Followed { table, filter }) = row_of_record(model) else {
        return Vec::new();
    };
    let mut effects = execute::go_to(model, Screen::Tables);
    effects.extend(open_table(model, table, &filter));
    effects
}
