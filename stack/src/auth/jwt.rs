//! JSON Web Tokens with HS256, and nothing else: signing, checking, reading.

use crate::secret;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// Ten years, as the platform's legacy keys.
const KEY_LIFE_S: u64 = 10 * 365 * 24 * 3600;

/// Why a token is not accepted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is no HS256 token, or not signed with our secret.
    Invalid,
    /// It was good once.
    Expired,
}

/// Seconds since 1970.
pub(crate) fn now_s() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// Signs claims.
pub(crate) fn sign(claims: &Value, secret: &str) -> String {
    let header = URL_SAFE_NO_PAD.encode(br#"{"alg":"HS256","typ":"JWT"}"#);
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = URL_SAFE_NO_PAD.encode(secret::sign(secret, &signed));
    format!("{signed}.{signature}")
}

/// A legacy API key of a role. `issued_s` is fixed for a cluster, so that its keys stay the same.
pub(crate) fn api_key(role: &str, issued_s: u64, secret: &str) -> String {
    sign(
        &json!({ "iss": "supabase", "ref": "local", "role": role, "iat": issued_s, "exp": issued_s + KEY_LIFE_S }),
        secret,
    )
}

/// Checks signature and expiry, and gives the claims.
pub(crate) fn verify(token: &str, secret: &str) -> Result<Value, Fault> {
    let (signed, signature) = token.rsplit_once('.').ok_or(Fault::Invalid)?;
    let (header, claims) = signed.split_once('.').ok_or(Fault::Invalid)?;
    if part(header).ok_or(Fault::Invalid)?["alg"] != "HS256" {
        return Err(Fault::Invalid);
    }
    let expected = URL_SAFE_NO_PAD.encode(secret::sign(secret, signed));
    if !secret::equal(&expected, signature) {
        return Err(Fault::Invalid);
    }
    let claims = part(claims).ok_or(Fault::Invalid)?;
    match claims["exp"].as_u64() {
        Some(expiry) if expiry <= now_s() => Err(Fault::Expired),
        _ => Ok(claims),
    }
}

/// The role that a token names, unchecked: for choosing words, never for access.
pub(crate) fn role(token: &str) -> Option<String> {
    let claims = part(token.split('.').nth(1)?)?;
    claims["role"].as_str().map(str::to_owned)
}

fn part(text: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signed_token_is_accepted_until_it_expires() {
        let token = sign(&json!({ "role": "anon", "exp": now_s() + 60 }), "s");
        assert_eq!(
            verify(&token, "s").map(|claims| claims["role"].clone()),
            Ok(json!("anon"))
        );
        assert_eq!(role(&token).as_deref(), Some("anon"));
        assert_eq!(verify(&token, "other"), Err(Fault::Invalid));
        let old = sign(&json!({ "exp": now_s() - 1 }), "s");
        assert_eq!(verify(&old, "s"), Err(Fault::Expired));
    }

    #[test]
    fn token_without_signature_is_refused() {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        let claims = URL_SAFE_NO_PAD.encode(r#"{"role":"service_role"}"#);
        assert_eq!(
            verify(&format!("{header}.{claims}."), "s"),
            Err(Fault::Invalid)
        );
        assert_eq!(verify("a.b", "s"), Err(Fault::Invalid));
        assert_eq!(verify("", "s"), Err(Fault::Invalid));
    }
}
