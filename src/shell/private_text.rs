//! A text in a file of its own, for the user's editor: in a folder that only its owner enters, which is removed with all that the editor
//! left there, however the editor ended.

use crate::domain::problem::{Kind, Problem};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// The most bytes that are taken back.
const MOST: u64 = 16 << 20;

/// The file.
pub(super) struct PrivateText {
    path: PathBuf,
    /// Removed when this is dropped.
    #[allow(dead_code, reason = "held for its removal")]
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

    /// What stands there now.
    pub(super) fn read(&self) -> Result<String, Problem> {
        let taken = || "The value cannot be read from";
        let mut bytes = Vec::new();
        let file = File::open(&self.path).map_err(|error| failed(taken(), &error))?;
        let mut file = file.take(MOST + 1);
        file.read_to_end(&mut bytes)
            .map_err(|error| failed(taken(), &error))?;
        if bytes.len() as u64 > MOST {
            let error = io::Error::other("the file has more than 16 MiB");
            return Err(failed(taken(), &error));
        }
        String::from_utf8(bytes).map_err(|_| {
            let error = io::Error::other("the file is not UTF-8");
            failed(taken(), &error)
        })
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
        assert_eq!(text.read().unwrap(), "one\ntwo");
        // Editors write another file and rename it, and leave others beside it.
        std::fs::write(folder.join(".value.json.swp"), "secret").unwrap();
        std::fs::write(folder.join("new"), "three\n").unwrap();
        std::fs::rename(folder.join("new"), &path).unwrap();
        assert_eq!(text.read().unwrap(), "three\n");
        std::fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(text.read().unwrap_err().to_string().contains("UTF-8"));
        std::fs::remove_file(&path).unwrap();
        assert!(text.read().unwrap_err().why.contains("left as it was"));
        drop(text);
        assert!(!folder.exists());
    }
}
