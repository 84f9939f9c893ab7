//! What a file leaves in its session ends with it, on every way to the database: the file behind it, what comes after the
//! run and a second attempt meet none of it.

use crate::bench::{Bench, ends, everything, run};
use crate::pooler::Pooler;
use crate::standin::Standin;
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

async fn met(bench: &Bench) -> Vec<String> {
    bench
        .texts("select concat_ws(' ', prepared, cursors, locks, listens, temporary, setting, bodies) from met")
        .await
}

/// Nothing of the files is held any more by anybody.
async fn is_over(bench: &Bench) {
    let locks = "select count(*)::text from pg_locks where locktype = 'advisory' and objid = 42";
    assert_eq!(bench.texts(locks).await, ["0"]);
}

async fn is_met_by_nobody(bench: &Bench, schema: &Workspace) {
    let plan = migration::plan(schema, &everything()).await.unwrap();
    let outcome = run(schema, &plan).await;
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_eq!(met(bench).await, [NOTHING]);
}

#[tokio::test]
async fn over_a_connection_one_by_one_and_in_one_message() {
    for leaves in LEAVES {
        for live_files in [0, 100] {
            let mut bench = Bench::new().await;
            bench.schema.limits.live_files = live_files;
            for number in 10..14 {
                bench.up(
                    &format!("{number}_t.sql"),
                    format!("create table t{number} ();"),
                );
            }
            bench.up("20_leaves.sql", leaves);
            bench.up("21_meets.sql", MEETS);
            bench.up("22_t.sql", "create table t22 ();");
            is_met_by_nobody(&bench, &bench.schema).await;
            bench.quiet().await;
            is_over(&bench).await;
        }
    }
}

#[tokio::test]
async fn a_file_outside_a_transaction_leaves_as_little() {
    let bench = Bench::new().await;
    let leaves = LEAVES[0].replace("declare c cursor with hold for select 1;\n", "");
    bench.up(
        "1_leaves.sql",
        format!("-- supadeck: no-transaction\n{leaves}"),
    );
    bench.up("2_meets.sql", MEETS);
    is_met_by_nobody(&bench, &bench.schema).await;
}

#[tokio::test]
async fn through_a_pooler_whose_sessions_go_on() {
    for (leaves, mode) in [
        (LEAVES[0], "transaction"),
        (LEAVES[1], "transaction"),
        (LEAVES[0], "session"),
    ] {
        let bench = Bench::new().await;
        let Some(pooler) = Pooler::start_in(mode, &bench).await else {
            return;
        };
        let schema = bench.through(&pooler.url("127.0.0.1", "pgbouncer=true"));
        bench.up("1_leaves.sql", leaves);
        bench.up("2_meets.sql", MEETS);
        is_met_by_nobody(&bench, &schema).await;
        // The pooler keeps its sessions open, so what they held would be seen.
        is_over(&bench).await;
        bench.up(
            "3_fails.sql",
            "prepare r as select 1;\nselect pg_advisory_lock(42);\nselect 1/0;",
        );
        let plan = migration::plan(&schema, &everything()).await.unwrap();
        for _ in 0..3 {
            let outcome = run(&schema, &plan).await;
            assert_eq!(ends(&outcome), [StepEnd::RolledBack]);
            assert_eq!(outcome.problem.unwrap().code.as_deref(), Some("22012"));
        }
        is_over(&bench).await;
    }
}

#[tokio::test]
async fn over_the_management_api() {
    for leaves in LEAVES {
        let bench = Bench::new().await;
        let api = Standin::start(&bench.url).await;
        let schema = Workspace::new(bench.root.path(), api.database());
        bench.up("1_leaves.sql", leaves);
        bench.up("2_meets.sql", MEETS);
        is_met_by_nobody(&bench, &schema).await;
    }
}

#[tokio::test]
async fn what_a_file_prepared_is_as_unknown_to_the_next_as_if_that_ran_alone() {
    for together in [false, true] {
        let mut bench = Bench::new().await;
        bench.schema.limits.live_files = if together { 0 } else { 100 };
        bench.up("1_a.sql", "prepare q as select 1;");
        if !together {
            assert!(bench.apply().await.is_complete());
        }
        bench.up("2_b.sql", "execute q;");
        let outcome = bench.apply().await;
        assert_eq!(ends(&outcome).last(), Some(&StepEnd::RolledBack));
        assert_eq!(outcome.problem.unwrap().code.as_deref(), Some("26000"));
    }
}
