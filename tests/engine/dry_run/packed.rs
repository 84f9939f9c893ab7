//! A dry run tells the same whether statements go together or each of them by itself: over files that rename, rewrite, empty and
//! delete what was there, in plain sight and behind triggers and blocks, and that fail anywhere.

use crate::fixture::dry_run::{in_use, packed_and_strict, timeless};
use crate::fixture::{TestProject, database_on, everything, watch};
use crate::support::chance::Chance;
use supadeck::ops::migration;

/// Steps of which a file is made; `$N$` is another number in each.
const PIECES: [&str; 64] = [
    "create table fresh$N$ (id int primary key, note text)",
    "create table other$N$ (id int)",
    "create index on child (parent_id)",
    "create index if not exists same on child (note)",
    "insert into parent values ($N$00, 'a', 'b')",
    "insert into parent values ($N$01, 'a;b', null)",
    "insert into parent values ($N$02, 'commit', null), ($N$03, $$x$$, null)",
    "insert into parent values (1, 'twice', null)",
    "insert into child (id, parent_id) values ($N$00, 1)",
    "insert into child (id, parent_id, note) values ($N$01, 1, 'far too long for twenty characters')",
    "insert into nowhere values (1)",
    "insert into notes (id, note) values (2$N$, 'z') returning id, 'glad'::public.weather",
    "insert into notes (id, note) values (3$N$, 'z') returning *, array['glad'::public.weather], notes",
    "insert into notes (id, note) values ($N$, 'x')",
    "insert into notes (id, note) values (1$N$, 'y')",
    "update parent set old = 'z' where id < 5",
    "update child set note = 'n$N$'",
    "delete from child where id = $N$",
    "delete from parent where id > 15",
    "truncate child",
    "truncate notes, child",
    "alter table parent add column more$N$ int",
    "alter table parent add column filled$N$ int default 1",
    "alter table child add column risen$N$ float default random()",
    "alter table parent alter column id type bigint",
    "alter table parent alter column old type int using case when old ~ '^[0-9]+$' then old::int end",
    "alter table child alter column note type text",
    "alter table parent drop column old",
    "alter table parent rename column old to older",
    "alter table parent rename to elders",
    "alter table elders rename to parent",
    "alter table elders add column late$N$ int",
    "alter table elders drop column name",
    "alter table parent set schema app",
    "alter table app.parent add column far$N$ int default random()",
    "alter table if exists child set unlogged",
    "alter table child enable row level security",
    "alter table child add constraint c$N$ check (id > 0)",
    "alter table child alter column note set not null",
    "alter table fresh1 add column x$N$ int",
    "comment on table child is 'n$N$'",
    "comment on table parent is 'end'",
    "grant select on child to anon",
    "revoke all on parent from anon",
    "create policy p$N$ on child for select using (true)",
    "drop table if exists child",
    "drop table notes cascade",
    "drop table if exists gone$N$",
    "drop view if exists names",
    "create or replace view names as select id, name from parent",
    "create or replace function f() returns int language plpgsql as $$ begin return $N$; end $$",
    "create or replace function g$N$() returns int language sql as 'select 1'",
    "do $$ begin alter table child alter column parent_id type bigint; end $$",
    "do $$ begin raise notice 'here $N$'; end $$",
    "do $$ begin execute 'alter table child rename to kids'; exception when others then null; end $$",
    "select count(*) from child",
    "select f()",
    "set search_path = app, public",
    "reset search_path",
    "set standard_conforming_strings = off",
    "insert into parent values (7$N$0, 'it''s \\''', null)",
    "savepoint a",
    "rollback to savepoint a",
    "creat table wrong$N$ ()",
];

/// A chain of one to three files of one to twelve statements.
fn chain(seed: u64) -> Vec<String> {
    let mut chance = Chance::new(seed);
    let mut number = 0;
    let files = 1 + chance.below(3);
    (0..files)
        .map(|_| {
            let statements = 1 + chance.below(12);
            let lines = (0..statements).map(|_| {
                number += 1;
                // What is alike stands together more often than not: that is what goes in one message.
                let piece = PIECES[chance.below(PIECES.len())];
                let times = if piece.starts_with("insert") || piece.starts_with("create table") {
                    1 + chance.below(4)
                } else {
                    1
                };
                let lines = (0..times).map(|time| {
                    let own = (number * 10 + time).to_string();
                    format!("{};", piece.replace("$N$", &own))
                });
                lines.collect::<Vec<_>>().join("\n")
            });
            lines.collect::<Vec<_>>().join("\n")
        })
        .collect()
}

