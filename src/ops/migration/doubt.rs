//! What fails only because of the dry run: all its files share one transaction, where a run commits between them, some files
//! are not run in it at all, and it has limits of its own.

use crate::domain::dry_run::recording::Failed;
use crate::domain::migration::{Step, StepMode};
use crate::domain::plural::listed;
use crate::domain::problem::Problem;
use crate::domain::script::{Limits, NOT_HERE, RunError, STATEMENT, ServerError};
use crate::domain::sql::statement_kind::leading_words;
use crate::domain::sql::transaction::control;
use std::time::Duration;

/// SQLSTATE: a value that was added to an enum is used before the commit (unsafe_new_enum_value_usage).
const UNSAFE_NEW_ENUM_VALUE: &str = "55P04";
/// SQLSTATE: a limit stopped a statement (query_canceled).
const CANCELED: &str = "57014";

/// How much shorter than its limit a statement may seem here that the limit stopped: the server measures it, and the answer
/// before it may have been late.
const SHORT: Duration = Duration::from_secs(2);

/// Why a failure says nothing about the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Doubt {
    /// It uses a value of an enum that an earlier file of the dry run adds: the index of that one.
    EnumValue(usize),
    /// Files before it were not run here: their indexes.
    NotRun(Vec<usize>),
    /// It depends on the time of the transaction, and files before it ran in the same one.
    OneMoment,
    /// It has COMMITs of its own, and the failure may come of running without them.
    OwnCommits,
    /// A dry run cannot run it, with the reason.
    OnlyHere(String),
}

/// Whether a failure of a step may come only of the dry run. `not_run` are the steps before it that were not run or undone.
pub(super) fn doubt(
    steps: &[&Step],
    at: usize,
    failed: &Failed,
    not_run: &[usize],
    limits: &Limits,
) -> Option<Doubt> {
    let RunError::Refused(refused) = &failed.halt else {
        return None;
    };
    if refused.code == NOT_HERE {
        return Some(Doubt::OnlyHere(format!("{}.", refused.message)));
    }
    if refused.code == CANCELED
        && limits.statement_timeout.is_none()
        && failed.took + SHORT >= STATEMENT
    {
        let seconds = STATEMENT.as_secs();
        return Some(Doubt::OnlyHere(format!(
            "a statement took longer than the {seconds} seconds that a dry run gives it, because what it locks is locked for everybody meanwhile. A run has the limit of the role; `--statement-timeout` sets one for both."
        )));
    }
    if refused.code == UNSAFE_NEW_ENUM_VALUE {
        // `unsafe use of new value "c" of enum type e`: the label is the first thing in quotes.
        let label = refused.message.split('"').nth(1).unwrap_or_default();
        let adds = |index: &usize| {
            let mut statements = steps[*index].statements.iter();
            statements.any(|sql| {
                let mut values = added_values(sql).into_iter();
                values.any(|value| value == label)
            })
        };
        // A statement that is put together names the label somewhere.
        let may_add = |index: &usize| {
            let mut statements = steps[*index].statements.iter();
            statements.any(|sql| {
                let words = sql.to_lowercase();
                let mut words = words.split_whitespace();
                sql.contains(label)
                    && words.any(|word| word == "add")
                    && words.any(|word| word == "value")
            })
        };
        let by = (0..at).rev().find(adds);
        let by = by.or_else(|| (0..at).rev().find(may_add));
        // A file that uses what it adds itself fails in a run too.
        if let Some(by) = by.filter(|_| !adds(&at) && !may_add(&at)) {
            return Some(Doubt::EnumValue(by));
        }
    }
    let has_own = steps[at].mode == StepMode::Alone;
    if has_own && needs_commit(failed, refused, steps[at]) {
        return Some(Doubt::OwnCommits);
    }
    let has_run = has_own || (0..at).any(|index| !not_run.contains(&index));
    if has_run && is_of_the_moment(failed, refused, steps[at]) {
        return Some(Doubt::OneMoment);
    }
    let before = not_run.iter().copied().filter(|index| *index < at);
    let mut before: Vec<usize> = before.collect();
    before.sort_unstable();
    (!before.is_empty() && depends(&refused.code)).then_some(Doubt::NotRun(before))
}

/// Whether a refusal may come of a COMMIT that was left out: a value of an enum that is not committed yet, events that wait for
/// it, and what code of the database makes until then.
fn needs_commit(failed: &Failed, refused: &ServerError, step: &Step) -> bool {
    let Some(at) = failed.statement else {
        return false;
    };
    let mut before = step.statements.iter().take(at);
    if !before.any(|sql| control(sql).is_some()) {
        return false;
    }
    let first = leading_words(&step.statements[at], 1);
    let is_definition = matches!(
        first.first().map(String::as_str),
        Some("create" | "alter" | "drop" | "comment" | "grant" | "revoke")
    );
    match refused.code.as_str() {
        // Also an object that is in use, such as a table with events that wait.
        UNSAFE_NEW_ENUM_VALUE | "55006" => true,
        // Names that are there already: of tables, cursors and others.
        "42P07" | "42P03" | "42710" => !is_definition,
        _ => false,
    }
}

