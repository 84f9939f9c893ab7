//! Several files in one message: each is a transaction of its own, and each is told truly.

use crate::bench::{Bench, ends, everything, run, until, watch};
use crate::line::{Line, Rule};
use supadeck::domain::migration::{Progress, StepEnd, Wish};
use supadeck::domain::problem::Kind;
use supadeck::ops::migration;

const FILES: usize = 12;
/// Only a message that commits holds this.
const COMMITTING: &str = "reload schema'; commit";

/// Files `10_t.sql` and on, each with a table, a notice and a way back; `extra` goes into the file of an index.
async fn bench(extra: impl Fn(usize) -> &'static str) -> Bench {
    let mut bench = Bench::new().await;
    // From the first file on they go together.
    bench.schema.limits.live_files = 0;
    for at in 0..FILES {
        let number = 10 + at;
        let own = format!(
            "create table t{number} ();\ndo $$ begin raise notice 'of {number}'; end $$;\n"
        );
        bench.up(&format!("{number}_t.sql"), own + extra(at));
        bench.down(
            &format!("{number}_t.sql"),
            &format!("drop table t{number};"),
        );
    }
    bench
}

/// The tables that are there say the same as the history and as the journal's `done` lines.
async fn agreed(bench: &Bench) -> usize {
    let versions = bench.versions().await;
    let tables = bench
        .texts("select substr(relname, 2)::text from pg_class where relname ~ '^t[0-9]+$' and relkind = 'r' order by 1")
        .await;
    let lines = bench
        .texts("select version from supabase_migrations.supadeck_journal where outcome = 'done' order by id")
        .await;
    assert_eq!(versions, tables);
    assert_eq!(versions, lines);
    versions.len()
}

#[tokio::test]
async fn every_file_has_its_transaction_its_notices_and_its_time() {
    let bench = bench(|_| "").await;
    let plan = bench.plan(everything()).await.unwrap();
    let (watch, mut news) = watch();
    let outcome = migration::run(&bench.schema, &plan, &watch).await.unwrap();
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_eq!(agreed(&bench).await, FILES);
    for (at, step) in outcome.steps.iter().enumerate() {
        assert_eq!(step.notices, [format!("NOTICE: of {}", 10 + at)]);
    }
    let (mut started, mut done) = (Vec::new(), Vec::new());
    while let Ok(progress) = news.try_recv() {
        match progress {
            Progress::StepStarted { step } => started.push(step),
            Progress::StepDone { step, .. } => done.push(step),
            _ => {}
        }
    }
    let all: Vec<usize> = (0..FILES).collect();
    assert_eq!((started, done), (all.clone(), all));
    let transactions = bench
        .texts("select count(distinct xmin::text)::text from supabase_migrations.schema_migrations")
        .await;
    assert_eq!(transactions, [FILES.to_string()], "a transaction each");
    let overlaps = bench
        .texts("select version from (select version, started < lag(finished) over (order by id) as early from supabase_migrations.supadeck_journal) j where early")
        .await;
    assert!(overlaps.is_empty(), "{overlaps:?}");
    let plan = bench
        .plan(Wish::RollbackTo {
            version: "0".into(),
        })
        .await
        .unwrap();
    assert!(run(&bench.schema, &plan).await.is_complete());
    assert!(bench.versions().await.is_empty());
    assert!(!bench.has("t10").await && !bench.has("t21").await);
}

#[tokio::test]
async fn a_failing_file_leaves_nothing_and_stops_the_rest() {
    // The last kind cannot even be read, so the server begins nothing of its message.
    for (broken, line) in [
        ("select 1;\nselect nope;", "line 4"),
        ("insert into t15 values (1), (2) returning nope;", "line 3"),
        ("create tabel x ();", "line 3"),
    ] {
        let bench = bench(|at| if at == 5 { broken } else { "" }).await;
        let outcome = bench.apply().await;
        let ends = ends(&outcome);
        assert!(
            ends[..5].iter().all(|end| *end == StepEnd::Done),
            "{broken}: {ends:?}"
        );
        assert_eq!(ends[5], StepEnd::RolledBack, "{broken}");
        assert!(
            ends[6..].iter().all(|end| *end == StepEnd::NotRun),
            "{broken}: {ends:?}"
        );
        let problem = outcome.problem.unwrap();
        assert!(
            problem.what.contains("15_t") && problem.what.contains(line),
            "{problem}"
        );
        assert_eq!(agreed(&bench).await, 5);
        let failed = bench
            .texts(
                "select version from supabase_migrations.supadeck_journal where outcome = 'failed'",
            )
            .await;
        assert_eq!(failed, ["15"]);
    }
}

