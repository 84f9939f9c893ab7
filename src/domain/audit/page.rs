//! What is asked of the audit list and what comes back: lines of it, page by page, and how far a search has come.

use super::filter::Filter;
use super::story::Story;
use super::trail::Trail;
use super::{Cursor, PageDirection, Record};
use crate::domain::moment::{Form, printed};
use crate::domain::plural::{counted_in_groups, grouped};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

/// A line of the audit list: everything but the images, so that a million of them stay cheap to page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Primary key.
    pub id: String,
    /// When, as PostgREST prints it (microseconds, UTC offset).
    pub created_at: String,
    /// Who did it; absent for the system.
    pub actor_user_id: Option<String>,
    /// `user`, `system` or `ai`.
    pub actor_type: String,
    /// Whose data it was.
    pub subject_user_id: Option<String>,
    /// Such as `plan_item.update`.
    pub action: String,
    /// The id that ties the records of one user action together.
    pub correlation_id: Option<String>,
    /// The record in a few words.
    #[serde(skip)]
    pub story: Story,
}

/// What is asked of the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ask {
    /// Where the records are.
    pub trail: Trail,
    /// Which records, with ids in place of names.
    pub filter: Filter,
    /// Where to go on, strictly beyond; from the end of the list that `way` starts at when absent.
    pub from: Option<Cursor>,
    /// Which way.
    pub way: PageDirection,
    /// The most rows; as many as a page has when 0 or more than that.
    pub limit: usize,
    /// Whether every record names the fields that changed, as an earlier page found out.
    pub has_changed: Option<bool>,
}

/// One page of the list, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<R = Summary> {
    /// Where the records are.
    pub trail: Trail,
    /// The rows.
    pub rows: Vec<R>,
    /// Whether there may be more rows in the direction that was asked for.
    pub has_more: bool,
    /// Where the filter names an action and no row fits: an action that may have been meant.
    pub meant: Option<String>,
    /// Where to go on. Beyond the last row, where more than the rows were looked at.
    pub next: Option<Cursor>,
    /// What was looked at, for a filter that no index answers.
    pub looked: Option<Looked>,
    /// Whether every record names the fields that changed; unknown where it was not asked.
    pub has_changed: Option<bool>,
    /// How large a row was, in bytes.
    pub row_bytes: usize,
}

/// How far a search has come that looks at one record after the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Looked {
    /// How many records were looked at, as far as that is known.
    pub count: u64,
    /// Whether there were more: the server picks out what fits, and does not tell from how many.
    pub is_more: bool,
    /// The moment up to which all of them were.
    pub up_to: Option<String>,
}

impl Looked {
    /// All that was looked at, with what was before.
    #[must_use]
    pub fn after(self, before: &Self) -> Self {
        Self {
            count: before.count + self.count,
            is_more: before.is_more || self.is_more,
            ..self
        }
    }

    /// How many, where that is known.
    fn count_words(&self) -> String {
        if self.is_more {
            "records".to_owned()
        } else {
            grouped(self.count)
        }
    }

    /// How far it has come, as a sentence.
    pub fn sentence(&self) -> String {
        let count = if self.is_more {
            "the records".to_owned()
        } else {
            counted_in_groups(self.count, "record")
        };
        let back = self.up_to.as_deref();
        let back = back.map_or_else(String::new, |at| {
            format!(" back to {}", printed(at, Form::Detail))
        });
        format!("Looked at {count}{back}.")
    }

    /// How far it has come, such as `12,000 back to 3 Oct`; the year stands there where it is another.
    pub fn text(&self, now: Timestamp, way: PageDirection, zone: &TimeZone) -> String {
        let count = self.count_words();
        let Some(at) = self
            .up_to
            .as_ref()
            .and_then(|at| at.parse::<Timestamp>().ok())
        else {
            return count;
        };
        let (at, now) = (at.to_zoned(zone.clone()), now.to_zoned(zone.clone()));
        let form = match (at.date() == now.date(), at.year() == now.year()) {
            (true, _) => "%H:%M",
            (false, true) => "%-d %b",
            (false, false) => "%-d %b %Y",
        };
        let towards = match way {
            PageDirection::Older => "back",
            PageDirection::Newer => "up",
        };
        format!("{count} {towards} to {}", at.strftime(form))
    }
}

impl<R> Default for Page<R> {
    fn default() -> Self {
        Self {
            trail: Trail::default(),
            rows: Vec::new(),
            has_more: false,
            meant: None,
            next: None,
            looked: None,
            has_changed: None,
            row_bytes: 0,
        }
    }
}

impl Summary {
    /// The cursor that stands on this row.
    pub fn cursor(&self) -> Cursor {
        Cursor {
            created_at: self.created_at.clone(),
            id: self.id.clone(),
        }
    }
}

impl From<Record> for Summary {
    fn from(record: Record) -> Self {
        let story = record.story();
        Self {
            story,
            id: record.id,
            created_at: record.created_at,
            actor_user_id: record.actor_user_id,
            actor_type: record.actor_type,
            subject_user_id: record.subject_user_id,
            action: record.action,
            correlation_id: record.correlation_id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_that_nobody_counted_are_not_counted() {
        let mut looked = Looked {
            count: 5_000,
            is_more: false,
            up_to: Some("2026-10-04T12:30:00.123456+00:00".into()),
        };
        let now: Timestamp = "2026-11-22T11:22:33Z".parse().unwrap_or_default();
        let text = |looked: &Looked| looked.text(now, PageDirection::Older, &TimeZone::UTC);
        assert_eq!(text(&looked), "5,000 back to 4 Oct");
        let sentence = "Looked at 5,000 records back to 2026-10-04 12:30:00 UTC.";
        assert_eq!(looked.sentence(), sentence);
        // Three that fit were found among nobody knows how many.
        (looked.count, looked.is_more) = (3, true);
        assert_eq!(text(&looked), "records back to 4 Oct");
        let sentence = "Looked at the records back to 2026-10-04 12:30:00 UTC.";
        assert_eq!(looked.sentence(), sentence);
    }
}
