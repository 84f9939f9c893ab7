//! Files that do what no rollback undoes: they reach outside the database, or set a sequence that others use. They are not
//! run on the target only to see what they do, however the transaction around them ends.

use crate::domain::dry_run::Environment;
use crate::domain::lint::{assess, holds_only_values};
use crate::domain::migration::{Plan, Step};
use crate::domain::problem::{Kind, Problem};
use crate::domain::sql::statement_kind::{leading_words, significant};
use std::collections::HashSet;

/// The function that sets a sequence.
const SETVAL: &str = "setval";

/// Why each file of a plan is not run in a dry run at a place, where that is so.
pub(super) fn refused(plan: &Plan, on: Environment) -> Vec<Option<String>> {
    match on {
        Environment::Target => {
            let sequences = sets_sequences(&plan.steps);
            let steps = plan.steps.iter().zip(sequences);
            steps
                .map(|(step, sequence)| {
                    let reached = reason(step).as_deref().map(note);
                    reached.or_else(|| sequence.as_deref().map(note_of_sequence))
                })
                .collect()
        }
        // Its roles reach nothing outside it, and its sequences are its own.
        Environment::Scratch => vec![None; plan.steps.len()],
    }
}

/// The same for one file of a round trip on the target, as the reason of its finding.
pub(super) fn problem(step: &Step) -> Option<Problem> {
    let sequence = || sets_sequences(std::slice::from_ref(step)).pop().flatten();
    let why = reason(step).or_else(sequence)?;
    let what = format!(
        "{}_{} was not run on this database only to check it.",
        step.version, step.name
    );
    let problem = Problem::new(Kind::Findings, what, why);
    Some(problem.with_hint(
        "Read it line by line. `--on scratch` runs it on a scratch database, whose roles reach nothing outside of it.",
    ))
}

/// The first statement that reaches outside, and what it does there.
fn reason(step: &Step) -> Option<String> {
    step.statements.that_run().find_map(|(index, sql)| {
        // To read thousands of them takes longer than to run them.
        if holds_only_values(sql) {
            return None;
        }
        let assessment = assess(sql);
        let finding = assessment.stays()?;
        Some(format!("Statement {}: {}", index + 1, finding.reason))
    })
}

fn note(reason: &str) -> String {
    format!(
        "{reason} So it was not run here; later files ran without it. `--on scratch` runs it, as a role that reaches nothing outside the scratch database."
    )
}

fn note_of_sequence(reason: &str) -> String {
    format!("{reason} So it was not run here; later files ran without it. `--on scratch` runs it.")
}

/// For each step the first statement that sets a sequence which was there before, as far as the texts tell: `setval` is in
/// force at once, for everybody, and stays (PostgreSQL documentation, 9.17 Sequence Manipulation Functions).
fn sets_sequences(steps: &[Step]) -> Vec<Option<String>> {
    let mut found = vec![None; steps.len()];
    let mut made = Made::default();
    for (step, found) in steps.iter().zip(&mut found) {
        for (index, sql) in step.statements.that_run() {
            // Rows can be of any length: only what may make a sequence, or names the function, is read.
            made.enter(sql);
            let names = |part: &[u8]| part.eq_ignore_ascii_case(SETVAL.as_bytes());
            if found.is_some() || !sql.as_bytes().windows(SETVAL.len()).any(names) {
                continue;
            }
            let code: Vec<&str> = significant(sql).map(|token| token.text(sql)).collect();
            let code = code.join(" ").to_lowercase();
            if calls(&code, SETVAL).any(|arguments| !made.has(arguments)) {
                *found = Some(format!(
                    "Statement {}: It sets a sequence, which is in force for everybody at once and which no rollback undoes.",
                    index + 1
                ));
            }
        }
    }
    found
}

/// The sequences that the statements so far make for certain, by their names without a schema.
#[derive(Default)]
struct Made {
    sequences: HashSet<String>,
    /// Tables with a column that counts; its sequence is `table_column_seq`.
    tables: HashSet<String>,
}

impl Made {
    /// Enters `CREATE SEQUENCE`, and what makes a column that counts. `IF NOT EXISTS` may make nothing.
    fn enter(&mut self, sql: &str) {
        let first = leading_words(sql, 1);
        if !matches!(first.first().map(String::as_str), Some("create" | "alter")) {
            return;
        }
        let words: Vec<String> = significant(sql)
            .map(|token| token.text(sql).to_lowercase())
            .filter(|word| !matches!(word.as_str(), "temp" | "temporary" | "unlogged" | "only"))
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let counts = ["serial", "bigserial", "smallserial", "generated"];
        let counts = words.iter().any(|word| counts.contains(word));
        match words[..] {
            [_, _, "if", ..] => {}
            ["create", "sequence", ref rest @ ..] => self.sequences.extend(last_part(rest)),
            [_, "table", ref rest @ ..] if counts => self.tables.extend(last_part(rest)),
            _ => {}
        }
        // As pg_dump writes an identity: `( SEQUENCE NAME public.x_id_seq … )`.
        let named = words
            .windows(2)
            .position(|pair| pair == ["sequence", "name"]);
        if let Some(at) = named {
            self.sequences.extend(last_part(&words[at + 2..]));
        }
    }

    /// Whether the first argument names one of them.
    fn has(&self, arguments: &str) -> bool {
        let text = arguments.trim_start().strip_prefix('\'');
        let Some((name, _)) = text.and_then(|text| text.split_once('\'')) else {
            return false;
        };
        let name = name.rsplit('.').next().unwrap_or(name).trim_matches('"');
        let is_of = |table: &String| {
            let rest = name.strip_prefix(table.as_str());
            rest.is_some_and(|rest| rest.starts_with('_') && rest.ends_with("_seq"))
        };
        self.sequences.contains(name) || self.tables.iter().any(is_of)
    }
}

/// The last part of the name that tokens begin with, without its quotes.
fn last_part(tokens: &[&str]) -> Option<String> {
    let mut at = 0;
    while tokens.get(at + 1) == Some(&".") {
        at += 2;
    }
    tokens.get(at).map(|part| part.trim_matches('"').to_owned())
}

/// What stands behind each call of a function in a text in lower case, also in a body or a string.
fn calls<'a>(text: &'a str, function: &'a str) -> impl Iterator<Item = &'a str> {
    text.match_indices(function).filter_map(move |(at, _)| {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let is_whole = !text[..at].ends_with(is_word);
        let rest = text[at + function.len()..]
            .trim_start_matches('"')
            .trim_start();
        is_whole.then(|| rest.strip_prefix('(')).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::{Made, calls};

    #[test]
    fn only_a_sequence_that_the_files_make_may_be_set() {
        let mut made = Made::default();
        for sql in [
            "create sequence public.own;",
            "CREATE TEMP SEQUENCE \"short\"",
            "create sequence if not exists perhaps",
            "create table app.item (id bigserial)",
            "create table if not exists old (id serial)",
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
            let found: Vec<bool> = calls(sql, "setval").map(|it| made.has(it)).collect();
            assert_eq!(found, [is_new], "{sql}");
        }
        let none = "select my_setval(1), setvalue(2), setval";
        assert_eq!(calls(none, "setval").count(), 0);
    }
}
