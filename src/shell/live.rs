//! The questions of live mode, each as few requests as there can be.

use super::open_project::OpenProject;
use super::trail::{begin, news, page};
use crate::app::live::{LiveAnswer, LiveFound, LiveNews, LiveQuestion};
use crate::domain::audit::trail::Trail;
use crate::domain::audit::{Ask, Summary};
use crate::domain::identity::Identity;
use crate::domain::problem::Problem;
use crate::ops::{lock, migration};
use std::time::Instant;

/// The most records that are read at once when live mode begins.
const ROWS: usize = 100;

/// The mark of the migration history.
pub(super) async fn history(schema: &migration::Workspace) -> Result<LiveAnswer, Problem> {
    let begun = Instant::now();
    let mark = migration::history_mark(schema).await?;
    Ok(LiveAnswer {
        found: LiveFound::History(mark),
        took: begun.elapsed(),
    })
}

/// The locks, or what has come to the audit trail.
pub(super) async fn rows(
    world: &OpenProject,
    who: &Identity,
    question: LiveQuestion,
) -> Result<LiveAnswer, Problem> {
    let begun = Instant::now();
    let found = match question {
        LiveQuestion::Locks => LiveFound::Locks(lock::list(&*world.rest, who, None).await?),
        LiveQuestion::Trail {
            follow,
            filter,
            gap,
        } => {
            let going = news(world, who, follow).await?;
            let found = match (going, gap) {
                (Some(news), _) => LiveNews {
                    follow,
                    rows: news.rows,
                    ..LiveNews::default()
                },
                // It begins before the page, so that nothing comes unseen between the two.
                (None, Some((from, way))) => {
                    let ask = Ask {
                        trail: Trail::Own,
                        filter,
                        from,
                        way,
                        limit: ROWS,
                        has_changed: None,
                    };
                    let page = page(world, who, ask, Some(follow)).await?;
                    let rows: Vec<Summary> = page.rows.into_iter().rev().collect();
                    LiveNews {
                        follow,
                        rows,
                        has_more: page.has_more,
                        next: page.next,
                    }
                }
                // The newest records are not held: what is there now is not counted.
                (None, None) => {
                    let trail = world.first_trail(who).await?;
                    begin(world, who, (&trail, &filter), follow).await?;
                    LiveNews {
                        follow,
                        ..LiveNews::default()
                    }
                }
            };
            LiveFound::Trail(found)
        }
        LiveQuestion::History => {
            return Err(Problem::internal("A question was sent to the wrong place."));
        }
    };
    Ok(LiveAnswer {
        found,
        took: begun.elapsed(),
    })
}
