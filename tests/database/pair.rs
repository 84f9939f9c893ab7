//! One row of Alice's and one of Bob's in every table, with ids that spell table and person. The week of their plans
//! is open, so that only the policies decide.

use crate::test_database::{ALICE, BOB, TestDatabase};
use serde_json::{Value, json};

/// Whose row it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Person {
    /// Alice.
    Alice,
    /// Bob.
    Bob,
}

impl Person {
    /// The account.
    pub fn user(self) -> &'static str {
        match self {
            Self::Alice => ALICE,
            Self::Bob => BOB,
        }
    }

    /// The person's row in a table; `audit_log` has none of a known id.
    pub fn row(self, table: &str) -> String {
        let digit = match table {
            "vision" => '1',
            "cycle" => '2',
            "goal" => '3',
            "weekly_plan" => '4',
            "task" => '5',
            "plan_item" => '6',
            "chat_session" => '7',
            "chat_message" => '8',
            other => panic!("no row of {other} has a known id"),
        };
        let last = &self.user()[35..];
        format!("{digit}0000000-0000-4000-8000-00000000000{last}")
    }
}

/// Makes the rows; what Alice and Bob had is gone.
pub async fn make(test_db: &TestDatabase) {
    let mut statements = vec![format!(
        "delete from public.cycle where user_id in ('{ALICE}', '{BOB}');
         delete from public.task where user_id in ('{ALICE}', '{BOB}');
         delete from public.vision where user_id in ('{ALICE}', '{BOB}');
         delete from public.chat_session where user_id in ('{ALICE}', '{BOB}');"
    )];
    for person in [Person::Alice, Person::Bob] {
        let user = person.user();
        let [vision, cycle, goal, plan, task, item, session, message] =
            crate::image::TABLES.map(|table| person.row(table));
        statements.push(format!(
            "insert into public.vision (id, user_id) values ('{vision}', '{user}');
             insert into public.cycle (id, user_id, start_date, end_date) values ('{cycle}', '{user}', '2199-01-07', '2199-03-31');
             insert into public.goal (id, user_id, cycle_id, type, description) values ('{goal}', '{user}', '{cycle}', 'personal', 'Run');
             insert into public.weekly_plan (id, user_id, cycle_id, week_no) values ('{plan}', '{user}', '{cycle}', 3);
             insert into public.task (id, user_id, title) values ('{task}', '{user}', 'Run');
             insert into public.plan_item (id, plan_id, goal_id, task_id) values ('{item}', '{plan}', '{goal}', '{task}');
             insert into public.chat_session (id, user_id, cycle_id) values ('{session}', '{user}', '{cycle}');
             insert into public.chat_message (id, session_id, role, content) values ('{message}', '{session}', 'user', 'Hello.');"
        ));
    }
    test_db
        .owner
        .batch_execute(&statements.concat())
        .await
        .unwrap();
}

/// A row that the person could add to a table; a vision only after the first is gone.
pub fn new_row(table: &str, person: Person) -> Value {
    let user = person.user();
    match table {
        "vision" => json!({ "user_id": user }),
        "cycle" => {
            json!({ "user_id": user, "start_date": "2199-04-01", "end_date": "2199-06-23" })
        }
        "goal" => {
            json!({ "user_id": user, "cycle_id": person.row("cycle"), "type": "professional", "description": "Ship" })
        }
        "weekly_plan" => json!({ "user_id": user, "cycle_id": person.row("cycle"), "week_no": 4 }),
        "task" => json!({ "user_id": user, "title": "Ship" }),
        "plan_item" => {
            json!({ "plan_id": person.row("weekly_plan"), "goal_id": person.row("goal"), "task_id": person.row("task") })
        }
        "chat_session" => json!({ "user_id": user, "cycle_id": person.row("cycle") }),
        "chat_message" => {
            json!({ "session_id": person.row("chat_session"), "role": "user", "content": "More." })
        }
        "audit_log" => json!({ "action": "forged.insert", "subject_user_id": user }),
        other => panic!("nobody adds to {other}"),
    }
}

/// A change that no constraint minds.
pub fn change(table: &str) -> Value {
    match table {
        "vision" => json!({ "year": "Calmer." }),
        "cycle" => json!({ "current_week": 2 }),
        "goal" => json!({ "description": "Run far" }),
        "weekly_plan" => json!({ "mode": "priority_queue" }),
        "task" => json!({ "title": "Jog" }),
        "plan_item" => json!({ "notes": "Slowly." }),
        "chat_session" => json!({ "summary_md": "Short." }),
        "chat_message" => json!({ "content": "Bye." }),
        "audit_log" => json!({ "rationale": "Forged." }),
        other => panic!("nobody changes {other}"),
    }
}

/// A row that is there, with the change.
pub fn same_row(table: &str, id: &str, person: Person) -> Value {
    let mut row = new_row(table, person);
    row["id"] = json!(id);
    for (column, value) in change(table).as_object().into_iter().flatten() {
        row[column] = value.clone();
    }
    if table == "weekly_plan" {
        // A plan stays in its week.
        row["week_no"] = json!(3);
    }
    row
}
