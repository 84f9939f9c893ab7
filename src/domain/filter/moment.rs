//! A moment in a filter: a date, a time, or a span back from now. Without an offset it is UTC, or of the zone that it is put in.

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
    /// Of a whole day, where the next one begins.
    day_end: Option<Timestamp>,
}

/// A moment, and of a whole day where the next one begins.
type Found = (Timestamp, Option<Timestamp>);

impl Moment {
    /// Reads `2h`, `1d12h`, `today`, `2025-10-04`, `2025-10-04T12:30` or a time with an offset. `key` is for the message.
    pub fn parse(typed: &str, now: Timestamp, key: &str) -> Result<Self, Problem> {
        let zone = TimeZone::UTC;
        let found = relative(typed, now)
            .map(|at| (at, None))
            .or_else(|| day_word(typed, now, &zone))
            .or_else(|| typed.parse::<Timestamp>().ok().map(|at| (at, None)))
            .or_else(|| absolute(typed, &zone));
        let Some((at, day_end)) = found else {
            return Err(Problem::new(
                Kind::Usage,
                format!("`{key}:{}` is not a time.", text::cell(typed)),
                "It takes a span back from now (30m, 2h, 3d, 1w), a date (2025-10-04) or a time (2025-10-04T12:30Z).",
            ));
        };
        Ok(Self {
            typed: typed.to_owned(),
            at,
            day_end,
        })
    }

    /// The same text as it is meant in a zone: a day, or a time without an offset, is another moment there.
    #[must_use]
    pub fn in_zone(&self, now: Timestamp, zone: &TimeZone) -> Self {
        let has_offset = self.typed.parse::<Timestamp>().is_ok();
        let found = day_word(&self.typed, now, zone)
            .or_else(|| absolute(&self.typed, zone).filter(|_| !has_offset));
        let (at, day_end) = found.unwrap_or((self.at, self.day_end));
        Self {
            typed: self.typed.clone(),
            at,
            day_end,
        }
    }

    /// Reads only what does not depend on the present: a date, or a time, with or without an offset.
    pub fn fixed(typed: &str) -> Option<Self> {
        let timed = typed.parse::<Timestamp>().ok().map(|at| (at, None));
        let (at, day_end) = timed.or_else(|| absolute(typed, &TimeZone::UTC))?;
        Some(Self {
            typed: typed.to_owned(),
            at,
            day_end,
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
        self.day_end
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

fn day_word(typed: &str, now: Timestamp, zone: &TimeZone) -> Option<Found> {
    let today = now.to_zoned(zone.clone()).date();
    let date = match typed.to_ascii_lowercase().as_str() {
        "today" => today,
        "yesterday" => today.yesterday().ok()?,
        _ => return None,
    };
    day(date, zone)
}

fn absolute(typed: &str, zone: &TimeZone) -> Option<Found> {
    if typed.contains(':') {
        let moment: DateTime = typed.parse().ok()?;
        let zoned = moment.to_zoned(zone.clone()).ok()?;
        return Some((zoned.timestamp(), None));
    }
    if typed.len() != "2025-10-04".len() {
        return None;
    }
    day(typed.parse().ok()?, zone)
}

/// A day of a zone, which need not have 24 hours.
fn day(date: Date, zone: &TimeZone) -> Option<Found> {
    let start = |date: Date| Some(date.to_zoned(zone.clone()).ok()?.timestamp());
    let next = date.tomorrow().ok().and_then(start);
    Some((start(date)?, Some(next.unwrap_or(Timestamp::MAX))))
}
