//! Updates that open nothing: they wrote columns of a table on which its own policies do not look. That the table's rows were changed
//! is then no reason to say that somebody may see other rows.

use super::access::{AccessChange, Touch};
use super::effects::{EffectLedger, Updates};
use crate::domain::snapshot::{Kind as Object, Snapshot};
use crate::domain::sql::lexer::{Kind, Token};
use crate::domain::sql::name::quoted;
use crate::domain::sql::statement_kind::significant;
use std::collections::BTreeSet;

/// The column that triggers keep by themselves.
const CHANGED_AT: &str = "updated_at";

/// Leaves out what depends on nothing but such updates. `snapshots` are the catalog before and afterwards.
pub fn leave_out_unread(
    changes: &mut Vec<AccessChange>,
    ledger: &EffectLedger,
    snapshots: [&Snapshot; 2],
) {
    changes.retain(|change| {
        let touched = change.depends_on.as_ref();
        let is_own = touched
            .is_some_and(|touched| touched.kind == Touch::Data && touched.names == change.table);
        let shows_rows = change.rows.is_some_and(|rows| rows > 0);
        !is_own || shows_rows || !is_unread(change, ledger, snapshots)
    });
}

fn is_unread(change: &AccessChange, ledger: &EffectLedger, snapshots: [&Snapshot; 2]) -> bool {
    let objects = || {
        let all = snapshots.iter().flat_map(|one| &one.objects);
        all.filter(|(object, _)| object.on.as_deref() == Some(&change.table))
    };
    let conditions: Vec<&str> = objects()
        .filter(|(object, _)| object.kind == Object::Policy)
        .flat_map(|(_, said)| ["using", "with check"].map(|part| said.get(part)))
        .flatten()
        .map(String::as_str)
        .collect();
    let table = change.table.rsplit('.').next().unwrap_or_default();
    let named: BTreeSet<String> = conditions.iter().flat_map(|sql| names(sql)).collect();
    // What a condition calls, or reads of its own table, may look at each row and column of it.
    if named.contains(table) || conditions.iter().any(|sql| calls_others(sql)) {
        return false;
    }
    match ledger.updates(change.ids.0) {
        Updates::None => true,
        Updates::Unknown => false,
        Updates::Of(columns) => {
            let mut triggers = objects().filter(|(object, _)| object.kind == Object::Trigger);
            named.is_disjoint(columns)
                && !named.contains(CHANGED_AT)
                && triggers.all(|(_, said)| {
                    let definition = said.get("definition").map_or("", String::as_str);
                    !significant(definition).any(|token| token.is_word(definition, "before"))
                        || fills_nothing(definition, snapshots)
                })
        }
    }
}

/// The names in a text, as the catalog prints them.
fn names(sql: &str) -> impl Iterator<Item = String> + '_ {
    let named = significant(sql).filter_map(|token| token.name(sql));
    named.map(|name| quoted(&name))
}

/// Whether a condition, as the catalog prints it, calls a function or an operator that neither Postgres nor Auth has.
fn calls_others(sql: &str) -> bool {
    let tokens: Vec<Token> = significant(sql).collect();
    let text = |at: usize| tokens[at].text(sql);
    (2..tokens.len()).any(|at| {
        let is_call = text(at) == "(" && at >= 3 && text(at - 2) == ".";
        is_call && !matches!(text(at - 3), "auth" | "pg_catalog")
    }) || tokens.iter().any(|token| token.is_word(sql, "operator"))
}

/// Whether the function of a trigger only assigns its row's time of change, or none of its columns.
fn fills_nothing(trigger: &str, snapshots: [&Snapshot; 2]) -> bool {
    let called: BTreeSet<String> = names(trigger).collect();
    // That of the extension sets the column that it is given.
    if called.contains("moddatetime") {
        return trigger.contains(CHANGED_AT);
    }
    let mut objects = snapshots.iter().flat_map(|one| &one.objects);
    let mut is_known = false;
    let is_harmless = objects.all(|(object, said)| {
        let own = object.name.split('(').next().unwrap_or_default();
        let own = own.rsplit('.').next().unwrap_or_default();
        if object.kind != Object::Function || !called.contains(own) {
            return true;
        }
        is_known = true;
        let definition = said.get("definition").map_or("", String::as_str);
        body(definition).is_some_and(assigns_no_column)
    });
    is_known && is_harmless
}

/// The body of a function's definition, where it stands there as a text.
fn body(definition: &str) -> Option<&str> {
    let token = significant(definition).find(|token| token.kind == Kind::DollarText)?;
    let text = token.text(definition);
    let tag = &text[..text[1..].find('$')? + 2];
    text.strip_prefix(tag)?.strip_suffix(tag)
}

/// Whether a body of PL/pgSQL assigns nothing to its new row but the time of its change. One that puts SQL together, or fills the row by
/// a query, may.
fn assigns_no_column(body: &str) -> bool {
    let tokens: Vec<Token> = significant(body).collect();
    let word = |at: usize| tokens.get(at).map_or("", |token| token.text(body));
    let is = |at: usize, one: &str| word(at).eq_ignore_ascii_case(one);
    let ends = |at: usize| {
        at == 0
            || word(at - 1) == ";"
            || ["begin", "then", "else", "loop"]
                .iter()
                .any(|one| is(at - 1, one))
    };
    (0..tokens.len()).all(|at| match word(at).to_ascii_lowercase().as_str() {
        "new" if ends(at) => is(at + 1, ".") && is(at + 2, CHANGED_AT),
        "into" => !is(at + 1, "new"),
        "execute" => false,
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_that_calls_others_is_not_read_by_its_names() {
        for (sql, calls) in [
            ("(user_id = ( SELECT auth.uid() AS uid))", false),
            (
                "((id > 3) AND (lower(name) = ANY (ARRAY['a'::text])))",
                false,
            ),
            ("public.may_read(id)", true),
            ("(id OPERATOR(public.===) 1)", true),
            (
                "(EXISTS ( SELECT 1 FROM public.member WHERE (member.id = doc.id)))",
                false,
            ),
        ] {
            assert_eq!(calls_others(sql), calls, "{sql}");
        }
    }

    #[test]
    fn what_a_trigger_assigns_is_read_from_its_body() {
        for (body, is_harmless) in [
            ("begin new.updated_at := now(); return new; end", true),
            (
                "begin if new.user_id = old.user_id then return new; end if; raise exception 'x'; end",
                true,
            ),
            (
                "begin insert into log values (new.id); return new; end",
                true,
            ),
            ("begin new.user_id := auth.uid(); return new; end", false),
            (
                "begin if true then NEW.user_id = 1; end if; return new; end",
                false,
            ),
            ("begin new := null; return new; end", false),
            ("begin select 1 into new.user_id; return new; end", false),
            ("begin execute 'x' using new; return new; end", false),
        ] {
            assert_eq!(assigns_no_column(body), is_harmless, "{body}");
        }
        assert_eq!(
            body("create function f()\nAS $function$ begin end $function$\n"),
            Some(" begin end ")
        );
        assert_eq!(body("create function f() begin atomic select 1; end"), None);
    }
}
