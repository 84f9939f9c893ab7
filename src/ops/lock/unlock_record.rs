//! How the unlock that runs came about: its reason, who gave it and when. The view of the locks does not say; the audit
//! log does, to those who may read the record.

use crate::domain::audit::Record;
use crate::domain::audit::trail::Trail;
use crate::domain::identity::Identity;
use crate::domain::lock::{LONGEST_UNLOCK_MINUTES, UnlockRecord, WeekLock};
use crate::domain::problem::Problem;
use crate::domain::query::{Direction, Filter, Op};
use crate::ops::paging::correlation;
use crate::ports::Rest;
use jiff::SignedDuration;

/// The newest record of an unlock of the week, where the unlock that runs is the one it is about. `None` also where no
/// unlock runs, and where Row Level Security hides the record.
pub async fn opening(
    rest: &dyn Rest,
    who: &Identity,
    lock: &WeekLock,
) -> Result<Option<UnlockRecord>, Problem> {
    let Some(until) = lock.running_until() else {
        return Ok(None);
    };
    // It cannot be older, and so the index on action and time is read no further, however long the trail.
    let longest = SignedDuration::from_mins(LONGEST_UNLOCK_MINUTES.into());
    let earliest = until.saturating_sub(longest).unwrap_or(until);
    let query = Trail::Own
        .select()
        .filter(Filter::eq("action", "weekly_plan.unlock"))
        .filter(Filter::compare(
            "created_at",
            Op::GtEq,
            earliest.to_string(),
        ))
        .filter(Filter::eq("after_state->>id", &lock.plan_id))
        .order("created_at", Direction::Descending)
        .order("id", Direction::Descending)
        .limit(1)
        .under(correlation());
    let mut records: Vec<Record> = rest.select(who, &query).await?.rows()?;
    Ok(records
        .pop()
        .and_then(|record| UnlockRecord::of(record, lock)))
}
