//! The audit trail: a page of the list, one record, an estimate of how many there are.

use super::audit_trail::is_without_own;
use super::paging::correlation;
use super::short_id::{self, RECORD};
use crate::domain::audit::export::{ExportRow, cursor};
use crate::domain::audit::filter::{Atom, Cost, Filter, Pushdown};
use crate::domain::audit::trail::{OWN, Trail};
use crate::domain::audit::{Ask, Cursor, Looked, Page, PageDirection, Record, Summary, action};
use crate::domain::identity::Identity;
use crate::domain::problem::Problem;
use crate::domain::query::{Answer, Direction, Filter as Condition, PAGE_ROWS, Select};
use crate::domain::read_problem;
use crate::domain::text;
use crate::ports::{Counting, Rest};
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;

/// So many records are looked at in one piece by the server, for a filter that no index answers.
const CHECKED_ROWS: usize = 20_000;
/// So many records come here in one piece to be looked at, before a page is answered with what was found in them.
const LOOKED_ROWS: u64 = 2_000;
/// The records of the first answer that is looked at here: few, so that the first that fits is seen at once.
const FIRST_ROWS: usize = 50;
/// The most records of one answer that is looked at here; servers give no more by themselves.
const MOST_ROWS: usize = 1_000;
/// What an answer that is looked at here should hold at most, in bytes.
const ANSWER_BYTES: usize = 2 << 20;

/// How long the question is awaited whether all records name what changed. It is answered at once where the index is there that
/// the backfill builds at its end; before that the server may read the whole table for it.
const PROBE: Duration = Duration::from_secs(2);

/// A row of the list, made of a whole record.
pub trait Row: Sized {
    /// What is kept of a record.
    fn of(record: Record) -> Self;

    /// The cursor that stands on this row.
    fn cursor(&self) -> Cursor;
}

/// Not the images, so that a million rows stay cheap to hold.
impl Row for Summary {
    fn of(record: Record) -> Self {
        Self::from(record)
    }

    fn cursor(&self) -> Cursor {
        self.cursor()
    }
}

impl Row for Record {
    fn of(record: Record) -> Self {
        record
    }

    fn cursor(&self) -> Cursor {
        self.cursor()
    }
}

/// One page of the list, newest first. A filter that no index answers is answered in pieces: then a page may have few rows
/// or none, and says how far it has come.
pub async fn page<R: Row>(rest: &dyn Rest, who: &Identity, ask: &Ask) -> Result<Page<R>, Problem> {
    let correlation = correlation();
    let has_changed = match ask.has_changed {
        _ if !ask.trail.is_own() => None,
        None => names_changes(rest, who, &ask.filter, &correlation).await?,
        known => known,
    };
    let pushdown = ask
        .trail
        .pushdown(&ask.filter, who, has_changed == Some(true))?;
    let reading = Reading {
        rest,
        who,
        trail: &ask.trail,
        pushdown: &pushdown,
        way: ask.way,
        correlation: &correlation,
    };
    let limit = match ask.limit {
        0 => PAGE_ROWS,
        limit => limit.min(PAGE_ROWS),
    };
    let mut page = match pushdown.cost() {
        Cost::Indexed => reading.direct(ask.from.as_ref(), limit).await?,
        Cost::Checked | Cost::Here => reading.piece(ask.from.as_ref(), limit).await?,
    };
    page.has_changed = has_changed;
    page.trail = ask.trail.clone();
    if ask.from.is_none() && page.rows.is_empty() && !page.has_more {
        page.meant = suggest_action(rest, who, ask, correlation).await;
    }
    if ask.way == PageDirection::Newer {
        page.rows.reverse();
    }
    Ok(page)
}

fn asks_for_changed(filter: &Filter) -> bool {
    let mut atoms = filter.atoms();
    atoms.any(|atom| matches!(atom, Atom::Changed(_) | Atom::Row(_)))
}

