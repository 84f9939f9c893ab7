//! A dry run and a run agree about what a file leaves in its session: chains of files that set, change roles, make temporary
//! objects, prepare, declare, listen, lock and unlock end the same way in both, over a connection and over the Management API.

use crate::fixture::{TestProject, database, everything, watch};
use crate::support::chance::Chance;
use crate::support::fake_management_api::FakeManagementApi;
use supadeck::domain::dry_run::{End, Report, Verdict};
use supadeck::domain::migration::StepEnd;
use supadeck::domain::snapshot::Snapshot;
use supadeck::domain::snapshot::difference::{ChangeKind, Difference};
use supadeck::ops::migration::{self, Workspace};
use supadeck::ports::DryRunDatabase;

/// Steps of which a file is made. Each of them may leave something behind, or lean on what was left.
const PIECES: [&str; 30] = [
    "set search_path = app",
    "set search_path = app, public",
    "set local search_path = app",
    "select set_config('search_path', 'app', false)",
    "select set_config('search_path', 'app', true)",
    "reset search_path",
    "set role traveller",
    "set local role traveller",
    "reset role",
    "set session authorization traveller",
    "reset session authorization",
    "create temp table scrap (id int)",
    "insert into scrap values (1)",
    "drop table scrap",
    "prepare q as select 1",
    "execute q",
    "deallocate q",
    "declare c cursor with hold for select 1",
    "fetch 1 from c",
    "close c",
    "listen news",
    "do $$ begin if not pg_try_advisory_lock(77) then raise 'locked'; end if; end $$",
    "do $$ begin if not pg_advisory_unlock(77) then raise 'not held'; end if; end $$",
    "set check_function_bodies = off",
    "create function app.broken$N$() returns int language sql as 'select nowhere.nothing'",
    "create table made$N$ (id int primary key)",
    "create table app.made$N$ (id int)",
    "select nextval('app.counter')",
    "do $$ begin perform currval('app.counter'); end $$",
    "set default_transaction_read_only = on",
];

/// A chain of two to four files with one to four statements each.
fn chain(seed: u64) -> Vec<String> {
    let mut chance = Chance::new(seed);
    let mut number = 0;
    let files = 2 + chance.below(3);
    (0..files)
        .map(|_| {
            let statements = 1 + chance.below(4);
            let lines = (0..statements).map(|_| {
                number += 1;
                let piece = PIECES[chance.below(PIECES.len())];
                format!("{};", piece.replace("$N$", &number.to_string()))
            });
            lines.collect::<Vec<_>>().join("\n")
        })
        .collect()
}

async fn picture(project: &TestProject) -> Snapshot {
    let stage = database(&project.url);
    let mut session = stage.open_dry_run(project.schema.limits).await.unwrap();
    let picture = session.snapshot().await;
    session.end().await.unwrap();
    picture.unwrap()
}

async fn ready() -> TestProject {
    let project = TestProject::new().await;
    project
        .db
        .batch_execute(
            "do $$ begin create role traveller nologin; exception when duplicate_object then null; end $$;
            grant traveller to current_user; create schema app; create sequence app.counter; grant usage, create on schema app to traveller;
            grant usage on sequence app.counter to traveller;",
        )
        .await
        .unwrap();
    project
}

/// What a report says of each file: how many statements went well, and the SQLSTATE of the failure.
fn of_report(report: &Report) -> Vec<(usize, Option<String>)> {
    let steps = report
        .steps
        .iter()
        .filter(|step| step.end != End::NotReached);
    steps
        .map(|step| {
            let well = step
                .statements
                .iter()
                .filter(|one| one.problem.is_none())
                .count();
            let failed = (step.end == End::Failed).then(|| {
                report
                    .problem
                    .as_ref()
                    .and_then(|problem| problem.code.clone())
            });
            (well, failed.flatten())
        })
        .collect()
}

