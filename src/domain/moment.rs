//! Moments and lengths of time as people read them: moments in UTC, in one form for lists and one for everything else.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Where a moment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// In a column, whose heading names the zone: `2026-11-26 14:03`.
    List,
    /// In a sentence, or beside its name: `2026-11-26 14:03:22 UTC`.
    Detail,
    /// Where the day goes without saying: `14:03:22 UTC`.
    Clock,
}

/// The columns of [`Form::List`].
pub const LIST_COLUMNS: u16 = 16;

/// A moment as people read it.
pub fn moment(at: Timestamp, form: Form) -> String {
    let format = match form {
        Form::List => "%Y-%m-%d %H:%M",
        Form::Detail => "%Y-%m-%d %H:%M:%S UTC",
        Form::Clock => "%H:%M:%S UTC",
    };
    at.strftime(format).to_string()
}

/// A moment as a server prints it, as people read it; what is no moment stays as it is.
pub fn printed(text: &str, form: Form) -> String {
    let at = text.parse::<Timestamp>();
    at.map_or_else(|_| text.to_owned(), |at| moment(at, form))
}

/// A moment as a server prints it, in a zone, with the zone or its offset behind it; and its day there. What is no moment stays as it is.
pub fn zoned(text: &str, zone: &TimeZone) -> (String, Option<String>) {
    let Ok(at) = text.parse::<Timestamp>() else {
        return (text.to_owned(), None);
    };
    if *zone == TimeZone::UTC {
        let day = at.strftime("%Y-%m-%d").to_string();
        return (moment(at, Form::Detail), Some(day));
    }
    let at = at.to_zoned(zone.clone());
    let when = at.strftime("%Y-%m-%d %H:%M:%S %:z").to_string();
    (when, Some(at.date().to_string()))
}

/// A moment as a server prints it, in few columns and in a zone: the time of the day of `now`, else the day too; the year
/// where it is another.
pub fn brief(text: &str, now: Timestamp, zone: &TimeZone) -> String {
    let Ok(at) = text.parse::<Timestamp>() else {
        return text.to_owned();
    };
    let (at, now) = (at.to_zoned(zone.clone()), now.to_zoned(zone.clone()));
    let form = match (at.date() == now.date(), at.year() == now.year()) {
        (true, _) => "%H:%M:%S",
        (false, true) => "%-d %b %H:%M",
        (false, false) => "%-d %b %Y",
    };
    at.strftime(form).to_string()
}

/// The columns of [`brief`].
pub const BRIEF_COLUMNS: u16 = 12;

/// A length of time to the minute, such as `1h 5m`.
pub fn span(length: SignedDuration) -> String {
    let minutes = SignedDuration::from_mins((length.as_secs() + 30) / 60);
    if minutes.is_zero() {
        return "less than a minute".to_owned();
    }
    format!("{minutes:#}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_told_to_the_minute() {
        assert_eq!(span(SignedDuration::from_secs(3_910)), "1h 5m");
        assert_eq!(span(SignedDuration::from_secs(20)), "less than a minute");
    }

    #[test]
    fn a_moment_in_few_columns_says_what_goes_not_without_saying() {
        let now: Timestamp = "2026-11-30T12:00:00Z".parse().unwrap_or_default();
        for (text, told) in [
            ("2026-11-30T11:59:20Z", "11:59:20"),
            ("2026-11-30T08:59:20+00:00", "08:59:20"),
            ("2026-11-09T23:05:00Z", "9 Nov 23:05"),
            ("2024-10-04T12:30:00Z", "4 Oct 2024"),
            ("2026-12-01T00:00:00Z", "1 Dec 00:00"),
            ("infinity", "infinity"),
        ] {
            assert_eq!(brief(text, now, &TimeZone::UTC), told);
        }
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(brief("2026-11-30T08:59:20Z", now, &zone), "10:59:20");
    }

    #[test]
    fn a_moment_in_a_zone_has_the_day_of_the_zone() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let text = "2026-10-13T23:30:00.5Z";
        let told = |zone: &TimeZone| {
            let (when, day) = zoned(text, zone);
            format!("{when}, {}", day.unwrap_or_default())
        };
        assert_eq!(told(&TimeZone::UTC), "2026-10-13 23:30:00 UTC, 2026-10-13");
        assert_eq!(told(&zone), "2026-10-14 01:30:00 +02:00, 2026-10-14");
        assert_eq!(zoned("infinity", &zone), ("infinity".to_owned(), None));
    }

    #[test]
    fn a_moment_reads_the_same_however_a_server_prints_it() {
        for text in [
            "2025-10-04T12:30:00.123456+02:00",
            "2025-10-04T10:30:00Z",
            "2025-10-04 10:30:00+00",
        ] {
            assert_eq!(printed(text, Form::Detail), "2025-10-04 10:30:00 UTC");
            let listed = printed(text, Form::List);
            assert_eq!(listed, "2025-10-04 10:30");
            assert_eq!(listed.len(), usize::from(LIST_COLUMNS));
            assert_eq!(printed(text, Form::Clock), "10:30:00 UTC");
        }
        assert_eq!(printed("infinity", Form::List), "infinity");
    }
}