/// Whether every record names the fields that changed, in the column `changed`: none is left without. A server that does not know
/// soon counts as one where some are: then records are compared, which is always right.
/// Nothing is asked, and nothing known, where the filter does not need it.
pub(super) async fn names_changes(
    rest: &dyn Rest,
    who: &Identity,
    filter: &Filter,
    correlation: &str,
) -> Result<Option<bool>, Problem> {
    #[derive(Deserialize)]
    struct Names {
        changed: Option<Vec<String>>,
    }
    if !asks_for_changed(filter) {
        return Ok(None);
    }
    // The oldest is filled in first: where it is not, nothing else has to be asked.
    let oldest = Trail::Own.ordered(Select::from(OWN).columns("changed"), PageDirection::Newer);
    match rest.select(who, &oldest.limit(1).under(correlation)).await {
        Ok(answer) => {
            let rows: Vec<Names> = answer.rows()?;
            if rows.iter().any(|row| row.changed.is_none()) {
                return Ok(Some(false));
            }
        }
        Err(problem) if is_missing_column(&problem) => return Ok(Some(false)),
        Err(problem) => return Err(problem),
    }
    let unfilled = Select::from(OWN)
        .columns("id")
        .filter(Condition::IsNull {
            column: "changed".to_owned(),
        })
        .order("id", Direction::Ascending)
        .limit(1)
        .under(correlation);
    match tokio::time::timeout(PROBE, rest.select(who, &unfilled)).await {
        Ok(Ok(answer)) => Ok(Some(answer.rows::<Value>()?.is_empty())),
        Ok(Err(problem)) if problem.code.as_deref() != Some(STATEMENT_TIMEOUT) => Err(problem),
        Ok(Err(_)) | Err(_) => Ok(Some(false)),
    }
}

/// The server gave a statement up.
const STATEMENT_TIMEOUT: &str = "57014";

/// PostgREST and other servers have different codes for it.
pub(super) fn is_missing_column(problem: &Problem) -> bool {
    matches!(problem.code.as_deref(), Some("42703" | "PGRST204"))
}

/// How the list is read for one page.
pub(super) struct Reading<'a> {
    pub(super) rest: &'a dyn Rest,
    pub(super) who: &'a Identity,
    pub(super) trail: &'a Trail,
    pub(super) pushdown: &'a Pushdown<'a>,
    pub(super) way: PageDirection,
    pub(super) correlation: &'a str,
}

