//! Goals: the list, of one cycle or of all.

use super::paging::{all, correlation};
use super::short_id::{self, CYCLE};
use crate::domain::goal::Goal;
use crate::domain::identity::Identity;
use crate::domain::problem::Problem;
use crate::domain::query::{Filter, Select};
use crate::ports::Rest;

/// The columns of [`Goal`].
const COLUMNS: &str = "id,user_id,cycle_id,type,description,start_week,end_week,created_at";

/// Every goal that the identity may see, those of one cycle together, personal before professional.
pub async fn list(
    rest: &dyn Rest,
    who: &Identity,
    cycle: Option<&str>,
) -> Result<Vec<Goal>, Problem> {
    read(rest, who, cycle, &correlation()).await
}

/// The same as part of a larger action.
pub(super) async fn read(
    rest: &dyn Rest,
    who: &Identity,
    cycle: Option<&str>,
    correlation: &str,
) -> Result<Vec<Goal>, Problem> {
    let mut query = Select::from("goal").columns(COLUMNS).under(correlation);
    if let Some(cycle) = cycle {
        let cycle = short_id::whole(rest, who, CYCLE, cycle).await?;
        query = query.filter(Filter::eq("cycle_id", cycle));
    }
    let mut goals = all(rest, who, query, "id", |row: &Goal| row.id.clone()).await?;
    goals.sort_by(|a, b| {
        (&a.cycle_id, &a.kind, a.start_week, &a.id).cmp(&(
            &b.cycle_id,
            &b.kind,
            b.start_week,
            &b.id,
        ))
    });
    Ok(goals)
}
