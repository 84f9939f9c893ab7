//! Files with transaction words that do not pair up, which the Supabase CLI runs: a COMMIT without a BEGIN, a BEGIN inside a
//! BEGIN. And files of several transactions that fail before the first COMMIT.

use crate::fixture::{TestProject, ends, everything, run};
use supadeck::domain::migration::{Direction, StepEnd, StepMode, plan_summary};
use supadeck::ops::migration;

const ENUM: &str = "create type perm as enum ('a');";

#[tokio::test]
async fn a_commit_without_a_begin_ends_what_stands_before_it() {
    let project = TestProject::new().await;
    project.up("1_type.sql", ENUM);
    // Used in the transaction that made it, the new value would be refused.
    let file = "alter type perm add value 'b';\ncommit;\ncreate table uses (p perm default 'b');\ninsert into uses default values;\ncreate table last ();";
    project.up("2_uses.sql", file);
    project.up("3_next.sql", "create table next ();");
    let plan = project.plan(everything()).await.unwrap();
    assert_eq!(plan.steps[1].mode, StepMode::Alone);
    let why = plan.steps[1].mode_why.clone().unwrap();
    assert!(why.contains("COMMIT on line 2 has no BEGIN"), "{why}");
    let cautions = plan_summary::cautions(&plan).join("\n");
    assert!(
        cautions.contains("COMMIT without BEGIN: 2 uses"),
        "{cautions}"
    );
    let outcome = run(&project.schema, &plan).await;
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_eq!(project.texts("select p::text from uses").await, ["b"]);
    // It is recorded as it was written.
    let stored = "select array_length(statements, 1)::text from supabase_migrations.schema_migrations where version = '2'";
    assert_eq!(project.texts(stored).await, ["5"]);
    let states = project.states().await;
    assert!(
        states.iter().all(|state| state.ends_with("applied")),
        "{states:?}"
    );
}

#[tokio::test]
async fn what_follows_a_commit_is_one_transaction() {
    let project = TestProject::new().await;
    project.up("1_a.sql", "create table a ();\ncommit;\ncreate table b ();\ncreate table c ();\nselect 1/0;\ncreate table d ();");
    let outcome = project.apply().await;
    assert_eq!(ends(&outcome), [StepEnd::Interrupted]);
    assert!(project.has("a").await);
    assert!(
        !project.has("b").await && !project.has("c").await,
        "they were one transaction"
    );
    let problem = outcome.problem.unwrap();
    assert!(problem.hint.unwrap().contains("from statement 3"));
    // It goes on where the transaction begins.
    project
        .db
        .batch_execute("create function pg_temp.x() returns int language sql as 'select 1'")
        .await
        .unwrap();
    let plan = project
        .plan(crate::run::go_on(
            supadeck::domain::migration::Direction::Apply,
            false,
        ))
        .await
        .unwrap();
    assert_eq!(plan.steps[0].begin_at, 2);
}

#[tokio::test]
async fn words_without_an_effect_run_in_one_transaction_and_are_told() {
    for (file, is_told) in [
        (
            "create table a ();\nalter table a add b int;\ncommit;\n",
            true,
        ),
        ("create table a ();\nend; -- done\n", true),
        ("begin;\nbegin;\ncreate table a ();\ncommit;\n", true),
        ("begin;\ncreate table a ();\ncommit;\ncommit;\n", true),
        ("begin;\ncreate table a ();\ncommit;\n", false),
    ] {
        let project = TestProject::new().await;
        project.up("1_a.sql", file);
        let plan = project.plan(everything()).await.unwrap();
        assert_eq!(plan.steps[0].mode, StepMode::Transaction, "{file}");
        let cautions = plan_summary::cautions(&plan).join("\n");
        assert_eq!(
            cautions.contains("without effect: 1 a"),
            is_told,
            "{file}: {cautions}"
        );
        let outcome = run(&project.schema, &plan).await;
        assert!(outcome.is_complete(), "{file}: {outcome:?}");
        assert!(project.has("a").await);
        // A failure leaves nothing.
        let project = TestProject::new().await;
        project.up(
            "1_a.sql",
            file.replace("create table a ();", "create table a ();\nselect 1/0;"),
        );
        assert_eq!(
            ends(&project.apply().await),
            [StepEnd::RolledBack],
            "{file}"
        );
        assert!(!project.has("a").await);
    }
}

