//! Asks a project whether it is there, knows its key, and lets into its database, before a profile is kept.

use crate::adapters::connect::{self, As, Settings, Way};
use crate::domain::identity::Identity;
use crate::domain::problem::Problem;
use crate::domain::production::Mark;

/// Asks REST with every key that is known, then the database. Gives what the database is recognised by.
pub async fn check(settings: &Settings) -> Result<Option<Mark>, Problem> {
    let mut settings = settings.clone();
    settings.as_ = Some(As::Anon);
    let project = connect::resolve(&settings).await?;
    if project.has_publishable_key {
        project.rest.ping(&Identity::Anon).await.map_err(refused)?;
    }
    if project.has_service_key {
        project
            .rest
            .ping(&Identity::Service)
            .await
            .map_err(refused)?;
    }
    if let Some(way) = Way::of(&project).await? {
        let history = way.database().history().await.map_err(refused)?;
        return Ok(Some(*history.target.mark));
    }
    Ok(None)
}

fn refused(mut problem: Problem) -> Problem {
    problem.what = format!("The profile was not added. {}", problem.what);
    problem
        .hint
        .get_or_insert_with(|| "Add --no-check to keep it as it is.".to_owned());
    problem
}
