//! Week locks: the list. The emergency unlock, and how one came about, have a file each.

mod unlock;
mod unlock_record;

pub use unlock::{look, unlock};
pub use unlock_record::opening;

use super::paging::{all, correlation};
use super::short_id::{self, CYCLE};
use crate::domain::identity::Identity;
use crate::domain::lock::WeekLock;
use crate::domain::problem::Problem;
use crate::domain::query::{Filter, Select};
use crate::domain::read_problem;
use crate::ports::Rest;

/// The columns of [`WeekLock`].
const COLUMNS: &str = "plan_id,cycle_id,user_id,week_no,mode,locked,why,locked_after_week,\
                       unlocked_until,is_current_week,item_count,planned_qty,completed_qty,completion_pct";

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
        let cycle = short_id::whole(rest, who, CYCLE, cycle).await?;
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

/// The lock of one week.
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
        read_problem::not_visible(&format!("Plan {plan_id}"), who)
            .with_hint("Take the plan's id from `supadeck lock list`.")
    })
}
