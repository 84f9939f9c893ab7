//! The session that is stored under a profile's name, for whoever removes or replaces the profile.

use super::secret_lookup::SecretLookup;
use super::{Settings, config_dir, secrets};
use crate::adapters::auth::{GoTrue, Parts};
use crate::adapters::clock::SystemClock;
use crate::adapters::http::{Http, Limits};
use crate::adapters::key::Key;
use crate::adapters::profiles::ProfileFile;
use crate::domain::profile::Profile;
use crate::domain::secret::{ApiKey, SecretKind};
use crate::ports::{Auth, Profiles};
use std::sync::Arc;

/// The Auth interface of a profile, with which its session is ended. A profile that is not there any more, or cannot be
/// used, may have left one of the project that it was for.
pub async fn session_of(settings: &Settings, name: &str) -> Arc<dyn Auth> {
    let dir = config_dir(settings).ok();
    let secrets = secrets(settings);
    let mut profile = Profile {
        name: name.to_owned(),
        ..Profile::default()
    };
    let mut trust = Ok(());
    if let Some(dir) = &dir {
        let file = ProfileFile::new(dir);
        let found = file
            .read()
            .await
            .ok()
            .and_then(|book| book.find(Some(name)).ok()?);
        if let Some(found) = found {
            profile = found;
            let url = profile.project_url().map(|url| url.to_string());
            profile.url = url.unwrap_or_default();
        }
        trust = file.trust();
    }
    let kept = SecretLookup {
        secrets: &*secrets,
        profile: Some(&profile),
        is_ours: false,
        trust,
        told: settings.told.clone(),
    };
    let kind = SecretKind::PublishableKey;
    let source = kept.or(None, None, kind, &mut Vec::new()).await;
    let url = profile.project_url().ok();
    let key = source
        .ok()
        .flatten()
        .and_then(|source| match source.if_known() {
            Some(known) => Some(Key::Known(ApiKey::new(known))),
            None => Some(Key::From(Box::new((source, url?)))),
        });
    Arc::new(GoTrue::new(Parts {
        url: profile.url,
        key,
        misplaced: None,
        http: Arc::new(Http::new(Limits::default())),
        secrets: Arc::clone(&secrets),
        profile: profile.name,
        lock_dir: dir,
        clock: Arc::new(SystemClock),
        jwt_secret: None,
    }))
}
