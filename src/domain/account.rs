//! A user of the project as Auth has them, and what a token says of them: what one needs to act as somebody.

use super::identity::{Identity, User};
use super::problem::{Kind, Problem};
use serde_json::{Map, Value, json};

/// A row of `auth.users`, as far as policies can ask for it.
#[derive(Debug, Clone, PartialEq)]
pub struct AuthAccount {
    /// The id.
    pub id: String,
    /// The e-mail address; empty when there is none.
    pub email: String,
    /// The phone number; empty when there is none.
    pub phone: String,
    /// The database role.
    pub role: String,
    /// What the project says of the user.
    pub app_metadata: Value,
    /// What the user says.
    pub user_metadata: Value,
    /// Whether it was made without an address, by signing in anonymously.
    pub is_anonymous: bool,
}

impl AuthAccount {
    /// A user of whom only the id is known.
    pub fn of_id(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            email: String::new(),
            phone: String::new(),
            role: "authenticated".to_owned(),
            app_metadata: Value::Object(Map::new()),
            user_metadata: Value::Object(Map::new()),
            is_anonymous: false,
        }
    }

    /// Who one reads as with a token of this user.
    pub fn acted(&self) -> Identity {
        let email = if self.email.is_empty() {
            &self.phone
        } else {
            &self.email
        };
        Identity::User(User {
            id: self.id.clone(),
            email: email.clone(),
            role: self.role.clone(),
            is_acted: true,
            ..User::default()
        })
    }

    /// The claims of a token, as Auth makes them for a session with one factor, without a session: none exists.
    pub fn claims(&self, url: &str, now: i64, seconds: i64) -> Value {
        json!({
            "iss": format!("{url}/auth/v1"),
            "sub": self.id,
            "aud": "authenticated",
            "role": self.role,
            "email": self.email,
            "phone": self.phone,
            "aal": "aal1",
            "is_anonymous": self.is_anonymous,
            "app_metadata": self.app_metadata,
            "user_metadata": self.user_metadata,
            "iat": now,
            "exp": now.saturating_add(seconds),
        })
    }
}

/// Refuses to act in a role that Row Level Security does not bind, or that no user has.
pub fn check_role(account: &AuthAccount) -> Result<(), Problem> {
    if !matches!(
        account.role.as_str(),
        "service_role" | "supabase_admin" | "postgres"
    ) {
        return Ok(());
    }
    Err(Problem::new(
        Kind::Denied,
        "Nobody acts as this user.",
        format!(
            "The account has the role {}, which is no user's.",
            account.role
        ),
    )
    .with_hint("The service role is chosen with `--as service`."))
}
