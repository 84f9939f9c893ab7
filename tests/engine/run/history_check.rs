//! Files of one message: when the history is compared again, and that nothing of a file is left in the session for the next.

use crate::fixture::{TestProject, connect, database, ends, everything, run, until, watch};
use crate::run::{FILES, agreed, project_of_many};
use supadeck::domain::migration::{PlanRequest, StepEnd};
use supadeck::domain::problem::Kind;
use supadeck::domain::run_event::RunEvent;
use supadeck::domain::script::{Part, Record, RunError, Script};
use supadeck::ops::migration;
use supadeck::ports::Database as _;
use tokio_util::sync::CancellationToken;

/// The journal, as a first run makes it; with a file before all others, which stays applied.
async fn with_journal(project: &TestProject) {
    project.up("1_first.sql", "create table first ();");
    let only = PlanRequest::Apply {
        to: Some("1".into()),
        include_out_of_order: false,
    };
    let plan = project.plan(only).await.unwrap();
    assert!(run(&project.schema, &plan).await.is_complete());
}

/// Applies the rest, and checks that each file is told as it is.
async fn all_are_applied(project: &TestProject, schema: &migration::Workspace) {
    let plan = migration::plan(schema, &everything()).await.unwrap();
    let outcome = run(schema, &plan).await;
    assert!(outcome.is_complete(), "{outcome:?}");
    for (at, step) in outcome.steps.iter().enumerate() {
        assert_eq!(step.notices, [format!("NOTICE: of {}", 10 + at)]);
    }
    let versions = project.versions().await;
    assert!(versions.len() >= FILES);
    let lines = project
        .texts("select version from supabase_migrations.supadeck_journal where outcome = 'done' order by id")
        .await;
    assert_eq!(versions, lines, "once each, and in order");
}

#[tokio::test]
async fn a_line_in_the_journal_that_is_not_ours_has_the_history_compared_again() {
    let project = project_of_many(|_| "").await;
    with_journal(&project).await;
    // Behind each line the counter moves on by itself, as if another runner had written one.
    project
        .db
        .batch_execute(
            "create function moved() returns trigger language plpgsql as $$ begin \
            execute format('alter sequence supabase_migrations.supadeck_journal_id_seq restart with %s', \
            currval('supabase_migrations.supadeck_journal_id_seq') + 100); return null; end $$; \
            create trigger moved after insert on supabase_migrations.supadeck_journal execute function moved()",
        )
        .await
        .unwrap();
    all_are_applied(&project, &project.schema).await;
}

#[tokio::test]
async fn what_another_runner_changes_between_two_files_stops_the_run() {
    for writes_journal in [true, false] {
        let project = project_of_many(|_| "").await;
        with_journal(&project).await;
        // Behind the line of one file, at once: a row of the history, and the number of a line as another runner takes it.
        let number = if writes_journal {
            "execute format('alter sequence supabase_migrations.supadeck_journal_id_seq restart with %s', \
            currval('supabase_migrations.supadeck_journal_id_seq') + 100);"
        } else {
            ""
        };
        project
            .db
            .batch_execute(&format!(
                "create function moved() returns trigger language plpgsql as $$ begin \
                if new.version = '13' then {number} \
                insert into supabase_migrations.schema_migrations (version) values ('9'); end if; return null; end $$; \
                create trigger moved after insert on supabase_migrations.supadeck_journal for each row execute function moved()"
            ))
            .await
            .unwrap();
        let plan = project.plan(everything()).await.unwrap();
        let outcome = run(&project.schema, &plan).await;
        if !writes_journal {
            // Nothing tells of it, and the message is young: it is not looked for.
            assert!(outcome.is_complete(), "{outcome:?}");
            continue;
        }
        assert_eq!(outcome.problem.clone().unwrap().kind, Kind::Conflict);
        let ends = ends(&outcome);
        assert!(
            ends[..4].iter().all(|end| *end == StepEnd::Done),
            "{ends:?}"
        );
        assert!(
            ends[4..].iter().all(|end| *end == StepEnd::NotRun),
            "{ends:?}"
        );
    }
}

