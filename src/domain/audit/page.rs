//! What is asked of the audit list and what comes back: lines of it, page by page, and how far a search has come.

use super::filter::Filter;
use super::story::Story;
use super::trail::Trail;
use super::{Cursor, PageDirection, Record};
use crate::domain::plural::grouped;
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
    /// How many records were looked at; less is not known of the last piece.
    pub count: u64,
    /// The moment up to which all of them were.
    pub up_to: Option<String>,
}

impl Looked {
    /// How far it has come, such as `12,000 back to 3 Oct`; the year stands there where it is another.
    pub fn text(&self, now: Timestamp, way: PageDirection, zone: &TimeZone) -> String {
        let count = grouped(self.count);
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
