//! The keys of a project: each read where it came from, and put where its form belongs.

use super::secret_lookup::SecretLookup;
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
use crate::domain::text;
use secrecy::SecretString;

/// Reads the keys and sorts them by their form: a key in the wrong place is put into the right one, and the user is told. What
/// is looked up later is read then.
pub(super) async fn of(
    settings: &Settings,
    kept: &SecretLookup<'_>,
    url: &ProjectUrl,
    notes: &mut Vec<String>,
) -> Result<Keys, Problem> {
    let mut keys = Keys::default();
    let (mut publishable, mut secret) = (None, None);
    if let Some((key, source)) = typed(settings.key.as_ref(), "--key") {
        let key = read(key, &source, url, notes)?;
        if key.is_secret() {
            let what = holder(&source, "key", "secret key");
            let used = format!("{what}; it is used for the service role only.");
            keys.misplaced.publishable = Some(used);
            secret = Some((key, source));
        } else {
            publishable = Some((key, source));
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
    if let Some((key, source)) = publishable {
        if key.is_secret() {
            // Used as anon it would silently elevate every read.
            let what = holder(&source, "publishable key", "secret key");
            let used = format!("{what}; it is used for the service role only.");
            notes.push(used.clone());
            keys.misplaced.publishable = Some(used);
            keys.secret = Some(key.into());
        } else {
            keys.publishable = Some(key.into());
        }
    } else if keys.publishable.is_none() {
        notes.extend(keys.misplaced.publishable.clone());
    }
    if let Some((key, source)) = secret {
        if matches!(key.form(), KeyForm::Publishable | KeyForm::LegacyAnon) {
            let what = holder(&source, "secret key", "publishable key");
            let used = format!("{what}, which does not make the service role.");
            notes.push(used.clone());
            keys.misplaced.secret = Some(used);
            keys.publishable.get_or_insert(key.into());
        } else {
            keys.secret = Some(key.into());
        }
    }
    Ok(keys)
}

/// The beginning of a sentence: what holds a key that is of another kind than its place. A variable is named.
fn holder(source: &Source, place: &str, found: &str) -> String {
    match source {
        Source::Variable(name) => format!("{} holds a {found}", text::cell(name)),
        source => format!("{} is a {found}", source.of(&format!("The {place}"))),
    }
}

/// Reads a key that is known; one that is looked up when it is needed is put into its place as it is.
fn known_or_later(
    found: Option<SecretSource>,
    place: &mut Option<Key>,
    url: &ProjectUrl,
    notes: &mut Vec<String>,
) -> Result<Option<(ApiKey, Source)>, Problem> {
    let Some(source) = found else {
        return Ok(None);
    };
    if let Some(key) = source.if_known() {
        let key = read(key, &source.source(), url, notes)?;
        return Ok(Some((key, source.source())));
    }
    *place = Some(Key::From(Box::new((source, url.clone()))));
    Ok(None)
}

fn read(
    key: &SecretString,
    source: &Source,
    url: &ProjectUrl,
    notes: &mut Vec<String>,
) -> Result<ApiKey, Problem> {
    let given = given::api_key(key, source)?;
    if given::is_of_another_project(&given.value, url) {
        return Err(given::another_project(source));
    }
    notes.extend(given.note);
    Ok(given.value)
}

/// What another part of supadeck hands on: it was checked there.
fn handed(secret: Option<&SecretString>) -> Option<(&SecretString, Source)> {
    secret.map(|secret| (secret, Source::Code))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::{Settings, resolve};
    use crate::domain::production::of_project;
    use crate::domain::profile::{Profile, ProfileSet};
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    #[tokio::test]
    async fn a_domain_with_legacy_keys_of_a_production_project_is_that_project() {
        let home = tempfile::tempdir().unwrap();
        let key = |reference: &str| {
            let claims = format!(r#"{{"role":"service_role","ref":"{reference}"}}"#);
            format!(
                "eyJhbGciOiJIUzI1NiJ9.{}.c2ln",
                URL_SAFE_NO_PAD.encode(claims)
            )
        };
        let mut book = ProfileSet::default();
        let live = Profile {
            url: "https://abcdefghijklmnopqrst.supabase.co".into(),
            production: true,
            ..Profile::default()
        };
        book.profiles.insert("live".into(), live);
        for (reference, found) in [
            ("abcdefghijklmnopqrst", Some("live")),
            ("zyxwvutsrqponmlkjihg", None),
            ("local", None),
        ] {
            let settings = Settings {
                url: Some("https://api.example.org".into()),
                secret_key: Some(key(reference).into()),
                config_dir: Some(home.path().to_owned()),
                without_keyring: true,
                ..Settings::default()
            };
            let project = resolve(&settings).await.unwrap();
            assert_eq!(of_project(&book, &project.profile).as_deref(), found);
            assert_eq!(project.profile.project_ref, None, "no token is meant by it");
        }
    }
}
