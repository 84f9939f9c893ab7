//! Asks a project whether it is there, knows its key, and lets into its database, before a profile is kept.

use super::collect::Collected;
use crate::adapters::connect::{self, RoleChoice, Settings, Transport};
use crate::adapters::key;
use crate::adapters::secrets::SecretSource;
use crate::cli::context::Context;
use crate::domain::given;
use crate::domain::identity::Identity;
use crate::domain::problem::{Kind, Problem};
use crate::domain::production::Mark;
use crate::domain::secret::SecretKind;

/// Asks REST with every key that is known, then the database. Gives what the database is recognised by.
pub async fn check(settings: &Settings) -> Result<Option<Mark>, Problem> {
    let mut settings = settings.clone();
    settings.as_ = Some(RoleChoice::Anon);
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
    if let Some(way) = Transport::of(&project).await? {
        let history = way.database().history().await.map_err(refused)?;
        return Ok(Some(*history.target.mark));
    }
    Ok(None)
}

/// What was collected with what the references give now. A key of the other kind is refused.
pub async fn looked_up(context: &Context, collected: &Collected) -> Result<Settings, Problem> {
    let told = &context.settings().told;
    let mut settings = collected.settings.clone();
    for (kind, reference) in collected.references.all() {
        let source = SecretSource::by(kind, reference.clone(), Ok(()), told.clone());
        let mut value = source.get().await?;
        if matches!(kind, SecretKind::PublishableKey | SecretKind::SecretKey) {
            let key = given::api_key(&value, &source.source())?.value;
            if let Some(why) = key::wrong(kind, &key) {
                let what = format!("What {reference} gives is no {}.", kind.title());
                return Err(Problem::new(Kind::Usage, what, why).with_hint(
                    "A publishable key is given with --key, a secret key with --secret-key.",
                ));
            }
            value = key.expose().to_owned().into();
        }
        match kind {
            SecretKind::PublishableKey => settings.publishable_key = Some(value),
            SecretKind::SecretKey => settings.secret_key = Some(value),
            SecretKind::DatabaseUrl => settings.db_url = Some(value),
            SecretKind::AccessToken | SecretKind::Session => {
                settings.access_token = Some(value);
                settings.is_token_typed = true;
            }
        }
    }
    Ok(settings)
}

fn refused(mut problem: Problem) -> Problem {
    problem.what = format!("The profile was not added. {}", problem.what);
    problem
        .hint
        .get_or_insert_with(|| "Add --no-check to keep it as it is.".to_owned());
    problem
}
