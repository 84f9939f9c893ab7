//! Which statements of a dry run need no measure of their own. A measure reads every lock that the transaction holds, and a
//! large file makes thousands of them on tables of its own, which nobody waits for. So a statement that names no table that was
//! there before, and runs no code, is measured together with those behind it: nothing is missed, because locks and counts only
//! grow until the next measure.

use super::measure::{Baseline, TouchedTable};
use crate::domain::sql::lexer::Kind;
use crate::domain::sql::statement_kind::{leading_words, outer_words, significant};
use std::collections::HashSet;
use std::sync::Arc;

/// The first words of commands that touch nothing but what they name, and run no code of the database but event triggers. The
/// first of each kind is measured all the same: what the platform does behind each of them shows there.
const KINDS: [(&str, &str); 36] = [
    ("create", "table"),
    ("create", "index"),
    ("create", "unique"),
    ("create", "sequence"),
    ("create", "type"),
    ("create", "domain"),
    ("create", "view"),
    ("create", "or"),
    ("create", "function"),
    ("create", "procedure"),
    ("create", "trigger"),
    ("create", "constraint"),
    ("create", "policy"),
    ("create", "schema"),
    ("create", "aggregate"),
    ("create", "statistics"),
    ("alter", "table"),
    ("alter", "sequence"),
    ("alter", "function"),
    ("alter", "procedure"),
    ("alter", "view"),
    ("alter", "index"),
    ("alter", "policy"),
    ("alter", "default"),
    ("alter", "aggregate"),
    ("comment", "on"),
    ("grant", "all"),
    ("grant", "select"),
    ("grant", "insert"),
    ("grant", "update"),
    ("grant", "delete"),
    ("grant", "usage"),
    ("grant", "execute"),
    ("revoke", "all"),
    ("revoke", "select"),
    ("revoke", "execute"),
];

/// Decides for the statements of one dry run, in their order. Cheap to copy.
#[derive(Debug, Clone, Default)]
pub struct Quiet {
    /// Words of the names of tables that were there before, in lower case.
    known: Arc<HashSet<String>>,
    /// The kinds of commands that were measured.
    seen: HashSet<(String, String)>,
    /// The table that the last statement inserted rows into, as it is written.
    inserts: Option<String>,
}

impl Quiet {
    /// For a database with these tables.
    pub fn new(baseline: &Baseline) -> Self {
        let mut quiet = Self::default();
        for table in &baseline.tables {
            quiet.know(&table.table);
        }
        quiet
    }

    /// Enters what a measure found: a table that was renamed is named otherwise from there on.
    pub fn enter(&mut self, touched: &[TouchedTable]) {
        for name in touched.iter().filter_map(|table| table.table.as_deref()) {
            self.know(name);
        }
    }

    fn know(&mut self, name: &str) {
        // The name without its schema; each of its words, where it is one that is written in quotes.
        let own = if name.contains('"') {
            name
        } else {
            name.rsplit('.').next().unwrap_or(name)
        };
        let is_new = |word: &String| !self.known.contains(word);
        let new: Vec<String> = words(own).filter(is_new).collect();
        if !new.is_empty() {
            Arc::make_mut(&mut self.known).extend(new);
        }
    }

    /// Whether a statement may give a table that was there before another name or another file. What stands behind it is judged,
    /// and run, only once it is measured.
    pub fn may_move(&self, sql: &str) -> bool {
        let first = leading_words(sql, 2);
        let [one, two] = first.as_slice() else {
            return true;
        };
        let pair = (one.as_str(), two.as_str());
        match one.as_str() {
            "insert" | "update" | "delete" | "drop" | "set" | "reset" => false,
            "alter" if KINDS.contains(&pair) => {
                words(sql).any(|word| self.known.contains(&word)) && !keeps_files(sql)
            }
            _ => !KINDS.contains(&pair) || runs_a_query(one, two, sql),
        }
    }

    /// Whether a statement needs no measure of its own. Asked once for each, in their order.
    pub fn is_quiet(&mut self, sql: &str) -> bool {
        let inserted = inserted(sql);
        if inserted.is_some() {
            // Rows of one table after another are one piece of work.
            let is_same = inserted == self.inserts;
            self.inserts = inserted;
            return is_same;
        }
        self.inserts = None;
        let first = leading_words(sql, 2);
        let [one, two] = first.as_slice() else {
            return false;
        };
        if one == "set" || one == "reset" {
            return true;
        }
        if !KINDS.contains(&(one.as_str(), two.as_str())) {
            return false;
        }
        let is_new = self.seen.insert((one.clone(), two.clone()));
        !is_new
            && !runs_a_query(one, two, sql)
            && !words(sql).any(|word| self.known.contains(&word))
    }
}

/// Whether an `ALTER` changes neither a name nor what stands in a table's file.
fn keeps_files(sql: &str) -> bool {
    let words = outer_words(sql);
    words.iter().enumerate().all(|(at, word)| {
        let next = words.get(at + 1).map(String::as_str).unwrap_or_default();
        match word.as_str() {
            "add" => matches!(
                next,
                "constraint" | "check" | "foreign" | "unique" | "primary"
            ),
            "set" => matches!(next, "not" | "default" | "statistics" | "storage"),
            "type" | "rename" => false,
            _ => true,
        }
    })
}

