//! `profiles.toml` in the user's config directory: read with faults that name their line, written atomically, one writer
//! at a time. No secret is ever written into it.

use super::file_lock::{FileLock, LockFault};
use crate::domain::hidden;
use crate::domain::problem::{Kind, Problem};
use crate::domain::profile::ProfileSet;
use crate::ports::{Edit, Profiles, Task};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long another program may hold the file.
const PATIENCE: Duration = Duration::from_secs(5);
/// What stands on top of the file.
const HEAD: &str =
    "# Written by supadeck. Keys and passwords are not in here; comments are not kept.\n\n";

/// The config file.
#[derive(Debug, Clone)]
pub struct ProfileFile {
    dir: PathBuf,
}

impl ProfileFile {
    /// The file in that directory; neither has to exist.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// The profiles; none where the file cannot be read.
    pub fn read_now(&self) -> ProfileSet {
        self.load().unwrap_or_default()
    }

    fn file(&self) -> PathBuf {
        self.dir.join("profiles.toml")
    }

    /// Whether nobody else can have written what stands in the file: only then are its commands run.
    pub fn trust(&self) -> Result<(), Problem> {
        let path = self.file();
        let real = std::fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
        let places = [Some(real.as_path()), real.parent(), path.parent()];
        for place in places.into_iter().flatten() {
            if let Some(why) = others_write(place) {
                return Err(Problem::new(
                    Kind::Config,
                    format!("The commands of {} are not run.", path.display()),
                    format!("{} {why}: they could be somebody else's.", place.display()),
                )
                .with_hint(format!(
                    "Look at what stands there, then run `chmod go-w '{}'`.",
                    place.display()
                )));
            }
        }
        Ok(())
    }

    fn load(&self) -> Result<ProfileSet, Problem> {
        let path = self.file();
        match std::fs::read_to_string(&path) {
            Ok(text) => parse(&path, &text),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(ProfileSet::default()),
            Err(error) => Err(failed(&path, "read", &error)),
        }
    }

    fn change(&self, edit: Edit<'_>) -> Result<ProfileSet, Problem> {
        let lock = self.dir.join("profiles.lock");
        let _held = FileLock::take(&lock, PATIENCE).map_err(|fault| match fault {
            LockFault::Io(error) => failed(&lock, "locked", &error),
            LockFault::Held => Problem::new(
                Kind::Conflict,
                "The profiles are being changed by another program.",
                format!(
                    "It has held {} for {} seconds.",
                    lock.display(),
                    PATIENCE.as_secs()
                ),
            )
            .retryable(),
        })?;
        let mut book = self.load()?;
        edit(&mut book)?;
        self.store(&book)?;
        Ok(book)
    }

    fn store(&self, book: &ProfileSet) -> Result<(), Problem> {
        let body = toml::to_string_pretty(book).map_err(|error| {
            Problem::internal(format!("The profiles do not become TOML: {error}."))
        })?;
        // People keep their config in a repository and link it here: the link stays, its target is replaced.
        let path = std::fs::canonicalize(self.file()).unwrap_or_else(|_| self.file());
        replace(&path, format!("{HEAD}{body}").as_bytes())
            .map_err(|error| failed(&path, "written", &error))
    }
}

/// Why others can write to a file, or replace files of a directory; `None` when they cannot.
#[cfg(unix)]
fn others_write(place: &Path) -> Option<&'static str> {
    use std::os::unix::fs::MetadataExt;
    let Ok(found) = std::fs::metadata(place) else {
        return Some("cannot be looked at");
    };
    let is_sticky = found.is_dir() && found.mode() & 0o1000 != 0;
    let me = rustix::process::geteuid().as_raw();
    if found.uid() != me && found.uid() != 0 {
        return Some("belongs to somebody else");
    }
    (found.mode() & 0o022 != 0 && !is_sticky).then_some("can be written by others")
}

/// Elsewhere the user's folders are the user's own by their place.
#[cfg(not(unix))]
fn others_write(_place: &Path) -> Option<&'static str> {
    None
}

/// Writes beside the file, makes sure that it is on disk, then renames: a reader sees the old file or the new one.
fn replace(path: &Path, body: &[u8]) -> std::io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    // `tempfile` makes files that only the owner can read (0600).
    let mut file = tempfile::Builder::new()
        .prefix(".profiles")
        .tempfile_in(dir)?;
    file.write_all(body)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    #[cfg(unix)]
    std::fs::File::open(dir)?.sync_all()?;
    Ok(())
}

fn parse(path: &Path, body: &str) -> Result<ProfileSet, Problem> {
    let book: ProfileSet = toml::from_str(body).map_err(|error| {
        let line = error
            .span()
            .map(|span| body[..span.start.min(body.len())].matches('\n').count() + 1);
        let place = match line {
            Some(line) => format!("{}, line {line}", path.display()),
            None => path.display().to_string(),
        };
        let field = line.and_then(|line| body.lines().nth(line - 1).and_then(field));
        let field = field.map(|name| format!("`{name}`: ")).unwrap_or_default();
        Problem::new(
            Kind::Config,
            format!("{place}: the profiles cannot be read."),
            format!("{field}{}.", hidden::without_value(error.message())),
        )
        .with_hint("Correct the line, or move the file away and add the profiles anew.")
    })?;
    Ok(book)
}

