//! Which project is meant, with which keys, as whom: from what was typed, the environment, the profile and the keyring.
//! Nothing here touches the network.

mod guarded;
mod kept;
mod settings;
#[cfg(test)]
mod tests;
mod way;

pub use guarded::Guarded;
pub use settings::{As, LeftOut, Settings, Variable, Variables};
pub use way::Way;

use super::auth::{GoTrue, Parts};
use super::clock::SystemClock;
use super::http::{Http, Limits};
use super::place;
use super::profiles::ProfileFile;
use super::rest::{Keys, PostgRest, host_of};
use super::secrets::Vault;
use crate::domain::identity::Identity;
use crate::domain::problem::{Kind, Problem};
use crate::domain::profile::{Book, Profile, check_url, is_in_the_clear, project_ref};
use crate::domain::secret::{ApiKey, Keeping, KeyForm, SecretKind};
use crate::ports::{Auth, Clock, Profiles, Rest, Secrets};
use kept::Kept;
use secrecy::SecretString;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

/// The end of the note that says where secrets are when there is no keyring.
pub const IN_MEMORY: &str = "Secrets are kept in memory.";

/// A project that can be worked with.
pub struct Project {
    /// The profile; one that was made up from a URL is called by its host.
    pub profile: Profile,
    /// Its REST interface.
    pub rest: Arc<dyn Rest>,
    /// Its Auth interface.
    pub auth: Arc<dyn Auth>,
    /// Where its secrets are kept.
    pub secrets: Arc<dyn Secrets>,
    /// Who reads at first. A user's session may turn out to have ended: see [`identity`].
    pub identity: Identity,
    /// The database URL with its password, where one is known.
    pub database_url: Option<SecretString>,
    /// The token for the Management API, where one is known.
    pub access_token: Option<SecretString>,
    /// Whether the token goes before a database URL, because it was typed and none was.
    pub is_token_meant: bool,
    /// Where the Management API is, unless it is supabase.com's.
    pub api_url: Option<String>,
    /// Whether anon and users can read.
    pub has_publishable_key: bool,
    /// Whether the service role can be chosen.
    pub has_service_key: bool,
    /// What the user should know, as sentences.
    pub notes: Vec<String>,
    /// Whether the profile is one of the user's file, and its own way to the database is used.
    pub is_own_database: bool,
}

impl fmt::Debug for Project {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Project({} as {})",
            self.profile.url,
            self.identity.name()
        )
    }
}

/// The file with the profiles that these settings mean.
pub fn profiles(settings: &Settings) -> Result<Arc<dyn Profiles>, Problem> {
    Ok(Arc::new(ProfileFile::new(config_dir(settings)?)))
}

/// Where secrets are kept under these settings. One place for the whole program: without a keyring, what one part of it
/// keeps in memory has to be there for the others.
pub fn secrets(settings: &Settings) -> Arc<dyn Secrets> {
    static USUAL: LazyLock<Arc<Vault>> = LazyLock::new(|| Arc::new(Vault::from_environment()));
    static IN_MEMORY: LazyLock<Arc<Vault>> = LazyLock::new(|| Arc::new(Vault::memory()));
    let vault = if settings.without_keyring {
        &IN_MEMORY
    } else {
        &USUAL
    };
    Arc::clone(vault) as Arc<dyn Secrets>
}

/// Finds out which project is meant. No profile and no URL is a problem whose hint says how to get either.
pub async fn resolve(settings: &Settings) -> Result<Project, Problem> {
    resolve_with(settings, secrets(settings), Limits::default()).await
}

