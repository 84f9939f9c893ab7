//! Files that run outside a transaction: what is left after a failure, and every way out of it.

use crate::fixture::fault_proxy::{FaultProxy, Rule};
use crate::fixture::{TestProject, ends, everything, run};
use crate::run::{go_on, open_locks};
use supadeck::domain::migration::resolution::Repair;
use supadeck::domain::migration::{Direction, PlanRequest, StepEnd, StepMode};
use supadeck::domain::problem::Kind;
use supadeck::ops::migration;

/// A file whose second statement fails until `b` has no double values, and leaves an invalid index behind.
const BREAKS: &str =
    "create table a (b int);\ncreate unique index concurrently i on t (b);\ncreate table c ();";

/// A project whose version 1 is interrupted at its second statement.
async fn broken() -> TestProject {
    let project = TestProject::new().await;
    project
        .db
        .batch_execute("create table t (b int); insert into t values (1), (1)")
        .await
        .unwrap();
    project.up("1_a.sql", BREAKS);
    let plan = project.plan(everything()).await.unwrap();
    assert_eq!(plan.steps[0].mode, StepMode::Alone);
    let outcome = run(&project.schema, &plan).await;
    assert_eq!(ends(&outcome), [StepEnd::Interrupted]);
    let problem = outcome.problem.unwrap();
    assert_eq!(problem.code.as_deref(), Some("23505"));
    assert!(problem.what.contains("statement 2 of 3"), "{problem}");
    assert!(problem.detail.unwrap().contains("public.i"));
    assert!(project.has("a").await && !project.has("c").await);
    assert!(project.versions().await.is_empty());
    project
}

#[tokio::test]
async fn running_a_file_again_says_what_it_repeats_and_where_that_leaves_it() {
    let project = broken().await;
    let listing = migration::list(&project.schema).await.unwrap();
    let retry = &listing.entries[0].ways[1];
    assert!(
        retry
            .what
            .contains("Statement 1 ran already and runs again")
            && retry.what.contains("no longer at statement 2"),
        "{retry:?}"
    );
    let refused = project.plan(everything()).await.unwrap_err();
    assert!(refused.hint.unwrap().contains("statement 1 ran already"));
    let plan = project.plan(go_on(Direction::Apply, false)).await.unwrap();
    assert_eq!(plan.steps[0].repeats, 0);
    let plan = project.plan(go_on(Direction::Apply, true)).await.unwrap();
    assert_eq!((plan.steps[0].begin_at, plan.steps[0].repeats), (0, 1));
    let outcome = run(&project.schema, &plan).await;
    assert_eq!(ends(&outcome), [StepEnd::Interrupted]);
    let problem = outcome.problem.unwrap();
    assert_eq!(problem.code.as_deref(), Some("42P07"));
    let hint = problem.hint.unwrap();
    for word in [
        "had done statement 1",
        "stopped at statement 2",
        "goes on at statement 1 from now on",
        "repair --status",
    ] {
        assert!(hint.contains(word), "{word}: {hint}");
    }
}

#[tokio::test]
async fn a_file_outside_a_transaction_runs_to_its_end() {
    let project = TestProject::new().await;
    project.up(
        "1_a.sql",
        "create table a (b int);\ncreate index concurrently i on a (b);\nvacuum a;\nset role none;\ndiscard all;",
    );
    project.up(
        "2_b.sql",
        "-- supadeck: no-transaction\ncreate table b ();\n-- nothing\n",
    );
    project.up(
        "3_c.sql",
        "begin; create table c (); commit;\nbegin; create table d (); rollback;\ncreate table e ();",
    );
    project.up("4_d.sql", "create table f ();");
    project.down("1_a.sql", "drop index concurrently i;\ndrop table a;");
    let outcome = project.apply().await;
    assert!(outcome.is_complete(), "{outcome:?}");
    let said: Vec<_> = outcome
        .steps
        .iter()
        .flat_map(|step| &step.notices)
        .collect();
    assert!(said.is_empty(), "nothing of our own statements: {said:?}");
    assert_eq!(project.versions().await, ["1", "2", "3", "4"]);
    assert!(project.has("c").await && !project.has("d").await && project.has("e").await);
    let journal = "select version || ' ' || outcome || coalesce(' ' || position || ' of ' || statements, '') from supabase_migrations.supadeck_journal order by id";
    assert_eq!(
        project.texts(journal).await,
        ["1 done 6 of 5", "2 done 3 of 2", "3 done 8 of 7", "4 done"]
    );
    assert!(open_locks(&project).await.is_empty());
    let plan = project
        .plan(PlanRequest::RollbackTo {
            version: "0".into(),
        })
        .await;
    assert!(plan.unwrap_err().what.contains("no rollback file"));
    for version in ["2", "3", "4"] {
        project.down(
            &format!(
                "{version}_{}.sql",
                ["b", "c", "d"][version.parse::<usize>().unwrap() - 2]
            ),
            "select 1;",
        );
    }
    let plan = project
        .plan(PlanRequest::RollbackTo {
            version: "0".into(),
        })
        .await
        .unwrap();
    let outcome = run(&project.schema, &plan).await;
    assert!(outcome.is_complete(), "{outcome:?}");
    assert!(!project.has("a").await && project.versions().await.is_empty());
}

