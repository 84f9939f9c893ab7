//! The waiting times of a run, as they are typed and as they are shown with the plan.

use super::super::page::{Page, Tone};
use crate::domain::migration::limit::{self, words};
use crate::domain::migration::{Plan, Step, StepMode};
use crate::domain::script::Limits;
use crate::domain::sql::execution_mode::is_concurrent;
use clap::Args as ClapArgs;
use std::time::Duration;

/// How long a run may wait.
#[derive(ClapArgs)]
pub struct Waits {
    /// How long a statement may wait for a lock on a table: 5s, 500ms, 2m; 0 for no limit
    #[arg(long, value_name = "TIME", value_parser = time)]
    lock_timeout: Option<Duration>,

    /// How long one statement may take, 0 for no limit; what the role or the database has set unless it is given
    #[arg(long, value_name = "TIME", value_parser = time)]
    statement_timeout: Option<Duration>,

    /// How often a migration whose lock was not to be had in time is tried again
    #[arg(long, value_name = "N")]
    lock_retries: Option<u32>,
}

impl Waits {
    /// Sets what was typed.
    pub fn set(&self, limits: &mut Limits) {
        if let Some(time) = self.lock_timeout {
            limits.lock_timeout = time;
            limits.is_lock_timeout_chosen = true;
        }
        if let Some(time) = self.statement_timeout {
            limits.statement_timeout = Some(time);
        }
        if let Some(count) = self.lock_retries {
            limits.lock_retries = count;
        }
    }
}

/// How long the statements of seeds may wait and take.
#[derive(Debug, Clone, ClapArgs)]
pub struct Times {
    /// How long a statement waits for a lock on a table, 0 for no limit; 5s unless it is given
    #[arg(long, value_name = "TIME", value_parser = time)]
    lock_timeout: Option<Duration>,

    /// How long one statement may take, 0 for no limit; what the role or the database has set unless it is given
    #[arg(long, value_name = "TIME", value_parser = time)]
    statement_timeout: Option<Duration>,
}

impl Times {
    /// Sets what was typed.
    pub fn set(&self, limits: &mut Limits) {
        limits.lock_timeout = self.lock_timeout.unwrap_or(limits.lock_timeout);
        limits.statement_timeout = self.statement_timeout.or(limits.statement_timeout);
    }
}

/// The limits that a plan runs under.
pub fn shown(limits: &Limits, plan: &Plan) -> Page {
    let mut page = Page::default();
    let lock = lock(limits, plan);
    let statement = limit::of_plan(limits, plan);
    page.toned(
        Tone::Muted,
        &format!("Lock timeout: {lock}. Statement timeout: {statement}."),
    );
    page
}

/// How long its statements wait for a lock. What runs outside a transaction is not tried again, and what waits there
/// beside others has no limit unless one was asked for.
fn lock(limits: &Limits, plan: &Plan) -> String {
    if limits.lock_timeout.is_zero() {
        return "no limit".to_owned();
    }
    let is_alone = |step: &&Step| step.mode == StepMode::Alone;
    let alone = plan.steps.iter().filter(is_alone).flat_map(Step::left);
    let is_free = |(_, sql): &(usize, &str)| !limits.is_lock_timeout_chosen && is_concurrent(sql);
    let (free, bound): (Vec<_>, Vec<_>) = alone.partition(is_free);
    let time = words(limits.lock_timeout);
    let mut parts = Vec::new();
    if !plan.steps.iter().all(|step| is_alone(&step)) {
        let times = limits.lock_retries + 1;
        let tries = if times == 1 { "try" } else { "tries" };
        parts.push(format!("{time}, {times} {tries}"));
    }
    match (bound.is_empty(), parts.is_empty()) {
        (true, _) => {}
        (false, true) => parts.push(format!("{time}, 1 try")),
        (false, false) => parts.push("1 try outside a transaction".to_owned()),
    }
    if !free.is_empty() {
        parts
            .push("no limit for what runs CONCURRENTLY, unless --lock-timeout is given".to_owned());
    }
    parts.join("; ")
}

/// Reads a time with its unit; a bare zero needs none.
fn time(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let at = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(at);
    let number: u64 = number
        .parse()
        .map_err(|_| "write a number and a unit, such as 30s".to_owned())?;
    let factor = match unit.trim() {
        "ms" => 1,
        "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "" if number == 0 => 1,
        _ => return Err("the unit is ms, s, m or h, such as 30s".to_owned()),
    };
    // Postgres keeps these times as milliseconds in 31 bits.
    number
        .checked_mul(factor)
        .filter(|ms| i32::try_from(*ms).is_ok())
        .map(Duration::from_millis)
        .ok_or_else(|| "Postgres takes at most 596h".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::migration::{Direction, RollbackFile, Target};

    #[test]
    fn times_have_units() {
        for (text, ms) in [
            ("30s", 30_000),
            ("500ms", 500),
            ("2m", 120_000),
            ("1h", 3_600_000),
            ("0", 0),
        ] {
            assert_eq!(time(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for text in [
            "",
            "5",
            "s",
            "-1s",
            "1.5s",
            "3d",
            "600h",
            "99999999999999999999s",
        ] {
            assert!(time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_lock_timeout_is_that_of_the_files_at_hand() {
        let step = |statements: &[&str], mode| Step {
            version: "1".into(),
            name: "x".into(),
            direction: Direction::Apply,
            file: "x.sql".into(),
            sha256: String::new(),
            statements: statements.iter().collect(),
            mode,
            mode_why: None,
            begin_at: 0,
            repeats: 0,
            older_than: None,
            passed_over: std::collections::BTreeSet::new(),
            way_back: RollbackFile::Usable,
        };
        let index = "create index concurrently i on goal (id)";
        let usual = || step(&["select 1"], StepMode::Transaction);
        let chosen = Limits {
            is_lock_timeout_chosen: true,
            ..Limits::default()
        };
        let free = "no limit for what runs CONCURRENTLY, unless --lock-timeout is given";
        for (steps, limits, said) in [
            (vec![usual()], Limits::default(), "5s, 3 tries".to_owned()),
            (
                vec![step(&[index], StepMode::Alone)],
                Limits::default(),
                free.to_owned(),
            ),
            (
                vec![step(&[index], StepMode::Alone)],
                chosen,
                "5s, 1 try".to_owned(),
            ),
            (
                vec![usual(), step(&[index, "select 2"], StepMode::Alone)],
                Limits::default(),
                format!("5s, 3 tries; 1 try outside a transaction; {free}"),
            ),
        ] {
            let plan = Plan {
                steps,
                target: Target::default(),
                history: Vec::new(),
                is_resume: false,
            };
            assert_eq!(lock(&limits, &plan), said);
        }
    }
}
