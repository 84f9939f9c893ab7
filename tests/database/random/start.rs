//! Where every walk starts: two people with a cycle that runs, one that has not started, and rows in every table.

use crate::test_database::{ALICE, BOB};
use std::fmt::Write;

/// The id of a row of the start: the kind's digit, the person's, and a number.
fn id(kind: char, person: usize, number: usize) -> String {
    format!("{kind}0000000-0000-4000-800{person}-{number:012}")
}

/// Statements of the owner that erase both and make them anew.
pub(super) fn everything() -> String {
    let mut script = format!("delete from auth.users where id in ('{ALICE}', '{BOB}');");
    for user in [ALICE, BOB] {
        script += &person(user);
    }
    script
}

/// Statements of the owner that make one person, who is not there.
pub(super) fn person(user: &str) -> String {
    let person = 1 + usize::from(user == BOB);
    let name = if person == 1 { "alice" } else { "bob" };
    let mut script = format!(
        "insert into auth.users (id, aud, role, email, created_at, updated_at)
         values ('{user}', 'authenticated', 'authenticated', '{name}@test.example', now(), now());
         insert into public.vision (id, user_id, year) values ('{}', '{user}', 'Calm');",
        id('1', person, 1)
    );
    let (runs, comes) = (id('2', person, 1), id('2', person, 2));
    let _ = write!(
        script,
        "insert into public.cycle (id, user_id, start_date, end_date)
         select '{runs}', '{user}', today - 20, today + 63 from (select (now() at time zone 'UTC')::date) clock (today);
         insert into public.cycle (id, user_id, start_date, end_date) values ('{comes}', '{user}', '2199-01-07', '2199-03-31');"
    );
    for (number, cycle, kind) in [
        (1, &runs, "personal"),
        (2, &runs, "professional"),
        (3, &comes, "personal"),
        // No item uses it.
        (4, &comes, "professional"),
    ] {
        let _ = write!(
            script,
            "insert into public.goal (id, user_id, cycle_id, type, description)
             values ('{}', '{user}', '{cycle}', '{kind}', 'Run');",
            id('3', person, number)
        );
    }
    for number in 1..=4 {
        let _ = write!(
            script,
            "insert into public.task (id, user_id, title) values ('{}', '{user}', 'Run');",
            id('5', person, number)
        );
    }
    // Weeks with their lock and how many items they hold; two of them hold none.
    let weeks = [
        (1, &runs, 3, 6, 2),
        (2, &runs, 5, 4, 2),
        (3, &runs, 6, 6, 0),
        (4, &runs, 7, 6, 2),
        (5, &runs, 8, 0, 1),
        (6, &runs, 12, 6, 0),
        (7, &comes, 3, 6, 1),
        (8, &comes, 7, 6, 1),
    ];
    for (number, cycle, week, lock, items) in weeks {
        let plan = id('4', person, number);
        let _ = write!(
            script,
            "insert into public.weekly_plan (id, user_id, cycle_id, week_no, locked_after_week)
             values ('{plan}', '{user}', '{cycle}', {week}, {lock});"
        );
        for item in 1..=items {
            let _ = write!(
                script,
                "insert into public.plan_item (id, plan_id, goal_id, task_id, unit, qty)
                 values ('{}', '{plan}', '{}', '{}', 'km', {item});",
                id('6', person, 10 * number + item),
                id('3', person, if number > 6 { 3 } else { item }),
                id('5', person, item)
            );
        }
    }
    let talk = id('7', person, 1);
    let _ = write!(
        script,
        "insert into public.chat_session (id, user_id, cycle_id) values ('{talk}', '{user}', '{runs}');
         insert into public.chat_message (id, session_id, role, content)
         values ('{}', '{talk}', 'user', 'Hello.'), ('{}', '{talk}', 'ai', 'Good day.');",
        id('8', person, 1),
        id('8', person, 2)
    );
    script
}
