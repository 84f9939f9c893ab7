//! A table that REST has not noticed yet: PostgREST answers from the schema that it read last for a moment after a
//! migration. Whoever reads then is not told that the table is missing.

use crate::misbehaving_server::{Does, json, no_rows, serve};
use crate::test_project::{empty, limits};
use std::time::Duration;
use supadeck::adapters::connect::RoleChoice;
use supadeck::adapters::http::Limits;
use supadeck::domain::identity::Identity;
use supadeck::domain::query::{Call, Select};

fn missing(code: &str) -> Does {
    let body = format!(
        r#"{{"code":"{code}","details":null,"hint":null,"message":"Could not find it in the schema cache"}}"#
    );
    json("404 Not Found", &body)
}

/// Far more than any machine needs for three answers.
fn patient() -> Limits {
    Limits {
        notice: Duration::from_mins(10),
        ..limits()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_is_asked_for_until_rest_has_noticed_it() {
    let server = serve([vec![missing("PGRST205"); 5], vec![no_rows()]].concat()).await;
    let project = server.project(RoleChoice::Anon, patient()).await;
    let read = Select::from("cycle");
    let answer = project.rest.select(&Identity::Anon, &read).await.unwrap();
    assert_eq!(answer.body, b"[]");
    assert_eq!(server.count("cycle"), 6);
}

/// A function that is not known has not run: asking again writes nothing twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_writes_is_asked_for_again_too() {
    let unlocked = json("200 OK", "null");
    let server = serve(vec![missing("PGRST202"), missing("PGRST202"), unlocked]).await;
    let project = server.project(RoleChoice::Service, patient()).await;
    let call = Call::to("unlock_week", serde_json::json!({}));
    assert!(!call.is_read);
    let answer = project.rest.call(&Identity::Service, &call).await;
    assert_eq!(answer.unwrap().body, b"null");
    assert_eq!(server.count("unlock_week"), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_missing_is_said_to_be_so_until_the_schema_changes() {
    let server = serve(vec![missing("PGRST205")]).await;
    let hasty = Limits {
        notice: Duration::ZERO,
        ..limits()
    };
    let project = server.project(RoleChoice::Anon, hasty).await;
    let read = Select::from("cycle");
    let problem = project.rest.select(&Identity::Anon, &read).await;
    let problem = problem.unwrap_err();
    assert_eq!(problem.code.as_deref(), Some("PGRST205"));
    assert_eq!(server.count("cycle"), 1);

    let server = serve(vec![missing("PGRST205")]).await;
    let brief = Limits {
        notice: Duration::from_millis(100),
        ..limits()
    };
    let project = server.project(RoleChoice::Anon, brief).await;
    let read = Select::from("cycle");
    // The first read comes back when the start is too long ago; the next one finds it so.
    let first = project.rest.select(&Identity::Anon, &read).await;
    assert!(first.is_err());
    let so_far = server.count("cycle");
    let second = project.rest.select(&Identity::Anon, &read).await;
    assert!(second.is_err());
    assert_eq!(server.count("cycle"), so_far + 1);
    // A machine that is kept busy may need longer for one answer than anybody is patient here.
    loop {
        let so_far = server.count("cycle");
        project.rest.schema_changed();
        assert!(project.rest.select(&Identity::Anon, &read).await.is_err());
        if server.count("cycle") > so_far + 1 {
            break;
        }
    }
}

/// Against REST itself, whichever is served: nothing between the change and the read waits for anything.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_can_be_read_right_after_it_was_made() {
    let test_project = empty("unnoticed").await;
    let project = test_project
        .project_within(RoleChoice::Service, patient())
        .await;
    for name in ["one", "two", "three"] {
        let make = format!("create table {name} (id int); grant select on {name} to service_role");
        test_project.db.batch_execute(&make).await.unwrap();
        project.rest.schema_changed();
        let read = Select::from(name);
        let answer = project.rest.select(&Identity::Service, &read).await;
        assert_eq!(answer.unwrap().body, b"[]", "{name}");
    }
}

/// Behind a rollback the old picture still holds the table, and the database refuses.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_database_does_not_have_is_not_asked_for_again() {
    let gone = r#"{"code":"42P01","message":"relation \"public.cycle\" does not exist"}"#;
    let server = serve(vec![json("404 Not Found", gone)]).await;
    let project = server.project(RoleChoice::Anon, patient()).await;
    let read = Select::from("cycle");
    let problem = project.rest.select(&Identity::Anon, &read).await;
    let problem = problem.unwrap_err();
    assert_eq!(problem.what, "This project has no `cycle`.");
    assert_eq!(server.count("cycle"), 1);
}

/// 42883 is a function that is not there, or an operator: a filter on a column of another type asks for one.
#[tokio::test(flavor = "multi_thread")]
async fn a_missing_operator_is_no_missing_table() {
    let operator = r#"{"code":"42883","message":"operator does not exist: uuid ~~* unknown"}"#;
    let server = serve(vec![json("404 Not Found", operator)]).await;
    let project = server.project(RoleChoice::Service, patient()).await;
    let read = Select::from("cycle");
    let problem = project.rest.select(&Identity::Service, &read).await;
    let problem = problem.unwrap_err();
    assert_eq!(problem.what, "The database refused to read cycle.");
    let call = Call::to("unlock_week", serde_json::json!({}));
    let problem = project.rest.call(&Identity::Service, &call).await;
    // What the function misses inside is not the function.
    let inside = problem.unwrap_err();
    assert_eq!(inside.what, "The database refused to call unlock_week.");
    let function =
        r#"{"code":"42883","message":"function public.unlock_week(uuid) does not exist"}"#;
    let server = serve(vec![json("404 Not Found", function)]).await;
    let project = server.project(RoleChoice::Service, patient()).await;
    let problem = project.rest.call(&Identity::Service, &call).await;
    let missing = problem.unwrap_err();
    assert_eq!(missing.what, "This project has no `unlock_week`.");
}