#[tokio::test]
async fn a_history_that_another_tool_changes_under_way_stops_the_run() {
    // The file itself, and somebody who takes no lock and writes no line while a file is at work.
    for own in [true, false] {
        let project = project_of_many(|at| match (at, own) {
            (3, true) => {
                "insert into supabase_migrations.schema_migrations (version) values ('9');"
            }
            (3, false) => "select pg_sleep(0.6);",
            _ => "",
        })
        .await;
        let schema = project.schema.clone();
        let plan = project.plan(everything()).await.unwrap();
        let (watch, _news) = watch();
        let running = tokio::spawn(async move { migration::run(&schema, &plan, &watch).await });
        if !own {
            until(&project.db, "select exists (select from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database())").await;
            let inserted =
                "insert into supabase_migrations.schema_migrations (version) values ('9')";
            project.db.batch_execute(inserted).await.unwrap();
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
        assert_eq!(project.versions().await.len(), 5);
    }
}

/// The project through a role that may not read the journal's counter, so that every file compares the history.
async fn through_a_small_role(project: &TestProject, name: &str) -> migration::Workspace {
    with_journal(project).await;
    let role = format!("{name}{}", std::process::id());
    project
        .db
        .batch_execute(&format!(
            "create role {role} login password 'small'; grant usage on schema supabase_migrations to {role}; \
            grant select, insert, update, delete on all tables in schema supabase_migrations, public to {role}; \
            grant create, usage on schema public to {role}"
        ))
        .await
        .unwrap();
    let (_, host) = project.url.split_once('@').unwrap();
    let mut schema = project.through(&format!("postgresql://{role}:small@{host}"));
    schema.limits.live_files = 0;
    schema
}

#[tokio::test]
async fn who_waits_in_the_middle_of_a_message_is_the_file_that_does() {
    for sees_counter in [true, false] {
        let project = project_of_many(|at| match at {
            4 => "lock table busy;",
            // A message ends where a file may have changed the history.
            9 => "select 'supabase_migrations';",
            _ => "",
        })
        .await;
        let busy = "create table busy ()";
        project.db.batch_execute(busy).await.unwrap();
        let schema = if sees_counter {
            project.schema.clone()
        } else {
            through_a_small_role(&project, "waits").await
        };
        let other = connect(&project.url).await;
        other.batch_execute("begin; lock table busy").await.unwrap();
        let plan = migration::plan(&schema, &everything()).await.unwrap();
        let (watch, mut news) = watch();
        let running =
            tokio::spawn(async move { migration::run(&schema, &plan, &watch).await.unwrap() });
        let mut done = Vec::new();
        let blocked = loop {
            match news.recv().await.unwrap() {
                RunEvent::Blocked { step, .. } => break step,
                RunEvent::StepDone { step, .. } => done.push(step),
                _ => {}
            }
        };
        other.batch_execute("rollback").await.unwrap();
        let outcome = running.await.unwrap();
        assert!(outcome.is_complete(), "{outcome:?}");
        assert_eq!((done, blocked), ((0..4).collect(), 4), "{sees_counter}");
        let slowest = outcome.steps.iter().max_by_key(|step| step.took).unwrap();
        assert_eq!(slowest.version, "14", "{outcome:?}");
    }
}

#[tokio::test]
async fn a_role_that_may_not_see_the_counter_runs_all_files() {
    let project = project_of_many(|_| "").await;
    let schema = through_a_small_role(&project, "small").await;
    all_are_applied(&project, &schema).await;
}

#[tokio::test]
async fn no_statement_is_prepared_in_the_session_of_a_file() {
    let mut project = TestProject::new().await;
    project.schema.limits.live_files = 0;
    // More than a message takes.
    for number in 100..240 {
        project.up(
            &format!("{number}_t.sql"),
            "do $$ begin if exists (select from pg_prepared_statements) then raise 'kept'; end if; end $$; prepare mine as select 1;",
        );
    }
    let outcome = project.apply().await;
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_eq!(project.versions().await.len(), 140);
}

#[tokio::test]
async fn files_that_come_late_in_their_message_are_applied_like_any() {
    let project = project_of_many(|at| if at < 4 { "select pg_sleep(0.3);" } else { "" }).await;
    let outcome = project.apply().await;
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_eq!(agreed(&project).await, FILES);
}

#[tokio::test]
async fn a_file_that_has_the_session_forget_all_is_applied_like_any() {
    // In plain sight, and hidden.
    const SEEN: &str = "deallocate all;";
    const HIDDEN: &str = "do $$ begin execute 'deallo' || 'cate all'; end $$;";
    let project = project_of_many(|at| match at {
        3 | LAST => HIDDEN,
        6 => SEEN,
        _ => "",
    })
    .await;
    all_are_applied(&project, &project.schema).await;
    assert_eq!(agreed(&project).await, FILES);
}

const LAST: usize = FILES - 1;

#[tokio::test]
async fn a_version_that_is_not_there_any_more_is_not_rolled_back() {
    let project = project_of_many(|_| "").await;
    assert!(project.apply().await.is_complete());
    project.down(
        "15_t.sql",
        "drop table t15; delete from supabase_migrations.schema_migrations where version = '15';",
    );
    let back = PlanRequest::RollbackTo {
        version: "0".into(),
    };
    let plan = project.plan(back).await.unwrap();
    let outcome = run(&project.schema, &plan).await;
    assert_eq!(outcome.problem.clone().unwrap().kind, Kind::Conflict);
    let ends = ends(&outcome);
    assert!(
        ends[..6].iter().all(|end| *end == StepEnd::Done),
        "{ends:?}"
    );
    assert!(
        ends[6..].iter().all(|end| *end == StepEnd::NotRun),
        "{ends:?}"
    );
    assert_eq!(project.versions().await.len(), 6);
    assert!(project.has("t15").await && !project.has("t16").await);
}

#[tokio::test]
async fn a_transaction_that_ended_in_the_middle_is_seen_in_a_message_too() {
    // The second also takes away what the check is made with.
    for then in [
        "create table d ()",
        "do $$ begin execute 'deallo' || 'cate all'; end $$",
    ] {
        escaped(then).await;
    }
}

async fn escaped(then: &str) {
    let project = TestProject::new().await;
    let script = |version: &str, parts: &[&str]| Script {
        parts: parts
            .iter()
            .enumerate()
            .map(|(statement, sql)| Part {
                statement,
                sql: (*sql).into(),
                data: None,
            })
            .collect(),
        record: Record::Applied {
            version: version.into(),
            name: "t".into(),
            statements: parts.iter().collect(),
            rollback: None,
        },
        sha256: String::new(),
        expects: None,
        at_once: true,
        is_resume: false,
        alone: None,
        settings: Vec::new(),
    };
    // As a splitter that goes wrong would send it.
    let scripts = [
        script("1", &["create table a ()"]),
        script("2", &["create table b ()"]),
        script("3", &["create table c ()", "commit", "begin", then]),
        script("4", &["create table e ()"]),
    ];
    let mut session = database(&project.url)
        .session(project.schema.limits)
        .await
        .unwrap();
    session.prepare().await.unwrap();
    let mut done = Vec::new();
    let mut news = |one: RunEvent| {
        if let RunEvent::StepDone { step: at, .. } = one {
            done.push(at);
        }
    };
    let (count, ended) = session
        .run(&scripts, &mut news, &CancellationToken::new())
        .await;
    assert_eq!((count, ended), (2, Err(RunError::Escaped)));
    assert_eq!(done, [0, 1]);
    assert_eq!(project.versions().await, ["1", "2"]);
    assert!(project.has("c").await && !project.has("d").await && !project.has("e").await);
}

#[tokio::test]
async fn a_role_that_may_only_add_to_the_journal_runs_all_files() {
    let project = project_of_many(|_| "").await;
    let schema = through_a_small_role(&project, "adds").await;
    project
        .db
        .batch_execute(
            "grant usage, select on all sequences in schema supabase_migrations to public; \
            alter table supabase_migrations.supadeck_journal enable row level security; \
            create policy adds on supabase_migrations.supadeck_journal for insert with check (true)",
        )
        .await
        .unwrap();
    all_are_applied(&project, &schema).await;
}
