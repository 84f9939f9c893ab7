//! What is kept secret, and how an API key is told apart and shown. Nothing here stores or sends anything.

use super::token::Claims;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The kinds of secrets of a profile; each has an entry of its own in the keyring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SecretKind {
    /// The publishable (or legacy anon) key.
    PublishableKey,
    /// The secret (or legacy service_role) key.
    SecretKey,
    /// The database URL with its password.
    DatabaseUrl,
    /// The personal access token for the Management API.
    AccessToken,
    /// The signed-in session: access token and refresh token.
    Session,
}

impl SecretKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::PublishableKey,
        Self::SecretKey,
        Self::DatabaseUrl,
        Self::AccessToken,
        Self::Session,
    ];

    /// The name in the keyring.
    pub fn word(self) -> &'static str {
        match self {
            Self::PublishableKey => "publishable_key",
            Self::SecretKey => "secret_key",
            Self::DatabaseUrl => "db_url",
            Self::AccessToken => "access_token",
            Self::Session => "session",
        }
    }
}

impl SecretKind {
    /// What people call it.
    pub fn title(self) -> &'static str {
        match self {
            Self::PublishableKey => "publishable key",
            Self::SecretKey => "secret key",
            Self::DatabaseUrl => "database URL",
            Self::AccessToken => "access token",
            Self::Session => "session",
        }
    }
}

/// Where secrets are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredIn {
    /// In the keyring of the operating system.
    Keyring,
    /// In memory, until the program ends, with the reason as a sentence.
    Memory(String),
}

/// A secret as it is kept: with the URL of the project that it is for. Without it, a key could reach another host after the
/// profile's URL was changed, or after a profile was removed while nobody could ask the keyring.
#[derive(Serialize, Deserialize)]
struct SecretForUrl {
    url: String,
    secret: String,
}

/// The text to keep for a secret of the project at `url`, in the one form of a [`ProjectUrl`](super::project_url::ProjectUrl).
pub fn bind(url: &str, secret: &SecretString) -> SecretString {
    let bound = SecretForUrl {
        url: url.to_owned(),
        secret: secret.expose_secret().to_owned(),
    };
    serde_json::to_string(&bound).unwrap_or_default().into()
}

/// The secret of a kept text; `None` when it is for another project, or for none.
pub fn unbind(url: &str, kept: &SecretString) -> Option<SecretString> {
    let bound: SecretForUrl = serde_json::from_str(kept.expose_secret()).ok()?;
    (bound.url == url).then(|| bound.secret.into())
}

/// What an API key looks like, for whoever gave something else.
pub const KEY_FORMS: &str = "sb_publishable_…, sb_secret_… or a JWT, three parts with dots between them that begin with eyJ";

/// What an API key is, by its form. Source: supabase.md section 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyForm {
    /// `sb_publishable_…`.
    Publishable,
    /// `sb_secret_…`.
    Secret,
    /// A JWT whose role is `anon`.
    LegacyAnon,
    /// A JWT whose role is `service_role`.
    LegacyService,
    /// A JWT of any other role, such as a user's token: no API key.
    OtherToken,
    /// Something else; it goes into `apikey` only.
    Unknown,
}

/// An API key. `Debug` and `Display` show its prefix and six characters at most.
#[derive(Clone)]
pub struct ApiKey {
    value: SecretString,
    form: KeyForm,
}

impl ApiKey {
    /// Takes a key and tells its form. White space around it is dropped.
    pub fn new(value: &SecretString) -> Self {
        let text = value.expose_secret().trim();
        let form = if text.starts_with("sb_publishable_") {
            KeyForm::Publishable
        } else if text.starts_with("sb_secret_") {
            KeyForm::Secret
        } else {
            match Claims::decode(text) {
                Some(claims) if claims.role == "service_role" => KeyForm::LegacyService,
                Some(claims) if claims.role == "anon" => KeyForm::LegacyAnon,
                Some(_) => KeyForm::OtherToken,
                None => KeyForm::Unknown,
            }
        };
        Self {
            value: text.to_owned().into(),
            form,
        }
    }

    /// Its form.
    pub fn form(&self) -> KeyForm {
        self.form
    }

    /// Whether the key stands for the service role.
    pub fn is_secret(&self) -> bool {
        matches!(self.form, KeyForm::Secret | KeyForm::LegacyService)
    }

    /// Whether the key is a JWT, which goes into `Authorization` too.
    pub fn is_jwt(&self) -> bool {
        matches!(self.form, KeyForm::LegacyAnon | KeyForm::LegacyService)
    }

    /// The key itself, for the header.
    pub fn expose(&self) -> &str {
        self.value.expose_secret()
    }

    /// Prefix and six characters; of a key of unknown form nothing at all.
    pub fn shown(&self) -> String {
        let text = self.value.expose_secret();
        let rest = |prefix: &str| -> String { text[prefix.len()..].chars().take(6).collect() };
        match self.form {
            KeyForm::Publishable => format!("sb_publishable_{}…", rest("sb_publishable_")),
            KeyForm::Secret => format!("sb_secret_{}…", rest("sb_secret_")),
            KeyForm::LegacyAnon => "legacy anon key".to_owned(),
            KeyForm::LegacyService => "legacy service_role key".to_owned(),
            KeyForm::OtherToken => "token of another role".to_owned(),
            KeyForm::Unknown => "key of unknown form".to_owned(),
        }
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({})", self.shown())
    }
}

impl fmt::Display for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> ApiKey {
        ApiKey::new(&SecretString::from(text))
    }

    #[test]
    fn keys_are_told_apart_by_their_form() {
        assert_eq!(key("sb_publishable_abc").form(), KeyForm::Publishable);
        assert!(key(" sb_secret_abc\n").is_secret());
        // {"alg":"HS256"}.{"role":"service_role"} and {"role":"anon"}
        let service = key("eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.c2ln");
        assert!(service.is_secret() && service.is_jwt());
        let anon = key("eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.c2ln");
        assert_eq!(anon.form(), KeyForm::LegacyAnon);
        // {"role":"postgres"} and {}
        for claims in ["eyJyb2xlIjoicG9zdGdyZXMifQ", "e30"] {
            let other = key(&format!("eyJhbGciOiJIUzI1NiJ9.{claims}.c2ln"));
            assert!(other.form() == KeyForm::OtherToken && !other.is_jwt());
        }
        assert_eq!(key("whatever").form(), KeyForm::Unknown);
    }

    #[test]
    fn a_secret_is_for_the_project_it_was_kept_for() {
        let kept = bind("https://a", &"k\"1".to_owned().into());
        let found = unbind("https://a", &kept).map(|secret| secret.expose_secret().to_owned());
        assert_eq!(found.as_deref(), Some("k\"1"));
        assert!(unbind("https://b", &kept).is_none());
        assert!(unbind("https://a", &"k1".to_owned().into()).is_none());
    }

    #[test]
    fn a_key_shows_six_characters_at_most() {
        let shown = format!("{:?}", key("sb_secret_0123456789abcdef"));
        assert_eq!(shown, "ApiKey(sb_secret_012345…)");
        assert!(!format!("{:?}", key("hunter2hunter2")).contains("hunter"));
    }
}
