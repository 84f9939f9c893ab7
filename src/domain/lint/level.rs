//! How much harm a statement can do, as one word in an order of severity.

use serde::Serialize;

/// What a statement does at its worst; later is worse.
///
/// Harm that ends with the statement comes first, ordered by whom it holds up and for how long; harm that stays
/// comes behind it. What cannot be read may be any of it. What leaves the database is the worst: it stays even where the
/// statement is rolled back, and concerns more than the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nobody waits, nothing is lost.
    Safe,
    /// Postgres refuses it inside a transaction, so it cannot be taken back as a whole.
    CannotRunInTransaction,
    /// Whoever writes to a table waits.
    BlocksWriters,
    /// Whoever reads a table waits, or no longer finds what they read by its name.
    BlocksReaders,
    /// A table is rewritten while everybody waits.
    RewritesTable,
    /// Somebody may do more than before, or a guard is gone.
    WeakensAccess,
    /// Rows, columns or whole objects are gone for good.
    LosesData,
    /// It cannot be read, so it counts as dangerous.
    Unreadable,
    /// It reaches programs, files or servers outside the database.
    OutsideDatabase,
}

impl Level {
    /// Every level, the mildest first.
    pub const ALL: [Self; 9] = [
        Self::Safe,
        Self::CannotRunInTransaction,
        Self::BlocksWriters,
        Self::BlocksReaders,
        Self::RewritesTable,
        Self::WeakensAccess,
        Self::LosesData,
        Self::Unreadable,
        Self::OutsideDatabase,
    ];

    /// The word in JSON and in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::CannotRunInTransaction => "cannot_run_in_transaction",
            Self::BlocksWriters => "blocks_writers",
            Self::BlocksReaders => "blocks_readers",
            Self::RewritesTable => "rewrites_table",
            Self::WeakensAccess => "weakens_access",
            Self::LosesData => "loses_data",
            Self::Unreadable => "unreadable",
            Self::OutsideDatabase => "outside_database",
        }
    }

    /// What it means for those who use the database, a sentence.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Safe => "Nobody waits, nothing is lost.",
            Self::CannotRunInTransaction => {
                "Postgres refuses it inside a transaction, so a failure half way leaves what was done."
            }
            Self::BlocksWriters => "Whoever writes to a table waits.",
            Self::BlocksReaders => {
                "Whoever reads a table waits too, or no longer finds what they read by its name."
            }
            Self::RewritesTable => "A table is rewritten while everybody waits.",
            Self::WeakensAccess => "Somebody may do more than before, or a guard is gone.",
            Self::LosesData => "Rows, columns or whole objects are gone for good.",
            Self::Unreadable => "It cannot be read, so it counts as dangerous.",
            Self::OutsideDatabase => {
                "It reaches programs, files or servers outside the database, or opens a way to them: a rollback does not undo what was done there."
            }
        }
    }

    /// The word for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::CannotRunInTransaction => "cannot run in a transaction",
            Self::BlocksWriters => "blocks writers",
            Self::BlocksReaders => "blocks readers",
            Self::RewritesTable => "rewrites a table",
            Self::WeakensAccess => "weakens access",
            Self::LosesData => "loses data",
            Self::Unreadable => "cannot be read",
            Self::OutsideDatabase => "reaches outside the database",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_is_the_one_in_json_and_the_order_is_that_of_the_list() {
        for level in Level::ALL {
            assert_eq!(
                serde_json::to_value(level).unwrap(),
                serde_json::json!(level.word())
            );
        }
        assert!(Level::ALL.is_sorted());
    }
}