#[tokio::test]
async fn a_dry_run_ends_as_the_run_does() {
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    let only = number("SUPADECK_SESSION_SEED");
    let soaks = std::env::var_os("SUPADECK_SOAK").is_some();
    let wanted = number("SUPADECK_SESSION_CHAINS").unwrap_or(if soaks { 2000 } else { 60 });
    let seeds: Vec<u64> = only.map_or_else(|| (1..=wanted).collect(), |seed| vec![seed]);
    let mut failures = 0;
    for seed in seeds {
        let files = chain(seed);
        let told = format!("SUPADECK_SESSION_SEED={seed}\n{}", files.join("\n---\n"));
        let project = ready().await;
        let api = FakeManagementApi::start(&project.url).await;
        for (at, text) in files.iter().enumerate() {
            project.up(&format!("{}_f.sql", at + 1), text);
        }
        let Ok(plan) = project.plan(everything()).await else {
            continue;
        };
        let before = picture(&project).await;
        let stage = database(&project.url);
        let here = migration::dry_run(&project.schema, stage.as_ref(), &plan, &watch().0)
            .await
            .unwrap();
        let remote = api.database();
        let over_api = Workspace::new(project.root.path(), remote.clone());
        let there = migration::dry_run(&over_api, remote.as_ref(), &plan, &watch().0)
            .await
            .unwrap();
        let outcome = project.apply().await;
        let after = picture(&project).await;
        let done = outcome
            .steps
            .iter()
            .filter(|step| step.end == StepEnd::Done)
            .count();
        let code = outcome
            .problem
            .as_ref()
            .and_then(|problem| problem.code.clone());
        failures += usize::from(code.is_some());
        for report in [&here, &there] {
            let found = of_report(report);
            let passed = report
                .steps
                .iter()
                .filter(|step| step.end == End::Passed)
                .count();
            assert_eq!(
                passed, done,
                "{told}\n{:?}\n{:?}",
                report.problem, outcome.problem
            );
            let failed = found.last().and_then(|(_, code)| code.clone());
            assert_eq!(
                failed, code,
                "{told}\n{:?}\n{:?}",
                report.problem, outcome.problem
            );
            let mut real = Difference::between(&before, &after);
            // The history is made by the first run.
            real.changes
                .retain(|change| !change.object.name.contains("supabase_migrations"));
            assert_eq!(report.difference, real, "{told}");
        }
        // The statement at which a file stops, too.
        let at = |report: &Report| {
            report.problem.as_ref().map(|problem| {
                problem
                    .what
                    .split(',')
                    .next()
                    .unwrap_or_default()
                    .to_owned()
            })
        };
        assert_eq!(
            at(&here),
            outcome.problem.as_ref().map(|problem| problem
                .what
                .split(',')
                .next()
                .unwrap_or_default()
                .to_owned()),
            "{told}"
        );
        assert_eq!(here.difference.count(ChangeKind::Renamed), 0);
    }
    assert!(
        only.is_some() || failures > 5,
        "the chains hardly fail: {failures}"
    );
}

