//! Second factors: how sure the Auth server is of somebody, what an account has besides its password, and how far a
//! sign-in has come. Codes, secrets and tokens never come here.

use super::identity::{Identity, User};
use super::problem::{Kind, Problem};
use super::text;

/// The most characters of a factor's name that are shown.
const LONGEST_NAME: usize = 40;

/// What a second factor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactorKind {
    /// An authenticator app that shows six digits.
    Totp,
    /// A code by text message.
    Phone,
    /// A security key or passkey.
    WebAuthn,
    /// Something newer than this program.
    Other,
}

impl FactorKind {
    /// Reads the Auth server's word.
    pub fn parse(word: &str) -> Self {
        match word {
            "totp" => Self::Totp,
            "phone" => Self::Phone,
            "webauthn" => Self::WebAuthn,
            _ => Self::Other,
        }
    }

    /// What people call it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Totp => "authenticator app",
            Self::Phone => "code by text message",
            Self::WebAuthn => "security key",
            Self::Other => "factor of an unknown kind",
        }
    }
}

/// A verified second factor of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Factor {
    /// Its id, a UUID.
    pub id: String,
    /// What its owner calls it; harmless, and empty when it has no name.
    pub name: String,
    /// What it is.
    pub kind: FactorKind,
}

impl Factor {
    /// A factor with its name made harmless and short.
    pub fn new(id: impl Into<String>, name: &str, kind: FactorKind) -> Self {
        let name = text::cell(name);
        let name = match name.char_indices().nth(LONGEST_NAME) {
            Some((end, _)) => format!("{}…", &name[..end]),
            None => name.into_owned(),
        };
        Self {
            id: id.into(),
            name,
            kind,
        }
    }

    /// Whether its code can be given here.
    pub fn is_usable(&self) -> bool {
        self.kind == FactorKind::Totp
    }

    /// Kind and name: `authenticator app phone`.
    pub fn title(&self) -> String {
        let kind = self.kind.word();
        if self.name.is_empty() {
            kind.to_owned()
        } else {
            format!("{kind} {}", self.name)
        }
    }
}

/// Somebody who has given one factor and is asked for the second. Until it is given, or gone without, nobody new is
/// signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MfaChallenge {
    /// Who it is, at `aal1`.
    pub user: User,
    /// The verified factors, those that can be used here first.
    pub factors: Vec<Factor>,
    /// Whether the session of one factor is the one in use, which stays when this is given up.
    pub is_signed_in: bool,
}

impl MfaChallenge {
    /// The same with the factors in their order.
    pub fn new(user: User, mut factors: Vec<Factor>, is_signed_in: bool) -> Self {
        factors.sort_by_key(|factor| !factor.is_usable());
        Self {
            user,
            factors,
            is_signed_in,
        }
    }

    /// The name people know the user by.
    pub fn name(&self) -> &str {
        self.user.name()
    }

    /// The factors whose code can be given here.
    pub fn usable(&self) -> Vec<&Factor> {
        let usable = self.factors.iter().filter(|factor| factor.is_usable());
        usable.collect()
    }

    /// That none of the factors can be used here, what they are, and the way out.
    pub fn unusable(&self) -> Problem {
        let mut kinds: Vec<&str> = self.factors.iter().map(|it| it.kind.word()).collect();
        kinds.dedup();
        Problem::new(
            Kind::Auth,
            format!("The second factor of {} cannot be given here.", self.name()),
            format!("It is a {}; supadeck asks for the code of an authenticator app only.", kinds.join(", a ")),
        )
        .with_code("second_factor_not_supported")
        .with_hint("Go on without it for what the project shows at aal1, or add an authenticator app to the account in the project's own app.")
    }
}

/// What a sign-in came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignIn {
    /// Somebody is signed in.
    Done(Identity),
    /// The second factor is asked for.
    Waiting(MfaChallenge),
}

/// Whether the same sign-in can be tried again after this refusal of a code. After any other its session is over.
pub fn can_try_again(problem: &Problem) -> bool {
    const AGAIN: [&str; 5] = [
        "mfa_verification_failed",
        "mfa_challenge_expired",
        "mfa_ip_address_mismatch",
        "mfa_totp_verify_not_enabled",
        "validation_failed",
    ];
    match problem.kind {
        Kind::Auth => problem
            .code
            .as_deref()
            .is_some_and(|code| AGAIN.contains(&code)),
        Kind::Network | Kind::Usage => true,
        _ => problem.retry,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factor(kind: &str, name: &str) -> Factor {
        Factor::new("f", name, FactorKind::parse(kind))
    }

    #[test]
    fn what_can_be_used_comes_first() {
        let factors = vec![
            factor("phone", "+49"),
            factor("totp", "a"),
            factor("totp", ""),
        ];
        let waiting = MfaChallenge::new(User::default(), factors, false);
        let titles: Vec<String> = waiting.factors.iter().map(Factor::title).collect();
        assert_eq!(
            titles,
            [
                "authenticator app a",
                "authenticator app",
                "code by text message +49"
            ]
        );
        assert_eq!(waiting.usable().len(), 2);
    }

    #[test]
    fn a_hostile_name_is_harmless_and_short() {
        let name = Factor::new(
            "f",
            &format!("\u{1b}[2J{}", "x".repeat(500)),
            FactorKind::Totp,
        )
        .name;
        assert!(
            !name.contains('\u{1b}') && name.chars().count() <= LONGEST_NAME + 1,
            "{name}"
        );
    }

    #[test]
    fn a_factor_that_cannot_be_used_is_named_with_the_way_out() {
        let waiting = MfaChallenge::new(User::default(), vec![factor("webauthn", "key")], false);
        let problem = waiting.unusable();
        assert!(problem.why.contains("a security key"), "{problem}");
        assert!(problem.hint.is_some_and(|hint| hint.contains("aal1")));
    }

    #[test]
    fn only_a_wrong_or_late_code_can_be_given_again() {
        let refused = |code: &str| Problem::new(Kind::Auth, "No.", "").with_code(code);
        assert!(can_try_again(&refused("mfa_verification_failed")));
        assert!(can_try_again(&Problem::new(Kind::Network, "No.", "")));
        for over in ["session_not_found", "mfa_verification_rejected", "bad_jwt"] {
            assert!(!can_try_again(&refused(over)), "{over}");
        }
    }
}
