//! What a dry run says is lost, by identity: what comes back under its old name has lost its values, what is renamed or
//! moved has lost nothing, and what a change of type makes null is counted. The same over the Management API, and what a
//! rollback loses in `verify`.

use crate::fixture::database_contents::database_contents;
use crate::fixture::dry_run::{loss_words, rehearse, told};
use crate::fixture::{TestProject, database, everything, watch};
use crate::support::fake_management_api::FakeManagementApi;
use supadeck::domain::dry_run::{Report, Verdict};
use supadeck::ops::migration::{self, Workspace};

/// Two tables in use, one of them with partitions, and helpers that nobody reads.
const IN_USE: &str = "create schema mill;
    create table mill.grain (id int primary key, sort text, weight text, old_id int, checked boolean);
    insert into mill.grain select n, 'rye', n::text, case when n <= 30 then n end, true from generate_series(1, 50) n;
    create table mill.sack (id int primary key, grain_id int references mill.grain, kilos numeric);
    insert into mill.sack select n, n, n from generate_series(1, 20) n;
    create table mill.trip (day int, note text) partition by list (day);
    create table mill.trip_1 partition of mill.trip for values in (1);
    create table mill.trip_2 partition of mill.trip for values in (2);
    insert into mill.trip select 1 + n % 2, 'x' from generate_series(1, 10) n;
    create table mill.crowd (id int);
    create table mill.heir (own text) inherits (mill.crowd);
    insert into mill.heir values (1, 'a'), (2, 'b');
    create view mill.heavy as select id, weight from mill.grain;
    create materialized view mill.sum as select count(*) as all_of_it from mill.sack;
    create function mill.again(place regclass, name text) returns void language plpgsql as $$
      begin execute format('alter table %s drop column %I cascade', place, name); execute format('alter table %s add column %I text', place, name); end $$;
    create function mill.refill(place regclass) returns void language plpgsql as $$
      begin execute format('create temp table kept on commit drop as select * from %s limit 5', place);
        execute format('truncate %s', place); execute format('insert into %s select * from kept', place); end $$;";

async fn in_use() -> TestProject {
    let project = TestProject::new().await;
    project.db.batch_execute(IN_USE).await.unwrap();
    project
}

pub(crate) async fn over_api(project: &TestProject, api: &FakeManagementApi) -> Report {
    let remote = api.database();
    let schema = Workspace::new(project.root.path(), remote.clone());
    let plan = migration::plan(&schema, &everything()).await.unwrap();
    migration::dry_run(&schema, remote.as_ref(), &plan, &watch().0)
        .await
        .unwrap()
}