/// The same with secrets kept elsewhere and with other bounds for requests.
pub async fn resolve_with(
    settings: &Settings,
    secrets: Arc<dyn Secrets>,
    limits: Limits,
) -> Result<Project, Problem> {
    let dir = config_dir(settings);
    let found = find(settings, dir.as_ref().ok()).await?;
    let mut notes = Vec::new();
    if is_in_the_clear(&found.profile.url) {
        notes.push("The URL is not encrypted: keys and rows can be read on the way.".to_owned());
    }
    let kept = Kept {
        secrets: &*secrets,
        profile: found.owns_secrets.then_some(&found.profile),
        is_ours: settings.variables.name_project,
    };
    let keys = keys(settings, &kept, &mut notes).await?;
    let database_url = kept
        .or(
            settings.db_url.as_ref(),
            settings.variables.db_url.as_ref(),
            SecretKind::DatabaseUrl,
            &mut notes,
        )
        .await?;
    let access_token = kept
        .or(
            settings.access_token.as_ref(),
            None,
            SecretKind::AccessToken,
            &mut notes,
        )
        .await?;

    let is_own_database = found.owns_secrets && settings.db_url.is_none();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let http = Arc::new(Http::new(limits));
    let auth = GoTrue::new(Parts {
        url: found.profile.url.clone(),
        key: keys.publishable.clone(),
        http: Arc::clone(&http),
        secrets: Arc::clone(&secrets),
        profile: found.profile.name.clone(),
        lock_dir: dir.ok(),
        clock: Arc::clone(&clock),
    });
    let identity = first_identity(settings.as_, &keys, &auth).await?;
    if let Keeping::Memory(why) = secrets.keeping().await? {
        notes.push(format!("{why} {IN_MEMORY}"));
    }
    let (has_publishable_key, has_service_key) =
        (keys.publishable.is_some(), keys.secret.is_some());
    let rest = PostgRest::new(
        &found.profile.url,
        keys,
        http,
        Arc::new(auth.clone()),
        clock,
    );
    Ok(Project {
        profile: found.profile,
        rest: Arc::new(rest),
        auth: Arc::new(auth),
        secrets,
        identity,
        database_url,
        access_token,
        is_token_meant: settings.is_token_typed && settings.db_url.is_none(),
        api_url: settings.api_url.clone(),
        has_publishable_key,
        has_service_key,
        notes,
        is_own_database,
    })
}

/// Who reads now: a user's session is refreshed when it is about to end, and one that has ended is a problem once
/// and anon from then on.
pub async fn identity(project: &Project) -> Result<Identity, Problem> {
    match &project.identity {
        Identity::User(_) => project.auth.current().await,
        other => Ok(other.clone()),
    }
}

fn config_dir(settings: &Settings) -> Result<PathBuf, Problem> {
    match &settings.config_dir {
        Some(dir) => Ok(dir.clone()),
        None => place::config_dir(),
    }
}

/// A profile, and whether the keyring's secrets under its name are meant for its URL.
struct Found {
    profile: Profile,
    owns_secrets: bool,
}

async fn find(settings: &Settings, dir: Option<&PathBuf>) -> Result<Found, Problem> {
    let typed = settings.url.as_deref().map(check_url).transpose()?;
    let book = match dir {
        Some(dir) => match (ProfileFile::new(dir).read().await, &typed) {
            (Ok(book), _) => book,
            // A broken file must not keep anybody from a project that was named in full.
            (Err(_), Some(_)) if settings.profile.is_none() => Book::default(),
            (Err(problem), _) => return Err(problem),
        },
        None => Book::default(),
    };
    let wanted = settings.profile.as_deref();
    // A URL that was typed is enough; the profile in use has nothing to do with it unless it was named or has that URL.
    let stored = match (book.find(wanted), &typed) {
        (Ok(stored), _) => stored,
        (Err(_), Some(_)) if wanted.is_none() => None,
        (Err(problem), _) => return Err(problem),
    };
    let mut found = match (stored, typed) {
        (Some(mut profile), Some(url)) => {
            let stored_url = check_url(&profile.url)?;
            if stored_url == url {
                profile.url = url;
                Found {
                    profile,
                    owns_secrets: true,
                }
            } else if wanted.is_some() {
                // The name and the directory of the profile, but none of its keys: they are for another host.
                profile.project_ref = project_ref(&url);
                host_of(&url).clone_into(&mut profile.name);
                profile.url = url;
                Found {
                    profile,
                    owns_secrets: false,
                }
            } else {
                made_up(url)
            }
        }
        (Some(mut profile), None) => {
            profile.url = check_url(&profile.url)?;
            Found {
                profile,
                owns_secrets: true,
            }
        }
        (None, Some(url)) => made_up(url),
        (None, None) => return Err(book.none_in_use()),
    };
    if let Some(dir) = &settings.dir {
        found.profile.dir = Some(dir.clone());
    }
    Ok(found)
}