/// `CREATE TABLE … AS` and what stands for a materialized view run a query; tables of a tablespace are not named.
fn runs_a_query(one: &str, two: &str, sql: &str) -> bool {
    let is_table = (one, two) == ("create", "table") || (one, two) == ("alter", "table");
    is_table
        && outer_words(sql)
            .iter()
            .any(|word| matches!(word.as_str(), "as" | "tablespace" | "execute"))
}

/// The table of an `INSERT … VALUES`, as it is written.
fn inserted(sql: &str) -> Option<String> {
    let first = leading_words(sql, 2);
    if first.first().map(String::as_str) != Some("insert") {
        return None;
    }
    let name = significant(sql)
        .skip(2)
        .take_while(|token| token.kind != Kind::Open)
        .map(|token| token.text(sql))
        .take_while(|word| !word.eq_ignore_ascii_case("values"));
    let mut depth = 0_usize;
    let (mut has_values, mut has_query) = (false, false);
    for token in significant(sql) {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            Kind::Word if depth == 0 => {
                has_values |= token.is_word(sql, "values");
                has_query |= token.is_word(sql, "select") || token.is_word(sql, "with");
            }
            _ => {}
        }
    }
    let is_plain = has_values && !has_query;
    is_plain.then(|| name.collect::<String>())
}

/// Every word of a text, in lower case, wherever it stands: also in strings and bodies.
fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    let is_word = |one: char| one.is_alphanumeric() || one == '_' || one == '$';
    text.split(move |one| !is_word(one))
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::dry_run::measure::BaselineTable;

    fn quiet() -> Quiet {
        let known = |table: &str| BaselineTable {
            id: 1,
            table: table.into(),
            file: None,
            bytes: 0,
            about: None,
            holds_rows: true,
        };
        Quiet::new(&Baseline {
            tables: vec![known("public.orders"), known("public.\"Old Ones\"")],
            sequences: Vec::new(),
        })
    }

    #[test]
    fn the_first_of_each_kind_is_measured_and_the_next_ones_are_not() {
        let mut quiet = quiet();
        assert!(!quiet.is_quiet("create table a (id int)"));
        assert!(quiet.is_quiet("CREATE TABLE IF NOT EXISTS b (id int)"));
        assert!(!quiet.is_quiet("create policy p on b using (true)"));
        assert!(quiet.is_quiet("create policy q on b using (true)"));
    }

    #[test]
    fn what_names_a_known_table_anywhere_is_measured() {
        let mut quiet = quiet();
        for first in [
            "create table a ()",
            "create function f() returns int language sql as ''",
            "alter table a add x int",
        ] {
            quiet.is_quiet(first);
        }
        for sql in [
            "create table c (id int references Orders)",
            "create table c partition of public.\"Old Ones\" default",
            "create function g() returns bigint language sql as $$ select count(*) from orders $$",
            "alter table orders add x int",
            "create table c as select 1",
            "select f()",
            "drop table a",
            "do $$ begin end $$",
            "alter type t add value 'x'",
            "call p()",
        ] {
            assert!(!quiet.is_quiet(sql), "{sql}");
        }
        assert!(quiet.is_quiet("alter table a add y int"));
        let renamed = TouchedTable {
            id: 1,
            table: Some("public.sales".into()),
            root: None,
            mode: crate::domain::lint::LockMode::AccessExclusive,
            file: None,
            bytes: None,
            rows: crate::domain::dry_run::measure::Rows::default(),
        };
        assert!(quiet.is_quiet("alter table sales add y int"));
        quiet.enter(&[renamed]);
        assert!(!quiet.is_quiet("alter table sales add z int"));
    }

    #[test]
    fn what_may_rename_or_rewrite_a_known_table_is_waited_for() {
        let quiet = quiet();
        for sql in [
            "alter table orders add x int default random()",
            "alter table orders alter x type text",
            "alter table orders rename to sales",
            "alter table orders set schema other",
            "alter table orders set logged",
            "truncate orders",
            "do $$ begin end $$",
            "select f()",
            "with x as (select 1) select f()",
            "create table a as select f()",
            "create extension x",
            "refresh materialized view v",
            "savepoint a",
            "commit",
            "",
        ] {
            assert!(quiet.may_move(sql), "{sql}");
        }
        for sql in [
            "alter table orders enable row level security",
            "alter table only orders add constraint a primary key (id)",
            "alter table orders alter column a set not null, alter b set default 1",
            "alter table orders drop column a",
            "alter table a add x int",
            "create index i on orders (id)",
            "create policy p on orders using (true)",
            "insert into orders values (1)",
            "update orders set id = 1",
            "drop table orders",
            "comment on table orders is 'type'",
        ] {
            assert!(!quiet.may_move(sql), "{sql}");
        }
    }

    #[test]
    fn rows_of_one_table_after_another_are_measured_together() {
        let mut quiet = quiet();
        let insert = "insert into public.orders (id) values (1)";
        assert!(!quiet.is_quiet(insert));
        assert!(quiet.is_quiet("INSERT INTO public.orders VALUES (2), (3)"));
        assert!(!quiet.is_quiet("insert into public.orders select 1"));
        assert!(!quiet.is_quiet(insert));
        assert!(!quiet.is_quiet("update orders set id = 1"));
        assert!(!quiet.is_quiet(insert));
    }
}
