//! Files that do what no rollback undoes: they reach outside the database, or set a sequence that others use. They are not
//! run on the target only to see what they do, however the transaction around them ends.

use crate::domain::dry_run::Environment;
use crate::domain::lint::assess;
use crate::domain::migration::{Plan, Step};
use crate::domain::problem::{Kind, Problem};

/// Why each file of a plan is not run in a dry run at a place, where that is so.
pub(super) fn refused(plan: &Plan, on: Environment) -> Vec<Option<String>> {
    let steps = plan.steps.iter();
    steps
        .enumerate()
        .map(|(at, step)| match on {
            Environment::Target => {
                let reached = reason(step).as_deref().map(note);
                reached.or_else(|| {
                    sets_a_sequence(&plan.steps[..=at])
                        .as_deref()
                        .map(note_of_sequence)
                })
            }
            // Its roles reach nothing outside it.
            Environment::Scratch => None,
        })
        .collect()
}

/// The same for one file of a round trip on the target, as the reason of its finding.
pub(super) fn problem(step: &Step) -> Option<Problem> {
    let why = reason(step).or_else(|| sets_a_sequence(std::slice::from_ref(step)))?;
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

/// The first statement of the last step that sets a sequence which was there before, as far as the texts tell: `setval` is
/// in force at once, for everybody, and stays (PostgreSQL documentation, 9.17 Sequence Manipulation Functions).
fn sets_a_sequence(steps: &[Step]) -> Option<String> {
    let (last, earlier) = steps.split_last()?;
    let mut before: Vec<String> = Vec::new();
    for step in earlier {
        before.extend(
            step.statements
                .that_run()
                .map(|(_, sql)| sql.to_lowercase()),
        );
    }
    for (index, sql) in last.statements.that_run() {
        let lower = sql.to_lowercase();
        if calls(&lower, "setval").any(|rest| !sets_a_new_one(rest, &before)) {
            return Some(format!(
                "Statement {}: It sets a sequence, which is in force for everybody at once and which no rollback undoes.",
                index + 1
            ));
        }
        before.push(lower);
    }
    None
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

/// Whether the first argument names a sequence that one of the statements before makes: by its name, or with a table.
fn sets_a_new_one(arguments: &str, before: &[String]) -> bool {
    let Some((name, _)) = arguments
        .trim_start()
        .strip_prefix('\'')
        .and_then(|it| it.split_once('\''))
    else {
        return false;
    };
    let name = name.rsplit('.').next().unwrap_or(name).trim_matches('"');
    before.iter().any(|sql| {
        let sequence = sql.contains("sequence") && sql.contains(name);
        let counts = sql.contains("serial") || sql.contains("generated");
        let table = sql
            .trim_start()
            .strip_prefix("create table")
            .filter(|_| counts);
        let table =
            table.and_then(|rest| rest.trim_start_matches(" if not exists").split('(').next());
        let table = table.and_then(|table| table.trim().rsplit('.').next());
        sequence
            || table.is_some_and(|table| name.starts_with(&format!("{}_", table.trim_matches('"'))))
    })
}

#[cfg(test)]
mod tests {
    use super::{calls, sets_a_new_one};

    #[test]
    fn only_a_sequence_that_the_files_make_may_be_set() {
        let before = [
            "create sequence public.own;",
            "create table if not exists app.item (id bigserial);",
        ]
        .map(str::to_owned);
        for (sql, is_new) in [
            ("select setval('public.own', 1)", true),
            ("select pg_catalog.setval('app.item_id_seq', 7, true)", true),
            ("select setval('public.other', 1)", false),
            (
                "select setval(pg_get_serial_sequence('app.item', 'id'), 1)",
                false,
            ),
            ("do $$ begin perform setval ( 'other', 1); end $$", false),
        ] {
            let found: Vec<bool> = calls(sql, "setval")
                .map(|rest| sets_a_new_one(rest, &before))
                .collect();
            assert_eq!(found, [is_new], "{sql}");
        }
        assert_eq!(
            calls("select my_setval(1), setvalue(2), setval", "setval").count(),
            0
        );
    }
}
