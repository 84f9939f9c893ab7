//! The checks of the first-run guide, and storing what it found.

use super::Start;
use crate::adapters::connect::{self, Settings};
use crate::adapters::postgres::PgDatabase;
use crate::adapters::secrets::SecretSource;
use crate::app::effect::Setup;
use crate::app::msg::Verdict;
use crate::app::secret::Secret;
use crate::domain::database_url;
use crate::domain::given;
use crate::domain::identity::Identity;
use crate::domain::problem::{Kind, Problem};
use crate::domain::profile::{Profile, check_name};
use crate::domain::project_url::ProjectUrl;
use crate::domain::reference::{REFERENCE_FORMS, Reference, References, is_reference};
use crate::domain::secret::{SecretKind, StoredIn};
use crate::domain::source::Source;
use crate::ops::profile::{self, NewProfile};
use crate::ops::session;
use crate::ports::Database;
use secrecy::{ExposeSecret, SecretString};

/// One verdict a field: name, URL, key, database URL.
pub(super) async fn check(start: &Start, setup: Setup) -> Vec<Verdict> {
    let name = check_new_name(start, &setup).await;
    let name = verdict(&setup.name, || name.map(|()| "the name is free".to_owned()));
    let url = project_url(&setup);
    let (url_verdict, key_verdict) = match (&url, setup.url.is_empty()) {
        (_, true) => (Verdict::Empty, Verdict::Empty),
        (Err(problem), false) => (unusable(problem), Verdict::Empty),
        (Ok(url), false) => check_project(start, url, &setup.key).await,
    };
    let database = check_database(start, &setup.db_url).await;
    let key_verdict = with_where(start, &setup.key, key_verdict).await;
    let database = with_where(start, &setup.db_url, database).await;
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
    let wanted = project_url(setup).ok();
    let is_wanted = |profile: &Profile| {
        let url = wanted.as_ref().map(ProjectUrl::as_str);
        Some(profile.url.as_str()) == url
    };
    Ok(book.profiles.get(&setup.name).map(is_wanted))
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

/// What cannot be used as it was typed: why, and what is wanted.
fn unusable(problem: &Problem) -> Verdict {
    let hint = problem.hint.as_deref().unwrap_or_default();
    Verdict::Bad(format!("{} {hint}", problem.why).trim_end().to_owned())
}

fn project_url(setup: &Setup) -> Result<ProjectUrl, Problem> {
    ProjectUrl::read(&setup.url, &Source::Answer("Project URL"))
}

/// The publishable key, without what was pasted around it.
fn publishable_key(url: &ProjectUrl, key: &SecretString) -> Result<SecretString, Problem> {
    let source = Source::Answer("Publishable key");
    let key = given::api_key(key, &source)?.value;
    if key.is_secret() {
        return Err(Problem::new(
            Kind::Config,
            "The key cannot be used.",
            "This is a secret key: it bypasses Row Level Security.",
        )
        .with_hint("Paste the publishable or anon key."));
    }
    if given::is_of_another_project(&key, url) {
        return Err(given::another_project(&source));
    }
    Ok(key.expose().to_owned().into())
}

/// Asks Auth for its health, which wants the URL only, then REST, which wants the key.
async fn check_project(start: &Start, url: &ProjectUrl, key: &Secret) -> (Verdict, Verdict) {
    let read = match value(start, SecretKind::PublishableKey, key).await {
        Ok(found) if found.expose_secret().is_empty() => Ok(None),
        Ok(found) => publishable_key(url, &found).map(Some),
        // What the reference gives may be mended without the URL: that is asked all the same.
        Err(problem) => Err(problem),
    };
    let (publishable_key, refused) = match read {
        Ok(key) => (key, None),
        Err(problem) => (None, Some(unusable(&problem))),
    };
    let is_empty = publishable_key.is_none();
    let settings = Settings {
        url: Some(url.to_string()),
        publishable_key,
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
    let (url, key) = match (rest, is_empty) {
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
    };
    (url, refused.unwrap_or(key))
}

/// What was typed, or what it refers to.
async fn value(start: &Start, kind: SecretKind, typed: &Secret) -> Result<SecretString, Problem> {
    match reference(typed)? {
        None => Ok(typed.as_inner().clone()),
        Some(reference) => {
            let told = start.settings.told.clone();
            SecretSource::by(kind, reference, Ok(()), told).get().await
        }
    }
}

fn reference(typed: &Secret) -> Result<Option<Reference>, Problem> {
    let is_one = is_reference(typed.expose());
    is_one.then(|| Reference::parse(typed.expose())).transpose()
}

/// A good verdict with what becomes of the secret where no keyring keeps it.
async fn with_where(start: &Start, typed: &Secret, verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Good(text) if !is_reference(typed.expose()) && !has_keyring(start).await => {
            Verdict::Good(format!("{text}; no keyring keeps it: for this run only"))
        }
        verdict => verdict,
    }
}

async fn has_keyring(start: &Start) -> bool {
    let secrets = connect::secrets(&start.settings);
    matches!(secrets.keeping().await, Ok(StoredIn::Keyring))
}

async fn check_database(start: &Start, url: &Secret) -> Verdict {
    if url.is_empty() {
        return Verdict::Empty;
    }
    let source = Source::Answer("Database URL");
    let found = value(start, SecretKind::DatabaseUrl, url).await;
    let read =
        found.and_then(|url| PgDatabase::parse_from(&url, &source, &start.settings.postgres));
    let database = match read {
        Ok(database) => database,
        Err(problem) => return unusable(&problem),
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

/// Stores the profile with its secrets or references, and returns the settings that open it, with what is to be known.
/// Where something would be lost, because it was typed in full and no keyring keeps it, no profile is stored.
pub(super) async fn save(
    start: &Start,
    setup: &Setup,
) -> Result<(Settings, Option<String>), Problem> {
    let url = project_url(setup)?;
    let mut references = References::default();
    let mut kept = Vec::new();
    match reference(&setup.key)? {
        Some(reference) => references.put(SecretKind::PublishableKey, reference),
        None if setup.key.is_empty() => {}
        None => kept.push((
            SecretKind::PublishableKey,
            publishable_key(&url, setup.key.as_inner())?,
        )),
    }
    match reference(&setup.db_url)? {
        Some(reference) => references.put(SecretKind::DatabaseUrl, reference),
        None if setup.db_url.is_empty() => {}
        None => {
            let (bare, _) = database_url::trimmed(setup.db_url.expose());
            kept.push((SecretKind::DatabaseUrl, bare.to_owned().into()));
        }
    }
    let settings = Settings {
        dir: start.settings.dir.clone(),
        config_dir: start.settings.config_dir.clone(),
        without_keyring: start.settings.without_keyring,
        told: start.settings.told.clone(),
        postgres: start.settings.postgres.clone(),
        ..Settings::default()
    };
    if !kept.is_empty() && !has_keyring(start).await {
        let key = value(start, SecretKind::PublishableKey, &setup.key).await?;
        let db_url = value(start, SecretKind::DatabaseUrl, &setup.db_url).await?;
        let settings = Settings {
            url: Some(url.to_string()),
            publishable_key: Some(key),
            db_url: Some(db_url).filter(|url| !url.expose_secret().is_empty()),
            ..settings
        };
        let note = format!(
            "This project is open for this run only: no keyring keeps what was typed, so no profile was stored. {REFERENCE_FORMS} in its place is kept."
        );
        return Ok((settings, Some(note)));
    }
    let session = connect::session_of(&start.settings, &setup.name).await;
    let note = session::end_stored(session.as_ref()).await;
    let new = NewProfile {
        profile: Profile {
            name: setup.name.clone(),
            url: url.to_string(),
            dir: start.settings.dir.clone(),
            secrets: references,
            ..Profile::default()
        },
        secrets: kept,
        is_default: true,
        replace: is_same_project(start, setup).await? == Some(true),
    };
    let profiles = connect::profiles(&start.settings)?;
    let secrets = connect::secrets(&start.settings);
    profile::add(&*profiles, &*secrets, new).await?;
    let settings = Settings {
        profile: Some(setup.name.clone()),
        ..settings
    };
    Ok((settings, note))
}
