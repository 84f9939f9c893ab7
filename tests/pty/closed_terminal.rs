//! The terminal is closed, told to end or fails while something runs: it is cancelled at the server and written into the
//! journal before the program ends, and nothing panics.

use crate::screen::{Screen, start};
use crate::stack::{all_applied, project, query, variables};
use std::path::Path;
use std::time::{Duration, Instant};
use supadeck_stack::Info;

/// From the closed terminal to the end of the process, with room for a machine that is busy with other tests. On an idle
/// one it takes a quarter of a second.
const GONE: Duration = Duration::from_secs(10);

const SLOW: &str = "create table slow_made (id int);\nselect pg_sleep(600);\n";

/// A directory with the project's files and a migration and a seed that take for ever.
fn slow_files() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["migrations", "migrations/rollback", "seeds"] {
        std::fs::create_dir_all(dir.path().join(folder)).unwrap();
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let from = entry.unwrap().path();
            if from.is_file() {
                let to = dir.path().join(folder).join(from.file_name().unwrap());
                std::fs::copy(from, to).unwrap();
            }
        }
    }
    std::fs::write(dir.path().join("migrations/29990101000000_slow.sql"), SLOW).unwrap();
    std::fs::write(dir.path().join("seeds/999_slow.sql"), SLOW).unwrap();
    dir
}

fn is_sleeping(info: &Info) -> bool {
    let running = "select 1 from pg_stat_activity where state = 'active' and query ~ 'pg_sleep' and pid <> pg_backend_pid() and datname = current_database()";
    !query(info, running).is_empty()
}

/// A deck on the slow project that has begun something.
fn begun(info: &Info, dir: &tempfile::TempDir, what: &str, more: &[(&str, &str)]) -> Screen {
    let known = [&variables(info)[..], more].concat();
    let mut screen = start((120, 40), &["--dir", dir.path().to_str().unwrap()], &known);
    screen.wait_for("anon RLS on");
    screen.wait_for(&all_applied());
    match what {
        "idle" => return screen,
        "seed" => {
            screen.send("3");
            screen.wait_for("999_slow");
            screen.send("a");
        }
        _ => {
            screen.send("2G");
            screen.wait_for("slow: migration");
            screen.send(if what == "dry_run" { "p" } else { "a" });
        }
    }
    match what {
        "dry_run" => {}
        "seed" => {
            screen.read_on("To confirm, type “seed”");
            screen.confirm("seed");
        }
        _ => {
            screen.read_on("To confirm, type “apply”");
            screen.confirm("apply");
        }
    }
    screen.wait("the statement at the server", |_| is_sleeping(info));
    screen
}

/// Nothing of it runs, remains or is untold.
fn assert_finished(info: &Info, what: &str, screen: &Screen) {
    assert!(!is_sleeping(info), "{what}: the statement still runs");
    let made = query(info, "select to_regclass('public.slow_made') is not null");
    assert_eq!(made, ["f"], "{what}");
    if what == "apply" {
        let line = query(
            info,
            "select outcome from supabase_migrations.supadeck_journal where version = '29990101000000'",
        );
        assert_eq!(line, ["cancelled"], "{what}");
    }
    let log = screen
        .home
        .path()
        .join(".local/state/supadeck/supadeck.log");
    let log = std::fs::read_to_string(log).unwrap_or_default();
    assert!(!log.contains("panicked"), "{what}: {log}");
}

#[test]
fn a_closed_terminal_ends_what_runs_and_then_the_program() {
    let dir = slow_files();
    for what in ["idle", "apply", "dry_run", "seed"] {
        let info = project(&format!("pty_closed_{what}"));
        let mut screen = begun(&info, &dir, what, &[]);
        let closed = Instant::now();
        screen.close();
        screen.wait_exit();
        assert!(closed.elapsed() < GONE, "{what}: {:?}", closed.elapsed());
        assert_finished(&info, what, &screen);
    }
}

#[test]
fn told_to_end_it_finishes_the_write_before_it_gives_the_terminal_back() {
    let dir = slow_files();
    for signal in ["TERM", "HUP", "INT"] {
        let info = project(&format!("pty_told_{}", signal.to_lowercase()));
        let mut screen = begun(&info, &dir, "apply", &[]);
        screen.take_written();
        screen.signal(signal);
        // The write has ended by the time that the terminal is given back.
        screen.wait("the terminal to be given back", |screen| {
            !screen.is_alternate()
        });
        assert_finished(&info, "apply", &screen);
        assert_eq!(screen.wait_exit(), 130, "{signal}");
        screen.wait_for("ancelled");
    }
}

#[test]
fn a_terminal_that_takes_nothing_any_more_does_not_hold_the_cancelling() {
    let dir = slow_files();
    let info = project("pty_held");
    let mut screen = begun(&info, &dir, "apply", &[]);
    screen.hold();
    // Each frame anew: more than the terminal holds.
    for _ in 0..200 {
        screen.send("\u{c}");
    }
    screen.signal("TERM");
    screen.wait("the end of the statement", |_| !is_sleeping(&info));
    screen.wait("the line of the journal", |_| {
        let outcome = "select 1 from supabase_migrations.supadeck_journal where version = '29990101000000' and outcome = 'cancelled'";
        !query(&info, outcome).is_empty()
    });
    screen.wait_exit();
    assert_finished(&info, "apply", &screen);
}

#[cfg(debug_assertions)]
#[test]
fn a_panic_of_a_draw_finishes_the_write_gives_the_terminal_back_and_says_how_it_ended() {
    let dir = slow_files();
    let info = project("pty_draw_panics");
    let mut screen = begun(&info, &dir, "apply", &[("SUPADECK_TEST_PANIC", "1")]);
    screen.send("\u{1b}[24~");
    assert_eq!(screen.wait_exit(), 70);
    screen.wait("the terminal after a panic", |screen| {
        !screen.is_alternate() && !screen.hides_cursor() && !screen.uses_mouse()
    });
    screen.wait_for("what ran was finished first");
    screen.wait_for("cancelled");
    screen.wait_for("supadeck.log");
    assert!(!is_sleeping(&info));
    let made = query(&info, "select to_regclass('public.slow_made') is not null");
    assert_eq!(made, ["f"]);
}
