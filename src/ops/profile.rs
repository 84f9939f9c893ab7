//! Profiles: which projects there are and which one is in use. Secrets go to the keyring, never into the file.

use crate::domain::hidden::shown;
use crate::domain::problem::{Kind, Problem};
use crate::domain::profile::{Profile, ProfileSet, check_name};
use crate::domain::secret::{SecretKind, StoredIn, bind};
use crate::ports::{Profiles, Secrets};
use secrecy::SecretString;

/// What a new or changed profile is made of.
#[derive(Debug, Default)]
pub struct NewProfile {
    /// The profile; its `project_ref` is filled in from the URL where it can be.
    pub profile: Profile,
    /// Secrets to keep with it.
    pub secrets: Vec<(SecretKind, SecretString)>,
    /// Whether it becomes the one in use.
    pub is_default: bool,
    /// Whether a profile of that name may be replaced.
    pub replace: bool,
}

/// What adding a profile did.
#[derive(Debug)]
pub struct Added {
    /// The profile as it was written.
    pub profile: Profile,
    /// Where its secrets went; `None` when there were none.
    pub keeping: Option<StoredIn>,
    /// Whether it is the one in use now.
    pub is_default: bool,
    /// What the profile before it had, kept or referred to, and this one has not.
    pub forgotten: Vec<SecretKind>,
}

/// Refuses a name that a profile has already, unless it may be replaced; asked before anybody is asked for the rest.
pub async fn check_free(profiles: &dyn Profiles, name: &str, replace: bool) -> Result<(), Problem> {
    let is_taken = profiles.read().await?.profiles.contains_key(name);
    if is_taken && !replace {
        return Err(already_there(name));
    }
    Ok(())
}

/// Refuses a name that no profile has.
pub async fn check_there(profiles: &dyn Profiles, name: &str) -> Result<(), Problem> {
    let book = profiles.read().await?;
    if book.profiles.contains_key(name) {
        return Ok(());
    }
    Err(book.no_such(name))
}

/// Adds a profile. The first one becomes the one in use. Whatever is kept under its name is forgotten first, and each
/// secret is kept with the profile's URL: a key must not reach another host than the one it was given for.
pub async fn add(
    profiles: &dyn Profiles,
    secrets: &dyn Secrets,
    new: NewProfile,
) -> Result<Added, Problem> {
    let mut profile = new.profile;
    check_name(&profile.name)?;
    let url = profile.project_url()?;
    profile.url = url.to_string();
    let reference = url.project_ref().map(str::to_owned);
    profile.project_ref = profile.project_ref.or(reference);
    let name = profile.name.clone();
    check_free(profiles, &name, new.replace).await?;
    let mut forgotten = Vec::new();
    for kind in SecretKind::ALL {
        let is_new = new.secrets.iter().any(|(new, _)| *new == kind);
        if !is_new
            && profile.secrets.of(kind).is_none()
            && had(profiles, secrets, &name, kind).await
        {
            forgotten.push(kind);
        }
    }
    forget(secrets, &name).await?;
    // Secrets first: a profile without its key is worse than a key without its profile.
    let mut keeping = None;
    for (kind, value) in &new.secrets {
        let kept = bind(&profile.url, value);
        keeping = Some(secrets.set(&name, *kind, &kept).await?);
    }
    let (written, replace, is_default) = (profile.clone(), new.replace, new.is_default);
    let edited = profiles.edit(Box::new(move |book| {
        if book.profiles.contains_key(&written.name) && !replace {
            return Err(already_there(&written.name));
        }
        if is_default || book.default.is_none() {
            book.default = Some(written.name.clone());
        }
        book.profiles.insert(written.name.clone(), written);
        Ok(())
    }));
    let book = edited.await?;
    let is_default = book.default.as_deref() == Some(&name);
    Ok(Added {
        profile,
        keeping,
        is_default,
        forgotten,
    })
}

