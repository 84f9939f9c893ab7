//! The emergency unlock: what it would do, and doing it. It reports what a second read found, never what was hoped for.

use super::{opening, status};
use crate::domain::identity::Identity;
use crate::domain::lock::{
    LONGEST_UNLOCK_MINUTES, LockState, UnlockPreview, UnlockRequest, Unlocked, WeekLock,
};
use crate::domain::moment::{Form, moment, printed};
use crate::domain::problem::{Kind, Problem};
use crate::domain::query::Call;
use crate::ops::cycle;
use crate::ops::paging::{check_id, correlation};
use crate::ops::short_id::{self, PLAN};
use crate::ports::Rest;
use serde_json::json;

/// The longest reason, in characters: it is kept in the audit log and drawn on screens.
const LONGEST_REASON: usize = 2_000;

/// What an unlock would do, to be shown before it is confirmed: the week as it is, and the unlock that runs already.
/// Whatever can be refused beforehand is refused here.
pub async fn look(
    rest: &dyn Rest,
    who: &Identity,
    request: &UnlockRequest,
) -> Result<UnlockPreview, Problem> {
    check(who, request)?;
    let request = &UnlockRequest {
        plan_id: short_id::whole(rest, who, PLAN, &request.plan_id).await?,
        ..request.clone()
    };
    let correlation = correlation();
    let lock = status(rest, who, &request.plan_id, &correlation).await?;
    if lock.standing() == LockState::Open {
        return Err(Problem::new(
            Kind::Conflict,
            format!("Week {} is not locked.", lock.week_no),
            lock.sentence(),
        )
        .with_hint("There is nothing to unlock."));
    }
    let (cycle, opening) = tokio::join!(
        cycle::row(rest, who, &lock.cycle_id, &correlation),
        opening(rest, who, &lock),
    );
    Ok(UnlockPreview {
        // What only explains the week does not stand in the way of an emergency.
        cycle: cycle.ok().flatten(),
        opening: opening.ok().flatten(),
        request: UnlockRequest {
            shown_until: lock.unlocked_until.clone(),
            ..request.clone()
        },
        lock,
    })
}

/// Opens a locked week for some minutes. Only for the service role, only with a reason, which goes into the audit log;
/// only while the week is as it was shown. A connection that breaks in the middle leaves the outcome open; a second read
/// decides what is reported.
pub async fn unlock(
    rest: &dyn Rest,
    who: &Identity,
    request: &UnlockRequest,
) -> Result<Unlocked, Problem> {
    let reason = check(who, request)?;
    check_id("plan", &request.plan_id)?;
    let correlation = correlation();
    let before = status(rest, who, &request.plan_id, &correlation).await?;
    if before.unlocked_until != request.shown_until {
        return Err(changed_meanwhile(&before));
    }
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
        Ok(_) => Ok(Unlocked {
            record: opening(rest, who, &after)
                .await
                .ok()
                .flatten()
                .map(|opening| opening.record_id),
            lock: after,
        }),
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

fn changed_meanwhile(now: &WeekLock) -> Problem {
    Problem::new(
        Kind::Conflict,
        format!("Week {} is not as it was shown.", now.week_no),
        match now.running_until() {
            Some(until) => format!(
                "Somebody unlocked it until {} meanwhile.",
                moment(until, Form::Detail)
            ),
            None => "Somebody changed or ended its unlock meanwhile.".to_owned(),
        },
    )
    .with_hint("Nothing was done. Look at the week again, and decide anew.")
}

fn perhaps(after: &WeekLock, problem: &Problem) -> Problem {
    let until = after.unlocked_until.as_deref();
    let until = until.map_or_else(
        || "an unknown time".to_owned(),
        |until| printed(until, Form::Detail),
    );
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
