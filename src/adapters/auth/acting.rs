//! Acting as a user: short tokens that are signed here with the project's JWT secret, in memory only. No session is made on
//! the server, and nothing is left there.

use crate::domain::account::{AuthAccount, check_role};
use crate::domain::identity::Identity;
use crate::domain::problem::{Kind, Problem};
use crate::domain::read_problem;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// How long a token lasts, in seconds.
const SECONDS: i64 = 300;
/// With less than this left, another is signed.
const MARGIN: i64 = 60;

/// A token and when it ends.
type Signed = Option<(SecretString, i64)>;

/// The accounts that one acts as in this run.
pub(super) struct Acting {
    secret: Option<SecretString>,
    accounts: Mutex<HashMap<String, (AuthAccount, Signed)>>,
}

impl Acting {
    pub(super) fn new(secret: Option<SecretString>) -> Self {
        Self {
            secret,
            accounts: Mutex::default(),
        }
    }

    /// Takes an account to act as.
    pub(super) fn take(&self, account: &AuthAccount) -> Result<Identity, Problem> {
        check_role(account)?;
        self.secret.as_ref().ok_or_else(no_secret)?;
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.insert(account.id.clone(), (account.clone(), None));
        Ok(account.acted())
    }

    /// A token of an account that was taken, with some time left on it.
    pub(super) fn bearer(&self, id: &str, url: &str, now: i64) -> Result<SecretString, Problem> {
        let secret = self.secret.as_ref().ok_or_else(no_secret)?;
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let (account, signed) = accounts.get_mut(id).ok_or_else(nobody)?;
        if let Some((token, ends)) = signed
            && ends.saturating_sub(now) >= MARGIN
        {
            return Ok(token.clone());
        }
        let claims = account.claims(url, now, SECONDS).to_string();
        let token = sign(&claims, secret)?;
        *signed = Some((token.clone(), now.saturating_add(SECONDS)));
        Ok(token)
    }

    /// Whether the account was taken.
    pub(super) fn has(&self, id: &str) -> bool {
        let accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.contains_key(id)
    }

    /// Forgets an account and its token.
    pub(super) fn forget(&self, id: &str) {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.remove(id);
    }
}

/// The problem of a token that the server does not take although it was signed just now.
pub(super) fn secret_refused() -> Problem {
    Problem::new(
        Kind::Auth,
        "The project does not take a token that is signed with this JWT secret.",
        "It is the secret of another project, or the project signs with other keys now.",
    )
    .with_code("jwt_secret_refused")
    .with_hint(
        "Look at the project's JWT keys: only a legacy secret that is not revoked can sign here.",
    )
}

/// The problem of a request as somebody who is acted as no more.
fn nobody() -> Problem {
    Problem::new(
        Kind::Auth,
        "Nobody is acted as.",
        "The account was given up.",
    )
    .with_code(read_problem::NOBODY)
    .with_hint("Act as the user again.")
}

/// A JWT with these claims, signed by HS256.
fn sign(claims: &str, secret: &SecretString) -> Result<SecretString, Problem> {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let text = format!(
        "{}.{}",
        part(r#"{"alg":"HS256","typ":"JWT"}"#),
        part(claims)
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .map_err(|_| Problem::internal("A JWT secret of this length cannot sign."))?;
    mac.update(text.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    Ok(format!("{text}.{signature}").into())
}

fn no_secret() -> Problem {
    Problem::new(Kind::Config, "Cannot act as a user: no JWT secret.", "").with_hint(
        "Set SUPABASE_JWT_SECRET to the project's legacy JWT secret, together with SUPABASE_URL.",
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::token::Claims;

    #[test]
    fn a_token_is_short_and_is_signed_anew_before_it_ends() {
        let acting = Acting::new(Some(
            "hunter2hunter2hunter2hunter2hunter2".to_owned().into(),
        ));
        let account = AuthAccount::of_id("b0b");
        assert!(
            acting.bearer("b0b", "https://a", 0).is_err(),
            "nobody was taken"
        );
        acting.take(&account).unwrap();
        let token = |now| acting.bearer("b0b", "https://a", now).unwrap();
        let first = token(1_000);
        let claims = Claims::decode(first.expose_secret()).unwrap();
        assert_eq!(
            (claims.sub.as_str(), claims.expires_at()),
            ("b0b", Some(1_300))
        );
        assert_eq!(token(1_240).expose_secret(), first.expose_secret());
        assert_ne!(token(1_241).expose_secret(), first.expose_secret());
        acting.forget("b0b");
        assert!(acting.bearer("b0b", "https://a", 0).is_err());
    }

    #[test]
    fn nobody_becomes_the_service_role_by_acting() {
        let acting = Acting::new(Some("x".to_owned().into()));
        let odd = AuthAccount {
            role: "service_role".into(),
            ..AuthAccount::of_id("1")
        };
        assert_eq!(acting.take(&odd).unwrap_err().kind, Kind::Denied);
        let none = Acting::new(None)
            .take(&AuthAccount::of_id("1"))
            .unwrap_err();
        assert!(none.hint.unwrap().contains("SUPABASE_JWT_SECRET"));
    }
}
