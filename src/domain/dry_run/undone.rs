//! Work that a statement undid itself, in a block of PL/pgSQL with `EXCEPTION`. The server counts its rows all the same, so the
//! numbers of such a statement are too high. It shows in two ways, and both must hold: a transaction with a number of that time
//! was undone, which may be one of somebody else; and the statement reaches code that may undo its work.

use crate::domain::snapshot::{Kind, Object, Snapshot};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Range;

/// The words of code that undoes its own work, or that nobody can read before it runs.
const UNDOES: [&str; 2] = ["exception", "execute"];
/// The languages whose code undoes nothing but by those words.
const READ: [&str; 4] = ["sql", "plpgsql", "internal", "c"];
/// How the catalog prints the line of a function's language.
const LANGUAGE: &str = " LANGUAGE ";

/// The transactions that were undone while a dry run ran, its own and those of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undone {
    /// Their numbers.
    Known(BTreeSet<u64>),
    /// They are too many to tell.
    Unknown,
}

impl Default for Undone {
    fn default() -> Self {
        Self::Known(BTreeSet::new())
    }
}

/// What a ledger knows of work that is undone.
#[derive(Debug, Clone, Default)]
pub struct Undoing {
    undone: Undone,
    /// The words of statements that may undo: functions go by their names without schemas.
    words: HashSet<String>,
    /// The tables that run such code by themselves.
    tables: HashSet<String>,
}

impl Undoing {
    /// Of a database that looked like this.
    pub fn of(snapshots: [&Snapshot; 2]) -> Self {
        let all = || snapshots.iter().flat_map(|one| &one.objects);
        let mut words: HashSet<String> = UNDOES.map(str::to_owned).into();
        let functions: Vec<(String, HashSet<String>)> = all()
            .filter(|(object, _)| object.kind == Kind::Function)
            .filter_map(|(object, said)| {
                let definition = said.get("definition")?;
                let language = definition
                    .lines()
                    .find_map(|line| line.strip_prefix(LANGUAGE));
                let name = name_of(&object.name);
                if language.is_some_and(|own| !READ.contains(&own.trim())) {
                    words.insert(name.clone());
                }
                Some((name, split(definition).collect()))
            })
            .collect();
        // Whoever calls such a function does it too.
        loop {
            let new: Vec<&String> = functions
                .iter()
                .filter(|(name, body)| !words.contains(name) && !words.is_disjoint(body))
                .map(|(name, _)| name)
                .collect();
            if new.is_empty() {
                break;
            }
            words.extend(new.into_iter().cloned().collect::<Vec<_>>());
        }
        let runs = |object: &Object, said: &BTreeMap<String, String>| {
            // The word stands in the definition of every trigger.
            let mut body = words_of(said);
            if object.kind == Kind::Trigger {
                body.remove("execute");
            }
            !words.is_disjoint(&body)
        };
        let tables = all()
            .filter(|(object, said)| object.on.is_some() && runs(object, said))
            .filter_map(|(object, _)| object.on.clone())
            .collect();
        Self {
            undone: Undone::default(),
            words,
            tables,
        }
    }

    /// Enters what was undone.
    pub fn enter(&mut self, undone: &Undone) {
        self.undone.clone_from(undone);
    }

    /// Whether a statement may have undone a part of what it did to tables, if it had transaction numbers of this range.
    pub fn may_have_undone<'a>(
        &self,
        sql: &str,
        xids: Range<u64>,
        mut tables: impl Iterator<Item = &'a str>,
    ) -> bool {
        let is_undone = match &self.undone {
            Undone::Known(all) => !xids.is_empty() && all.range(xids).next().is_some(),
            Undone::Unknown => true,
        };
        is_undone
            && (split(sql).any(|word| self.words.contains(&word))
                || tables.any(|table| self.tables.contains(table)))
    }
}

/// The name of a function, as the catalog prints it with its arguments, without its schema.
fn name_of(printed: &str) -> String {
    let own = printed.split('(').next().unwrap_or_default();
    split(own).last().unwrap_or_default()
}

fn words_of(said: &BTreeMap<String, String>) -> HashSet<String> {
    said.values().flat_map(|value| split(value)).collect()
}

/// Every word of a text, in lower case, wherever it stands.
fn split(text: &str) -> impl Iterator<Item = String> + '_ {
    let is_word = |one: char| one.is_alphanumeric() || one == '_';
    text.split(move |one| !is_word(one))
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(objects: &[(Kind, Option<&str>, &str, &str)]) -> Snapshot {
        let mut snapshot = Snapshot::default();
        for (kind, on, name, definition) in objects {
            let object = Object {
                kind: *kind,
                on: on.map(str::to_owned),
                name: (*name).to_owned(),
            };
            let said = BTreeMap::from([("definition".to_owned(), (*definition).to_owned())]);
            snapshot.objects.insert(object, said);
        }
        snapshot
    }

    #[test]
    fn only_code_that_may_undo_is_in_doubt_and_only_where_something_was_undone() {
        let before = snapshot(&[
            (
                Kind::Function,
                None,
                "public.try(integer)",
                "create\n LANGUAGE plpgsql\nas $$ begin exception when others then end $$",
            ),
            (
                Kind::Function,
                None,
                "public.caller()",
                "create\n LANGUAGE sql\nas 'select public.try(1)'",
            ),
            (
                Kind::Function,
                None,
                "public.plain()",
                "create\n LANGUAGE plpgsql\nas $$ begin end $$",
            ),
            (
                Kind::Function,
                None,
                "public.other()",
                "create\n LANGUAGE plv8\nas $$ sql $$",
            ),
            (
                Kind::Trigger,
                Some("public.a"),
                "t",
                "create trigger t execute function public.caller()",
            ),
            (
                Kind::Trigger,
                Some("public.b"),
                "t",
                "create trigger t execute function public.plain()",
            ),
        ]);
        let mut undoing = Undoing::of([&before, &Snapshot::default()]);
        undoing.enter(&Undone::Known([7].into()));
        let asked = |sql: &str, xids: Range<u64>, table: &str| {
            undoing.may_have_undone(sql, xids, [table].into_iter())
        };
        assert!(asked("select try(2)", 7..8, "public.c"));
        assert!(asked("select CALLER()", 5..9, "public.c"));
        assert!(asked("select other()", 5..9, "public.c"));
        assert!(asked(
            "do $$ begin exception when others then end $$",
            0..9,
            "public.c"
        ));
        assert!(asked("delete from a", 7..8, "public.a"));
        assert!(!asked("select try(2)", 8..9, "public.c"));
        assert!(!asked("select try(2)", 7..7, "public.c"));
        assert!(!asked("select plain()", 7..8, "public.c"));
        assert!(!asked("delete from b", 7..8, "public.b"));
        undoing.enter(&Undone::Unknown);
        assert!(undoing.may_have_undone("select try(2)", 8..9, [].into_iter()));
        assert!(!undoing.may_have_undone("delete from b", 8..9, ["public.b"].into_iter()));
    }
}
