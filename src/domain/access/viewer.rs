//! Who looks: anon, a stranger who is signed in, a user of the project, a role of the API, the service role.

use super::rules::{AccessRules, FoundUser};
use crate::domain::plural::listed;
use crate::domain::problem::{Kind, Problem};
use serde_json::{Map, Value, json};
use std::str::FromStr;

/// The id of somebody who is signed in and owns nothing.
pub const STRANGER: &str = "00000000-0000-4000-8000-00000000beef";

/// Whose access is asked for, as it was typed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Who {
    /// Nobody: `anon`.
    Anon,
    /// Somebody who is signed in and owns nothing: `stranger`.
    Stranger,
    /// A user by e-mail address, the part before its `@`, or id: `user:EMAIL`.
    User(String),
    /// The service role: `service`.
    Service,
    /// A role of the API: `role:NAME`.
    Role(String),
}

impl FromStr for Who {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("user", name)) if !name.is_empty() => Ok(Self::User(name.to_owned())),
            Some(("role", name)) if !name.is_empty() => Ok(Self::Role(name.to_owned())),
            None => match text {
                "anon" => Ok(Self::Anon),
                "stranger" | "authenticated" => Ok(Self::Stranger),
                "service" | "service_role" => Ok(Self::Service),
                _ => Err(unknown(text)),
            },
            _ => Err(unknown(text)),
        }
    }
}

fn unknown(text: &str) -> String {
    if text.contains('@') {
        return format!("`{text}` needs a word before it: `user:{text}`");
    }
    format!("`{text}` is not anon, stranger, user:EMAIL, role:NAME or service")
}

impl Who {
    /// The way it is written.
    pub fn name(&self) -> String {
        match self {
            Self::Anon => "anon".to_owned(),
            Self::Stranger => "stranger".to_owned(),
            Self::User(name) => format!("user:{name}"),
            Self::Service => "service".to_owned(),
            Self::Role(name) => format!("role:{name}"),
        }
    }
}

/// Somebody who looks, with the role and the claims of the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    /// As it is shown and written: `anon`, `stranger`, `user:EMAIL`, `role:NAME`, `service`.
    pub name: String,
    /// The database role.
    pub role: String,
    /// The claims, as PostgREST gives them to the database.
    pub claims: Map<String, Value>,
}

impl Viewer {
    /// Nobody.
    pub fn anon() -> Self {
        Self::of("anon", "anon", json!({ "role": "anon" }))
    }

    /// Somebody who is signed in and owns nothing.
    pub fn stranger() -> Self {
        let claims = json!({ "role": "authenticated", "aud": "authenticated", "sub": STRANGER,
            "aal": "aal1", "is_anonymous": false, "app_metadata": {}, "user_metadata": {} });
        Self::of("stranger", "authenticated", claims)
    }

    /// The service role.
    pub fn service() -> Self {
        Self::of("service", "service_role", json!({ "role": "service_role" }))
    }

    /// A stranger in another role of the API.
    pub fn role(name: &str) -> Self {
        match name {
            "anon" => Self::anon(),
            "authenticated" => Self::stranger(),
            "service_role" => Self::service(),
            _ => {
                let claims = json!({ "role": name, "aud": "authenticated", "sub": STRANGER,
                    "aal": "aal1", "app_metadata": {}, "user_metadata": {} });
                Self::of(&format!("role:{name}"), name, claims)
            }
        }
    }

    /// A user, with the claims that a token of theirs would have after one factor.
    pub fn user(user: &FoundUser) -> Self {
        let role = user.role.as_deref().filter(|role| !role.is_empty());
        let role = role.unwrap_or("authenticated");
        let mut claims = user.claims.clone();
        for (name, value) in [
            ("sub", json!(user.id)),
            ("email", json!(user.email.clone().unwrap_or_default())),
            ("role", json!(role)),
            ("aal", json!("aal1")),
        ] {
            claims.insert(name.to_owned(), value);
        }
        let name = user.email.as_deref().filter(|email| !email.is_empty());
        Self {
            name: format!("user:{}", name.unwrap_or(&user.id)),
            role: role.to_owned(),
            claims,
        }
    }

