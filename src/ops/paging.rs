//! Reads a whole list by key, page by page: a server may cut any answer short (`db-max-rows`), and rows may be written
//! meanwhile. Nothing that was there at the start is lost and nothing comes twice.

use crate::domain::identity::Identity;
use crate::domain::problem::{Kind, Problem};
use crate::domain::query::{Direction, Filter, Op, PAGE_ROWS, Select};
use crate::domain::text;
use crate::ports::Rest;
use serde::de::DeserializeOwned;

/// The most rows of one list that are held in memory.
const MOST_ROWS: usize = 50_000;

/// A new id that ties the requests of one user action together.
pub(super) fn correlation() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// Refuses an id that is no UUID before it is sent anywhere.
pub(super) fn check_id(what: &str, id: &str) -> Result<(), Problem> {
    if uuid::Uuid::try_parse(id).is_ok() {
        return Ok(());
    }
    Err(Problem::new(
        Kind::Usage,
        format!("`{}` is not the id of a {what}.", text::cell(id)),
        "An id looks like `1b4e28ba-2fa1-4d2b-883f-0016d3cca427`.",
    ))
}

/// Reads every row of `query` in the order of its key column, which must be unique.
pub(super) async fn all<T: DeserializeOwned>(
    rest: &dyn Rest,
    who: &Identity,
    query: Select,
    key: &str,
    key_of: impl Fn(&T) -> String,
) -> Result<Vec<T>, Problem> {
    let base = query.order(key, Direction::Ascending).limit(PAGE_ROWS);
    let mut rows: Vec<T> = Vec::new();
    // The most rows that one answer has held: the server is known to send at least so many.
    let mut longest = 0;
    loop {
        let page = match rows.last() {
            None => base.clone(),
            Some(last) => base
                .clone()
                .filter(Filter::compare(key, Op::Gt, key_of(last))),
        };
        let answer: Vec<T> = rest.select(who, &page).await?.rows()?;
        let count = answer.len();
        rows.extend(answer);
        // An answer shorter than one before it is the last. The first short answer may have been cut by the server,
        // so only asking again can tell.
        if count == 0 || count < longest {
            return Ok(rows);
        }
        longest = longest.max(count);
        if rows.len() > MOST_ROWS {
            // Only what belongs to a cycle can be narrowed down to one.
            let hint = if base.table == "cycle" {
                "Ask for one of them by its id."
            } else {
                "Narrow it down, for example with `--cycle`."
            };
            return Err(Problem::new(
                Kind::Usage,
                format!("`{}` has more than {MOST_ROWS} rows.", base.table),
                "That is more than one list can show.",
            )
            .with_hint(hint));
        }
    }
}