/// Whether a refusal may come of the time of the transaction, or of its number: a run has another one for each file.
fn is_of_the_moment(failed: &Failed, refused: &ServerError, step: &Step) -> bool {
    const OF_THE_TRANSACTION: [&str; 6] = [
        "now()",
        "current_timestamp",
        "localtimestamp",
        "transaction_timestamp()",
        "txid_current()",
        "pg_current_xact_id()",
    ];
    let class = refused.code.get(..2).unwrap_or_default();
    if !["22", "23", "P0"].contains(&class) {
        return false;
    }
    let names_it = failed.statement.is_some_and(|statement| {
        let sql = step.statements[statement].to_lowercase();
        OF_THE_TRANSACTION.iter().any(|word| sql.contains(word))
    });
    // A key with a time to the fraction of a second was made by a default.
    let is_a_time = |detail: &String| {
        detail.as_bytes().windows(5).any(|five| {
            matches!(five, [b':', a, b, b'.', c] if [a, b, c].iter().all(|one| one.is_ascii_digit()))
        })
    };
    names_it
        || matches!(refused.code.as_str(), "23505" | "23P01")
            && refused.detail.as_ref().is_some_and(is_a_time)
}

/// Whether a refusal may depend on what other files do: none of the syntax, of the server's means or of others at work does.
fn depends(code: &str) -> bool {
    let is_certain = matches!(code, "" | "42601" | "25001" | "25006" | "2D000" | "55P03");
    // Also codes of supadeck's own, for what its call cannot run.
    let of_the_server = ["08", "28", "40", "53", "57", "58", "XX", "SD"];
    !is_certain && !of_the_server.iter().any(|class| code.starts_with(class))
}

impl Doubt {
    /// What is said of the file.
    pub(super) fn note(&self, steps: &[&Step], at: usize) -> String {
        let title = |index: usize| format!("{}_{}", steps[index].version, steps[index].name);
        match self {
            Self::EnumValue(by) => format!(
                "Not known: it uses a value of an enum that {by} adds. This happens only because the dry run uses one transaction; `migration apply` commits {by} before {} begins. It was undone here, and the files behind it ran without it. `--on scratch` commits each file.",
                title(at),
                by = title(*by),
            ),
            Self::OneMoment => "Not known: it depends on the time of its transaction, and the files of a dry run share one transaction, so `now()` is the same in all of them. It was undone, and the files behind it ran without it. `--on scratch` commits each file.".to_owned(),
            Self::OwnCommits => "Not known: it may fail only because its own COMMITs were left out, and all of it ran in one transaction. It was undone, and the files behind it ran without it. `--on scratch` runs it as it is.".to_owned(),
            Self::OnlyHere(why) => {
                format!("Not known: {why} It was undone, and the files behind it ran without it.")
            }
            Self::NotRun(before) => {
                let names: Vec<String> = before.iter().map(|index| title(*index)).collect();
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let were = if names.len() == 1 { "was" } else { "were" };
                format!(
                    "Not known: it may fail only because {} {were} not run here. It was undone, and the files behind it ran without it. `--on scratch` runs them all.",
                    listed(&names)
                )
            }
        }
    }

    /// The failure, with the reason why it says nothing.
    pub(super) fn explain(&self, problem: Problem, steps: &[&Step], at: usize) -> Problem {
        let why = match self {
            Self::EnumValue(by) => format!(
                "{} This happens only because the dry run uses one transaction: {}_{} adds the value, and `migration apply` commits it before {}_{} begins.",
                problem.why, steps[*by].version, steps[*by].name, steps[at].version, steps[at].name
            ),
            Self::OnlyHere(_) => return problem,
            Self::OneMoment => format!(
                "{} It may fail only because `now()` is the same in all files of a dry run.",
                problem.why
            ),
            Self::OwnCommits => format!(
                "{} It may fail only because the file's own COMMITs were left out here.",
                problem.why
            ),
            Self::NotRun(_) => format!(
                "{} It may fail only because files before it were not run here.",
                problem.why
            ),
        };
        Problem { why, ..problem }.with_hint(
            "Try it with `--on scratch`, where each file is committed before the next one runs.",
        )
    }
}

/// The values that `ALTER TYPE … ADD VALUE` adds in a statement, also inside of a block.
fn added_values(sql: &str) -> Vec<&str> {
    let words: Vec<&str> = sql.split_whitespace().collect();
    let is = |at: usize, word: &str| {
        let found = words.get(at);
        found.is_some_and(|found| found.eq_ignore_ascii_case(word))
    };
    let mut values = Vec::new();
    for at in 0..words.len() {
        if !is(at, "add") || !is(at + 1, "value") {
            continue;
        }
        let is_conditional = is(at + 2, "if") && is(at + 3, "not") && is(at + 4, "exists");
        let next = words.get(if is_conditional { at + 5 } else { at + 2 });
        let Some(next) = next.filter(|next| next.starts_with('\'')) else {
            continue;
        };
        // In a string that is executed each quote stands twice, or more often.
        let quotes = next.len() - next.trim_start_matches('\'').len();
        // A value may hold blanks, so it is looked for where its first word stands in the text.
        let begin = next.as_ptr() as usize - sql.as_ptr() as usize + quotes;
        let value = sql[begin..].split('\'').next();
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            values.push(value);
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_that_a_statement_adds_are_found() {
        for (sql, values) in [
            ("alter type mood add value 'c' before 'b'", &["c"][..]),
            (
                "ALTER TYPE mood\nADD VALUE IF NOT EXISTS 'very good';",
                &["very good"],
            ),
            ("do $$ begin alter type a add value 'x'; end $$", &["x"]),
            (
                "do $$ begin execute 'alter type a add value ''very good'''; end $$",
                &["very good"],
            ),
            ("select 'add value'", &[]),
            ("alter type mood add value", &[]),
        ] {
            assert_eq!(added_values(sql), values, "{sql}");
        }
    }
}
