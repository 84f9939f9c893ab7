//! The Management API of a hosted project as a database: migrations with an access token and no database password.
//!
//! ```text
//!   endpoint ─► client ─► database ─► session      one script, one call: prologue, statements, history and COMMIT
//!               │ │         ├─► repair             the history, changed without a run
//!               │ │         ├─► audit_backfill     names of changed fields, for old audit records
//!               │ │         ├─► call_supervisor    the wish to stop, and who is in the way
//!               │ │         ├─► start_deadline     the time after which a call may not begin
//!               │ │         ├─► outcome            what the end of a call means for the script
//!               │ │         └─► dry_run            files in one call that is undone (dry_run_script, dry_run_parse, error_position)
//!               │ └─► error_text                   the server's own words, read out of the API's message
//!               └───► response                     what a reply means: rows, refused, turned away, or nobody knows
//! ```
//!
//! A call cannot be taken back: closing it stops nothing on the server. So every call that writes carries a mark, by
//! which it is found and cancelled, and a time after which it may not begin any more (docs/decisions/0401). The SQL is
//! that of the Postgres adapter; nothing here decides what to run.

mod access;
mod audit_backfill;
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
mod people;
mod query;
mod repair;
mod response;
mod session;
mod stage;
mod start_deadline;

pub use client::Timeouts;
pub use database::ManagementDatabase;
pub use endpoint::{API_URL, ProjectAccess};