#[tokio::test]
#[rustfmt::skip]
async fn tables_and_columns_are_followed_by_their_identity() {
    let cases: &[(&[&str], &[&str])] = &[
        (&["alter table mill.grain drop column sort; alter table mill.grain add column sort text"],
            &["ColumnDropped mill.grain.sort 50 remade"]),
        (&["alter table mill.grain drop column old_id", "alter table mill.grain add column old_id int generated always as identity"],
            &["ColumnDropped mill.grain.old_id 30 remade"]),
        (&["do $$ begin alter table mill.grain drop column old_id; alter table mill.grain add old_id text; end $$"],
            &["ColumnDropped mill.grain.old_id 30 remade"]),
        (&["select mill.again('mill.grain', 'weight')"], &["ColumnDropped mill.grain.weight 50 remade"]),
        (&["drop table mill.sack cascade", "create table mill.sack (id int primary key, grain_id int references mill.grain, kilos numeric)"],
            &["TableDropped mill.sack.* 20 remade"]),
        (&["alter table mill.grain rename sort to kind; alter table mill.grain rename to corn; alter table mill.corn set schema public"], &[]),
        (&["alter table mill.grain rename sort to kind; alter table mill.grain add column sort text"], &[]),
        (&["alter table mill.grain rename to corn; alter table mill.corn drop column sort"], &["ColumnDropped mill.grain.sort 50"]),
        (&["alter table mill.grain rename to x; alter table mill.sack rename to grain; alter table mill.x rename to sack"], &[]),
        (&["alter table mill.grain add column fresh text default 'x'; alter table mill.grain drop column fresh"], &[]),
        (&["create table mill.stage as select * from mill.sack; drop table mill.stage"], &[]),
        (&["drop view mill.heavy; alter table mill.grain alter column weight type int using null"], &["ValuesNulled mill.grain.weight 50"]),
        (&["drop view mill.heavy; alter table mill.grain alter column weight type int using case when id > 8 then weight::int end"],
            &["ValuesNulled mill.grain.weight 8", "ValuesConverted mill.grain.weight 42 uncounted"]),
        (&["drop view mill.heavy; alter table mill.grain alter column weight type text using null"], &["ValuesNulled mill.grain.weight 50"]),
        (&["drop view mill.heavy; alter table mill.grain alter column weight type int using weight::int"], &[]),
        (&["do $$ begin drop view mill.heavy; alter table mill.grain rename weight to mass; alter table mill.grain alter mass type int using null; end $$"],
            &["ValuesNulled mill.grain.weight 50"]),
        (&["drop view mill.heavy; alter table mill.grain alter column weight type bigint using weight::bigint"], &[]),
        (&["drop view mill.heavy; alter table mill.grain alter column weight type varchar(1) using left(weight, 1)"],
            &["ValuesConverted mill.grain.weight 50 uncounted"]),
        (&["drop view mill.heavy; alter table mill.grain alter column weight type text using 'x'"],
            &["ValuesConverted mill.grain.weight 50 uncounted"]),
        (&["alter table mill.sack alter column kilos type numeric(6,1) using kilos / 3"], &["ValuesConverted mill.sack.kilos 20 uncounted"]),
        (&["drop view mill.heavy; alter table mill.grain alter column weight type int using case when id > 8 then 0 end"],
            &["ValuesNulled mill.grain.weight 8", "ValuesConverted mill.grain.weight 42 uncounted"]),
        (&["do $$ begin alter table mill.sack alter kilos type int using 7; end $$"], &["ValuesConverted mill.sack.kilos 20 uncounted"]),
        (&["alter table mill.sack alter column kilos type double precision"], &[]),
        (&["update mill.sack set kilos = 7 where id = 1", "alter table mill.sack alter column kilos type int"],
            &["ValuesConverted mill.sack.kilos 20 uncounted", "RowsChanged mill.sack.* 1"]),
        (&["alter table mill.grain add column extra float default random()"], &[]),
        // A new column that is filled overwrites nothing; one that only has a new name does.
        (&["alter table mill.sack add column pounds numeric, add column grams numeric", "update mill.sack set pounds = kilos * 2.2, (grams) = row(kilos) where id > 0"], &[]),
        (&["alter table mill.sack add column pounds numeric; update mill.sack set pounds = 1, kilos = 2"], &["RowsChanged mill.sack.* 20"]),
        (&["alter table mill.sack rename kilos to pounds; alter table mill.sack add column kilos int; update mill.sack set pounds = 1"],
            &["RowsChanged mill.sack.* 20"]),
        (&["alter table mill.sack add column pounds numeric; do $$ begin update mill.sack set pounds = 1; end $$"], &["RowsChanged mill.sack.* 20"]),
        (&["create function mill.also() returns trigger language plpgsql as $$ begin new.kilos := 0; return new; end $$; \
            create trigger also before update on mill.sack for each row execute function mill.also(); \
            alter table mill.sack add column pounds numeric; update mill.sack set pounds = 1"], &["RowsChanged mill.sack.* 20"]),
        // What a commit would run counts too.
        (&["create function mill.later() returns trigger language plpgsql as $$ begin delete from mill.crowd; return null; end $$; \
            create constraint trigger later after insert on mill.sack deferrable initially deferred for each row execute function mill.later(); \
            insert into mill.sack values (21, 21, 1)"], &["RowsDeleted mill.heir.* 2"]),
        (&["insert into mill.sack values (21, 21, 1); refresh materialized view mill.sum"], &[]),
        (&["refresh materialized view mill.sum with no data"], &[]),
        (&["delete from mill.sack where id > 15; alter table mill.sack alter column kilos type int"],
            &["ValuesConverted mill.sack.kilos 20 uncounted", "RowsDeleted mill.sack.* 5"]),
        (&["alter table mill.sack alter column kilos type int using null; drop table mill.sack cascade"], &["TableDropped mill.sack.* 20"]),
        (&["truncate mill.sack; insert into mill.sack values (1, 1, 1)"], &["TableEmptied mill.sack.* 20"]),
        // What has got its file in this transaction is truncated in place.
        (&["alter table mill.sack alter column kilos type double precision; truncate mill.sack"], &["TableEmptied mill.sack.* 20"]),
        (&["alter table mill.sack set unlogged", "do $$ begin truncate mill.sack; end $$"], &["TableEmptied mill.sack.* 20"]),
        (&["alter table mill.sack add column extra float default random(); truncate mill.sack; insert into mill.sack values (1, 1, 1)"], &["TableEmptied mill.sack.* 20"]),
        // Rows that are deleted are not those that were overwritten, as far as anybody knows.
        (&["update mill.sack set kilos = 0 where id <= 5; delete from mill.sack where id > 15"],
            &["RowsDeleted mill.sack.* 5", "RowsChanged mill.sack.* 5 uncounted"]),
        (&["update mill.sack set kilos = 0 where id <= 5", "insert into mill.sack select n, n from generate_series(30, 50) n; delete from mill.sack where id >= 30"],
            &["RowsDeleted mill.sack.* 21", "RowsChanged mill.sack.* 5 uncounted"]),
        // The same name in another schema, a view of that name, a function that is called on the way.
        (&["create schema other; create table other.sack (id int); insert into other.sack values (1); alter table other.sack add column pounds int; \
            alter table mill.sack add column pounds int; create function mill.f() returns int language plpgsql as $$ begin update mill.sack set kilos = 0; return 1; end $$; \
            update other.sack set pounds = mill.f()"], &["RowsChanged mill.sack.* 20"]),
        (&["alter table mill.sack add column pounds numeric; create view public.sack as select id, kilos as pounds from mill.sack; update public.sack set pounds = 0"],
            &["RowsChanged mill.sack.* 20"]),
        (&["alter table mill.sack add column pounds numeric; create view public.sack as select id, kilos as pounds from mill.sack; update sack set pounds = 0"],
            &["RowsChanged mill.sack.* 20"]),
        (&["alter table mill.sack add column pounds numeric; create function mill.g(n int) returns int language plpgsql as $$ begin update mill.sack set kilos = null where id = n; return 1; end $$; \
            update mill.sack set pounds = mill.g(id + 10) where id <= 10"], &["RowsChanged mill.sack.* 20"]),
        (&["select mill.refill('mill.sack')"], &["TableEmptied mill.sack.* 20"]),
        (&["do $$ begin create temp table k as select * from mill.sack; truncate mill.sack; insert into mill.sack select * from k; end $$"],
            &["TableEmptied mill.sack.* 20"]),
        (&["drop schema mill cascade"],
            &["TableDropped mill.crowd.* 2", "TableDropped mill.grain.* 50", "TableDropped mill.sack.* 20", "TableDropped mill.trip.* 10"]),
        (&["drop table mill.trip"], &["TableDropped mill.trip.* 10"]),
        (&["drop table mill.trip_1"], &["TableDropped mill.trip_1.* 5"]),
        (&["alter table mill.trip detach partition mill.trip_1; drop table mill.trip"], &["TableDropped mill.trip.* 5"]),
        (&["alter table mill.trip drop column note"], &["ColumnDropped mill.trip.note 10"]),
        (&["alter table mill.trip alter column note type int using null"],
            &["ValuesNulled mill.trip_1.note 5", "ValuesNulled mill.trip_2.note 5"]),
        (&["alter table mill.crowd drop column id"], &["ColumnDropped mill.crowd.id 2"]),
        (&["drop materialized view mill.sum; drop view mill.heavy"], &[]),
        (&["update mill.sack set kilos = null; alter table mill.sack set unlogged"], &["ValuesNulled mill.sack.kilos 20", "RowsChanged mill.sack.* 20"]),
    ];
    let project = in_use().await;
    let api = FakeManagementApi::start(&project.url).await;
    for (files, losses) in cases {
        for (at, sql) in files.iter().enumerate() {
            project.up(&format!("{}_case.sql", at + 1), format!("{sql};"));
        }
        let report = rehearse(&project, everything()).await;
        assert!(report.problem.is_none(), "{files:?}: {:?}", report.problem);
        assert_eq!(loss_words(&report.losses), *losses, "{files:?}");
        // Where rows were changed before values were converted, it is said that nobody can tell.
        let has = |word: &str| losses.iter().any(|loss| loss.starts_with(word));
        let is_mixed = has("ValuesConverted") && (has("RowsDeleted") || has("RowsChanged"));
        assert_eq!(report.uncounted.len(), usize::from(is_mixed), "{files:?}");
        let remote = over_api(&project, &api).await;
        assert_eq!(loss_words(&remote.losses), *losses, "{files:?} {:?}", remote.problem);
        for at in 0..files.len() {
            std::fs::remove_file(project.root.path().join(format!("supabase/migrations/{}_case.sql", at + 1))).unwrap();
        }
    }
}

