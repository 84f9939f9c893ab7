//! The columns that were chosen for the grids of a project's tables, a file for each profile.

use super::state_file::{Kept, StateFile};
use crate::domain::table::column_choice::ColumnBook;

/// The file of one profile.
pub type ColumnFile = StateFile<ColumnBook>;

impl Kept for ColumnBook {
    const FOLDER: &'static str = "columns";

    fn of(url: &str) -> Self {
        Self::of(url)
    }

    fn url(&self) -> &str {
        &self.url
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::table::column_choice::ColumnChoice;
    use crate::domain::table::name::TableName;

    #[test]
    fn choices_are_kept_by_profile_and_project_beside_those_of_another_deck() {
        let dir = tempfile::tempdir().unwrap();
        let file = |profile: &str, url: &str| ColumnFile::of(dir.path(), profile, url);
        let keep = |file: &ColumnFile, table: &TableName, choice: &ColumnChoice| {
            file.change(|book| Ok(book.keep(table, choice))).unwrap();
        };
        let hidden = |name: &str| ColumnChoice {
            hidden: [name.to_owned()].into(),
            ..ColumnChoice::default()
        };
        let (goal, cycle) = (
            TableName::new("public", "goal"),
            TableName::new("public", "cycle"),
        );
        let work = file("work", "http://a").unwrap();
        let beside = file("work", "http://a").unwrap();
        keep(&work, &goal, &hidden("a\u{1b}[2J\"'"));
        keep(&beside, &cycle, &hidden("b"));
        let read = work.read();
        assert_eq!(read.choice(&goal), hidden("a\u{1b}[2J\"'"));
        assert_eq!(read.choice(&cycle), hidden("b"));
        assert!(
            file("work", "http://b")
                .unwrap()
                .read()
                .choice(&goal)
                .is_empty()
        );
        assert_eq!(file("../work", "http://a"), None);
        std::fs::write(dir.path().join("columns/work.json"), "{").unwrap();
        assert!(work.read().choice(&goal).is_empty());
        keep(&work, &goal, &hidden("c"));
        assert_eq!(beside.read().choice(&goal), hidden("c"));
        // What was there is put aside, as nothing of here can tell what it was.
        let aside = dir.path().join("columns/work.json.bad");
        assert_eq!(std::fs::read_to_string(aside).unwrap(), "{");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let written = dir.path().join("columns/work.json");
            let mode = std::fs::metadata(written).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}
