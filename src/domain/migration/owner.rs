//! Why a role may not do something: whose the object is, who asked, and what can be done about it.

use crate::domain::sql::statement_kind::significant;
use crate::domain::text::cell;

/// Something that is called so, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owned {
    /// The schema it is in; absent for a schema itself.
    pub schema: Option<String>,
    /// Its name.
    pub name: String,
    /// The role that owns it.
    pub owner: String,
    /// Whether nobody can sign in as that role, nor be its member.
    pub is_out_of_reach: bool,
}

/// Roles that the platform keeps for itself begin with this.
const PLATFORM: &str = "supabase_";

/// The name of the object that the server speaks of: `must be owner of table objects`, `permission denied for schema auth`.
pub fn named(message: &str) -> Option<&str> {
    let rest = ["must be owner of ", "permission denied for "]
        .iter()
        .find_map(|start| message.strip_prefix(start))?;
    // A function is named with its schema and its arguments.
    let rest = rest.split('(').next().unwrap_or(rest);
    let (_, name) = rest.rsplit_once(' ')?;
    let name = name.rsplit('.').next().unwrap_or(name);
    Some(name.trim_matches('"')).filter(|name| !name.is_empty())
}

/// What can be done about a refusal, with the role in use and the owner. `owned` are all that are called so, of which the
/// statement means one.
pub fn way_out(role: &str, statement: &str, owned: &[Owned]) -> Option<String> {
    let one = meant(statement, owned)?;
    let (role, owner) = (cell(role), cell(&one.owner));
    let what = match &one.schema {
        Some(schema) => format!("{}.{}", cell(schema), cell(&one.name)),
        None => format!("schema {}", cell(&one.name)),
    };
    let who = format!("It ran as {role}, and {what} belongs to {owner}.");
    Some(if one.owner.starts_with(PLATFORM) {
        format!(
            "{who} On the hosted platform no user can be {owner}: take the statement out of the file."
        )
    } else if one.is_out_of_reach {
        format!(
            "{who} Nobody can sign in as {owner}, and no role is its member, as for the roles that the hosted platform keeps for itself: take the statement out of the file, or have a superuser run it."
        )
    } else {
        format!("{who} Use a database URL of {owner}, or make {role} a member of it.")
    })
}

/// The one of several that a statement names; none where it cannot be told.
fn meant<'a>(statement: &str, owned: &'a [Owned]) -> Option<&'a Owned> {
    if let [one] = owned {
        return Some(one);
    }
    let words: Vec<String> = significant(statement)
        .map(|token| token.text(statement).trim_matches('"').to_ascii_lowercase())
        .collect();
    let is_named = |one: &&Owned| {
        let Some(schema) = &one.schema else {
            return false;
        };
        let path = [schema.as_str(), ".", one.name.as_str()];
        words
            .windows(3)
            .any(|three| three.iter().map(String::as_str).eq(path))
    };
    let mut named = owned.iter().filter(is_named);
    named.next().filter(|_| named.next().is_none())
}

/// The role that a statement runs as: the connection's, or the one that the file has set before.
pub fn role_in_use<'a>(role: &'a str, before: impl Iterator<Item = &'a str>) -> String {
    let mut used = role.to_owned();
    for sql in before {
        let tokens: Vec<&str> = significant(sql).map(|token| token.text(sql)).collect();
        let lower: Vec<String> = tokens
            .iter()
            .map(|word| word.to_ascii_lowercase())
            .collect();
        let mut lower: Vec<&str> = lower.iter().map(String::as_str).collect();
        if lower
            .get(1)
            .is_some_and(|word| matches!(*word, "session" | "local"))
            && lower.get(2) != Some(&"authorization")
        {
            lower.remove(1);
        }
        used = match lower[..] {
            ["reset", "role" | "all"] | ["reset", "session", "authorization"] => role.to_owned(),
            ["set", "role", "none"] => role.to_owned(),
            ["set", "role", name]
            | ["set", "role", "=" | "to", name]
            | ["set", "session", "authorization", name] => {
                name.trim_matches(['"', '\'']).to_owned()
            }
            _ => used,
        };
    }
    used
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(schema: &str, owner: &str, is_out_of_reach: bool) -> Owned {
        Owned {
            schema: Some(schema.into()),
            name: "objects".into(),
            owner: owner.into(),
            is_out_of_reach,
        }
    }

    #[test]
    fn the_object_is_read_from_the_servers_words() {
        for (message, name) in [
            ("must be owner of table objects", Some("objects")),
            ("must be owner of relation objects", Some("objects")),
            ("permission denied for schema auth", Some("auth")),
            ("permission denied for materialized view \"A\"", Some("A")),
            ("must be owner of function auth.uid()", Some("uid")),
            (
                "must be owner of function \"My\".f(integer, timestamp without time zone)",
                Some("f"),
            ),
            ("permission denied to create role", None),
            ("darf nicht", None),
        ] {
            assert_eq!(named(message), name, "{message}");
        }
    }

    #[test]
    fn the_way_out_depends_on_who_can_be_the_owner() {
        let sql = "ALTER TABLE \"storage\".objects ENABLE ROW LEVEL SECURITY";
        let other = owned("public", "me", false);
        for (one, expected) in [
            (
                owned("storage", "supabase_storage_admin", false),
                "take the statement out",
            ),
            (owned("storage", "closed", true), "take the statement out"),
            (
                owned("storage", "somebody", false),
                "database URL of somebody",
            ),
        ] {
            let said = way_out("dev", sql, &[other.clone(), one]).unwrap_or_default();
            assert!(said.contains(expected), "{said}");
            assert!(
                said.contains("ran as dev, and storage.objects belongs to"),
                "{said}"
            );
        }
        assert_eq!(way_out("dev", "select f()", &[other.clone(), other]), None);
    }

    #[test]
    fn the_role_is_the_one_that_the_file_has_set_last() {
        for (before, role) in [
            (vec![], "me"),
            (vec!["set role app"], "app"),
            (vec!["set local role to 'app'"], "app"),
            (vec!["set session authorization \"App\""], "app"),
            (vec!["set role app", "reset role"], "me"),
            (vec!["set role app", "set role none"], "me"),
        ] {
            assert_eq!(
                role_in_use("me", before.iter().copied()),
                role,
                "{before:?}"
            );
        }
    }
}
