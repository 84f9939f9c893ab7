//! A lock that all processes of one user share, whatever their environment says: an empty file in a directory that belongs
//! to the user and that nobody else can write to. The variables of the environment do not decide where it is.

use super::file_lock::FileLock;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io;

/// How an attempt to take a lock ended.
#[derive(Debug)]
pub enum Attempt {
    /// It is held from now on.
    Taken(FileLock),
    /// Somebody else holds it.
    Held,
}

/// Tries to take the lock that is called so. Does not wait.
pub fn try_take(name: &str) -> io::Result<Attempt> {
    let file_name = format!("{}.lock", digest(name));
    // A file that was deleted between opening and locking guards nothing: another process has made a new one.
    for _ in 0..8 {
        let (file, is_current) = place::open(&file_name)?;
        match FileLock::try_of(file)? {
            None => return Ok(Attempt::Held),
            Some(lock) if is_current(&lock)? => return Ok(Attempt::Taken(lock)),
            Some(_) => {}
        }
    }
    Err(io::Error::other("the lock file is deleted again and again"))
}

/// A name for a file: neither its length nor its characters depend on what it stands for.
fn digest(name: &str) -> String {
    let hash = Sha256::digest(name.as_bytes());
    hash.iter().take(16).fold(String::new(), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Whether the file that is locked is still the one of that name.
type IsCurrent = Box<dyn Fn(&FileLock) -> io::Result<bool>>;

#[cfg(unix)]
mod place {
    use super::{FileLock, IsCurrent};
    use rustix::fs::{self, AtFlags, CWD, Mode, OFlags};
    use std::fs::File;
    use std::io;
    use std::os::fd::OwnedFd;

    /// Directories that everybody can write to and where only the owner can delete. The second is for when somebody else
    /// has taken the name in the first, which then all processes of this user pass over.
    const PARENTS: [&str; 2] = ["/tmp", "/var/tmp"];

    /// Opens the file, making it and its directory where they are missing. Follows no link.
    pub(super) fn open(name: &str) -> io::Result<(File, IsCurrent)> {
        let mut last = None;
        for parent in PARENTS {
            match directory(parent).and_then(|dir| file(dir, name)) {
                Ok(opened) => return Ok(opened),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| io::Error::other("there is no directory for locks")))
    }

    fn directory(parent: &str) -> io::Result<OwnedFd> {
        let owner = rustix::process::geteuid();
        let path = format!("{parent}/supadeck-{}", owner.as_raw());
        match fs::mkdirat(CWD, &path, Mode::RWXU) {
            Ok(()) | Err(rustix::io::Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let dir = fs::openat(CWD, &path, flags, Mode::empty())?;
        let found = fs::fstat(&dir)?;
        if found.st_uid != owner.as_raw() {
            return Err(io::Error::other(format!("{path} belongs to somebody else")));
        }
        if Mode::from_raw_mode(found.st_mode) != Mode::RWXU {
            fs::fchmod(&dir, Mode::RWXU)?;
        }
        Ok(dir)
    }

    fn file(dir: OwnedFd, name: &str) -> io::Result<(File, IsCurrent)> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = fs::openat(&dir, name, flags, Mode::RUSR | Mode::WUSR)?;
        let name = name.to_owned();
        let is_current = move |lock: &FileLock| {
            let held = fs::fstat(lock.file())?;
            match fs::statat(&dir, &name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(named) => Ok((held.st_dev, held.st_ino) == (named.st_dev, named.st_ino)),
                Err(rustix::io::Errno::NOENT) => Ok(false),
                Err(error) => Err(error.into()),
            }
        };
        Ok((File::from(file), Box::new(is_current)))
    }
}

#[cfg(not(unix))]
mod place {
    use super::IsCurrent;
    use std::fs::{File, OpenOptions};
    use std::io;

    /// Opens the file in the user's own folder, making both where they are missing.
    pub(super) fn open(name: &str) -> io::Result<(File, IsCurrent)> {
        let home = std::env::home_dir().ok_or_else(|| io::Error::other("there is no home"))?;
        let dir = home.join("AppData").join("Local").join("supadeck");
        std::fs::create_dir_all(&dir)?;
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        Ok((options.open(dir.join(name))?, Box::new(|_| Ok(true))))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn one_holds_it_and_names_are_told_apart() {
        let name = format!("test/{}", uuid::Uuid::new_v4());
        let held = try_take(&name).unwrap();
        assert!(matches!(held, Attempt::Taken(_)));
        assert!(matches!(try_take(&name).unwrap(), Attempt::Held));
        let other = try_take(&format!("{name}/2")).unwrap();
        assert!(matches!(other, Attempt::Taken(_)));
        drop(held);
        assert!(matches!(try_take(&name).unwrap(), Attempt::Taken(_)));
        forget(&name);
        forget(&format!("{name}/2"));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_or_a_deleted_file_is_not_locked() {
        use std::os::unix::fs::MetadataExt;
        let name = format!("test/{}", uuid::Uuid::new_v4());
        assert!(matches!(try_take(&name).unwrap(), Attempt::Taken(_)));
        let dir = format!("/tmp/supadeck-{}", rustix::process::geteuid().as_raw());
        let mode = std::fs::metadata(&dir).unwrap().mode();
        assert_eq!(mode & 0o777, 0o700, "nobody else gets in");
        let path = format!("{dir}/{}.lock", digest(&name));
        let held = try_take(&name).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(held, Attempt::Taken(_)));
        // Whoever comes now holds the file that has the name.
        let second = try_take(&name).unwrap();
        assert!(matches!(second, Attempt::Taken(_)));
        assert!(matches!(try_take(&name).unwrap(), Attempt::Held));
        std::fs::remove_file(&path).unwrap();
        let target = tempfile::NamedTempFile::new().unwrap();
        std::os::unix::fs::symlink(target.path(), &path).unwrap();
        let linked = try_take(&name);
        assert!(std::fs::symlink_metadata(&path).unwrap().is_symlink());
        let target = std::fs::File::open(target.path()).unwrap();
        assert!(target.try_lock().is_ok(), "the link was not followed");
        drop(linked);
        std::fs::remove_file(&path).unwrap();
        let _ = std::fs::remove_file(path.replacen("/tmp", "/var/tmp", 1));
    }

    fn forget(name: &str) {
        #[cfg(unix)]
        {
            let uid = rustix::process::geteuid().as_raw();
            let _ = std::fs::remove_file(format!("/tmp/supadeck-{uid}/{}.lock", digest(name)));
        }
        #[cfg(not(unix))]
        let _ = name;
    }
}
