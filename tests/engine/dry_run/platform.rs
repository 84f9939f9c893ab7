//! A scratch database is a Supabase project: what ordinary projects' files do with the platform's tables runs there, on 15 and
//! on 17, and what its server lacks is passed over and named.

use crate::fixture::{TestProject, database, everything, run, watch};
use supadeck::domain::dry_run::passed_over::PassedOver;
use supadeck::domain::dry_run::{Verdict, Verification};
use supadeck::domain::migration::Direction;
use supadeck::ops::migration::{self, Passing, Workspace};
use supadeck_stack::{Error, Options, Stack};

/// What a shop does with storage, auth, realtime, extensions and the settings of REST.
const FILES: &[(&str, &str)] = &[
    (
        "20260101000000_pictures.sql",
        "insert into storage.buckets (id, name, public) values ('pictures', 'pictures', true) on conflict do nothing;
create policy \"anybody sees pictures\" on storage.objects for select using (bucket_id = 'pictures');
create policy \"own folder\" on storage.objects for insert to authenticated
  with check (bucket_id = 'pictures' and (storage.foldername(name))[1] = (select auth.uid())::text
    and storage.extension(name) = 'png' and storage.filename(name) <> '');
create policy \"rooms\" on realtime.messages for select to authenticated using (realtime.topic() like 'room:%');",
    ),
    (
        "rollback/20260101000000_pictures.sql",
        "drop policy \"rooms\" on realtime.messages;
drop policy \"own folder\" on storage.objects;
drop policy \"anybody sees pictures\" on storage.objects;",
    ),
    (
        "20260101000100_people.sql",
        "create extension if not exists \"uuid-ossp\" with schema extensions;
create extension if not exists moddatetime schema extensions;
create extension pg_trgm with schema extensions;
create table public.person (id uuid primary key references auth.users on delete cascade, name text,
  seen timestamptz, key uuid default extensions.uuid_generate_v4());
alter table public.person enable row level security;
create trigger seen before update on public.person for each row execute function extensions.moddatetime(seen);
create function public.greet() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into public.person (id, name) values (new.id, new.raw_user_meta_data ->> 'name');
  return new;
end
$$;
drop trigger if exists greet on auth.users;
create trigger greet after insert on auth.users for each row execute function public.greet();
alter publication supabase_realtime add table public.person;
alter role authenticator set pgrst.db_max_rows = '500';
select vault.create_secret('a secret', 'its name');",
    ),
    (
        "rollback/20260101000100_people.sql",
        "delete from vault.secrets where name = 'its name';
alter role authenticator reset pgrst.db_max_rows;
alter publication supabase_realtime drop table public.person;
drop trigger greet on auth.users;
drop function public.greet();
drop table public.person;
drop extension pg_trgm;
drop extension moddatetime;",
    ),
];

/// What needs a search by meaning, jobs and calls of others, and one thing that needs none of them.
const LACKING: &[(&str, &str)] = &[
    (
        "20260102000000_search.sql",
        "-- As the dashboard writes it.\ncreate extension if not exists \"there_is_no_such_vector\" with schema \"extensions\";
create table public.page (id bigint primary key, title text);

create table public.part (id bigint primary key, place extensions.there_is_no_such_vector(3));
alter table public.part enable row level security;
create policy \"all\" on public.part for select using (true);
comment on extension \"there_is_no_such_vector\" is 'places';
insert into public.page values (1, 'a');",
    ),
    (
        "rollback/20260102000000_search.sql",
        "drop policy \"all\" on public.part;
drop table public.part;
drop table public.page;
drop extension \"there_is_no_such_vector\";",
    ),
    ("20260103000000_later.sql", "create index on public.part (place);\ncreate index page_title on public.page (title);"),
    ("rollback/20260103000000_later.sql", "drop index public.page_title;"),
];

impl TestProject {
    fn files(&self, files: &[(&str, &str)]) {
        for (name, text) in files {
            self.write(&format!("supabase/migrations/{name}"), text);
        }
    }

    async fn verified(&self) -> Verification {
        let stage = database(&self.url);
        let mut passing = Passing::on(true);
        migration::verify_on_scratch(&self.schema, stage.as_ref(), &[], &mut passing, &watch().0)
            .await
            .unwrap()
    }
}

