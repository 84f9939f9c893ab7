//! Row level security and grants: every table, verb and role, on one's own rows and on those of others, against the
//! matrix of section 4.

use crate::cell::{Cells, Expected};
use crate::image;
use crate::pair::{self, Person};
use crate::request::Request;
use crate::test_database::{Caller, TestDatabase, value};
use serde_json::json;

/// Who may do what: s(elect), i(nsert), u(pdate), d(elete).
#[rustfmt::skip]
const MATRIX: [(&str, [&str; 5]); 9] = [
    //                anon  own rows  others' rows  auditor  service role
    ("vision",       ["",   "siud",   "",           "s",     "siud"]),
    ("cycle",        ["",   "siud",   "",           "s",     "siud"]),
    ("goal",         ["",   "siud",   "",           "s",     "siud"]),
    ("weekly_plan",  ["",   "siud",   "",           "s",     "siud"]),
    ("task",         ["",   "siud",   "",           "s",     "siud"]),
    ("plan_item",    ["",   "siud",   "",           "s",     "siud"]),
    ("chat_session", ["",   "siud",   "",           "s",     "siud"]),
    ("chat_message", ["",   "siud",   "",           "s",     "siud"]),
    ("audit_log",    ["",   "s",      "",           "s",     "s"]),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Select,
    Insert,
    Update,
    Delete,
    /// Insert, or update what has the same id.
    Upsert,
}

impl Verb {
    const ALL: [Self; 5] = [
        Self::Select,
        Self::Insert,
        Self::Update,
        Self::Delete,
        Self::Upsert,
    ];

    /// Whether the letters of the matrix allow it.
    fn is_in(self, letters: &str) -> bool {
        match self {
            Self::Select => letters.contains('s'),
            Self::Insert => letters.contains('i'),
            Self::Update => letters.contains('u'),
            Self::Delete => letters.contains('d'),
            Self::Upsert => letters.contains('i') && letters.contains('u'),
        }
    }

    fn request(self, table: &str, row: &str, whose: Person) -> Request {
        let path = format!("{table}?id=eq.{row}");
        match self {
            Self::Select => Request::get(path),
            Self::Insert => Request::insert(table, pair::new_row(table, whose)),
            Self::Update => Request::update(path, pair::change(table)),
            Self::Delete => Request::delete(path),
            Self::Upsert => Request::upsert(table, pair::same_row(table, row, whose)),
        }
    }
}

/// What the matrix says for a cell.
fn expected(rights: [&str; 5], caller: Caller, verb: Verb, whose: Person) -> Expected {
    let [anon, own, others, auditor, service] = rights;
    // What the role may do with some rows at all is its grant; the policies narrow it to rows.
    let (grant, rows) = match (caller, whose) {
        (Caller::Anon, _) => (anon, anon),
        (Caller::Auditor, _) => (auditor, auditor),
        (Caller::Service, _) => (service, service),
        (Caller::Alice, Person::Alice) | (Caller::Bob, Person::Bob) => (own, own),
        (Caller::Alice | Caller::Bob, _) => (own, others),
    };
    let adds = matches!(verb, Verb::Insert | Verb::Upsert);
    if verb.is_in(rows) {
        Expected::Rows(1)
    } else if verb.is_in(grant) && !adds {
        Expected::NOTHING
    } else {
        Expected::DENIED
    }
}

#[tokio::test]
async fn every_role_has_what_the_matrix_says() {
    let test_db = TestDatabase::new("access").await;
    let mut cells = Cells::default();
    for (table, rights) in MATRIX {
        for verb in Verb::ALL {
            make_room(&test_db, table, verb).await;
            let mut before = image::of_everything(&test_db.owner).await;
            for caller in Caller::ALL {
                for whose in [Person::Alice, Person::Bob] {
                    let cell = format!("{caller}: {verb:?} {table}, a row of {whose:?}");
                    let row = row_of(&test_db, table, whose).await;
                    let expected = expected(rights, caller, verb, whose);
                    let request = verb.request(table, &row, whose);
                    let answer = test_db.ask(caller, &request).await;
                    cells.answer(&cell, &expected, &answer);
                    if expected.is_refusal() {
                        let answer = test_db.ask(caller, &request.silent()).await;
                        cells.answer(&format!("{cell}, silently"), &expected, &answer);
                    }

                    let after = image::of_everything(&test_db.owner).await;
                    let must_change = expected.may_change() && verb != Verb::Select;
                    cells.check((before != after) == must_change, || {
                        let changed = image::difference(&before, &after);
                        format!("{cell}: expected a change: {must_change}\n{changed}")
                    });
                    if before != after {
                        make_room(&test_db, table, verb).await;
                        before = image::of_everything(&test_db.owner).await;
                    }
                }
            }
        }
    }
    cells.finish();
}

