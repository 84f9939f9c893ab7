//! The keys of a project: each from where it goes first, and put where its form belongs.

use super::kept::Kept;
use super::settings::Settings;
use crate::adapters::key::Key;
use crate::adapters::rest::Keys;
use crate::adapters::secrets::SecretSource;
use crate::domain::problem::{Kind, Problem};
use crate::domain::secret::{ApiKey, KeyForm, SecretKind};

/// Sorts the keys by their form: a key in the wrong place is put into the right one, and the user is told.
pub(super) async fn of(
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
        match found {
            Some(source) if source.reference().is_some() => {
                keys.publishable = Some(Key::From(source));
            }
            found => {
                publishable = found
                    .as_ref()
                    .and_then(SecretSource::if_known)
                    .map(ApiKey::new);
            }
        }
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
        match found {
            Some(source) if source.reference().is_some() => keys.secret = Some(Key::From(source)),
            found => {
                secret = found
                    .as_ref()
                    .and_then(SecretSource::if_known)
                    .map(ApiKey::new);
            }
        }
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

/// Sent as a key, such a token would decide the role behind the back of the identity that is shown.
fn no_key() -> Problem {
    Problem::new(
        Kind::Config,
        "The project's key cannot be used.",
        "It is a token of another role than anon and service_role, such as a user's.",
    )
    .with_hint("Copy the publishable key from the project's settings; users sign in with `supadeck login`.")
}
