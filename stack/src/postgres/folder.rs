//! A folder that is held open. What is in it is made, read, given away and removed by its descriptor, and links in it are
//! never followed: once a folder belongs to another account, its names mean whatever that account wants.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result, Write};
use std::path::{Path, PathBuf};

/// More than any file that is read here holds.
const LONGEST: u64 = 1 << 20;

/// An open folder.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    #[cfg(unix)]
    handle: File,
}

impl Folder {
    /// Where it was when it was opened.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Puts a file with this content in the place of another, mode 0600. A link of that name is replaced, not followed.
    pub(crate) fn replace(&self, name: &str, content: &[u8]) -> Result<()> {
        let new = format!(".{name}-{}", uuid::Uuid::new_v4().simple());
        let mut file = self.new_file(&new, 0o600)?;
        let written = file
            .write_all(content)
            .and_then(|()| file.sync_all())
            .and_then(|()| self.rename(&new, name));
        if written.is_err() {
            let _ = self.remove(&new);
        }
        written
    }

    /// Reads a small file.
    pub(crate) fn read(&self, name: &str) -> Result<Vec<u8>> {
        let mut content = Vec::new();
        let file = self.open_file(name)?;
        file.take(LONGEST).read_to_end(&mut content)?;
        Ok(content)
    }

    /// Copies a folder of ours into this one, links as links, readable for everybody.
    pub(crate) fn copy_in(&self, from: &Path) -> Result<()> {
        for entry in std::fs::read_dir(from)? {
            let entry = entry?;
            let (source, name) = (entry.path(), entry.file_name());
            let kind = entry.file_type()?;
            if kind.is_dir() {
                let folder = self.new_folder(&name, 0o755)?;
                folder.copy_in(&source)?;
            } else if kind.is_symlink() {
                self.link(&std::fs::read_link(&source)?, &name)?;
            } else {
                let mut source = File::open(&source)?;
                let mode = mode_of(&source)?;
                std::io::copy(&mut source, &mut self.new_file(&name, mode)?)?;
            }
        }
        Ok(())
    }
}