/// A value that one file adds and the next uses, and a file outside a transaction that a later one needs: none of those behind
/// is called failed, and the ones behind them are tried.
#[tokio::test]
async fn what_only_one_transaction_makes_fail_is_told_and_the_rest_goes_on() {
    let project = TestProject::new().await;
    project
        .db
        .batch_execute("create type mood as enum ('a'); create table one (m mood)")
        .await
        .unwrap();
    project.up("1_value.sql", "alter type mood add value 'b';");
    project.up(
        "2_uses.sql",
        "create table used ();\nalter table one alter column m set default 'b';",
    );
    project.up("3_after.sql", "create table after ();");
    project.up(
        "4_alone.sql",
        "-- supadeck: no-transaction\ncreate table alone (a int);",
    );
    project.up("5_needs.sql", "insert into alone values (1);");
    project.up("6_last.sql", "create table last ();");
    for version in 1..=6 {
        let name = ["value", "uses", "after", "alone", "needs", "last"][version - 1];
        project.down(&format!("{version}_{name}.sql"), "select 1;");
    }
    let api = FakeManagementApi::start(&project.url).await;
    let plan = project.plan(everything()).await.unwrap();
    let direct = database(&project.url);
    let here = migration::dry_run(&project.schema, direct.as_ref(), &plan, &watch().0)
        .await
        .unwrap();
    let remote = api.database();
    let schema = Workspace::new(project.root.path(), remote.clone());
    let there = migration::dry_run(&schema, remote.as_ref(), &plan, &watch().0)
        .await
        .unwrap();
    for report in [&here, &there] {
        assert!(report.problem.is_none(), "{:?}", report.problem);
        let ends: Vec<End> = report.steps.iter().map(|step| step.end).collect();
        assert_eq!(
            ends,
            [
                End::Passed,
                End::Unsure,
                End::Passed,
                End::Skipped,
                End::Unsure,
                End::Passed
            ]
        );
        let note = |at: usize| report.steps[at].note.clone().unwrap();
        assert!(
            note(1).contains("only because the dry run uses one transaction"),
            "{}",
            note(1)
        );
        assert!(
            note(4).contains("may fail only because 2_uses and 4_alone were not run"),
            "{}",
            note(4)
        );
        let added: Vec<String> = report
            .difference
            .top_level()
            .map(|change| change.object.name.clone())
            .collect();
        assert_eq!(added, ["public.mood", "public.after", "public.last"]);
        let unknown = report.unrehearsed().unwrap();
        assert_eq!(unknown.count, 3);
    }
    let checked = migration::verify_on_target(&project.schema, direct.as_ref(), &[], &watch().0)
        .await
        .unwrap();
    let found: Vec<Verdict> = checked.versions.iter().map(|trip| trip.finding).collect();
    assert_eq!(found[1], Verdict::Unsure);
    assert_eq!(found[3], Verdict::Skipped);
    assert_eq!(found[4], Verdict::Unsure);
    // A syntax error is one in any case.
    project.up("6_last.sql", "creat table last ();");
    let plan = project.plan(everything()).await.unwrap();
    let report = migration::dry_run(&project.schema, direct.as_ref(), &plan, &watch().0)
        .await
        .unwrap();
    assert_eq!(report.steps[5].end, End::Failed);
    assert_eq!(report.problem.unwrap().code.as_deref(), Some("42601"));
    // A file that uses what it adds itself fails in a run too, and the way out is said.
    let other = TestProject::new().await;
    other
        .db
        .batch_execute("create type mood as enum ('a'); create table one (m mood)")
        .await
        .unwrap();
    other.up(
        "1_both.sql",
        "alter type mood add value 'b'; alter table one alter column m set default 'b';",
    );
    let plan = other.plan(everything()).await.unwrap();
    let stage = database(&other.url);
    let report = migration::dry_run(&other.schema, stage.as_ref(), &plan, &watch().0)
        .await
        .unwrap();
    let problem = report.problem.unwrap();
    assert_eq!(problem.code.as_deref(), Some("55P04"));
    assert!(
        problem
            .hint
            .unwrap()
            .contains("a file of its own before this one")
    );
}

/// What a file defers, and constraints that a later file makes, are checked as a run checks them.
#[tokio::test]
async fn deferred_constraints_are_those_of_each_file() {
    let project = TestProject::new().await;
    project.up(
        "1_a.sql",
        "create table a (id int primary key, b int unique deferrable initially deferred);\ninsert into a values (1, 1), (2, 1);\nupdate a set b = id;",
    );
    project.up(
        "2_b.sql",
        "create table b (id int primary key, a int references a deferrable initially deferred);\n\
        insert into b values (1, 9);\ninsert into a values (9, 9);\ninsert into a values (10, 9); update a set b = id;",
    );
    let api = FakeManagementApi::start(&project.url).await;
    let plan = project.plan(everything()).await.unwrap();
    let direct = database(&project.url);
    let here = migration::dry_run(&project.schema, direct.as_ref(), &plan, &watch().0)
        .await
        .unwrap();
    assert!(here.problem.is_none(), "{:?}", here.problem);
    let remote = api.database();
    let schema = Workspace::new(project.root.path(), remote.clone());
    let there = migration::dry_run(&schema, remote.as_ref(), &plan, &watch().0)
        .await
        .unwrap();
    assert!(there.problem.is_none(), "{:?}", there.problem);
    assert!(project.apply().await.is_complete());
}