/// The rows of both; a user has one vision only, so that those go before others are inserted.
async fn make_room(test_db: &TestDatabase, table: &str, verb: Verb) {
    pair::make(test_db).await;
    if table == "vision" && verb == Verb::Insert {
        test_db
            .owner
            .batch_execute("delete from public.vision")
            .await
            .unwrap();
    }
}

async fn row_of(test_db: &TestDatabase, table: &str, whose: Person) -> String {
    if table == "audit_log" {
        let user = whose.user();
        let query = format!(
            "select id from public.audit_log where subject_user_id = '{user}' order by created_at desc limit 1"
        );
        return test_db.value(&query).await;
    }
    whose.row(table)
}

#[tokio::test]
async fn reading_without_a_filter_gives_exactly_the_rows_that_one_may_see() {
    let test_db = TestDatabase::new("access_all").await;
    pair::make(&test_db).await;
    let mut cells = Cells::default();
    let view = ("week_lock_status", ["", "s", "", "s", "s"]);
    for (table, [anon, own, others, auditor, service]) in MATRIX.into_iter().chain([view]) {
        let owner = match table {
            "plan_item" => {
                "(select p.user_id from public.weekly_plan p where p.id = t.plan_id)::text"
            }
            "chat_message" => {
                "(select s.user_id from public.chat_session s where s.id = t.session_id)::text"
            }
            "audit_log" => "t.subject_user_id::text",
            _ => "t.user_id::text",
        };
        let key = if table == "week_lock_status" {
            "plan_id"
        } else {
            "id"
        };
        for caller in Caller::ALL {
            let (letters, whose) = match caller {
                Caller::Anon => (anon, "false".to_owned()),
                Caller::Auditor => (auditor, "true".to_owned()),
                Caller::Service => (service, "true".to_owned()),
                Caller::Alice => (own, format!("{owner} = '{}'", Person::Alice.user())),
                Caller::Bob => (own, format!("{owner} = '{}'", Person::Bob.user())),
            };
            assert!(others.is_empty(), "the query below would be another");
            let cell = format!("{caller}: read all of {table}");
            let answer = test_db
                .ask(
                    caller,
                    &Request::get(format!("{table}?select={key}&order={key}")),
                )
                .await;
            if !Verb::Select.is_in(letters) {
                cells.answer(&cell, &Expected::DENIED, &answer);
                continue;
            }
            let query = format!(
                "select coalesce(string_agg(t.{key}::text, ' ' order by t.{key}), '') from public.{table} t where {whose}"
            );
            let there = test_db.value(&query).await;
            assert!(!there.is_empty(), "{table} holds nothing to see");
            let seen: Vec<&str> = answer
                .rows()
                .iter()
                .map(|row| row[key].as_str().unwrap())
                .collect();
            cells.same(&cell, &there, &seen.join(" "));
        }
    }
    cells.finish();
}

