//! Seals of the audit log: making them, reading them, and checking the records against them.

use super::paging::correlation;
use crate::domain::audit::seal::{Seal, SealFault, SealVerification, Unsealed, compare};
use crate::domain::identity::Identity;
use crate::domain::problem::{Kind, Problem};
use crate::domain::query::{Call, Direction, Filter, Op, PAGE_ROWS, Select};
use crate::domain::read_problem;
use crate::ports::Rest;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The most records that are looked at in one request: about half a second of the server's work.
const RECORDS: u64 = 20_000;

/// What sealing came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Sealed {
    /// How many seals were made.
    pub seals: u64,
    /// How many records they hold.
    pub records: u64,
    /// The number of the last seal that was made; none when there was nothing to seal.
    pub last: Option<u64>,
    /// Its digest.
    pub digest: Option<String>,
}

/// Seals everything that can be sealed: the records of all transactions that have ended. Stopped, it leaves whole seals, and the next run
/// goes on from there.
pub async fn seal(
    rest: &dyn Rest,
    who: &Identity,
    mut told: impl FnMut(&Sealed),
) -> Result<Sealed, Problem> {
    #[derive(Deserialize)]
    struct Made {
        number: Option<u64>,
        records: u64,
        digest: Option<String>,
        more: bool,
    }
    if *who != Identity::Service {
        return Err(Problem::new(
            Kind::Denied,
            "The audit log can only be sealed by the service role.",
            format!("The identity in use is {}.", who.name()),
        )
        .with_hint("Choose the service role with --as service."));
    }
    let correlation = correlation();
    let mut sealed = Sealed::default();
    loop {
        let call = Call::to("seal_audit_log", json!({})).under(&correlation);
        let made: Made = rest.call(who, &call).await.map_err(without_seals)?.one()?;
        if let Some(number) = made.number {
            sealed.seals += 1;
            sealed.records += made.records;
            sealed.last = Some(number);
            sealed.digest = made.digest;
            told(&sealed);
        }
        if !made.more {
            return Ok(sealed);
        }
    }
}

/// The seals behind a number, at most a page of them; fewer than that are the last.
async fn page(rest: &dyn Rest, who: &Identity, after: u64) -> Result<Vec<Seal>, Problem> {
    let query = Select::from("audit_seal")
        .columns(Seal::COLUMNS)
        .filter(Filter::compare("number", Op::Gt, after.to_string()))
        .order("number", Direction::Ascending)
        .limit(PAGE_ROWS)
        .under(correlation());
    let rows = rest.select(who, &query).await.map_err(without_seals)?;
    Ok(rows.rows::<Seal>()?.into_iter().map(Seal::plain).collect())
}

/// Reads all seals behind a number, page by page, in order.
pub async fn seals(
    rest: &dyn Rest,
    who: &Identity,
    after: u64,
    mut take: impl FnMut(Vec<Seal>) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let mut last = after;
    loop {
        let read = page(rest, who, last).await?;
        // A short page is the last, or one that the server cut.
        let Some(newest) = read.last() else {
            return Ok(());
        };
        last = newest.number;
        take(read)?;
    }
}

/// Checks every record against its seal, from the first seal on, and the seals against those of a file.
pub async fn verify(
    rest: &dyn Rest,
    who: &Identity,
    file: Option<&[Seal]>,
    mut told: impl FnMut(&SealVerification),
) -> Result<SealVerification, Problem> {
    #[derive(Deserialize)]
    struct Checked {
        seals: u64,
        records: u64,
        last: u64,
        digest: String,
        fault: Option<SealFault>,
        more: bool,
        unsealed: Option<Unsealed>,
    }
    let correlation = correlation();
    let mut found = SealVerification::default();
    loop {
        let call = Call {
            is_read: true,
            ..Call::to(
                "verify_audit_seals",
                json!({ "after": found.last, "records": RECORDS }),
            )
            .under(&correlation)
        };
        let checked: Checked = rest.call(who, &call).await.map_err(without_seals)?.one()?;
        if checked.more && checked.last <= found.last {
            return Err(Problem::internal("The check of the seals does not go on."));
        }
        found.seals += checked.seals;
        found.records += checked.records;
        found.last = checked.last;
        found.digest = checked.digest;
        found.fault = checked.fault;
        found.unsealed = checked.unsealed;
        told(&found);
        if !checked.more {
            break;
        }
    }
    if let Some(file) = file {
        found.compared = Some(file.len() as u64);
        let mut rest_of_file = file;
        let mut differs = None;
        let mut last = file
            .first()
            .map_or(0, |first| first.number.saturating_sub(1));
        while differs.is_none() && !rest_of_file.is_empty() {
            let here = page(rest, who, last).await?;
            // What lies behind this page is for the next one, if there is one.
            let until = here.last().map(|seal| seal.number);
            let count = until.map_or(rest_of_file.len(), |until| {
                rest_of_file
                    .iter()
                    .take_while(|seal| seal.number <= until)
                    .count()
            });
            differs = compare(&rest_of_file[..count], &here);
            rest_of_file = &rest_of_file[count..];
            last = until.unwrap_or(last);
        }
        // What comes first counts; a record says more than its seal.
        if let Some(fault) = differs
            && found.fault.as_ref().is_none_or(|own| own.seal > fault.seal)
        {
            found.fault = Some(fault);
            found.unsealed = None;
        }
    }
    Ok(found)
}

/// A project without the functions has not applied the migration, or is not allowed to say so.
fn without_seals(problem: Problem) -> Problem {
    if read_problem::is_absent(&problem) {
        return problem
            .with_hint("Apply the migration `audit_seals` with `supadeck migration apply`.");
    }
    if problem.kind == Kind::Denied {
        return problem
            .with_hint("Seals are read by an auditor and by the service role (--as service).");
    }
    problem
}
