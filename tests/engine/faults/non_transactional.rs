//! The fault walk of a file outside a transaction: wherever it is broken, the journal says where it stands, and it can go on
//! to its end from there.

use crate::faults::{HANGS, Lane, in_lanes, slow_schema};
use crate::fixture::protocol_proxy::{Fault, ProtocolProxy, What};
use crate::fixture::{TestProject, everything, is_soak, run};
use supadeck::domain::migration::{Direction, Outcome, PlanRequest, StepEnd};
use supadeck::domain::problem::Problem;
use supadeck::ops::migration;

/// Statements that can be done twice: of one in doubt nobody knows, and going on does it again.
const FILE: &str = "create table if not exists a (b int);\n\
    create index concurrently if not exists i on a (b);\n\
    begin;\ninsert into a values (1);\ncreate table if not exists c (d text);\ncommit;";

const INVALID: &str = "select indexrelid::regclass::text from pg_index where not indisvalid";

async fn start(project: &TestProject) {
    project
        .db
        .batch_execute(
            "drop schema if exists supabase_migrations cascade; drop table if exists a, c",
        )
        .await
        .unwrap();
}

async fn run_over(project: &TestProject, proxy: &ProtocolProxy) -> Result<Outcome, Problem> {
    let plan = project.plan(everything()).await.unwrap();
    let (watch, _news) = crate::fixture::watch();
    migration::run(&slow_schema(project, proxy), &plan, &watch).await
}

async fn point(lane: &Lane, fault: Fault) -> bool {
    let project = &lane.project;
    let context = format!("{fault:?}");
    start(project).await;
    let proxy = ProtocolProxy::new(&project.url, &lane.admin, Some(fault), None).await;
    let said = tokio::time::timeout(HANGS, run_over(project, &proxy))
        .await
        .unwrap_or_else(|_| panic!("{context}: it hangs"));
    let has_struck = proxy.has_struck();
    drop(proxy);
    lane.project.quiet().await;
    let states = project.states().await;
    let has_row = project.has("supabase_migrations.schema_migrations").await
        && project.versions().await == ["1"];
    let context = format!("{context}: {states:?} {said:?}");
    match states[0].as_str() {
        "1 applied" => assert!(
            has_row && project.has("a").await && project.has("c").await,
            "{context}"
        ),
        "1 pending" => assert!(!has_row && !project.has("a").await, "{context}"),
        "1 interrupted" => assert!(!has_row, "{context}"),
        _ => panic!("{context}"),
    }
    match &said {
        Err(_) => assert_eq!(states, ["1 pending"], "{context}"),
        Ok(outcome) => match outcome.steps[0].end {
            StepEnd::Done => assert_eq!(states, ["1 applied"], "{context}"),
            StepEnd::RolledBack | StepEnd::NotRun => assert_eq!(states, ["1 pending"], "{context}"),
            StepEnd::Interrupted => assert_eq!(states, ["1 interrupted"], "{context}"),
            StepEnd::Unknown => assert!(outcome.history.is_none(), "{context}"),
        },
    }
    let wish = match states[0].as_str() {
        "1 pending" => Some(everything()),
        "1 interrupted" => {
            assert!(project.plan(everything()).await.is_err(), "{context}");
            // An index build that was cut off is named, and dropped as the hint says.
            let listing = migration::list(&project.schema).await.unwrap();
            let note = listing.entries[0].note.clone().unwrap();
            for index in project.texts(INVALID).await {
                assert!(
                    note.contains(&format!("public.{index}")),
                    "{context}: {note}"
                );
                let drop = format!("drop index {index}");
                project.db.batch_execute(&drop).await.unwrap();
            }
            Some(PlanRequest::GoOn {
                direction: Direction::Apply,
                from_start: false,
            })
        }
        _ => None,
    };
    if let Some(wish) = wish {
        let plan = project.plan(wish).await.unwrap();
        let outcome = run(&project.schema, &plan).await;
        assert!(outcome.is_complete(), "{context}: {outcome:?}");
    }
    assert_eq!(project.states().await, ["1 applied"], "{context}");
    assert!(
        project.has("a").await && project.has("c").await && project.has("i").await,
        "{context}"
    );
    let locks = "select 'held' from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())";
    for sql in [INVALID, locks] {
        assert_eq!(project.texts(sql).await, Vec::<String>::new(), "{context}");
    }
    has_struck
}

async fn walk(what: What) {
    let lane = Lane::new().await;
    lane.project.up("1_a.sql", FILE);
    start(&lane.project).await;
    let proxy = ProtocolProxy::new(&lane.project.url, &lane.admin, None, None).await;
    let outcome = run_over(&lane.project, &proxy).await.unwrap();
    assert!(outcome.is_complete(), "{outcome:?}");
    let passed = proxy.passed();
    // The start-up of connections is walked with the other files; here everything behind that of the keeper.
    let first = passed
        .iter()
        .position(|message| message.kind == 'K')
        .unwrap();
    let mut points = Vec::new();
    for (at, message) in passed.iter().enumerate().skip(first + 1) {
        // Of each exchange its question, its last answer and the all-clear; every message is left to the soak.
        let is_turn = matches!(message.kind, 'Q' | 'C' | 'Z');
        if what != What::Close && !is_turn && !is_soak() {
            continue;
        }
        let behind: &[bool] = if message.is_frontend {
            &[false, true]
        } else {
            &[false]
        };
        points.extend(behind.iter().map(|is_behind| Fault {
            what,
            at,
            is_behind: *is_behind,
        }));
    }
    in_lanes(
        &format!("outside a transaction, {what:?}"),
        points,
        3,
        || Box::pin(Lane::new()),
        |lane: &Lane, fault| {
            lane.project.up("1_a.sql", FILE);
            Box::pin(point(lane, fault))
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_line_leaves_a_file_outside_a_transaction_where_the_journal_says() {
    walk(What::Close).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_line_leaves_a_file_outside_a_transaction_where_the_journal_says() {
    walk(What::Swallow).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ended_backend_leaves_a_file_outside_a_transaction_where_the_journal_says() {
    walk(What::EndBackend).await;
}
