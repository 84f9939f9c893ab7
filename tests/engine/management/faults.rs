//! The Management API at its worst: too many requests, errors before and after the commit, answers that are cut off or come
//! too late. The report is true, the books agree, and the next run goes on.

use crate::fixture::{ends, everything, run};
use crate::management::{BACK, HTML, agreed, begun};
use crate::support::fake_management_api::{Manner, patience};
use std::time::Duration;
use supadeck::adapters::management::Timeouts;
use supadeck::domain::migration::StepEnd;
use supadeck::domain::migration::resolution::Repair;
use supadeck::domain::problem::{Kind, Problem};
use supadeck::ops::migration::{self, Workspace};
use supadeck::ops::seed;

/// Applies version 2, and then rolls it back, both under a misbehaviour; the report and the books must agree, and the next
/// run must go on.
async fn survives(manner: Manner, end: StepEnd, kind: Kind) {
    let (project, api, schema) = begun().await;
    for (wish, word) in [(everything(), "table b"), (BACK, "drop table b")] {
        let before = agreed(&project).await;
        let plan = migration::plan(&schema, &wish).await.unwrap();
        assert_eq!(plan.steps.len(), 1);
        api.misbehave(word, manner.clone(), 1);
        let outcome = run(&schema, &plan).await;
        assert!(api.is_spent(), "{manner:?}");
        assert_eq!(ends(&outcome), [end], "{manner:?}: {outcome:?}");
        let problem = outcome.problem.clone().unwrap();
        assert_eq!(problem.kind, kind, "{problem:?}");
        assert!(!format!("{outcome:?}").contains("sbp_"));
        assert_eq!(
            agreed(&project).await != before,
            end == StepEnd::Done,
            "{manner:?}"
        );
        if end != StepEnd::Done {
            let plan = migration::plan(&schema, &wish).await.unwrap();
            assert!(run(&schema, &plan).await.is_complete(), "{manner:?}");
        }
        assert_eq!(agreed(&project).await, !before, "{manner:?}");
    }
}