#[tokio::test]
async fn a_file_that_asks_to_run_outside_a_transaction_may_have_them_too() {
    let project = TestProject::new().await;
    project.up("1_type.sql", ENUM);
    project.up(
        "2_a.sql",
        "-- supadeck: no-transaction\nalter type perm add value 'b';\ncommit;\ncreate table uses (p perm default 'b');\ncommit;",
    );
    let outcome = project.apply().await;
    assert!(outcome.is_complete(), "{outcome:?}");
    assert!(project.has("uses").await);
}

#[tokio::test]
async fn a_failure_before_the_first_commit_leaves_nothing_and_the_version_is_pending() {
    for file in [
        "begin;\ncreate table a ();\nselect 1/0;\ncommit;\ncomment on schema public is 'x';",
        "create table a ();\nselect 1/0;\ncommit;\ncreate table b ();",
        "-- supadeck: no-transaction\nselect 1/0;\ncreate table a ();",
        // What is deferred fails only at the COMMIT.
        "begin;\ncreate table a (id int primary key, up int references a deferrable initially deferred);\ninsert into a values (1, 2);\ncommit;\nselect 1;",
        "create table a (id int primary key, up int references a deferrable initially deferred);\ninsert into a values (1, 2);\ncommit;\nselect 1;",
    ] {
        let project = TestProject::new().await;
        project.up("1_a.sql", file);
        project.up("2_b.sql", "create table later ();");
        let outcome = project.apply().await;
        assert_eq!(
            ends(&outcome),
            [StepEnd::RolledBack, StepEnd::NotRun],
            "{file}"
        );
        let problem = outcome.problem.unwrap();
        assert!(
            problem.what.contains("nothing of it remains"),
            "{file}: {problem}"
        );
        assert!(
            !problem.hint.unwrap_or_default().contains("--resume"),
            "{file}"
        );
        assert!(!project.has("a").await);
        assert_eq!(project.states().await, ["1 pending", "2 pending"], "{file}");
        let journal = "select version || ' ' || outcome from supabase_migrations.supadeck_journal order by id";
        assert_eq!(project.texts(journal).await, ["1 failed"], "{file}");
        // The project is in nobody's way: the file is mended and applied.
        project.up("1_a.sql", "create table a ();");
        assert!(project.apply().await.is_complete());
        assert_eq!(
            migration::list(&project.schema)
                .await
                .unwrap()
                .entries
                .len(),
            2
        );
    }
}

#[tokio::test]
async fn what_the_server_refuses_outright_leaves_nothing_outside_a_transaction_either() {
    for file in [
        "alter system set work_mem = 'much';",
        "alter system set no_such_setting = 1;",
        "create database supadeck_nothing template no_such_template;",
        "vacuum no_such_table;",
        "create index concurrently i on no_such_table (a);",
        "drop index concurrently no_such_index;",
        "reindex table concurrently no_such_table;",
    ] {
        let project = TestProject::new().await;
        project.up("1_a.sql", file);
        let outcome = project.apply().await;
        assert_eq!(ends(&outcome), [StepEnd::RolledBack], "{file}: {outcome:?}");
        let problem = outcome.problem.unwrap();
        assert!(
            problem.what.contains("nothing of it remains"),
            "{file}: {problem}"
        );
        assert_eq!(project.states().await, ["1 pending"], "{file}");
        project.up("1_a.sql", "create table a ();");
        assert!(project.apply().await.is_complete(), "{file}");
    }
    // What the function of an index does is found out only when rows are there, and the index with it.
    let project = TestProject::new().await;
    project
        .db
        .batch_execute("create table t (a int); insert into t values (1); create function f(int) returns int immutable language plpgsql as 'begin perform 1 from no_such_table; return 1; end'")
        .await
        .unwrap();
    project.up("1_a.sql", "create index concurrently i on t (f(a));");
    let outcome = project.apply().await;
    assert_eq!(
        outcome
            .problem
            .as_ref()
            .and_then(|one| one.code.clone())
            .as_deref(),
        Some("42P01")
    );
    assert_eq!(ends(&outcome), [StepEnd::Interrupted]);
}

