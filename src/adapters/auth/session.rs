//! A session: two tokens, whose they are, and until when. `Debug` shows the owner and nothing else.

use crate::domain::identity::{Aal, Identity, User};
use crate::domain::mfa::{Factor, FactorKind, MfaChallenge};
use crate::domain::text;
use crate::domain::token::Claims;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::fmt;

/// With less than this left, in seconds, a token is replaced before it is used.
const MARGIN_S: i64 = 60;

/// A signed-in session.
#[derive(Clone)]
pub(super) struct Session {
    /// The access token.
    pub(super) access: SecretString,
    /// The refresh token; good for one use.
    pub(super) refresh: SecretString,
    /// Whose session it is.
    pub(super) identity: Identity,
    /// When the access token ends by this machine's clock, in seconds since 1970.
    pub(super) expires_at: i64,
    /// The verified second factors that came with it; empty for a session that was stored.
    pub(super) factors: Vec<Factor>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session({})", self.identity.name())
    }
}

/// A session as the Auth server sends it.
#[derive(Deserialize)]
pub(super) struct Received {
    access_token: String,
    refresh_token: String,
    expires_in: Option<i64>,
    user: Option<ReceivedUser>,
}

/// A user as the Auth server sends it.
#[derive(Deserialize)]
pub(super) struct ReceivedUser {
    #[serde(default)]
    id: String,
    email: Option<String>,
    phone: Option<String>,
    role: Option<String>,
    factors: Option<Vec<ReceivedFactor>>,
}

#[derive(Deserialize)]
struct ReceivedFactor {
    #[serde(default)]
    id: String,
    friendly_name: Option<String>,
    #[serde(default)]
    factor_type: String,
    #[serde(default)]
    status: String,
}

impl ReceivedUser {
    /// The verified factors. An id that is none would end up in a path, so such a factor is left out.
    pub(super) fn factors(&self) -> Vec<Factor> {
        let all = self.factors.iter().flatten();
        all.filter(|factor| factor.status == "verified")
            .filter_map(|factor| {
                let id = uuid::Uuid::parse_str(&factor.id).ok()?;
                let name = factor.friendly_name.as_deref().unwrap_or_default();
                let kind = FactorKind::parse(&factor.factor_type);
                Some(Factor::new(id.to_string(), name, kind))
            })
            .collect()
    }
}

/// A session as the keyring holds it.
#[derive(Serialize, Deserialize)]
struct Stored {
    url: String,
    access_token: String,
    refresh_token: String,
    expires_at: i64,
    user: User,
}

impl Session {
    /// Takes what the server sent. `now` is this machine's clock, in seconds: the end is counted from it, so that a clock
    /// that is wrong by an hour still knows how long the token lasts. A token that is refused earlier is refreshed then.
    pub(super) fn new(received: Received, now: i64) -> Self {
        let claims = Claims::decode(&received.access_token);
        let lasts = received
            .expires_in
            .map(|seconds| now.saturating_add(seconds));
        let ends = claims.as_ref().and_then(Claims::expires_at);
        let factors = received
            .user
            .as_ref()
            .map_or_else(Vec::new, ReceivedUser::factors);
        let mut identity = match (claims, received.user) {
            (Some(claims), _) if !claims.sub.is_empty() => claims.identity(),
            (_, Some(user)) => Identity::User(User {
                id: text::cell(&user.id).into_owned(),
                email: text::cell(&user.email.or(user.phone).unwrap_or_default()).into_owned(),
                role: text::cell(user.role.as_deref().unwrap_or("authenticated")).into_owned(),
                ..User::default()
            }),
            (claims, None) => claims.unwrap_or_default().identity(),
        };
        if let Identity::User(user) = &mut identity {
            user.has_second_factor = !factors.is_empty();
        }
        Self {
            access: received.access_token.into(),
            refresh: received.refresh_token.into(),
            identity,
            expires_at: lasts.or(ends).unwrap_or(now),
            factors,
        }
    }

    /// Who is to be asked for a second factor, when one is there and was not given.
    pub(super) fn waiting(&self) -> Option<MfaChallenge> {
        match &self.identity {
            Identity::User(user) if user.aal == Aal::Aal1 && !self.factors.is_empty() => {
                Some(MfaChallenge::new(user.clone(), self.factors.clone(), false))
            }
            _ => None,
        }
    }

    /// Whether the access token can be used without thinking.
    pub(super) fn is_fresh(&self, now: i64) -> bool {
        self.expires_at.saturating_sub(now) >= MARGIN_S
    }

