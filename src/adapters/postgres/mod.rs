//! Postgres: runs scripts in transactions and keeps the books in schema `supabase_migrations`.
//!
//! ```text
//!   url ─► address ─► connection ─► session ─► message      one script, one transaction
//!          tls ──────────┘  │          ├─────► guard        notices and the wish to stop, meanwhile
//!                           │          ├─────► books        the tables and their SQL
//!                           │          └─────► cancel       asks the server to stop
//!                           ├────────────────► mend         the history, changed without a run
//!                           ├────────────────► catalog      what types are made from
//!                           ├────────────────► fault        what the server or the line said, as a problem
//!                           └────────────────► patience     limits for everything but the user's scripts
//! ```
//!
//! Nothing here decides what to run, and no connection is kept between two calls of the port.

pub(in crate::adapters) mod books;
mod cancel;
pub(in crate::adapters) mod catalog;
mod connection;
mod database;
pub(in crate::adapters) mod fault;
mod guard;
pub(in crate::adapters) mod mend;
pub(in crate::adapters) mod message;
mod patience;
mod session;
mod tls;
mod url;

pub use database::PgDatabase;
pub(in crate::adapters) use session::resets_settings;
