//! Follows the audit trail: whatever is written from now on, once each, also what a transaction writes long before it ends, and over a
//! line that breaks.
//!
//! A record keeps its transaction. The horizon is the oldest transaction that is still open: all records of older ones are there. So what is
//! asked for is everything from the last horizon on, and what was told of it already is left out. A trail that does not keep transactions is
//! looked through from some time back instead.

use super::audit::{is_missing_column, records};
use super::paging::correlation;
use crate::domain::audit::export::ExportRow;
use crate::domain::audit::filter::{Filter, Pushdown};
use crate::domain::audit::trail::Trail;
use crate::domain::audit::{PageDirection, Record};
use crate::domain::identity::Identity;
use crate::domain::problem::{Kind, Problem};
use crate::domain::query::{Call, Direction, Filter as Condition, Op, Select};
use crate::domain::read_problem;
use crate::ports::Rest;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::HashMap;

/// So many records are read at a time.
const ROWS: usize = 500;
/// How far back a trail without transactions is looked through, in minutes.
pub const BACK_MINUTES: i64 = 10;

/// What is followed, and how far it was told.
#[derive(Debug, Clone)]
pub struct Follow {
    trail: Trail,
    filter: Filter,
    from: From,
    /// The records behind `from` that were told, or were there at the beginning: their transactions, or their times in microseconds.
    told: HashMap<String, i64>,
}

/// From where on records are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    /// From this transaction on.
    Transaction(i64),
    /// From this time on.
    Time(Timestamp),
}

impl Follow {
    /// Begins: what is there now is not told. `now` is the time: a record that is dated later does not say where others are.
    pub async fn begin(
        rest: &dyn Rest,
        who: &Identity,
        (trail, filter): (&Trail, &Filter),
        now: Timestamp,
    ) -> Result<Self, Problem> {
        let from = match horizon(rest, who, trail).await? {
            Some(transaction) => From::Transaction(transaction),
            None if trail.since(now).is_none() => return Err(untimed(trail)),
            None => From::Time(newest(rest, who, trail, now).await?),
        };
        let mut follow = Self {
            trail: trail.clone(),
            filter: filter.clone(),
            from,
            told: HashMap::new(),
        };
        let (_, told) = follow.read(rest, who).await?;
        follow.told.extend(told);
        Ok(follow)
    }

    /// What is followed.
    pub fn trail(&self) -> &Trail {
        &self.trail
    }

    /// Whether nothing is missed however long a transaction is open.
    pub fn is_exact(&self) -> bool {
        matches!(self.from, From::Transaction(_))
    }

    /// What has come since the last time, oldest first. After a problem nothing is lost: the next call tells it.
    pub async fn next(
        &mut self,
        rest: &dyn Rest,
        who: &Identity,
        now: Timestamp,
    ) -> Result<Vec<Record>, Problem> {
        // Asked before the records are: everything older than it is among them.
        let next = match self.from {
            From::Transaction(_) => horizon(rest, who, &self.trail)
                .await?
                .map(From::Transaction),
            From::Time(_) => None,
        };
        // Only what was read to its end counts as told.
        let (news, told) = self.read(rest, who).await?;
        self.told.extend(told);
        let next = next.unwrap_or_else(|| self.later(now));
        self.from = next;
        self.told.retain(|_, at| match next {
            From::Transaction(first) => *at >= first,
            From::Time(first) => *at >= first.as_microsecond(),
        });
        Ok(news)
    }

    /// The time from which a trail without transactions is looked through next. Records that are dated in the future would move it
    /// beyond all that is written until then.
    fn later(&self, now: Timestamp) -> From {
        let now = now.as_microsecond();
        let newest = self.told.values().filter(|at| **at <= now).max().copied();
        let newest = newest.and_then(|at| Timestamp::from_microsecond(at).ok());
        let back = SignedDuration::from_mins(BACK_MINUTES);
        match (self.from, newest.and_then(|at| at.checked_sub(back).ok())) {
            (From::Time(from), Some(back)) => From::Time(from.max(back)),
            (from, _) => from,
        }
    }

