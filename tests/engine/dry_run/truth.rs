//! What a dry run promises, compared with what the run then does to the same database: every value that was there before, and
//! every row that a role of the API sees.

use crate::dry_run::losses::over_api;
use crate::fixture::dry_run::{loss_words, rehearse};
use crate::fixture::{TestProject, everything};
use crate::support::fake_management_api::FakeManagementApi;
use std::collections::BTreeMap;
use supadeck::domain::dry_run::{End, Report};

/// Values that can be lost in every way, and roles that can come to see them.
const IN_USE: &str = "create schema mill;
    create type mill.size as (kilos int, label text);
    create type mill.crate as (inner_size mill.size, note text);
    create type mill.sort as enum ('rye', 'oat');
    create domain mill.boxed as mill.size;
    create table mill.grain (id int primary key, sort mill.sort, big mill.size, crates mill.crate[], note text);
    insert into mill.grain select n, 'rye', row(n, 'l' || n)::mill.size, array[row(row(n, 'in')::mill.size, 'x')::mill.crate], 'n' || n from generate_series(1, 50) n;
    create table mill.sack (id int primary key, grain_id int references mill.grain on delete cascade, kilos numeric default 1);
    insert into mill.sack select n, n, n from generate_series(1, 20) n;
    create table mill.trip (day int, note text) partition by list (day);
    create table mill.trip_1 partition of mill.trip for values in (1);
    create table mill.trip_2 partition of mill.trip for values in (2);
    insert into mill.trip select 1 + n % 2, 'x' || n from generate_series(1, 10) n;
    create view mill.heavy as select id, note, sort from mill.grain;
    create function mill.sweep() returns void language plpgsql as $$ begin delete from mill.grain where id <= 5; end $$;
    create function mill.wipe() returns void language plpgsql as $$ begin truncate mill.sack; end $$;
    create function mill.retry() returns void language plpgsql as $$ begin
      begin delete from mill.tub; raise 'x'; exception when others then null; end; delete from mill.tub where id < 3; end $$;
    create table mill.tub (id int primary key, grain_id int, kilos numeric default 1);
    insert into mill.tub select n, n, n from generate_series(1, 20) n;
    create table mill.walk (day int, note text) partition by list (day);
    create table mill.walk_1 partition of mill.walk for values in (1);
    insert into mill.walk select 1, 'x' || n from generate_series(1, 3) n;
    create function mill.noted() returns trigger language plpgsql as $$ begin return null; end $$;
    create trigger noted before update on mill.walk for each statement execute function mill.noted();";

/// Empties a table and fills it with a few of its rows.
const REFILL: &str = "do $$ begin create temp table kept on commit drop as select * from mill.tub limit 5; truncate mill.tub; insert into mill.tub select * from kept; drop table kept; end $$";

/// Each value of each table by the numbers of the table and the column, in any order.
async fn values(project: &TestProject) -> BTreeMap<(u32, i16), (String, Vec<Option<String>>)> {
    let columns = project
        .db
        .query(
            "select a.attrelid, a.attnum, a.attrelid::regclass::text || '.' || quote_ident(a.attname), a.attrelid::regclass::text, quote_ident(a.attname)
            from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
            where n.nspname in ('mill', 'public') and c.relkind in ('r', 'm') and a.attnum > 0 and not a.attisdropped",
            &[],
        )
        .await
        .unwrap();
    let mut all = BTreeMap::new();
    for column in columns {
        let (id, number): (u32, i16) = (column.get(0), column.get(1));
        let (table, name): (String, String) = (column.get(3), column.get(4));
        let held = project
            .db
            .query(
                &format!("select {name}::text from only {table} order by 1"),
                &[],
            )
            .await
            .unwrap();
        let held = held.iter().map(|row| row.get(0)).collect();
        all.insert((id, number), (column.get(2), held));
    }
    all
}

