//! Makes the random secrets of a cluster: passwords, API keys, the JWT secret; and SCRAM verifiers, so that no
//! clear password ever travels in SQL. Must not log or print any of them.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use uuid::Uuid;

/// The secrets of one cluster; kept beside kept data.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Secrets {
    pub(crate) admin_password: String,
    pub(crate) postgres_password: String,
    pub(crate) authenticator_password: String,
    pub(crate) auth_admin_password: String,
    pub(crate) jwt_secret: String,
    pub(crate) publishable_key: String,
    pub(crate) secret_key: String,
    /// When the set was drawn, in seconds since 1970: the legacy keys are issued then.
    pub(crate) issued_s: u64,
}

impl Secrets {
    /// Draws a new set.
    pub(crate) fn random(issued_s: u64) -> Self {
        Self {
            admin_password: hex(),
            postgres_password: hex(),
            authenticator_password: hex(),
            auth_admin_password: hex(),
            jwt_secret: hex(),
            publishable_key: api_key("sb_publishable_"),
            secret_key: api_key("sb_secret_"),
            issued_s,
        }
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(..)")
    }
}

/// 64 hexadecimal digits from two random UUIDs (244 random bits).
fn hex() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

/// A token that is safe in URLs, 22 characters (122 random bits).
pub(crate) fn url_token() -> String {
    URL_SAFE_NO_PAD.encode(Uuid::new_v4().as_bytes())
}

/// A key of Supabase's form: prefix, 22 random characters, an underscore, 8 characters of checksum.
fn api_key(prefix: &str) -> String {
    let body = url_token();
    let sum = URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{prefix}{body}")));
    format!("{prefix}{body}_{}", &sum[..8])
}

/// Six random digits.
pub(crate) fn six_digits() -> String {
    format!("{:06}", Uuid::new_v4().as_u128() % 1_000_000)
}

/// Compares two secrets without stopping at the first difference.
pub(crate) fn equal(a: &str, b: &str) -> bool {
    let (a, b) = (Sha256::digest(a), Sha256::digest(b));
    a.iter()
        .zip(b.iter())
        .fold(0, |differs, (x, y)| differs | (x ^ y))
        == 0
}

/// SHA-256 as lower-case hexadecimal digits.
pub(crate) fn sha256_hex(text: &str) -> String {
    format!("{:x}", Sha256::digest(text))
}

/// SHA-256 as bytes.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn hmac_sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    // HMAC takes a key of any length, so this never fails.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return Vec::new();
    };
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

/// Signs text with HMAC-SHA-256.
pub(crate) fn sign(key: &str, text: &str) -> Vec<u8> {
    hmac_sha256(key.as_bytes(), text.as_bytes())
}

/// The SCRAM-SHA-256 verifier Postgres stores for a password (RFC 5802, section 3).
///
/// `rounds` may be small for our own random passwords: stretching protects weak ones only.
pub(crate) fn scram_verifier(password: &str, rounds: u32) -> String {
    let salt = *Uuid::new_v4().as_bytes();
    let mut block = hmac_sha256(password.as_bytes(), &[&salt[..], &[0, 0, 0, 1]].concat());
    let mut salted = block.clone();
    for _ in 1..rounds {
        block = hmac_sha256(password.as_bytes(), &block);
        for (sum, byte) in salted.iter_mut().zip(&block) {
            *sum ^= byte;
        }
    }
    let stored = Sha256::digest(hmac_sha256(&salted, b"Client Key"));
    let server = hmac_sha256(&salted, b"Server Key");
    format!(
        "SCRAM-SHA-256${rounds}:{}${}:{}",
        STANDARD.encode(salt),
        STANDARD.encode(stored),
        STANDARD.encode(server)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_form_of_supabase() {
        let secrets = Secrets::random(0);
        assert!(secrets.publishable_key.starts_with("sb_publishable_"));
        assert_eq!(secrets.secret_key.len(), "sb_secret_".len() + 31);
        assert_eq!(format!("{secrets:?}"), "Secrets(..)");
    }

    #[test]
    fn equal_compares_whole_texts() {
        assert!(equal("abc", "abc"));
        assert!(!equal("abc", "abd"));
        assert!(!equal("abc", "abcd"));
    }
}
