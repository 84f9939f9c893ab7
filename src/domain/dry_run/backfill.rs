//! An `UPDATE` that fills only columns which the plan itself makes overwrites nothing that was there. This file reads which
//! columns an `UPDATE` assigns, and says which of them are new.

use crate::domain::snapshot::{Kind as Object, Snapshot};
use crate::domain::sql::lexer::{Kind, Token};
use crate::domain::sql::name::quoted;
use crate::domain::sql::statement_kind::significant;
use std::collections::BTreeSet;

/// What a plain `UPDATE` assigns; names as the catalog prints them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assigned {
    /// The schema, where it is named.
    pub schema: Option<String>,
    /// The table, without its schema.
    pub table: String,
    /// Its columns.
    pub columns: BTreeSet<String>,
}

/// What a statement assigns; nothing where it is no plain `UPDATE`, or is written in a way that is not known here.
pub fn assigned(sql: &str) -> Option<Assigned> {
    let tokens: Vec<Token> = significant(sql)
        .take_while(|token| token.kind != Kind::Semicolon)
        .collect();
    let is = |at: usize, word: &str| tokens.get(at).is_some_and(|it| it.is_word(sql, word));
    let sign = |at: usize| tokens.get(at).map(|token| token.text(sql));
    if !is(0, "update") {
        return None;
    }
    let ((schema, table), mut at) = named(sql, &tokens)?;
    // An alias may stand between.
    at += (at..tokens.len().min(at + 4)).position(|at| is(at, "set"))? + 1;
    let mut columns = BTreeSet::new();
    loop {
        let first = tokens.get(at)?;
        if first.kind == Kind::Open {
            at += 1;
            loop {
                columns.insert(name(sql, tokens.get(at)?)?);
                at += 2;
                match sign(at - 1)? {
                    "," => {}
                    ")" => break,
                    _ => return None,
                }
            }
        } else {
            columns.insert(name(sql, first)?);
            at += 1;
        }
        if sign(at)? != "=" {
            return None;
        }
        let mut depth = 0_usize;
        loop {
            at += 1;
            let Some(token) = tokens.get(at) else {
                return Some(Assigned {
                    schema,
                    table,
                    columns,
                });
            };
            match token.kind {
                Kind::Open => depth += 1,
                Kind::Close => depth = depth.checked_sub(1)?,
                _ if depth > 0 => {}
                _ if sign(at) == Some(",") => break,
                // Of `IS DISTINCT FROM` it is no clause.
                _ if is(at, "from") && is(at - 1, "distinct") => {}
                _ if ["from", "where", "returning"]
                    .iter()
                    .any(|word| is(at, word)) =>
                {
                    return Some(Assigned {
                        schema,
                        table,
                        columns,
                    });
                }
                _ => {}
            }
        }
        at += 1;
    }
}

/// The table that an `UPDATE` or a `MERGE` names, without its schema; nothing for another statement.
pub fn target(sql: &str) -> Option<String> {
    let tokens: Vec<Token> = significant(sql).collect();
    named(sql, &tokens).map(|((_, table), _)| table)
}

/// The table that an `UPDATE` or a `MERGE` names, and where its name ends.
fn named(sql: &str, tokens: &[Token]) -> Option<((Option<String>, String), usize)> {
    let is = |at: usize, word: &str| tokens.get(at).is_some_and(|it| it.is_word(sql, word));
    let mut at = match () {
        () if is(0, "update") => 1,
        () if is(0, "merge") && is(1, "into") => 2,
        () => return None,
    };
    at += usize::from(is(at, "only"));
    let (mut schema, mut table) = (None, name(sql, tokens.get(at)?)?);
    at += 1;
    while tokens.get(at).is_some_and(|token| token.text(sql) == ".") {
        schema = Some(std::mem::replace(
            &mut table,
            name(sql, tokens.get(at + 1)?)?,
        ));
        at += 2;
    }
    Some(((schema, table), at))
}