#[tokio::test]
async fn a_file_that_sets_the_mode_of_its_transaction_is_told_the_same_by_a_dry_run() {
    for (file, is_done) in [
        (
            "set transaction isolation level serializable;\ncreate table a ();",
            false,
        ),
        (
            "set transaction isolation level read committed;\ncreate table a ();",
            true,
        ),
        ("set transaction read write;\ncreate table a ();", true),
        ("set transaction read only;\ncreate table a ();", false),
        ("set transaction read only;\nselect 1;", false),
        (
            "set transaction isolation level repeatable read, read only, deferrable;",
            false,
        ),
        ("set transaction deferrable;\ncreate table a ();", false),
        (
            "set transaction snapshot '00000003-0000001B-1';\ncreate table a ();",
            false,
        ),
        (
            "set session characteristics as transaction isolation level serializable;\ncreate table a ();",
            true,
        ),
        (
            "set default_transaction_isolation = 'serializable';\ncreate table a ();",
            true,
        ),
        (
            "set transaction_isolation = 'serializable';\ncreate table a ();",
            false,
        ),
    ] {
        let project = TestProject::new().await;
        project.up("1_a.sql", file);
        let plan = project.plan(everything()).await.unwrap();
        let stage = crate::fixture::database(&project.url);
        let watch = crate::fixture::watch().0;
        let report = migration::dry_run(&project.schema, stage.as_ref(), &plan, &watch)
            .await
            .unwrap();
        let outcome = run(&project.schema, &plan).await;
        assert_eq!(outcome.is_complete(), is_done, "{file}: {outcome:?}");
        let told = |problem: Option<&supadeck::domain::problem::Problem>| {
            problem.map(|one| (one.code.clone(), one.why.clone(), one.hint.clone()))
        };
        assert_eq!(
            told(report.problem.as_ref()),
            told(outcome.problem.as_ref()),
            "{file}"
        );
    }
}

#[tokio::test]
async fn what_may_remain_of_a_first_statement_still_stops_the_version() {
    let project = TestProject::new().await;
    project
        .db
        .batch_execute("create table t (a int); insert into t values (1), (1)")
        .await
        .unwrap();
    project.up(
        "1_a.sql",
        "create unique index concurrently i on t (a);\ncreate table a ();",
    );
    assert_eq!(ends(&project.apply().await), [StepEnd::Interrupted]);
}

/// The second connection holds the lock and writes the journal. When it alone is lost, what was committed is not run again.
#[tokio::test]
async fn what_was_committed_is_not_run_again_when_the_second_connection_was_lost() {
    for (file, rows) in [
        // Everything is committed: there is nothing left to run.
        (
            "create table a (x int);\ncommit;\ninsert into a values (2);\nselect pg_sleep(3);",
            1,
        ),
        // The first part is committed, and the second runs after it.
        (
            "create table a (x int);\ninsert into a values (1);\nselect pg_sleep(3);\ncommit;\ninsert into a values (2);",
            2,
        ),
    ] {
        let project = TestProject::new().await;
        project.up("1_a.sql", file);
        let ends_the_other = async {
            let end = "select coalesce(bool_or(pg_terminate_backend(l.pid)), false)::text from pg_locks l \
                where l.locktype = 'advisory' and l.granted and l.pid <> pg_backend_pid() \
                and l.database = (select oid from pg_database where datname = current_database()) \
                and exists (select from pg_stat_activity s where s.wait_event = 'PgSleep' and s.datname = current_database())";
            while project.texts(end).await != ["true"] {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        let (outcome, ()) = tokio::join!(project.apply(), ends_the_other);
        assert_eq!(ends(&outcome), [StepEnd::Interrupted], "{outcome:?}");
        let plan = project
            .plan(crate::run::go_on(Direction::Apply, false))
            .await
            .unwrap();
        let outcome = run(&project.schema, &plan).await;
        assert!(outcome.is_complete(), "{outcome:?}");
        let count = project.texts("select count(*)::text from a").await;
        assert_eq!(count, [rows.to_string()], "{file}");
    }
}
