//! The filters that were typed on the Audit screen, a file for each profile.

use super::state_file::{Kept, StateFile};
use crate::domain::audit::filter_book::FilterBook;
use std::io;

/// The file of one profile.
pub type FilterFile = StateFile<FilterBook>;

impl Kept for FilterBook {
    const FOLDER: &'static str = "filters";

    fn of(url: &str) -> Self {
        Self::of(url)
    }

    fn url(&self) -> &str {
        &self.url
    }
}

impl FilterFile {
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
