//! What fails only because a rehearsal on the target runs every file in one transaction, where a run commits between them.

use crate::domain::migration::Step;
use crate::domain::problem::Problem;

/// SQLSTATE: a value that was added to an enum is used before the commit (unsafe_new_enum_value_usage).
const UNSAFE_NEW_ENUM_VALUE: &str = "55P04";

/// Says of a failure, where it is one, that an earlier file of the rehearsal is the reason and that a run would not meet it.
/// A file that uses what it adds itself fails in a run too.
pub(super) fn explained(problem: Problem, earlier: &[Step], failed: &Step) -> Problem {
    if problem.code.as_deref() != Some(UNSAFE_NEW_ENUM_VALUE) {
        return problem;
    }
    let adds = |step: &&Step| {
        let mut values = step.statements.iter().flat_map(added_values);
        values.any(|value| problem.why.contains(value))
    };
    let Some(step) = earlier.iter().rfind(adds).filter(|_| !adds(&failed)) else {
        return problem;
    };
    let why = format!(
        "{} This happens only because the dry run uses one transaction: {}_{} adds the value, and `migration apply` commits it before {}_{} begins.",
        problem.why, step.version, step.name, failed.version, failed.name
    );
    Problem { why, ..problem }.with_hint(
        "Rehearse with `--on scratch`, where each file is committed before the next one runs.",
    )
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
        // A value may hold blanks, so it is looked for where its first word stands in the text.
        let begin = next.as_ptr() as usize - sql.as_ptr() as usize + 1;
        if let Some(value) = sql[begin..]
            .split('\'')
            .next()
            .filter(|value| !value.is_empty())
        {
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
            ("select 'add value'", &[]),
            ("alter type mood add value", &[]),
        ] {
            assert_eq!(added_values(sql), values, "{sql}");
        }
    }
}
