//! A goal of a cycle, as its table row: one personal and one professional per cycle.

use serde::{Deserialize, Serialize};

/// A row of `goal`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Goal {
    /// Primary key.
    pub id: String,
    /// Owner, an id of `auth.users`.
    pub user_id: String,
    /// The cycle it belongs to.
    pub cycle_id: String,
    /// `personal` or `professional`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What is to be reached.
    pub description: String,
    /// First week, 1 to 12.
    pub start_week: u8,
    /// Last week, 1 to 12.
    pub end_week: u8,
    /// When the row was written, as PostgREST prints it.
    pub created_at: String,
}