fn told(report: &Report) -> Vec<String> {
    let mut told = loss_words(&report.losses);
    let open = report.uncounted.iter();
    told.extend(open.map(|one| format!("uncounted {} {:?}", one.table, one.why)));
    told
}

/// Files, and what is told of them.
type Case<'a> = (&'a [&'a str], &'a [&'a str]);

#[tokio::test]
#[rustfmt::skip]
async fn what_is_lost_is_told_and_what_is_not_lost_is_not() {
    let attribute = "AttributeDropped mill.grain.big 50";
    let inner = "AttributeDropped mill.grain.crates 50";
    let cases: &[Case<'_>] = &[
        // A value loses an attribute of its type, also within arrays and other types, and whoever drops it.
        (&["alter type mill.size drop attribute label"], &[attribute, inner]),
        (&["alter type mill.crate drop attribute note cascade"], &[inner]),
        (&["do $$ begin execute 'alter type mill.size drop attribute label'; end $$"], &[attribute, inner]),
        (&["alter type mill.size drop attribute label; alter type mill.size add attribute label text"],
            &["AttributeDropped mill.grain.big 50 remade", "AttributeDropped mill.grain.crates 50 remade"]),
        (&["alter type mill.size rename attribute label to name; alter type mill.size add attribute label text"], &[]),
        (&["drop type mill.size cascade"], &["ColumnDropped mill.grain.big 50", inner]),
        (&["alter table mill.grain drop column big; alter type mill.size drop attribute label"], &["ColumnDropped mill.grain.big 50", inner]),
        (&["create type mill.own as (a int, b int); alter type mill.own drop attribute b"], &[]),
        (&["alter table mill.sack drop column kilos"], &["ColumnDropped mill.sack.kilos 20", "AttributeDropped mill.sample.sack 3"]),
        // Rows that move between partitions are overwritten, not deleted.
        (&["update mill.trip set day = 3 - day"], &["RowsChanged mill.trip_1.* 5", "RowsChanged mill.trip_2.* 5"]),
        (&["delete from mill.trip where day = 1; insert into mill.trip select 2, 'y' from generate_series(1, 5)"], &["RowsDeleted mill.trip_1.* 5"]),
        (&["alter table mill.trip add column kind text; update mill.trip set kind = note"], &[]),
        // What is undone within the file is not lost.
        (&["savepoint a; delete from mill.sack; rollback to a; select 1"], &[]),
        (&["savepoint a; truncate mill.sack; rollback to a; select 1"], &[]),
        (&["savepoint a; update mill.sack set kilos = 7; rollback work to savepoint A; release a"], &[]),
        (&["savepoint a; delete from mill.sack; rollback to a; delete from mill.sack where id < 3"], &["RowsDeleted mill.sack.* 2"]),
        (&["savepoint a; delete from mill.sack where id < 3; savepoint b; delete from mill.sack; rollback to b; release a"], &["RowsDeleted mill.sack.* 2"]),
        (&["savepoint a; drop table mill.sack cascade; rollback to a; update mill.sack set kilos = 1 where id = 1"], &["RowsChanged mill.sack.* 1"]),
        (&["do $$ begin begin delete from mill.sack; raise 'x'; exception when others then null; end; end $$"], &[]),
        // Whatever does it, it is done.
        (&["select mill.sweep()"], &["RowsDeleted mill.grain.* 5", "RowsDeleted mill.sack.* 5"]),
        (&["do $$ begin perform mill.wipe(); end $$"], &["TableEmptied mill.sack.* 20"]),
        (&["do $$ begin truncate mill.grain cascade; end $$"], &["TableEmptied mill.grain.* 50", "TableEmptied mill.sack.* 20"]),
        (&["drop type mill.sort cascade"], &["ColumnDropped mill.grain.sort 50"]),
        (&["create table mill.grain_2 as select * from mill.grain; drop table mill.grain cascade"], &["TableDropped mill.grain.* 50"]),
        (&["alter type mill.sort rename value 'rye' to 'secale'; drop view mill.heavy; create view mill.heavy as select id from mill.grain"], &[]),
    ];
    tell(cases).await;
}

/// What is undone within a file is no change, and what a table holds is not what was undone.
#[tokio::test]
#[rustfmt::skip]
async fn what_a_file_undoes_itself_is_not_told_as_changed() {
    let cases: &[Case<'_>] = &[
        // What is undone does not count as what a table holds, wherever it is written anew.
        (&["savepoint a; insert into mill.tub select n + 100, 1, 1 from generate_series(1, 20) n; rollback to a; alter table mill.tub add column x float default random()"], &[]),
        (&["savepoint a; truncate mill.tub; insert into mill.tub values (1); rollback to a; alter table mill.tub add column x float default random()"], &[]),
        (&[&format!("savepoint a; delete from mill.tub; rollback to a; {REFILL}")], &["TableEmptied mill.tub.* 20"]),
        (&[&format!("savepoint a; {REFILL}; rollback to a; alter table mill.tub add column x float default random()")], &[]),
        (&[&format!("savepoint a; delete from mill.tub; rollback to a; {REFILL}; savepoint a; {REFILL}; rollback to a; release a")], &["TableEmptied mill.tub.* 20"]),
        (&["savepoint a; delete from mill.tub where id < 9; truncate mill.tub; rollback to a; update mill.tub set kilos = 7 where id = 1"], &["RowsChanged mill.tub.* 1"]),
        (&["savepoint a; delete from mill.tub where id < 9; rollback to a; delete from mill.tub where id < 5; rollback to a; delete from mill.tub where id < 3"],
            &["RowsDeleted mill.tub.* 2"]),
        // What a block undoes itself is counted all the same, and nobody can tell it from the rest.
        (&["do $$ begin begin delete from mill.tub; raise 'x'; exception when others then null; end; delete from mill.tub where id < 3; end $$"], &["uncounted mill.tub Undone"]),
        (&["select mill.retry()"], &["uncounted mill.tub Undone"]),
        (&["do $$ begin perform mill.retry(); end $$"], &["uncounted mill.tub Undone"]),
        (&["do $$ begin begin delete from mill.tub where id < 3; exception when others then null; end; end $$"], &["RowsDeleted mill.tub.* 2"]),
        (&["do $$ begin begin create type mill.x as (a int); raise 'x'; exception when others then null; end; end $$; delete from mill.tub where id < 3"], &["RowsDeleted mill.tub.* 2"]),
        (&["do $$ begin insert into mill.tub values (900); begin insert into mill.tub select n + 1000 from generate_series(1, 20) n; raise 'x'; exception when others then null; end; end $$; alter table mill.tub add column x float default random()"], &[]),
        (&[&format!("do $$ begin begin delete from mill.tub; raise 'x'; exception when others then null; end; insert into mill.tub values (900); end $$; {REFILL}")],
            &["uncounted mill.tub Undone"]),
    ];
    tell(cases).await;
}

/// A row that moves into another partition is the same only where nothing else was deleted and inserted.
#[tokio::test]
#[rustfmt::skip]
async fn what_moves_is_neither_lost_nor_does_it_hide_what_is() {
    let unsure: &[&str] = &["uncounted mill.trip_1 Moved"];
    let cases: &[Case<'_>] = &[
        (&["with gone as (delete from mill.trip_1 returning *) insert into mill.trip select 2, note from gone"], unsure),
        (&["with gone as (delete from mill.trip_1 returning *) insert into mill.trip_2 select 2, 'other' from gone limit 2"], unsure),
        (&["with gone as (delete from mill.trip_1 returning *) select count(*) from gone"], &["RowsDeleted mill.trip_1.* 5"]),
        (&["create table mill.trip_3 partition of mill.trip for values in (3); update mill.trip set day = 3 where day = 1"], &["RowsChanged mill.trip_1.* 5"]),
        (&["create table mill.trip_3 partition of mill.trip for values in (3); with gone as (delete from mill.trip_1 returning *) insert into mill.trip select 3, note from gone"], unsure),
        (&["create table mill.trip_3 partition of mill.trip for values in (3) partition by list (note); create table mill.trip_3x partition of mill.trip_3 default",
           "update mill.trip set day = 3 where day = 1"], &["RowsChanged mill.trip_1.* 5"]),
        (&["create table mill.trip_3 partition of mill.trip for values in (3); delete from mill.trip where day = 1"], &["RowsDeleted mill.trip_1.* 5"]),
        (&["merge into mill.trip t using (values (1)) v (day) on t.day = v.day when matched then update set day = 2"], &["RowsChanged mill.trip_1.* 5"]),
        (&["merge into mill.trip t using (values (1), (9)) v (day) on t.day = v.day when matched then delete when not matched then insert values (2, 'new')"], unsure),
        (&["do $$ begin update mill.trip set day = 3 - day; end $$"], &["uncounted mill.trip_1 Moved", "uncounted mill.trip_2 Moved"]),
        (&["do $$ begin delete from mill.trip where day = 1; end $$"], &["RowsDeleted mill.trip_1.* 5"]),
        // An update of another table, whose trigger deletes as many rows as it updates.
        (&["create function mill.swaps() returns trigger language plpgsql as $$ begin delete from mill.trip where day = 1; insert into mill.trip select 2, 'new' from generate_series(1, 5); return null; end $$; \
            create trigger swaps after update on mill.tub for each statement execute function mill.swaps()",
           "update mill.tub set id = id where id <= 5"], &["RowsChanged mill.tub.* 5", "uncounted mill.trip_1 Moved"]),
        // A trigger of the table that a partition belongs to may change every column.
        (&["alter table mill.walk add column kind text; update mill.walk set kind = note"], &["RowsChanged mill.walk_1.* 3"]),
    ];
    tell(cases).await;
}

/// Whether that is told which is expected. Of a block with `EXCEPTION` a transaction that another test undoes at the same time
/// makes the rows uncounted.
fn is_told(told: &[String], losses: &[&str], files: &[&str]) -> bool {
    let has_block = files.iter().any(|sql| sql.contains("exception when"));
    told == losses || (has_block && !losses.is_empty() && told == ["uncounted mill.tub Undone"])
}

/// Dry-runs each case, and compares what is told.
async fn tell(cases: &[Case<'_>]) {
    let project = TestProject::new().await;
    let api = FakeManagementApi::start(&project.url).await;
    project.db.batch_execute(IN_USE).await.unwrap();
    let rows = "create table mill.sample (id int, sack mill.sack); insert into mill.sample select id, s from mill.sack s where id <= 3";
    project.db.batch_execute(rows).await.unwrap();
    for (files, losses) in cases {
        for (at, sql) in files.iter().enumerate() {
            project.up(&format!("{}_case.sql", at + 1), format!("{sql};"));
        }
        let report = rehearse(&project, everything()).await;
        assert!(report.problem.is_none(), "{files:?}: {:?}", report.problem);
        let found = told(&report);
        assert!(is_told(&found, losses, files), "{files:?}: {found:?}");
        // What runs in a block knows no savepoints.
        if !files.iter().any(|sql| sql.contains("savepoint")) {
            let remote = over_api(&project, &api).await;
            let found = told(&remote);
            assert!(
                is_told(&found, losses, files),
                "{files:?}: {found:?} {:?}",
                remote.problem
            );
        }
        for at in 0..files.len() {
            std::fs::remove_file(
                project
                    .root
                    .path()
                    .join(format!("supabase/migrations/{}_case.sql", at + 1)),
            )
            .unwrap();
        }
    }
}

/// Migrations as people write them: what a run changes of what was there is told, and nothing is told that it does not change.
#[tokio::test]
#[rustfmt::skip]
async fn a_run_changes_nothing_that_was_not_told() {
    let cases: &[&[&str]] = &[
        &["alter type mill.size drop attribute label", "alter type mill.size add attribute label text"],
        &["create table mill.grain_new (like mill.grain including all); insert into mill.grain_new select * from mill.grain where id <= 45",
          "drop table mill.grain cascade; alter table mill.grain_new rename to grain"],
        &["alter table mill.trip detach partition mill.trip_1; alter table mill.trip_1 rename to trip_old; create table mill.trip_1 partition of mill.trip for values in (1)",
          "update mill.trip set day = 1 where note = 'x2'"],
        &["savepoint a; update mill.sack set kilos = 0; rollback to a; alter table mill.sack add column grams numeric; update mill.sack set grams = kilos * 1000"],
        &["do $$ declare r record; begin for r in select id from mill.sack loop if r.id % 2 = 0 then delete from mill.sack where id = r.id; end if; end loop; end $$"],
    ];
    for files in cases {
        let project = TestProject::new().await;
        project.db.batch_execute(IN_USE).await.unwrap();
        for (at, sql) in files.iter().enumerate() {
            project.up(&format!("{}_case.sql", at + 1), format!("{sql};"));
        }
        let report = rehearse(&project, everything()).await;
        let losses = &report.losses;
        let before = values(&project).await;
        assert!(project.apply().await.is_complete(), "{files:?}");
        let after = values(&project).await;
        let mut changed = Vec::new();
        for ((id, number), (name, held)) in &before {
            let now = after.get(&(*id, *number)).map(|(_, now)| now);
            if held.iter().any(Option::is_some) && now.is_none_or(|now| held.iter().any(|one| !now.contains(one))) {
                let table = name.rsplit_once('.').unwrap().0.to_owned();
                assert!(losses.iter().any(|loss| loss.table == table), "{files:?}: {name} {losses:?}");
                changed.push(table);
            }
        }
        for loss in losses {
            assert!(changed.contains(&loss.table), "{files:?}: {loss:?}");
        }
    }
}

/// What fails only because the files of a dry run share one transaction is not called failed.
#[tokio::test]
async fn a_label_and_a_time_of_one_transaction_blame_no_file() {
    for (files, ends) in [
        (
            [
                "do $$ begin execute 'alter type mill.sort add value ''barley'''; end $$",
                "update mill.grain set sort = 'barley' where id = 1",
            ],
            [End::Passed, End::Unsure],
        ),
        (
            [
                "do $$ begin execute format('alter type mill.sort add value %L', 'barley'); end $$",
                "update mill.grain set sort = 'barley' where id = 1",
            ],
            [End::Passed, End::Unsure],
        ),
        (
            [
                "select 1",
                "do $$ begin execute 'alter type mill.sort add value ''barley'''; end $$; update mill.grain set sort = 'barley'",
            ],
            [End::Passed, End::Failed],
        ),
        (
            [
                "create table mill.s (at timestamptz default now() primary key); insert into mill.s default values",
                "insert into mill.s default values",
            ],
            [End::Passed, End::Unsure],
        ),
        (
            [
                "create table mill.s (at timestamptz); insert into mill.s select now()",
                "select 1 / count(*) from mill.s where at < now()",
            ],
            [End::Passed, End::Unsure],
        ),
        (
            [
                "create table mill.s (id int primary key); insert into mill.s values (1)",
                "insert into mill.s values (1)",
            ],
            [End::Passed, End::Failed],
        ),
    ] {
        let project = TestProject::new().await;
        project.db.batch_execute(IN_USE).await.unwrap();
        for (at, sql) in files.iter().enumerate() {
            project.up(&format!("{}_case.sql", at + 1), format!("{sql};"));
        }
        let report = rehearse(&project, everything()).await;
        let found: Vec<End> = report.steps.iter().map(|step| step.end).collect();
        assert_eq!(found, ends, "{files:?}: {:?}", report.problem);
        let is_done = project.apply().await.is_complete();
        assert_eq!(is_done, !ends.contains(&End::Failed), "{files:?}");
    }
}
