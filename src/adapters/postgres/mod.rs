//! Postgres: runs scripts in transactions and keeps the books in schema `supabase_migrations`.
//!
//! ```text
//!   url ─► address ─► connection ─► session ─► message      one script, one transaction
//!   trust ► handshake ────┘  │          ├─────► guard        notices and the wish to stop, meanwhile
//!                           │          ├─────► batch        scripts in one message: lean (prepared once), course (how far), times
//!                           │          ├─────► books        the tables and their SQL; record: a script's row
//!                           │          ├─────► between      what ends between two files
//!                           │          ├─────► cancel       asks the server to stop
//!                           │          ├─────► lookout      looks at the run from a second connection
//!                           │          └─────► alone        a file outside a transaction: keeper, worker, journal, unit
//!                           ├────────────────► mend         the history, changed without a run (change: its SQL)
//!                           ├────────────────► inventory    what the history's table is like
//!                           ├────────────────► log          the journal, read
//!                           ├────────────────► catalog      what types are made from
//!                           ├────────────────► rehearsal    a transaction that is never committed; look: its measures; bounds: its limits
//!                           ├────────────────► fault        what the server or the line said, as a problem
//!                           └────────────────► patience     limits for everything but the user's scripts
//! ```
//!
//! Nothing here decides what to run, and no connection is kept between two calls of the port.

mod address;
mod alone;
mod answers;
mod auth_filter;
mod batch;
pub(in crate::adapters) mod between;
pub(in crate::adapters) mod books;
pub(in crate::adapters) mod bounds;
mod cancel;
pub(in crate::adapters) mod catalog;
pub(in crate::adapters) mod change;
mod connection;
mod course;
mod database;
pub(in crate::adapters) mod fault;
mod guard;
mod handshake;
pub(in crate::adapters) mod inventory;
pub(in crate::adapters) mod journal;
mod keeper;
mod lean;
mod live;
pub(in crate::adapters) mod log;
pub(in crate::adapters) mod look;
pub(in crate::adapters) mod lookout;
pub(in crate::adapters) mod mend;
pub(in crate::adapters) mod message;
mod patience;
mod queue;
mod record;
mod rehearsal;
mod session;
mod stream;
mod times;
mod tls;
mod trust;
mod unit;
mod url;
mod variables;
mod worker;

pub use database::PgDatabase;
pub(in crate::adapters) use session::resets_settings;
pub use variables::PgVariables;