    /// Whether the access token has not ended yet.
    pub(super) fn is_alive(&self, now: i64) -> bool {
        self.expires_at > now
    }

    /// Whether it is of a later refresh than the other.
    pub(super) fn is_later(&self, other: &Self) -> bool {
        self.expires_at > other.expires_at
    }

    /// Whether it has the other's refresh token.
    pub(super) fn has_token_of(&self, other: &Self) -> bool {
        self.refresh.expose_secret() == other.refresh.expose_secret()
    }

    /// Whether both are of one session on the server, of whichever refresh.
    pub(super) fn is_one_with(&self, other: &Self) -> bool {
        let id = |session: &Self| Claims::decode(session.access.expose_secret())?.session_id;
        match (id(self), id(other)) {
            (Some(one), Some(two)) => one == two,
            _ => self.has_token_of(other),
        }
    }

    /// The text for the keyring. The URL goes with it: a session must not reach another project.
    pub(super) fn to_stored(&self, url: &str) -> SecretString {
        let Identity::User(user) = &self.identity else {
            return String::new().into();
        };
        let stored = Stored {
            url: url.to_owned(),
            access_token: self.access.expose_secret().to_owned(),
            refresh_token: self.refresh.expose_secret().to_owned(),
            expires_at: self.expires_at,
            user: user.clone(),
        };
        serde_json::to_string(&stored).unwrap_or_default().into()
    }

    /// Reads the text from the keyring; one of another project, or of another version, is none.
    pub(super) fn from_stored(text: &SecretString, url: &str) -> Option<Self> {
        let (of, session) = Self::of_any_project(text)?;
        (of == url).then_some(session)
    }

    /// Reads the text from the keyring, of whichever project: its URL and the session.
    pub(super) fn of_any_project(text: &SecretString) -> Option<(String, Self)> {
        let stored: Stored = serde_json::from_str(text.expose_secret()).ok()?;
        let session = Self {
            access: stored.access_token.into(),
            refresh: stored.refresh_token.into(),
            identity: Identity::User(stored.user),
            expires_at: stored.expires_at,
            factors: Vec::new(),
        };
        Some((stored.url, session))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn received(expires_in: Option<i64>) -> Received {
        // {"sub":"1","email":"a@b.c","role":"authenticated","exp":5000}
        let claims =
            "eyJzdWIiOiIxIiwiZW1haWwiOiJhQGIuYyIsInJvbGUiOiJhdXRoZW50aWNhdGVkIiwiZXhwIjo1MDAwfQ";
        Received {
            access_token: format!("e30.{claims}.x"),
            refresh_token: "r1".into(),
            expires_in,
            user: None,
        }
    }

    #[test]
    fn the_end_is_counted_by_this_machines_clock() {
        let session = Session::new(received(Some(3600)), 90_000);
        assert_eq!(session.expires_at, 93_600);
        assert!(session.is_fresh(93_540) && !session.is_fresh(93_541));
        assert!(session.is_alive(93_599) && !session.is_alive(93_600));
        assert_eq!(Session::new(received(None), 1).expires_at, 5000);
    }

    #[test]
    fn a_session_is_stored_with_its_project() {
        let session = Session::new(received(Some(60)), 0);
        let stored = session.to_stored("https://a");
        let again = Session::from_stored(&stored, "https://a").unwrap();
        assert_eq!(again.refresh.expose_secret(), "r1");
        assert!(!again.is_later(&session));
        assert!(Session::from_stored(&stored, "https://b").is_none());
        assert!(Session::from_stored(&"junk".to_owned().into(), "https://a").is_none());
    }

    #[test]
    fn only_a_verified_factor_is_asked_for() {
        let session = |status: &str, id: &str| {
            let user = format!(
                r#"{{"id":"1","factors":[{{"id":"{id}","factor_type":"totp","status":"{status}"}}]}}"#
            );
            let user = Some(serde_json::from_str(&user).unwrap());
            Session::new(
                Received {
                    user,
                    ..received(None)
                },
                0,
            )
        };
        let id = "4b7a5b0e-6f0c-4c54-9a5c-0d7f3d1d8a01";
        let waiting = session("verified", id).waiting().unwrap();
        assert_eq!((waiting.name(), waiting.factors.len()), ("a@b.c", 1));
        assert!(session("verified", id).identity.lacks_second_factor());
        assert!(session("unverified", id).waiting().is_none());
        assert!(session("verified", "../../user").waiting().is_none());
    }

    #[test]
    fn debug_shows_no_token() {
        let shown = format!("{:?}", Session::new(received(None), 0));
        assert_eq!(shown, "Session(a@b.c)");
    }
}
