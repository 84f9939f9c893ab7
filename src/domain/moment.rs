//! Moments and lengths of time as people read them: in UTC, and to the second or the minute.

use jiff::{SignedDuration, Timestamp};

/// A moment in a sentence or beside its name: `2026-11-26 14:03:22 UTC`.
pub fn told(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
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
    fn a_moment_in_a_sentence_names_its_zone() {
        let at = "2025-10-04T12:30:00.123456+02:00".parse().unwrap();
        assert_eq!(told(at), "2025-10-04 10:30:00 UTC");
    }
}
