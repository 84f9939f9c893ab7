//! Postgres: runs scripts in transactions and writes the history and the journal in schema `supabase_migrations`.
//!
//! ```text
//!   connection_config ─► address ─► connection ─► session                   scripts, one after the other, each in a transaction
//!   trust ─► handshake ─────────────────┘ │         ├─► supervisor            notices and the wish to stop, meanwhile
//!                                         │         ├─► batch                 scripts in one message (batch_progress, batch_timing)
//!                                         │         ├─► per_statement         one script, statement by statement (copy_in)
//!                                         │         ├─► cancel                asks the server to stop
//!                                         │         ├─► activity_monitor      looks at the run from a second connection
//!                                         │         └─► non_transactional     a file outside a transaction (control_connection,
//!                                         │                                   non_transactional_worker, atomic_group)
//!                                         ├─► database                        the history and the seeds, read
//!                                         ├─► repair                          the history, changed without a run
//!                                         ├─► journal_reader                  the journal, read
//!                                         ├─► catalog                         what types are made from
//!                                         ├─► audit_backfill                  names of changed fields, for old audit records
//!                                         ├─► dry_run                         a transaction that is never committed (dry_run_files,
//!                                         │                                   dry_run_feed, dry_run_questions)
//!                                         ├─► error                           what the server or the line said, as a problem
//!                                         └─► timeout                         limits for everything but the user's scripts
//! ```
//!
//! The SQL is in `adapters/sql`. Nothing here decides what to run. What is expected is connected to ahead (`spare`): such a
//! connection has run nothing, and nobody keeps it for long.

mod access;
mod activity_monitor;
mod address;
mod answers;
mod atomic_group;
mod audit_backfill;
mod auth_filter;
mod batch;
mod batch_progress;
mod batch_timing;
mod cancel;
mod catalog;
mod connection;
mod connection_config;
mod control_connection;
mod copy_in;
mod database;
mod dry_run;
mod dry_run_feed;
mod dry_run_files;
mod dry_run_questions;
mod error;
mod handshake;
mod journal_reader;
mod lock_wait;
mod non_transactional;
mod non_transactional_worker;
mod people;
mod per_statement;
pub(in crate::adapters) mod repair;
mod session;
mod spare;
mod supervisor;
mod timeout;
mod tls;
mod trust;
mod variables;

pub use database::PgDatabase;
pub use variables::PgVariables;