#[tokio::test]
async fn a_line_lost_behind_the_message_is_resolved_file_by_file() {
    for slow in [None, Some(7)] {
        let bench = bench(|at| {
            if slow == Some(at) {
                "select pg_sleep(1);"
            } else {
                ""
            }
        })
        .await;
        let line = Line::new(&bench.url, Rule::CutBehind(COMMITTING), true).await;
        let mut schema = bench.through(&line.url);
        schema.limits.live_files = 0;
        let plan = migration::plan(&schema, &everything()).await.unwrap();
        let outcome = run(&schema, &plan).await;
        assert!(line.is_cut());
        let done = agreed(&bench).await;
        let ends = ends(&outcome);
        let told = ends.iter().filter(|end| **end == StepEnd::Done).count();
        assert_eq!(told, done, "{ends:?}");
        assert!(
            ends[..done].iter().all(|end| *end == StepEnd::Done),
            "{ends:?}"
        );
        assert!(!ends.contains(&StepEnd::Unknown), "{ends:?}");
        assert_eq!(outcome.problem.unwrap().kind, Kind::Network);
        // The next run goes on.
        assert!(bench.apply().await.is_complete());
        assert_eq!(bench.versions().await.len(), FILES);
    }
}

#[tokio::test]
async fn nobody_knows_about_any_of_them_while_the_database_is_away() {
    let bench = bench(|_| "").await;
    let line = Line::new(&bench.url, Rule::CutBehind(COMMITTING), false).await;
    let mut schema = bench.through(&line.url);
    schema.limits.live_files = 0;
    let plan = migration::plan(&schema, &everything()).await.unwrap();
    let outcome = run(&schema, &plan).await;
    assert!(
        ends(&outcome).iter().all(|end| *end == StepEnd::Unknown),
        "{:?}",
        ends(&outcome)
    );
    assert_eq!(outcome.history, None);
}

#[tokio::test]
async fn a_lock_that_was_not_to_be_had_is_tried_again_from_its_file_on() {
    let mut bench = bench(|at| {
        if at == 4 {
            "alter table busy add column a int;"
        } else {
            ""
        }
    })
    .await;
    bench
        .db
        .batch_execute("create table busy ()")
        .await
        .unwrap();
    bench.schema.limits.lock_timeout = std::time::Duration::from_millis(50);
    bench.schema.limits.lock_pause = std::time::Duration::from_millis(10);
    let other = crate::bench::connect(&bench.url).await;
    other.batch_execute("begin; lock table busy").await.unwrap();
    let plan = bench.plan(everything()).await.unwrap();
    let (watch, mut news) = watch();
    let schema = bench.schema.clone();
    let running =
        tokio::spawn(async move { migration::run(&schema, &plan, &watch).await.unwrap() });
    while !matches!(
        news.recv().await,
        Some(Progress::TryingAgain { step: 4, .. })
    ) {}
    other.batch_execute("rollback").await.unwrap();
    let outcome = running.await.unwrap();
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_eq!(agreed(&bench).await, FILES);
    assert_eq!(outcome.steps[4].notices, ["NOTICE: of 14"]);
}

/// The journal, as a first run makes it; with a file before all others, which stays applied.
async fn with_journal(bench: &Bench) {
    bench.up("1_first.sql", "create table first ();");
    let only = Wish::Apply {
        to: Some("1".into()),
        include_out_of_order: false,
    };
    let plan = bench.plan(only).await.unwrap();
    assert!(run(&bench.schema, &plan).await.is_complete());
}

/// Applies the rest, and checks that each file is told as it is.
async fn all_are_applied(bench: &Bench, schema: &migration::Schema) {
    let plan = migration::plan(schema, &everything()).await.unwrap();
    let outcome = run(schema, &plan).await;
    assert!(outcome.is_complete(), "{outcome:?}");
    for (at, step) in outcome.steps.iter().enumerate() {
        assert_eq!(step.notices, [format!("NOTICE: of {}", 10 + at)]);
    }
    let versions = bench.versions().await;
    assert_eq!(versions.len(), FILES + 1);
    let lines = bench
        .texts("select version from supabase_migrations.supadeck_journal where outcome = 'done' order by id")
        .await;
    assert_eq!(versions, lines, "once each, and in order");
}

