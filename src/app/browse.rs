//! What the keys do on the Tables screen: into a table, into a row, along a foreign key and back.

use super::command::Command;
use super::dialog::columns::ColumnsForm;
use super::dialog::confirm::Confirm;
use super::dialog::edit::EditForm;
use super::dialog::edit_text::{RefusedText, TextEdit};
use super::dialog::explain::ExplainForm;
use super::dialog::export::ExportForm;
use super::dialog::result::ResultView;
use super::dialog::value::ValueView;
use super::dialog::values::ValuesForm;
use super::dialog::{self, Dialog, ResultState};
use super::effect::{Effect, Load, RowsWrite};
use super::execute::toast;
use super::layout;
use super::list::Move;
use super::model::{Focus, Model, Screen};
use super::screen::grid::{EditedRow, Grid, GridStep};
use super::screen::tables::{Followed, FormLine};
use super::ticket::Slot;
use super::{execute, requests};
use crate::domain::access::rules::Verb as Access;
use crate::domain::access::viewer::Who;
use crate::domain::filter::text::FilterFault;
use crate::domain::identity::Identity;
use crate::domain::plural::counted;
use crate::domain::problem::{Kind, Problem};
use crate::domain::query::Verb;
use crate::domain::table::change::RowChanged;
use crate::domain::table::column::ColumnInfo;
use crate::domain::table::column_choice::ColumnChoice;
use crate::domain::table::filter::RowFilter;
use crate::domain::table::info::TableInfo;
use crate::domain::table::name::TableName;
use crate::domain::table::paging::RowPage;
use crate::domain::text::harmless;
use serde_json::Value;

/// The longest filter that a value is put into, in bytes.
const LONGEST_FILTER: usize = 2_000;

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
    let is_draft = model
        .browser
        .grid
        .as_ref()
        .is_some_and(|grid| grid.draft.is_some());
    if is_draft {
        return edit(model);
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
    requests::leave_grid(model);
    model.browser.open(name, filter);
    recall_columns(model);
    model.focus = Focus::List;
    model.detail_top = 0;
    requests::grid(model)
}

