//! The platform's rules for API keys, as pure decisions: which role a request gets, or why it is refused.

use crate::secret;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// The keys of one stack.
pub(crate) struct Keys {
    /// `sb_publishable_…`.
    pub(crate) publishable: String,
    /// `sb_secret_…`.
    pub(crate) secret: String,
    /// Legacy JWT of role anon; also what the publishable key becomes.
    pub(crate) anon: String,
    /// Legacy JWT of role service_role; also what the secret key becomes.
    pub(crate) service_role: String,
}

/// Why a request does not pass.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No key came with it.
    NoKey,
    /// The key is not one of this stack.
    UnknownKey,
    /// A secret key from a browser.
    SecretInBrowser,
    /// A key that is known, where the secret one is wanted.
    NotSecret,
}

impl Keys {
    /// The token that goes on to REST or Auth: the user's own, else the one of the key's role.
    pub(crate) fn admit(
        &self,
        apikey: Option<&str>,
        authorization: Option<&str>,
        user_agent: Option<&str>,
    ) -> Result<String, Refusal> {
        let apikey = apikey.filter(|key| !key.is_empty()).ok_or(Refusal::NoKey)?;
        let is = |known: &str| secret::equal(apikey, known);
        let role_token = if is(&self.publishable) || is(&self.anon) {
            &self.anon
        } else if is(&self.secret) {
            if user_agent.is_some_and(|agent| agent.starts_with("Mozilla/")) {
                return Err(Refusal::SecretInBrowser);
            }
            &self.service_role
        } else if is(&self.service_role) {
            &self.service_role
        } else {
            return Err(Refusal::UnknownKey);
        };
        match authorization.and_then(bearer) {
            None => Ok(role_token.clone()),
            // These are no JWTs: as a bearer they mean nothing, unless they only repeat the key.
            Some(token) if token.starts_with("sb_") => {
                if secret::equal(token, apikey) {
                    Ok(role_token.clone())
                } else {
                    Err(Refusal::UnknownKey)
                }
            }
            Some(token) => Ok(token.to_owned()),
        }
    }
}

impl Keys {
    /// Lets in whoever has the secret key, or the legacy key of the service role.
    pub(crate) fn admit_operator(
        &self,
        key: Option<&str>,
        user_agent: Option<&str>,
    ) -> Result<(), Refusal> {
        let token = self.admit(key, None, user_agent)?;
        if secret::equal(&token, &self.service_role) {
            Ok(())
        } else {
            Err(Refusal::NotSecret)
        }
    }
}

/// The token of a `Bearer` header.
pub(crate) fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty()).then(|| token.trim())
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (message, hint) = match self {
            Self::NoKey => (
                "No API key found in request",
                "No `apikey` request header or url param was found.",
            ),
            Self::UnknownKey => (
                "Invalid API key",
                "Double check your Supabase `anon` or `service_role` API key.",
            ),
            Self::NotSecret => (
                "The inbox wants the secret key",
                "Send it in the `apikey` header.",
            ),
            Self::SecretInBrowser => (
                "Forbidden use of secret API key in browser",
                "Secret API keys can only be used in a protected environment and should never be used in a browser.",
            ),
        };
        (
            StatusCode::UNAUTHORIZED,
            Json(json!({ "message": message, "hint": hint })),
        )
            .into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        Keys {
            publishable: "sb_publishable_p".into(),
            secret: "sb_secret_s".into(),
            anon: "anon.jwt".into(),
            service_role: "service.jwt".into(),
        }
    }

    #[test]
    fn key_decides_the_role() {
        for (key, token) in [
            ("sb_publishable_p", "anon.jwt"),
            ("sb_secret_s", "service.jwt"),
            ("anon.jwt", "anon.jwt"),
            ("service.jwt", "service.jwt"),
        ] {
            assert_eq!(
                keys().admit(Some(key), None, None),
                Ok(token.to_owned()),
                "{key}"
            );
        }
    }

    #[test]
    fn token_of_a_user_goes_before_the_key() {
        let sent = keys().admit(Some("sb_publishable_p"), Some("Bearer user.jwt"), None);
        assert_eq!(sent, Ok("user.jwt".to_owned()));
    }

    #[test]
    fn new_key_as_bearer_must_repeat_the_key() {
        let keys = keys();
        assert_eq!(
            keys.admit(Some("sb_secret_s"), Some("Bearer sb_secret_s"), None),
            Ok("service.jwt".to_owned())
        );
        let other = keys.admit(Some("sb_publishable_p"), Some("Bearer sb_secret_s"), None);
        assert_eq!(other, Err(Refusal::UnknownKey));
    }

    #[test]
    fn only_the_secret_key_makes_an_operator() {
        let keys = keys();
        for key in ["sb_secret_s", "service.jwt"] {
            assert_eq!(keys.admit_operator(Some(key), None), Ok(()), "{key}");
        }
        for (key, refusal) in [
            (None, Refusal::NoKey),
            (Some(""), Refusal::NoKey),
            (Some("sb_publishable_p"), Refusal::NotSecret),
            (Some("anon.jwt"), Refusal::NotSecret),
            (Some("sb_secret_x"), Refusal::UnknownKey),
        ] {
            assert_eq!(keys.admit_operator(key, None), Err(refusal), "{key:?}");
        }
    }

    #[test]
    fn others_are_refused() {
        let keys = keys();
        assert_eq!(
            keys.admit(None, Some("Bearer user.jwt"), None),
            Err(Refusal::NoKey)
        );
        assert_eq!(
            keys.admit(Some("sb_secret_x"), None, None),
            Err(Refusal::UnknownKey)
        );
        let browser = Some("Mozilla/5.0 (X11; Linux x86_64)");
        assert_eq!(
            keys.admit(Some("sb_secret_s"), None, browser),
            Err(Refusal::SecretInBrowser)
        );
        assert!(keys.admit(Some("sb_publishable_p"), None, browser).is_ok());
    }
}
