//! The terminal is given back on every way out, stops and continues, and takes any size.

use crate::screen::start;

const SIZE: (u16, u16) = (100, 30);

fn nowhere() -> Vec<(&'static str, &'static str)> {
    // A port on which nothing listens: every read fails, and the deck stands all the same.
    vec![
        ("SUPABASE_URL", "http://127.0.0.1:9"),
        (
            "SUPABASE_PUBLISHABLE_KEY",
            "sb_publishable_0123456789abcdef",
        ),
    ]
}

#[test]
fn an_unreachable_project_is_said_and_the_deck_goes_on() {
    let mut screen = start(SIZE, &[], &nowhere());
    screen.wait_for("anon RLS on");
    screen.send("4");
    screen.wait_for("Network:");
    screen.send("?");
    screen.wait_for("Everywhere");
    screen.send("\u{1b}");
    screen.wait_gone("Everywhere");
    screen.send("q");
    assert_eq!(screen.wait_exit(), 0);
}

#[test]
fn every_way_out_gives_the_terminal_back() {
    for way in ["key", "TERM", "HUP", "INT"] {
        let mut screen = start(SIZE, &[], &nowhere());
        screen.wait_for("anon RLS on");
        assert!(screen.is_alternate() && screen.hides_cursor() && screen.uses_mouse());
        match way {
            "key" => screen.send("q"),
            signal => screen.signal(signal),
        }
        screen.wait_exit();
        screen.wait(&format!("the terminal after {way}"), |screen| {
            !screen.is_alternate() && !screen.hides_cursor() && !screen.uses_mouse()
        });
    }
}

#[cfg(debug_assertions)]
#[test]
fn a_panic_gives_the_terminal_back_and_names_the_log() {
    let mut variables = nowhere();
    variables.push(("SUPADECK_TEST_PANIC", "1"));
    let mut screen = start(SIZE, &[], &variables);
    screen.wait_for("anon RLS on");
    screen.send("\u{1b}[24~");
    assert_eq!(screen.wait_exit(), 70);
    screen.wait("the terminal after a panic", |screen| {
        !screen.is_alternate() && !screen.hides_cursor() && !screen.uses_mouse()
    });
    screen.wait_for("supadeck.log");
    assert!(
        !screen.text().contains("a test asked for it"),
        "the panic's own words are shown:\n{}",
        screen.text()
    );
}

#[test]
fn it_stops_and_continues() {
    let mut screen = start(SIZE, &[], &nowhere());
    screen.wait_for("anon RLS on");
    screen.send("\u{1a}");
    let pid = screen.child.process_id().unwrap();
    screen.wait("the process to stop", |_| state(pid) == Some('T'));
    screen.wait("the terminal to be given back", |screen| {
        !screen.is_alternate()
    });
    screen.signal("CONT");
    screen.wait("the deck to come back", crate::screen::Screen::is_alternate);
    screen.wait_for("anon RLS on");
    screen.send("q");
    screen.wait_exit();
}

/// The state letter of a process, as the kernel tells it.
fn state(pid: u32) -> Option<char> {
    let output = std::process::Command::new("ps")
        .args(["-o", "state=", "-p", &pid.to_string()])
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout)
        .trim()
        .chars()
        .next()
}

#[test]
fn any_size_is_drawn() {
    let mut screen = start(SIZE, &[], &nowhere());
    screen.wait_for("anon RLS on");
    for size in [(20, 5), (300, 100), (1, 1), (80, 24)] {
        screen.resize(size);
    }
    screen.wait_for("ctrl-p commands");
    screen.send("q");
    assert_eq!(screen.wait_exit(), 0);
}

#[test]
fn an_ascii_terminal_gets_ascii() {
    let mut variables = nowhere();
    variables.push(("LANG", "C"));
    variables.push(("NO_COLOR", "1"));
    let mut screen = start(SIZE, &[], &variables);
    screen.wait_for("anon RLS on");
    assert!(screen.text().is_ascii(), "{}", screen.text());
    screen.send("q");
    screen.wait_exit();
}

#[test]
fn without_a_terminal_it_says_so_and_leaves() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_supadeck"))
        .env("SUPABASE_URL", "http://127.0.0.1:9")
        .env("SUPADECK_KEYRING", "off")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("terminal"), "{text}");
    assert!(!text.contains('\u{1b}'), "{text:?}");
}
