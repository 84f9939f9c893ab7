//! The waiting times of a run, as they are typed and as they are shown with the plan.

use super::super::page::{Page, Tone};
use crate::domain::script::Limits;
use clap::Args as ClapArgs;
use std::time::Duration;

/// How long a run may wait.
#[derive(ClapArgs)]
pub struct Waits {
    /// How long a statement may wait for a lock on a table: 5s, 500ms, 2m; 0 for no limit
    #[arg(long, value_name = "TIME", value_parser = time)]
    lock_timeout: Option<Duration>,

    /// How long one statement may take; no limit unless it is given
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
            limits.statement_timeout = (!time.is_zero()).then_some(time);
        }
        if let Some(count) = self.lock_retries {
            limits.lock_retries = count;
        }
    }
}

/// The limits that a plan runs under.
pub fn shown(limits: &Limits) -> Page {
    let mut page = Page::default();
    let lock = if limits.lock_timeout.is_zero() {
        "no limit".to_owned()
    } else {
        let times = limits.lock_retries + 1;
        let tries = if times == 1 { "try" } else { "tries" };
        format!("{}, {times} {tries}", words(limits.lock_timeout))
    };
    let statement = limits
        .statement_timeout
        .map_or_else(|| "no limit".to_owned(), words);
    page.toned(
        Tone::Muted,
        &format!("Lock timeout: {lock}. Statement timeout: {statement}."),
    );
    page
}

/// `90s`, `500ms`.
fn words(time: Duration) -> String {
    if time.subsec_millis() == 0 {
        format!("{}s", time.as_secs())
    } else {
        format!("{}ms", time.as_millis())
    }
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
}
