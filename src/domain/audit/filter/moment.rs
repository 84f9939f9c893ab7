//! A moment in a filter: a date, a time, or a span back from now. Without an offset it is UTC.

use crate::domain::problem::{Kind, Problem};
use crate::domain::text;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A moment with the text it came from, so that a filter prints as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    typed: String,
    at: Timestamp,
    is_whole_day: bool,
}

impl Moment {
    /// Reads `2h`, `1d12h`, `today`, `2025-10-04`, `2025-10-04T12:30` or a time with an offset. `key` is for the message.
    pub fn parse(typed: &str, now: Timestamp, key: &str) -> Result<Self, Problem> {
        let found = relative(typed, now)
            .map(|at| (at, false))
            .or_else(|| day_word(typed, now).map(|at| (at, true)))
            .or_else(|| typed.parse::<Timestamp>().ok().map(|at| (at, false)))
            .or_else(|| absolute(typed));
        let Some((at, is_whole_day)) = found else {
            return Err(Problem::new(
                Kind::Usage,
                format!("`{key}:{}` is no time.", text::cell(typed)),
                "It takes a span back from now (30m, 2h, 3d, 1w), a date (2025-10-04) or a time (2025-10-04T12:30Z).",
            ));
        };
        Ok(Self {
            typed: typed.to_owned(),
            at,
            is_whole_day,
        })
    }

    /// Reads only what does not depend on the present: a date, or a time, with or without an offset.
    pub(super) fn fixed(typed: &str) -> Option<Self> {
        let timed = typed.parse::<Timestamp>().ok().map(|at| (at, false));
        let (at, is_whole_day) = timed.or_else(|| absolute(typed))?;
        Some(Self {
            typed: typed.to_owned(),
            at,
            is_whole_day,
        })
    }

    /// As it was typed.
    pub fn typed(&self) -> &str {
        &self.typed
    }

    /// The moment; of a whole day, its start.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// For a whole day the start of the next one: `until:2025-10-04` includes that day.
    pub fn day_end(&self) -> Option<Timestamp> {
        let day = SignedDuration::from_hours(24);
        self.is_whole_day
            .then(|| self.at.checked_add(day).unwrap_or(Timestamp::MAX))
    }
}

/// A span such as `90s`, `30m`, `2h`, `3d`, `1w` or several in a row, counted back from now.
fn relative(typed: &str, now: Timestamp) -> Option<Timestamp> {
    let mut total: i64 = 0;
    let mut number: Option<i64> = None;
    for c in typed.chars() {
        if let Some(digit) = c.to_digit(10) {
            let so_far = number.unwrap_or(0).checked_mul(10)?;
            number = Some(so_far.checked_add(i64::from(digit))?);
            continue;
        }
        let seconds = match c.to_ascii_lowercase() {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return None,
        };
        total = total.checked_add(number.take()?.checked_mul(seconds)?)?;
    }
    if number.is_some() || typed.is_empty() {
        return None;
    }
    // A span longer than the calendar means everything.
    let span = SignedDuration::from_secs(total);
    Some(now.checked_sub(span).unwrap_or(Timestamp::MIN))
}

fn day_word(typed: &str, now: Timestamp) -> Option<Timestamp> {
    let today = now.to_zoned(TimeZone::UTC).date();
    let date = match typed.to_ascii_lowercase().as_str() {
        "today" => today,
        "yesterday" => today.yesterday().ok()?,
        _ => return None,
    };
    start_of(date)
}

fn absolute(typed: &str) -> Option<(Timestamp, bool)> {
    if typed.contains(':') {
        let moment: DateTime = typed.parse().ok()?;
        let zoned = moment.to_zoned(TimeZone::UTC).ok()?;
        return Some((zoned.timestamp(), false));
    }
    if typed.len() != "2025-10-04".len() {
        return None;
    }
    Some((start_of(typed.parse().ok()?)?, true))
}

fn start_of(date: Date) -> Option<Timestamp> {
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
}