/// An embedded row is read under its own table's policies.
#[tokio::test]
async fn embedding_shows_nothing_more() {
    let test_db = TestDatabase::new("access_embed").await;
    pair::make(&test_db).await;
    let path = "cycle?select=id,goal(id),weekly_plan(id,plan_item(id,task(id)))&order=id";
    let tree = |person: Person| {
        json!({
            "id": person.row("cycle"),
            "goal": [{ "id": person.row("goal") }],
            "weekly_plan": [{
                "id": person.row("weekly_plan"),
                "plan_item": [{ "id": person.row("plan_item"), "task": { "id": person.row("task") } }],
            }],
        })
    };
    let both = json!([tree(Person::Alice), tree(Person::Bob)]);
    let mut cells = Cells::default();
    for (caller, visible) in [
        (Caller::Alice, json!([tree(Person::Alice)])),
        (Caller::Bob, json!([tree(Person::Bob)])),
        (Caller::Auditor, both.clone()),
        (Caller::Service, both),
    ] {
        let answer = test_db.ask(caller, &Request::get(path)).await;
        cells.same(
            &format!("{caller}: cycles with all below"),
            &visible,
            &answer.body,
        );
    }
    let answer = test_db.ask(Caller::Anon, &Request::get(path)).await;
    cells.answer("anon: cycles with all below", &Expected::DENIED, &answer);
    cells.finish();
}

#[tokio::test]
async fn status_view_takes_no_writes_and_private_functions_no_calls() {
    let test_db = TestDatabase::new("access_view").await;
    pair::make(&test_db).await;
    let before = image::of_everything(&test_db.owner).await;
    let plan = Person::Alice.row("weekly_plan");
    let mut cells = Cells::default();
    for caller in Caller::ALL {
        let tries = [
            (
                "update the view",
                Request::update(
                    format!("week_lock_status?plan_id=eq.{plan}"),
                    json!({ "locked_after_week": 12 }),
                ),
            ),
            (
                "insert into the view",
                Request::insert("week_lock_status", json!({ "week_no": 3 })),
            ),
            (
                "delete from the view",
                Request::delete(format!("week_lock_status?plan_id=eq.{plan}")),
            ),
            (
                "call record_audit",
                Request::call(
                    "record_audit",
                    json!({ "action": "x", "subject_user_id": null, "before_state": null, "after_state": null }),
                ),
            ),
            (
                "call private.user_exists",
                Request::call("user_exists", json!({ "user_id": null }))
                    .header("content-profile", "private"),
            ),
            (
                "read auth.users",
                Request::get("users").header("accept-profile", "auth"),
            ),
        ];
        for (what, request) in tries {
            let answer = test_db.ask(caller, &request).await;
            cells.check(answer.code().is_some(), || {
                format!("{caller}: {what} went through: {answer}")
            });
        }
    }
    cells.same(
        "what is in the tables",
        &before,
        &image::of_everything(&test_db.owner).await,
    );
    cells.finish();
}

/// In the database itself, where no REST layer stands before the grants.
#[tokio::test]
async fn no_api_role_truncates_or_calls_what_is_private() {
    let test_db = TestDatabase::new("access_sql").await;
    let superuser = test_db.superuser().await;
    let mut cells = Cells::default();
    for role in ["anon", "authenticated", "auditor", "service_role"] {
        let mut statements: Vec<String> = MATRIX
            .iter()
            .map(|(table, _)| format!("truncate public.{table} cascade"))
            .collect();
        statements.push("select private.user_exists(null)".to_owned());
        statements.push("create table public.mine (id int)".to_owned());
        for statement in statements {
            let script = format!("begin; set local role {role}; {statement}; rollback");
            let fault = superuser.batch_execute(&script).await.err();
            superuser.batch_execute("rollback").await.unwrap();
            let code = fault.and_then(|e| e.code().map(|code| code.code().to_owned()));
            cells.same(
                &format!("{role}: {statement}"),
                &Some("42501".into()),
                &code,
            );
        }
        let callable = value(
            &superuser,
            &format!(
                "select coalesce(string_agg(p.oid::regprocedure::text, ' ' order by p.oid::regprocedure::text), 'nothing') from pg_catalog.pg_proc p
                 where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
                   and has_function_privilege('{role}', p.oid, 'execute')"
            ),
        )
        .await;
        let allowed = match role {
            "service_role" => {
                "audit_horizon() seal_audit_log(integer) unlock_week(uuid,text,integer) verify_audit_seals(bigint,integer)"
            }
            "auditor" => "audit_horizon() verify_audit_seals(bigint,integer)",
            // A number, of no row.
            "authenticated" => "audit_horizon()",
            _ => "nothing",
        };
        cells.same(
            &format!("{role}: functions to call"),
            &allowed.to_owned(),
            &callable,
        );
    }
    cells.finish();
}
