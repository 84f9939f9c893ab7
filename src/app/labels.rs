//! What the deck can call a row by its id, from the rows that it holds anyway, and with it what the audit records in view are
//! about. Nothing is read for it.

use super::loadable::Placeholder;
use super::model::Model;
use super::screen::record_head::{HeadLine, facts, row_term, value_term};
use crate::domain::audit::Record;
use crate::domain::audit::about::Name;
use crate::domain::audit::story::Story;
use crate::domain::plural::listed;

/// Says what the record in view is about, by what the rows that are held call it.
pub fn name_record(model: &mut Model) {
    if let Some(record) = model.audit.record.held() {
        model.audit.head = head(record, model);
    }
}

/// What stands above the difference of a record: the table with the row's id, what names the row, when, who and why. An id is
/// replaced by what the deck can call its row.
pub fn head(record: &Record, model: &Model) -> Vec<HeadLine> {
    let about = record.about();
    let own = about.id.as_deref().and_then(|id| called(id, model));
    let term = || row_term(record);
    let row = match (&about.table, &about.id) {
        (Some(table), Some(id)) => Some(HeadLine::fact(table, id.as_str(), term())),
        (Some(table), None) => Some(HeadLine::fact("table", table.as_str(), term())),
        (None, id) => id
            .as_ref()
            .map(|id| HeadLine::fact("row", id.as_str(), None)),
    };
    let own = own.map(|name| HeadLine::fact("which is", name, term()));
    let names = about.names.into_iter().map(|name| {
        // What was cut is not asked for.
        let term = (!name.value.ends_with('…')).then(|| value_term(record, &name.key, &name.value));
        let known = called(&name.value, model);
        HeadLine::fact(&name.key, name.value, term).called(known)
    });
    let row = row
        .map(HeadLine::as_row)
        .into_iter()
        .chain(own)
        .chain(names);
    let unread = unread(model).map(|(name, text)| HeadLine::fact(&name, text, None));
    let person = |id: &str| model.people.called(id).map(str::to_owned);
    let zone = model.shown_zone();
    let trail = model.audit.trail.sentence();
    let trail = trail.map(|sentence| HeadLine::fact("trail", sentence, None));
    row.chain(unread)
        .chain(facts(record, &zone, person))
        .chain(trail)
        .collect()
}

/// The row of a story in a few words: `week 9 · Run a half marathon`; else its table and the beginning of its id.
pub fn row_words(story: &Story, model: &Model, dot: &str) -> String {
    let own = story.id.as_deref().and_then(|id| called_briefly(id, model));
    let names = story.names.iter().filter_map(|name| word(name, model));
    let mut words: Vec<String> = own.into_iter().chain(names).collect();
    words.dedup();
    // A week says more at the beginning than behind a long text.
    words.sort_by_key(|word| !word.starts_with("week "));
    let table = story.table.as_deref().unwrap_or_default();
    if !words.is_empty() {
        words.truncate(3);
        let words = words.join(&format!(" {dot} "));
        return if table.is_empty() {
            words
        } else {
            format!("{words} {dot} {table}")
        };
    }
    let id = story.id.as_deref().unwrap_or_default();
    let id = if is_uuid(id) {
        id.get(..8).unwrap_or(id)
    } else {
        id
    };
    format!("{table} {id}").trim().to_owned()
}

/// A value that names a row, as people say it. An id that nothing is known of says nothing.
fn word(name: &Name, model: &Model) -> Option<String> {
    if let Some(known) = called_briefly(&name.value, model) {
        return Some(known);
    }
    if let Some(known) = model.people.called_briefly(&name.value) {
        return Some(known.to_owned());
    }
    if is_uuid(&name.value) || name.key.ends_with("_id") {
        return None;
    }
    let number = ["_no", "_nr", "_number"];
    match number
        .into_iter()
        .find_map(|end| name.key.strip_suffix(end))
    {
        Some(what) => Some(format!("{} {}", what.replace('_', " "), name.value)),
        None => Some(name.value.clone()),
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// What people call the row with this id, in the fewest words.
fn called_briefly(id: &str, model: &Model) -> Option<String> {
    Some(model.row_names.get(id)?.brief.clone())
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
    Some(model.row_names.get(id)?.full.clone())
}
