//! Where a project keeps its audit trail: in `audit_log` as this program makes it, or in a table of its own, of which some columns say
//! what a record says. Whatever such a table lacks is missing in its records, and said.

mod mapping;
mod pushdown;
mod read;
mod shape;
#[cfg(test)]
mod tests;

use mapping::bounded;
pub use mapping::{ColumnKind, TrailColumn, TrailMapping};
pub use shape::{KNOWN, recognise};

use super::filter::{Filter, Pushdown};
use super::{Cursor, PageDirection, Record};
use crate::domain::identity::Identity;
use crate::domain::plural::listed;
use crate::domain::problem::Problem;
use crate::domain::query::{Direction, Filter as Condition, Op, Select};
use std::cmp::Ordering;

/// The table that this program's own migrations make.
pub const OWN: &str = "audit_log";
/// What is read of its records.
const OWN_COLUMNS: &str = "id,created_at,actor_user_id,actor_type,subject_user_id,action,\
                       before_state,after_state,rationale,correlation_id,source_ip,user_agent";

/// Where the records are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Trail {
    /// In `audit_log`.
    #[default]
    Own,
    /// In a table of the project's.
    Other(Box<TrailMapping>),
}

impl Trail {
    /// Whether it is `audit_log`.
    pub fn is_own(&self) -> bool {
        matches!(self, Self::Own)
    }

    /// The table, with its schema where that is another one than `public`.
    pub fn name(&self) -> String {
        match self {
            Self::Own => OWN.to_owned(),
            Self::Other(mapping) => mapping.name(),
        }
    }

    /// What its records do not tell, as people say it.
    pub fn missing(&self) -> Vec<&'static str> {
        match self {
            Self::Own => Vec::new(),
            Self::Other(mapping) => mapping.missing(),
        }
    }

    /// One sentence: where the records are read and what they lack. Nothing of `audit_log`, which lacks nothing.
    pub fn sentence(&self) -> Option<String> {
        let Self::Other(mapping) = self else {
            return None;
        };
        let missing = mapping.missing();
        let name = mapping.name();
        Some(if missing.is_empty() {
            format!("Read from {name}.")
        } else {
            format!("Read from {name}, which does not say {}.", listed(&missing))
        })
    }

    /// The records, with what is read of them.
    pub fn select(&self) -> Select {
        match self {
            Self::Own => Select::from(OWN).columns(OWN_COLUMNS),
            Self::Other(mapping) => mapping.select(),
        }
    }

    /// The records, with no more of them than their places in the list.
    pub fn places(&self) -> Select {
        match self {
            Self::Own => Select::from(OWN).columns("id,created_at"),
            Self::Other(mapping) => mapping.places(),
        }
    }

    /// In the order of the list.
    pub fn ordered(&self, query: Select, way: PageDirection) -> Select {
        let direction = match way {
            PageDirection::Older => Direction::Descending,
            PageDirection::Newer => Direction::Ascending,
        };
        match self {
            Self::Own => query.order("created_at", direction).order("id", direction),
            Self::Other(mapping) => mapping.ordered(query, direction),
        }
    }

    /// The conditions that a record lies strictly beyond a place.
    pub fn beyond(&self, from: &Cursor, way: PageDirection) -> Vec<Condition> {
        let (strict, or_same) = match way {
            PageDirection::Older => (Op::Lt, Op::LtEq),
            PageDirection::Newer => (Op::Gt, Op::GtEq),
        };
        match self {
            Self::Own => bounded(("created_at", "id"), from, (strict, or_same, strict)),
            Self::Other(mapping) => mapping.beyond(from, (strict, or_same, strict)),
        }
    }

    /// The conditions that a record lies before a place, or at it.
    pub fn up_to(&self, end: &Cursor, way: PageDirection) -> Vec<Condition> {
        let (strict, or_same) = match way {
            PageDirection::Older => (Op::Gt, Op::GtEq),
            PageDirection::Newer => (Op::Lt, Op::LtEq),
        };
        match self {
            Self::Own => bounded(("created_at", "id"), end, (strict, or_same, or_same)),
            Self::Other(mapping) => mapping.beyond(end, (strict, or_same, or_same)),
        }
    }

    /// What is asked of whom for a filter.
    pub fn pushdown<'a>(
        &self,
        filter: &'a Filter,
        who: &Identity,
        has_changed: bool,
    ) -> Result<Pushdown<'a>, Problem> {
        match self {
            Self::Own => filter.pushdown(who, has_changed),
            Self::Other(mapping) => mapping.pushdown(filter, who),
        }
    }

    /// The condition that a record is not older than a moment.
    pub fn since(&self, at: jiff::Timestamp) -> Option<Condition> {
        let at = at.to_string();
        match self {
            Self::Own => Some(Condition::compare("created_at", Op::GtEq, at)),
            Self::Other(mapping) => mapping.since(at),
        }
    }

    /// The condition that a record is not newer than a moment.
    pub fn not_after(&self, at: jiff::Timestamp) -> Option<Condition> {
        let at = at.to_string();
        match self {
            Self::Own => Some(Condition::compare("created_at", Op::LtEq, at)),
            Self::Other(mapping) => mapping.not_after(at),
        }
    }

    /// How two places compare in the order of the list; the older one is less.
    pub fn compare(&self, one: &Cursor, other: &Cursor) -> Ordering {
        let time = |cursor: &Cursor| cursor.created_at.parse::<jiff::Timestamp>().ok();
        let has_numbers = match self {
            Self::Own => false,
            Self::Other(mapping) => mapping.may_have_numbers(),
        };
        let number = |cursor: &Cursor| cursor.id.parse::<i128>().ok();
        let by_id = match (number(one), number(other)) {
            (Some(one), Some(other)) if has_numbers => one.cmp(&other),
            _ => one.id.cmp(&other.id),
        };
        match self {
            Self::Other(mapping) if mapping.is_ordered_by_id() => by_id,
            _ => time(one).cmp(&time(other)).then(by_id),
        }
    }

    /// The condition that a record has this id; none where no record can have it.
    pub fn is_record(&self, id: &str) -> Option<Condition> {
        match self {
            Self::Own => Some(Condition::eq("id", id)),
            Self::Other(mapping) => mapping.is_record(id),
        }
    }

    /// A row of a table of the project's as a record.
    pub fn record(&self, row: &super::export::ExportRow) -> Option<Record> {
        match self {
            Self::Own => None,
            Self::Other(mapping) => Some(mapping.record(row)),
        }
    }
}