/// Rows that were changed before hide what a conversion does to the values of the same type: that is said.
#[tokio::test]
async fn what_cannot_be_told_from_other_changes_is_listed_as_not_counted() {
    let project = in_use().await;
    project.up(
        "1_case.sql",
        "insert into mill.sack values (99, 1, 1); alter table mill.sack alter column kilos type numeric using 0;",
    );
    let report = rehearse(&project, everything()).await;
    assert!(report.problem.is_none(), "{:?}", report.problem);
    assert_eq!(report.uncounted.len(), 1, "{:?}", report.losses);
    let why = report.uncounted[0].why;
    assert_eq!(
        why,
        supadeck::domain::dry_run::measure::Uncounted::RowsChanged
    );
}

/// The server cuts names to 63 bytes, so these two are one. Over the Management API no savepoint can be set.
#[tokio::test]
async fn long_names_of_savepoints_are_cut_as_the_server_cuts_them() {
    let project = in_use().await;
    let name = "a".repeat(63);
    project.up(
        "1_case.sql",
        format!(
            "savepoint {name}b; delete from mill.sack where id <= 10; savepoint {name}c; \
             delete from mill.sack where id > 15; rollback to {name}b;"
        ),
    );
    let report = rehearse(&project, everything()).await;
    assert!(report.problem.is_none(), "{:?}", report.problem);
    assert_eq!(loss_words(&report.losses), ["RowsDeleted mill.sack.* 10"]);
}

