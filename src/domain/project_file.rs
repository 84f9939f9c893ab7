//! Files of a project that are made and deleted: which ones, in the words of whoever asks.

use std::path::PathBuf;

/// A file to be made. Nothing is ever overwritten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewFile {
    /// A migration with its rollback file.
    Migration {
        /// What it does, as it was typed.
        name: String,
    },
    /// The rollback file of a migration that has none.
    Rollback {
        /// The version.
        version: String,
    },
    /// A seed file.
    Seed {
        /// Its name, as it was typed.
        name: String,
    },
}

/// A file to be deleted, which has never run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PendingFile {
    /// A migration, with its rollback file.
    Migration {
        /// The version.
        version: String,
    },
    /// A seed file.
    Seed {
        /// The path as it would be recorded.
        path: String,
    },
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeFile {
    /// The file.
    pub file: PathBuf,
    /// The version, or the path of a seed: what its row in the list is known by.
    pub key: String,
    /// The folder that was made for it, where the project had none.
    pub made: Option<PathBuf>,
    /// What else there is to say of it, as a sentence.
    pub note: Option<String>,
}
