//! Links in the way of a folder, planted before and exchanged after it was opened.
#![allow(clippy::unwrap_used)]

use super::*;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

/// A folder of attack, and a folder beside it with a file that must stay as it is.
fn ground() -> (tempfile::TempDir, Folder, PathBuf) {
    let place = tempfile::tempdir().unwrap();
    let victim = place.path().join("victim");
    std::fs::create_dir(&victim).unwrap();
    std::fs::write(victim.join("file"), "as it was").unwrap();
    let folder = Folder::create(&place.path().join("folder")).unwrap();
    (place, folder, victim)
}

fn is_untouched(victim: &Path) {
    let file = victim.join("file");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "as it was");
    assert_eq!(file.metadata().unwrap().mode() & 0o777, 0o644);
    assert_eq!(std::fs::read_dir(victim).unwrap().count(), 1);
    assert_eq!(victim.metadata().unwrap().mode() & 0o777, 0o755);
}

#[test]
fn planted_links_are_not_followed() {
    let (_place, folder, victim) = ground();
    std::fs::set_permissions(victim.join("file"), PermissionsExt::from_mode(0o644)).unwrap();
    std::fs::set_permissions(&victim, PermissionsExt::from_mode(0o755)).unwrap();
    let inside = |name: &str| folder.path().join(name);
    symlink(victim.join("file"), inside("soft")).unwrap();
    symlink(victim.join("new"), inside("dangling")).unwrap();
    symlink(&victim, inside("folder")).unwrap();
    std::fs::hard_link(victim.join("file"), inside("hard")).unwrap();
    for name in ["soft", "dangling", "folder", "hard"] {
        assert!(folder.new_file(name, 0o666).is_err(), "{name}");
        assert!(folder.file(name).is_err(), "{name}");
        assert!(folder.read(name).is_err(), "{name}");
        assert!(folder.new_folder(name, 0o777).is_err(), "{name}");
        assert!(folder.within(name).is_err(), "{name}");
        assert!(folder.has(name), "{name}");
    }
    is_untouched(&victim);
    folder.replace("soft", b"new").unwrap();
    folder.replace("hard", b"new").unwrap();
    folder.replace("dangling", b"new").unwrap();
    assert_eq!(folder.read("soft").unwrap(), b"new");
    is_untouched(&victim);
    folder.remove_all("folder").unwrap();
    is_untouched(&victim);
}

#[test]
fn what_is_removed_is_what_is_in_it() {
    let (_place, folder, victim) = ground();
    std::fs::set_permissions(victim.join("file"), PermissionsExt::from_mode(0o644)).unwrap();
    std::fs::set_permissions(&victim, PermissionsExt::from_mode(0o755)).unwrap();
    let data = folder.new_folder("data", 0o700).unwrap();
    let deep = data.new_folder("deep", 0o700).unwrap();
    symlink(&victim, deep.path().join("out")).unwrap();
    std::fs::write(deep.path().join("x"), "x").unwrap();
    folder.remove_all("data").unwrap();
    assert!(!folder.has("data"));
    is_untouched(&victim);
}

#[test]
fn a_folder_that_was_exchanged_is_still_the_one_that_was_opened() {
    let (place, folder, victim) = ground();
    std::fs::set_permissions(victim.join("file"), PermissionsExt::from_mode(0o644)).unwrap();
    std::fs::set_permissions(&victim, PermissionsExt::from_mode(0o755)).unwrap();
    std::fs::rename(folder.path(), place.path().join("moved")).unwrap();
    symlink(&victim, folder.path()).unwrap();
    folder.new_file("log", 0o600).unwrap();
    folder.replace("file", b"new").unwrap();
    folder.new_folder("data", 0o700).unwrap();
    folder.remove_all("file").unwrap();
    is_untouched(&victim);
    assert!(place.path().join("moved/log").exists());
}

#[test]
fn a_pipe_in_the_place_of_a_file_holds_nobody_up() {
    let (_place, folder, _victim) = ground();
    let made = std::process::Command::new("mkfifo")
        .arg(folder.path().join("pipe"))
        .status();
    if !made.is_ok_and(|status| status.success()) {
        return;
    }
    assert!(folder.read("pipe").is_err() && folder.file("pipe").is_err());
}

#[test]
fn a_copy_has_the_same_files_and_links() {
    let (place, folder, victim) = ground();
    let from = place.path().join("from");
    std::fs::create_dir_all(from.join("bin")).unwrap();
    std::fs::write(from.join("bin/tool"), "tool").unwrap();
    std::fs::set_permissions(from.join("bin/tool"), PermissionsExt::from_mode(0o700)).unwrap();
    symlink("tool", from.join("bin/other")).unwrap();
    symlink(&victim, from.join("out")).unwrap();
    folder.copy_in(&from).unwrap();
    let copied = |name: &str| folder.path().join(name);
    assert_eq!(
        std::fs::read_to_string(copied("bin/other")).unwrap(),
        "tool"
    );
    assert_eq!(copied("bin/tool").metadata().unwrap().mode() & 0o777, 0o755);
    assert_eq!(std::fs::read_link(copied("out")).unwrap(), victim);
}
