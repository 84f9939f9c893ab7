//! Files whose statements are too many for one message: the row of the history is streamed, and holds what was run.

use crate::fixture::fault_proxy::{FaultProxy, Rule};
use crate::fixture::{TestProject, everything, run};
use supadeck::domain::migration::{State, StepEnd};
use supadeck::domain::problem::Kind;
use supadeck::domain::sql::split::statements;
use supadeck::ops::migration;

/// More than a megabyte of statements with everything that means something to `COPY` and to an array.
fn large() -> String {
    let nasty = "a\\b \"c\" {d,e} \\. \\N\tf\r\n\u{1}ä🙂 null";
    let body = "x".repeat(1_000);
    let mut sql = String::from("\u{feff}create table large (id int, text text);\n");
    for id in 0..1_200 {
        sql.push_str(&format!(
            "-- row {id}\r\ninsert into large values ({id}, $t${nasty} {body}$t$);\n"
        ));
    }
    sql.push_str("insert into large values (-1, E'\\\\ \\' \"') -- \"the end\\\n");
    sql
}

async fn stored(project: &TestProject, column: &str) -> Vec<String> {
    project
        .texts(&format!(
            "select unnest({column}) from supabase_migrations.schema_migrations where version = '1'"
        ))
        .await
}

#[tokio::test]
async fn a_streamed_row_holds_exactly_the_statements() {
    let mut project = TestProject::new().await;
    let sql = large();
    project.up("1_large.sql", &sql);
    // Sent live and, by the plan's length, at once: too large a file is never part of a message.
    for at_once in [false, true] {
        if at_once {
            project.schema.limits.live_files = 0;
            project
                .db
                .batch_execute(
                    "drop table large; drop schema supabase_migrations cascade; create schema supabase_migrations; \
                    create table supabase_migrations.schema_migrations (version text primary key, statements text[], name text, rollback text[])",
                )
                .await
                .unwrap();
            project.down("1_large.sql", "drop table large; -- \"\\\n");
        }
        let plan = project.plan(everything()).await.unwrap();
        assert!(run(&project.schema, &plan).await.is_complete());
        assert_eq!(stored(&project, "statements").await, statements(&sql));
        let listing = supadeck::ops::migration::list(&project.schema)
            .await
            .unwrap();
        assert_eq!(listing.count(State::Applied), 1, "{listing:?}");
        let lines = project
            .texts("select outcome from supabase_migrations.supadeck_journal")
            .await;
        assert_eq!(lines, ["done"]);
    }
    assert_eq!(
        stored(&project, "rollback").await,
        ["drop table large", "-- \"\\"]
    );
}

#[tokio::test]
async fn a_row_that_is_there_already_undoes_all_of_it() {
    let project = TestProject::new().await;
    // The row comes in behind the check, as from a tool that takes no lock.
    project.up(
        "1_large.sql",
        large() + ";insert into supabase_migrations.schema_migrations (version) values ('1');",
    );
    let plan = project.plan(everything()).await.unwrap();
    let outcome = run(&project.schema, &plan).await;
    assert_ne!(outcome.steps[0].end, StepEnd::Done, "{outcome:?}");
    assert_eq!(outcome.problem.unwrap().kind, Kind::Conflict);
    assert!(project.versions().await.is_empty());
    assert!(!project.has("large").await);
}

#[tokio::test]
async fn the_time_that_the_row_is_on_the_line_is_no_statements_time() {
    let project = TestProject::new().await;
    project.up("1_large.sql", large());
    let limit = "do $$ begin execute format('alter database %I set statement_timeout = %L', current_database(), '1s'); end $$";
    project.db.batch_execute(limit).await.unwrap();
    // The messages behind it are late by more than a second in all.
    let rule = Rule::SlowBehind("copy supabase_migrations.schema_migrations");
    let line = FaultProxy::new(&project.url, rule, true).await;
    let schema = project.through(&line.url);
    let plan = migration::plan(&schema, &everything()).await.unwrap();
    let outcome = run(&schema, &plan).await;
    assert!(line.is_cut());
    assert!(outcome.is_complete(), "{outcome:?}");
}

/// A file of many statements: how long its dry run takes against its run, as figures for `docs/performance.md`. Run by hand:
/// times say nothing on a machine that others use.
#[tokio::test]
#[ignore = "prints figures"]
async fn a_dry_run_against_its_run() {
    let objects = |count: usize| -> String {
        let one = |at: usize| match at % 4 {
            0 => format!(
                "create table if not exists t{at} (id int primary key, name text default 'x');"
            ),
            1 => format!("alter table t{} add column more int;", at - 1),
            2 => format!("create index on t{} (name);", at - 2),
            _ => format!("comment on table t{} is 'the {at}';", at - 3),
        };
        (0..count).map(one).collect::<Vec<_>>().join("\n")
    };
    let rows = |count: usize| -> String {
        let one = |at: usize| format!("insert into there values ({at}, 'some text');");
        (0..count).map(one).collect::<Vec<_>>().join("\n")
    };
    for (what, text) in [("rows", rows(8000)), ("objects", objects(8000))] {
        let project = crate::fixture::TestProject::new().await;
        let there = "create table there (id int, name text)";
        project.db.batch_execute(there).await.unwrap();
        project.up("1_large.sql", text);
        let plan = project.plan(crate::fixture::everything()).await.unwrap();
        let stage = crate::fixture::database(&project.url);
        let begun = std::time::Instant::now();
        supadeck::ops::migration::risks(&plan);
        println!("{what}: risks {:?}", begun.elapsed());
        for round in 0..2 {
            let begun = std::time::Instant::now();
            let report = supadeck::ops::migration::dry_run(
                &project.schema,
                stage.as_ref(),
                &plan,
                &crate::fixture::watch().0,
            )
            .await
            .unwrap();
            assert!(report.problem.is_none(), "{:?}", report.problem);
            let server: u64 = report.steps.iter().map(|step| step.took_ms).sum();
            println!(
                "{what} {round}: dry run {:?}, {server} ms at the server",
                begun.elapsed()
            );
        }
        let begun = std::time::Instant::now();
        assert!(
            crate::fixture::run(&project.schema, &plan)
                .await
                .is_complete()
        );
        println!("{what}: run {:?}", begun.elapsed());
    }
}