#[cfg(unix)]
mod unix {
    use super::{Error, ErrorKind, File, Folder, OsStr, OsString, Path, PathBuf, Result};
    use crate::postgres::account::Account;
    use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags};
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};

    const FOLDER: OFlags = OFlags::RDONLY
        .union(OFlags::DIRECTORY)
        .union(OFlags::CLOEXEC);
    const FILE: OFlags = OFlags::NOFOLLOW
        .union(OFlags::CLOEXEC)
        // A pipe in its place must not hold us up.
        .union(OFlags::NONBLOCK);

    impl Folder {
        /// Opens a folder that the caller names; links on the way are the caller's.
        pub(crate) fn open(path: &Path) -> Result<Self> {
            let handle = rustix::fs::openat(CWD, path, FOLDER, Mode::empty())?;
            Ok(Self {
                path: path.to_path_buf(),
                handle: handle.into(),
            })
        }

        /// Makes a folder of our own that nobody else can write. It must not be there.
        pub(crate) fn create(path: &Path) -> Result<Self> {
            rustix::fs::mkdirat(CWD, path, Mode::RWXU)?;
            let handle = rustix::fs::openat(CWD, path, FOLDER | OFlags::NOFOLLOW, Mode::empty())?;
            let folder = Self {
                path: path.to_path_buf(),
                handle: handle.into(),
            };
            folder.is_fresh().map(|()| folder)
        }

        /// A folder in this one, which must not be a link.
        pub(crate) fn within(&self, name: impl AsRef<OsStr>) -> Result<Self> {
            let name = name.as_ref();
            let flags = FOLDER | OFlags::NOFOLLOW;
            let handle = rustix::fs::openat(&self.handle, name, flags, Mode::empty())?;
            Ok(Self {
                path: self.path.join(name),
                handle: handle.into(),
            })
        }

        /// Makes a folder in this one. It must not be there.
        pub(crate) fn new_folder(&self, name: impl AsRef<OsStr>, mode: u32) -> Result<Self> {
            let name = name.as_ref();
            rustix::fs::mkdirat(&self.handle, name, Mode::RWXU)?;
            let folder = self.within(name)?;
            folder.is_fresh()?;
            folder.set_mode(mode)?;
            Ok(folder)
        }

        /// Whether it is the empty folder that was just made, and nothing that was put in its place.
        fn is_fresh(&self) -> Result<()> {
            if self.owner()? == rustix::process::geteuid().as_raw() && self.names()?.is_empty() {
                return Ok(());
            }
            let path = self.path.display();
            Err(Error::other(format!(
                "{path} was changed by somebody else while it was made"
            )))
        }

        /// Makes a file in this folder, to be written and read. It must not be there.
        pub(crate) fn new_file(&self, name: impl AsRef<OsStr>, mode: u32) -> Result<File> {
            let flags = FILE | OFlags::RDWR | OFlags::APPEND | OFlags::CREATE | OFlags::EXCL;
            let file =
                rustix::fs::openat(&self.handle, name.as_ref(), flags, Mode::RUSR | Mode::WUSR)?;
            let file = File::from(file);
            file.set_permissions(std::fs::Permissions::from_mode(mode))?;
            Ok(file)
        }

        /// Opens a file of this folder to hold it, and makes it, with mode 0600, where it is not there. Nothing is written.
        pub(crate) fn file(&self, name: &str) -> Result<File> {
            let flags = FILE | OFlags::RDWR | OFlags::CREATE;
            let mode = Mode::RUSR | Mode::WUSR;
            regular(File::from(rustix::fs::openat(
                &self.handle,
                name,
                flags,
                mode,
            )?))
        }

        pub(super) fn open_file(&self, name: &str) -> Result<File> {
            let flags = FILE | OFlags::RDONLY;
            regular(File::from(rustix::fs::openat(
                &self.handle,
                name,
                flags,
                Mode::empty(),
            )?))
        }

        pub(super) fn rename(&self, from: &str, to: &str) -> Result<()> {
            Ok(rustix::fs::renameat(&self.handle, from, &self.handle, to)?)
        }

        pub(super) fn link(&self, target: &Path, name: &OsStr) -> Result<()> {
            Ok(rustix::fs::symlinkat(target, &self.handle, name)?)
        }

        /// Whether there is something of this name, whatever it is.
        pub(crate) fn has(&self, name: &str) -> bool {
            rustix::fs::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW).is_ok()
        }

        /// What is in it.
        pub(crate) fn names(&self) -> Result<Vec<OsString>> {
            let mut names = Vec::new();
            for entry in Dir::read_from(&self.handle)? {
                let entry = entry?;
                let name = OsStr::from_bytes(entry.file_name().to_bytes());
                if name != "." && name != ".." {
                    names.push(name.to_owned());
                }
            }
            Ok(names)
        }

        /// Removes a file or a link.
        pub(crate) fn remove(&self, name: &str) -> Result<()> {
            Ok(rustix::fs::unlinkat(&self.handle, name, AtFlags::empty())?)
        }

        /// Removes what is called so, with everything in it. A link is removed, not followed.
        pub(crate) fn remove_all(&self, name: impl AsRef<OsStr>) -> Result<()> {
            let name = name.as_ref();
            let found = rustix::fs::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW)?;
            if FileType::from_raw_mode(found.st_mode) != FileType::Directory {
                return Ok(rustix::fs::unlinkat(&self.handle, name, AtFlags::empty())?);
            }
            let folder = self.within(name)?;
            for inner in folder.names()? {
                folder.remove_all(&inner)?;
            }
            Ok(rustix::fs::unlinkat(
                &self.handle,
                name,
                AtFlags::REMOVEDIR,
            )?)
        }

        /// Gives the folder to the account, for it alone.
        pub(crate) fn give(&self, account: &Account) -> Result<()> {
            self.set_mode(0o700)?;
            match account.ids() {
                Some((user, group)) => fchown(&self.handle, Some(user), Some(group)),
                None => Ok(()),
            }
        }

        /// The user that it belongs to.
        pub(crate) fn owner(&self) -> Result<u32> {
            Ok(self.handle.metadata()?.uid())
        }

        /// Whether others than its owner can put things in it.
        pub(crate) fn is_open(&self) -> Result<bool> {
            let found = self.handle.metadata()?;
            let mode = found.mode();
            Ok(mode & 0o002 != 0 || (mode & 0o020 != 0 && found.gid() != 0))
        }

        pub(crate) fn set_mode(&self, mode: u32) -> Result<()> {
            self.handle
                .set_permissions(std::fs::Permissions::from_mode(mode))
        }
    }

    /// The file, unless it is a pipe or the like, or has another name somewhere else.
    fn regular(file: File) -> Result<File> {
        let found = file.metadata()?;
        if found.is_file() && found.nlink() == 1 {
            return Ok(file);
        }
        Err(Error::new(
            ErrorKind::InvalidInput,
            "it is no file of this folder alone",
        ))
    }

    pub(super) fn mode_of(file: &File) -> Result<u32> {
        let is_program = file.metadata()?.mode() & 0o111 != 0;
        Ok(if is_program { 0o755 } else { 0o644 })
    }

    /// Whether this program runs as root, who may do everything everywhere.
    pub(crate) fn is_root() -> bool {
        rustix::process::geteuid().is_root()
    }

    /// Whether a path, or the nearest folder above it that is there, belongs to who we are.
    pub(crate) fn is_ours(path: &Path) -> bool {
        let found: Option<PathBuf> = path
            .ancestors()
            .find(|above| above.symlink_metadata().is_ok())
            .map(Path::to_path_buf);
        found
            .and_then(|found| found.metadata().ok())
            .is_some_and(|found| found.uid() == rustix::process::geteuid().as_raw())
    }
}