#[tokio::test]
async fn an_error_before_the_query_ran_is_undone() {
    tokio::join!(
        survives(
            Manner::Instead("500 Internal Server Error", "", ""),
            StepEnd::RolledBack,
            Kind::Network
        ),
        survives(
            Manner::Instead("502 Bad Gateway", "", HTML),
            StepEnd::RolledBack,
            Kind::Network
        ),
        survives(Manner::ResetBefore, StepEnd::RolledBack, Kind::Network),
        survives(
            Manner::Instead("400 Bad Request", "", ""),
            StepEnd::RolledBack,
            Kind::Database
        ),
        survives(
            Manner::Instead("400 Bad Request", "", r#"{"message":"query: too long"}"#),
            StepEnd::RolledBack,
            Kind::Database
        ),
        survives(
            Manner::Instead("403 Forbidden", "", "{}"),
            StepEnd::RolledBack,
            Kind::Database
        ),
    );
}

#[tokio::test]
async fn an_error_after_the_commit_is_found_to_be_done() {
    tokio::join!(
        survives(
            Manner::Behind(
                "500 Internal Server Error",
                "",
                r#"{"message":"Failed to run sql query"}"#
            ),
            StepEnd::Done,
            Kind::Network
        ),
        survives(
            Manner::Behind("524 Timeout", "", HTML),
            StepEnd::Done,
            Kind::Network
        ),
        survives(
            Manner::Behind(
                "400 Bad Request",
                "",
                r#"{"message":"Connection terminated unexpectedly"}"#
            ),
            StepEnd::Done,
            Kind::Network
        ),
        survives(
            Manner::Behind("201 Created", "", ""),
            StepEnd::Done,
            Kind::Network
        ),
        survives(Manner::CutOff, StepEnd::Done, Kind::Network),
        survives(Manner::ResetAfter, StepEnd::Done, Kind::Network),
    );
}

#[tokio::test]
async fn too_many_requests_are_waited_for_and_never_sent_twice() {
    let (project, api, schema) = begun().await;
    let plan = migration::plan(&schema, &everything()).await.unwrap();
    api.misbehave(
        "table b",
        Manner::Instead("429 Too Many Requests", "retry-after: 1\r\n", ""),
        1,
    );
    api.misbehave(
        "table b",
        Manner::Instead("429 Too Many Requests", "", HTML),
        2,
    );
    let outcome = run(&schema, &plan).await;
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_eq!(api.count("table b"), 4, "three turned away, one run");
    assert!(agreed(&project).await);
    api.misbehave(
        "drop table b",
        Manner::Instead("429 Too Many Requests", "retry-after: 3600\r\n", ""),
        1,
    );
    let plan = migration::plan(&schema, &BACK).await.unwrap();
    let outcome = run(&schema, &plan).await;
    let problem = outcome.problem.clone().unwrap();
    assert_eq!(ends(&outcome), [StepEnd::RolledBack]);
    assert_eq!(problem.code.as_deref(), Some("429"));
    assert!(agreed(&project).await);
}

#[tokio::test]
async fn a_call_that_comes_after_everybody_has_looked_changes_nothing() {
    let (project, api, _) = begun().await;
    let patience = Timeouts {
        script: Duration::from_secs(1),
        on_the_way: Duration::from_secs(3),
        ..patience()
    };
    let schema = Workspace::new(project.root.path(), api.with(patience));
    let plan = migration::plan(&schema, &everything()).await.unwrap();
    api.misbehave("table b", Manner::Late, 1);
    let outcome = run(&schema, &plan).await;
    assert_eq!(ends(&outcome), [StepEnd::RolledBack], "{outcome:?}");
    api.release().await;
    assert!(
        !agreed(&project).await,
        "it was said that nothing of it remains"
    );
}

/// Repairs version 2 to applied under a misbehaviour; what was said, and whether the history has it in the end.
async fn repaired(manner: Manner) -> (Result<usize, Problem>, bool) {
    let (project, api, schema) = begun().await;
    api.misbehave("repair_applied", manner, 1);
    let versions = ["2".to_owned()];
    let said = migration::repair(&schema, &versions, Repair::Applied).await;
    assert!(api.is_spent());
    let is_there = project.versions().await.contains(&"2".to_owned());
    (said.map(|listing| listing.entries.len()), is_there)
}

#[tokio::test]
async fn a_repair_is_judged_by_the_history() {
    let after = [
        Manner::Behind("500 Internal Server Error", "", ""),
        Manner::CutOff,
        Manner::ResetAfter,
        Manner::Instead("429 Too Many Requests", "retry-after: 1\r\n", ""),
    ];
    for manner in after {
        let (said, is_there) = repaired(manner).await;
        assert!(is_there && said.unwrap() == 2);
    }
    for manner in [
        Manner::Instead("500 Internal Server Error", "", HTML),
        Manner::ResetBefore,
        Manner::Instead("400 Bad Request", "", ""),
    ] {
        let (said, is_there) = repaired(manner).await;
        let problem = said.unwrap_err();
        assert!(
            !is_there && problem.what.contains("was not changed"),
            "{problem}"
        );
    }
    let (said, is_there) = repaired(Manner::Instead("403 Forbidden", "", "")).await;
    assert!(!is_there && said.unwrap_err().kind == Kind::Denied);
}

#[tokio::test]
async fn a_seed_whose_answer_is_lost_is_judged_by_its_record() {
    for (manner, end) in [
        (Manner::CutOff, StepEnd::Done),
        (
            Manner::Behind("500 Internal Server Error", "", HTML),
            StepEnd::Done,
        ),
        (Manner::ResetBefore, StepEnd::RolledBack),
        (
            Manner::Instead("400 Bad Request", "", ""),
            StepEnd::RolledBack,
        ),
    ] {
        let (project, api, schema) = begun().await;
        project.write("supabase/seed.sql", "create table s ();");
        let plan = seed::plan(&schema, &[], false).await.unwrap();
        api.misbehave("table s", manner.clone(), 1);
        let outcome = seed::run(&schema, &plan, &crate::fixture::run_control())
            .await
            .unwrap();
        assert!(api.is_spent() && outcome.problem.is_some());
        assert_eq!(outcome.steps[0].end, end, "{manner:?}: {outcome:?}");
        assert_eq!(project.has("s").await, end == StepEnd::Done);
        let recorded = schema.database.seeds().await.unwrap().rows;
        assert_eq!(!recorded.is_empty(), end == StepEnd::Done);
    }
}