/// Whether a secret is kept under a name, or the profile of that name refers to one. A keyring that refuses says nothing.
async fn had(profiles: &dyn Profiles, secrets: &dyn Secrets, name: &str, kind: SecretKind) -> bool {
    if let Ok(Some(_)) = secrets.get(name, kind).await {
        return true;
    }
    let book = profiles.read().await.unwrap_or_default();
    let before = book.profiles.get(name);
    before.is_some_and(|before| before.secrets.of(kind).is_some())
}

/// Every profile, and which one is in use.
pub async fn list(profiles: &dyn Profiles) -> Result<ProfileSet, Problem> {
    profiles.read().await
}

/// A profile by its name, or the one in use. `url_from` is what names the project by its URL, such as `SUPABASE_URL`: then
/// there need not be a profile.
pub async fn show(
    profiles: &dyn Profiles,
    name: Option<&str>,
    url_from: Option<&str>,
) -> Result<Profile, Problem> {
    let book = profiles.read().await?;
    book.find(name)?.ok_or_else(|| match url_from {
        Some(source) => without_profile(source),
        None => book.none_in_use(),
    })
}

fn without_profile(source: &str) -> Problem {
    Problem::new(
        Kind::Config,
        "No profile is in use.",
        format!("The project comes from {source}, which needs none."),
    )
    .with_hint("`supadeck doctor` checks that project; `supadeck profile add` keeps one.")
}

/// Forgets what the database of a profile was recognised by: the next connection keeps what it finds.
pub async fn accept_database(profiles: &dyn Profiles, name: &str) -> Result<(), Problem> {
    let wanted = name.to_owned();
    let edited = profiles.edit(Box::new(move |book| {
        let Some(profile) = book.profiles.get_mut(&wanted) else {
            return Err(book.no_such(&wanted));
        };
        profile.database_id = None;
        profile.database_ref = None;
        Ok(())
    }));
    edited.await.map(drop)
}

/// Makes a profile the one in use.
pub async fn use_(profiles: &dyn Profiles, name: &str) -> Result<Profile, Problem> {
    let wanted = name.to_owned();
    let edit = profiles.edit(Box::new(move |book| {
        if !book.profiles.contains_key(&wanted) {
            return Err(book.no_such(&wanted));
        }
        book.default = Some(wanted);
        Ok(())
    }));
    edit.await?;
    show(profiles, Some(name), None).await
}

/// Removes a profile and everything that is kept for it. Says whether the keyring was asked: with [`StoredIn::Memory`] it
/// was not, and may hold the secrets still.
pub async fn remove(
    profiles: &dyn Profiles,
    secrets: &dyn Secrets,
    name: &str,
) -> Result<StoredIn, Problem> {
    let book = profiles.read().await?;
    if !book.profiles.contains_key(name) {
        return Err(book.no_such(name));
    }
    // Secrets first: as long as the profile is there, a keyring that refused can be asked again.
    let keeping = forget(secrets, name).await?;
    let wanted = name.to_owned();
    let edit = profiles.edit(Box::new(move |book| {
        if book.profiles.remove(&wanted).is_none() {
            return Err(book.no_such(&wanted));
        }
        if book.default.as_deref() == Some(&wanted) {
            book.default = None;
        }
        Ok(())
    }));
    edit.await?;
    Ok(keeping)
}

/// Forgets every secret of a profile; one that stays does not keep the others. `Keeping` as in [`Secrets::remove`].
async fn forget(secrets: &dyn Secrets, name: &str) -> Result<StoredIn, Problem> {
    let mut outcome = Ok(StoredIn::Keyring);
    for kind in SecretKind::ALL {
        match secrets.remove(name, kind).await {
            Ok(StoredIn::Keyring) => {}
            Ok(memory) if outcome.is_ok() => outcome = Ok(memory),
            Ok(_) => {}
            Err(problem) => outcome = Err(problem),
        }
    }
    outcome
}

fn already_there(name: &str) -> Problem {
    Problem::new(
        Kind::Conflict,
        format!("There is a profile `{}` already.", shown(name)),
        "It was not changed.",
    )
    .with_hint("Take another name, or replace it on purpose.")
}
