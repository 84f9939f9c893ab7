//! What the deck can call a row by its id, from the rows that it holds anyway, and with it what the audit record in view is
//! about. Nothing is read for it.

use super::loadable::Placeholder;
use super::model::Model;
use crate::domain::audit::Record;
use crate::domain::plural::listed;

/// What a record is about, as lines of a heading and a text: the table with the row's id, then what names the row. An id
/// is replaced by what the deck can call its row.
pub fn about(record: &Record, model: &Model) -> Vec<(String, String)> {
    let about = record.about();
    let own = about.id.as_deref().and_then(|id| called(id, model));
    let own = own.map(|name| ("which is".to_owned(), name));
    let row = match (about.table, about.id) {
        (Some(table), Some(id)) => Some((table, id)),
        (Some(table), None) => Some(("table".to_owned(), table)),
        (None, id) => id.map(|id| ("row".to_owned(), id)),
    };
    let names = about.names.into_iter().map(|name| {
        let value = called(&name.value, model).unwrap_or(name.value);
        (name.key, value)
    });
    let row = row.into_iter().chain(own).chain(names);
    row.chain(unread(model)).collect()
}

/// Which rows could not be read, so that their ids have no names here.
fn unread(model: &Model) -> Option<(String, String)> {
    let failed = |what, is_failed: bool| is_failed.then_some(what);
    let is_failed = |blank: Result<(), Placeholder>| {
        matches!(blank, Err(Placeholder::Denied(_) | Placeholder::Failed(_)))
    };
    let what = [
        failed("cycles", is_failed(model.cycles.remote.ready().map(drop))),
        failed("goals", is_failed(model.goals.remote.ready().map(drop))),
        failed("weeks", is_failed(model.locks.remote.ready().map(drop))),
    ];
    let what: Vec<&str> = what.into_iter().flatten().collect();
    (!what.is_empty()).then(|| {
        let text = format!("{} could not be read: their ids are shown", listed(&what));
        ("names".to_owned(), text)
    })
}

/// What people call the row with this id: a week, a goal, a cycle.
fn called(id: &str, model: &Model) -> Option<String> {
    let start = |cycle_id: &str| {
        let mut cycles = model.cycles.rows().iter();
        cycles.find(|cycle| cycle.id == cycle_id)
    };
    let week = model.locks.locks().iter().find(|lock| lock.plan_id == id);
    let week = week.map(|lock| match start(&lock.cycle_id) {
        Some(cycle) => format!(
            "week {} of the cycle from {}",
            lock.week_no, cycle.start_date
        ),
        None => format!("week {} of cycle {}", lock.week_no, lock.cycle_id),
    });
    let goal = || {
        let goal = model.goals.rows().iter().find(|goal| goal.id == id)?;
        Some(format!("{} goal: {}", goal.kind, goal.description))
    };
    let cycle = || start(id).map(|cycle| format!("{} to {}", cycle.start_date, cycle.end_date));
    week.or_else(goal).or_else(cycle)
}
