//! Reads along while a server lets a client in, and stops before the client answers a question that it must not answer.
//! The driver answers whatever is asked; libpq's `require_auth` has no like there.

use super::trust::Methods;
use std::fmt;

/// Fewer rounds than this make a SCRAM proof cheap to guess from. Source: RFC 7677, section 4.
const LEAST_ROUNDS: u32 = 4096;
/// A message of a sign-in is short; a longer one is no sign-in.
const LONGEST: usize = 1 << 14;
/// The codes of `Authentication…` messages. Source: the protocol's message formats.
const OK: u32 = 0;
const CLEARTEXT: u32 = 3;
const MD5: u32 = 5;
const SASL: u32 = 10;
const SASL_CONTINUE: u32 = 11;
const SASL_FINAL: u32 = 12;

/// A question that is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// The password in clear text.
    Cleartext,
    /// A hash of the password that can be guessed from, and used for a sign-in elsewhere.
    Md5,
    /// SCRAM, which the URL does not allow.
    Scram,
    /// SCRAM with few rounds.
    FewRounds(u32),
    /// It let the client in without asking anything.
    Nothing,
    /// A way to sign in that is not spoken here.
    Unknown,
    /// What came is no sign-in.
    Garbled,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cleartext => f.write_str("it asked for the password in clear text"),
            Self::Md5 => f.write_str("it asked for an MD5 hash of the password"),
            Self::Scram => f.write_str("it asked for a SCRAM proof, which require_auth leaves out"),
            Self::FewRounds(rounds) => write!(
                f,
                "it asked for a SCRAM proof of {rounds} rounds, which is cheap to guess the password from"
            ),
            Self::Nothing => f.write_str("it asked for no proof of the password and gave none"),
            Self::Unknown => {
                f.write_str("it asked for a way to sign in that supadeck does not speak")
            }
            Self::Garbled => f.write_str("what it sent is not the sign-in of a Postgres server"),
        }
    }
}

impl std::error::Error for Refused {}

/// What is read of the server's messages, up to the end of the sign-in.
#[derive(Debug)]
pub(super) struct AuthFilter {
    allowed: Methods,
    /// The message that is being read.
    message: Vec<u8>,
    /// Bytes of a message that is not looked at.
    skip: usize,
    asked: bool,
    is_proof_due: bool,
    is_over: bool,
}

impl AuthFilter {
    pub(super) fn new(allowed: Methods) -> Self {
        Self {
            allowed,
            message: Vec::new(),
            skip: 0,
            asked: false,
            is_proof_due: false,
            is_over: false,
        }
    }

    /// Reads on. After a refusal nothing may be handed to the client any more.
    pub(super) fn read(&mut self, mut bytes: &[u8]) -> Result<(), Refused> {
        while !self.is_over && !bytes.is_empty() {
            if self.skip > 0 {
                let skipped = self.skip.min(bytes.len());
                self.skip -= skipped;
                bytes = &bytes[skipped..];
                continue;
            }
            self.message.push(bytes[0]);
            bytes = &bytes[1..];
            let Some(length) = self.length()? else {
                continue;
            };
            if self.message[0] != b'R' {
                self.skip = length - self.message.len();
                self.message.clear();
            } else if length > LONGEST {
                return Err(Refused::Garbled);
            } else if self.message.len() == length {
                let message = std::mem::take(&mut self.message);
                self.judge(&message[5..])?;
            }
        }
        Ok(())
    }

    /// How long the message is in all, once that is known.
    fn length(&self) -> Result<Option<usize>, Refused> {
        let Some(length) = self.message.get(1..5) else {
            return Ok(None);
        };
        let length = u32::from_be_bytes([length[0], length[1], length[2], length[3]]);
        let length = usize::try_from(length).map_err(|_| Refused::Garbled)?;
        if length < 4 {
            return Err(Refused::Garbled);
        }
        length.checked_add(1).ok_or(Refused::Garbled).map(Some)
    }

    /// Judges a whole `Authentication…` message.
    fn judge(&mut self, body: &[u8]) -> Result<(), Refused> {
        let Some((code, rest)) = body.split_first_chunk::<4>() else {
            return Err(Refused::Garbled);
        };
        let refuse = |is_allowed: bool, refused| if is_allowed { Ok(()) } else { Err(refused) };
        match u32::from_be_bytes(*code) {
            OK => {
                refuse(!self.is_proof_due, Refused::Nothing)?;
                refuse(self.asked || self.allowed.none, Refused::Nothing)?;
                self.is_over = true;
            }
            CLEARTEXT => refuse(self.allowed.password, Refused::Cleartext)?,
            MD5 => refuse(self.allowed.md5, Refused::Md5)?,
            SASL => {
                refuse(self.allowed.scram, Refused::Scram)?;
                self.is_proof_due = true;
            }
            SASL_CONTINUE => {
                let rounds = rounds(rest).ok_or(Refused::Garbled)?;
                let is_enough = rounds >= LEAST_ROUNDS || !self.allowed.strong_scram;
                refuse(is_enough, Refused::FewRounds(rounds))?;
            }
            // That the proof is right is for the driver to say.
            SASL_FINAL => self.is_proof_due = false,
            _ => return Err(Refused::Unknown),
        }
        self.asked = true;
        Ok(())
    }
}

