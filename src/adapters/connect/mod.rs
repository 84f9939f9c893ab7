//! Which project is meant, with which keys, as whom: from what was typed, the environment, the profile and the keyring.
//! Nothing here touches the network.

mod guarded;
mod keys;
mod read_only;
mod secret_lookup;
mod settings;
mod stored;
#[cfg(test)]
mod tests;
mod transport;

pub use guarded::Guarded;
pub use settings::{Account, IgnoredVariables, RoleChoice, Settings, Variable, Variables};
pub use stored::session_of;
pub use transport::Transport;

pub use super::auth::not_signed_in;
use super::auth::{GoTrue, Parts};
use super::clock::SystemClock;
use super::config_dir;
use super::http::{Http, Limits};
use super::postgres::PgVariables;
use super::profiles::ProfileFile;
use super::rest::{Keys, Misplaced, PostgRest, no_secret_key};
use super::secrets::{SecretSource, SecretStore, Trust};
use crate::domain::given;
use crate::domain::identity::Identity;
use crate::domain::kept::KeptUsers;
use crate::domain::problem::{Kind, Problem};
use crate::domain::profile::{Profile, ProfileSet};
use crate::domain::project_url::ProjectUrl;
use crate::domain::reference::References;
use crate::domain::secret::{SecretKind, StoredIn};
use crate::domain::source::Source;
use crate::ports::{Auth, Clock, Profiles, Rest, Secrets};
use read_only::ReadOnly;
use secrecy::SecretString;
use secret_lookup::SecretLookup;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

/// The end of the note that says where secrets are when there is no keyring.
pub const IN_MEMORY: &str = "Secrets are kept in memory.";

/// A project that can be worked with.
pub struct Project {
    /// The profile; one that was made up from a URL is called by its host.
    pub profile: Profile,
    /// Its URL, parsed.
    pub url: ProjectUrl,
    /// Its REST interface.
    pub rest: Arc<dyn Rest>,
    /// Its Auth interface.
    pub auth: Arc<dyn Auth>,
    /// Where its secrets are kept.
    pub secrets: Arc<dyn Secrets>,
    /// Who reads at first. A user's session may turn out to have ended: see [`identity`].
    pub identity: Identity,
    /// The users whose sessions are kept.
    pub kept: KeptUsers,
    /// The database URL with its password, where one is known.
    pub database_url: Option<SecretSource>,
    /// The token for the Management API, where one is known.
    pub access_token: Option<SecretSource>,
    /// Where the profile says that its secrets come from; nothing was looked up yet.
    pub references: Vec<SecretSource>,
    /// Whether the token goes before a database URL, because it was typed and none was.
    pub is_token_meant: bool,
    /// Where the Management API is, unless it is supabase.com's.
    pub api_url: Option<String>,
    /// What the environment says about connections to its database.
    pub postgres: PgVariables,
    /// Whether anon and users can read.
    pub has_publishable_key: bool,
    /// Whether the service role can be chosen.
    pub has_service_key: bool,
    /// Whether the project's JWT secret is known, so that one can act as any user.
    pub can_act: bool,
    /// Whether a JWT secret is set that no SUPABASE_URL goes with.
    pub has_unnamed_jwt_secret: bool,
    /// Why a key is missing although one was given in its place.
    pub misplaced: Misplaced,
    /// What the user should know, as sentences.
    pub notes: Vec<String>,
    /// Whether the profile is one of the user's file, and its own way to the database is used.
    pub is_own_database: bool,
}

impl Project {
    /// Its profile's name, where that is a read-only one.
    pub fn read_only(&self) -> Option<String> {
        let profile = &self.profile;
        profile.read_only.then(|| profile.name.clone())
    }
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
    static USUAL: LazyLock<Arc<SecretStore>> =
        LazyLock::new(|| Arc::new(SecretStore::from_environment()));
    static IN_MEMORY: LazyLock<Arc<SecretStore>> =
        LazyLock::new(|| Arc::new(SecretStore::memory()));
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
    let mut found = find(settings, dir.as_ref().ok()).await?;
    let mut notes = Vec::new();
    if found.url.is_in_the_clear() {
        notes.push("The URL is not encrypted: keys and rows can be read on the way.".to_owned());
    }
    let kept = SecretLookup {
        secrets: &*secrets,
        profile: found.owns_secrets.then_some(&found.profile),
        is_ours: settings.variables.name_project,
        trust: found.trust.clone(),
        told: settings.told.clone(),
    };
    let keys = keys::of(settings, &kept, &found.url, &mut notes).await?;
    let ref_of_keys = keys.project_ref();
    let database_url = kept
        .or(
            typed(settings.db_url.as_ref(), "--db-url"),
            settings.variables.db_url.as_ref(),
            SecretKind::DatabaseUrl,
            &mut notes,
        )
        .await?;
    let token = settings.access_token.as_ref().map(|token| {
        let source = if settings.is_token_typed {
            Source::Option("--access-token")
        } else {
            Source::variable("SUPABASE_ACCESS_TOKEN")
        };
        (token, source)
    });
    let access_token = kept
        .or(token, None, SecretKind::AccessToken, &mut notes)
        .await?;
    if let Some(source) = &access_token
        && let Some(token) = source.if_known()
        // One that is none is refused where it would be sent.
        && let Ok(given) = given::access_token(token, &source.source())
    {
        notes.extend(given.note);
    }

