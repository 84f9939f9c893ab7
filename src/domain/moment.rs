//! Moments and lengths of time as people read them: moments in UTC, in one form for lists and one for everything else.

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
