//! Files that reach outside the database: a dry run on the target never runs them, also where the role may do it, and on a
//! scratch database the role may not.

use crate::fixture::dry_run::rehearse_with;
use crate::fixture::{TestProject, everything, stack, watch};
use std::path::{Path, PathBuf};
use supadeck::domain::dry_run::{End, Verdict};
use supadeck::domain::lint::Level;
use supadeck::domain::migration::PlanRequest;
use supadeck::ops::migration;

/// A folder that the account of Postgres can write, and in it the file that must not appear.
fn ground() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::Builder::new().tempdir_in("/tmp").unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(
        folder.path(),
        std::os::unix::fs::PermissionsExt::from_mode(0o777),
    )
    .unwrap();
    let mark = folder.path().join("mark");
    (folder, mark)
}

/// A project on a database of its own, as the superuser: whatever a dry run runs, is done.
async fn as_superuser(name: &str) -> TestProject {
    stack().await.create_database(name).await.unwrap();
    TestProject::on(stack().await.superuser_url(name)).await
}

/// Ways to make the file, each the text of a migration.
fn ways(mark: &Path) -> Vec<String> {
    let mark = mark.display();
    vec![
        format!("copy (select 1) to program 'touch {mark}'"),
        format!("create table t (a text);\ncopy t from program 'touch {mark}; echo 1'"),
        format!("copy (select 1) to '{mark}'"),
        format!("do $$ begin copy (select 1) to program 'touch {mark}'; end $$"),
        format!(
            "do $$ begin execute format('copy (select 1) to program %L', 'touch {mark}'); end $$"
        ),
        format!("do $$ begin execute 'copy (select 1) to ' || quote_literal('{mark}'); end $$"),
        format!(
            "do $$ declare c text := 'touch {mark}'; begin execute 'copy (select 1) to program ''' || c || ''''; end $$"
        ),
        format!(
            "create function f() returns void language plpgsql as $$ begin copy (select 1) to program 'touch {mark}'; end $$;\nselect f()"
        ),
        format!("select lo_export(lo_from_bytea(0, 'x'), '{mark}')"),
        format!(
            "-- supadeck:allow runs-program it is wanted\ncopy (select 1) to program 'touch {mark}'"
        ),
        format!("begin;\ncopy (select 1) to program 'touch {mark}';\ncommit;"),
        format!("explain (analyze, costs off) select lo_export(lo_from_bytea(0, 'x'), '{mark}')"),
        format!(
            "create table u (a text default 'x');\nprepare p as select lo_export(lo_from_bytea(0, 'x'), '{mark}');\nexecute p"
        ),
    ]
}

#[tokio::test]
async fn a_dry_run_on_the_target_does_not_run_what_no_rollback_undoes() {
    let (_folder, mark) = ground();
    let project = as_superuser("outside_plan").await;
    for way in ways(&mark) {
        project.up("2_out.sql", &way);
        project.up("3_after.sql", "create table after_it ();");
        let report = rehearse_with(&project.schema, &project, everything(), &watch().0).await;
        assert!(!mark.exists(), "{way}");
        let ends: Vec<End> = report.steps.iter().map(|step| step.end).collect();
        assert_eq!(ends, [End::Refused, End::Passed], "{way}");
        let note = report.steps[0].note.as_ref().unwrap();
        assert!(
            note.starts_with("Statement ") && note.contains("not run here"),
            "{note}"
        );
        let said = report.unrehearsed().unwrap().not_rehearsed();
        assert!(
            said.contains("because it does what a rollback does not undo")
                && said.contains("2 out"),
            "{said}"
        );
        let plan = project.plan(everything()).await.unwrap();
        let risks = migration::risks(&plan);
        assert!(risks[0].assessment.stays().is_some(), "{way}");
        if !way.contains("allow") {
            assert_eq!(risks[0].assessment.level(), Level::OutsideDatabase, "{way}");
        }
    }
}

#[tokio::test]
async fn what_a_rollback_undoes_is_tried() {
    let project = as_superuser("outside_undone").await;
    project.up(
        "2_role.sql",
        "create role outside_role_1 in role pg_read_server_files",
    );
    project.up(
        "3_read.sql",
        "create table r as select pg_read_file('PG_VERSION') as version",
    );
    let report = rehearse_with(&project.schema, &project, everything(), &watch().0).await;
    assert!(report.problem.is_none(), "{report:#?}");
    let ends: Vec<End> = report.steps.iter().map(|step| step.end).collect();
    assert_eq!(ends, [End::Passed, End::Passed]);
}

#[tokio::test]
async fn a_rollback_that_reaches_out_is_not_tried_either() {
    let (_folder, mark) = ground();
    let project = as_superuser("outside_back").await;
    project.up("1_a.sql", "create table a ();");
    assert!(project.apply().await.is_complete());
    let copy = format!("copy (select 1) to program 'touch {}'", mark.display());
    project.down("1_a.sql", &format!("drop table a;\n{copy};"));
    let wish = PlanRequest::RollbackLast { count: 1 };
    let report = rehearse_with(&project.schema, &project, wish, &watch().0).await;
    assert_eq!(report.steps[0].end, End::Refused);
    assert!(project.has("a").await && !mark.exists());

    project.up("2_b.sql", "create table b ();");
    project.down("2_b.sql", &format!("drop table b; {copy};"));
    project.up("3_c.sql", "create table c ();");
    project.down("3_c.sql", "drop table c;");
    let stage = crate::fixture::database(&project.url);
    for versions in [vec![], vec!["1".to_owned()]] {
        let found =
            migration::verify_on_target(&project.schema, stage.as_ref(), &versions, &watch().0)
                .await
                .unwrap();
        let refused = &found.versions[0];
        assert_eq!(refused.finding, Verdict::Refused, "{found:#?}");
        assert!(
            refused
                .problem
                .as_ref()
                .unwrap()
                .why
                .contains("runs a program")
        );
        assert!(!mark.exists());
        if versions.is_empty() {
            assert_eq!(found.versions[1].finding, Verdict::Proven);
            assert_eq!(found.faults(), 0);
        }
    }
}