impl Reading<'_> {
    /// The page of a filter that an index answers.
    async fn direct<R: Row>(
        &self,
        from: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page<R>, Problem> {
        let query = self.query(self.trail.select(), from).limit(limit);
        let (records, asked, row_bytes) = self.records(query).await?;
        let last = records.last().map(Record::cursor);
        // A short answer is the end of the list, or the server's `db-max-rows`: one more row tells which.
        let has_more = match &last {
            None => false,
            Some(_) if records.len() >= asked => true,
            Some(last) => {
                self.is_there(self.query(self.trail.places(), Some(last)))
                    .await?
            }
        };
        Ok(Page {
            rows: records.into_iter().map(R::of).collect(),
            has_more,
            next: last,
            row_bytes,
            ..Page::default()
        })
    }

    /// The next piece of a filter for which one record after the other is looked at.
    async fn piece<R: Row>(&self, from: Option<&Cursor>, limit: usize) -> Result<Page<R>, Problem> {
        let end = if self.pushdown.checked.is_empty() {
            None
        } else {
            self.boundary(from).await?
        };
        let mut page: Page<R> = Page::default();
        let mut is_more = false;
        let mut at = from.cloned();
        let mut count = 0;
        let mut wanted = FIRST_ROWS.min(limit.max(1));
        loop {
            // Where nothing is left to be looked at here, what comes are rows.
            let most = if self.pushdown.rest.is_empty() {
                limit - page.rows.len()
            } else {
                wanted
            };
            let query = self
                .within(end.as_ref(), self.trail.select(), at.as_ref())
                .limit(most);
            let (records, asked, row_bytes) = self.records(query).await?;
            page.row_bytes = row_bytes;
            count += records.len() as u64;
            let is_short = records.len() < asked;
            let last = records.last().map(Record::cursor);
            let fits = |record: &Record| self.pushdown.rest_fits(record, self.who);
            let mut fitting = records.into_iter().filter(fits);
            for record in fitting.by_ref().take(limit - page.rows.len()) {
                at = Some(record.cursor());
                page.rows.push(R::of(record));
            }
            // What fits and has no room is read again.
            if fitting.next().is_some() {
                page.has_more = true;
                is_more = !self.pushdown.checked.is_empty();
                break;
            }
            if last.is_some() {
                at.clone_from(&last);
            }
            let is_over = match &last {
                _ if !is_short => false,
                None => true,
                // It may be the server's own limit.
                Some(last) => {
                    !self
                        .is_there(self.within(end.as_ref(), self.trail.places(), Some(last)))
                        .await?
                }
            };
            if is_over {
                // All of a window was looked at, and there is more behind it.
                page.has_more = end.is_some();
                if end.is_some() {
                    at = end;
                    count = count.max(CHECKED_ROWS as u64);
                } else {
                    is_more = !self.pushdown.checked.is_empty();
                }
                break;
            }
            if page.rows.len() >= limit || (count >= LOOKED_ROWS && !self.pushdown.rest.is_empty())
            {
                page.has_more = true;
                is_more = !self.pushdown.checked.is_empty();
                break;
            }
            wanted = (ANSWER_BYTES / row_bytes.max(1)).clamp(10, MOST_ROWS);
        }
        page.looked = Some(Looked {
            count,
            is_more,
            up_to: at.as_ref().map(|at| at.created_at.clone()),
        });
        page.next = at;
        Ok(page)
    }

    /// The record at the end of the next window: so many records behind `from`, among those that an index gives. None where
    /// there are fewer.
    async fn boundary(&self, from: Option<&Cursor>) -> Result<Option<Cursor>, Problem> {
        let query = self.query(self.trail.places(), from);
        let query = query.offset(CHECKED_ROWS - 1).limit(1);
        let rows: Vec<ExportRow> = self.rest.select(self.who, &query).await?.rows()?;
        Ok(rows.last().and_then(|row| match self.trail.record(row) {
            Some(record) => Some(record.cursor()),
            None => cursor(row),
        }))
    }

    /// The records of the list beyond a place, by what an index answers.
    fn query(&self, mut query: Select, from: Option<&Cursor>) -> Select {
        query.filters.clone_from(&self.pushdown.indexed);
        // Without a filter an index gives the rows; with one the whole trail may be searched.
        query.is_long = !query.filters.is_empty();
        beyond(self.trail, query, from, self.way).under(self.correlation)
    }

    /// Those of them that the server looked at, up to the end of a window where there is one.
    pub(super) fn within(
        &self,
        end: Option<&Cursor>,
        select: Select,
        from: Option<&Cursor>,
    ) -> Select {
        let mut query = self.query(select, from);
        query.filters.extend(self.pushdown.checked.clone());
        if let Some(end) = end {
            query.filters.extend(self.trail.up_to(end, self.way));
        }
        query.is_long = true;
        query
    }

    async fn is_there(&self, query: Select) -> Result<bool, Problem> {
        let found: Vec<Value> = self.rest.select(self.who, &query.limit(1)).await?.rows()?;
        Ok(!found.is_empty())
    }

    /// The records, how many were asked for, and how large one was. Where they are too large together, fewer are asked for.
    async fn records(&self, mut query: Select) -> Result<(Vec<Record>, usize, usize), Problem> {
        loop {
            let limit = query.limit.unwrap_or(PAGE_ROWS);
            match self.rest.select(self.who, &query).await {
                Ok(answer) => {
                    let records = records(self.trail, &answer)?;
                    let row_bytes = answer.body.len() / records.len().max(1);
                    return Ok((records, limit, row_bytes));
                }
                Err(problem) if read_problem::is_too_large(&problem) && limit > 1 => {
                    query.limit = Some((limit / 8).max(1));
                }
                Err(problem) => return Err(problem),
            }
        }
    }
}

