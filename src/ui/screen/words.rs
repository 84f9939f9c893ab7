//! Words that several screens share.

use crate::app::list::List;
use crate::app::loadable::{Loadable, Standing};
use crate::ui::DrawContext;
use crate::ui::text::short_id;

/// The words for an empty list: nothing visible to the identity, or nothing that fits the filter.
pub fn empty_text(view: DrawContext, filter: &str, is_under_rls: bool) -> String {
    match (filter.is_empty(), is_under_rls) {
        (false, _) => format!("Nothing fits “{filter}”. Press esc to drop the filter."),
        (true, true) => view.model.identity.no_rows(),
        (true, false) => "None.".to_owned(),
    }
}

/// The heading of a list: its name, how many rows, that they are old, and the filter. What was not read is not counted.
pub fn list_title<T>(name: &str, list: &List, rows: &Loadable<T>) -> String {
    counted_title(name, (list.len(), list.total()), &list.filter, rows)
}

/// The same, of so many rows that are shown and that there are.
pub fn counted_title<T>(
    name: &str,
    (shown, total): (usize, usize),
    filter: &str,
    rows: &Loadable<T>,
) -> String {
    let mut parts = match rows.standing() {
        Standing::Blank(_) => Vec::new(),
        _ if filter.is_empty() => vec![total.to_string()],
        _ => vec![format!("{shown} of {total}")],
    };
    if matches!(rows.standing(), Standing::Stale(..)) {
        parts.push("old".to_owned());
    }
    if !filter.is_empty() {
        parts.push(format!("/{filter}"));
    }
    if parts.is_empty() {
        name.to_owned()
    } else {
        format!("{name} ({})", parts.join(", "))
    }
}

pub fn short(id: &str) -> String {
    crate::ui::text::short_id(id).to_owned()
}

/// The owner of a row: `you`, or the beginning of the id.
pub fn owner(view: DrawContext, user_id: &str) -> String {
    if view.model.identity.user_id() == Some(user_id) {
        "you".into()
    } else {
        short_id(user_id).to_owned()
    }
}
