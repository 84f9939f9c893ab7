//! The keys of a project: each read where it came from, and put where its form belongs.

use super::kept::Kept;
use super::settings::Settings;
use super::typed;
use crate::adapters::key::Key;
use crate::adapters::rest::Keys;
use crate::adapters::secrets::SecretSource;
use crate::domain::given;
use crate::domain::problem::Problem;
use crate::domain::project_url::ProjectUrl;
use crate::domain::secret::{ApiKey, KeyForm, SecretKind};
use crate::domain::source::Source;
use secrecy::SecretString;

/// Reads the keys and sorts them by their form: a key in the wrong place is put into the right one, and the user is told. What
/// is looked up later is read then.
pub(super) async fn of(
    settings: &Settings,
    kept: &Kept<'_>,
    url: &ProjectUrl,
    notes: &mut Vec<String>,
) -> Result<Keys, Problem> {
    let mut keys = Keys::default();
    let (mut publishable, mut secret) = (None, None);
    if let Some((key, source)) = typed(settings.key.as_ref(), "--key") {
        let key = read(key, &source, url, notes)?;
        if key.is_secret() {
            secret = Some(key);
        } else {
            publishable = Some(key);
        }
    }
    if publishable.is_none() {
        let found = kept
            .or(
                handed(settings.publishable_key.as_ref()),
                settings.variables.publishable_key.as_ref(),
                SecretKind::PublishableKey,
                notes,
            )
            .await?;
        publishable = known_or_later(found, &mut keys.publishable, url, notes)?;
    }
    if secret.is_none() {
        let found = kept
            .or(
                handed(settings.secret_key.as_ref()),
                settings.variables.secret_key.as_ref(),
                SecretKind::SecretKey,
                notes,
            )
            .await?;
        secret = known_or_later(found, &mut keys.secret, url, notes)?;
    }
    if let Some(key) = publishable {
        if key.is_secret() {
            // Used as anon it would silently elevate every read.
            notes.push(
                "The publishable key is a secret key; it is used for the service role only."
                    .to_owned(),
            );
            keys.secret = Some(key.into());
        } else {
            keys.publishable = Some(key.into());
        }
    }
    if let Some(key) = secret {
        if matches!(key.form(), KeyForm::Publishable | KeyForm::LegacyAnon) {
            notes.push(
                "The secret key is a publishable key; it does not make the service role."
                    .to_owned(),
            );
            keys.publishable.get_or_insert(key.into());
        } else {
            keys.secret = Some(key.into());
        }
    }
    Ok(keys)
}

/// Reads a key that is known; one that is looked up when it is needed is put into its place as it is.
fn known_or_later(
    found: Option<SecretSource>,
    place: &mut Option<Key>,
    url: &ProjectUrl,
    notes: &mut Vec<String>,
) -> Result<Option<ApiKey>, Problem> {
    let Some(source) = found else {
        return Ok(None);
    };
    if let Some(key) = source.if_known() {
        return read(key, &source.source(), url, notes).map(Some);
    }
    *place = Some(Key::From(source));
    Ok(None)
}

fn read(
    key: &SecretString,
    source: &Source,
    url: &ProjectUrl,
    notes: &mut Vec<String>,
) -> Result<ApiKey, Problem> {
    let given = given::api_key(key, source)?;
    let is_foreign = url
        .project_ref()
        .is_some_and(|own| given::is_of_another_project(&given.value, own));
    if is_foreign {
        return Err(given::another_project(source));
    }
    notes.extend(given.note);
    Ok(given.value)
}

/// What another part of supadeck hands on: it was checked there.
fn handed(secret: Option<&SecretString>) -> Option<(&SecretString, Source)> {
    secret.map(|secret| (secret, Source::Code))
}
