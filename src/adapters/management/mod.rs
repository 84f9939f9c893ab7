//! The Management API of a hosted project as a database: migrations with an access token and no database password.
//!
//! ```text
//!   address ─► api ─► database ─► session      one script, one call: head, statements, books and COMMIT
//!              │ │        └─────► mend         the history, changed without a run
//!              │ │          │  └──► watch        the wish to stop, and who is in the way
//!              │ │          ├─────► fence        the time after which a call may not begin
//!              │ │          ├─────► halt         what the end of a call means for the script
//!              │ │          └─────► dry run    files in one call that is undone (frame: its SQL, reel: its answer, point: places)
//!              │ └─────► said                  the server's own words, read out of the API's message
//!              └───────► answer                what a reply means: rows, refused, turned away, or nobody knows
//! ```
//!
//! A call cannot be taken back: closing it stops nothing on the server. So every call that writes carries a mark, by
//! which it is found and cancelled, and a time after which it may not begin any more (docs/decisions/0401). The SQL is
//! that of the Postgres adapter; nothing here decides what to run.

mod call_supervisor;
mod catalog;
mod client;
mod database;
mod dry_run;
mod dry_run_parse;
mod dry_run_script;
mod endpoint;
mod error_position;
mod error_text;
mod outcome;
mod query;
mod repair;
mod response;
mod session;
mod stage;
mod start_deadline;

pub use client::Timeouts;
pub use database::ManagementDatabase;
pub use endpoint::{API_URL, ProjectAccess};
