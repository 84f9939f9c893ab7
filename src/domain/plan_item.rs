//! An item of a week's plan, as its table row: an amount of one task, and how much of it was done; and the conversations
//! about the plans.

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

/// A row of `plan_item`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanItem {
    /// Primary key.
    pub id: String,
    /// The week's plan.
    pub plan_id: String,
    /// The goal that it serves, where it serves one.
    pub goal_id: Option<String>,
    /// The task, while that is there.
    pub task_id: Option<String>,
    /// What is counted, such as `km`.
    pub unit: String,
    /// How much is planned.
    pub qty: Number,
    /// How much was done.
    pub completed_qty: Number,
    /// `planned`, `in_progress`, `completed` or `skipped`.
    pub status: String,
    /// Free words.
    pub notes: String,
    /// When the row was written, as PostgREST prints it.
    pub created_at: String,
}

/// A row of `task`, as far as an item is called by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Primary key.
    pub id: String,
    /// What is done.
    pub title: String,
}

/// A row of `chat_session`, without its messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatSession {
    /// Primary key.
    pub id: String,
    /// When it began, as PostgREST prints it.
    pub started_at: String,
    /// When it ended; absent while it goes on.
    pub ended_at: Option<String>,
    /// What came of it, in Markdown.
    pub summary_md: Option<String>,
}

/// A row of `chat_message`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChatMessage {
    /// Primary key.
    pub id: String,
    /// Who wrote it: `user`, `ai` or `system`.
    pub role: String,
    /// The text, in Markdown.
    pub content: String,
    /// The change that it proposes, where it proposes one.
    pub proposal_json: Option<Value>,
    /// When the row was written, as PostgREST prints it.
    pub created_at: String,
}

impl PlanItem {
    /// How much is planned, for counting.
    pub fn planned(&self) -> f64 {
        self.qty.as_f64().unwrap_or_default()
    }

    /// How much of what was planned is done: too much of one item does not make up for another.
    pub fn done(&self) -> f64 {
        let done = self.completed_qty.as_f64().unwrap_or_default();
        done.min(self.planned())
    }

    /// Whether as much was done as was planned, and something was.
    pub fn is_won(&self) -> bool {
        self.status != "skipped" && self.planned() > 0.0 && self.done() >= self.planned()
    }
}
