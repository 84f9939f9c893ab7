//! The statement timeout that stops a statement, and whose it is: the file's, the run's, or what the database has set for
//! whoever connects.

use super::{Plan, StepMode, Target};
use crate::domain::script::Limits;
use crate::domain::sql::statement_kind::significant;
use crate::domain::text::cell;
use serde::Serialize;
use std::time::Duration;

/// A statement timeout that holds for a session because the server says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Timeout {
    /// How long, in milliseconds.
    pub ms: u64,
    /// Whose it is, such as `role postgres` or `database app`.
    pub of: String,
}

/// `90s`, `500ms`.
pub fn words(time: Duration) -> String {
    if time.subsec_millis() == 0 {
        format!("{}s", time.as_secs())
    } else {
        format!("{}ms", time.as_millis())
    }
}

impl Timeout {
    /// The time in words, with its owner.
    pub fn words(&self) -> String {
        format!(
            "{}, set for {}",
            words(Duration::from_millis(self.ms)),
            self.of
        )
    }
}

/// The statement timeout under which a plan runs, with whose it is.
pub fn of_plan(limits: &Limits, plan: &Plan) -> String {
    let is_alone = |mode: StepMode| mode == StepMode::Alone;
    let mut steps = plan.steps.iter();
    let all_alone = steps.all(|step| is_alone(step.mode));
    let shown = of_run(limits, &plan.target);
    let is_theirs = limits.statement_timeout.is_none() && plan.target.statement_timeout.is_some();
    match (is_theirs, plan.steps.iter().any(|step| is_alone(step.mode))) {
        (true, true) if all_alone => "no limit outside a transaction".to_owned(),
        (true, true) => format!("{shown}; no limit outside a transaction"),
        _ => shown,
    }
}

/// The same of what runs in transactions.
pub fn of_run(limits: &Limits, target: &Target) -> String {
    match (limits.statement_timeout, &target.statement_timeout) {
        (Some(time), Some(theirs)) if time.is_zero() => {
            format!("no limit, by this run ({} otherwise)", theirs.words())
        }
        (Some(time), _) if time.is_zero() => "no limit, by this run".to_owned(),
        (Some(time), _) => format!("{}, of this run", words(time)),
        (None, Some(theirs)) => theirs.words(),
        (None, None) => "no limit".to_owned(),
    }
}

/// Which timeout stopped a statement, and what lifts it. `before` are the statements of the file in front of it.
pub fn stopped_by<'a>(
    limits: &Limits,
    target: &Target,
    before: impl Iterator<Item = &'a str>,
) -> String {
    if let Some((number, value)) = own(before) {
        return format!(
            "The file's own statement timeout stopped it: statement {number} sets {}. Change it there.",
            cell(&value)
        );
    }
    match (
        limits.statement_timeout.filter(|time| !time.is_zero()),
        &target.statement_timeout,
    ) {
        (Some(time), _) => format!(
            "The statement timeout of this run stopped it: {}. Give it more with `--statement-timeout`, or none with `--statement-timeout 0`.",
            words(time)
        ),
        (None, Some(theirs)) if limits.statement_timeout.is_none() => format!(
            "A statement timeout stopped it: {}. `--statement-timeout 0` lifts it for a run, and `--statement-timeout 10m` sets another.",
            theirs.words()
        ),
        _ => "A statement timeout stopped it that a function or the server sets.".to_owned(),
    }
}

/// The statement timeout that a file has set for itself last, with the number of the statement.
fn own<'a>(before: impl Iterator<Item = &'a str>) -> Option<(usize, String)> {
    let mut found = None;
    for (at, sql) in before.enumerate() {
        let tokens: Vec<String> = significant(sql)
            .map(|token| token.text(sql).to_ascii_lowercase())
            .collect();
        let mut tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
        if tokens
            .get(1)
            .is_some_and(|word| matches!(*word, "session" | "local"))
        {
            tokens.remove(1);
        }
        found = match tokens[..] {
            ["reset", "statement_timeout" | "all"] => None,
            [
                "set",
                "statement_timeout",
                "=" | "to",
                "default" | "0" | "'0'",
            ] => None,
            ["set", "statement_timeout", "=" | "to", ref value @ ..] => {
                Some((at + 1, value.concat()))
            }
            _ => found,
        };
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(timeout: Option<(u64, &str)>) -> Target {
        Target {
            statement_timeout: timeout.map(|(ms, of)| Timeout {
                ms,
                of: of.to_owned(),
            }),
            ..Target::default()
        }
    }

    fn limits(timeout: Option<u64>) -> Limits {
        Limits {
            statement_timeout: timeout.map(Duration::from_millis),
            ..Limits::default()
        }
    }

    #[test]
    fn the_limit_in_force_is_told_with_its_owner() {
        let theirs = target(Some((2_000, "role dev")));
        for (own, target, expected) in [
            (None, &theirs, "2s, set for role dev"),
            (
                Some(0),
                &theirs,
                "no limit, by this run (2s, set for role dev otherwise)",
            ),
            (Some(1_500), &theirs, "1500ms, of this run"),
            (None, &Target::default(), "no limit"),
        ] {
            assert_eq!(of_run(&limits(own), target), expected);
        }
    }

    #[test]
    fn what_stopped_a_statement_is_the_nearest_that_sets_a_limit() {
        let theirs = target(Some((2_000, "database app")));
        let said = |own: Option<u64>, before: &[&str]| {
            stopped_by(&limits(own), &theirs, before.iter().copied())
        };
        assert!(said(None, &[]).contains("2s, set for database app"));
        assert!(said(Some(5_000), &[]).contains("of this run stopped it: 5s"));
        let file = said(
            Some(5_000),
            &["select 1", "SET LOCAL statement_timeout TO '3s'"],
        );
        assert!(file.contains("statement 2 sets '3s'"), "{file}");
        for lifted in [
            "reset all",
            "reset statement_timeout",
            "set statement_timeout = default",
        ] {
            let said = said(None, &["set statement_timeout = 300", lifted]);
            assert!(said.contains("database app"), "{said}");
        }
    }
}