/// Which action a filter that found nothing may have meant, by the newest records that the identity may see. Only a
/// courtesy: an answer is not spoilt by its failure.
async fn suggest_action(
    rest: &dyn Rest,
    who: &Identity,
    ask: &Ask,
    correlation: String,
) -> Option<String> {
    let mut atoms = ask.filter.atoms();
    if !atoms.any(|atom| matches!(atom, Atom::Action(_))) {
        return None;
    }
    let newest = match &ask.trail {
        Trail::Own => Select::from(OWN).columns("action"),
        Trail::Other(_) => ask.trail.select(),
    };
    let query = beyond(&ask.trail, newest, None, PageDirection::Older)
        .limit(PAGE_ROWS)
        .under(correlation);
    let seen: Vec<ExportRow> = match rest.select(who, &query).await {
        Ok(answer) => answer.rows().unwrap_or_default(),
        Err(_) => Vec::new(),
    };
    let action = |row: ExportRow| match ask.trail.record(&row) {
        Some(record) => Some(record.action),
        None => row.get("action")?.as_str().map(str::to_owned),
    };
    let seen: Vec<String> = seen.into_iter().filter_map(action).collect();
    action::meant(&ask.filter, &seen)
}

/// The records of an answer.
pub(super) fn records(trail: &Trail, answer: &Answer) -> Result<Vec<Record>, Problem> {
    if trail.is_own() {
        return answer.rows();
    }
    let rows: Vec<ExportRow> = answer.rows()?;
    Ok(rows.iter().filter_map(|row| trail.record(row)).collect())
}

/// One record with its images.
pub async fn show(
    rest: &dyn Rest,
    who: &Identity,
    trail: &Trail,
    id: &str,
) -> Result<Record, Problem> {
    let hidden = || read_problem::not_visible(&format!("Audit record {}", text::cell(id)), who);
    let whole = if trail.is_own() {
        match short_id::whole(rest, who, RECORD, id).await {
            Ok(whole) => whole,
            Err(problem) => {
                // In a trail of the project's own it may be one.
                let probe = rest.select(who, &trail.places().limit(1)).await;
                return Err(probe.err().filter(is_without_own).unwrap_or(problem));
            }
        }
    } else {
        id.to_owned()
    };
    let condition = trail.is_record(&whole).ok_or_else(hidden)?;
    let query = trail
        .select()
        .filter(condition)
        .limit(1)
        .under(correlation());
    let mut rows = records(trail, &rest.select(who, &query).await?)?;
    rows.pop().ok_or_else(hidden)
}

/// How many records fit the filter at most, as the planner estimates; exact only where the server knows. What PostgREST has
/// no words for is not counted with.
pub async fn count(
    rest: &dyn Rest,
    who: &Identity,
    trail: &Trail,
    filter: &Filter,
) -> Result<u64, Problem> {
    let pushdown = trail.pushdown(filter, who, false)?;
    let mut query = trail.places();
    query.filters = pushdown.indexed;
    query.filters.extend(pushdown.checked);
    query.is_long = true;
    let query = query.under(correlation());
    rest.count(who, &query, Counting::Planned).await
}

/// In the order of the list, and strictly beyond the cursor.
fn beyond(trail: &Trail, query: Select, from: Option<&Cursor>, way: PageDirection) -> Select {
    let query = trail.ordered(query, way);
    let bounds = from.map(|from| trail.beyond(from, way));
    bounds.into_iter().flatten().fold(query, Select::filter)
}
