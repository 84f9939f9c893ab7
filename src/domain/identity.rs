//! Who reads and writes: the identity that stands on screen, and whether Row Level Security applies to it.
//! Tokens and keys never come here; an identity can be shown, logged and compared freely.

use serde::{Deserialize, Serialize};

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
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct User {
    /// `sub` of the token: the id in `auth.users`.
    pub id: String,
    /// The e-mail address, or the phone number, or empty for an anonymous user.
    pub email: String,
    /// The database role of the token, most often `authenticated`.
    pub role: String,
}

impl Identity {
    /// The name people know the identity by.
    pub fn name(&self) -> &str {
        match self {
            Self::Anon => "anon",
            Self::User(user) if user.email.is_empty() => &user.id,
            Self::User(user) => &user.email,
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
            Self::User(user) => format!("No rows visible to {} ({}).", self.name(), user.role),
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
        });
        assert!(!odd.is_under_rls());
    }
}
