//! What a dry run promises, compared with what the run then does to the same database: every value that was there before, and
//! every row that a role of the API sees.

use crate::bench::{Bench, everything};
use crate::losses::words as losses;
use crate::plan::rehearse;
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
    create function mill.wipe() returns void language plpgsql as $$ begin truncate mill.sack; end $$;";

/// Each value of each table by the numbers of the table and the column, in any order.
async fn values(bench: &Bench) -> BTreeMap<(u32, i16), (String, Vec<Option<String>>)> {
    let columns = bench
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
        let held = bench
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
    let mut told = losses(&report.losses);
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
        (&["with gone as (delete from mill.trip_1 returning *) insert into mill.trip select 2, note from gone"], &["RowsChanged mill.trip_1.* 5"]),
        (&["with gone as (delete from mill.trip_1 returning *) insert into mill.trip_2 select 2, note from gone limit 2"],
            &["RowsDeleted mill.trip_1.* 3", "RowsChanged mill.trip_1.* 2"]),
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
    let bench = Bench::new().await;
    bench.db.batch_execute(IN_USE).await.unwrap();
    let rows = "create table mill.sample (id int, sack mill.sack); insert into mill.sample select id, s from mill.sack s where id <= 3";
    bench.db.batch_execute(rows).await.unwrap();
    for (files, losses) in cases {
        for (at, sql) in files.iter().enumerate() {
            bench.up(&format!("{}_case.sql", at + 1), format!("{sql};"));
        }
        let report = rehearse(&bench, everything()).await;
        assert!(report.problem.is_none(), "{files:?}: {:?}", report.problem);
        assert_eq!(told(&report), *losses, "{files:?}");
        for at in 0..files.len() {
            std::fs::remove_file(bench.root.path().join(format!("supabase/migrations/{}_case.sql", at + 1))).unwrap();
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
        let bench = Bench::new().await;
        bench.db.batch_execute(IN_USE).await.unwrap();
        for (at, sql) in files.iter().enumerate() {
            bench.up(&format!("{}_case.sql", at + 1), format!("{sql};"));
        }
        let report = rehearse(&bench, everything()).await;
        let losses = &report.losses;
        let before = values(&bench).await;
        assert!(bench.apply().await.is_complete(), "{files:?}");
        let after = values(&bench).await;
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
        let bench = Bench::new().await;
        bench.db.batch_execute(IN_USE).await.unwrap();
        for (at, sql) in files.iter().enumerate() {
            bench.up(&format!("{}_case.sql", at + 1), format!("{sql};"));
        }
        let report = rehearse(&bench, everything()).await;
        let found: Vec<End> = report.steps.iter().map(|step| step.end).collect();
        assert_eq!(found, ends, "{files:?}: {:?}", report.problem);
        let is_done = bench.apply().await.is_complete();
        assert_eq!(is_done, !ends.contains(&End::Failed), "{files:?}");
    }
}
