//! Files with COMMITs of their own, dry-run in one transaction without them: what they end with is what the run ends with, and
//! what one transaction would do otherwise is not run and told.

use crate::fixture::{TestProject, database, everything, is_soak, watch};
use crate::support::chance::Chance;
use supadeck::domain::dry_run::{End, Report};
use supadeck::domain::migration::{StepEnd, StepMode};
use supadeck::domain::snapshot::Snapshot;
use supadeck::domain::snapshot::difference::Difference;
use supadeck::ops::migration;

/// Statements of which a file is made. Some fail, some only at a COMMIT, some do something else in one transaction.
const PIECES: [&str; 34] = [
    "create table made$N$ (id int primary key, at timestamptz default now())",
    "create table app.made$N$ (id int references app.owner deferrable initially deferred)",
    "insert into app.owner values ($N$)",
    "insert into app.pet (id, owner) values ($N$, $N$)",
    "insert into app.pet (id, owner) values (1, 1)",
    "delete from app.owner where id = $N$ - 1",
    "delete from app.pet where id < 3",
    "update app.pet set owner = owner + 1",
    "update app.turn set place = case place when 1 then 2 else 1 end where id < 3",
    "alter table app.pet add column extra$N$ int",
    "alter table app.owner alter column id type bigint",
    "drop table app.pet",
    "truncate app.pet",
    "create index on app.pet (owner)",
    "set search_path = app",
    "reset search_path",
    "create table here$N$ ()",
    "create temp table scrap (id int)",
    "insert into scrap values (1)",
    "do $$ begin create type app.kind as enum ('a'); exception when duplicate_object then null; end $$",
    "do $$ begin if exists (select from app.owner where id = 1) then raise 'one'; end if; end $$",
    "alter type app.mood add value 'new$N$'",
    "insert into app.day values ('new$N$')",
    "set local search_path = app",
    "create temp table short (id int) on commit drop",
    "insert into short values (1)",
    "savepoint a",
    "select pg_advisory_xact_lock(1)",
    "select app.settle()",
    "select 1 / (select count(*) from app.pet)",
    "delete from app.stamp where at < now()",
    "insert into app.stamp default values",
    "set role traveller",
    "reset role",
];

/// A chain of one to three files, each with one to three transactions in one of the forms that files have.
fn chain(seed: u64) -> Vec<String> {
    let mut chance = Chance::new(seed);
    let files = 1 + chance.below(3);
    let mut number = 0;
    let mut file = |chance: &mut Chance| {
        let transactions = 1 + chance.below(3);
        let is_paired = chance.below(2) == 0;
        let mut text = String::new();
        for at in 0..transactions {
            // Between its transactions a file may run a statement by itself.
            let begins = is_paired && chance.below(4) > 0;
            if begins {
                text.push_str("begin;\n");
            }
            for _ in 0..=chance.below(if begins || !is_paired { 3 } else { 1 }) {
                number += 1;
                let piece = PIECES[chance.below(PIECES.len())];
                text.push_str(&piece.replace("$N$", &number.to_string()));
                text.push_str(";\n");
            }
            if begins || !is_paired && at + 1 < transactions {
                text.push_str("commit;\n");
            }
        }
        text
    };
    (0..files).map(|_| file(&mut chance)).collect()
}

async fn ready() -> TestProject {
    let project = TestProject::new().await;
    project
        .db
        .batch_execute(
            "do $$ begin create role traveller nologin; exception when duplicate_object or unique_violation then null; end $$;
            grant traveller to current_user; create schema app; grant usage, create on schema app to traveller;
            create type app.mood as enum ('a'); create table app.day (mood app.mood);
            create table app.owner (id int primary key);
            insert into app.owner values (1), (2);
            create table app.pet (id int primary key, owner int references app.owner deferrable initially deferred);
            insert into app.pet values (1, 1), (2, 2);
            create table app.turn (id int primary key, place int unique deferrable initially deferred);
            insert into app.turn values (1, 1), (2, 2);
            create table app.stamp (at timestamptz default now());
            create function app.settle() returns void language plpgsql as $$ begin perform set_config('search_path', 'app', true); end $$;",
        )
        .await
        .unwrap();
    project
}

async fn picture(project: &TestProject) -> Snapshot {
    let stage = database(&project.url);
    migration_snapshot(project, stage.as_ref()).await
}

async fn migration_snapshot(
    project: &TestProject,
    stage: &dyn supadeck::ports::DryRunDatabase,
) -> Snapshot {
    let mut session = stage.open_dry_run(project.schema.limits).await.unwrap();
    let picture = session.snapshot().await;
    session.end().await.unwrap();
    picture.unwrap()
}

async fn dry_run(project: &TestProject) -> Report {
    let plan = project.plan(everything()).await.unwrap();
    let stage = database(&project.url);
    migration::dry_run(&project.schema, stage.as_ref(), &plan, &watch().0)
        .await
        .unwrap()
}

