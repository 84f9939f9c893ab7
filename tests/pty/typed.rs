//! What is typed and pasted, as a terminal sends it, and what the terminal then shows.

use crate::screen::{start, start_in};
use crate::stack::{all_applied, migrations, project, query, short, variables};

fn nowhere() -> Vec<(&'static str, &'static str)> {
    vec![
        ("SUPABASE_URL", "http://127.0.0.1:9"),
        (
            "SUPABASE_PUBLISHABLE_KEY",
            "sb_publishable_0123456789abcdef",
        ),
    ]
}

#[test]
fn a_burst_confirms_nothing() {
    let info = project("pty_burst");
    let mut screen = start((120, 40), &[], &variables(&info));
    screen.wait_for(&all_applied());
    screen.send("2G");
    let names = migrations();
    let newest = names.last().unwrap();
    screen.wait_for(&format!("{}: migration", short(newest)));
    screen.send("u");
    screen.read_on("To confirm, type “rollback 1”");
    // As a terminal without marks for a pasted text sends it.
    screen.send("rollback 1\r");
    screen.wait_for("Nothing has run: press enter by itself.");
    // The same marked: nothing of it is typed.
    screen.send("\u{15}\u{1b}[200~rollback 1\r\u{1b}[201~");
    screen.wait_gone("”:  rollback 1");
    assert_eq!(
        query(
            &info,
            "select count(*) from supabase_migrations.schema_migrations"
        ),
        [names.len().to_string()]
    );
    screen.confirm("rollback 1");
    screen.wait_for(&format!("Roll back {}: done", newest.replacen('_', " ", 1)));
}

#[test]
fn a_megabyte_is_refused_with_a_word_and_the_deck_goes_on() {
    let text = "x".repeat(1 << 20);
    for marks in [("\u{1b}[200~", "\u{1b}[201~"), ("", "")] {
        let mut screen = start((120, 40), &[], &nowhere());
        screen.wait_for("anon RLS on");
        screen.send("i");
        screen.wait_for("╭ Identity");
        screen.send("\r");
        screen.wait_for("e-mail");
        screen.send(&format!("{}{text}{}", marks.0, marks.1));
        screen.wait_for("a field takes 16 KiB at most");
        screen.send("me@example.com");
        screen.wait_for("me@example.com");
        screen.send("\u{1b}");
        screen.wait_gone("me@example.com");
        screen.send("\u{1b}");
        screen.wait_gone("╭ Identity");
        // The line of a filter says it too.
        screen.send("2/");
        screen.wait_for("enter keeps it");
        screen.send(&format!("{}{text}{}", marks.0, marks.1));
        screen.wait_for("a field takes 16 KiB at most");
        screen.send("\u{1b}");
        screen.wait_gone("a field takes");
        screen.send("q");
        assert_eq!(screen.wait_exit(), 0);
    }
}

#[test]
fn a_password_behind_an_address_is_never_shown() {
    for paste in [
        "\u{1b}[200~me@example.com\tsw0rdfish\u{1b}[201~",
        "\u{1b}[200~me@example.com\nsw0rdfish\n\u{1b}[201~",
        "me@example.com\tsw0rdfish",
    ] {
        let mut screen = start((120, 40), &[], &nowhere());
        screen.wait_for("anon RLS on");
        screen.send("i");
        screen.wait_for("╭ Identity");
        screen.send("\r");
        screen.wait_for("e-mail");
        screen.take_written();
        screen.send(paste);
        screen.wait_for("me@example.com");
        screen.send("\u{c}");
        screen.wait_for("me@example.com");
        let written = screen.take_written();
        assert!(
            !written.contains("sw0rd") && !screen.text().contains("sw0rd"),
            "{written:?}"
        );
    }
}

#[test]
fn backspace_takes_what_looks_like_one_character() {
    let mut screen = start((120, 40), &[], &nowhere());
    screen.wait_for("anon RLS on");
    screen.send("i");
    screen.wait_for("╭ Identity");
    screen.send("\r");
    screen.wait_for("e-mail");
    for one in ["e\u{301}", "👩\u{200d}👩\u{200d}👧", "🇩🇪", "👍🏽"] {
        screen.send(&format!("<{one}"));
        screen.wait_for("<");
        screen.send("\u{7f}>");
        screen.wait_for("<>");
        screen.send("\u{15}");
        screen.wait_gone("<>");
    }
}

#[test]
fn ctrl_l_draws_everything_again_also_in_dialogs() {
    let mut screen = start((120, 40), &[], &nowhere());
    screen.wait_for("anon RLS on");
    for (key, title) in [
        ("", "anon RLS on"),
        ("?", "Everywhere"),
        ("i", "╭ Identity"),
    ] {
        screen.send(key);
        screen.wait_for(title);
        // Somebody else writes to the terminal.
        screen.scribble("\u{1b}[5;5Hghost ghost ghost");
        assert!(screen.text().contains("ghost ghost ghost"));
        screen.send("\u{c}");
        screen.wait_gone("ghost");
        screen.wait_for(title);
        if !key.is_empty() {
            screen.send("\u{1b}");
            screen.wait_gone(title);
        }
    }
}

#[test]
fn faults_of_the_keymap_stay_until_closed_and_the_deck_can_be_left() {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join(".config/supadeck");
    std::fs::create_dir_all(&config).unwrap();
    let text =
        "\"app.quit\" = [\"ctrl+q\"]\n\"dialog.confirm\" = [\"return\"]\n\"app.help\" = [\"Z\"]\n";
    std::fs::write(config.join("keymap.toml"), text).unwrap();
    let info = project("pty_keymap");
    let mut screen = start_in(home, (120, 40), &[], &variables(&info));
    // The project is read meanwhile, and takes nothing away.
    screen.wait_for("anon RLS on");
    screen.wait_for("Keys: 2 faults");
    screen.wait_for("line 1: `ctrl+q` is not a key; did you mean `ctrl-q`?");
    screen.wait_for("line 2: `return` is not a key; did you mean `enter`?");
    screen.send("\r");
    screen.wait_gone("faults");
    screen.wait_for(&all_applied());
    screen.send("Z");
    screen.wait_for("Everywhere");
    screen.send("\u{1b}");
    screen.wait_gone("Everywhere");
    screen.send("q");
    assert_eq!(screen.wait_exit(), 0);
}
