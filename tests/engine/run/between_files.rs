//! What a file leaves in its session ends with it, on every way to the database: the file behind it, what comes after the
//! run and a second attempt meet none of it.

use crate::fixture::pooler::Pooler;
use crate::fixture::{TestProject, ends, everything, run};
use crate::support::fake_management_api::FakeManagementApi;
use supadeck::domain::migration::StepEnd;
use supadeck::ops::migration::{self, Workspace};

/// What a file leaves behind, in the open and where no reader of its text sees it.
const LEAVES: [&str; 2] = [
    "prepare q as select 1;\ndeclare c cursor with hold for select 1;\nselect pg_advisory_lock(42);\nlisten news;\n\
     create temp table scratch (a int);\ncreate sequence public.counter;\nselect nextval('public.counter');\n\
     select set_config('app.x', 'y', false);\nset check_function_bodies = off;",
    "create sequence public.counter;\nselect nextval('public.counter');\n\
     do $$ begin execute 'pre' || 'pare q as select 1'; execute 'declare c cursor with hold for select 1'; \
     perform pg_advisory_lock(42); execute 'listen news'; execute 'create te' || 'mp table scratch (a int)'; \
     perform set_config('app.x', 'y', false); perform set_config('check_function_bodies', 'off', false); end $$;",
];

/// What the file behind it meets of that, and it prepares a statement of the same name.
const MEETS: &str = "create table public.met as select \
    (select count(*) from pg_prepared_statements where from_sql and name = 'q') as prepared, \
    (select count(*) from pg_cursors where name = 'c') as cursors, \
    (select count(*) from pg_locks where locktype = 'advisory' and objid = 42) as locks, \
    (select count(*) from pg_listening_channels()) as listens, \
    (select count(*) from pg_class where relname = 'scratch' and pg_table_is_visible(oid)) as temporary, \
    coalesce(nullif(current_setting('app.x', true), ''), 'none') as setting, \
    current_setting('check_function_bodies') as bodies;\n\
    do $$ begin perform currval('public.counter'); raise 'the sequence is remembered'; \
    exception when object_not_in_prerequisite_state then null; end $$;\n\
    prepare q as select 2;\nselect pg_advisory_lock(42);";
const NOTHING: &str = "0 0 0 0 0 none on";

async fn met(project: &TestProject) -> Vec<String> {
    project
        .texts("select concat_ws(' ', prepared, cursors, locks, listens, temporary, setting, bodies) from met")
        .await
}

/// Nothing of the files is held any more by anybody.
async fn is_over(project: &TestProject) {
    let locks = "select count(*)::text from pg_locks where locktype = 'advisory' and objid = 42";
    assert_eq!(project.texts(locks).await, ["0"]);
}

async fn is_met_by_nobody(project: &TestProject, schema: &Workspace) {
    let plan = migration::plan(schema, &everything()).await.unwrap();
    let outcome = run(schema, &plan).await;
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_eq!(met(project).await, [NOTHING]);
}

#[tokio::test]
async fn over_a_connection_one_by_one_and_in_one_message() {
    for leaves in LEAVES {
        for live_files in [0, 100] {
            let mut project = TestProject::new().await;
            project.schema.limits.live_files = live_files;
            for number in 10..14 {
                project.up(
                    &format!("{number}_t.sql"),
                    format!("create table t{number} ();"),
                );
            }
            project.up("20_leaves.sql", leaves);
            project.up("21_meets.sql", MEETS);
            project.up("22_t.sql", "create table t22 ();");
            is_met_by_nobody(&project, &project.schema).await;
            project.quiet().await;
            is_over(&project).await;
        }
    }
}

#[tokio::test]
async fn a_file_outside_a_transaction_leaves_as_little() {
    let project = TestProject::new().await;
    let leaves = LEAVES[0].replace("declare c cursor with hold for select 1;\n", "");
    project.up(
        "1_leaves.sql",
        format!("-- supadeck: no-transaction\n{leaves}"),
    );
    project.up("2_meets.sql", MEETS);
    is_met_by_nobody(&project, &project.schema).await;
}

#[tokio::test]
async fn through_a_pooler_whose_sessions_go_on() {
    for (leaves, mode) in [
        (LEAVES[0], "transaction"),
        (LEAVES[1], "transaction"),
        (LEAVES[0], "session"),
    ] {
        let project = TestProject::new().await;
        let Some(pooler) = Pooler::start_in(mode, &project).await else {
            return;
        };
        let schema = project.through(&pooler.url("127.0.0.1", "pgbouncer=true"));
        project.up("1_leaves.sql", leaves);
        project.up("2_meets.sql", MEETS);
        is_met_by_nobody(&project, &schema).await;
        // The pooler keeps its sessions open, so what they held would be seen.
        is_over(&project).await;
        project.up(
            "3_fails.sql",
            "prepare r as select 1;\nselect pg_advisory_lock(42);\nselect 1/0;",
        );
        let plan = migration::plan(&schema, &everything()).await.unwrap();
        for _ in 0..3 {
            let outcome = run(&schema, &plan).await;
            assert_eq!(ends(&outcome), [StepEnd::RolledBack]);
            assert_eq!(outcome.problem.unwrap().code.as_deref(), Some("22012"));
        }
        is_over(&project).await;
    }
}

#[tokio::test]
async fn over_the_management_api() {
    for leaves in LEAVES {
        let project = TestProject::new().await;
        let api = FakeManagementApi::start(&project.url).await;
        let schema = Workspace::new(project.root.path(), api.database());
        project.up("1_leaves.sql", leaves);
        project.up("2_meets.sql", MEETS);
        is_met_by_nobody(&project, &schema).await;
    }
}

#[tokio::test]
async fn what_a_file_prepared_is_as_unknown_to_the_next_as_if_that_ran_alone() {
    for together in [false, true] {
        let mut project = TestProject::new().await;
        project.schema.limits.live_files = if together { 0 } else { 100 };
        project.up("1_a.sql", "prepare q as select 1;");
        if !together {
            assert!(project.apply().await.is_complete());
        }
        project.up("2_b.sql", "execute q;");
        let outcome = project.apply().await;
        assert_eq!(ends(&outcome).last(), Some(&StepEnd::RolledBack));
        assert_eq!(outcome.problem.unwrap().code.as_deref(), Some("26000"));
    }
}
