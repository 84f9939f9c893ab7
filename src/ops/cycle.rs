//! Cycles: the list, and one with its goals, locks and vision.

use super::paging::{all, check_id, correlation};
use super::{goal, lock};
use crate::domain::cycle::{Cycle, CycleDetail, Vision};
use crate::domain::identity::Identity;
use crate::domain::problem::Problem;
use crate::domain::query::{Filter, Select};
use crate::domain::read_problem;
use crate::ports::Rest;

/// The columns of [`Cycle`].
const COLUMNS: &str = "id,user_id,start_date,end_date,current_week,created_at";
/// The columns of [`Vision`].
const VISION: &str = "id,user_id,daily,weekly,year,life,tags,created_at,updated_at";

/// Every cycle that the identity may see, the latest start first.
pub async fn list(rest: &dyn Rest, who: &Identity) -> Result<Vec<Cycle>, Problem> {
    let query = Select::from("cycle").columns(COLUMNS).under(correlation());
    let mut cycles = all(rest, who, query, "id", |row: &Cycle| row.id.clone()).await?;
    cycles.sort_by(|a, b| (&b.start_date, &b.id).cmp(&(&a.start_date, &a.id)));
    Ok(cycles)
}

/// One cycle with what belongs to it. A cycle that RLS hides is told from one that is there only by its absence.
pub async fn show(rest: &dyn Rest, who: &Identity, id: &str) -> Result<CycleDetail, Problem> {
    check_id("cycle", id)?;
    let correlation = correlation();
    let Some(cycle) = row(rest, who, id, &correlation).await? else {
        return Err(read_problem::not_visible(&format!("Cycle {id}"), who)
            .with_hint("See `supadeck cycle list`."));
    };
    let visions = Select::from("vision")
        .columns(VISION)
        .filter(Filter::eq("user_id", &cycle.user_id))
        .limit(1)
        .under(&correlation);
    let (goals, locks, vision) = tokio::try_join!(
        goal::read(rest, who, Some(id), &correlation),
        lock::read(rest, who, Some(id), &correlation),
        async { rest.select(who, &visions).await?.rows::<Vision>() },
    )?;
    Ok(CycleDetail {
        cycle,
        goals,
        locks,
        vision: vision.into_iter().next(),
    })
}

/// The row of one cycle, where the identity may see it.
pub(super) async fn row(
    rest: &dyn Rest,
    who: &Identity,
    id: &str,
    correlation: &str,
) -> Result<Option<Cycle>, Problem> {
    let query = Select::from("cycle")
        .columns(COLUMNS)
        .filter(Filter::eq("id", id))
        .limit(1)
        .under(correlation);
    let mut found: Vec<Cycle> = rest.select(who, &query).await?.rows()?;
    Ok(found.pop())
}
