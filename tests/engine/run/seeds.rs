//! Seeds: what runs, what it changed, psql's variables, rows of `COPY`, and running again.

use crate::fixture::fault_proxy::{FaultProxy, Rule};
use crate::fixture::{TestProject, database, run_control};
use std::path::PathBuf;
use supadeck::domain::migration::StepEnd;
use supadeck::domain::problem::Kind;
use supadeck::domain::run_event::RunEvent;
use supadeck::domain::seed::SeedOutcome;
use supadeck::ops::migration::RunControl;
use supadeck::ops::migration::Workspace;
use supadeck::ops::seed;
use tokio::sync::mpsc::unbounded_channel;
use tokio_util::sync::CancellationToken;

async fn project() -> TestProject {
    let project = TestProject::new().await;
    project
        .db
        .batch_execute("create table s (a text, b int)")
        .await
        .unwrap();
    project
}

async fn seed_all(project: &TestProject, again: bool) -> SeedOutcome {
    let plan = seed::plan(&project.schema, &[], again).await.unwrap();
    seed::run(&project.schema, &plan, &run_control())
        .await
        .unwrap()
}

async fn states(project: &TestProject) -> Vec<String> {
    let listing = seed::list(&project.schema).await.unwrap();
    listing
        .entries
        .iter()
        .map(|entry| format!("{} {}", entry.path, entry.state.word()))
        .collect()
}

#[tokio::test]
async fn seeds_run_once_and_again_on_request() {
    let project = project().await;
    project.write("seeds/b.sql", "insert into s values ('b', 1), ('b', 2); update s set b = 3 where b = 1; select 1; notify x;");
    project.write("seeds/a.sql", "insert into s values ('a', 0);");
    assert_eq!(
        states(&project).await,
        ["seeds/a.sql pending", "seeds/b.sql pending"]
    );
    let outcome = seed_all(&project, false).await;
    assert!(outcome.problem.is_none(), "{outcome:?}");
    assert_eq!(
        outcome.steps[1].changes,
        ["INSERT 0 2", "UPDATE 1", "SELECT 1", "NOTIFY"]
    );
    assert_eq!(outcome.steps[1].rows, 3);
    assert_eq!(
        states(&project).await,
        ["seeds/a.sql applied", "seeds/b.sql applied"]
    );
    assert!(seed_all(&project, false).await.steps.is_empty());
    project.write("seeds/a.sql", "insert into s values ('a2', 0);");
    assert_eq!(states(&project).await[0], "seeds/a.sql changed");
    assert!(seed_all(&project, false).await.steps.is_empty());
    let plan = seed::plan(&project.schema, &[PathBuf::from("seeds/a.sql")], true)
        .await
        .unwrap();
    assert_eq!(plan.steps.len(), 1);
    assert!(
        seed::run(&project.schema, &plan, &run_control())
            .await
            .unwrap()
            .problem
            .is_none()
    );
    assert_eq!(states(&project).await[0], "seeds/a.sql applied");
    assert_eq!(
        project.texts("select a from s order by a").await,
        ["a", "a2", "b", "b"]
    );
    std::fs::remove_file(project.root.path().join("seeds/b.sql")).unwrap();
    assert_eq!(
        states(&project).await,
        ["seeds/a.sql applied", "seeds/b.sql missing"]
    );
    let wrong = seed::plan(&project.schema, &[PathBuf::from("seeds/x.sql")], true)
        .await
        .unwrap_err();
    assert_eq!(wrong.kind, Kind::Usage);
}

#[tokio::test]
async fn rows_of_copy_are_streamed_and_variables_filled_in() {
    let project = project().await;
    let rows: Vec<String> = (0..20_000)
        .map(|row| format!("row ; ' {row}\t{row}\n"))
        .collect();
    let rows = rows.concat();
    project.write(
        "seeds/a.sql",
        format!("\\set word 'it''s'\n\\set table s\nbegin;\ncopy :table (a, b) from stdin;\n{rows}\\.\n\ninsert into :\"table\" values (:'word', 1::int);\ncopy s from stdin with (format csv);\n\"c;sv\",7\n\\.\ncommit;\n"),
    );
    let outcome = seed_all(&project, false).await;
    assert!(outcome.problem.is_none(), "{outcome:?}");
    assert_eq!(
        outcome.steps[0].changes,
        ["COPY 20000", "INSERT 0 1", "COPY 1"]
    );
    assert_eq!(outcome.steps[0].rows, 20_002);
    assert_eq!(project.texts("select a from s where b = 1 and a not like 'row%' or b = 7 and a not like 'row%' order by b").await, ["it's", "c;sv"]);
}