#[tokio::test]
async fn a_line_in_the_journal_that_is_not_ours_has_the_history_compared_again() {
    let bench = bench(|_| "").await;
    with_journal(&bench).await;
    // Behind each line the counter moves on by itself, as if another runner had written one.
    bench
        .db
        .batch_execute(
            "create function moved() returns trigger language plpgsql as $$ begin \
            execute format('alter sequence supabase_migrations.supadeck_journal_id_seq restart with %s', \
            currval('supabase_migrations.supadeck_journal_id_seq') + 100); return null; end $$; \
            create trigger moved after insert on supabase_migrations.supadeck_journal execute function moved()",
        )
        .await
        .unwrap();
    all_are_applied(&bench, &bench.schema).await;
}

#[tokio::test]
async fn a_history_that_another_tool_changes_under_way_stops_the_run() {
    // The file itself, and somebody who takes no lock and writes no line while a file is at work.
    for own in [true, false] {
        let bench = bench(|at| match (at, own) {
            (3, true) => {
                "insert into supabase_migrations.schema_migrations (version) values ('9');"
            }
            (3, false) => "select pg_sleep(0.6);",
            _ => "",
        })
        .await;
        let schema = bench.schema.clone();
        let plan = bench.plan(everything()).await.unwrap();
        let (watch, _news) = watch();
        let running = tokio::spawn(async move { migration::run(&schema, &plan, &watch).await });
        if !own {
            until(&bench.db, "select exists (select from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database())").await;
            let inserted =
                "insert into supabase_migrations.schema_migrations (version) values ('9')";
            bench.db.batch_execute(inserted).await.unwrap();
        }
        let outcome = running.await.unwrap().unwrap();
        let problem = outcome.problem.clone().unwrap();
        assert_eq!(problem.kind, Kind::Conflict, "{problem}");
        assert!(problem.detail.unwrap().contains('9'));
        let ends = ends(&outcome);
        assert!(
            ends[..4].iter().all(|end| *end == StepEnd::Done),
            "{ends:?}"
        );
        assert!(
            ends[4..].iter().all(|end| *end == StepEnd::NotRun),
            "{ends:?}"
        );
        assert_eq!(bench.versions().await.len(), 5);
    }
}

/// The project through a role that may not read the journal's counter, so that no file leans on another.
async fn through_a_small_role(bench: &Bench, name: &str) -> migration::Schema {
    with_journal(bench).await;
    let role = format!("{name}{}", std::process::id());
    bench
        .db
        .batch_execute(&format!(
            "create role {role} login password 'small'; grant usage on schema supabase_migrations to {role}; \
            grant select, insert, update, delete on all tables in schema supabase_migrations, public to {role}; \
            grant create, usage on schema public to {role}"
        ))
        .await
        .unwrap();
    let (_, host) = bench.url.split_once('@').unwrap();
    let mut schema = bench.through(&format!("postgresql://{role}:small@{host}"));
    schema.limits.live_files = 0;
    schema
}

#[tokio::test]
async fn who_waits_in_the_middle_of_a_message_is_the_file_that_does() {
    for leans in [true, false] {
        let bench = bench(|at| if at == 4 { "lock table busy;" } else { "" }).await;
        let busy = "create table busy ()";
        bench.db.batch_execute(busy).await.unwrap();
        let schema = if leans {
            bench.schema.clone()
        } else {
            through_a_small_role(&bench, "waits").await
        };
        let other = crate::bench::connect(&bench.url).await;
        other.batch_execute("begin; lock table busy").await.unwrap();
        let plan = migration::plan(&schema, &everything()).await.unwrap();
        let (watch, mut news) = watch();
        let running =
            tokio::spawn(async move { migration::run(&schema, &plan, &watch).await.unwrap() });
        let mut done = Vec::new();
        let blocked = loop {
            match news.recv().await.unwrap() {
                Progress::Blocked { step, .. } => break step,
                Progress::StepDone { step, .. } => done.push(step),
                _ => {}
            }
        };
        other.batch_execute("rollback").await.unwrap();
        let outcome = running.await.unwrap();
        assert!(outcome.is_complete(), "{outcome:?}");
        assert_eq!((done, blocked), ((0..4).collect(), 4), "leans: {leans}");
        let slowest = outcome.steps.iter().max_by_key(|step| step.took).unwrap();
        assert_eq!(slowest.version, "14", "{outcome:?}");
    }
}

#[tokio::test]
async fn a_role_that_may_not_see_the_counter_runs_all_files() {
    let bench = bench(|_| "").await;
    let schema = through_a_small_role(&bench, "small").await;
    all_are_applied(&bench, &schema).await;
}
