//! The grammar of migration file names, which is the Supabase CLI's: `^([0-9]+)_(.*)\.sql$`.

/// The folder inside the migration directory that holds the way back; the Supabase CLI ignores folders.
pub const ROLLBACK: &str = "rollback";

/// A file name that can be a migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName {
    /// The digits before the first underscore.
    pub version: String,
    /// What follows, without `.sql`; may be empty.
    pub name: String,
}

/// `<14 digits>_init.sql` below this version, first in the directory, was made by the first CLI and is skipped by it.
const FIRST_REAL_INIT: u64 = 20_211_209_000_000;

impl FileName {
    /// Reads a file name; absent when the CLI would skip it.
    pub fn parse(file_name: &str) -> Option<Self> {
        let stem = file_name.strip_suffix(".sql")?;
        let (version, name) = stem.split_once('_')?;
        let is_version = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
        // The CLI's pattern has no flag that lets `.` match a line break.
        (is_version && !name.contains('\n')).then(|| Self {
            version: version.to_owned(),
            name: name.to_owned(),
        })
    }

    /// The name of the file, and of its rollback file.
    pub fn file_name(&self) -> String {
        format!("{}_{}.sql", self.version, self.name)
    }

    /// Whether the CLI skips it when it is the first entry of the directory.
    pub fn is_old_init(&self) -> bool {
        self.name == "init"
            && self.version.len() == 14
            && self
                .version
                .parse::<u64>()
                .is_ok_and(|version| version < FIRST_REAL_INIT)
    }

    /// A name for a new migration: what the user typed, made fit for a file name on every system.
    pub fn slug(typed: &str) -> Option<String> {
        let mut slug = String::with_capacity(typed.len());
        for c in typed.trim().chars() {
            match c {
                c if c.is_alphanumeric() || matches!(c, '_' | '-' | '.') => slug.push(c),
                c if c.is_whitespace() && !slug.ends_with('_') => slug.push('_'),
                c if c.is_whitespace() => {}
                _ => return None,
            }
        }
        (!slug.is_empty() && !slug.starts_with('.') && slug.len() <= 200).then_some(slug)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_grammar_is_the_one_of_the_cli() {
        let parsed = |name| FileName::parse(name).map(|file| (file.version, file.name));
        let some = |version: &str, name: &str| Some((version.to_owned(), name.to_owned()));
        assert_eq!(parsed("20240101000000_a.sql"), some("20240101000000", "a"));
        assert_eq!(parsed("1_.sql"), some("1", ""));
        assert_eq!(parsed("20240101_x.down.sql"), some("20240101", "x.down"));
        assert_eq!(parsed("1_a_b c.sql"), some("1", "a_b c"));
        for name in [
            "a_1.sql",
            "1.sql",
            "1-a.sql",
            "_a.sql",
            "1_a.SQL",
            "1_a.sql.bak",
            "1_a",
            "١_a.sql",
            "",
        ] {
            assert_eq!(parsed(name), None, "{name}");
        }
    }

    #[test]
    fn only_old_inits_are_skipped() {
        let old = |name: &str| FileName::parse(name).is_some_and(|file| file.is_old_init());
        assert!(old("20211208000000_init.sql"));
        assert!(!old("20211209000000_init.sql"));
        assert!(!old("2021_init.sql"));
        assert!(!old("20201208000000_init_more.sql"));
    }

    #[test]
    fn a_typed_name_becomes_fit_for_a_file() {
        assert_eq!(
            FileName::slug(" add week  lock ").as_deref(),
            Some("add_week_lock")
        );
        assert_eq!(FileName::slug("größe-2").as_deref(), Some("größe-2"));
        for bad in [
            "", " ", "../x", "a/b", "a\\b", "a\nb;", ".hidden", "a:b", "a\0",
        ] {
            assert_eq!(FileName::slug(bad), None, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn a_name_that_parses_is_rebuilt_unchanged(name in "[0-9]{0,15}_?[a-z_. ]{0,8}(\\.sql)?") {
            if let Some(file) = FileName::parse(&name) {
                prop_assert_eq!(file.file_name(), name);
            }
        }
    }
}
