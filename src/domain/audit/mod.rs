//! The audit trail as people read it: records, pages of them, and where a page goes on.

pub mod about;
pub mod action;
pub mod backfill;
mod brief;
mod compared;
pub mod diff;
pub mod export;
pub mod filter;
pub mod filter_book;
pub mod follow;
pub mod mask;
pub mod new_trail;
mod page;
mod page_direction;
pub mod path;
pub mod seal;
pub mod story;
pub mod trail;

pub use compared::ComparedRecord;
pub use page::{Ask, Looked, Page, Summary};
pub use page_direction::PageDirection;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A whole row of `audit_log`, with its real column names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Primary key.
    pub id: String,
    /// When, as PostgREST prints it.
    pub created_at: String,
    /// Who did it; absent for the system.
    pub actor_user_id: Option<String>,
    /// `user`, `system` or `ai`.
    pub actor_type: String,
    /// Whose data it was.
    pub subject_user_id: Option<String>,
    /// Such as `plan_item.update`.
    pub action: String,
    /// The row before; absent for an insert.
    pub before_state: Option<Value>,
    /// The row after; absent for a delete.
    pub after_state: Option<Value>,
    /// Why, where somebody said so.
    pub rationale: Option<String>,
    /// The id that ties the records of one user action together.
    pub correlation_id: Option<String>,
    /// Where the request came from.
    pub source_ip: Option<String>,
    /// With what the request was made.
    pub user_agent: Option<String>,
    /// The row's id, where a project's own trail has it beside the images or under another key than `id`.
    #[serde(skip)]
    pub row_id: Option<String>,
}

/// A place in the list: the last row seen. The next page holds rows strictly beyond it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cursor {
    /// `created_at` of that row, exactly as PostgREST printed it.
    pub created_at: String,
    /// `id` of that row.
    pub id: String,
}

impl Record {
    /// The cursor that stands on this row.
    pub fn cursor(&self) -> Cursor {
        Cursor {
            created_at: self.created_at.clone(),
            id: self.id.clone(),
        }
    }

    /// Whether it tells that a row was written, and has neither image of it: they were not sent, or could not be read.
    pub fn lacks_images(&self) -> bool {
        let verb = self.action.rsplit('.').next().unwrap_or_default();
        let is_write = self.action.contains('.') && matches!(verb, "insert" | "update" | "delete");
        is_write && self.before_state.is_none() && self.after_state.is_none()
    }

    /// The sentence for a record without a difference, and why there is none.
    pub fn no_difference(&self) -> &'static str {
        match (&self.before_state, &self.after_state) {
            _ if self.lacks_images() => {
                "What changed is not known: the row before and after could not be read."
            }
            (None, None) => "This record holds no row, neither before nor after.",
            _ => "Before and after are the same.",
        }
    }
}
