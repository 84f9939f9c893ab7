//! Postgres: runs scripts in transactions and writes the history and the journal in schema `supabase_migrations`.
//!
//! ```text
//!   connection_config ─► address ─► connection ─► session ─► transaction     one script, one transaction
//!   trust ─► handshake ─────────────────┘ │         ├─► supervisor            notices and the wish to stop, meanwhile
//!                                         │         ├─► batch                 scripts in one message (batch_progress, batch_timing)
//!                                         │         ├─► history_table         the tables and their SQL (history_row: a script's row)
//!                                         │         ├─► between               what ends between two files
//!                                         │         ├─► cancel                asks the server to stop
//!                                         │         ├─► activity_monitor      looks at the run from a second connection
//!                                         │         └─► non_transactional     a file outside a transaction (control_connection,
//!                                         │                                   non_transactional_worker, journal, atomic_group)
//!                                         ├─► repair                          the history, changed without a run (repair_sql)
//!                                         ├─► history_shape                   what the history's table is like
//!                                         ├─► journal_reader                  the journal, read
//!                                         ├─► catalog                         what types are made from
//!                                         ├─► audit_backfill                  names of changed fields, for old audit records
//!                                         ├─► dry_run                         a transaction that is never committed (snapshot, dry_run_limits)
//!                                         ├─► error                           what the server or the line said, as a problem
//!                                         └─► timeout                         limits for everything but the user's scripts
//! ```
//!
//! Nothing here decides what to run, and no connection is kept between two calls of the port.

pub(in crate::adapters) mod activity_monitor;
mod address;
mod answers;
mod atomic_group;
pub(in crate::adapters) mod audit_backfill;
mod auth_filter;
mod batch;
mod batch_progress;
mod batch_timing;
mod cancel;
pub(in crate::adapters) mod catalog;
mod connection;
mod connection_config;
mod control_connection;
mod copy_in;
mod database;
mod dry_run;
pub(in crate::adapters) mod error;
mod handshake;
pub(in crate::adapters) mod journal_reader;
mod lock_wait;
mod non_transactional;
mod non_transactional_worker;
pub(in crate::adapters) mod people;
mod per_statement;
pub(in crate::adapters) mod repair;
mod session;
mod supervisor;
mod timeout;
mod tls;
mod trust;
mod variables;

pub use database::PgDatabase;
pub(in crate::adapters) use session::resets_session;
pub use variables::PgVariables;
