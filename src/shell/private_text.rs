//! A text in a file of its own, for the user's editor: in a folder that only its owner enters, which is removed with all that the editor
//! left there, however the editor ended.

use crate::domain::problem::{Kind, Problem};
use crate::domain::text::harmless;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// The most bytes that are taken back.
const MOST: u64 = 16 << 20;

/// The file.
pub(super) struct PrivateText {
    path: PathBuf,
    /// Removed when this is dropped.
    folder: tempfile::TempDir,
}

impl PrivateText {
    /// Writes the text into a new file whose name ends so.
    pub(super) fn new(text: &str, suffix: &str) -> Result<Self, Problem> {
        Self::written(text, suffix)
            .map_err(|error| failed("The value cannot be written into", &error))
    }

    fn written(text: &str, suffix: &str) -> io::Result<Self> {
        let mut folder = tempfile::Builder::new();
        folder.prefix("supadeck-");
        let mut file = OpenOptions::new();
        file.write(true).create_new(true);
        #[cfg(unix)]
        let mode = {
            use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
            file.mode(0o600);
            std::fs::Permissions::from_mode(0o700)
        };
        #[cfg(unix)]
        folder.permissions(mode);
        let folder = folder.tempdir()?;
        let path = folder.path().join(format!("value{suffix}"));
        file.open(&path)?.write_all(text.as_bytes())?;
        Ok(Self { path, folder })
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What stands there now. A text that cannot be taken is kept where it is, and its place is named: somebody typed it.
    pub(super) fn read(self) -> Result<String, Problem> {
        let why = match self.taken() {
            Ok(text) => return Ok(text),
            Err(why) => why,
        };
        let problem = failed("The value cannot be read from", &why);
        if !self.path.is_file() {
            return Err(problem);
        }
        let path = self.path.display().to_string();
        drop(self.folder.keep());
        let hint = format!(
            "What was typed is kept in {}: take it from there, and remove the folder.",
            harmless(&path)
        );
        Err(problem.with_hint(hint))
    }

    fn taken(&self) -> io::Result<String> {
        let mut bytes = Vec::new();
        File::open(&self.path)?
            .take(MOST + 1)
            .read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MOST {
            return Err(io::Error::other("the file has more than 16 MiB"));
        }
        String::from_utf8(bytes).map_err(|_| io::Error::other("the file is not UTF-8"))
    }
}

fn failed(what: &str, error: &io::Error) -> Problem {
    Problem::new(
        Kind::Config,
        format!("{what} the editor's file."),
        format!("{error}. The value was left as it was."),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn it_is_its_owners_alone_and_nothing_of_it_stays() {
        let text = PrivateText::new("one\ntwo", ".json").unwrap();
        let (path, folder) = (text.path().to_owned(), text.folder.path().to_owned());
        assert!(path.to_string_lossy().ends_with("value.json"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&path), mode(&folder)), (0o600, 0o700));
        }
        // Editors write another file and rename it, and leave others beside it.
        std::fs::write(folder.join(".value.json.swp"), "secret").unwrap();
        std::fs::write(folder.join("new"), "three\n").unwrap();
        std::fs::rename(folder.join("new"), &path).unwrap();
        assert_eq!(text.read().unwrap(), "three\n");
        assert!(!folder.exists());
    }

    #[test]
    fn what_was_typed_and_cannot_be_taken_is_kept_and_its_place_is_named() {
        let text = PrivateText::new("one", ".txt").unwrap();
        let (path, folder) = (text.path().to_owned(), text.folder.path().to_owned());
        std::fs::write(&path, b"gr\xfc\xdfe").unwrap();
        let problem = text.read().unwrap_err();
        assert!(problem.why.contains("not UTF-8"), "{problem}");
        let hint = problem.hint.unwrap();
        assert!(hint.contains(path.to_str().unwrap()), "{hint}");
        assert_eq!(std::fs::read(&path).unwrap(), b"gr\xfc\xdfe");
        std::fs::remove_dir_all(folder).unwrap();
        // What the editor removed is nowhere.
        let text = PrivateText::new("one", ".txt").unwrap();
        let (path, folder) = (text.path().to_owned(), text.folder.path().to_owned());
        std::fs::remove_file(&path).unwrap();
        let problem = text.read().unwrap_err();
        assert!(problem.why.contains("left as it was") && problem.hint.is_none());
        assert!(!folder.exists());
    }
}