#[tokio::test]
async fn on_a_scratch_database_the_server_refuses_it() {
    let (_folder, mark) = ground();
    for (number, way) in ways(&mark).into_iter().enumerate() {
        let name = format!("outside_scratch_{number}");
        let url = stack().await.create_database(&name).await.unwrap();
        let project = TestProject::on(url).await;
        project.up(
            "1_power.sql",
            "do $$ begin execute 'grant pg_execute_server_program, pg_write_server_files to ' || current_user; \
             exception when others then null; end $$;",
        );
        project.down("1_power.sql", "select 1;");
        project.up("2_out.sql", &way);
        project.down(
            "2_out.sql",
            "drop table if exists t, u; drop function if exists f();",
        );
        let stage = crate::fixture::database(&project.url);
        let found = migration::verify_on_scratch(
            &project.schema,
            stage.as_ref(),
            &[],
            &mut migration::Passing::default(),
            &watch().0,
        )
        .await
        .unwrap();
        assert!(!mark.exists(), "{way}");
        let out = &found.versions[1];
        assert_eq!(out.finding, Verdict::Failed, "{way}: {out:#?}");
        let problem = out.problem.as_ref().unwrap();
        assert_eq!(problem.code.as_deref(), Some("42501"), "{way}: {problem}");
    }
}

/// Sequences, sessions and slots are nobody's transaction: no dry run sets or ends one, whoever calls the function.
#[tokio::test]
async fn a_dry_run_sets_no_sequence_and_ends_no_session() {
    let project = as_superuser("outside_at_once").await;
    project
        .db
        .batch_execute(
            "create table t (id serial primary key, a int);
             insert into t (a) select n from generate_series(1, 100) n;
             create table t_history (id serial);
             create schema o;
             create function reset_ids() returns void language plpgsql as $$ begin perform setval('t_id_seq', 1, false); end $$;
             create function outer_one() returns int language sql begin atomic select reset_ids(); select 1; end;
             create function at_truncate() returns trigger language plpgsql as $$ begin perform public.outer_one(); return null; end $$;
             create table watched (id int);
             create trigger at_truncate after truncate on watched for each statement execute function at_truncate();
             create function ends_others() returns void language plpgsql as $$
               begin perform pg_terminate_backend(pid) from pg_stat_activity where application_name = 'victim'; end $$;
             create function sends() returns void language plpgsql as $$ begin perform net.http_post('x'); end $$;",
        )
        .await
        .unwrap();
    for (sql, is_refused) in [
        ("select reset_ids()", true),
        ("do $$ begin perform public.outer_one(); end $$", true),
        ("create table copy as select outer_one() as a", true),
        ("truncate watched", true),
        (
            "alter table t add column no serial; select setval('t_id_seq', 5)",
            true,
        ),
        (
            "create table item (id serial primary key); select setval('t_history_id_seq', 5)",
            true,
        ),
        (
            "create sequence o.t_id_seq; select setval('public.t_id_seq', 5)",
            true,
        ),
        (
            "create function mine() returns void language sql as 'select setval(''t_id_seq'', 7)'; select mine()",
            true,
        ),
        (
            "create function mine() returns trigger language plpgsql as $$ begin perform reset_ids(); return null; end $$; \
          create trigger x after insert on t for each statement execute function mine(); insert into t (id, a) values (999, 1)",
            true,
        ),
        (
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'victim'",
            true,
        ),
        ("select ends_others()", true),
        ("select pg_drop_replication_slot('nothing')", true),
        ("select pg_stat_reset()", true),
        // What only defines such code, or has it of its own, is run.
        (
            "create function mine() returns void language sql as 'select setval(''t_id_seq'', 7)'; create table u ()",
            false,
        ),
        (
            "alter function reset_ids() owner to current_user; grant execute on function ends_others() to public",
            false,
        ),
        (
            "alter table t add column no serial; select setval('t_no_seq', 5)",
            false,
        ),
        (
            "create table o.item (id int generated by default as identity); select setval('o.item_id_seq', 5)",
            false,
        ),
        (
            "insert into watched values (1); alter table t add column b int",
            true,
        ),
        ("alter table watched add column b int", false),
    ] {
        project.up("2_case.sql", format!("{sql};"));
        let report = rehearse_with(&project.schema, &project, everything(), &watch().0).await;
        let last = project
            .db
            .query_one("select last_value, is_called from t_id_seq", &[])
            .await
            .unwrap();
        assert_eq!(
            (last.get::<_, i64>(0), last.get::<_, bool>(1)),
            (100, true),
            "{sql}"
        );
        let end = if is_refused {
            End::Refused
        } else {
            End::Passed
        };
        assert_eq!(report.steps[0].end, end, "{sql}: {:?}", report.problem);
    }
    // What no text shows is told at least.
    project.up(
        "2_case.sql",
        "do $$ begin execute 'select set' || 'val(''t_id_seq'', 5)'; end $$;",
    );
    let report = rehearse_with(&project.schema, &project, everything(), &watch().0).await;
    let note = &report.sequence_notes[0];
    assert_eq!((note.before, note.after), (Some(100), Some(5)));
    project.up("2_case.sql", "insert into t_history default values;");
    let report = rehearse_with(&project.schema, &project, everything(), &watch().0).await;
    let note = &report.sequence_notes[0];
    assert_eq!((note.before, note.after), (None, Some(1)));
}