/// A profile from a URL alone. It owns the secrets under its host's name: a session that `login` kept.
fn made_up(url: String) -> Found {
    let profile = Profile {
        name: host_of(&url).to_owned(),
        project_ref: project_ref(&url),
        url,
        ..Profile::default()
    };
    Found {
        profile,
        owns_secrets: false,
    }
}

/// Sorts the keys by their form: a key in the wrong place is put into the right one, and the user is told.
async fn keys(
    settings: &Settings,
    kept: &Kept<'_>,
    notes: &mut Vec<String>,
) -> Result<Keys, Problem> {
    let mut keys = Keys::default();
    let typed = settings.key.as_ref().map(ApiKey::new);
    let (mut publishable, mut secret) = match typed {
        Some(key) if key.is_secret() => (None, Some(key)),
        Some(key) => (Some(key), None),
        None => (None, None),
    };
    if publishable.is_none() {
        let found = kept
            .or(
                settings.publishable_key.as_ref(),
                settings.variables.publishable_key.as_ref(),
                SecretKind::PublishableKey,
                notes,
            )
            .await?;
        publishable = found.as_ref().map(ApiKey::new);
    }
    if secret.is_none() {
        let found = kept
            .or(
                settings.secret_key.as_ref(),
                settings.variables.secret_key.as_ref(),
                SecretKind::SecretKey,
                notes,
            )
            .await?;
        secret = found.as_ref().map(ApiKey::new);
    }
    for key in [&publishable, &secret].into_iter().flatten() {
        if key.form() == KeyForm::OtherToken {
            return Err(no_key());
        }
    }
    if let Some(key) = publishable {
        if key.is_secret() {
            // Used as anon it would silently elevate every read.
            notes.push(
                "The publishable key is a secret key; it is used for the service role only."
                    .to_owned(),
            );
            keys.secret = Some(key);
        } else {
            keys.publishable = Some(key);
        }
    }
    if let Some(key) = secret {
        if matches!(key.form(), KeyForm::Publishable | KeyForm::LegacyAnon) {
            notes.push(
                "The secret key is a publishable key; it does not make the service role."
                    .to_owned(),
            );
            keys.publishable.get_or_insert(key);
        } else {
            keys.secret = Some(key);
        }
    }
    Ok(keys)
}

/// Sent as a key, such a token would decide the role behind the back of the identity that is shown.
fn no_key() -> Problem {
    Problem::new(
        Kind::Config,
        "The project's key cannot be used.",
        "It is a token of another role than anon and service_role, such as a user's.",
    )
    .with_hint("Copy the publishable key from the project's settings; users sign in with `supadeck login`.")
}

/// Who reads at first. The service role only when it was asked for: nothing is ever silently elevated.
async fn first_identity(
    wanted: Option<As>,
    keys: &Keys,
    auth: &GoTrue,
) -> Result<Identity, Problem> {
    match wanted {
        Some(As::Anon) => Ok(Identity::Anon),
        Some(As::Service) if keys.secret.is_some() => Ok(Identity::Service),
        Some(As::Service) => Err(Problem::new(
            Kind::Config,
            "The service role cannot be used.",
            "The project's secret key is not known.",
        )
        .with_hint("Set SUPABASE_SECRET_KEY, or keep it with `supadeck profile add`.")),
        Some(As::User) => auth.stored_identity().await?.ok_or_else(|| {
            Problem::new(
                Kind::Auth,
                "Nobody is signed in.",
                "No session is kept for this project.",
            )
            .with_hint(crate::adapters::auth::HOW_TO_SIGN_IN)
        }),
        None => Ok(auth.stored_identity().await?.unwrap_or(Identity::Anon)),
    }
}
