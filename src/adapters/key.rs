//! An API key that is known, or that is looked up when a request needs it.

use super::secrets::SecretSource;
use crate::domain::given;
use crate::domain::problem::{Kind, Problem};
use crate::domain::project_url::ProjectUrl;
use crate::domain::secret::{ApiKey, KeyForm, SecretKind};

/// An API key. `Debug` shows its prefix, or where it comes from.
#[derive(Debug, Clone)]
pub enum Key {
    /// It is known.
    Known(ApiKey),
    /// It comes from there, for the project at this URL.
    From(Box<(SecretSource, ProjectUrl)>),
}

impl Key {
    /// The key. One that is looked up is refused where it is of the wrong kind.
    pub async fn get(&self) -> Result<ApiKey, Problem> {
        match self {
            Self::Known(key) => Ok(key.clone()),
            Self::From(from) => {
                let (source, url) = &**from;
                let key = given::api_key(&source.get().await?, &source.source())?.value;
                if given::is_of_another_project(&key, url) {
                    return Err(given::another_project(&source.source()));
                }
                match wrong(source.kind(), &key) {
                    Some(why) => Err(refused(source, why)),
                    None => Ok(key),
                }
            }
        }
    }
}

impl From<ApiKey> for Key {
    fn from(key: ApiKey) -> Self {
        Self::Known(key)
    }
}

/// Why a key is none of that kind.
pub fn wrong(kind: SecretKind, key: &ApiKey) -> Option<&'static str> {
    match (kind, key.form()) {
        (_, KeyForm::OtherToken) => {
            Some("It is a token of another role than anon and service_role, such as a user's.")
        }
        (SecretKind::PublishableKey, KeyForm::Secret | KeyForm::LegacyService) => {
            Some("It is a secret key, which bypasses Row Level Security.")
        }
        (SecretKind::SecretKey, KeyForm::Publishable | KeyForm::LegacyAnon) => {
            Some("It is a publishable key, which does not make the service role.")
        }
        _ => None,
    }
}

fn refused(source: &SecretSource, why: &str) -> Problem {
    let kind = source.kind().title();
    let from = source.reference().map(ToString::to_string);
    Problem::new(
        Kind::Config,
        format!("What {} gives is no {kind}.", from.unwrap_or_default()),
        why,
    )
    .with_hint(
        "Change where it comes from with `supadeck profile add --replace`, or in the profiles.",
    )
}
