//! SQLSTATEs of supadeck's own, which its blocks raise. Postgres has no class `SD`.

/// Another runner is at work.
pub(in crate::adapters) const BUSY: &str = "SD001";
/// The history is not what the plan saw.
pub(in crate::adapters) const HISTORY_CHANGED: &str = "SD002";
/// The file has ended its transaction before its time.
pub(in crate::adapters) const LEFT_TRANSACTION: &str = "SD003";
/// An interrupted run is in the way.
pub(in crate::adapters) const INTERRUPTED_RUN: &str = "SD004";
/// The history did not take a row.
pub(in crate::adapters) const ROW_REJECTED: &str = "SD006";
/// A call of the Management API came too late.
pub(in crate::adapters) const TOO_LATE: &str = "SD009";
