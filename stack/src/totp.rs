//! The six digits of an authenticator app (RFC 6238: HMAC-SHA-1, steps of 30 s), for Auth and for tests that have no
//! phone. Secrets travel in base32, as in an `otpauth` URI; none is logged.

use crate::secret;
use hmac::{Hmac, Mac};
use sha1::Sha1;
use uuid::Uuid;

/// How long one code lasts, in seconds.
const STEP_S: u64 = 30;
/// How many steps a clock may be early or late, as Supabase Auth allows it.
const SKEW: i64 = 1;
/// The alphabet of base32 (RFC 4648).
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The code of a secret at a time in seconds since 1970; `None` when the secret is no base32.
pub fn code(secret: &str, at_s: u64) -> Option<String> {
    let key = decode(secret)?;
    // HMAC takes a key of any length, so this never fails.
    let mut mac = Hmac::<Sha1>::new_from_slice(&key).ok()?;
    mac.update(&(at_s / STEP_S).to_be_bytes());
    let hash = mac.finalize().into_bytes();
    // The last half byte says where the four bytes of the code begin (RFC 4226, section 5.3).
    let from = usize::from(hash.last()? & 0xf);
    let bytes = <[u8; 4]>::try_from(hash.get(from..from + 4)?).ok()?;
    let number = u32::from_be_bytes(bytes) & 0x7fff_ffff;
    Some(format!("{:06}", number % 1_000_000))
}

/// Whether a code is that of a secret at this time, give or take a step.
pub(crate) fn is_right(secret: &str, given: &str, now_s: u64) -> bool {
    let given = given.trim();
    (-SKEW..=SKEW)
        .filter_map(|step| now_s.checked_add_signed(step * STEP_S.cast_signed()))
        .filter_map(|at_s| code(secret, at_s))
        .fold(false, |is_right, code| {
            is_right | secret::equal(&code, given)
        })
}

/// A new secret: 160 random bits, as RFC 4226 asks for.
pub(crate) fn new_secret() -> String {
    let random = [Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes()].concat();
    // The first 20 bytes of a digest of 244 random bits: version and variant of the UUIDs leave no mark in it.
    encode(&secret::sha256(&random)[..20])
}

/// What an authenticator app reads from a QR code.
pub(crate) fn uri(issuer: &str, account: &str, secret: &str) -> String {
    let (issuer, account) = (percent(issuer), percent(account));
    format!(
        "otpauth://totp/{issuer}:{account}?algorithm=SHA1&digits=6&issuer={issuer}&period={STEP_S}&secret={secret}"
    )
}

fn percent(text: &str) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~@".contains(&b);
    text.bytes().fold(String::new(), |all, b| {
        if is_plain(b) {
            all + char::from(b).encode_utf8(&mut [0; 4])
        } else {
            all + &format!("%{b:02X}")
        }
    })
}

fn encode(bytes: &[u8]) -> String {
    let bit = |at: usize| bytes.get(at / 8).map_or(0, |byte| byte >> (7 - at % 8) & 1);
    let digit = |from: usize| (from..from + 5).fold(0, |sum, at| sum << 1 | bit(at));
    (0..bytes.len() * 8)
        .step_by(5)
        .map(|from| char::from(ALPHABET[usize::from(digit(from))]))
        .collect()
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut buffer, mut bits) = (Vec::new(), 0_u32, 0);
    for c in text.trim_end_matches('=').bytes() {
        let c = c.to_ascii_uppercase();
        let digit = ALPHABET.iter().position(|known| *known == c)?;
        buffer = buffer << 5 | u32::try_from(digit).ok()?;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((buffer >> bits & 0xff) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of the vectors in RFC 6238, appendix B: `12345678901234567890`.
    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    #[test]
    fn codes_are_those_of_the_rfc() {
        for (at_s, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code(SECRET, at_s).as_deref(), Some(expected), "{at_s}");
        }
        assert_eq!(code("not base32!", 0), None);
    }

    #[test]
    fn a_clock_may_be_off_by_one_step() {
        let code = code(SECRET, 1_000_020).unwrap_or_default();
        for (now_s, expected) in [
            (1_000_020, true),
            (999_990, true),
            (1_000_079, true),
            (999_989, false),
            (1_000_080, false),
        ] {
            assert_eq!(is_right(SECRET, &code, now_s), expected, "{now_s}");
        }
        assert!(!is_right(SECRET, "", 1_000_020));
    }

    #[test]
    fn base32_there_and_back() {
        assert_eq!(encode(b"12345678901234567890"), SECRET);
        assert_eq!(decode("MZXW6==="), Some(b"foo".to_vec()));
        let secret = new_secret();
        assert_eq!(decode(&secret).map(|bytes| bytes.len()), Some(20));
        assert_ne!(secret, new_secret());
    }

    #[test]
    fn the_uri_is_one_an_app_can_read() {
        assert_eq!(
            uri("Weeks & more", "a@b.c", "ABC"),
            "otpauth://totp/Weeks%20%26%20more:a@b.c?algorithm=SHA1&digits=6&issuer=Weeks%20%26%20more&period=30&secret=ABC"
        );
    }
}