/// Rows that were moved into a new partition go with it.
#[tokio::test]
async fn rows_that_were_moved_into_a_partition_that_is_dropped_are_not_called_kept() {
    let project = in_use().await;
    let moves = "create table mill.trip_3 partition of mill.trip for values in (3); update mill.trip set day = 3 where day = 1";
    for (then, uncounted) in [
        ("drop table mill.trip_3", 1),
        (
            "alter table mill.trip detach partition mill.trip_3; drop table mill.trip_3",
            1,
        ),
        ("comment on table mill.trip_3 is 'x'", 0),
    ] {
        project.up("1_case.sql", format!("{moves}; {then};"));
        let report = rehearse(&project, everything()).await;
        assert!(report.problem.is_none(), "{:?}", report.problem);
        assert_eq!(
            loss_words(&report.losses),
            ["RowsChanged mill.trip_1.* 5"],
            "{then}"
        );
        assert_eq!(
            report.uncounted.len(),
            uncounted,
            "{then}: {:?}",
            report.uncounted
        );
    }
}

/// The catalog is the same afterwards, and all the same something was lost; or it differs only by names.
#[tokio::test]
async fn renames_and_moves_are_told_as_such() {
    let project = in_use().await;
    project.up(
        "1_names.sql",
        "alter table mill.grain rename sort to kind; alter table mill.sack rename to bag; alter table mill.bag set schema public;\n\
        create index on mill.grain (old_id); alter function mill.again(regclass, text) rename to retype;",
    );
    let report = rehearse(&project, everything()).await;
    let (_, changes, losses) = told(&report);
    assert_eq!(
        changes,
        [
            "> table mill.sack is renamed to bag and moved to schema public",
            "> column mill.grain.sort is renamed to kind",
            "+ index grain_old_id_idx on mill.grain",
            "> function mill.again(place regclass, name text) is renamed to retype(place regclass, name text)"
        ]
    );
    assert_eq!(losses, [""; 0]);
}

