//! The checks of the first-run guide, and storing what it found.

use super::Start;
use crate::adapters::connect::{self, Settings};
use crate::adapters::postgres::PgDatabase;
use crate::app::effect::Setup;
use crate::app::msg::Verdict;
use crate::app::secret::Secret;
use crate::domain::identity::Identity;
use crate::domain::problem::{Kind, Problem};
use crate::domain::profile::{Profile, check_name, check_url};
use crate::domain::secret::{ApiKey, SecretKind};
use crate::ops::profile::{self, NewProfile};
use crate::ports::Database;

/// One verdict a field: name, URL, key, database URL.
pub(super) async fn check(start: &Start, setup: Setup) -> Vec<Verdict> {
    let name = check_new_name(start, &setup).await;
    let name = verdict(&setup.name, || name.map(|()| "the name is free".to_owned()));
    let url = check_url(&setup.url);
    let (url_verdict, key_verdict) = match (&url, setup.url.is_empty()) {
        (_, true) => (Verdict::Empty, Verdict::Empty),
        (Err(problem), false) => (bad(problem), Verdict::Empty),
        (Ok(url), false) => check_project(start, url, &setup.key).await,
    };
    let database = if setup.db_url.is_empty() {
        Verdict::Empty
    } else {
        check_database(start, &setup.db_url).await
    };
    vec![name, url_verdict, key_verdict, database]
}

/// A name that no profile of another project has. One of the same project may be stored again: its last opening may
/// have failed half-way.
async fn check_new_name(start: &Start, setup: &Setup) -> Result<(), Problem> {
    check_name(&setup.name)?;
    if is_same_project(start, setup).await? == Some(false) {
        return Err(Problem::new(
            Kind::Config,
            format!("There is a profile `{}` already.", setup.name),
            "It belongs to another project; choose another name.",
        ));
    }
    Ok(())
}

/// Whether the profile of that name, if there is one, is of the same project.
async fn is_same_project(start: &Start, setup: &Setup) -> Result<Option<bool>, Problem> {
    let book = connect::profiles(&start.settings)?.read().await?;
    let wanted = check_url(&setup.url).ok();
    Ok(book
        .profiles
        .get(&setup.name)
        .map(|profile| Some(&profile.url) == wanted.as_ref()))
}

fn verdict(text: &str, check: impl FnOnce() -> Result<String, Problem>) -> Verdict {
    match check() {
        _ if text.is_empty() => Verdict::Empty,
        Ok(good) => Verdict::Good(good),
        Err(problem) => bad(&problem),
    }
}

fn bad(problem: &Problem) -> Verdict {
    Verdict::Bad(problem.to_string())
}

/// Asks Auth for its health, which wants the URL only, then REST, which wants the key.
async fn check_project(start: &Start, url: &str, key: &Secret) -> (Verdict, Verdict) {
    if ApiKey::new(key.as_inner()).is_secret() {
        let text = "This is a secret key: it bypasses Row Level Security. Paste the publishable or anon key.";
        return (Verdict::Empty, Verdict::Bad(text.into()));
    }
    let settings = Settings {
        url: Some(url.to_owned()),
        publishable_key: (!key.is_empty()).then(|| key.as_inner().clone()),
        config_dir: start.settings.config_dir.clone(),
        without_keyring: true,
        postgres: start.settings.postgres.clone(),
        ..Settings::default()
    };
    let project = match connect::resolve(&settings).await {
        Ok(project) => project,
        Err(problem) => return (bad(&problem), Verdict::Empty),
    };
    let rest = project.rest.ping(&Identity::Anon).await;
    match (rest, key.is_empty()) {
        (Ok(_), false) => (
            Verdict::Good("it answers".into()),
            Verdict::Good("it is accepted".into()),
        ),
        (Ok(_), true) => (Verdict::Good("it answers".into()), Verdict::Empty),
        (Err(problem), is_empty) if problem.kind == Kind::Auth => {
            let key = if is_empty {
                Verdict::Empty
            } else {
                bad(&problem)
            };
            (Verdict::Good("it answers".into()), key)
        }
        (Err(problem), _) => (bad(&problem), Verdict::Empty),
    }
}

async fn check_database(start: &Start, url: &Secret) -> Verdict {
    let database = match PgDatabase::parse_with(url.as_inner(), &start.settings.postgres) {
        Ok(database) => database,
        Err(problem) => return bad(&problem),
    };
    match database.history().await {
        Ok(history) => {
            let target = history.target;
            Verdict::Good(format!(
                "PostgreSQL {} as {}",
                target.server_version, target.role
            ))
        }
        Err(problem) => bad(&problem),
    }
}

/// Stores the profile and its secrets, and returns the settings that open it.
pub(super) async fn save(start: &Start, setup: &Setup) -> Result<Settings, Problem> {
    let profiles = connect::profiles(&start.settings)?;
    let secrets = connect::secrets(&start.settings);
    let mut kept = vec![(SecretKind::PublishableKey, setup.key.as_inner().clone())];
    if !setup.db_url.is_empty() {
        kept.push((SecretKind::DatabaseUrl, setup.db_url.as_inner().clone()));
    }
    let new = NewProfile {
        profile: Profile {
            name: setup.name.clone(),
            url: check_url(&setup.url)?,
            dir: start.settings.dir.clone(),
            ..Profile::default()
        },
        secrets: kept,
        is_default: true,
        replace: is_same_project(start, setup).await? == Some(true),
    };
    profile::add(&*profiles, &*secrets, new).await?;
    // Without a keyring the secrets just stored are known to this process only: they are handed on.
    Ok(Settings {
        profile: Some(setup.name.clone()),
        publishable_key: Some(setup.key.as_inner().clone()),
        db_url: (!setup.db_url.is_empty()).then(|| setup.db_url.as_inner().clone()),
        dir: start.settings.dir.clone(),
        config_dir: start.settings.config_dir.clone(),
        without_keyring: start.settings.without_keyring,
        postgres: start.settings.postgres.clone(),
        ..Settings::default()
    })
}
