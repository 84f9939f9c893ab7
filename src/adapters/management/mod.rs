//! The Management API of a hosted project as a database: migrations with an access token and no database password.
//!
//! ```text
//!   address ─► api ─► database ─► session      one script, one call: head, statements, books and COMMIT
//!              │ │        └─────► mend         the history, changed without a run
//!              │ └─────► said                  the server's own words, read out of the API's message
//!              └───────► answer                what a reply means: rows, refused, turned away, or nobody knows
//! ```
//!
//! A call cannot be taken back: closing it stops nothing on the server. So every call that writes carries a mark, by
//! which it is found and cancelled, and a time after which it may not begin any more (docs/decisions/0401). The SQL is
//! that of the Postgres adapter; nothing here decides what to run.

mod address;
mod answer;
mod api;
mod catalog;
mod database;
mod fence;
mod mend;
mod said;
mod session;
mod stage;

pub use address::{API_URL, Access};
pub use api::Patience;
pub use database::ManagementDatabase;