    let references = kept.references();
    if found.url.project_ref().is_none() && found.profile.database_ref.is_none() {
        // Behind a domain of its own, a hosted project is known by what its legacy keys say.
        found.profile.database_ref = ref_of_keys;
    }

    // A secret that signs for every user goes to no project that it may not belong to: SUPABASE_URL has to name it.
    let is_named = settings.variables.name_project || !found.owns_secrets;
    let variable = settings.variables.jwt_secret.as_ref().filter(|_| is_named);
    let jwt_secret = settings.jwt_secret.clone();
    let jwt_secret = jwt_secret.or_else(|| variable.map(|variable| variable.value.clone()));
    let can_act = jwt_secret.is_some();
    let has_unnamed_jwt_secret = !can_act && settings.variables.jwt_secret.is_some();

    let is_own_database = found.owns_secrets && settings.db_url.is_none();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let http = Arc::new(Http::new(limits));
    let auth = GoTrue::new(Parts {
        url: found.url.to_string(),
        key: keys.publishable.clone(),
        misplaced: keys.misplaced.publishable.clone(),
        http: Arc::clone(&http),
        secrets: if settings.session_for_run {
            Arc::new(SecretStore::memory())
        } else {
            Arc::clone(&secrets)
        },
        profile: found.profile.name.clone(),
        lock_dir: dir.ok(),
        clock: Arc::clone(&clock),
        jwt_secret: jwt_secret.clone(),
    });
    let title = found.profile.title();
    let (identity, kept) = first_identity(settings.as_.as_ref(), &keys, &auth, &title).await?;
    if let StoredIn::Memory(why) = secrets.keeping().await? {
        notes.push(format!("{why} {IN_MEMORY}"));
    }
    let (has_publishable_key, has_service_key) =
        (keys.publishable.is_some(), keys.secret.is_some());
    let misplaced = keys.misplaced.clone();
    let rest = PostgRest::new(
        found.url.as_str(),
        keys,
        http,
        Arc::new(auth.clone()),
        clock,
    );
    let rest: Arc<dyn Rest> = Arc::new(rest);
    let profile = found.profile;
    let rest = if profile.read_only {
        Arc::new(ReadOnly {
            inner: rest,
            profile: profile.name.clone(),
        })
    } else {
        rest
    };
    Ok(Project {
        profile,
        url: found.url,
        rest,
        auth: Arc::new(auth),
        secrets,
        identity,
        kept,
        database_url,
        access_token,
        references,
        is_token_meant: settings.is_token_typed && settings.db_url.is_none(),
        api_url: settings.api_url.clone(),
        postgres: settings.postgres.clone(),
        has_publishable_key,
        has_service_key,
        can_act,
        has_unnamed_jwt_secret,
        misplaced,
        notes,
        is_own_database,
    })
}

/// Who reads now: a user's session is refreshed when it is about to end, and one that has ended is a problem once
/// and anon from then on.
pub async fn identity(project: &Project) -> Result<Identity, Problem> {
    match &project.identity {
        who @ Identity::User(_) => project.auth.again(who).await,
        other => Ok(other.clone()),
    }
}

fn config_dir(settings: &Settings) -> Result<PathBuf, Problem> {
    match &settings.config_dir {
        Some(dir) => Ok(dir.clone()),
        None => config_dir::config_dir(),
    }
}

/// What was typed for an option.
fn typed<'a>(
    secret: Option<&'a SecretString>,
    option: &'static str,
) -> Option<(&'a SecretString, Source)> {
    secret.map(|secret| (secret, Source::Option(option)))
}

