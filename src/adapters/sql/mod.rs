//! The SQL that both ways to the database send, and how its answers are read. Pure: no driver, no connection.
//!
//! ```text
//!   quote, codes ─► lock ─► between ─► transaction     what stands around a file: BEGIN under the lock, COMMIT with its rows
//!                    │         │           │
//!                    │         │           ├─► history_row, journal      the rows that it leaves
//!                    │         └─► history_table, history_shape          the tables, and what they are like
//!                    ├─► repair                                          the history, changed without a run
//!                    ├─► journal_lines, activity, target, catalog        what is read and shown
//!                    ├─► audit_backfill, people, tables                  what is asked beside the migrations
//!                    └─► snapshot, dry_run_limits ─► access              what a dry run asks, and who may do what
//! ```

pub(in crate::adapters) mod access;
pub(in crate::adapters) mod activity;
pub(in crate::adapters) mod audit_backfill;
pub(in crate::adapters) mod between;
pub(in crate::adapters) mod catalog;
pub(in crate::adapters) mod codes;
pub(in crate::adapters) mod dry_run_limits;
pub(in crate::adapters) mod history_row;
pub(in crate::adapters) mod history_shape;
pub(in crate::adapters) mod history_table;
pub(in crate::adapters) mod journal;
pub(in crate::adapters) mod journal_lines;
pub(in crate::adapters) mod lock;
pub(in crate::adapters) mod people;
pub(in crate::adapters) mod quote;
pub(in crate::adapters) mod repair;
pub(in crate::adapters) mod snapshot;
pub(in crate::adapters) mod tables;
pub(in crate::adapters) mod target;
pub(in crate::adapters) mod transaction;
