//! Round trips: a rollback file that restores the catalog is proven, and one that does not is shown with the difference.

use crate::fixture::database_contents::database_contents;
use crate::fixture::{TestProject, database, watch};
use supadeck::domain::dry_run::{Environment, RoundTrip, Verdict, Verification};
use supadeck::domain::migration::{PlanRequest, State};
use supadeck::ops::migration::{self, Workspace};

/// Checks on the project's own database as a scratch one.
async fn on_scratch(project: &TestProject, versions: &[&str]) -> Verification {
    let versions: Vec<String> = versions.iter().map(|version| (*version).into()).collect();
    let stage = database(&project.url);
    migration::verify_on_scratch(
        &project.schema,
        stage.as_ref(),
        &versions,
        &mut migration::Passing::default(),
        &watch().0,
    )
    .await
    .unwrap()
}

/// Checks on the database itself, and makes sure that nothing remains.
async fn on_target(project: &TestProject, versions: &[&str]) -> Verification {
    let versions: Vec<String> = versions.iter().map(|version| (*version).into()).collect();
    let before = database_contents(project).await;
    let stage = database(&project.url);
    let verification =
        migration::verify_on_target(&project.schema, stage.as_ref(), &versions, &watch().0)
            .await
            .unwrap();
    assert_eq!(database_contents(project).await, before);
    verification
}

/// The difference of a trip: object, property, before and after.
fn told(trip: &RoundTrip) -> Vec<String> {
    let changes = trip.difference.changes.iter();
    changes
        .flat_map(|change| {
            let object = &change.object;
            let fate = change.fate;
            change.properties.iter().map(move |shift| {
                let word = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
                format!(
                    "{fate:?} {object}: {} {} -> {}",
                    shift.property,
                    word(&shift.before),
                    word(&shift.after)
                )
            })
        })
        .collect()
}

#[tokio::test]
async fn the_projects_own_migrations_make_the_round_trip() {
    let project = TestProject::new().await;
    let schema = Workspace::new(env!("CARGO_MANIFEST_DIR"), database(&project.url));
    let stage = database(&project.url);
    let verification = migration::verify_on_scratch(
        &schema,
        stage.as_ref(),
        &[],
        &mut migration::Passing::default(),
        &watch().0,
    )
    .await
    .unwrap();
    let files = std::fs::read_dir(schema.root.join("migrations")).unwrap();
    let files = files
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file());
    let count = files.count();
    assert_eq!(verification.versions.len(), count);
    for trip in &verification.versions {
        assert_eq!(trip.finding, Verdict::Proven, "{trip:#?}");
    }
    // Applied now, they make it the other way round too, in one transaction.
    let versions: Vec<String> = verification
        .versions
        .iter()
        .map(|trip| trip.version.clone())
        .collect();
    let back = migration::verify_on_target(&schema, stage.as_ref(), &versions, &watch().0)
        .await
        .unwrap();
    assert_eq!(back.versions.len(), count);
    for trip in &back.versions {
        assert_eq!(trip.finding, Verdict::Proven, "{trip:#?}");
    }
}

/// A version that cannot be used fails the check, on scratch and on the target, and the others are checked all the same.
#[tokio::test]
async fn every_version_that_cannot_be_used_fails_the_check() {
    let project = TestProject::new().await;
    let fine = |version: &str, table: &str| {
        project.write(
            &format!("supabase/migrations/{version}_a.sql"),
            format!("create table {table} (id int);"),
        );
        project.write(
            &format!("supabase/migrations/rollback/{version}_a.sql"),
            format!("drop table {table};"),
        );
    };
    fine("10", "a");
    project.write("supabase/migrations/20_latin.sql", b"select '\xe9';");
    project.write("supabase/migrations/30_wide.sql", b"\xff\xfes\0");
    project.write("supabase/migrations/40_x.sql", "select 1;");
    project.write("supabase/migrations/40_y.sql", "select 1;");
    fine("50", "b");
    for verification in [on_scratch(&project, &[]).await, {
        let fresh = TestProject::new().await;
        let schema = Workspace::new(project.root.path(), database(&fresh.url));
        let stage = database(&fresh.url);
        migration::verify_on_target(&schema, stage.as_ref(), &[], &watch().0)
            .await
            .unwrap()
    }] {
        let found: Vec<(&str, Verdict)> = verification
            .versions
            .iter()
            .map(|trip| (trip.version.as_str(), trip.finding))
            .collect();
        for version in ["20", "30", "40"] {
            assert!(
                found.contains(&(version, Verdict::Failed)),
                "{version} {found:?}"
            );
        }
        assert!(found.contains(&("10", Verdict::Proven)), "{found:?}");
        // On the target each file is tried by itself; on scratch nothing is applied past what cannot be used.
        let newer = match verification.on {
            Environment::Target => Verdict::Proven,
            Environment::Scratch => Verdict::NotReached,
        };
        assert!(found.contains(&("50", newer)), "{found:?}");
        let why = |version: &str| {
            let trip = verification
                .versions
                .iter()
                .find(|trip| trip.version == version);
            trip.unwrap().problem.as_ref().unwrap().to_string()
        };
        assert!(why("20").contains("Windows-1252"), "{}", why("20"));
        assert!(why("30").contains("UTF-16"), "{}", why("30"));
        assert!(why("40").contains("40_y.sql"), "{}", why("40"));
    }
    let named = on_scratch(&TestProject::new().await, &[]).await;
    assert!(named.versions.is_empty());
}