/// A stack of its own of another major version; `None` where it cannot be had here.
pub(crate) async fn stack_of(major: u32) -> Option<Stack> {
    let options = Options {
        major: Some(major),
        ..Options::default()
    };
    match Stack::start(options).await {
        Ok(stack) => Some(stack),
        Err(error @ Error::NoPostgres { .. }) => {
            eprintln!("skipped: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// Every version is proven but those of which statements were not run: they are not known.
fn proven(found: &Verification) {
    for trip in &found.versions {
        let mut passed = found.passed_over.iter();
        let is_passed = passed
            .any(|one| one.version == trip.version && !one.sql.to_lowercase().starts_with("set "));
        let expected = if is_passed {
            Verdict::Unsure
        } else {
            Verdict::Proven
        };
        assert_eq!(trip.finding, expected, "{trip:#?}");
    }
}

fn places(passed: &[PassedOver]) -> Vec<String> {
    passed.iter().map(PassedOver::place).collect()
}

#[tokio::test]
async fn files_of_the_platform_make_the_round_trip() {
    let project = TestProject::new().await;
    project.files(FILES);
    let found = project.verified().await;
    assert_eq!(found.passed_over, []);
    proven(&found);
    assert_eq!(found.versions.len(), 2);
}

#[tokio::test]
async fn they_do_on_17_with_what_is_new_there() {
    let Some(stack) = stack_of(17).await else {
        return;
    };
    let project = TestProject::on(stack.create_database("platform").await.unwrap()).await;
    project.files(FILES);
    project.files(&[
        (
            "20260101000200_new.sql",
            "set transaction_timeout = 0;
create table public.merged (id int primary key, body jsonb);
grant maintain on public.merged to authenticated;
create view public.merged_items with (security_invoker = true) as
  select m.id, j.name from public.merged m, json_table(m.body, '$.items[*]' columns (name text path '$.name')) j;",
        ),
        ("rollback/20260101000200_new.sql", "drop view public.merged_items;\ndrop table public.merged;"),
    ]);
    let found = project.verified().await;
    assert_eq!(found.passed_over, []);
    proven(&found);
    assert!(
        found.database.server_version.starts_with("17."),
        "{:?}",
        found.database
    );
    drop(project);
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn what_the_server_lacks_is_named_with_file_and_line_and_stops_nothing() {
    let project = TestProject::new().await;
    project.files(LACKING);
    let found = project.verified().await;
    proven(&found);
    let expected = [
        "20260102000000_search.sql line 2",
        "20260102000000_search.sql line 5",
        "20260102000000_search.sql line 6",
        "20260102000000_search.sql line 7",
        "20260102000000_search.sql line 8",
        "rollback/20260102000000_search.sql line 1",
        "rollback/20260102000000_search.sql line 2",
        "rollback/20260102000000_search.sql line 4",
        "20260103000000_later.sql line 1",
    ];
    assert_eq!(places(&found.passed_over), expected);
    for passed in &found.passed_over {
        assert_eq!(passed.lacks, "extension there_is_no_such_vector");
    }
    let roots = found.passed_over.iter().filter(|one| !one.depends);
    assert_eq!(roots.count(), 1);
    // The rest is there.
    assert!(project.has("public.page_title").await);
    assert!(!project.has("public.part").await);
}

#[tokio::test]
async fn a_fault_of_the_file_stays_one_and_says_what_was_not_run() {
    let project = TestProject::new().await;
    project.up(
        "1_a.sql",
        "create extension there_is_none;\ncreate table a (id int);",
    );
    project.down("1_a.sql", "drop table a;");
    project.up("2_b.sql", "create index on public.b (id);");
    let found = project.verified().await;
    assert_eq!(found.versions[0].finding, Verdict::Unsure);
    assert_eq!(found.versions[1].finding, Verdict::Failed);
    let problem = found.versions[1].problem.as_ref().unwrap();
    assert_eq!(problem.code.as_deref(), Some("42P01"));
    assert!(
        problem.why.contains("it may fail only because of that"),
        "{problem}"
    );
    assert_eq!(places(&found.passed_over), ["1_a.sql line 1"]);
}

/// The target is no scratch database: there the file fails.
#[tokio::test]
async fn nothing_is_passed_over_on_the_target() {
    let project = TestProject::new().await;
    project.files(LACKING);
    let outcome = project.apply().await;
    assert_eq!(outcome.problem.unwrap().code.as_deref(), Some("0A000"));
    let stage = database(&project.url);
    let plan = project.plan(everything()).await.unwrap();
    let report = migration::dry_run(&project.schema, stage.as_ref(), &plan, &watch().0)
        .await
        .unwrap();
    assert_eq!(report.problem.unwrap().code.as_deref(), Some("0A000"));
    assert_eq!(report.passed_over, []);
}

/// A plan on scratch passes over in what the history stores, and in what is pending, and tells both.
#[tokio::test]
async fn a_plan_on_scratch_rebuilds_without_what_its_server_lacks() {
    let project = TestProject::new().await;
    project.up("1_a.sql", "create table a (id int);");
    run(&project.schema, &project.plan(everything()).await.unwrap()).await;
    project
        .db
        .batch_execute("update supabase_migrations.schema_migrations set statements = array['create extension there_is_none', 'create table a (id int)']")
        .await
        .unwrap();
    project.up(
        "1_a.sql",
        "create extension there_is_none;\ncreate table a (id int);",
    );
    project.up(
        "2_b.sql",
        "drop extension there_is_none;\ncreate table b (id int);",
    );
    let scratch = TestProject::new().await;
    let there = Workspace::new(project.root.path(), database(&scratch.url));
    let mut passing = Passing::on(true);
    migration::rebuild(&project.schema, &there, &mut passing, &watch().0)
        .await
        .unwrap();
    let plan = project.plan(everything()).await.unwrap();
    assert_eq!(plan.steps.len(), 1, "{plan:?}");
    let stage = database(&scratch.url);
    let report =
        migration::rehearse_on_scratch(&there, stage.as_ref(), &plan, &mut passing, &watch().0)
            .await
            .unwrap();
    assert!(report.problem.is_none(), "{:?}", report.problem);
    let told: Vec<(&str, usize, Direction)> = report
        .passed_over
        .iter()
        .map(|one| (one.version.as_str(), one.statement, one.direction))
        .collect();
    assert_eq!(
        told,
        [("1", 1, Direction::Apply), ("2", 1, Direction::Apply)]
    );
    assert!(scratch.has("b").await);
}

/// A setting of a newer Postgres: passed over where the project's version is not known, else the file's own fault.
#[tokio::test]
async fn a_setting_that_is_newer_is_told_by_its_version() {
    let version = TestProject::new()
        .await
        .texts("show server_version_num")
        .await;
    if version[0].parse::<u32>().unwrap() >= 170_000 {
        eprintln!("skipped: this Postgres knows the setting");
        return;
    }
    for is_known in [false, true] {
        let project = TestProject::new().await;
        project.up(
            "1_a.sql",
            "set transaction_timeout = 0;\ncreate table a (id int);",
        );
        project.down("1_a.sql", "drop table a;");
        let stage = database(&project.url);
        let mut passing = Passing::on(is_known);
        let found = migration::verify_on_scratch(
            &project.schema,
            stage.as_ref(),
            &[],
            &mut passing,
            &watch().0,
        )
        .await
        .unwrap();
        let trip = &found.versions[0];
        if is_known {
            assert_eq!(trip.finding, Verdict::Failed);
            let hint = trip
                .problem
                .as_ref()
                .unwrap()
                .hint
                .clone()
                .unwrap_or_default();
            assert!(hint.contains("Postgres 17"), "{hint}");
        } else {
            assert_eq!(trip.finding, Verdict::Proven, "{trip:?}");
            assert_eq!(
                found.passed_over[0].lacks,
                "transaction_timeout, a setting of Postgres 17"
            );
        }
    }
}

/// What only the platform's own roles may do fails as it does there, with the way out.
#[tokio::test]
async fn what_nobody_may_do_on_the_platform_fails_here_too() {
    let project = TestProject::new().await;
    project.up(
        "1_a.sql",
        "alter table storage.objects enable row level security;",
    );
    let found = project.verified().await;
    let problem = found.versions[0].problem.as_ref().unwrap();
    assert_eq!(problem.code.as_deref(), Some("42501"), "{problem}");
    let hint = problem.hint.as_deref().unwrap_or_default();
    assert!(hint.contains("belongs to supabase_storage_admin"), "{hint}");
    assert!(
        hint.contains("take the statement out of the file"),
        "{hint}"
    );
    assert_eq!(project.states().await, ["1 pending"]);
}

/// A baseline as `supabase db pull` writes it, with pg_dump of 17 behind it.
const BASELINE: &[(&str, &str)] = &[(
    "20260201000000_remote_schema.sql",
    "SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

CREATE SCHEMA IF NOT EXISTS \"public\";
ALTER SCHEMA \"public\" OWNER TO \"pg_database_owner\";
COMMENT ON SCHEMA \"public\" IS 'standard public schema';

CREATE EXTENSION IF NOT EXISTS \"pg_graphql\" WITH SCHEMA \"graphql\";
CREATE EXTENSION IF NOT EXISTS \"pg_stat_statements\" WITH SCHEMA \"extensions\";
CREATE EXTENSION IF NOT EXISTS \"pgcrypto\" WITH SCHEMA \"extensions\";
CREATE EXTENSION IF NOT EXISTS \"supabase_vault\" WITH SCHEMA \"vault\";
CREATE EXTENSION IF NOT EXISTS \"uuid-ossp\" WITH SCHEMA \"extensions\";

CREATE OR REPLACE FUNCTION \"public\".\"newest\"() RETURNS bigint
    LANGUAGE \"sql\" STABLE
    AS $$ select max(id) from public.note $$;
ALTER FUNCTION \"public\".\"newest\"() OWNER TO \"postgres\";

SET default_tablespace = '';
SET default_table_access_method = \"heap\";

CREATE TABLE IF NOT EXISTS \"public\".\"note\" (
    \"id\" bigint NOT NULL,
    \"owner\" \"uuid\" DEFAULT \"auth\".\"uid\"() NOT NULL,
    \"body\" \"text\"
);
ALTER TABLE \"public\".\"note\" OWNER TO \"postgres\";
ALTER TABLE \"public\".\"note\" ALTER COLUMN \"id\" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME \"public\".\"note_id_seq\"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
ALTER TABLE ONLY \"public\".\"note\"
    ADD CONSTRAINT \"note_pkey\" PRIMARY KEY (\"id\");
ALTER TABLE ONLY \"public\".\"note\"
    ADD CONSTRAINT \"note_owner_fkey\" FOREIGN KEY (\"owner\") REFERENCES \"auth\".\"users\"(\"id\") ON DELETE CASCADE;
CREATE POLICY \"own\" ON \"public\".\"note\" TO \"authenticated\" USING ((\"owner\" = ( SELECT \"auth\".\"uid\"() AS \"uid\")));
ALTER TABLE \"public\".\"note\" ENABLE ROW LEVEL SECURITY;
ALTER PUBLICATION \"supabase_realtime\" OWNER TO \"postgres\";
ALTER PUBLICATION \"supabase_realtime\" ADD TABLE ONLY \"public\".\"note\";
REVOKE USAGE ON SCHEMA \"public\" FROM PUBLIC;
GRANT USAGE ON SCHEMA \"public\" TO \"postgres\";
GRANT USAGE ON SCHEMA \"public\" TO \"anon\";
GRANT ALL ON TABLE \"public\".\"note\" TO \"anon\";
GRANT ALL ON TABLE \"public\".\"note\" TO \"authenticated\";
GRANT ALL ON TABLE \"public\".\"note\" TO \"service_role\";
ALTER DEFAULT PRIVILEGES FOR ROLE \"postgres\" IN SCHEMA \"public\" GRANT ALL ON TABLES TO \"anon\";
RESET ALL;",
)];

async fn baseline_runs(project: &TestProject, is_new: bool) {
    project.files(BASELINE);
    let stage = database(&project.url);
    let mut passing = Passing::on(false);
    let found = migration::verify_on_scratch(
        &project.schema,
        stage.as_ref(),
        &[],
        &mut passing,
        &watch().0,
    )
    .await
    .unwrap();
    assert_eq!(found.versions[0].finding, Verdict::NoRollback, "{found:#?}");
    let lacks: Vec<&str> = found
        .passed_over
        .iter()
        .map(|one| one.lacks.as_str())
        .collect();
    let mut expected = vec!["extension pg_graphql", "extension supabase_vault"];
    if !is_new {
        expected.insert(0, "transaction_timeout, a setting of Postgres 17");
    }
    assert_eq!(lacks, expected);
    assert_eq!(project.states().await, ["20260201000000 applied"]);
}

#[tokio::test]
async fn a_baseline_of_a_pull_runs() {
    let project = TestProject::new().await;
    let version = project.texts("show server_version_num").await;
    baseline_runs(&project, version[0].parse::<u32>().unwrap() >= 170_000).await;
}

#[tokio::test]
async fn a_baseline_of_a_pull_runs_on_17() {
    let Some(stack) = stack_of(17).await else {
        return;
    };
    let project = TestProject::on(stack.create_database("baseline").await.unwrap()).await;
    baseline_runs(&project, true).await;
    drop(project);
    stack.stop().await.unwrap();
}