/// The number of the statement at which a problem says that it happened: `Migration 2_f failed at statement 3 of 4`.
fn place(what: &str) -> String {
    let place = what.split(',').next().unwrap_or_default();
    place
        .split_once("statement ")
        .map_or("", |(_, number)| number)
        .split(' ')
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// Whatever a dry run of such a file says, the run does: where all of it passes the run is done and the catalogs are alike, and
/// where it fails the run fails with the same code. What it does not know it says.
#[tokio::test]
async fn a_dry_run_of_files_with_commits_ends_as_the_run_does() {
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    let only = number("SUPADECK_COMMIT_SEED");
    let wanted = number("SUPADECK_COMMIT_CHAINS").unwrap_or(if is_soak() { 2000 } else { 40 });
    let seeds: Vec<u64> = only.map_or_else(|| (1..=wanted).collect(), |seed| vec![seed]);
    let (mut rehearsed, mut failures, mut left) = (0, 0, 0);
    for seed in seeds {
        let files = chain(seed);
        let told = format!("SUPADECK_COMMIT_SEED={seed}\n{}", files.join("---\n"));
        let project = ready().await;
        for (at, text) in files.iter().enumerate() {
            project.up(&format!("{}_f.sql", at + 1), text);
        }
        let Ok(plan) = project.plan(everything()).await else {
            continue;
        };
        let before = picture(&project).await;
        let report = dry_run(&project).await;
        let outcome = project.apply().await;
        let own = plan
            .steps
            .iter()
            .filter(|step| step.mode == StepMode::Alone)
            .count();
        let is_known = report
            .steps
            .iter()
            .all(|step| !matches!(step.end, End::Skipped | End::Unsure | End::Refused));
        if !is_known {
            left += own;
            continue;
        }
        rehearsed += own;
        let passed = report
            .steps
            .iter()
            .filter(|step| step.end == End::Passed)
            .count();
        let done = outcome
            .steps
            .iter()
            .filter(|step| step.end == StepEnd::Done)
            .count();
        let said = format!("{told}\n{:?}\n{:?}", report.problem, outcome.problem);
        assert_eq!(passed, done, "{said}");
        let code = outcome
            .problem
            .as_ref()
            .and_then(|problem| problem.code.clone());
        let foretold = report
            .problem
            .as_ref()
            .and_then(|problem| problem.code.clone());
        assert_eq!(foretold, code, "{said}");
        if let (Some(here), Some(there)) = (&report.problem, &outcome.problem) {
            failures += 1;
            assert_eq!(place(&here.what), place(&there.what), "{said}");
            continue;
        }
        let mut real = Difference::between(&before, &picture(&project).await);
        real.changes
            .retain(|change| !change.object.name.contains("supabase_migrations"));
        assert_eq!(report.difference, real, "{told}");
    }
    assert!(
        only.is_some() || rehearsed > 10 && failures > 5 && left > 5,
        "rehearsed {rehearsed}, failed {failures}, left {left}"
    );
}

#[tokio::test]
async fn the_words_that_were_left_out_are_told_and_later_files_go_on() {
    let project = ready().await;
    project.up(
        "1_a.sql",
        "create table first (id int primary key);\ninsert into app.owner values (7);\ncommit;\n-- next\nalter table app.pet drop column owner;\n",
    );
    project.up(
        "2_b.sql",
        "alter type app.mood add value 'b';\ncommit;\ninsert into app.day values ('b');\n",
    );
    project.up("3_c.sql", "insert into first values (1);\n");
    let report = dry_run(&project).await;
    assert!(report.problem.is_none(), "{:?}", report.problem);
    let ends: Vec<End> = report.steps.iter().map(|step| step.end).collect();
    assert_eq!(ends, [End::Passed, End::Skipped, End::Passed]);
    let left: Vec<(usize, Option<usize>, &str)> = report.steps[0]
        .left_out
        .iter()
        .map(|word| (word.statement, word.line, word.sql.trim()))
        .collect();
    assert_eq!(left, [(3, Some(3), "commit")]);
    let said = report.steps[0].as_one_transaction().unwrap();
    assert!(said.contains("on line 3 was left out"), "{said}");
    // The COMMIT did nothing of its own, so it is no statement that ran.
    let ran: Vec<usize> = report.steps[0]
        .statements
        .iter()
        .map(|one| one.statement)
        .collect();
    assert_eq!(ran, [1, 2, 4]);
    assert_eq!(report.losses.len(), 1, "{:?}", report.losses);
    let note = report.steps[1].note.clone().unwrap();
    assert!(
        note.contains("Statement 1: A later statement may use the value"),
        "{note}"
    );
    assert!(project.apply().await.is_complete());
}

/// What is deferred is checked where its own COMMIT stands, and deferred again behind it.
#[tokio::test]
async fn what_a_commit_checks_is_checked_where_it_stands() {
    for (file, failed) in [
        // The owner comes too late.
        (
            "insert into app.pet values (9, 9);\ncommit;\ninsert into app.owner values (9);\n",
            Some(2),
        ),
        (
            "insert into app.pet values (9, 9);\ninsert into app.owner values (9);\ncommit;\ninsert into app.pet values (8, 8);\ninsert into app.owner values (8);\n",
            None,
        ),
        // A statement outside the transactions of a file is committed by itself.
        (
            "insert into app.pet values (9, 9);\nbegin;\ninsert into app.owner values (9);\ncommit;\n",
            Some(1),
        ),
        // Events that wait would be in the way of the statement behind the COMMIT.
        (
            "update app.turn set place = 3 - place;\ncommit;\nalter table app.turn add column more int;\n",
            None,
        ),
    ] {
        let project = ready().await;
        project.up("1_a.sql", file);
        let report = dry_run(&project).await;
        let last = report.steps[0].statements.last().unwrap();
        assert_eq!(
            last.problem.as_ref().map(|_| last.statement),
            failed,
            "{file}: {report:?}"
        );
        let end = if failed.is_some() {
            End::Failed
        } else {
            End::Passed
        };
        assert_eq!(report.steps[0].end, end, "{file}");
        if let Some(problem) = &report.problem {
            assert_eq!(problem.code.as_deref(), Some("23503"), "{file}");
            assert!(
                !format!("{problem:?}").contains("inline_code_block"),
                "{problem:?}"
            );
        }
        assert_eq!(
            project.apply().await.is_complete(),
            failed.is_none(),
            "{file}"
        );
    }
}
