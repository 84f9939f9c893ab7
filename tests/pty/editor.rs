//! The terminal is lent to the user's editor and taken back, whatever the editor does with it.

use crate::screen::{Screen, start};
use crate::stack::{project, variables};
use std::fs;
use std::os::unix::fs::PermissionsExt;

const SIZE: (u16, u16) = (120, 40);
const FILE: &str = "migrations/20990101000000_mine.sql";

/// A project with one pending migration, opened with a script as its editor.
struct Desk {
    screen: Screen,
    folder: tempfile::TempDir,
}

impl Desk {
    fn new(name: &str, script: &str) -> Self {
        Self::reading_as(name, script, "anon")
    }

    fn reading_as(name: &str, script: &str, who: &str) -> Self {
        let info = project(name);
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("migrations/rollback")).unwrap();
        fs::write(folder.path().join(FILE), "create table mine (a int);\n").unwrap();
        let editor = folder.path().join("my editor");
        fs::write(&editor, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&editor, fs::Permissions::from_mode(0o755)).unwrap();
        let command = format!("'{}' --wait", editor.display());
        let own = [("VISUAL", command.as_str()), ("EDITOR", "/bin/false")];
        let known = [&variables(&info)[..], &own].concat();
        let dir = folder.path().to_str().unwrap().to_owned();
        let mut screen = start(SIZE, &["--dir", &dir, "--as", who], &known);
        screen.wait_for("RLS");
        screen.send("2");
        screen.wait_for("mine");
        screen.send("G");
        screen.wait_for("mine: migration");
        screen.wait_for("create table mine (a int);");
        Self { screen, folder }
    }

    fn text(&self) -> String {
        fs::read_to_string(self.folder.path().join(FILE)).unwrap()
    }

    /// The deck is whole again: its modes, its screen, its keys.
    fn is_back(&mut self) {
        let screen = &mut self.screen;
        screen.wait("the deck", |screen| {
            screen.is_alternate() && screen.hides_cursor() && screen.uses_mouse()
        });
        screen.wait_for("Migrations (");
        screen.wait_gone("GARBAGE");
        screen.send("?");
        screen.wait_for("Everywhere");
        screen.send("\u{1b}");
        screen.wait_gone("Everywhere");
    }
}

#[test]
fn the_editor_has_the_terminal_and_its_file_and_the_list_is_read_again() {
    // It wants a line from the terminal, and leaves rubbish on it.
    let script = "printf 'GARBAGE %s\\n' \"$1\"; read line; echo \"-- $line\" >> \"$2\"; printf '\\033[?1000hGARBAGE'";
    let mut desk = Desk::new("pty_editor", script);
    desk.screen.send("e");
    desk.screen.wait_for("GARBAGE --wait");
    assert!(!desk.screen.is_alternate() && !desk.screen.uses_mouse());
    // Keys of the deck are text for the editor: none of them is taken away from it.
    desk.screen.send("qjk a u D\r");
    desk.is_back();
    assert_eq!(desk.text(), "create table mine (a int);\n-- qjk a u D\n");
    desk.screen.wait_for("-- qjk a u D");
    desk.screen.send("q");
    assert_eq!(desk.screen.wait_exit(), 0);
    desk.screen.wait("the terminal", |screen| {
        !screen.is_alternate() && !screen.uses_mouse()
    });
}

#[test]
fn an_editor_that_fails_or_is_killed_is_said_and_the_terminal_is_whole() {
    // Raw mode, the other screen, a part that scrolls and the mouse stay behind.
    let script =
        "stty raw -echo; printf '\\033[?1049h\\033[5;9r\\033[7mGARBAGE'; read line; kill -9 $$";
    let mut desk = Desk::new("pty_killed", script);
    desk.screen.send("e");
    desk.screen.wait_for("GARBAGE");
    // In raw mode a line ends with the other character.
    desk.screen.send("\n");
    desk.screen.wait_for("was ended by signal 9");
    desk.screen.send("\u{1b}");
    desk.screen.wait_gone("signal 9");
    desk.is_back();
    assert_eq!(desk.text(), "create table mine (a int);\n");
    desk.screen.send("q");
    assert_eq!(desk.screen.wait_exit(), 0);
}

#[test]
fn an_interrupt_in_the_editor_is_not_for_the_deck() {
    let script =
        "trap 'echo \"-- held\" >> \"$2\"; exit 3' INT; printf GARBAGE; while :; do sleep 1; done";
    let mut desk = Desk::new("pty_interrupt", script);
    desk.screen.send("e");
    desk.screen.wait_for("GARBAGE");
    desk.screen.send("\u{3}");
    desk.screen.wait_for("ended with code 3");
    desk.screen.send("\u{1b}");
    desk.screen.wait_gone("code 3");
    desk.is_back();
    assert!(desk.text().ends_with("-- held\n"));
    desk.screen.send("q");
    assert_eq!(desk.screen.wait_exit(), 0);
}

#[test]
fn a_new_migration_is_made_edited_and_deleted_from_the_list() {
    let mut desk = Desk::new("pty_files", "echo 'create table other (b int);' > \"$2\"");
    desk.screen.send("n");
    desk.screen.wait_for("New migration");
    desk.screen.send("add other\r");
    desk.screen.wait_for("add_other: migration");
    desk.screen.send("e");
    desk.screen.wait_for("create table other (b int);");
    let folder = desk.folder.path().join("migrations");
    let count = || {
        let both = [folder.clone(), folder.join("rollback")];
        let files = both.iter().flat_map(|folder| fs::read_dir(folder).unwrap());
        files
            .filter(|file| file.as_ref().unwrap().path().is_file())
            .count()
    };
    assert_eq!(count(), 3, "the one that was there, and two");
    desk.screen.send("D");
    desk.screen.wait_for("To confirm, type “delete”");
    desk.screen.confirm("delete");
    desk.screen.wait_for(": done");
    assert_eq!(count(), 1);
    desk.screen.send("\u{1b}");
    desk.screen.wait_gone("add_other");
}

#[test]
fn a_value_is_edited_in_a_file_of_its_own_that_is_gone_afterwards() {
    let script = "ls -ld \"$2\" \"$(dirname \"$2\")\" > \"$0.modes\"; echo \"$2\" > \"$0.path\"; printf GARBAGE; read line; \
        printf 'two\\nlines\\n' > \"$2\"; touch \"$2.swp\"";
    let mut desk = Desk::reading_as("pty_value", script, "service");
    let left = |name: &str| fs::read_to_string(desk.folder.path().join(name)).unwrap();
    let screen = &mut desk.screen;
    screen.send("9");
    screen.wait_for("Tables (");
    screen.send("/goal\r\r");
    screen.wait_for("goal (1 of");
    screen.send("llll\u{5}");
    screen.wait_for("GARBAGE");
    screen.send("\n");
    screen.wait_for("1 change not written");
    let modes = left("my editor.modes");
    let mut modes: Vec<&str> = modes.lines().map(|line| &line[..10]).collect();
    modes.sort_unstable();
    assert_eq!(modes, ["-rw-------", "drwx------"]);
    let file = std::path::PathBuf::from(left("my editor.path").trim_end());
    assert!(file.is_absolute() && !file.exists() && !file.parent().unwrap().exists());
    screen.wait_for("two");
    screen.send("q");
    screen.wait_for("once more quits");
    screen.send("q");
    assert_eq!(screen.wait_exit(), 0);
}
