//! Started as root, the stack writes, gives away and removes nothing that another account can put a link in the way of.
//! The account that runs Postgres plants links as fast as it can, or before, and a file and a folder of root stay as they are.
#![cfg(unix)]

use super::child::{Running, open_folder};
use super::connect;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use supadeck_stack::{Options, Stack};

/// The account that the stack switches to, when this runs as root and there is one.
fn account() -> Option<(u32, u32)> {
    let number = |flag: &str, name: &str| -> Option<u32> {
        let answer = Command::new("id").args([flag, name]).output().ok()?;
        String::from_utf8(answer.stdout).ok()?.trim().parse().ok()
    };
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0);
    let found = ["postgres", "_postgres", "nobody"]
        .into_iter()
        .find_map(|name| Some((number("-u", name)?, number("-g", name)?)));
    if !is_root || found.is_none() {
        eprintln!("skipped: only root runs Postgres as another account");
        return None;
    }
    found
}

/// A file and a folder of root's that must stay as they are.
struct Victim {
    folder: tempfile::TempDir,
}

impl Victim {
    fn new() -> Self {
        let folder = open_folder();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let victim = Self { folder };
        std::fs::write(victim.file(), "as it was").unwrap();
        std::fs::set_permissions(victim.file(), PermissionsExt::from_mode(0o600)).unwrap();
        victim
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("file")
    }

    fn is_untouched(&self) {
        assert_eq!(std::fs::read_to_string(self.file()).unwrap(), "as it was");
        let names = std::fs::read_dir(self.folder.path()).unwrap().count();
        assert_eq!(names, 1, "something was made in it");
        for (path, mode) in [(self.file(), 0o600), (self.folder.path().into(), 0o755)] {
            let found = path.symlink_metadata().unwrap();
            assert_eq!(
                (found.uid(), found.mode() & 0o777),
                (0, mode),
                "{}",
                path.display()
            );
        }
    }
}

/// A process of the account that plants links in every folder of a stack below a place, until it is dropped.
struct Planter(Child);