/// Whether a name without a schema may be that of another table or view than those with these numbers.
pub fn is_of_another(name: &str, own: &[u32], snapshots: [&Snapshot; 2]) -> bool {
    let mut relations = snapshots.iter().flat_map(|picture| &picture.identities);
    relations.any(|(object, identity)| {
        matches!(object.kind, Object::Table | Object::View)
            && !own.contains(&identity.id)
            && unqualified(&object.name) == name
    })
}

/// A table's name without its schema, as the catalog prints it.
pub fn unqualified(name: &str) -> String {
    let words = significant(name).filter(|token| token.text(name) != ".");
    let last = words.last();
    last.map_or_else(String::new, |token| token.text(name).to_owned())
}

/// A name as the catalog prints it.
fn name(sql: &str, token: &Token) -> Option<String> {
    token.name(sql).map(|name| quoted(&name))
}

/// Whether all of a table's columns with these names came after the first of two catalogs: neither their names nor their numbers
/// were there. Where columns were renamed nobody knows which of them had the name then, and a table with triggers may change
/// other columns too: there none is new. The table is given with those that it is a partition of: an update of one of them runs
/// its triggers for a statement.
pub fn are_new(
    lineage: &[u32],
    columns: &BTreeSet<String>,
    before: &Snapshot,
    after: &Snapshot,
) -> bool {
    let Some(&id) = lineage.first() else {
        return false;
    };
    let of_table = |picture: &Snapshot| -> Vec<(String, i32)> {
        let found = picture.identities.iter().filter(|(object, identity)| {
            object.kind == Object::Column && identity.id == id && identity.part > 0
        });
        found
            .map(|(object, identity)| (object.name.clone(), identity.part))
            .collect()
    };
    let (old, now) = (of_table(before), of_table(after));
    let has_trigger = [before, after].into_iter().any(|picture| {
        let own = picture.identities.iter().filter(|(object, identity)| {
            object.kind == Object::Table && identity.part == 0 && lineage.contains(&identity.id)
        });
        let names: BTreeSet<&str> = own.map(|(object, _)| object.name.as_str()).collect();
        let triggers = picture.objects.keys();
        triggers
            .filter(|object| object.kind == Object::Trigger)
            .filter_map(|object| object.on.as_deref())
            .any(|table| names.contains(table))
    });
    let is_renamed = now.iter().any(|(name, number)| {
        let mut same = old.iter().filter(|(_, other)| other == number);
        same.any(|(other, _)| other != name)
    });
    let is_new = |column: &String| {
        let number = now.iter().find(|(name, _)| name == column);
        number.is_some_and(|(_, number)| {
            !old.iter()
                .any(|(name, other)| other == number || name == column)
        })
    };
    !has_trigger && !is_renamed && columns.iter().all(is_new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_of_an_update_are_read_or_it_is_said_that_they_are_not_known() {
        for (sql, table, columns) in [
            ("update t set a = 1", "t", &["a"][..]),
            (
                "UPDATE only public.\"T t\" as x SET A = coalesce(b, 'x, c = 1'), \"B\" = (select 1, 2) where c = 3;",
                "\"T t\"",
                &["\"B\"", "a"],
            ),
            (
                "update s.t x set (a, b) = (select c, d from e), f = 1 from g",
                "t",
                &["a", "b", "f"],
            ),
            (
                "update t set a = b is not distinct from c, d = 1 from e",
                "t",
                &["a", "d"],
            ),
            (
                "update t set a = case when x = 1 then 2 end returning *",
                "t",
                &["a"],
            ),
        ] {
            let found = assigned(sql).unwrap_or_else(|| panic!("{sql}"));
            assert_eq!(found.table, table, "{sql}");
            let own: Vec<&str> = found.columns.iter().map(String::as_str).collect();
            assert_eq!(own, columns, "{sql}");
        }
        for sql in [
            "with x as (select 1) update t set a = 1",
            "update t set a[1] = 2",
            "update t set a.b = 2",
            "update t set",
            "update t set a",
            "update t set (a = 1",
            "update t set a = 1)",
            "insert into t values (1) on conflict do update set a = 1",
            "do $$ begin update t set a = 1; end $$",
        ] {
            assert_eq!(assigned(sql), None, "{sql}");
        }
    }
}
