//! The tables that supautils lets a role make policies on and drop triggers of, though they are not its own, and which
//! statements ask it for that: each locks all of them.

use crate::domain::sql::lexer::Kind;
use crate::domain::sql::statement_kind::{leading_words, significant};
use crate::domain::text::cell;
use serde_json::Value;

/// The tables on which supautils lets the role of a connection make policies and drop triggers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlatformGrants {
    policy: Vec<String>,
    trigger: Vec<String>,
}

/// What a statement asks supautils for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asks {
    Policy,
    DropTrigger,
}

impl PlatformGrants {
    /// Reads the two settings of supautils, each JSON with a list of tables by role, and the role, which is no superuser.
    /// Whatever else stands there grants nothing.
    pub fn parse(policy: Option<&str>, trigger: Option<&str>, role: &str) -> Self {
        let tables = |setting: Option<&str>| -> Option<Vec<String>> {
            let value: Value = serde_json::from_str(setting?).ok()?;
            let tables = value
                .get(role)?
                .as_array()?
                .iter()
                .filter_map(Value::as_str);
            Some(tables.map(|table| cell(table).into_owned()).collect())
        };
        let policy = tables(policy).unwrap_or_default();
        Self {
            // Older versions know one list for both.
            trigger: tables(trigger).unwrap_or_else(|| policy.clone()),
            policy,
        }
    }

    /// What a statement locks by being run.
    pub fn locked_by(&self, sql: &str) -> &[String] {
        match asks(sql) {
            Some(Asks::Policy) => &self.policy,
            Some(Asks::DropTrigger) => &self.trigger,
            None => &[],
        }
    }

    /// Whether a statement locks a table only because supautils does.
    pub fn is_theirs(&self, sql: &str, table: &str) -> bool {
        self.locked_by(sql).iter().any(|one| one == table)
    }
}

/// What a statement asks supautils for, also in a block, whose text is looked at; of a function that it calls nobody knows.
fn asks(sql: &str) -> Option<Asks> {
    let words = leading_words(sql, 2);
    if words.first().is_some_and(|first| first == "do") {
        let mut bodies =
            significant(sql).filter(|token| matches!(token.kind, Kind::DollarText | Kind::Text));
        return bodies.find_map(|body| asks_within(body.text(sql)));
    }
    pair(words.first()?, words.get(1)?)
}

fn asks_within(body: &str) -> Option<Asks> {
    let words: Vec<String> = body
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    words.windows(2).find_map(|two| pair(&two[0], &two[1]))
}

fn pair(verb: &str, object: &str) -> Option<Asks> {
    match (verb, object) {
        ("create" | "alter" | "drop", "policy") => Some(Asks::Policy),
        ("drop", "trigger") => Some(Asks::DropTrigger),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str =
        r#"{"postgres": ["auth.users", "auth.sessions", "storage.objects"], "other": ["x.y"]}"#;

    #[test]
    fn the_lists_are_those_of_the_role() {
        let grants = PlatformGrants::parse(Some(POLICY), None, "postgres");
        assert_eq!(grants.policy.len(), 3);
        assert_eq!(grants.trigger, grants.policy);
        let own = PlatformGrants::parse(
            Some(POLICY),
            Some(r#"{"postgres": ["auth.users"]}"#),
            "postgres",
        );
        assert_eq!(own.trigger, ["auth.users"]);
        for (setting, role) in [
            (None, "postgres"),
            (Some(""), "postgres"),
            (Some("{"), "postgres"),
            (Some("[1]"), "postgres"),
            (Some(r#"{"postgres": "auth.users"}"#), "postgres"),
            (Some(POLICY), "dev"),
        ] {
            assert_eq!(
                PlatformGrants::parse(setting, None, role),
                PlatformGrants::default()
            );
        }
    }

    #[test]
    fn policies_and_dropped_triggers_lock_them() {
        let own = Some(r#"{"postgres": ["auth.users"]}"#);
        let grants = PlatformGrants::parse(Some(POLICY), own, "postgres");
        for (sql, count) in [
            ("create policy p on public.item for select using (true)", 3),
            ("-- open\n ALTER  POLICY p ON item TO anon", 3),
            ("drop policy if exists p on item", 3),
            ("drop trigger t on public.item", 1),
            (
                "do $$ begin if true then create policy p on item using (true); end if; end $$",
                3,
            ),
            ("do $$ begin execute 'drop trigger t on item'; end $$", 1),
            (
                "create trigger t after insert on item execute function f()",
                0,
            ),
            (
                "create function f() returns void language sql as 'drop policy p on item'",
                0,
            ),
            ("select 'create policy'", 0),
            ("drop table item", 0),
        ] {
            assert_eq!(grants.locked_by(sql).len(), count, "{sql}");
        }
        assert!(grants.is_theirs("drop policy p on item", "storage.objects"));
        assert!(!grants.is_theirs("drop policy p on item", "public.item"));
    }
}
