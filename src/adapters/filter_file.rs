//! The filters that were typed on the Audit screen, a file for each profile in the user's config directory, which only the owner reads.

use super::file_lock::{FileLock, LockFault};
use crate::domain::audit::filter_book::FilterBook;
use crate::domain::profile::check_name;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The most bytes that are read: more than a full book has.
const LONGEST: u64 = 4 << 20;
/// How long another program may hold the file.
const PATIENCE: Duration = Duration::from_secs(2);

/// The file of one profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterFile {
    folder: PathBuf,
    profile: String,
    url: String,
}

impl FilterFile {
    /// The file of a profile in the config directory; none where its name cannot be a file's.
    pub fn of(config_dir: &Path, profile: &str, url: &str) -> Option<Self> {
        check_name(profile).ok()?;
        Some(Self {
            folder: config_dir.join("filters"),
            profile: profile.to_owned(),
            url: url.to_owned(),
        })
    }

    fn path(&self) -> PathBuf {
        self.folder.join(format!("{}.json", self.profile))
    }

    /// What is kept. A file that is not there, cannot be read or is of another project holds nothing.
    pub fn read(&self) -> FilterBook {
        let path = self.path();
        let is_small = std::fs::metadata(&path).is_ok_and(|file| file.len() <= LONGEST);
        let text = is_small.then(|| std::fs::read(&path).ok()).flatten();
        let book = text.and_then(|text| serde_json::from_slice::<FilterBook>(&text).ok());
        book.filter(|book| book.url == self.url)
            .unwrap_or_else(|| FilterBook::of(&self.url))
    }

    /// Adds a filter to those that were typed.
    pub fn remember(&self, key: &str, filter: &str) -> io::Result<()> {
        self.change(|book| Ok(book.remember(key, filter)))
    }

    /// Gives a filter a name, or takes the name away.
    pub fn save(&self, name: &str, filter: Option<&str>) -> io::Result<()> {
        self.change(|book| match filter {
            // There may be too many by now.
            Some(filter) => match book.save(name, filter) {
                Ok(()) => Ok(true),
                Err(problem) => Err(io::Error::other(problem.to_string())),
            },
            // Another deck may have taken it away.
            None => Ok(book.forget(name).is_ok()),
        })
    }

    /// Changes what is there by now: another deck may have changed it. Nothing is written where nothing was changed.
    fn change(&self, change: impl FnOnce(&mut FilterBook) -> io::Result<bool>) -> io::Result<()> {
        let lock = self.folder.join(format!("{}.lock", self.profile));
        let _held = FileLock::take(&lock, PATIENCE).map_err(|fault| match fault {
            LockFault::Io(error) => error,
            LockFault::Held => io::Error::other("another program holds the file"),
        })?;
        let mut book = self.read();
        if !change(&mut book)? {
            return Ok(());
        }
        // `tempfile` makes files that only the owner can read (0600).
        let mut file = tempfile::Builder::new()
            .prefix(".filters")
            .tempfile_in(&self.folder)?;
        file.write_all(&serde_json::to_vec(&book)?)?;
        file.persist(self.path()).map_err(|error| error.error)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn filters_are_kept_for_each_profile_and_readable_by_its_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let file = |profile: &str, url: &str| FilterFile::of(dir.path(), profile, url);
        let work = file("work", "http://a").unwrap();
        let beside = work.clone();
        work.remember("user:1", "changed:qty").unwrap();
        // A name that another deck gives stays beside what was typed here.
        beside.save("mine", Some("actor:me")).unwrap();
        assert_eq!(work.read().saved().next(), Some(("mine", "actor:me")));
        work.save("mine", None).unwrap();
        assert_eq!(beside.read().saved().count(), 0);
        beside.remember("user:1", "text:\"a b\"").unwrap();
        work.remember("anon", "type:ai").unwrap();
        assert_eq!(
            work.read().history("user:1"),
            ["changed:qty", "text:\"a b\""]
        );
        assert_eq!(work.read().history("anon"), ["type:ai"]);
        assert!(
            file("other", "http://a")
                .unwrap()
                .read()
                .history("anon")
                .is_empty()
        );
        assert!(
            file("work", "http://b")
                .unwrap()
                .read()
                .history("anon")
                .is_empty()
        );
        assert_eq!(file("../work", "http://a"), None);
        std::fs::write(dir.path().join("filters/broken.json"), "{").unwrap();
        assert!(
            file("broken", "http://a")
                .unwrap()
                .read()
                .history("anon")
                .is_empty()
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let written = dir.path().join("filters/work.json");
            let mode = std::fs::metadata(written).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}
