//! The SQL that both ways to the database send, and how its answers are read. Pure: no driver, no connection.

pub(in crate::adapters) mod between;
pub(in crate::adapters) mod dry_run_limits;
pub(in crate::adapters) mod history_row;
pub(in crate::adapters) mod history_shape;
pub(in crate::adapters) mod history_table;
pub(in crate::adapters) mod journal;
pub(in crate::adapters) mod repair;
pub(in crate::adapters) mod snapshot;
pub(in crate::adapters) mod transaction;
