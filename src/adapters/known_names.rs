//! What commands saw last of a profile's project, for completing a command line: the names of its tables and the addresses of the users
//! who are signed in. A file for each profile in the user's config directory, which only the owner reads. It holds no secret.

use super::state_file::{Kept, StateFile};
use serde::{Deserialize, Serialize};
use std::io;

/// The most names that are kept of a kind.
const MOST_NAMES: usize = 5_000;

/// What was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownNames {
    /// The project's URL: the profile may lead to another one later.
    #[serde(default)]
    url: String,
    /// Tables, by the names under which commands take them.
    #[serde(default)]
    pub tables: Vec<String>,
    /// Addresses of signed-in users.
    #[serde(default)]
    pub users: Vec<String>,
}

/// The file of one profile.
pub type KnownNamesFile = StateFile<KnownNames>;

impl Kept for KnownNames {
    const FOLDER: &'static str = "seen";

    fn of(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            ..Self::default()
        }
    }

    fn url(&self) -> &str {
        &self.url
    }
}

impl KnownNamesFile {
    /// Keeps the names of tables, where they are others than before.
    pub fn keep_tables(&self, tables: Vec<String>) -> io::Result<()> {
        self.keep(tables, |names| &mut names.tables)
    }

    /// Keeps the addresses of the signed-in users, where they are others than before.
    pub fn keep_users(&self, users: Vec<String>) -> io::Result<()> {
        self.keep(users, |names| &mut names.users)
    }

    fn keep(
        &self,
        mut new: Vec<String>,
        of: fn(&mut KnownNames) -> &mut Vec<String>,
    ) -> io::Result<()> {
        new.truncate(MOST_NAMES);
        // Most commands see what was seen before, and wait for no other program then.
        if *of(&mut self.read()) == new {
            return Ok(());
        }
        self.change(|names| {
            *of(names) = new;
            Ok(true)
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::fs;

    fn is_empty(file: &KnownNamesFile) -> bool {
        let names = file.read();
        names.tables.is_empty() && names.users.is_empty()
    }

    #[test]
    fn what_was_seen_is_of_one_profile_and_one_project() {
        let dir = tempfile::tempdir().unwrap();
        let file = |profile: &str, url: &str| KnownNamesFile::of(dir.path(), profile, url).unwrap();
        let work = file("work", "http://a");
        assert!(is_empty(&work));
        work.keep_tables(vec!["goal".into()]).unwrap();
        work.keep_users(vec!["alice@example.com".into()]).unwrap();
        let seen = work.read();
        assert_eq!(
            (seen.tables.as_slice(), seen.users.as_slice()),
            (
                &["goal".to_owned()][..],
                &["alice@example.com".to_owned()][..]
            )
        );
        // Another project under the same name has seen nothing, and takes the place.
        let moved = file("work", "http://b");
        assert!(is_empty(&moved));
        moved.keep_tables(vec!["task".into()]).unwrap();
        assert!(is_empty(&work));
        assert!(is_empty(&file("play", "http://a")));
        assert_eq!(KnownNamesFile::of(dir.path(), "../x", ""), None);
        // What is no such file holds nothing.
        fs::write(dir.path().join("seen/work.json"), "[1").unwrap();
        assert!(is_empty(&moved));
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_reads_it_and_what_is_the_same_is_not_written_again() {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        let dir = tempfile::tempdir().unwrap();
        let file = KnownNamesFile::of(dir.path(), "work", "http://a").unwrap();
        file.keep_users(vec!["a@x".into()]).unwrap();
        let found = fs::metadata(dir.path().join("seen/work.json")).unwrap();
        assert_eq!(found.permissions().mode() & 0o777, 0o600);
        file.keep_users(vec!["a@x".into()]).unwrap();
        assert_eq!(
            fs::metadata(dir.path().join("seen/work.json"))
                .unwrap()
                .ino(),
            found.ino()
        );
        file.keep_users(Vec::new()).unwrap();
        assert_eq!(file.read().users, [""; 0]);
    }
}