#[tokio::test]
async fn an_interrupted_file_goes_on_where_it_stopped() {
    let project = broken().await;
    let listing = migration::list(&project.schema).await.unwrap();
    assert_eq!(project.states().await, ["1 interrupted"]);
    let note = listing.entries[0].note.clone().unwrap();
    assert!(
        note.contains("statement 2 of 3") && note.contains("public.i"),
        "{note}"
    );
    assert!(!note.contains("may or may not"), "{note}");
    project.up("2_b.sql", "create table d ();");
    for wish in [everything(), PlanRequest::RollbackLast { count: 1 }] {
        let refused = project.plan(wish).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Conflict);
        let hint = refused.hint.unwrap();
        for way in ["--resume", "--retry", "repair --status", "public.i"] {
            assert!(hint.contains(way), "{hint}");
        }
    }
    let refused = project
        .plan(go_on(Direction::Rollback, false))
        .await
        .unwrap_err();
    assert!(
        refused.what.contains("No rollback is interrupted"),
        "{refused}"
    );
    project
        .db
        .batch_execute("drop index i; delete from t")
        .await
        .unwrap();
    let plan = project.plan(go_on(Direction::Apply, false)).await.unwrap();
    assert_eq!((plan.steps.len(), plan.steps[0].begin_at), (1, 1));
    // A second who saw the same plan comes too late, and runs nothing twice.
    let (a, b) = tokio::join!(run(&project.schema, &plan), run(&project.schema, &plan));
    assert_ne!(a.is_complete(), b.is_complete(), "{a:?} {b:?}");
    assert!(project.has("c").await && project.has("i").await);
    assert_eq!(project.states().await, ["1 applied", "2 pending"]);
    assert!(project.apply().await.is_complete());
}

#[tokio::test]
async fn a_changed_file_is_not_resumed_but_may_be_tried_again() {
    let project = broken().await;
    project.up(
        "1_a.sql",
        BREAKS
            .replace("unique ", "")
            .replace("create table a", "create table if not exists a"),
    );
    let refused = project
        .plan(go_on(Direction::Apply, false))
        .await
        .unwrap_err();
    assert_eq!(refused.kind, Kind::Conflict);
    assert!(refused.what.contains("1_a.sql has changed"), "{refused}");
    let plan = project.plan(go_on(Direction::Apply, true)).await.unwrap();
    let outcome = run(&project.schema, &plan).await;
    assert_eq!(ends(&outcome), [StepEnd::Interrupted]);
    // The index that the first try left is named still.
    let detail = outcome.problem.unwrap().detail.unwrap();
    assert!(detail.contains("public.i"), "{detail}");
    project.db.batch_execute("drop index i").await.unwrap();
    let outcome = run(
        &project.schema,
        &project.plan(go_on(Direction::Apply, true)).await.unwrap(),
    )
    .await;
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_eq!(project.states().await, ["1 applied"]);
}

#[tokio::test]
async fn a_file_that_became_ordinary_is_tried_again_in_a_transaction() {
    let project = broken().await;
    project
        .db
        .batch_execute("drop index i; drop table a")
        .await
        .unwrap();
    project.up("1_a.sql", "create table a ();\ncreate index i on t (b);");
    let plan = project.plan(go_on(Direction::Apply, true)).await.unwrap();
    assert_eq!(plan.steps[0].mode, StepMode::Transaction);
    assert!(run(&project.schema, &plan).await.is_complete());
    assert_eq!(project.states().await, ["1 applied"]);
}

#[tokio::test]
async fn repair_settles_an_interrupted_file_either_way() {
    for (how, state) in [
        (Repair::Applied, "1 applied"),
        (Repair::Reverted, "1 pending"),
    ] {
        let project = broken().await;
        migration::repair(&project.schema, &["1".to_owned()], how)
            .await
            .unwrap();
        assert_eq!(project.states().await, [state]);
        assert!(project.plan(everything()).await.is_ok());
        let nothing = project
            .plan(go_on(Direction::Apply, false))
            .await
            .unwrap_err();
        assert_eq!(nothing.kind, Kind::Usage);
    }
}

#[tokio::test]
async fn an_interrupted_rollback_has_the_same_ways_out() {
    let project = TestProject::new().await;
    project.up(
        "1_a.sql",
        "create table a (b int); create index i on a (b);",
    );
    project.down(
        "1_a.sql",
        "drop index concurrently i;\ndrop table missing;\ndrop table a;",
    );
    assert!(project.apply().await.is_complete());
    let plan = project
        .plan(PlanRequest::RollbackLast { count: 1 })
        .await
        .unwrap();
    assert_eq!(
        ends(&run(&project.schema, &plan).await),
        [StepEnd::Interrupted]
    );
    assert_eq!(project.states().await, ["1 interrupted"]);
    assert!(project.plan(everything()).await.is_err());
    project
        .db
        .batch_execute("create table missing ()")
        .await
        .unwrap();
    let plan = project
        .plan(go_on(Direction::Rollback, false))
        .await
        .unwrap();
    let outcome = run(&project.schema, &plan).await;
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_eq!(project.states().await, ["1 pending"]);
    assert!(!project.has("a").await);
}

#[tokio::test]
async fn a_resolution_whose_answer_is_lost_is_told_truly() {
    for (rule, is_made) in [
        (Rule::CutBefore("repair_reverted"), false),
        (Rule::CutBehind("repair_reverted"), true),
    ] {
        let project = broken().await;
        let line = FaultProxy::new(&project.url, rule, true).await;
        let schema = project.through(&line.url);
        let said = migration::repair(&schema, &["1".to_owned()], Repair::Reverted).await;
        assert!(line.is_cut());
        assert_eq!(said.is_ok(), is_made, "{said:?}");
        let state = if is_made {
            "1 pending"
        } else {
            "1 interrupted"
        };
        assert_eq!(project.states().await, [state]);
    }
}
