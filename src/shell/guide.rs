//! The checks of the first-run guide, and storing what it found.

use super::Start;
use crate::adapters::connect::{self, Settings};
use crate::adapters::postgres::PgDatabase;
use crate::app::effect::Setup;
use crate::app::msg::Verdict;
use crate::app::secret::Secret;
use crate::domain::database_url;
use crate::domain::given;
use crate::domain::identity::Identity;
use crate::domain::problem::{Kind, Problem};
use crate::domain::profile::{Profile, check_name};
use crate::domain::project_url::ProjectUrl;
use crate::domain::secret::SecretKind;
use crate::domain::source::Source;
use crate::ops::profile::{self, NewProfile};
use crate::ports::Database;
use secrecy::SecretString;

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
    let database = if setup.db_url.is_empty() {
        Verdict::Empty
    } else {
        check_database(&setup.db_url).await
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
fn publishable_key(url: &ProjectUrl, key: &Secret) -> Result<SecretString, Problem> {
    let source = Source::Answer("Publishable key");
    let key = given::api_key(key.as_inner(), &source)?.value;
    if key.is_secret() {
        return Err(Problem::new(
            Kind::Config,
            "The key cannot be used.",
            "This is a secret key: it bypasses Row Level Security.",
        )
        .with_hint("Paste the publishable or anon key."));
    }
    let is_foreign = url
        .project_ref()
        .is_some_and(|own| given::is_of_another_project(&key, own));
    if is_foreign {
        return Err(given::another_project(&source));
    }
    Ok(key.expose().to_owned().into())
}

/// Asks Auth for its health, which wants the URL only, then REST, which wants the key.
async fn check_project(start: &Start, url: &ProjectUrl, key: &Secret) -> (Verdict, Verdict) {
    let read = (!key.is_empty())
        .then(|| publishable_key(url, key))
        .transpose();
    let publishable_key = match read {
        Ok(key) => key,
        Err(problem) => return (Verdict::Empty, unusable(&problem)),
    };
    let settings = Settings {
        url: Some(url.to_string()),
        publishable_key,
        config_dir: start.settings.config_dir.clone(),
        without_keyring: true,
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

async fn check_database(url: &Secret) -> Verdict {
    let source = Source::Answer("Database URL");
    let database = match PgDatabase::parse_from(url.as_inner(), &source) {
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

/// Stores the profile and its secrets, and returns the settings that open it.
pub(super) async fn save(start: &Start, setup: &Setup) -> Result<Settings, Problem> {
    let profiles = connect::profiles(&start.settings)?;
    let secrets = connect::secrets(&start.settings);
    let url = project_url(setup)?;
    let key = publishable_key(&url, &setup.key)?;
    let db_url: Option<SecretString> = (!setup.db_url.is_empty()).then(|| {
        database_url::trimmed(setup.db_url.expose())
            .0
            .to_owned()
            .into()
    });
    let mut kept = vec![(SecretKind::PublishableKey, key.clone())];
    if let Some(url) = &db_url {
        kept.push((SecretKind::DatabaseUrl, url.clone()));
    }
    let new = NewProfile {
        profile: Profile {
            name: setup.name.clone(),
            url: url.to_string(),
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
        publishable_key: Some(key),
        db_url,
        dir: start.settings.dir.clone(),
        config_dir: start.settings.config_dir.clone(),
        without_keyring: start.settings.without_keyring,
        ..Settings::default()
    })
}