/// A checkout with other line ends is no edit, in either direction.
#[tokio::test]
async fn line_ends_are_no_edit() {
    let text = "-- one, two\ncreate table lines (\n  body text default 'line one\nline two'\n);\n-- three\ncomment on table lines is 'x\ny';\n";
    let forms = [
        text.to_owned(),
        text.replace('\n', "\r\n"),
        text.replace('\n', "\r"),
    ];
    for applied in &forms {
        let project = TestProject::new().await;
        project.write("supabase/migrations/10_lines.sql", applied);
        project.write(
            "supabase/migrations/rollback/10_lines.sql",
            "drop table lines;\n",
        );
        let list = async || migration::list(&project.schema).await.unwrap().entries[0].state;
        let wish = PlanRequest::Apply {
            to: None,
            include_out_of_order: false,
        };
        let plan = migration::plan(&project.schema, &wish).await.unwrap();
        assert_eq!(plan.steps[0].statements.iter().count(), 2, "{applied:?}");
        let outcome = migration::run(&project.schema, &plan, &watch().0)
            .await
            .unwrap();
        assert!(outcome.is_complete());
        for checkout in &forms {
            project.write("supabase/migrations/10_lines.sql", checkout);
            assert_eq!(list().await, State::Applied, "{applied:?} {checkout:?}");
        }
        project.write(
            "supabase/migrations/10_lines.sql",
            applied.replace("three", "four"),
        );
        assert_eq!(list().await, State::Edited);
    }
}