#[tokio::test]
async fn a_failing_seed_leaves_nothing_and_is_not_recorded() {
    let project = project().await;
    project.write("seeds/a.sql", "insert into s values ('a', 0);");
    for (text, place, code) in [
        (
            "insert into s values ('x', 1);\n\ninsert into s\n values ('y', oops);",
            "statement 2 of 2, line 4",
            "42703",
        ),
        (
            "insert into s values ('x', 1);\ncopy s from stdin;\nok\t1\nbad\tx\n\\.\n",
            "statement 2 of 2, line 4",
            "22P02",
        ),
        (
            "copy nowhere from stdin;\n1\n\\.\n",
            "statement 1 of 1, line 1",
            "42P01",
        ),
    ] {
        project.write("seeds/b.sql", text);
        project.write("seeds/c.sql", "insert into s values ('c', 0);");
        let outcome = seed_all(&project, false).await;
        let problem = outcome.problem.unwrap();
        assert!(problem.what.contains(place), "{problem}");
        assert_eq!(problem.code.as_deref(), Some(code), "{problem}");
        assert_eq!(
            outcome
                .steps
                .iter()
                .rev()
                .take(2)
                .map(|step| step.end)
                .collect::<Vec<_>>(),
            [StepEnd::NotRun, StepEnd::RolledBack]
        );
        assert!(outcome.steps[outcome.steps.len() - 2].changes.is_empty());
        assert_eq!(project.texts("select a from s").await, ["a"]);
        assert_eq!(
            states(&project).await,
            [
                "seeds/a.sql applied",
                "seeds/b.sql pending",
                "seeds/c.sql pending"
            ]
        );
    }
}

#[tokio::test]
async fn what_a_seed_may_not_hold_is_refused_with_its_line() {
    let project = project().await;
    for (text, line) in [
        ("select 1;\n\\i other.sql\n", 2),
        ("select 1;\nbegin;\n", 2),
        ("begin; select 1; commit;\nbegin; select 2; commit;", 1),
        ("\n\nvacuum s;", 3),
        ("select 'x\n", 1),
    ] {
        project.write("seeds/a.sql", text);
        let refused = seed::plan(&project.schema, &[], false).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Config);
        assert!(
            refused.what.contains(&format!("line {line}.")),
            "{text}: {refused}"
        );
    }
}

#[tokio::test]
async fn a_seed_can_be_cancelled_amid_its_rows() {
    let project = project().await;
    project.write(
        "seeds/a.sql",
        "insert into s values ('x', 1);\nselect pg_sleep(600);\n",
    );
    let plan = seed::plan(&project.schema, &[], false).await.unwrap();
    let (progress, mut news) = unbounded_channel();
    let watch = RunControl {
        progress,
        cancel: CancellationToken::new(),
    };
    let (schema, cancel) = (project.schema.clone(), watch.cancel.clone());
    let running = tokio::spawn(async move { seed::run(&schema, &plan, &watch).await.unwrap() });
    while !matches!(
        news.recv().await,
        Some(RunEvent::StatementDone { done: 1, .. })
    ) {}
    cancel.cancel();
    let outcome = running.await.unwrap();
    assert_eq!(outcome.problem.unwrap().kind, Kind::Cancelled);
    assert_eq!(outcome.steps[0].end, StepEnd::RolledBack);
    assert!(project.texts("select a from s").await.is_empty());
}

#[tokio::test]
async fn a_line_cut_at_commit_is_resolved_by_the_record() {
    const UNKNOWN: &str = "How many rows it changed is not known.";
    for (rule, open_again, end, changes, rows) in [
        (
            Rule::CutBehind("notify pgrst"),
            true,
            StepEnd::Done,
            &["INSERT 0 1"][..],
            1,
        ),
        (
            Rule::CutBehind("notify pgrst"),
            false,
            StepEnd::Unknown,
            &[UNKNOWN],
            0,
        ),
        (
            Rule::CutBefore("notify pgrst"),
            true,
            StepEnd::RolledBack,
            &[],
            0,
        ),
    ] {
        let project = project().await;
        project.write("seeds/a.sql", "insert into s values ('x', 1);");
        let line = FaultProxy::new(&project.url, rule, open_again).await;
        let schema = Workspace::new(project.root.path(), database(&line.url));
        let plan = seed::plan(&schema, &[], false).await.unwrap();
        let outcome = seed::run(&schema, &plan, &run_control()).await.unwrap();
        assert_eq!(outcome.steps[0].end, end);
        assert_eq!(outcome.steps[0].changes, changes);
        assert_eq!(outcome.steps[0].rows, rows);
        assert_eq!(outcome.problem.unwrap().kind, Kind::Network);
        if end != StepEnd::Unknown {
            assert_eq!(
                project.texts("select a from s").await.len(),
                usize::from(end == StepEnd::Done)
            );
        }
    }
}

