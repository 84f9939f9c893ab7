//! Who reads and writes: the identity that stands on screen, and whether Row Level Security applies to it.
//! Tokens and keys never come here; an identity can be shown, logged and compared freely.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The authenticator assurance level of a session, as its token names it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Aal {
    /// One factor was given: a password, or a code by e-mail.
    #[default]
    Aal1,
    /// A second one was given too.
    Aal2,
    /// Above that; the Auth server has a word for it and does not give it yet.
    Aal3,
}

impl Aal {
    /// Reads the claim; a level without a name is the lowest.
    pub fn parse(claim: Option<&str>) -> Self {
        match claim {
            Some("aal2") => Self::Aal2,
            Some("aal3") => Self::Aal3,
            _ => Self::Aal1,
        }
    }

    /// The word of the claim.
    pub fn word(self) -> &'static str {
        match self {
            Self::Aal1 => "aal1",
            Self::Aal2 => "aal2",
            Self::Aal3 => "aal3",
        }
    }
}

/// The identity under which rows are read.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Identity {
    /// Nobody is signed in; the publishable key alone.
    Anon,
    /// A signed-in user.
    User(User),
    /// The service role: Row Level Security does not apply.
    Service,
}

/// A signed-in user as the access token describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct User {
    /// `sub` of the token: the id in `auth.users`.
    pub id: String,
    /// The e-mail address, or the phone number, or empty for an anonymous user.
    pub email: String,
    /// The database role of the token, most often `authenticated`.
    pub role: String,
    /// How sure the Auth server is of it; policies can ask for `aal2`.
    #[serde(default)]
    pub aal: Aal,
    /// Whether the account has a second factor, as far as it is known.
    #[serde(default)]
    pub has_second_factor: bool,
    /// Whether nobody signed in: one acts as this user, with a token that was signed here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_acted: bool,
}

impl User {
    /// The e-mail address or phone number, else the id.
    pub fn name(&self) -> &str {
        if self.email.is_empty() {
            &self.id
        } else {
            &self.email
        }
    }
}

impl Identity {
    /// The name people know the identity by.
    pub fn name(&self) -> &str {
        match self {
            Self::Anon => "anon",
            Self::User(user) => user.name(),
            Self::Service => "service role",
        }
    }

    /// The database role that PostgREST switches to.
    pub fn role(&self) -> &str {
        match self {
            Self::Anon => "anon",
            Self::User(user) => &user.role,
            Self::Service => "service_role",
        }
    }

    /// The role, and the assurance level where it says something: after a second factor, and without one that is there.
    pub fn rights(&self) -> Cow<'_, str> {
        match self {
            Self::User(user) if user.is_acted => format!("{}, acted", user.role).into(),
            Self::User(user) if user.aal > Aal::Aal1 || user.has_second_factor => {
                format!("{}, {}", user.role, user.aal.word()).into()
            }
            _ => self.role().into(),
        }
    }

    /// Whether the account has a second factor that was not given.
    pub fn lacks_second_factor(&self) -> bool {
        matches!(self, Self::User(user) if user.aal == Aal::Aal1 && user.has_second_factor)
    }

    /// Whether both see the same rows: the same user, by the same name, in the same role at the same level.
    pub fn sees_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::User(one), Self::User(other)) => {
                let is_known = one.has_second_factor;
                *one == User {
                    has_second_factor: is_known,
                    ..other.clone()
                }
            }
            _ => self == other,
        }
    }

    /// The name with what it may do: `alice@example.com (authenticated)`, `anon`, `the service role`.
    pub fn called(&self) -> String {
        match self {
            Self::Anon => "anon".to_owned(),
            Self::User(_) => format!("{} ({})", self.name(), self.rights()),
            Self::Service => "the service role".to_owned(),
        }
    }

    /// The same at the beginning of a sentence.
    pub fn subject(&self) -> String {
        match self {
            Self::Service => "The service role".to_owned(),
            _ => self.called(),
        }
    }

    /// As whom rows were read, and whether Row Level Security applied.
    pub fn sentence(&self) -> String {
        let applies = if self.is_under_rls() {
            "applies"
        } else {
            "does NOT apply"
        };
        let who = match self {
            Self::Anon => "anon".to_owned(),
            _ => format!("{} ({})", self.name(), self.rights()),
        };
        format!("As {who}; Row Level Security {applies}.")
    }

    /// Whether one only acts as the user.
    pub fn is_acted(&self) -> bool {
        matches!(self, Self::User(user) if user.is_acted)
    }

    /// Whether Row Level Security decides which rows this identity sees.
    pub fn is_under_rls(&self) -> bool {
        self.role() != "service_role"
    }

    /// The id in `auth.users`, for a signed-in user.
    pub fn user_id(&self) -> Option<&str> {
        match self {
            Self::User(user) => Some(&user.id),
            Self::Anon | Self::Service => None,
        }
    }

    /// The sentence for an empty answer: under RLS, no rows visible is not the same as no rows.
    pub fn no_rows(&self) -> String {
        if !self.is_under_rls() {
            return "No rows.".to_owned();
        }
        match self {
            Self::User(_) => {
                let without = if self.lacks_second_factor() {
                    " The second factor was not given."
                } else {
                    ""
                };
                format!("No rows visible to {}.{without}", self.called())
            }
            Self::Anon | Self::Service => "No rows visible to anon.".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_answer_names_the_identity_under_rls() {
        let alice = Identity::User(User {
            id: "1".into(),
            email: "alice@example.com".into(),
            role: "authenticated".into(),
            ..User::default()
        });
        assert_eq!(
            alice.no_rows(),
            "No rows visible to alice@example.com (authenticated)."
        );
        assert_eq!(Identity::Anon.no_rows(), "No rows visible to anon.");
        assert_eq!(Identity::Service.no_rows(), "No rows.");
    }

    #[test]
    fn a_user_token_with_the_service_role_is_not_under_rls() {
        let odd = Identity::User(User {
            id: "1".into(),
            email: String::new(),
            role: "service_role".into(),
            ..User::default()
        });
        assert!(!odd.is_under_rls());
    }

    #[test]
    fn the_level_is_named_where_it_says_something() {
        let user = |aal, has_second_factor| {
            Identity::User(User {
                email: "a@b.c".into(),
                role: "authenticated".into(),
                aal,
                has_second_factor,
                ..User::default()
            })
        };
        assert_eq!(user(Aal::Aal1, false).rights(), "authenticated");
        assert_eq!(user(Aal::Aal2, true).rights(), "authenticated, aal2");
        let without = user(Aal::Aal1, true);
        assert_eq!(
            without.no_rows(),
            "No rows visible to a@b.c (authenticated, aal1). The second factor was not given."
        );
        let acted = Identity::User(User {
            email: "a@b.c".into(),
            role: "authenticated".into(),
            is_acted: true,
            ..User::default()
        });
        assert_eq!(acted.rights(), "authenticated, acted");
        assert!(
            !acted.sees_as(&user(Aal::Aal1, false)),
            "it is another token"
        );
        assert!(without.sees_as(&user(Aal::Aal1, false)));
        assert!(!without.sees_as(&user(Aal::Aal2, true)));
    }
}