/// A profile with its URL, and whether the keyring's secrets under its name are meant for it.
struct Meant {
    profile: Profile,
    url: ProjectUrl,
    owns_secrets: bool,
    /// Whether the commands of the profile may be run.
    trust: Trust,
}

impl Meant {
    fn of(profile: Profile, url: ProjectUrl, owns_secrets: bool) -> Self {
        Self {
            profile,
            url,
            owns_secrets,
            trust: Ok(()),
        }
    }
}

async fn find(settings: &Settings, dir: Option<&PathBuf>) -> Result<Meant, Problem> {
    let typed = settings
        .url
        .as_deref()
        .map(|url| ProjectUrl::read(url, &settings.url_source()))
        .transpose()?;
    let book = match dir {
        Some(dir) => match (ProfileFile::new(dir).read().await, &typed) {
            (Ok(book), _) => book,
            // A broken file must not keep anybody from a project that was named in full.
            (Err(_), Some(_)) if settings.profile.is_none() => ProfileSet::default(),
            (Err(problem), _) => return Err(problem),
        },
        None => ProfileSet::default(),
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
            let is_same = profile.project_url().is_ok_and(|stored| stored == url);
            if is_same || wanted.is_some() {
                if !is_same {
                    // The name and the directory of the profile, but none of its keys: they are for another host.
                    profile.project_ref = url.project_ref().map(str::to_owned);
                    url.host().clone_into(&mut profile.name);
                    profile.secrets = References::default();
                }
                profile.url = url.to_string();
                Meant::of(profile, url, is_same)
            } else {
                ad_hoc_profile(url)
            }
        }
        (Some(mut profile), None) => {
            let url = profile.project_url()?;
            profile.url = url.to_string();
            Meant::of(profile, url, true)
        }
        (None, Some(url)) => ad_hoc_profile(url),
        (None, None) => return Err(book.none_in_use()),
    };
    if settings.without_keyring {
        // Whoever keeps nothing of a profile looks nothing up for it either.
        found.profile.secrets = References::default();
    }
    if let Some(config) = dir
        && found
            .profile
            .secrets
            .all()
            .any(|(_, from)| from.is_command())
    {
        found.trust = ProfileFile::new(config).trust();
    }
    if let Some(dir) = &settings.dir {
        found.profile.dir = Some(dir.clone());
    }
    Ok(found)
}

/// A profile from a URL alone. It owns the secrets under its host's name: a session that `login` kept.
fn ad_hoc_profile(url: ProjectUrl) -> Meant {
    let profile = Profile {
        name: url.host().to_owned(),
        project_ref: url.project_ref().map(str::to_owned),
        url: url.to_string(),
        ..Profile::default()
    };
    Meant::of(profile, url, false)
}

/// Who reads at first, and who else is kept. The service role only when it was asked for: nothing is ever silently elevated.
async fn first_identity(
    wanted: Option<&RoleChoice>,
    keys: &Keys,
    auth: &GoTrue,
    project: &str,
) -> Result<(Identity, KeptUsers), Problem> {
    let mut kept = auth.kept().await?;
    let who = match wanted {
        // Whoever one acts as is looked up over the database, which is not known yet.
        Some(RoleChoice::Anon | RoleChoice::Acted(_)) => Identity::Anon,
        Some(RoleChoice::Service) if keys.secret.is_some() => Identity::Service,
        Some(RoleChoice::Service) => return Err(no_secret_key(keys.misplaced.secret.as_deref())),
        // Two accounts may have had one address.
        Some(RoleChoice::UserCalled(name)) => loop {
            let user = kept.called(name, project)?.clone();
            if auth.has_session(&user.id).await? {
                break Identity::User(user);
            }
            kept.remove(&user.id);
        },
        Some(RoleChoice::User) => loop {
            let Some(user) = kept.last_used().cloned() else {
                return Err(nobody_kept());
            };
            if auth.has_session(&user.id).await? {
                break Identity::User(user);
            }
            kept.remove(&user.id);
        },
        None => match kept.in_use().cloned() {
            Some(user) if auth.has_session(&user.id).await? => Identity::User(user),
            Some(user) => {
                kept.remove(&user.id);
                Identity::Anon
            }
            None => Identity::Anon,
        },
    };
    Ok((who, kept))
}

fn nobody_kept() -> Problem {
    Problem::new(
        Kind::Auth,
        "Nobody is signed in.",
        "No session is kept for this project.",
    )
    .with_hint(crate::adapters::auth::HOW_TO_SIGN_IN)
}
