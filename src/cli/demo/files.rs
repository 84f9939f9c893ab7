//! The project that the demo works on: the migrations and seeds of this repository, inside the program, so that the demo
//! runs from any directory. A test compares the list with the directories.

use crate::domain::problem::{Kind, Problem};
use std::fs;
use std::path::Path;

macro_rules! embedded {
    ($($path:literal),* $(,)?) => {
        /// Path in the project and content.
        pub const FILES: &[(&str, &str)] = &[
            $(($path, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/", $path)))),*
        ];
    };
}

embedded![
    "migrations/20251004123000_core_schema.sql",
    "migrations/20251004124000_week_lock.sql",
    "migrations/20251004125000_row_level_security.sql",
    "migrations/20251004130000_audit_trail.sql",
    "migrations/20261130120000_function_search_path.sql",
    "migrations/20261130121000_bound_roles.sql",
    "migrations/20261130122000_bounds.sql",
    "migrations/20261130123000_source_address.sql",
    "migrations/20261130124000_audit_changed.sql",
    "migrations/20261130125000_audit_indexes.sql",
    "migrations/20261130126000_audit_seals.sql",
    "migrations/20261201080000_audit_follow.sql",
    "migrations/rollback/20251004123000_core_schema.sql",
    "migrations/rollback/20251004124000_week_lock.sql",
    "migrations/rollback/20251004125000_row_level_security.sql",
    "migrations/rollback/20251004130000_audit_trail.sql",
    "migrations/rollback/20261130120000_function_search_path.sql",
    "migrations/rollback/20261130121000_bound_roles.sql",
    "migrations/rollback/20261130122000_bounds.sql",
    "migrations/rollback/20261130123000_source_address.sql",
    "migrations/rollback/20261130124000_audit_changed.sql",
    "migrations/rollback/20261130125000_audit_indexes.sql",
    "migrations/rollback/20261130126000_audit_seals.sql",
    "migrations/rollback/20261201080000_audit_follow.sql",
    "seeds/010_accounts.sql",
    "seeds/020_alice.sql",
    "seeds/030_bob.sql",
    "seeds/040_carol.sql",
    "seeds/050_progress.sql",
    "seeds/060_unlock_and_chat.sql",
];

/// Writes the files below a directory. Those that are there and differ were changed by the user, and stay.
pub fn write(root: &Path) -> Result<(), Problem> {
    for (path, content) in FILES {
        let file = root.join(path);
        if !file.exists() {
            put(&file, content).map_err(|error| {
                Problem::new(
                    Kind::Config,
                    format!("{} could not be written.", file.display()),
                    format!("{error}."),
                )
            })?;
        }
    }
    Ok(())
}

fn put(file: &Path, content: &str) -> std::io::Result<()> {
    if let Some(parent) = file.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(file, content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_migration_and_seed_is_embedded() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut present = BTreeSet::new();
        for folder in ["migrations", "migrations/rollback", "seeds"] {
            for entry in fs::read_dir(root.join(folder)).unwrap() {
                let path = entry.unwrap().path();
                if path.is_file() {
                    let name = path.file_name().unwrap().display();
                    present.insert(format!("{folder}/{name}"));
                }
            }
        }
        let embedded: BTreeSet<String> = FILES.iter().map(|(path, _)| (*path).to_owned()).collect();
        assert_eq!(embedded, present);
    }

    #[test]
    fn what_the_user_changed_stays() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path()).unwrap();
        let seed = folder.path().join("seeds/010_accounts.sql");
        fs::write(&seed, "-- mine").unwrap();
        write(folder.path()).unwrap();
        assert_eq!(fs::read_to_string(seed).unwrap(), "-- mine");
    }
}