/// Back to the grid from which one came here; from the first one to the list. What is marked would be lost.
pub(super) fn back(model: &mut Model) -> Vec<Effect> {
    let marked = model.browser.grid.as_ref().map_or(0, |grid| grid.marked());
    if marked > 0 {
        let (write, drop) = (
            model.keymap.first_key(Command::WriteRows),
            model.keymap.first_key(Command::DropStaged),
        );
        let text = format!(
            "{} not written: {write} writes, {drop} drops that of the selected row.",
            counted(marked, "change")
        );
        return toast(model, text);
    }
    requests::leave_grid(model);
    model.browser.back();
    recall_columns(model);
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

/// Opens the dialog that lists the columns of the grid.
pub(super) fn choose_columns(model: &mut Model) -> Vec<Effect> {
    if let Some(form) = model
        .browser
        .grid
        .as_ref()
        .map(|grid| ColumnsForm::new(grid))
    {
        dialog::open(model, Dialog::Columns(Box::new(form)));
    }
    Vec::new()
}

/// Makes the selected column wider, or narrower.
pub(super) fn widen_column(model: &mut Model, is_wider: bool) -> Vec<Effect> {
    let room = layout::rows(model.panes().list).width;
    let Some(grid) = &mut model.browser.grid else {
        return Vec::new();
    };
    grid.widen(is_wider);
    grid.follow_column(room);
    keep_columns(model)
}

/// Shows the columns that were chosen for a table, where its grid is still open.
pub(super) fn set_columns(
    model: &mut Model,
    table: &TableName,
    choice: ColumnChoice,
) -> Vec<Effect> {
    let room = layout::rows(model.panes().list).width;
    let open = model.browser.grid.as_mut();
    let Some(grid) = open.filter(|grid| grid.name == *table) else {
        return Vec::new();
    };
    grid.set_choice(choice);
    grid.follow_column(room);
    keep_columns(model)
}

/// Gives the open grid the choice for its table: it may have been made elsewhere.
fn recall_columns(model: &mut Model) {
    if let Some(grid) = &mut model.browser.grid {
        let choice = model.column_book.choice(&grid.name);
        if choice != grid.choice {
            grid.set_choice(choice);
        }
    }
}

/// Keeps the choice for the open table, for the next time too where the project keeps them.
fn keep_columns(model: &mut Model) -> Vec<Effect> {
    let Some(grid) = &model.browser.grid else {
        return Vec::new();
    };
    if !model.column_book.keep(&grid.name, &grid.choice) {
        return Vec::new();
    }
    let project = model.project.as_ref();
    let project = project.filter(|project| project.columns.is_some());
    let keep = project.map(|project| Effect::KeepColumns {
        profile: project.name.clone(),
        url: project.url.clone(),
        table: grid.name.clone(),
        choice: grid.choice.clone(),
    });
    keep.into_iter().collect()
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
    requests::leave_count(model);
    model.focus = Focus::List;
    Ok(requests::rows_from_start(model))
}

/// Counts the values of the selected column in the rows that fit.
pub(super) fn values(model: &mut Model) -> Vec<Effect> {
    let Some(grid) = &model.browser.grid else {
        return Vec::new();
    };
    let at = model.browser.column_at(model.focus == Focus::Detail);
    let Some(column) = at.and_then(|at| grid.columns.get(at)).cloned() else {
        return toast(model, "Select a column first.");
    };
    let load = Load::Values {
        wanted: Box::new(grid.request_all()),
        column: column.name.clone(),
    };
    let form = ValuesForm::new(grid.name.clone(), column, &grid.filter_text);
    dialog::open(model, Dialog::Values(Box::new(form)));
    vec![requests::effect(model, Slot::Values, load)]
}

/// Filters the open table by a value of a column, within the filter that it has.
pub(super) fn filter_by(
    model: &mut Model,
    table: &TableName,
    column: &ColumnInfo,
    value: &Value,
) -> Result<Vec<Effect>, Problem> {
    let refused = |why: &str| {
        let what = format!(
            "The rows cannot be filtered by this value of `{}`.",
            harmless(&column.name)
        );
        Problem::new(Kind::Usage, what, why)
    };
    let open = model.browser.grid.as_ref();
    let Some(grid) = open.filter(|grid| grid.name == *table) else {
        return Err(refused("The table is no longer open."));
    };
    let text = grid.filter.with_value(&column.name, value);
    let text =
        text.ok_or_else(|| refused("No filter asks for a whole document or a whole array."))?;
    if text.len() > LONGEST_FILTER {
        return Err(refused("It is too long for the address of a request."));
    }
    set_filter(model, &text).map_err(|fault| fault.problem)
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

/// The selected column, in the grid or in the form, with the row that a value is typed for and the value that it has now.
fn selected_value(model: &Model) -> Result<(EditedRow, ColumnInfo, Option<Value>), Problem> {
    let none = |what: &str| Problem::new(Kind::Usage, what, "");
    let grid = model.browser.grid.as_ref();
    let grid = grid.ok_or_else(|| none("No table is open."))?;
    let at = model.browser.column_at(model.focus == Focus::Detail);
    let column = at.and_then(|at| grid.columns.get(at));
    let column = column.ok_or_else(|| none("Select a column first."))?;
    let row = grid.edited()?;
    let own = if grid.draft.is_none() {
        grid.value(&column.name)
    } else {
        None
    };
    let value = grid.marked_value(&column.name).or(own).cloned();
    Ok((row, column.clone(), value))
}

/// Opens the line in which the selected value is typed.
pub(super) fn edit(model: &mut Model) -> Vec<Effect> {
    let (row, column, value) = match selected_value(model) {
        Ok(selected) => selected,
        Err(problem) => return toast(model, problem.to_string()),
    };
    if let Some(form) = EditForm::new(row, &column, value.as_ref()) {
        dialog::open(model, Dialog::Edit(Box::new(form)));
        return Vec::new();
    }
    let way = match model.keymap.first_key(Command::EditText) {
        key if key.is_empty() => "`supadeck table update` takes it".to_owned(),
        key => format!("{key} opens it in your editor"),
    };
    let text = format!("This value has several lines or is long: {way}.");
    toast(model, text)
}

/// Gives the selected value to the user's editor.
pub(super) fn edit_text(model: &mut Model) -> Vec<Effect> {
    let selected = selected_value(model);
    let edit =
        selected.and_then(|(row, column, value)| TextEdit::new(row, &column, value.as_ref()));
    match edit {
        Ok(edit) => give_to_editor(model, edit),
        Err(problem) => toast(model, problem.to_string()),
    }
}

/// Gives a value to the user's editor, once more where it was refused.
pub(super) fn give_to_editor(model: &mut Model, edit: TextEdit) -> Vec<Effect> {
    let effect = Effect::EditText {
        text: edit.text.clone(),
        suffix: edit.suffix(),
    };
    model.in_editor = Some(Box::new(edit));
    vec![effect]
}

/// The editor has ended: what it left is marked where it can be the value. Nothing is sent.
pub(super) fn text_edited(model: &mut Model, result: Result<String, Problem>) -> Vec<Effect> {
    let Some(mut edit) = model.in_editor.take() else {
        return Vec::new();
    };
    match result {
        Ok(text) => edit.edited(text),
        Err(problem) => {
            let view = ResultView::failed("Edit", &problem);
            dialog::open(model, Dialog::Result(ResultState { view, top: 0 }));
            return Vec::new();
        }
    }
    if edit.is_same() {
        return toast(model, "The value is as it was.");
    }
    let value = edit.value();
    let name = edit.column.name.clone();
    let staged = value.and_then(|value| stage_value(model, &edit.row, &name, value));
    match staged {
        Ok(effects) => effects,
        Err(problem) => {
            let refused = RefusedText {
                edit: *edit,
                problem: problem.to_string(),
            };
            dialog::open(model, Dialog::Refused(Box::new(refused)));
            Vec::new()
        }
    }
}

/// Marks a value that was typed for a row.
pub(super) fn stage_value(
    model: &mut Model,
    row: &EditedRow,
    column: &str,
    value: Value,
) -> Result<Vec<Effect>, Problem> {
    match &mut model.browser.grid {
        Some(grid) => grid.stage(row, column, value)?,
        None => {
            return Err(Problem::new(
                Kind::Conflict,
                "The table is no longer open.",
                "",
            ));
        }
    }
    Ok(Vec::new())
}

/// Begins a new row, as a form.
pub(super) fn draft(model: &mut Model, is_copy: bool) -> Vec<Effect> {
    let begun = model
        .browser
        .grid
        .as_mut()
        .map(|grid| grid.begin_draft(is_copy));
    match begun {
        Some(Ok(())) => model.focus = Focus::Detail,
        Some(Err(problem)) => return toast(model, problem.to_string()),
        None => {}
    }
    Vec::new()
}

/// Marks the selected row to be deleted, or no more.
pub(super) fn delete(model: &mut Model) -> Vec<Effect> {
    let staged = model.browser.grid.as_mut().map(|grid| grid.stage_delete());
    match staged {
        Some(Err(problem)) => toast(model, problem.to_string()),
        _ => Vec::new(),
    }
}

/// Asks for what the selected row is to be explained: for reading it, or for adding the new one.
pub(super) fn explain(model: &mut Model) -> Vec<Effect> {
    let Some(grid) = &model.browser.grid else {
        return Vec::new();
    };
    let row = grid.pointed_at();
    let verb = if grid.draft.is_some() {
        Access::Insert
    } else {
        Access::Select
    };
    let table = format!("{}.{}", grid.name.schema, grid.name.name);
    let (name, asked) = match &model.identity {
        Identity::Anon => ("anon".to_owned(), Who::Anon),
        Identity::Service => ("service".to_owned(), Who::Service),
        who @ Identity::User(user) => (who.name().to_owned(), Who::User(user.id.clone())),
    };
    let form = ExplainForm::of_row(table, name, asked, verb, row);
    dialog::open(model, Dialog::Explain(form));
    Vec::new()
}

/// Asks for the file into which the rows that fit are written.
pub(super) fn export(model: &mut Model) -> Vec<Effect> {
    let Some(grid) = &model.browser.grid else {
        return Vec::new();
    };
    if grid.table.held().is_none() {
        return toast(model, "The table is not known yet.");
    }
    let form = ExportForm::of_rows(grid.request_all(), &grid.filter_text);
    dialog::open(model, Dialog::Export(Box::new(form)));
    Vec::new()
}

/// Drops what is marked of the selected row.
pub(super) fn drop_staged(model: &mut Model) -> Vec<Effect> {
    if let Some(grid) = &mut model.browser.grid {
        grid.drop_staged();
        if model.browser.row().is_none() {
            model.focus = Focus::List;
        }
    }
    Vec::new()
}

/// Asks whether what is marked is to be written.
pub(super) fn write(model: &mut Model) -> Vec<Effect> {
    let Some(grid) = &model.browser.grid else {
        return Vec::new();
    };
    let (Some(table), changes) = (grid.table.held(), grid.changes()) else {
        return Vec::new();
    };
    match changes {
        Ok(changes) => {
            let table = (**table).clone();
            let write = RowsWrite {
                table,
                changes,
                identity: model.identity.clone(),
                is_uncertain: grid.is_uncertain,
            };
            let confirm = Confirm::rows(write, model);
            dialog::open(model, Dialog::Confirm(Box::new(confirm)));
            Vec::new()
        }
        Err(problem) => toast(model, problem.to_string()),
    }
}

/// Changes were written, all or up to the first refusal: says so, and reads the rows again.
pub(super) fn written(
    model: &mut Model,
    what: &str,
    done: &[RowChanged],
    problem: Option<Problem>,
) -> Vec<Effect> {
    // Whoever reads has gone on meanwhile, or is somebody else: then the grid is not in view, or no more.
    let Some(grid) = model.browser.writing() else {
        let view = match &problem {
            Some(problem) => ResultView::rows(what, &[], done.len() + 1, problem),
            None => return toast(model, format!("{} written.", counted(done.len(), "change"))),
        };
        dialog::open(model, Dialog::Result(ResultState { view, top: 0 }));
        return Vec::new();
    };
    let of = grid.marked();
    let is_new = |grid: &Grid| grid.draft.is_some() && done.len() == grid.staged.len();
    let is_unknown = problem.as_ref().is_some_and(Problem::is_outcome_unknown) && is_new(grid);
    grid.written(done);
    let name = grid.name.clone();
    grid.is_uncertain |= is_unknown;
    let unknown = TableInfo::unknown(&grid.name);
    let table = grid.table.held().map_or(&unknown, |table| table);
    let told: Vec<String> = done.iter().map(|one| one.summary(table)).collect();
    let mut effects = match problem {
        Some(problem) => {
            let view = ResultView::rows(what, &told, of, &problem);
            dialog::open(model, Dialog::Result(ResultState { view, top: 0 }));
            Vec::new()
        }
        None => match told.as_slice() {
            [one] => toast(model, one.clone()),
            all => toast(model, format!("{} written.", counted(all.len(), "change"))),
        },
    };
    if !done.is_empty() {
        // What was counted, or is being counted, was of the rows before.
        requests::leave_count(model);
        model.browser.counts.remove(&name);
    }
    effects.extend(requests::rows_around(model));
    effects
}

/// Why the rows of the open table cannot be changed by its identity.
pub(super) fn can_change(model: &Model, verb: Verb) -> Result<(), String> {
    if let Some(running) = &model.running {
        return Err(format!("{} is still running", running.what));
    }
    let grid = model.browser.grid.as_ref().ok_or("open a table first")?;
    let table = grid.table.held().ok_or("the table is not known yet")?;
    let may = table.rights.is_none_or(|may| match verb {
        Verb::Insert => may.insert,
        Verb::Update => may.update,
        Verb::Delete => may.delete,
    });
    if !may {
        let role = model.identity.role();
        return Err(format!("{role} has no grant to {} rows here", verb.word()));
    }
    if verb != Verb::Insert && table.key.is_empty() {
        return Err("the table has no key that tells one row from another".into());
    }
    Ok(())
}
