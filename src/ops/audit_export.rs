//! Reads audit records for an export: page by page by key, newest first, as many a page as the size of the records allows, and on from
//! the last record where the line broke. What is written meanwhile is newer than the first record and not part of it.

use super::audit::{Reading, is_missing_column, names_changes};
use super::paging::correlation;
use crate::domain::audit::export::{COLUMNS, ExportRow, cursor, record};
use crate::domain::audit::filter::Filter;
use crate::domain::audit::trail::{OWN, Trail};
use crate::domain::audit::{Cursor, PageDirection};
use crate::domain::identity::Identity;
use crate::domain::problem::{Kind, Problem};
use crate::domain::query::{Answer, Select};
use crate::domain::read_problem::is_too_large;
use crate::ports::Rest;
use serde_json::Value;
use std::time::Duration;

/// How large an answer is meant to be, in bytes: small beside the memory that an export may take.
const MEANT: usize = 1 << 20;
/// How many records the first page has: how large they are is not known yet.
const FIRST: usize = 50;
/// The most records of a page; a server may cut it.
const MOST: usize = 1_000;
/// The columns that came with a later migration.
const LATER: [&str; 2] = ["changed", "transaction_id"];
/// How often a page is asked for again after the adapter has given up, and how long is waited before the first of them.
const ATTEMPTS: u32 = 7;
/// How long is waited before the first; each time twice as long.
pub const PAUSE: Duration = Duration::from_millis(500);

/// Reads every record that fits behind a place in the list, and hands it on; tells how many those were. Whoever takes a page has done with
/// it when it returns: reading goes on only then.
pub async fn run(
    rest: &dyn Rest,
    who: &Identity,
    (trail, filter): (&Trail, &Filter),
    from: Option<Cursor>,
    pause: Duration,
    mut take: impl FnMut(Vec<ExportRow>) -> Result<(), Problem>,
) -> Result<u64, Problem> {
    let correlation = correlation();
    let has_changed = match trail {
        Trail::Own => names_changes(rest, who, filter, &correlation).await?,
        Trail::Other(_) => None,
    };
    let pushdown = trail.pushdown(filter, who, has_changed == Some(true))?;
    let reading = Reading {
        rest,
        who,
        trail,
        pushdown: &pushdown,
        way: PageDirection::Older,
        correlation: &correlation,
    };
    let mut last = from;
    let mut rows_a_page = FIRST;
    let mut failures = 0;
    let mut read = 0;
    loop {
        // Of `audit_log` every column, whatever they are by now.
        let select = match trail {
            Trail::Own => Select::from(OWN),
            Trail::Other(_) => trail.select(),
        };
        let query = reading.within(None, select, last.as_ref());
        let query = query.limit(rows_a_page);
        let answer = rest.select(who, &query).await;
        let length = answer.as_ref().map_or(0, |answer| answer.body.len());
        let rows = answer.and_then(|answer| whole(trail, &answer));
        let rows: Vec<ExportRow> = match rows {
            Ok(rows) => rows,
            // Larger records than those before them.
            Err(problem) if is_too_large(&problem) && rows_a_page > 1 => {
                rows_a_page = (rows_a_page / 8).max(1);
                continue;
            }
            Err(problem) if problem.retry && failures < ATTEMPTS => {
                // What a bad line does not carry whole, it may carry in pieces.
                rows_a_page = (rows_a_page / 4).max(1);
                tokio::time::sleep(pause * 2_u32.pow(failures)).await;
                failures += 1;
                continue;
            }
            Err(problem) => return Err(problem),
        };
        failures = 0;
        let Some(end) = rows.last() else {
            // A short page may have been cut by the server: only an empty one is the end.
            return Ok(read);
        };
        let end = cursor(end).ok_or_else(unplaced)?;
        if last.as_ref() == Some(&end) {
            return Err(Problem::internal("The list of records does not go on."));
        }
        last = Some(end);
        rows_a_page = (MEANT / (length / rows.len()).max(1)).clamp(1, MOST);
        // What PostgREST has no words for is looked at here.
        let mut fitting = Vec::with_capacity(rows.len());
        for row in rows {
            // A row that cannot be compared is no row that does not fit.
            if pushdown.rest.is_empty() || pushdown.rest_fits(&record(row.clone())?, who) {
                fitting.push(row);
            }
        }
        read += fitting.len() as u64;
        if !fitting.is_empty() {
            take(fitting)?;
        }
    }
}

/// The rows of an answer; those of a project's own trail as the records that they are.
fn whole(trail: &Trail, answer: &Answer) -> Result<Vec<ExportRow>, Problem> {
    let rows: Vec<ExportRow> = answer.rows()?;
    let as_record = |row: ExportRow| match trail.record(&row) {
        None => Ok(row),
        Some(record) => match serde_json::to_value(&record) {
            Ok(Value::Object(row)) => Ok(row),
            _ => Err(Problem::internal("A record does not become JSON.")),
        },
    };
    rows.into_iter().map(as_record).collect()
}

/// The columns of the records, as far as a project has them: of an export without records none comes to tell.
pub async fn columns(
    rest: &dyn Rest,
    who: &Identity,
    trail: &Trail,
) -> Result<Vec<&'static str>, Problem> {
    let later = Select::from(OWN)
        .columns(LATER.join(","))
        .limit(1)
        .under(correlation());
    let has_later = match rest.select(who, &later).await {
        _ if !trail.is_own() => false,
        Ok(_) => true,
        Err(problem) if is_missing_column(&problem) => false,
        Err(problem) => return Err(problem),
    };
    let is_there = |column: &&str| has_later || !LATER.contains(column);
    Ok(COLUMNS.into_iter().filter(is_there).collect())
}

fn unplaced() -> Problem {
    Problem::new(
        Kind::Database,
        "The project's records do not have the columns that were expected.",
        "A record has no id or no created_at.",
    )
}