/// The same seeds over a connection, through a pooler whose sessions change, and over the Management API.
async fn on_every_way(project: &TestProject, check: impl AsyncFn(&str, SeedOutcome)) {
    check("direct", seed_all(project, true).await).await;
    let seeded = async |schema: Workspace| {
        let plan = seed::plan(&schema, &[], true).await.unwrap();
        seed::run(&schema, &plan, &run_control()).await.unwrap()
    };
    if let Some(pooler) = crate::fixture::pooler::Pooler::start(project).await {
        let schema = project.through(&pooler.url("127.0.0.1", "pgbouncer=true"));
        check("pooler", seeded(schema).await).await;
    }
    let api = crate::support::fake_management_api::FakeManagementApi::start(&project.url).await;
    let schema = Workspace::new(project.root.path(), api.database());
    check("api", seeded(schema).await).await;
}

#[tokio::test]
async fn settings_last_through_one_run_and_neither_the_role_nor_the_transaction_does() {
    let project = project().await;
    project
        .write(
            "seeds/a.sql",
            "set app.x = 'from a'; set session datestyle to 'German, DMY'; select pg_catalog.set_config('app.y', 'y', false); set local app.z = 'gone'; set role anon;",
        );
    project.write("seeds/b.sql", "set app.x to 'from b';");
    project.write(
        "seeds/c.sql",
        "insert into s select concat_ws('|', current_setting('app.x', true), current_setting('app.y', true), current_setting('app.z', true), date '2026-02-03', current_user = session_user), 1;",
    );
    on_every_way(&project, async |way, outcome| {
        assert!(outcome.problem.is_none(), "{way}: {outcome:?}");
        assert_eq!(outcome.steps[2].rows, 1, "{way}");
        let told = project.texts("select a from s").await;
        assert!(
            told[0].starts_with("from b|y|") && told[0].ends_with("|03.02.2026|t"),
            "{way}: {told:?}"
        );
        assert!(!told[0].contains("gone"), "{way}: {told:?}");
        project.db.batch_execute("truncate s").await.unwrap();
    })
    .await;
    // The next run begins anew.
    let only = [PathBuf::from("seeds/c.sql")];
    let plan = seed::plan(&project.schema, &only, true).await.unwrap();
    let outcome = seed::run(&project.schema, &plan, &run_control())
        .await
        .unwrap();
    assert!(outcome.problem.is_none(), "{outcome:?}");
    assert!(!project.texts("select a from s").await[0].contains("from"));
}

#[tokio::test]
async fn a_failing_seed_names_the_line_of_the_file_and_shows_it_with_that_number() {
    let project = project().await;
    for (file, line, shown) in [
        (
            "-- one\ninsert into s values ('a', 1);\n\n-- why\ninsert into s\n  values ('b', 'x');\n",
            6,
            "6 |   values ('b', 'x')",
        ),
        (
            "insert into s values ('a', 1);\n\n-- comment\nselect f();\n",
            4,
            "4 | select f()",
        ),
        (
            "\\set n 'x'\n\ninsert into s values ('a', :'n'::int);\n",
            3,
            "3 | insert into s",
        ),
        (
            "select 1;\ncopy s from stdin;\na\t1\nb\tx\n\\.\n",
            4,
            "4 | b",
        ),
    ] {
        project.write("seeds/a.sql", file);
        let problem = seed_all(&project, true).await.problem.unwrap();
        assert!(
            problem.what.contains(&format!("line {line},")),
            "{file}: {problem}"
        );
        let detail = problem.detail.unwrap();
        assert!(detail.contains(shown), "{file}: {detail}");
    }
}

#[tokio::test]
async fn a_seed_that_writes_the_history_is_told_before_it_runs() {
    let project = project().await;
    for (file, is_told) in [
        (
            "select 1;\ninsert into supabase_migrations.schema_migrations values ('1');",
            true,
        ),
        (
            "copy \"supabase_migrations\".\"schema_migrations\" (version) from stdin;\n1\n\\.\n",
            true,
        ),
        (
            "do $$ begin delete from supabase_migrations.schema_migrations; end $$;",
            true,
        ),
        (
            "with a as (select '1') insert into supabase_migrations.schema_migrations select * from a;",
            true,
        ),
        (
            "select * from supabase_migrations.schema_migrations; -- insert into",
            false,
        ),
        (
            "insert into s select version, 1 from other.schema_migrations;",
            false,
        ),
    ] {
        project.write("seeds/a.sql", file);
        let plan = seed::plan(&project.schema, &[], true).await.unwrap();
        let told = plan.notes.join("\n");
        assert_eq!(
            told.contains("writes the migration history"),
            is_told,
            "{file}: {told}"
        );
    }
}