/// The rounds that a server's first SCRAM message asks for.
fn rounds(message: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(message).ok()?;
    let word = text.split(',').find_map(|part| part.strip_prefix("i="))?;
    word.parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).unwrap();
        [&[kind], length.to_be_bytes().as_slice(), body].concat()
    }

    fn asks(code: u32, body: &[u8]) -> Vec<u8> {
        message(b'R', &[&code.to_be_bytes(), body].concat())
    }

    const SCRAM_ONLY: Methods = Methods {
        password: false,
        md5: false,
        scram: true,
        none: false,
        strong_scram: true,
    };

    fn scram(rounds: &str) -> Vec<u8> {
        [
            asks(SASL, b"SCRAM-SHA-256\0\0"),
            asks(SASL_CONTINUE, format!("r=a,s=b,i={rounds}").as_bytes()),
            asks(SASL_FINAL, b"v=x"),
            asks(OK, b""),
        ]
        .concat()
    }

    /// Reads in pieces of every size: a question must be noticed wherever the line cuts it.
    fn outcome(allowed: Methods, bytes: &[u8]) -> Result<(), Refused> {
        let mut outcomes = Vec::new();
        for size in 1..=bytes.len() {
            let mut filter = AuthFilter::new(allowed);
            outcomes.push(bytes.chunks(size).try_for_each(|piece| filter.read(piece)));
        }
        outcomes.dedup();
        assert_eq!(outcomes.len(), 1, "{outcomes:?}");
        outcomes[0]
    }

    #[test]
    fn only_what_is_allowed_passes() {
        let notice = message(b'N', &[b'R'; 40]);
        let after = |question: Vec<u8>| [notice.clone(), question].concat();
        for (bytes, refused) in [
            (asks(CLEARTEXT, b""), Some(Refused::Cleartext)),
            (after(asks(CLEARTEXT, b"")), Some(Refused::Cleartext)),
            (asks(MD5, b"salt"), Some(Refused::Md5)),
            (asks(OK, b""), Some(Refused::Nothing)),
            (asks(7, b""), Some(Refused::Unknown)),
            (scram("4096"), None),
            (after(scram("10000")), None),
            (scram("4095"), Some(Refused::FewRounds(4095))),
            (scram("x"), Some(Refused::Garbled)),
            // It asks, and then does not prove that it knows.
            (
                [asks(SASL, b"SCRAM-SHA-256\0\0"), asks(OK, b"")].concat(),
                Some(Refused::Nothing),
            ),
            (
                [asks(SASL, b"SCRAM-SHA-256\0\0"), asks(CLEARTEXT, b"")].concat(),
                Some(Refused::Cleartext),
            ),
            (message(b'R', b""), Some(Refused::Garbled)),
            (vec![b'R', 0, 0, 0, 3], Some(Refused::Garbled)),
            (vec![b'N', 0, 0, 0, 0], Some(Refused::Garbled)),
            (vec![b'R', 0xff, 0xff, 0xff, 0xff], Some(Refused::Garbled)),
        ] {
            assert_eq!(outcome(SCRAM_ONLY, &bytes).err(), refused, "{bytes:?}");
        }
        for bytes in [
            asks(CLEARTEXT, b""),
            asks(MD5, b"salt"),
            asks(OK, b""),
            scram("1"),
        ] {
            assert_eq!(outcome(Methods::ANY, &bytes), Ok(()));
        }
    }

    proptest::proptest! {
        /// Nobody else wrote these bytes: whatever they are, it ends alike wherever the line cuts them, and the password
        /// is asked for only by a message that says so.
        #[test]
        fn any_bytes_end_alike(
            bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..60),
            kinds in proptest::collection::vec(0_u32..14, 0..4),
            size in 1_usize..20,
        ) {
            let asked: Vec<u8> = kinds.iter().flat_map(|code| asks(*code, b"r=a,s=b,i=5000")).collect();
            let all = [asked, bytes].concat();
            let read = |size: usize| {
                let mut filter = AuthFilter::new(SCRAM_ONLY);
                all.chunks(size).try_for_each(|piece| filter.read(piece))
            };
            let outcome = read(all.len().max(1));
            proptest::prop_assert_eq!(read(size), outcome);
            let before_end = kinds.iter().take_while(|code| **code != OK);
            let weak = before_end.filter(|code| [CLEARTEXT, MD5].contains(*code)).count();
            proptest::prop_assert!(weak == 0 || outcome.is_err());
        }
    }

    #[test]
    fn behind_the_sign_in_nothing_is_looked_at() {
        let bytes = [scram("4096"), asks(CLEARTEXT, b""), vec![b'R', 0, 0, 0, 0]].concat();
        assert_eq!(outcome(SCRAM_ONLY, &bytes), Ok(()));
    }
}
