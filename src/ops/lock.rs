//! Week locks: the list, and the emergency unlock. The unlock reports what a second read found, never what was hoped for.

use super::paging::{all, check_id, correlation};
use crate::domain::identity::Identity;
use crate::domain::lock::{LONGEST_UNLOCK_MINUTES, UnlockRequest, WeekLock};
use crate::domain::problem::{Kind, Problem};
use crate::domain::query::{Call, Filter, Select};
use crate::ports::Rest;
use serde_json::json;

/// The columns of [`WeekLock`].
const COLUMNS: &str = "plan_id,cycle_id,user_id,week_no,mode,locked,why,locked_after_week,\
                       unlocked_until,is_current_week,item_count,planned_qty,completed_qty,completion_pct";
/// The longest reason, in characters: it is kept in the audit log and drawn on screens.
const LONGEST_REASON: usize = 2_000;

/// The lock of every week that the identity may see, those of one cycle together, week by week.
pub async fn list(
    rest: &dyn Rest,
    who: &Identity,
    cycle: Option<&str>,
) -> Result<Vec<WeekLock>, Problem> {
    read(rest, who, cycle, &correlation()).await
}

/// The same as part of a larger action.
pub(super) async fn read(
    rest: &dyn Rest,
    who: &Identity,
    cycle: Option<&str>,
    correlation: &str,
) -> Result<Vec<WeekLock>, Problem> {
    let mut query = Select::from("week_lock_status")
        .columns(COLUMNS)
        .under(correlation);
    if let Some(cycle) = cycle {
        check_id("cycle", cycle)?;
        query = query.filter(Filter::eq("cycle_id", cycle));
    }
    let mut locks = all(rest, who, query, "plan_id", |row: &WeekLock| {
        row.plan_id.clone()
    })
    .await?;
    locks.sort_by(|a, b| {
        (&a.cycle_id, a.week_no, &a.plan_id).cmp(&(&b.cycle_id, b.week_no, &b.plan_id))
    });
    Ok(locks)
}

/// Opens a locked week for some minutes. Only for the service role, only with a reason, which goes into the audit log.
/// A connection that breaks in the middle leaves the outcome open; a second read decides what is reported.
pub async fn unlock(
    rest: &dyn Rest,
    who: &Identity,
    request: &UnlockRequest,
) -> Result<WeekLock, Problem> {
    let reason = check(who, request)?;
    let correlation = correlation();
    let before = status(rest, who, &request.plan_id, &correlation).await?;
    let call = Call::to(
        "unlock_week",
        json!({"plan_id": request.plan_id, "rationale": reason, "minutes": request.minutes}),
    )
    .under(&correlation);
    let called = rest.call(who, &call).await;
    if let Err(problem) = &called
        && problem.kind != Kind::Network
    {
        return Err(problem.clone());
    }
    let after = match status(rest, who, &request.plan_id, &correlation).await {
        Ok(after) => after,
        Err(problem) => return Err(outcome_unknown(&problem)),
    };
    let has_moved = after.unlocked_until != before.unlocked_until;
    match called {
        Ok(_) if after.locked => Err(Problem::new(
            Kind::Conflict,
            format!("Week {} is still locked.", after.week_no),
            "The unlock was accepted, and a second read does not show it.",
        )
        .with_hint("Somebody may have ended it at once: see the audit log.")),
        Ok(_) => Ok(after),
        // The answer was lost: the week may have been opened by this call or by somebody else's.
        Err(problem) if has_moved && !after.locked => Err(perhaps(&after, &problem)),
        Err(problem) => Err(problem),
    }
}

/// Everything that can be refused without asking the server. Returns the reason without white space around it.
fn check<'a>(who: &Identity, request: &'a UnlockRequest) -> Result<&'a str, Problem> {
    if *who != Identity::Service {
        return Err(Problem::new(
            Kind::Denied,
            format!("{} may not unlock a week.", who.name()),
            "The emergency unlock is for the service role only.",
        )
        .with_hint(
            "Choose the service role with `--as service`; it needs the project's secret key.",
        ));
    }
    check_id("plan", &request.plan_id)?;
    let reason = request.rationale.trim();
    if reason.is_empty() {
        return Err(Problem::new(
            Kind::Usage,
            "The unlock needs a reason.",
            "It is kept in the audit log.",
        )
        .with_hint("Say in a sentence why the week has to be opened."));
    }
    if reason.chars().count() > LONGEST_REASON || reason.contains('\0') {
        return Err(Problem::new(
            Kind::Usage,
            "The reason cannot be kept.",
            format!("It is longer than {LONGEST_REASON} characters or has a NUL in it."),
        ));
    }
    if !(1..=LONGEST_UNLOCK_MINUTES).contains(&request.minutes) {
        return Err(Problem::new(
            Kind::Usage,
            format!("A week cannot be unlocked for {} minutes.", request.minutes),
            format!("An unlock lasts 1 to {LONGEST_UNLOCK_MINUTES} minutes (24 hours)."),
        ));
    }
    Ok(reason)
}

async fn status(
    rest: &dyn Rest,
    who: &Identity,
    plan_id: &str,
    correlation: &str,
) -> Result<WeekLock, Problem> {
    let query = Select::from("week_lock_status")
        .columns(COLUMNS)
        .filter(Filter::eq("plan_id", plan_id))
        .limit(1)
        .under(correlation);
    let mut rows: Vec<WeekLock> = rest.select(who, &query).await?.rows()?;
    rows.pop().ok_or_else(|| {
        Problem::new(
            Kind::Usage,
            format!("There is no plan {plan_id}."),
            who.no_rows(),
        )
        .with_hint("Take the plan's id from `supadeck lock list`.")
    })
}

fn perhaps(after: &WeekLock, problem: &Problem) -> Problem {
    let until = after.unlocked_until.as_deref().unwrap_or("an unknown time");
    Problem::new(
        Kind::Network,
        format!(
            "Week {} is unlocked until {until}, perhaps by somebody else.",
            after.week_no
        ),
        format!("The answer to this unlock was lost. {}", problem.what),
    )
    .with_hint("The audit log says whose reason was recorded: see `supadeck audit list --where action:weekly_plan.unlock`.")
}

fn outcome_unknown(problem: &Problem) -> Problem {
    Problem::new(
        Kind::Network,
        "It is not known whether the week was unlocked.",
        format!("The project could not be read afterwards. {}", problem.what),
    )
    .with_hint("Run `supadeck lock list` when the project answers again.")
    .retryable()
}
