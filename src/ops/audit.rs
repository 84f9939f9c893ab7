//! The audit trail: a page of the list, one record, an estimate of how many there are.

use super::paging::{check_id, correlation};
use crate::domain::audit::filter::{Filter, Term};
use crate::domain::audit::{Cursor, Page, PageDirection, Record, Summary, action};
use crate::domain::identity::Identity;
use crate::domain::problem::Problem;
use crate::domain::query::{Direction, Filter as Condition, Op, PAGE_ROWS, Select};
use crate::domain::read_problem;
use crate::ports::Rest;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A row of the list: a line of it, or a whole record.
pub trait Row: DeserializeOwned {
    /// The columns that are read.
    const COLUMNS: &'static str;

    /// The cursor that stands on this row.
    fn cursor(&self) -> Cursor;
}

/// Not the images, so that a million rows stay cheap to page.
impl Row for Summary {
    const COLUMNS: &'static str =
        "id,created_at,actor_user_id,actor_type,subject_user_id,action,correlation_id";

    fn cursor(&self) -> Cursor {
        self.cursor()
    }
}

impl Row for Record {
    const COLUMNS: &'static str = "id,created_at,actor_user_id,actor_type,subject_user_id,action,\
                                   before_state,after_state,rationale,correlation_id,source_ip,user_agent";

    fn cursor(&self) -> Cursor {
        self.cursor()
    }
}

/// One page of at most `limit` rows (200 when 0 or more is asked for), newest first, strictly beyond `from`.
pub async fn page<R: Row>(
    rest: &dyn Rest,
    who: &Identity,
    filter: &Filter,
    from: Option<&Cursor>,
    way: PageDirection,
    limit: usize,
) -> Result<Page<R>, Problem> {
    let limit = match limit {
        0 => PAGE_ROWS,
        limit => limit.min(PAGE_ROWS),
    };
    let correlation = correlation();
    let query = beyond(selection(filter, who, R::COLUMNS)?, from, way).under(&correlation);
    let mut rows: Vec<R> = rest.select(who, &query.limit(limit)).await?.rows()?;
    // A short answer is the end of the list, or the server's `db-max-rows`: one more row tells which.
    let has_more = match rows.last() {
        None => false,
        Some(_) if rows.len() >= limit => true,
        Some(last) => {
            let next = beyond(selection(filter, who, "id")?, Some(&last.cursor()), way);
            let found: Vec<serde_json::Value> = rest.select(who, &next.limit(1)).await?.rows()?;
            !found.is_empty()
        }
    };
    let meant = match from {
        None if rows.is_empty() => suggest_action(rest, who, filter, correlation).await,
        _ => None,
    };
    if way == PageDirection::Newer {
        rows.reverse();
    }
    Ok(Page {
        rows,
        has_more,
        meant,
    })
}

/// Which action a filter that found nothing may have meant, by the newest records that the identity may see. Only a
/// courtesy: an answer is not spoilt by its failure.
async fn suggest_action(
    rest: &dyn Rest,
    who: &Identity,
    filter: &Filter,
    correlation: String,
) -> Option<String> {
    #[derive(Deserialize)]
    struct Seen {
        action: String,
    }
    let mut terms = filter.terms.iter();
    if !terms.any(|term| matches!(term, Term::Action(_))) {
        return None;
    }
    let newest = Select::from("audit_log").columns("action");
    let query = beyond(newest, None, PageDirection::Older)
        .limit(PAGE_ROWS)
        .under(correlation);
    let seen: Vec<Seen> = match rest.select(who, &query).await {
        Ok(answer) => answer.rows().unwrap_or_default(),
        Err(_) => Vec::new(),
    };
    let seen: Vec<String> = seen.into_iter().map(|seen| seen.action).collect();
    action::meant(filter, &seen)
}

/// One record with its images.
pub async fn show(rest: &dyn Rest, who: &Identity, id: &str) -> Result<Record, Problem> {
    check_id("record", id)?;
    let query = Select::from("audit_log")
        .columns(Record::COLUMNS)
        .filter(Condition::eq("id", id))
        .limit(1)
        .under(correlation());
    let mut rows: Vec<Record> = rest.select(who, &query).await?.rows()?;
    let hidden = || read_problem::not_visible(&format!("Audit record {id}"), who);
    rows.pop().ok_or_else(hidden)
}

/// How many records fit the filter, as the planner estimates; exact only where the server knows.
pub async fn count(rest: &dyn Rest, who: &Identity, filter: &Filter) -> Result<u64, Problem> {
    let query = selection(filter, who, Summary::COLUMNS)?.under(correlation());
    rest.count(who, &query).await
}

/// The records that fit a filter.
pub(super) fn selection(filter: &Filter, who: &Identity, columns: &str) -> Result<Select, Problem> {
    let mut query = Select::from("audit_log").columns(columns);
    query.filters = filter.conditions(who)?;
    // Without a filter an index gives the rows; with one the whole trail may be searched.
    query.is_long = !query.filters.is_empty();
    Ok(query)
}

/// Orders by (created_at, id) and starts strictly beyond the cursor.
pub(super) fn beyond(query: Select, from: Option<&Cursor>, way: PageDirection) -> Select {
    let (direction, strict, or_same) = match way {
        PageDirection::Older => (Direction::Descending, Op::Lt, Op::LtEq),
        PageDirection::Newer => (Direction::Ascending, Op::Gt, Op::GtEq),
    };
    let query = query.order("created_at", direction).order("id", direction);
    let Some(cursor) = from else {
        return query;
    };
    let moment = &cursor.created_at;
    // The same rows as (created_at, id) < (X, Y). The first condition says nothing new, but Postgres cannot start an
    // index scan inside an `or`: without it every page would walk the list from its top.
    query
        .filter(Condition::compare("created_at", or_same, moment))
        .filter(Condition::Any(vec![
            Condition::compare("created_at", strict, moment),
            Condition::All(vec![
                Condition::eq("created_at", moment),
                Condition::compare("id", strict, &cursor.id),
            ]),
        ]))
}
