//! Files that do what no rollback undoes: they reach outside the database, set a sequence that others use, end sessions, or call code
//! that does. They are not run on the target only to see what they do, however the transaction around them ends.

use crate::domain::dry_run::Environment;
use crate::domain::lint::{assess, holds_only_values};
use crate::domain::migration::irreversible::{Irreversible, SETVAL, calls, text};
use crate::domain::migration::{Plan, Step};
use crate::domain::problem::{self, Problem};
use crate::domain::sql::lexer::Kind;
use crate::domain::sql::name::unquoted;
use crate::domain::sql::statement_kind::{leading_words, significant};
use crate::domain::text::cell;
use std::collections::HashSet;

/// Why each file of a plan is not run in a dry run at a place, where that is so.
pub(super) fn refused(plan: &Plan, on: Environment) -> Vec<Option<String>> {
    match on {
        Environment::Target => {
            let mut reach = Reach::of(&plan.target.irreversible);
            let steps = plan.steps.iter();
            steps.map(|step| reach.enter(step).map(note)).collect()
        }
        // Its roles reach nothing outside it, and its sequences are its own.
        Environment::Scratch => vec![None; plan.steps.len()],
    }
}

/// The same for a file of a round trip on the target, as the reason of its finding.
pub(super) fn problem(step: &Step, reach: &mut Reach) -> Option<Problem> {
    let (why, _) = reach.enter(step)?;
    let what = format!(
        "{}_{} was not run on this database only to check it.",
        step.version, step.name
    );
    let problem = Problem::new(problem::Kind::Findings, what, why);
    Some(problem.with_hint(
        "Read it line by line. `--on scratch` runs it on a scratch database, whose roles reach nothing outside of it.",
    ))
}

/// What a file does that no rollback undoes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    /// It reaches outside the database.
    ReachesOut,
    /// It acts in it at once.
    ActsAtOnce,
}

fn note((why, does): (String, Does)) -> String {
    let role = match does {
        Does::ReachesOut => ", as a role that reaches nothing outside the scratch database",
        Does::ActsAtOnce => "",
    };
    format!(
        "{why} So it was not run here; later files ran without it. `--on scratch` runs it{role}."
    )
}

/// What the files so far made that no rollback undoes when it runs.
#[derive(Debug, Default)]
pub(super) struct Reach {
    code: Irreversible,
    made: Made,
}

impl Reach {
    /// On a database that holds such code.
    pub(super) fn of(code: &Irreversible) -> Self {
        Self {
            code: code.clone(),
            made: Made::default(),
        }
    }

    /// The first statement of a file that no rollback undoes, and what it does, as far as the texts tell.
    fn enter(&mut self, step: &Step) -> Option<(String, Does)> {
        let mut found = None;
        for (index, sql) in step.statements.that_run() {
            // To read thousands of them takes longer than to run them.
            let holds_only_values = holds_only_values(sql);
            if !holds_only_values {
                if self.code.enter(sql) {
                    continue;
                }
                self.made.enter(sql);
            }
            if found.is_none() {
                let does = self.does(sql, holds_only_values);
                found = does.map(|(why, does)| (format!("Statement {}: {why}", index + 1), does));
            }
        }
        found
    }

    fn does(&self, sql: &str, holds_only_values: bool) -> Option<(String, Does)> {
        if !holds_only_values {
            if let Some(finding) = assess(sql).stays() {
                return Some((finding.reason.clone(), Does::ReachesOut));
            }
            let names = |part: &[u8]| part.eq_ignore_ascii_case(SETVAL.as_bytes());
            if sql.as_bytes().windows(SETVAL.len()).any(names) && self.made.sets_another(sql) {
                let why = "It sets a sequence, which is in force for everybody at once and which no rollback undoes.";
                return Some((why.to_owned(), Does::ActsAtOnce));
            }
        }
        let name = self.code.reached_by(sql, holds_only_values)?;
        let why = format!(
            "It runs code that no rollback undoes, by what is called `{}`: that sets a sequence, acts on the server at once, or reaches outside the database.",
            cell(name)
        );
        Some((why, Does::ActsAtOnce))
    }
}

/// The sequences that the statements so far make for certain, each with its schema where the text has it. A name is the same only
/// where both have it or neither has.
#[derive(Debug, Default)]
struct Made {
    sequences: HashSet<(Option<String>, String)>,
}

impl Made {
    /// Enters `CREATE SEQUENCE`, and what makes a column that counts, whose sequence is `table_column_seq`. `IF NOT EXISTS` may
    /// make nothing.
    fn enter(&mut self, sql: &str) {
        let first = leading_words(sql, 1);
        if !matches!(first.first().map(String::as_str), Some("create" | "alter")) {
            return;
        }
        let words: Vec<String> = significant(sql)
            .map(|token| match token.name(sql) {
                // A quoted word is a name and nothing else.
                Some(name) if token.kind == Kind::QuotedWord => format!("\"{name}"),
                Some(name) => name,
                None => token.text(sql).to_lowercase(),
            })
            .filter(|word| !matches!(word.as_str(), "temp" | "temporary" | "unlogged" | "only"))
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words[..] {
            [_, _, "if", ..] => {}
            ["create", "sequence", ref rest @ ..] => {
                self.sequences.extend(name(rest).map(|(name, _)| name));
            }
            [_, "table", ref rest @ ..] => self.enter_columns(rest),
            _ => {}
        }
        // As pg_dump writes an identity: `( SEQUENCE NAME public.x_id_seq … )`.
        let named = words
            .windows(2)
            .position(|pair| pair == ["sequence", "name"]);
        if let Some(at) = named {
            let named = name(&words[at + 2..]);
            self.sequences.extend(named.map(|(name, _)| name));
        }
    }

