//! The backfill of `audit_log.changed`: what there is to look through, how far it has come, and how large its next piece is.

use serde::Serialize;
use std::ops::Range;
use std::time::Duration;

/// How many blocks the first piece has.
const FIRST: u64 = 128;
/// The most blocks of a piece: 128 MiB of the table.
const MOST: u64 = 16_384;
/// A piece that is done faster than this is followed by a larger one.
const SHORT: Duration = Duration::from_millis(500);
/// A piece that takes longer than this is followed by a smaller one.
const LONG: Duration = Duration::from_secs(2);

/// The audit log as it is when a backfill begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogExtent {
    /// How many blocks it has on disk.
    pub blocks: u64,
    /// About how many records there are.
    pub records: u64,
    /// Whether it has the column `changed`.
    pub has_column: bool,
}

/// An index of the audit log, as the migration makes it where the log is small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: &'static str,
    /// What stands behind `on public.audit_log`.
    pub definition: &'static str,
}

/// The indexes that the migration leaves to the backfill where the log is large.
pub const INDEXES: [Index; 6] = [
    Index {
        name: "audit_log_changed_idx",
        definition: "using gin (changed)",
    },
    Index {
        name: "audit_log_row_idx",
        definition: "((after_state ->> 'id'), created_at desc, id desc)",
    },
    Index {
        name: "audit_log_deleted_row_idx",
        definition: "((before_state ->> 'id'), created_at desc, id desc) where after_state is null",
    },
    Index {
        name: "audit_log_action_prefix_idx",
        definition: "(action text_pattern_ops)",
    },
    Index {
        name: "audit_log_transaction_idx",
        definition: "(transaction_id, id)",
    },
    Index {
        name: "audit_log_unfilled_idx",
        definition: "(id) where changed is null",
    },
];

/// Whether an index can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexState {
    /// It can.
    Valid,
    /// A build was broken off.
    Invalid,
    /// Somebody builds it right now.
    BeingBuilt,
    /// It is not there.
    Missing,
}

/// How far a backfill has come. Records are looked through block by block, from the first one on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct BackfillProgress {
    /// How many blocks were looked through.
    pub done: u64,
    /// How many there were at the start. What was written later has its names already.
    pub blocks: u64,
    /// How many records were given `changed`.
    pub filled: u64,
    /// How many indexes were built.
    pub indexes: u64,
}

impl BackfillProgress {
    /// Whether nothing is left.
    pub fn is_over(&self) -> bool {
        self.done >= self.blocks
    }

    /// In whole hundredths.
    pub fn percent(&self) -> u64 {
        (self.done * 100).checked_div(self.blocks).unwrap_or(100)
    }
}

/// How many blocks a piece has: as many as the server looks through in about a second, so that a piece that is lost or cancelled
/// costs little, and nobody waits for what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PieceSize(u64);

impl Default for PieceSize {
    fn default() -> Self {
        Self(FIRST)
    }
}

impl PieceSize {
    /// The piece that comes next.
    pub fn next(self, progress: &BackfillProgress) -> Range<u64> {
        progress.done..progress.blocks.min(progress.done + self.0)
    }

    /// Learns how long a piece took.
    #[must_use]
    pub fn after(self, took: Duration) -> Self {
        if took < SHORT {
            Self((self.0 * 2).min(MOST))
        } else if took > LONG {
            Self((self.0 / 2).max(1))
        } else {
            self
        }
    }

    /// After a piece that the server gave up: a much smaller one.
    #[must_use]
    pub fn after_failure(self) -> Self {
        Self((self.0 / 8).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever each piece takes, every block is looked through once, in order, and the end is reached.
        #[test]
        fn every_block_once(blocks in 0_u64..20_000, took in proptest::collection::vec(0_u64..5_000, 1..60)) {
            let mut size = PieceSize::default();
            let mut progress = BackfillProgress { blocks, ..BackfillProgress::default() };
            let mut times = took.iter().cycle();
            while !progress.is_over() {
                let piece = size.next(&progress);
                prop_assert_eq!(piece.start, progress.done);
                prop_assert!(piece.end > piece.start && piece.end <= blocks && piece.end - piece.start <= MOST);
                progress.done = piece.end;
                // At least one piece in two is fast, or a piece of one block would go on for ever.
                let took = *times.next().unwrap_or(&0);
                size = size.after(Duration::from_millis(took / 4)).after(Duration::from_millis(took));
            }
            prop_assert_eq!(progress.done, blocks);
            prop_assert_eq!(progress.percent(), 100);
        }
    }
}
