//! How many rows a selection has exactly, and which values a column has in them. Both are read as whoever reads, within a filter.

use super::paging::correlation;
use super::table::{query, rows};
use crate::domain::identity::Identity;
use crate::domain::problem::{Kind, Problem};
use crate::domain::query::{Direction, Select};
use crate::domain::read_problem;
use crate::domain::table::column::column_text;
use crate::domain::table::paging::{PageStart, RowOrder, RowValues, RowsWanted};
use crate::domain::table::values::{Tally, ValueCount, ValueCounts};
use crate::ports::{Counting, Rest};
use serde_json::Value;

/// The most rows whose values are counted here.
pub const FIRST_ROWS: usize = 10_000;
/// How many of them are asked for at a time.
const PAGE: usize = 1_000;
/// The most bytes that are read for it.
const MOST_BYTES: usize = 32 << 20;
/// The most values that a server is asked to count: one more means that rows are counted here.
const MOST_GROUPS: usize = 500;
/// What Postgres says when a statement took too long.
const TOO_LONG: &str = "57014";

/// Counts the rows that fit.
///
/// It is a GET of one column of no row beyond the first and not a HEAD: the answer to a HEAD has no body, and a refusal such as that of a
/// time limit would come without its words.
pub async fn count(rest: &dyn Rest, who: &Identity, ask: &RowsWanted) -> Result<u64, Problem> {
    let mut query = query(ask, readable(ask), &correlation());
    query.is_long = true;
    let counted = rest.count(who, &query, Counting::Exact).await;
    counted.map_err(|problem| {
        if problem.code.as_deref() == Some(TOO_LONG) {
            problem.with_hint("Filter first: fewer rows are counted sooner.")
        } else {
            problem
        }
    })
}

/// A column that may be read, to be asked for in place of all.
fn readable(ask: &RowsWanted) -> String {
    let columns = ask.table.columns.iter();
    let mut readable = columns.filter(|column| column.may_select != Some(false));
    let first = readable.next();
    first.map_or_else(|| "*".to_owned(), |column| column_text(&column.name))
}

/// The values of a column in the rows that fit. The server counts them where it does so (`db-aggregates-enabled`, which is off unless it
/// was switched on) and they are few; else the first rows are read, and counted here.
pub async fn values(
    rest: &dyn Rest,
    who: &Identity,
    ask: &RowsWanted,
    column: &str,
) -> Result<ValueCounts, Problem> {
    if let Some(counts) = groups(rest, who, ask, column).await? {
        return Ok(counts);
    }
    let mut ask = RowsWanted {
        columns: vec![column.to_owned()],
        order: RowOrder::of(&ask.table, &[]).unwrap_or_default(),
        from: PageStart::First,
        limit: PAGE,
        passed: 0,
        ..ask.clone()
    };
    let mut tally = Tally::default();
    let mut bytes = 0;
    loop {
        ask.limit = PAGE.min(FIRST_ROWS - ask.passed);
        let page = rows(rest, who, &ask).await?;
        ask.passed += page.rows.len();
        bytes += page.rows.len() * page.row_bytes;
        for mut row in page.rows {
            tally.take(row.remove(column).unwrap_or(Value::Null));
        }
        match page.next {
            None => return Ok(tally.finish(true)),
            Some(_) if ask.passed >= FIRST_ROWS || bytes > MOST_BYTES => {
                return Ok(tally.finish(false));
            }
            Some(next) => ask.from = next,
        }
    }
}

/// The values as the server counts them; none where it does not, or where they are too many.
async fn groups(
    rest: &dyn Rest,
    who: &Identity,
    ask: &RowsWanted,
    column: &str,
) -> Result<Option<ValueCounts>, Problem> {
    let alias = if column == "rows" { "rows_" } else { "rows" };
    let name = column_text(column);
    let columns = format!("{name},{alias}:count()");
    let mut query = query(ask, columns, &correlation()).order(name, Direction::Ascending);
    query.is_long = true;
    let Some(found) = group_rows(rest, who, query.clone().limit(MOST_GROUPS)).await? else {
        return Ok(None);
    };
    let passed = found.len();
    let counts = found.into_iter().map(|mut row| {
        let rows = row.get(alias)?.as_u64()?;
        let value = row.remove(column)?;
        Some(ValueCount { value, rows })
    });
    let Some(counts) = counts.collect::<Option<Vec<_>>>() else {
        return Ok(None);
    };
    // The server may have cut its answer short (`db-max-rows`).
    if passed > 0 {
        let behind = group_rows(rest, who, query.limit(1).offset(passed)).await?;
        if behind.is_none_or(|rows| !rows.is_empty()) {
            return Ok(None);
        }
    }
    Ok(Some(ValueCounts::of_groups(counts)))
}

/// The answer to such a question; none where the server refuses it for a reason that does not hold of plain rows.
async fn group_rows(
    rest: &dyn Rest,
    who: &Identity,
    query: Select,
) -> Result<Option<Vec<RowValues>>, Problem> {
    match rest.select(who, &query).await {
        Ok(answer) => Ok(answer.rows().ok()),
        Err(problem) if read_problem::is_too_large(&problem) => Ok(None),
        Err(problem) if matches!(problem.kind, Kind::Network | Kind::Auth | Kind::Cancelled) => {
            Err(problem)
        }
        Err(_) => Ok(None),
    }
}