#[cfg(unix)]
use unix::mode_of;
#[cfg(unix)]
pub(crate) use unix::{is_ours, is_root};

/// Where accounts are not switched, nobody else's folder is ever used: paths do.
#[cfg(not(unix))]
mod other {
    use super::{Error, ErrorKind, File, Folder, OsStr, OsString, Path, Result};
    use crate::postgres::account::Account;
    use std::fs::OpenOptions;

    #[expect(clippy::unnecessary_wraps, clippy::unused_self)]
    impl Folder {
        pub(crate) fn open(path: &Path) -> Result<Self> {
            std::fs::read_dir(path)?;
            Ok(Self {
                path: path.to_path_buf(),
            })
        }

        pub(crate) fn create(path: &Path) -> Result<Self> {
            std::fs::create_dir(path)?;
            Self::open(path)
        }

        pub(crate) fn within(&self, name: impl AsRef<OsStr>) -> Result<Self> {
            Self::open(&self.path.join(name.as_ref()))
        }

        pub(crate) fn new_folder(&self, name: impl AsRef<OsStr>, _mode: u32) -> Result<Self> {
            Self::create(&self.path.join(name.as_ref()))
        }

        pub(crate) fn new_file(&self, name: impl AsRef<OsStr>, _mode: u32) -> Result<File> {
            OpenOptions::new()
                .read(true)
                .append(true)
                .create_new(true)
                .open(self.path.join(name.as_ref()))
        }

        pub(crate) fn file(&self, name: &str) -> Result<File> {
            OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(self.path.join(name))
        }

        pub(super) fn open_file(&self, name: &str) -> Result<File> {
            File::open(self.path.join(name))
        }

        pub(super) fn rename(&self, from: &str, to: &str) -> Result<()> {
            std::fs::rename(self.path.join(from), self.path.join(to))
        }

        pub(super) fn link(&self, _target: &Path, _name: &OsStr) -> Result<()> {
            Err(Error::from(ErrorKind::Unsupported))
        }

        pub(crate) fn has(&self, name: &str) -> bool {
            self.path.join(name).exists()
        }

        pub(crate) fn names(&self) -> Result<Vec<OsString>> {
            std::fs::read_dir(&self.path)?
                .map(|entry| entry.map(|entry| entry.file_name()))
                .collect()
        }

        pub(crate) fn remove(&self, name: &str) -> Result<()> {
            std::fs::remove_file(self.path.join(name))
        }

        pub(crate) fn remove_all(&self, name: impl AsRef<OsStr>) -> Result<()> {
            std::fs::remove_dir_all(self.path.join(name.as_ref()))
        }

        pub(crate) fn give(&self, _account: &Account) -> Result<()> {
            Ok(())
        }
    }

    pub(super) fn mode_of(_file: &File) -> Result<u32> {
        Ok(0o644)
    }
}

#[cfg(not(unix))]
use other::mode_of;

#[cfg(all(test, unix))]
mod tests;
