//! The first run: no profile exists, and the deck helps to make one.

use crate::screen::start;
use crate::stack::project;

#[test]
fn the_guide_checks_what_is_typed_and_opens_the_project() {
    let info = project("pty_guide");
    let mut screen = start((110, 36), &[], &[]);
    screen.wait_for("Welcome to supadeck");
    screen.send("http://127.0.0.1:9");
    screen.wait_for("could not be reached");
    assert!(
        !screen.text().contains("good: it answers"),
        "{}",
        screen.text()
    );
    screen.send("\u{15}");
    screen.send(&info.url);
    screen.wait_for("good: it answers");
    screen.send("\t");
    screen.send("sb_publishable_wrong");
    screen.wait_for("•••");
    screen.wait_gone("checking");
    assert!(
        !screen.text().contains("sb_publishable_wrong"),
        "the key is drawn"
    );
    screen.send("\u{15}");
    screen.send(&info.secret_key);
    screen.wait_for("This is a secret key");
    screen.send("\u{15}");
    screen.send(&info.publishable_key);
    screen.wait_for("good: it is accepted");
    screen.send("\t");
    screen.send(&info.db_url);
    // The database is asked once the whole URL stands there.
    screen.send("\r");
    screen.wait_for("good: PostgreSQL");
    screen.send("\r");
    screen.wait_for("anon RLS on");
    screen.wait_for("4 applied");
    screen.sign_in("carol@example.com");
    screen.send("q");
    assert_eq!(screen.wait_exit(), 0);
}

#[test]
fn leaving_the_guide_leaves_nothing() {
    let mut screen = start((80, 24), &[], &[]);
    screen.wait_for("Welcome to supadeck");
    screen.send("\u{1b}");
    assert_eq!(screen.wait_exit(), 0);
}

#[test]
fn what_is_pasted_instead_is_named_and_not_drawn() {
    let info = project("pty_guide_pasted");
    let mut screen = start((110, 36), &[], &[]);
    screen.wait_for("Welcome to supadeck");
    screen.send("https://supabase.com/dashboard/project/abcdefghijklmnopqrst");
    screen.wait_for("https://abcdefghijklmnopqrst.supabase.co.");
    screen.send("\u{15}");
    screen.send(&info.url);
    screen.wait_for("good: it answers");
    screen.send("\t");
    screen.send("sbp_0123456789abcdef");
    screen.wait_for("It is an access token");
    screen.send("\u{15}");
    screen.send("<anon key>");
    screen.wait_for("It is a placeholder");
    screen.send("\u{15}");
    // Quotes are left out.
    screen.send(&format!("\"{}\"", info.publishable_key));
    screen.wait_for("good: it is accepted");
    screen.send("\t");
    screen.send("postgresql://postgres:QXZ@KJQ@127.0.0.1:1/d\r");
    screen.wait_for("%40");
    let text = screen.text();
    assert!(!text.contains("QXZ") && !text.contains("KJQ"), "{text}");
    screen.send("\u{1b}");
    assert_eq!(screen.wait_exit(), 0);
}