/// The name of the field on a line, where it is a plain one.
fn field(line: &str) -> Option<&str> {
    let name = line.split_once('=')?.0.trim();
    let is_plain = !name.is_empty()
        && name.len() <= 40
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    (is_plain && !hidden::looks_secret(name)).then_some(name)
}

fn failed(path: &Path, verb: &str, error: &std::io::Error) -> Problem {
    Problem::new(
        Kind::Config,
        format!("{} could not be {verb}.", path.display()),
        format!("{error}."),
    )
}

impl Profiles for ProfileFile {
    fn read(&self) -> Task<'_, ProfileSet> {
        Box::pin(async { self.load() })
    }

    fn edit<'a>(&'a self, edit: Edit<'a>) -> Task<'a, ProfileSet> {
        Box::pin(async {
            // Waiting for another program may take a moment; the edit may borrow, so it cannot move to another thread.
            match tokio::runtime::Handle::try_current().map(|handle| handle.runtime_flavor()) {
                Ok(tokio::runtime::RuntimeFlavor::MultiThread) => {
                    tokio::task::block_in_place(|| self.change(edit))
                }
                _ => self.change(edit),
            }
        })
    }

    fn path(&self) -> String {
        self.file().display().to_string()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::profile::Profile;

    fn add(file: &ProfileFile, name: &str) {
        let name = name.to_owned();
        file.change(Box::new(move |book| {
            let profile = Profile {
                url: "https://x.example".into(),
                ..Profile::default()
            };
            book.profiles.insert(name, profile);
            Ok(())
        }))
        .unwrap();
    }

    #[test]
    fn profiles_written_at_once_are_all_kept() {
        let dir = tempfile::tempdir().unwrap();
        let file = ProfileFile::new(dir.path().join("new"));
        std::thread::scope(|scope| {
            for index in 0..8 {
                let file = file.clone();
                scope.spawn(move || add(&file, &format!("p{index}")));
            }
        });
        assert_eq!(file.load().unwrap().profiles.len(), 8);
    }

    #[test]
    fn an_unknown_field_is_named_with_its_line() {
        let problem = parse(
            Path::new("p.toml"),
            "[profiles.a]\nurl = \"x\"\nurll = \"y\"\n",
        )
        .unwrap_err();
        assert!(problem.what.contains("line 3"), "{problem}");
        assert!(problem.why.contains("urll"), "{problem}");
        assert_eq!(problem.kind, Kind::Config);
    }

    #[test]
    fn a_value_that_does_not_belong_is_not_repeated() {
        for (line, field) in [
            ("secrets = \"sb_secret_hunter2\"", "secrets"),
            ("production = \"sb_secret_hunter2\"", "production"),
            ("production = \"x, expected hunter2\"", "production"),
            ("url = [\"hunter2\"]", "url"),
            ("dir = {hunter2 = 918273}", "dir"),
            ("secrets.db_url = \"postgres://u:hunter2@h/x\"", "db_url"),
            (
                "secrets.secret_key = \"env:sb_secret_hunter2\"",
                "secret_key",
            ),
            ("\"postgres://u:hunter2@h/x\" = 1", ""),
            ("\"sb_secret_hunter2\" = \"hunter2\"", ""),
            ("production = 918273", "production"),
        ] {
            let url = if line.starts_with("url") {
                ""
            } else {
                "url = \"x\""
            };
            let body = format!("[profiles.a]\n{url}\n{line}\n");
            let problem = parse(Path::new("p.toml"), &body).unwrap_err();
            let told = format!("{problem:?}");
            assert!(
                !told.contains("hunter2") && !told.contains("918273"),
                "{told}"
            );
            assert!(problem.what.contains("line 3"), "{line}: {told}");
            assert!(problem.why.contains(field), "{line}: {told}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_for_the_owner_only_and_a_link_stays_a_link() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let real = dir.path().join("real.toml");
        std::fs::write(&real, "").unwrap();
        let file = ProfileFile::new(dir.path().join("config"));
        std::fs::create_dir(dir.path().join("config")).unwrap();
        std::os::unix::fs::symlink(&real, file.file()).unwrap();
        add(&file, "a");
        assert!(std::fs::symlink_metadata(file.file()).unwrap().is_symlink());
        let mode = std::fs::metadata(&real).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(file.load().unwrap().profiles.contains_key("a"));
    }

    #[test]
    fn a_refused_edit_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let file = ProfileFile::new(dir.path());
        add(&file, "a");
        let refused = file.change(Box::new(|book| {
            book.profiles.clear();
            Err(Problem::internal("no"))
        }));
        assert!(refused.is_err());
        assert_eq!(file.load().unwrap().profiles.len(), 1);
    }
}