    /// How it is asked for.
    pub fn who(&self) -> Who {
        self.name
            .parse()
            .unwrap_or_else(|_| Who::Role(self.role.clone()))
    }

    fn of(name: &str, role: &str, claims: Value) -> Self {
        let claims = match claims {
            Value::Object(claims) => claims,
            _ => Map::new(),
        };
        Self {
            name: name.to_owned(),
            role: role.to_owned(),
            claims,
        }
    }
}

/// Those who look where nobody was named: anon, a stranger, the other roles of the API, the service role.
pub fn usual(rules: &AccessRules) -> Vec<Viewer> {
    let mut viewers = Vec::new();
    let has = |name: &str| rules.role(name).is_some();
    if has("anon") {
        viewers.push(Viewer::anon());
    }
    if has("authenticated") {
        viewers.push(Viewer::stranger());
    }
    let named = ["anon", "authenticated", "service_role"];
    let others = rules.roles.iter();
    let others = others.filter(|role| role.is_of_api && !named.contains(&role.name.as_str()));
    viewers.extend(others.map(|role| Viewer::role(&role.name)));
    if has("service_role") {
        viewers.push(Viewer::service());
    }
    viewers
}

/// Finds who was asked for; a user is looked up among those that were read.
pub fn find(rules: &AccessRules, asked: &Who) -> Result<Viewer, Problem> {
    let viewer = match asked {
        Who::Anon => Viewer::anon(),
        Who::Stranger => Viewer::stranger(),
        Who::Service => Viewer::service(),
        Who::Role(name) => Viewer::role(name),
        Who::User(name) => Viewer::user(user(&rules.people, name)?),
    };
    if rules.role(&viewer.role).is_some() {
        return Ok(viewer);
    }
    let roles: Vec<&str> = rules.roles.iter().map(|role| role.name.as_str()).collect();
    Err(Problem::new(
        Kind::Usage,
        format!("There is no role `{}` of the API.", viewer.role),
        format!("The roles are {}.", listed(&roles)),
    ))
}

/// The one user that a text means: an id or address before the part of an address.
fn user<'a>(people: &'a [FoundUser], asked: &str) -> Result<&'a FoundUser, Problem> {
    let asked_low = asked.to_lowercase();
    let email = |user: &FoundUser| user.email.clone().unwrap_or_default().to_lowercase();
    let exact = people
        .iter()
        .find(|user| user.id == asked_low || email(user) == asked_low);
    if let Some(found) = exact {
        return Ok(found);
    }
    let short: Vec<&FoundUser> = people
        .iter()
        .filter(|user| email(user).split('@').next() == Some(asked_low.as_str()))
        .collect();
    match short.as_slice() {
        [one] => Ok(one),
        [] => Err(Problem::new(
            Kind::Usage,
            format!("`{asked}` is not a user of the project."),
            "No row of auth.users has this e-mail address or id.",
        )),
        several => {
            let emails: Vec<String> = several.iter().map(|user| email(user)).collect();
            Err(Problem::new(
                Kind::Usage,
                format!("`{asked}` means several users."),
                format!("They are {}.", listed(&emails)),
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_are_read_as_they_are_written() {
        for text in ["anon", "stranger", "service", "user:a@b.c", "role:auditor"] {
            let asked: Who = text.parse().unwrap();
            assert_eq!(asked.name(), text);
        }
        for text in ["", "user:", "role:", "bob@example.com", "nobody", "x:y"] {
            assert!(text.parse::<Who>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_user_is_found_by_id_address_or_the_part_before_the_at() {
        let one = |id: &str, email: &str| FoundUser {
            id: id.into(),
            email: Some(email.into()),
            ..FoundUser::default()
        };
        let people = [
            one("1", "Alice@example.com"),
            one("2", "bob@example.com"),
            one("3", "bob@example.org"),
        ];
        assert_eq!(user(&people, "alice").unwrap().id, "1");
        assert_eq!(user(&people, "alice@EXAMPLE.com").unwrap().id, "1");
        assert_eq!(user(&people, "3").unwrap().id, "3");
        assert_eq!(user(&people, "bob@example.com").unwrap().id, "2");
        assert!(
            user(&people, "bob")
                .unwrap_err()
                .why
                .contains("example.org")
        );
        assert!(user(&people, "carol").is_err());
    }
}
