//! What commands saw last of a profile's project, for completing a command line: the names of its tables and the addresses of the users
//! who are signed in. A file for each profile in the user's config directory, which only the owner reads. It holds no secret.

use crate::domain::profile::check_name;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The most bytes that are read, and the most names that are kept of a kind.
const LONGEST: u64 = 4 << 20;
const MOST_NAMES: usize = 5_000;

/// What was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenFile {
    folder: PathBuf,
    profile: String,
    url: String,
}

impl SeenFile {
    /// The file of a profile in the config directory; none where its name cannot be a file's.
    pub fn of(config_dir: &Path, profile: &str, url: &str) -> Option<Self> {
        check_name(profile).ok()?;
        Some(Self {
            folder: config_dir.join("seen"),
            profile: profile.to_owned(),
            url: url.to_owned(),
        })
    }

    fn path(&self) -> PathBuf {
        self.folder.join(format!("{}.json", self.profile))
    }

    /// What is kept. A file that is not there, cannot be read or is of another project holds nothing.
    pub fn read(&self) -> Seen {
        let path = self.path();
        let is_small = |file: &fs::Metadata| file.is_file() && file.len() <= LONGEST;
        let text = fs::metadata(&path)
            .ok()
            .filter(is_small)
            .and_then(|_| fs::read(&path).ok());
        let seen = text.and_then(|text| serde_json::from_slice::<Seen>(&text).ok());
        seen.filter(|seen| seen.url == self.url).unwrap_or_default()
    }

    /// Keeps the names of tables, where they are others than before.
    pub fn keep_tables(&self, tables: Vec<String>) -> io::Result<()> {
        self.change(|seen| seen.tables = tables)
    }

    /// Keeps the addresses of the signed-in users, where they are others than before.
    pub fn keep_users(&self, users: Vec<String>) -> io::Result<()> {
        self.change(|seen| seen.users = users)
    }

    fn change(&self, change: impl FnOnce(&mut Seen)) -> io::Result<()> {
        let before = self.read();
        let mut seen = before.clone();
        change(&mut seen);
        seen.tables.truncate(MOST_NAMES);
        seen.users.truncate(MOST_NAMES);
        let is_same = (&seen.tables, &seen.users) == (&before.tables, &before.users);
        if is_same {
            return Ok(());
        }
        seen.url.clone_from(&self.url);
        fs::create_dir_all(&self.folder)?;
        // `tempfile` makes files that only the owner can read (0600). Of two that write at once the later one holds.
        let mut file = tempfile::Builder::new()
            .prefix(".seen")
            .tempfile_in(&self.folder)?;
        file.write_all(&serde_json::to_vec(&seen)?)?;
        file.persist(self.path()).map_err(|error| error.error)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_was_seen_is_of_one_profile_and_one_project() {
        let dir = tempfile::tempdir().unwrap();
        let file = |profile: &str, url: &str| SeenFile::of(dir.path(), profile, url).unwrap();
        let work = file("work", "http://a");
        assert_eq!(work.read(), Seen::default());
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
        assert_eq!(moved.read(), Seen::default());
        moved.keep_tables(vec!["task".into()]).unwrap();
        assert_eq!(work.read(), Seen::default());
        assert_eq!(file("play", "http://a").read(), Seen::default());
        assert_eq!(SeenFile::of(dir.path(), "../x", ""), None);
        // What is no such file holds nothing.
        fs::write(moved.path(), "[1").unwrap();
        assert_eq!(moved.read(), Seen::default());
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_reads_it_and_what_is_the_same_is_not_written_again() {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        let dir = tempfile::tempdir().unwrap();
        let file = SeenFile::of(dir.path(), "work", "http://a").unwrap();
        file.keep_users(vec!["a@x".into()]).unwrap();
        let found = fs::metadata(file.path()).unwrap();
        assert_eq!(found.permissions().mode() & 0o777, 0o600);
        file.keep_users(vec!["a@x".into()]).unwrap();
        assert_eq!(fs::metadata(file.path()).unwrap().ino(), found.ino());
        file.keep_users(Vec::new()).unwrap();
        assert_eq!(file.read().users, [""; 0]);
    }
}