    /// The columns that count of a table: each begins behind the parenthesis, a comma, or the words that add it.
    fn enter_columns(&mut self, words: &[&str]) {
        const COUNTS: [&str; 8] = [
            "serial",
            "bigserial",
            "smallserial",
            "serial2",
            "serial4",
            "serial8",
            "generated",
            "identity",
        ];
        const ADDS: [&str; 4] = ["add", "alter", "column", "("];
        let Some(((schema, table), rest)) = name(words) else {
            return;
        };
        let (mut depth, mut column) = (0, None);
        let mut is_begin = false;
        for word in rest {
            match *word {
                "(" if depth == 0 => (depth, is_begin) = (1, true),
                "(" => depth += 1,
                ")" => depth -= 1,
                "," if depth <= 1 => is_begin = true,
                word if depth == 0 && ADDS.contains(&word) => is_begin = true,
                word if COUNTS.contains(&word) && depth <= 1 && !is_begin => {
                    let sequence = column.map(|column: &str| format!("{table}_{column}_seq"));
                    self.sequences
                        .extend(sequence.map(|name| (schema.clone(), name)));
                }
                word if is_begin => {
                    is_begin = false;
                    column = Some(plain(word));
                }
                _ => {}
            }
        }
    }

    /// Whether a statement calls `setval` for another sequence.
    fn sets_another(&self, sql: &str) -> bool {
        let text = text(sql);
        let lower = text.to_ascii_lowercase();
        let mut arguments = calls(&lower, SETVAL).map(|rest| &text[text.len() - rest.len()..]);
        arguments.any(|arguments| !self.has(arguments))
    }

    /// Whether the first argument names one of them.
    fn has(&self, arguments: &str) -> bool {
        let text = arguments.trim_start().strip_prefix('\'');
        let Some((text, behind)) = text.and_then(|text| text.split_once('\'')) else {
            return false;
        };
        // A text that goes on names something else.
        let is_whole = behind.trim_start().starts_with([',', ':']);
        let (schema, name) = match text.split_once('.') {
            Some((schema, name)) => (Some(schema), name),
            None => (None, text),
        };
        is_whole && (self.sequences).contains(&(schema.map(unquoted), unquoted(name)))
    }
}

/// The name that words begin with, with its schema, and what stands behind it.
#[allow(clippy::type_complexity, reason = "a name and the rest")]
fn name<'a>(words: &'a [&'a str]) -> Option<((Option<String>, String), &'a [&'a str])> {
    let plain = |word: &str| plain(word).to_owned();
    match words {
        [schema, ".", name, rest @ ..] => Some(((Some(plain(schema)), plain(name)), rest)),
        [name, rest @ ..] => Some(((None, plain(name)), rest)),
        [] => None,
    }
}

/// A name without the sign of a quoted one.
fn plain(word: &str) -> &str {
    word.strip_prefix('"').unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::Made;

    #[test]
    fn only_a_sequence_that_the_files_make_may_be_set() {
        let mut made = Made::default();
        for sql in [
            "create sequence public.own;",
            "CREATE TEMP SEQUENCE \"short\"",
            "create sequence if not exists perhaps",
            "create table app.item (id bigserial)",
            "create table if not exists old (id serial)",
            "alter table t add column no serial, add more numeric(4, 2), add \"Odd\" bigint generated by default as identity",
            "create table \"Box\" (a numeric(3, 1) check (a > 0), id int generated always as identity, b text default 'serial')",
            "ALTER TABLE ONLY public.dump ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (\n SEQUENCE NAME public.dump_no START WITH 1)",
            "alter sequence there owned by none",
            "grant usage on sequence granted to anon",
            "-- create sequence said\nselect 1",
        ] {
            made.enter(sql);
        }
        for (sql, is_new) in [
            ("select setval('public.own', 1)", true),
            ("select setval('short', 1)", true),
            ("select pg_catalog.setval('app.item_id_seq', 7, true)", true),
            ("select setval('app.item_id_seq'::regclass, 7)", true),
            ("select setval('t_no_seq', 7)", true),
            ("select setval('T_NO_SEQ', 7)", true),
            ("select setval('\"t_Odd_seq\"', 7)", true),
            ("select setval('\"Box_id_seq\"', 7)", true),
            ("select setval('Box_id_seq', 7)", false),
            // Others that only begin like them, or are of another schema.
            ("select setval('t_id_seq', 7)", false),
            ("select setval('t_more_seq', 7)", false),
            ("select setval('\"Box_a_seq\"', 7)", false),
            ("select setval('item_id_seq', 7)", false),
            ("select setval('public.item_id_seq', 7)", false),
            ("select setval('app.item_history_id_seq', 7)", false),
            ("select setval('public.t_no_seq', 7)", false),
            ("select setval('t_no_seq' || '1', 7)", false),
            ("select setval('public.dump_no', 3)", true),
            ("select setval('public.other', 1)", false),
            ("select setval('perhaps', 1)", false),
            ("select setval('old_id_seq', 1)", false),
            ("select setval('there', 1)", false),
            ("select setval('granted', 1)", false),
            ("select setval('said', 1)", false),
            ("select setval('ow', 1)", false),
            (
                "select setval(pg_get_serial_sequence('app.item', 'id'), 1)",
                false,
            ),
            ("do $$ begin perform setval ( 'other', 1); end $$", false),
        ] {
            assert_eq!(made.sets_another(sql), !is_new, "{sql}");
        }
        let none = "select my_setval(1), setvalue(2), setval";
        assert!(!made.sets_another(none));
    }
}