/// What the migration did before it, and what other files' rollbacks did, is not the rollback's.
#[tokio::test]
async fn a_rollback_is_not_charged_with_what_other_files_did() {
    let project = in_use().await;
    project.up(
        "1_a.sql",
        "create table mill.kept as table mill.sack; delete from mill.sack;",
    );
    project.down(
        "1_a.sql",
        "insert into mill.sack select * from mill.kept; drop table mill.kept;",
    );
    project.up(
        "2_b.sql",
        "update mill.grain set id = id; comment on table mill.grain is 'b';",
    );
    project.down("2_b.sql", "comment on table mill.grain is null;");
    let stage = database(&project.url);
    let pending = migration::verify_on_target(&project.schema, stage.as_ref(), &[], &watch().0)
        .await
        .unwrap();
    for trip in &pending.versions {
        let of_rows = loss_words(&trip.losses);
        let of_rows = of_rows.iter().filter(|loss| loss.starts_with("Rows"));
        assert_eq!(of_rows.count(), 0, "{}: {:?}", trip.version, trip.losses);
    }
    assert!(project.apply().await.is_complete());
    let versions = ["1", "2"].map(str::to_owned);
    let applied =
        migration::verify_on_target(&project.schema, stage.as_ref(), &versions, &watch().0)
            .await
            .unwrap();
    for trip in &applied.versions {
        let of_rows = loss_words(&trip.losses);
        let of_rows = of_rows.iter().filter(|loss| loss.starts_with("Rows"));
        assert_eq!(of_rows.count(), 0, "{}: {:?}", trip.version, trip.losses);
    }
}

/// What a rollback loses is counted the same way: values of what was there before the migration, none of what it made.
#[tokio::test]
async fn a_rollback_in_verify_loses_by_identity_too() {
    let project = in_use().await;
    project.up("1_a.sql", "alter table mill.grain rename sort to kind;");
    project.down("1_a.sql", "alter table mill.grain rename kind to sort;");
    project.up(
        "2_b.sql",
        "alter table mill.grain add column fresh text default 'x';",
    );
    project.down("2_b.sql", "alter table mill.grain drop column fresh;");
    project.up("3_c.sql", "comment on table mill.sack is 'c';");
    project.down("3_c.sql", "create table mill.k (like mill.sack including all); drop table mill.sack cascade; alter table mill.k rename to sack;");
    let before = database_contents(&project).await;
    let stage = database(&project.url);
    let pending = migration::verify_on_target(&project.schema, stage.as_ref(), &[], &watch().0)
        .await
        .unwrap();
    assert_eq!(database_contents(&project).await, before);
    let losses: Vec<Vec<String>> = pending
        .versions
        .iter()
        .map(|trip| loss_words(&trip.losses))
        .collect();
    assert_eq!(losses[0], [""; 0]);
    assert_eq!(losses[1], ["ColumnDropped mill.grain.fresh ? uncounted"]);
    assert_eq!(losses[2], ["TableDropped mill.sack.* 20 remade"]);
    assert_eq!(pending.versions[0].finding, Verdict::Proven);
    assert!(project.apply().await.is_complete());
    project
        .db
        .batch_execute("update mill.grain set fresh = null where id > 10")
        .await
        .unwrap();
    let versions = ["1", "2", "3"].map(str::to_owned);
    let applied =
        migration::verify_on_target(&project.schema, stage.as_ref(), &versions, &watch().0)
            .await
            .unwrap();
    let losses: Vec<Vec<String>> = applied
        .versions
        .iter()
        .map(|trip| loss_words(&trip.losses))
        .collect();
    assert_eq!(losses[0], [""; 0]);
    assert_eq!(losses[1], ["ColumnDropped mill.grain.fresh 10"]);
    assert_eq!(losses[2], ["TableDropped mill.sack.* 20 remade"]);
}