#[tokio::test]
#[rustfmt::skip]
async fn what_a_rollback_forgets_is_shown_exactly() {
    let first = "
        create table t (a int, b text, c text);
        create function f() returns int language sql as 'select 1';
        create policy p on t for select to authenticated using (a > 0);
        comment on table t is 'Mine.';
        comment on column t.b is 'B.';
        create index i on t (a);
        create type e as enum ('x', 'y');
        alter table t enable row level security;";
    let cases: &[(&str, &str, &[&str])] = &[
        ("revoke select on t from anon; revoke update on t from authenticated", "grant update on t to authenticated",
            &["Changed table public.t: grant to anon delete, insert, references, select, trigger, truncate, update -> delete, insert, references, trigger, truncate, update"]),
        ("grant select (a) on t to auditor_of_nothing", "select 1",
            &["Changed column public.t.a: grant to auditor_of_nothing - -> select"]),
        ("drop policy p on t", "create policy p on t for select to anon using (a > 0)",
            &["Changed policy p on public.t: to authenticated -> anon"]),
        ("drop policy p on t", "select 1",
            &["Removed policy p on public.t: for select -> -", "Removed policy p on public.t: kind permissive -> -",
              "Removed policy p on public.t: to authenticated -> -", "Removed policy p on public.t: using (a > 0) -> -"]),
        ("comment on table t is 'Yours.'", "comment on table t is null", &["Changed table public.t: comment Mine. -> -"]),
        ("alter table t drop column b", "alter table t add column b text; comment on column t.b is 'B.'",
            &["Changed column public.t.b: position 2 -> 3", "Changed column public.t.c: position 3 -> 2"]),
        ("alter table t disable row level security", "alter table t force row level security",
            &["Changed table public.t: row level security enabled -> -", "Changed table public.t: row level security for the owner - -> forced"]),
        ("alter table t alter column c type varchar(9)", "alter table t alter column c set default 'x'",
            &["Changed column public.t.c: default - -> 'x'::character varying", "Changed column public.t.c: type text -> character varying(9)"]),
        ("create or replace function f() returns int language sql security definer as 'select 1'",
            "create or replace function f() returns int language sql as 'select 2'", &["function public.f(): definition"]),
        ("alter type e add value 'z'", "select 1", &["Changed type public.e: labels 'x', 'y' -> 'x', 'y', 'z'"]),
        ("alter default privileges in schema public grant select on tables to auditor_of_nothing", "select 1",
            &["Changed default privileges of postgres in public on tables: grant to auditor_of_nothing - -> select"]),
        ("alter table t add constraint positive check (a > 0) not valid", "alter table t validate constraint positive",
            &["Added constraint positive on public.t: definition - -> CHECK ((a > 0))", "Added constraint positive on public.t: validated - -> yes"]),
        ("alter index i rename to j", "alter index j rename to i; alter table t cluster on i", &["Changed index i on public.t: clustered - -> yes"]),
    ];
    let mut wrong = Vec::new();
    for (up, down, expected) in cases {
        let project = TestProject::new().await;
        let role = "do $$ begin create role auditor_of_nothing; exception when duplicate_object or unique_violation then null; end $$";
        project.db.batch_execute(role).await.unwrap();
        project.up("1_first.sql", first);
        project.down("1_first.sql", "drop table t; drop function f(); drop type e;");
        assert!(project.apply().await.is_complete());
        project.up("2_case.sql", up);
        project.down("2_case.sql", down);
        let on_target = on_target(&project, &[]).await;
        let on_scratch = on_scratch(&project, &["2"]).await;
        for trip in [&on_target.versions[0], &on_scratch.versions[0]] {
            assert_eq!(trip.version, "2");
            let told = told(trip);
            let is_as_expected = trip.finding == Verdict::NotRestored
                && told.len() == expected.len()
                && told.iter().zip(*expected).all(|(line, expected)| line.contains(expected));
            if !is_as_expected {
                wrong.push(format!("{up}: {:?} {told:#?} {:?}", trip.finding, trip.problem));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_rollback_that_restores_is_proven_with_what_it_throws_away() {
    let project = TestProject::new().await;
    project.up("1_a.sql", "create table a (id int, note text);");
    project.down("1_a.sql", "drop table a;");
    project.up(
        "2_b.sql",
        "alter table a add column more text; create table b (id int);",
    );
    project.down("2_b.sql", "drop table b; alter table a drop column more;");
    assert!(project.apply().await.is_complete());
    project
        .db
        .batch_execute("insert into a values (1, 'x', 'y'), (2, null, null), (3, 'x', 'y'); insert into b values (1)")
        .await
        .unwrap();
    let verification = on_target(&project, &["2"]).await;
    assert_eq!(verification.versions.len(), 1);
    let trip = &verification.versions[0];
    assert_eq!(trip.finding, Verdict::Proven, "{trip:#?}");
    let losses: Vec<_> = trip
        .losses
        .iter()
        .map(|loss| (loss.table.as_str(), loss.column.as_deref(), loss.rows))
        .collect();
    assert_eq!(
        losses,
        [
            ("public.b", None, Some(1)),
            ("public.a", Some("more"), Some(2))
        ]
    );
}

#[tokio::test]
async fn missing_empty_failing_and_lone_files_are_told_apart() {
    let project = TestProject::new().await;
    project.up("1_a.sql", "create table a ();");
    project.up("2_b.sql", "create table b ();");
    project.down("2_b.sql", "-- later\n");
    project.up("3_c.sql", "create table c ();");
    project.down("3_c.sql", "drop table c; select 1/0;");
    project.up("4_d.sql", "create table d (x int);");
    project.down("4_d.sql", "drop table d;");
    project.up("5_e.sql", "create index concurrently i on d (x);");
    project.down("5_e.sql", "drop index concurrently i;");
    project.up("6_f.sql", "select * from nowhere;");
    project.down("6_f.sql", "select 1;");
    project.up("7_g.sql", "select 1;");
    project.down("7_g.sql", "select 1;");
    let ends = |verification: &Verification| -> Vec<Verdict> {
        let versions = verification.versions.iter();
        versions.map(|trip| trip.finding).collect()
    };
    let first = [
        Verdict::NoRollback,
        Verdict::NoRollback,
        Verdict::Failed,
        Verdict::Proven,
    ];
    let target = on_target(&project, &[]).await;
    // What fails behind a file that was not run may fail because of that.
    let end = [Verdict::Skipped, Verdict::Unsure, Verdict::Proven];
    assert_eq!(ends(&target), [&first[..], &end[..]].concat());
    let failed = target.versions[2].problem.as_ref().unwrap();
    assert!(
        failed
            .what
            .contains("The rollback of 3_c failed at statement 2"),
        "{failed}"
    );
    let scratch = on_scratch(&project, &[]).await;
    let end = [Verdict::Proven, Verdict::Failed, Verdict::NotReached];
    assert_eq!(ends(&scratch), [&first[..], &end[..]].concat());
    assert_eq!((target.faults(), scratch.faults()), (3, 4));
    assert_eq!((target.not_reached(), scratch.not_reached()), (0, 1));
}

#[tokio::test]
async fn a_migration_that_cannot_be_applied_twice_is_found() {
    let project = TestProject::new().await;
    project.up(
        "1_a.sql",
        "create table a (); do $$ begin if exists (select from pg_namespace where nspname = 'was_here') then \
        create table more (); end if; end $$;",
    );
    project.down("1_a.sql", "drop table a; create schema was_here;");
    let verification = on_target(&project, &[]).await;
    let trip = &verification.versions[0];
    assert_eq!(trip.finding, Verdict::NotRestored);
    let again: Vec<String> = trip
        .again
        .top_level()
        .map(|change| change.object.to_string())
        .collect();
    assert_eq!(again, ["schema was_here", "table public.more"]);
}

#[tokio::test]
async fn versions_that_are_no_neighbours_are_compared_with_what_was_right_before_each() {
    let project = TestProject::new().await;
    for at in 1..=4 {
        project.up(
            &format!("{at}_t.sql"),
            format!("create table t{at} (); grant select on t{at} to public;"),
        );
        project.down(&format!("{at}_t.sql"), &format!("drop table t{at};"));
    }
    let verification = on_scratch(&project, &["1", "4"]).await;
    let found: Vec<_> = verification
        .versions
        .iter()
        .map(|trip| (trip.version.as_str(), trip.finding))
        .collect();
    assert_eq!(
        found,
        [("1", Verdict::Proven), ("4", Verdict::Proven)],
        "{verification:#?}"
    );
}

#[tokio::test]
async fn a_version_behind_one_that_stops_the_check_was_not_looked_at() {
    let project = TestProject::new().await;
    for at in 1..=4 {
        project.up(&format!("{at}_t.sql"), format!("create table t{at} ();"));
        if at < 4 {
            project.down(&format!("{at}_t.sql"), &format!("drop table t{at};"));
        }
    }
    assert!(project.apply().await.is_complete());
    let verification = on_target(&project, &["1"]).await;
    let found: Vec<_> = verification
        .versions
        .iter()
        .map(|trip| (trip.version.as_str(), trip.finding))
        .collect();
    assert_eq!(
        found,
        [("1", Verdict::NotReached), ("4", Verdict::NoRollback)]
    );
    assert_eq!((verification.faults(), verification.not_reached()), (1, 1));
    let problem = verification.versions[1].problem.as_ref().unwrap();
    assert!(!problem.why.contains("rolled back"), "{problem}");
}

#[tokio::test]
async fn what_cannot_be_applied_again_is_told_from_what_fails_at_once() {
    let project = TestProject::new().await;
    project.up("1_a.sql", "create type t as enum ('x'); create table a ();");
    project.down("1_a.sql", "drop table a;");
    for verification in [
        on_target(&project, &[]).await,
        on_scratch(&project, &[]).await,
    ] {
        let trip = &verification.versions[0];
        assert_eq!(trip.finding, Verdict::NotRestored);
        let problem = trip.problem.as_ref().unwrap();
        let begin = "It could not be applied again after its rollback. Migration 1_a failed at";
        assert!(problem.what.starts_with(begin), "{problem}");
    }
}

#[tokio::test]
async fn a_version_that_is_newer_than_those_named_is_not_drawn_in_on_scratch() {
    let project = TestProject::new().await;
    project.up("1_a.sql", "create table a ();");
    project.down("1_a.sql", "drop table a;");
    project.up("2_b.sql", "select * from nowhere;");
    let verification = on_scratch(&project, &["1"]).await;
    assert_eq!(verification.versions.len(), 1);
    assert_eq!(verification.versions[0].finding, Verdict::Proven);
}

#[tokio::test]
async fn an_unknown_version_is_refused() {
    let project = TestProject::new().await;
    let stage = database(&project.url);
    let wanted = ["9".to_owned()];
    assert!(
        migration::verify_on_target(&project.schema, stage.as_ref(), &wanted, &watch().0)
            .await
            .is_err()
    );
    assert!(
        migration::verify_on_scratch(
            &project.schema,
            stage.as_ref(),
            &wanted,
            &mut migration::Passing::default(),
            &watch().0
        )
        .await
        .is_err()
    );
}
