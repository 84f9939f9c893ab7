//! The pages of the audit trail, wherever the project keeps it, and what comes to it while it is followed.

use super::open_project::OpenProject;
use crate::domain::audit::filter::Filter;
use crate::domain::audit::follow::News;
use crate::domain::audit::trail::Trail;
use crate::domain::audit::{Ask, Page, Summary};
use crate::domain::identity::Identity;
use crate::domain::problem::Problem;
use crate::ops::audit;
use crate::ops::audit_follow::Follow;
use jiff::Timestamp;
use std::time::Instant;

/// A page of the trail, wherever the project keeps it.
pub(super) async fn page(
    world: &OpenProject,
    who: &Identity,
    mut ask: Ask,
    follow: Option<u64>,
) -> Result<Page, Problem> {
    ask.trail = world.first_trail(who).await?;
    match page_of(world, who, &ask, follow).await {
        Err(problem) => match world.other_trail(who, &ask.trail, &problem).await? {
            Some(trail) => {
                ask.trail = trail;
                page_of(world, who, &ask, follow).await
            }
            None => Err(problem),
        },
        page => page,
    }
}

/// A page of a trail. One that is followed is followed from before the page, so that nothing comes unseen between the two.
async fn page_of(
    world: &OpenProject,
    who: &Identity,
    ask: &Ask,
    follow: Option<u64>,
) -> Result<Page, Problem> {
    if let Some(number) = follow {
        begin(world, who, (&ask.trail, &ask.filter), number).await?;
    }
    audit::page(&*world.rest, who, ask).await
}

/// Begins to follow the records of a trail that fit a filter.
pub(super) async fn begin(
    world: &OpenProject,
    who: &Identity,
    which: (&Trail, &Filter),
    number: u64,
) -> Result<(), Problem> {
    let follow = Follow::begin(&*world.rest, who, which, Timestamp::now()).await?;
    world.followed.keep(number, follow);
    Ok(())
}

/// What has come to the trail since the last time; none where that follow never began. A question that is given up leaves what was
/// followed as it is, so that nothing is lost.
pub(super) async fn news(
    world: &OpenProject,
    who: &Identity,
    number: u64,
) -> Result<Option<News>, Problem> {
    let Some(mut follow) = world.followed.of(number) else {
        return Ok(None);
    };
    let begun = Instant::now();
    let news = follow.next(&*world.rest, who, Timestamp::now()).await?;
    world.followed.keep(number, follow);
    Ok(Some(News {
        rows: news.into_iter().map(Summary::from).collect(),
        took: begun.elapsed(),
    }))
}