impl Planter {
    fn start(place: &Path, victim: &Victim, (user, group): (u32, u32)) -> Self {
        let script = r#"
            trap 'exit 0' TERM
            while :; do
                for folder in "$1"/supadeck-* "$1"/supadeck-*/own "$1"/supadeck-*/postgres; do
                    for name in postgres.log password stack.json unfinished lock postmaster.pid; do
                        ln -sf "$2" "$folder/$name"
                    done
                    ln -sfn "$3" "$folder/postgres"
                    ln -sfn "$3" "$folder/pg"
                    for file in "$folder"/*.log "$folder"/pw-*; do ln -sf "$2" "$file"; done
                done
            done"#;
        let planter = Command::new("/bin/sh")
            .args(["-c", script, "planter"])
            .arg(place)
            .arg(victim.file())
            .arg(victim.folder.path())
            .uid(user)
            .gid(group)
            .process_group(0)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self(planter)
    }
}

impl Drop for Planter {
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn links_that_the_account_plants_while_the_stack_starts_are_not_followed() {
    let Some(account) = account() else { return };
    for settings in [
        vec![],
        // From a copy of the binaries, which the account cannot reach where they are.
        vec![("SUPADECK_POSTGRES", closed_binaries())],
    ] {
        let victim = Victim::new();
        let place = open_folder();
        // As /tmp is: everybody may make files, and only their owners move them.
        std::fs::set_permissions(place.path(), PermissionsExt::from_mode(0o1777)).unwrap();
        let planter = Planter::start(place.path(), &victim, account);
        let mut settings: Vec<(&str, &str)> = settings
            .iter()
            .filter_map(|(name, folder)| Some((*name, folder.as_ref()?.path().to_str()?)))
            .collect();
        settings.push(("TMPDIR", place.path().to_str().unwrap()));
        let child = Running::start("serve", &settings);
        victim.is_untouched();
        let db = connect(child.db_url()).await;
        db.batch_execute("select 1").await.unwrap();
        drop(db);
        drop(planter);
        child.leaves_nothing();
        victim.is_untouched();
        let left: Vec<_> = std::fs::read_dir(place.path()).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

/// The binaries of the system in a folder that only root enters, when there are any.
fn closed_binaries() -> Option<tempfile::TempDir> {
    let found = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .flatten()
        .next()?;
    let closed = tempfile::tempdir().unwrap();
    let copied = Command::new("cp")
        .arg("-r")
        .args([found.path().join("bin"), found.path().join("lib")])
        .arg(closed.path())
        .status()
        .unwrap();
    // Postgres looks for its other files by the way from `bin`.
    let share = format!(
        "/usr/share/postgresql/{}",
        found.file_name().to_string_lossy()
    );
    let _ = symlink(share, closed.path().join("share"));
    std::fs::set_permissions(closed.path(), PermissionsExt::from_mode(0o700)).unwrap();
    copied.success().then_some(closed)
}

fn keeping(data: &Path) -> Options {
    Options {
        data: Some(data.to_path_buf()),
        ..Options::default()
    }
}

#[tokio::test]
async fn kept_data_with_a_link_in_the_place_of_the_cluster_is_not_followed() {
    let Some((user, group)) = account() else {
        return;
    };
    let place = open_folder();
    std::fs::set_permissions(place.path(), PermissionsExt::from_mode(0o755)).unwrap();
    // With secrets, so that the folder looks like one of a complete cluster.
    let whole = place.path().join("whole");
    let stack = Stack::start(keeping(&whole)).await.unwrap();
    stack.stop().await.unwrap();
    let secrets = std::fs::read(whole.join("stack.json")).unwrap();
    for name in ["postgres", "stack.json", "lock", "unfinished"] {
        for is_unfinished in [true, false] {
            let victim = Victim::new();
            let data = place.path().join(format!("{name}-{is_unfinished}"));
            std::fs::create_dir(&data).unwrap();
            let kept = if is_unfinished {
                "unfinished"
            } else {
                "stack.json"
            };
            std::fs::write(data.join(kept), &secrets).unwrap();
            let _ = std::fs::remove_file(data.join(name));
            let target = match name {
                "postgres" => victim.folder.path().to_path_buf(),
                _ => victim.file(),
            };
            symlink(target, data.join(name)).unwrap();
            let started = Stack::start(keeping(&data)).await;
            victim.is_untouched();
            drop(started);
            victim.is_untouched();
        }
    }
    // A folder of somebody else's in that place is not given away, and neither is what is in it.
    let victim = Victim::new();
    let data = place.path().join("theirs");
    std::fs::create_dir_all(data.join("postgres")).unwrap();
    std::fs::write(data.join("stack.json"), &secrets).unwrap();
    let refused = Stack::start(keeping(&data)).await.unwrap_err().to_string();
    assert!(refused.contains("does not belong to"), "{refused}");
    assert_eq!(data.join("postgres").metadata().unwrap().uid(), 0);
    victim.is_untouched();

    // Data of the account with links in it is removed without them.
    let data = place.path().join("again");
    let cluster = data.join("postgres");
    std::fs::create_dir_all(&cluster).unwrap();
    std::fs::write(data.join("unfinished"), "").unwrap();
    symlink(victim.folder.path(), cluster.join("base")).unwrap();
    symlink(victim.file(), cluster.join("PG_VERSION")).unwrap();
    chown(&cluster, Some(user), Some(group)).unwrap();
    Stack::start(keeping(&data))
        .await
        .unwrap()
        .stop()
        .await
        .unwrap();
    victim.is_untouched();
}

#[tokio::test]
async fn folders_of_other_users_are_not_used_by_root() {
    let Some((user, group)) = account() else {
        return;
    };
    let place = open_folder();
    let theirs = place.path().join("theirs");
    std::fs::create_dir(&theirs).unwrap();
    chown(&theirs, Some(user), Some(group)).unwrap();
    let refused = Stack::start(keeping(&theirs))
        .await
        .unwrap_err()
        .to_string();
    assert!(refused.contains("another user"), "{refused}");
    assert_eq!(std::fs::read_dir(&theirs).unwrap().count(), 0);

    let open = place.path().join("open");
    std::fs::create_dir(&open).unwrap();
    std::fs::set_permissions(&open, PermissionsExt::from_mode(0o777)).unwrap();
    let refused = Stack::start(keeping(&open)).await.unwrap_err().to_string();
    assert!(refused.contains("everybody can write"), "{refused}");
    assert!(!open.join("postgres").exists());

    // A temporary folder that somebody else can rename: another one is taken.
    let child = Running::start("serve", &[("TMPDIR", theirs.to_str().unwrap())]);
    assert_eq!(child.line("ready"), "yes");
    assert_eq!(std::fs::read_dir(&theirs).unwrap().count(), 0);
    child.leaves_nothing();
}

#[tokio::test]
async fn links_in_the_data_are_removed_and_not_what_they_point_at() {
    let Some(_) = account() else { return };
    let victim = Victim::new();
    let child = Running::start("serve", &[]);
    let data = data_of(child.folder.path());
    for name in ["out", "pg_log"] {
        symlink(victim.folder.path(), data.join(name)).unwrap();
    }
    child.leaves_nothing();
    victim.is_untouched();
}

/// The data folder of the one stack below a temporary folder.
fn data_of(place: &Path) -> PathBuf {
    let scratch = std::fs::read_dir(place).unwrap().flatten().next().unwrap();
    let data = scratch.path().join("pg").join("data");
    assert!(data.is_dir());
    // Only what is given away can be written by the account.
    let found = scratch.path().metadata().unwrap();
    assert_eq!((found.uid(), found.mode() & 0o777), (0, 0o711));
    data
}