    /// Reads what is behind `from`: what was not told before, and all of it with its places.
    async fn read(
        &self,
        rest: &dyn Rest,
        who: &Identity,
    ) -> Result<(Vec<Record>, Vec<(String, i64)>), Problem> {
        let pushdown = self.trail.pushdown(&self.filter, who, false)?;
        let mut news: Vec<Record> = Vec::new();
        let mut told: Vec<(String, i64)> = Vec::new();
        let mut last: Option<(i64, Record)> = None;
        let correlation = correlation();
        loop {
            let query = self
                .query(&pushdown, last.as_ref())
                .limit(ROWS)
                .under(&correlation);
            let answer = rest.select(who, &query).await?;
            let rows: Vec<ExportRow> = answer.rows()?;
            if rows.is_empty() {
                break;
            }
            let found = records(&self.trail, &answer)?;
            for (row, record) in rows.iter().zip(found) {
                let at = self.place(row, &record);
                last = Some((at, record.clone()));
                let is_new = !self.told.contains_key(&record.id);
                if is_new && pushdown.rest_fits(&record, who) {
                    news.push(record.clone());
                }
                told.push((record.id, at));
            }
        }
        news.sort_by(|one, other| self.trail.compare(&one.cursor(), &other.cursor()));
        Ok((news, told))
    }

    /// Where a record stands: its transaction, or its time.
    fn place(&self, row: &ExportRow, record: &Record) -> i64 {
        match self.from {
            From::Transaction(_) => {
                let transaction = row.get("transaction_id").and_then(Value::as_i64);
                transaction.unwrap_or_default()
            }
            From::Time(_) => {
                let at = record.created_at.parse::<Timestamp>();
                at.map_or(0, jiff::Timestamp::as_microsecond)
            }
        }
    }

    fn query(&self, pushdown: &Pushdown<'_>, last: Option<&(i64, Record)>) -> Select {
        let conditions = pushdown.indexed.iter().chain(&pushdown.checked).cloned();
        match self.from {
            From::Transaction(first) => {
                let mut query = self.trail.select();
                query.columns.push_str(",transaction_id");
                query.filters.extend(conditions);
                let query = match last {
                    None => query.filter(Condition::compare(
                        "transaction_id",
                        Op::GtEq,
                        first.to_string(),
                    )),
                    Some((transaction, record)) => {
                        let transaction = transaction.to_string();
                        query
                            .filter(Condition::compare("transaction_id", Op::GtEq, &transaction))
                            .filter(Condition::Any(vec![
                                Condition::compare("transaction_id", Op::Gt, &transaction),
                                Condition::compare("id", Op::Gt, &record.id),
                            ]))
                    }
                };
                query
                    .order("transaction_id", Direction::Ascending)
                    .order("id", Direction::Ascending)
            }
            From::Time(first) => {
                let mut query = self.trail.select();
                query.filters.extend(conditions);
                query.filters.extend(self.trail.since(first));
                let query = self.trail.ordered(query, PageDirection::Newer);
                let bounds = last
                    .map(|(_, record)| self.trail.beyond(&record.cursor(), PageDirection::Newer));
                bounds.into_iter().flatten().fold(query, Select::filter)
            }
        }
    }
}

fn untimed(trail: &Trail) -> Problem {
    Problem::new(
        Kind::Usage,
        format!("{} cannot be followed.", trail.name()),
        "Its column with the time holds no times that the server can compare, so that each question would read all of it.",
    )
}

/// The oldest transaction that is still open; none where the trail or the project cannot tell.
async fn horizon(rest: &dyn Rest, who: &Identity, trail: &Trail) -> Result<Option<i64>, Problem> {
    if !trail.is_own() {
        return Ok(None);
    }
    let call = Call {
        is_read: true,
        ..Call::to("audit_horizon", json!({}))
    };
    match rest.call(who, &call.under(correlation())).await {
        Ok(answer) => answer.one().map(Some),
        // A project from before the function, or an identity that may not call it.
        Err(problem) if read_problem::is_absent(&problem) || problem.kind == Kind::Denied => {
            Ok(None)
        }
        Err(problem) if is_missing_column(&problem) => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// The time from which on a trail without transactions is looked through at first: some time before the newest record that is not
/// dated in the future.
async fn newest(
    rest: &dyn Rest,
    who: &Identity,
    trail: &Trail,
    now: Timestamp,
) -> Result<Timestamp, Problem> {
    let mut query = trail.ordered(trail.select(), PageDirection::Older);
    query.filters.extend(trail.not_after(now));
    let answer = rest
        .select(who, &query.limit(1).under(correlation()))
        .await?;
    let newest = records(trail, &answer)?.pop();
    let at = newest.and_then(|record| record.created_at.parse::<Timestamp>().ok());
    let at = at.map(|at| at.min(now));
    let back = SignedDuration::from_mins(BACK_MINUTES);
    let at = at.and_then(|at| at.checked_sub(back).ok());
    // An empty trail: everything that comes is new.
    Ok(at.unwrap_or(Timestamp::UNIX_EPOCH))
}
