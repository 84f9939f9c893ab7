//! What an access token says about its owner. The signature is not checked here: the server does that with every request,
//! and what is read here only decides what is shown and when to refresh.

use super::identity::Aal;
use super::identity::{Identity, User};
use super::text;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

/// The claims of an access token that supadeck looks at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Claims {
    /// The id in `auth.users`.
    #[serde(deserialize_with = "text_or_nothing")]
    pub sub: String,
    /// The e-mail address; empty when there is none.
    #[serde(deserialize_with = "text_or_nothing")]
    pub email: String,
    /// The phone number; empty when there is none.
    #[serde(deserialize_with = "text_or_nothing")]
    pub phone: String,
    /// The database role.
    #[serde(deserialize_with = "text_or_nothing")]
    pub role: String,
    /// When the token ends, in seconds since 1970 by the server's clock.
    pub exp: Option<serde_json::Number>,
    /// The session the token belongs to.
    pub session_id: Option<String>,
    /// The project that issued a legacy API key.
    #[serde(rename = "ref")]
    pub project_ref: Option<String>,
    /// `aal1`, or `aal2` after a second factor.
    pub aal: Option<String>,
}

/// Some servers write null where others write an empty text.
fn text_or_nothing<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(Option::<String>::deserialize(from)?.unwrap_or_default())
}

impl Claims {
    /// Reads the claims of a JWT; `None` when it is none.
    pub fn decode(token: &str) -> Option<Self> {
        let mut parts = token.split('.');
        let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let json = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
        serde_json::from_slice(&json).ok()
    }

    /// When the token ends by the server's clock, in whole seconds since 1970.
    pub fn expires_at(&self) -> Option<i64> {
        let exp = self.exp.as_ref()?;
        exp.as_i64()
            .or_else(|| exp.as_f64().map(|seconds| seconds as i64))
    }

    /// The identity that PostgREST gives the token.
    pub fn identity(&self) -> Identity {
        let email = if self.email.is_empty() {
            &self.phone
        } else {
            &self.email
        };
        let role = if self.role.is_empty() {
            "anon"
        } else {
            &self.role
        };
        Identity::User(User {
            id: text::cell(&self.sub).into_owned(),
            email: text::cell(email).into_owned(),
            role: text::cell(role).into_owned(),
            aal: Aal::parse(self.aal.as_deref()),
            has_second_factor: false,
            is_acted: false,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn token(claims: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn claims_become_an_identity() {
        let claims = Claims::decode(&token(
            r#"{"sub":"1","email":"a@example.com","role":"authenticated","exp":1760000000.5}"#,
        ))
        .unwrap();
        assert_eq!(claims.expires_at(), Some(1_760_000_000));
        assert_eq!(claims.identity().name(), "a@example.com");
        assert_eq!(claims.identity().role(), "authenticated");
    }

    #[test]
    fn null_claims_are_empty_claims() {
        let claims = Claims::decode(&token(r#"{"sub":"1","email":null,"phone":"+491"}"#)).unwrap();
        assert_eq!(claims.identity().name(), "+491");
    }

    #[test]
    fn what_is_no_token_is_not_read() {
        for text in ["", "a.b", "a.b.c.d", "e30.!!.c", "sb_secret_x"] {
            assert_eq!(Claims::decode(text), None, "{text}");
        }
    }
}
