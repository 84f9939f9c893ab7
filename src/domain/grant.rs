//! What a role lacks where Postgres says "permission denied for …", as the statement that gives it.

use crate::domain::sql::name::quoted;

/// The schema of what the REST interface serves.
const SCHEMA: &str = "public";

/// The statement that gives `role` what the message says it lacks to read `relation`. Row Level Security hides rows and never
/// refuses a read, so such a refusal is a missing grant: on the relation, or on what its policies or its view read.
pub fn to_read(message: &str, relation: &str, role: &str) -> Option<String> {
    let (kind, name) = denied(message)?;
    let what = match kind {
        "table" | "view" | "materialized view" | "foreign table" | "relation" => {
            format!("select on {}", place(name, relation))
        }
        _ => return to_reach(kind, name, relation, role),
    };
    Some(format!("grant {what} to {};", quoted(role)))
}

/// The same to write rows: `verb` is that of SQL.
pub fn to_write(message: &str, relation: &str, verb: &str, role: &str) -> Option<String> {
    let (kind, name) = denied(message)?;
    match kind {
        "table" | "view" | "foreign table" | "relation" if name == relation => {
            let place = place(name, relation);
            Some(format!("grant {verb} on {place} to {};", quoted(role)))
        }
        _ => to_read(message, relation, role),
    }
}

/// The same to call a function. What a function may lack inside is for its author to say.
pub fn to_call(message: &str, function: &str, role: &str) -> Option<String> {
    let (kind, name) = denied(message)?;
    to_reach(kind, name, function, role)
}

fn to_reach(kind: &str, name: &str, asked: &str, role: &str) -> Option<String> {
    let what = match kind {
        "schema" => format!("usage on schema {}", quoted(name)),
        "function" => format!("execute on function {}", place(name, asked)),
        _ => return None,
    };
    Some(format!("grant {what} to {};", quoted(role)))
}

/// The kind and the name of what was denied.
fn denied(message: &str) -> Option<(&str, &str)> {
    let rest = message.strip_prefix("permission denied for ")?;
    let rest = rest.trim_end_matches('.');
    let kinds = [
        "materialized view",
        "foreign table",
        "table",
        "view",
        "relation",
        "schema",
        "function",
    ];
    kinds.into_iter().find_map(|kind| {
        let name = rest.strip_prefix(kind)?.strip_prefix(' ')?;
        (!name.is_empty()).then_some((kind, name))
    })
}

/// The name with its schema, where that is known: Postgres leaves it out.
fn place(name: &str, asked: &str) -> String {
    if name == asked {
        format!("{SCHEMA}.{}", quoted(name))
    } else {
        quoted(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_grant_is_named_with_its_statement() {
        for (message, statement) in [
            (
                "permission denied for table goal",
                "grant select on public.goal to authenticated;",
            ),
            (
                "permission denied for view goal",
                "grant select on public.goal to authenticated;",
            ),
            (
                "permission denied for materialized view totals",
                "grant select on totals to authenticated;",
            ),
            (
                "permission denied for table Member",
                "grant select on \"Member\" to authenticated;",
            ),
            (
                "permission denied for schema private",
                "grant usage on schema private to authenticated;",
            ),
            (
                "permission denied for function may_see",
                "grant execute on function may_see to authenticated;",
            ),
        ] {
            let found = to_read(message, "goal", "authenticated");
            assert_eq!(found.as_deref(), Some(statement));
        }
    }

    #[test]
    fn another_refusal_names_no_statement() {
        for message in [
            "",
            "permission denied for ",
            "permission denied for table ",
            "permission denied to set role \"x\"",
            "new row violates row-level security policy for table \"goal\"",
        ] {
            assert_eq!(to_read(message, "goal", "anon"), None, "{message}");
        }
        let inside = to_call("permission denied for table goal", "unlock_week", "anon");
        assert_eq!(inside, None);
        let call = to_call(
            "permission denied for function unlock_week",
            "unlock_week",
            "anon",
        );
        assert_eq!(
            call.as_deref(),
            Some("grant execute on function public.unlock_week to anon;")
        );
    }
}
