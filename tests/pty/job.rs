//! The main job, from the keyboard: sign in, see one's own rows, move the schema back and forth, read a difference.

use crate::screen::{Screen, start};
use crate::stack::{all_applied, migrations, project, query, short, variables};

const SIZE: (u16, u16) = (120, 40);

fn opened(name: &str) -> (Screen, supadeck_stack::Info) {
    let info = project(name);
    let screen = start(SIZE, &[], &variables(&info));
    screen.wait_for("anon RLS on");
    (screen, info)
}

#[test]
fn two_users_see_different_rows() {
    let (mut screen, _) = opened("pty_users");
    screen.send("5");
    screen.wait_for("anon may not read");
    screen.sign_in("alice@example.com");
    screen.send("5");
    screen.wait_for("Goals (4)");
    let alice = screen.text();
    screen.sign_in("bob@example.com");
    screen.send("5");
    screen.wait_for("Goals (2)");
    let bob = screen.text();
    let goals = |text: &str| -> Vec<String> {
        let lines = text
            .lines()
            .filter(|line| line.contains("personal") || line.contains("professional"));
        lines.map(|line| line.chars().take(50).collect()).collect()
    };
    assert!(
        !goals(&alice).is_empty() && !goals(&bob).is_empty(),
        "{alice}\n{bob}"
    );
    assert!(
        goals(&alice).iter().all(|goal| !goals(&bob).contains(goal)),
        "{alice}\n{bob}"
    );
}

#[test]
fn the_schema_goes_back_and_forth_from_the_keyboard() {
    let (mut screen, info) = opened("pty_schema");
    screen.send("2");
    let names = migrations();
    let newest = || format!("{}: migration", short(names.last().unwrap()));
    screen.wait_for(&format!("Migrations ({})", names.len()));
    screen.wait_for(&newest());
    // Back to what stands before the audit trail.
    let back = names.len() - 3;
    for above in names[2..names.len() - 1].iter().rev() {
        screen.send("k");
        screen.wait_for(&format!("{}: migration", short(above)));
    }
    screen.send("u");
    // The word is asked for when all of it was seen.
    screen.wait_for("see the rest");
    let shown = screen.read_on(&format!("To confirm, type “rollback {back}”"));
    assert!(
        shown.contains("drop function private.audit_row();"),
        "{shown}"
    );
    // The key that asked, and enter, do nothing.
    screen.send("u\r");
    screen.wait_for("Nothing has run.");
    screen.confirm(&format!("rollback {back}"));
    screen.wait_for(&format!("Roll back {back} migrations: done"));
    screen.wait_for("3 migrations applied, the newest is 20251004125000");
    assert_eq!(history(&info), 3);
    close_result(&mut screen);
    screen.wait_for("pending");
    screen.send("G");
    screen.wait_for(&newest());
    screen.send("a");
    screen.wait_for("see the rest");
    screen.read_on("To confirm, type “apply”");
    screen.confirm("apply");
    screen.wait_for(&format!("Apply {back} migrations: done"));
    screen.wait_for(&format!("{} migrations applied", names.len()));
    assert_eq!(history(&info), names.len());
    close_result(&mut screen);
    screen.send("q");
    assert_eq!(screen.wait_exit(), 0);
}

/// Closes the window with the result. It must be there as a whole before: what is drawn in part has no such words yet, and
/// then escape and the next key, in one read, would be one key with Alt.
fn close_result(screen: &mut Screen) {
    screen.wait_for("shows it again");
    screen.send("\u{1b}");
    screen.wait_gone("shows it again");
}

fn history(info: &supadeck_stack::Info) -> usize {
    query(
        info,
        "select version from supabase_migrations.schema_migrations",
    )
    .len()
}

#[test]
fn an_audit_record_shows_its_difference() {
    let (mut screen, _) = opened("pty_audit");
    screen.sign_in("alice@example.com");
    screen.send("7");
    screen.wait_for("plan_item.update, changes only");
    screen.wait_for("qty");
    screen.wait_for("→");
    screen.send("v");
    screen.wait_for("side by side");
    screen.wait_for("│");
    screen.send("/action:weekly_plan.unlock\r");
    screen.wait_for("weekly_plan.unlock, side by side");
    screen.wait_for("of 1, /action:weekly_plan.unlock");
}

#[test]
fn a_locked_week_says_why() {
    let (mut screen, _) = opened("pty_locks");
    screen.sign_in("alice@example.com");
    screen.send("6");
    screen.wait_for("Week 8");
    screen.wait_for("Locked: this plan locks after week 6.");
    screen.send("l");
    screen.wait_for("Unlocked for now: Emergency unlock until");
    screen.send("hhhhhhh");
    screen.wait_for("Open: this plan locks after week 6.");
}

#[test]
fn an_auditor_reads_everybody_and_the_service_role_unlocks() {
    let (mut screen, _) = opened("pty_service");
    screen.sign_in("auditor@example.com");
    screen.send("6");
    screen.wait_for("Locks (4)");
    screen.send("i");
    screen.wait_for("╭ Identity");
    screen.send("service\r");
    screen.wait_for("To confirm, type “service”");
    screen.confirm("service");
    screen.wait_for("service role RLS OFF");
    screen.send("6");
    screen.wait_for("Locks (4)");
    // To a locked week of the first cycle, whatever the current one is.
    screen.send("gllllllllllll");
    screen.wait_for("Week 12");
    screen.wait_for("for an emergency unlock");
    screen.send("u");
    screen.wait_for("Emergency unlock of week 12");
    screen.send("Sprained ankle\r");
    screen.wait_for("To confirm, type “unlock”");
    screen.confirm("unlock");
    screen.wait_for("Unlocked for now:");
}

#[cfg(feature = "demo")]
#[test]
fn the_demo_is_ready_by_itself() {
    let mut screen = start(SIZE, &["demo", "--port", "0"], &[]);
    screen.wait_for("anon RLS on");
    screen.wait_for(&all_applied());
    screen.wait_for("alice@example.com");
    screen.send("i");
    screen.wait_for("Sign in as alice@example.com");
    screen.send("1");
    screen.wait_for("alice@example.com (authenticated)");
    screen.send("q");
    screen.wait_for("Quitting deletes the demo's database and files");
    screen.send("q");
    assert_eq!(screen.wait_exit(), 0);
}