#[tokio::test]
async fn a_packed_dry_run_tells_what_a_strict_one_tells() {
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    let only = number("SUPADECK_PACKED_SEED");
    let soaks = std::env::var_os("SUPADECK_SOAK").is_some();
    let wanted = number("SUPADECK_PACKED_CHAINS").unwrap_or(if soaks { 3000 } else { 50 });
    let seeds: Vec<u64> = only.map_or_else(|| (1..=wanted).collect(), |seed| vec![seed]);
    let project = in_use().await;
    project
        .db
        .batch_execute(
            "create schema app; create table notes (id int, note text); create type public.weather as enum ('glad', 'sad');
            create function empties() returns trigger language plpgsql as $$ begin truncate child; return null; end $$;
            create trigger empties after insert on notes for each statement when (pg_trigger_depth() < 2) execute function empties();
            insert into parent values (30, 'n', '30'), (31, 'n', '31')",
        )
        .await
        .unwrap();
    let (mut passed, mut failed, mut ran) = (0, 0, 0);
    for seed in seeds {
        let files = chain(seed);
        let told = format!("SUPADECK_PACKED_SEED={seed}\n{}", files.join("\n---\n"));
        let folder = project.root.path().join("supabase/migrations");
        for at in 0..3 {
            let _ = std::fs::remove_file(folder.join(format!("{}_f.sql", at + 5)));
        }
        for (at, text) in files.iter().enumerate() {
            project.up(&format!("{}_f.sql", at + 5), text);
        }
        let Ok(plan) = project.plan(everything()).await else {
            continue;
        };
        let (packed, strict) = packed_and_strict(&project, &plan).await;
        *(if packed.problem.is_some() {
            &mut failed
        } else {
            &mut passed
        }) += 1;
        let statements = packed.steps.iter().flat_map(|step| &step.statements);
        ran += statements.filter(|one| one.problem.is_none()).count();
        same(&timeless(&packed), &timeless(&strict), &told);
    }
    // Most chains fail somewhere: that is where the two could differ.
    println!("{passed} passed, {failed} failed, {ran} statements ran");
    assert!(
        only.is_some() || (passed > 0 && failed > 10 && ran > 100),
        "{passed} {failed} {ran}"
    );
}

#[tokio::test]
async fn rows_of_a_type_of_its_own_hold_nothing_up_and_blame_nobody() {
    let project = in_use().await;
    project
        .db
        .batch_execute(
            "create type weather as enum ('glad', 'sad'); create table day (at int, felt weather)",
        )
        .await
        .unwrap();
    let gives = "insert into day values (1, 'glad') returning *, array[felt], day;";
    for (text, failed) in [
        (gives.to_owned(), None),
        (format!("comment on table day is 'x';\n{gives}"), None),
        (format!("{gives}\ninsert into nowhere values (1);"), Some(2)),
        (
            format!("{gives}\n{gives}\nselect 1 / (at - 1) from day;"),
            Some(3),
        ),
    ] {
        project.up("5_f.sql", &text);
        let plan = project.plan(everything()).await.unwrap();
        let (packed, strict) = packed_and_strict(&project, &plan).await;
        same(&timeless(&packed), &timeless(&strict), &text);
        let statements = packed.steps.iter().flat_map(|step| &step.statements);
        let blamed = statements.clone().find(|one| one.problem.is_some());
        assert_eq!(blamed.map(|one| one.statement), failed, "{text}");
    }
}

/// The first thing in which two reports differ.
fn same(packed: &serde_json::Value, strict: &serde_json::Value, told: &str) {
    if packed == strict {
        return;
    }
    let lines = |value: &serde_json::Value| serde_json::to_string_pretty(value).unwrap();
    let (one, other) = (lines(packed), lines(strict));
    let at = one
        .lines()
        .zip(other.lines())
        .position(|(one, other)| one != other)
        .unwrap_or_default();
    let part = |text: &str| {
        let lines = text.lines().skip(at.saturating_sub(12)).take(40);
        lines.collect::<Vec<_>>().join("\n")
    };
    panic!("{told}\npacked\n{}\nstrict\n{}", part(&one), part(&other));
}

/// `cargo test --features demo --test engine packed::how_long -- --ignored --nocapture`
#[tokio::test]
#[ignore = "it measures, and proves nothing"]
async fn how_long_a_dry_run_of_8_000_statements_takes_beside_its_run() {
    let inserts = (0..8000)
        .map(|at| format!("insert into lines (id, note) values ({at}, 'note {at}');\n"))
        .collect::<String>();
    let objects = (0..2000)
        .map(|at| {
            format!(
                "create table t{at} (id int primary key, note text);\ncreate index on t{at} (note);\n\
                alter table t{at} enable row level security;\ncomment on table t{at} is 'x';\n"
            )
        })
        .collect::<String>();
    for (what, text) in [("inserts", inserts), ("objects", objects)] {
        let project = TestProject::new().await;
        project
            .db
            .batch_execute("create table lines (id int, note text)")
            .await
            .unwrap();
        project.up("1_large.sql", &text);
        let plan = project.plan(everything()).await.unwrap();
        for round in 0..3 {
            for (how, stage) in [
                ("packed", database_on(&project.url)),
                ("strict", database_on(&project.url).strictly()),
            ] {
                let begun = std::time::Instant::now();
                let report = migration::dry_run(&project.schema, &stage, &plan, &watch().0).await;
                assert!(report.unwrap().problem.is_none());
                println!("{what}, round {round}, {how}: {:.2?}", begun.elapsed());
            }
        }
        let begun = std::time::Instant::now();
        assert!(project.apply().await.is_complete());
        println!("{what}, the run: {:.2?}", begun.elapsed());
    }
}
