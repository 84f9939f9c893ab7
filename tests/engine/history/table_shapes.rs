//! Histories that are not the Supabase CLI's own table: each is listed without being touched, explained, and led out of.

use crate::fixture::{TestProject, everything};
use supadeck::domain::migration::State;
use supadeck::domain::migration::resolution::Repair;
use supadeck::domain::problem::Kind;
use supadeck::ops::migration;

/// A project of one file and a database whose history is made by this SQL, which holds version 1.
async fn project(sql: &str) -> TestProject {
    let project = TestProject::new().await;
    project.up("1_a.sql", "select 1;");
    project
        .db
        .batch_execute(&format!("create schema supabase_migrations; {sql}"))
        .await
        .unwrap();
    project
}

/// What the catalogs say of the schema: to see that listing alters nothing.
async fn catalog(project: &TestProject) -> Vec<String> {
    project
        .texts(
            "select format('%s %s %s %s', c.relname, c.relkind, a.attname, a.attnotnull) from pg_class c \
            join pg_attribute a on a.attrelid = c.oid where c.relnamespace = 'supabase_migrations'::regnamespace order by 1",
        )
        .await
}

/// Lists, checks that nothing was altered, and returns the state of the first entry with all remarks.
async fn listed(project: &TestProject) -> (State, String) {
    let before = catalog(project).await;
    let listing = migration::list(&project.schema).await.unwrap();
    assert_eq!(catalog(project).await, before);
    let remarks = listing
        .remarks
        .iter()
        .map(|remark| {
            format!(
                "{} {}",
                remark.what,
                remark.way_out.as_deref().unwrap_or_default()
            )
        })
        .collect::<Vec<_>>();
    (listing.entries[0].state, remarks.join("\n"))
}

const OWN: &str = "create table supabase_migrations.schema_migrations (version text not null primary key, statements text[], name text";

#[tokio::test]
async fn columns_that_lack_are_told_and_come_with_the_first_change() {
    for (columns, lacks) in [
        ("version text primary key", "no statements and no name"),
        ("version text primary key, name text", "no statements:"),
        ("version text primary key, statements text[]", "no name:"),
        (
            "version varchar(40) primary key",
            "no statements and no name",
        ),
    ] {
        let project = project(&format!(
            "create table supabase_migrations.schema_migrations ({columns}); insert into supabase_migrations.schema_migrations(version) values ('1')"
        ))
        .await;
        let (state, remarks) = listed(&project).await;
        assert_eq!(state, State::Applied, "{columns}");
        assert!(remarks.contains(lacks), "{columns}: {remarks}");
        migration::repair(&project.schema, &["1".to_owned()], Repair::Applied)
            .await
            .unwrap();
        let (state, remarks) = listed(&project).await;
        assert_eq!((state, remarks.as_str()), (State::Applied, ""), "{columns}");
        project.up("1_a.sql", "select 2;");
        assert_eq!(project.states().await, ["1 edited"]);
    }
}

#[tokio::test]
async fn stored_statements_are_compared_also_where_the_name_lacks() {
    let project = project(
        "create table supabase_migrations.schema_migrations (version text primary key, statements text[]); \
        insert into supabase_migrations.schema_migrations values ('1', array['select 0']), ('2', '{}'), ('3', null)",
    )
    .await;
    project.up("2_b.sql", "");
    project.up("3_c.sql", "select 3;");
    assert_eq!(
        project.states().await,
        ["1 edited", "2 applied", "3 applied"]
    );
}

#[tokio::test]
async fn more_columns_are_left_alone_and_the_way_back_is_written() {
    let project = project(&format!(
        "{OWN}, rollback text[], created_by text, idempotency_key text unique)"
    ))
    .await;
    let listing = migration::list(&project.schema).await.unwrap();
    assert!(listing.remarks[0].what.contains("rollback (written"));
    assert!(listing.remarks[0].what.contains("created_by (left alone)"));
    assert_eq!(listing.remarks[0].way_out, None);
    project.down("1_a.sql", "select 2;");
    assert!(project.apply().await.is_complete());
    assert_eq!(
        project
            .texts("select rollback[1] from supabase_migrations.schema_migrations")
            .await,
        ["select 2"]
    );
    // Accepting an edited file leaves what others wrote.
    project
        .db
        .batch_execute("update supabase_migrations.schema_migrations set created_by = 'x'")
        .await
        .unwrap();
    project.up("1_a.sql", "select 3;");
    migration::repair(&project.schema, &["1".to_owned()], Repair::Applied)
        .await
        .unwrap();
    assert_eq!(
        project
            .texts("select created_by from supabase_migrations.schema_migrations")
            .await,
        ["x"]
    );
}

#[tokio::test]
async fn a_column_that_wants_a_value_is_found_before_anything_runs() {
    let project = project(&format!(
        "{OWN}, tenant text not null, made timestamptz not null default now())"
    ))
    .await;
    let (state, remarks) = listed(&project).await;
    assert_eq!(state, State::Pending);
    assert!(
        remarks.contains("alter column tenant drop not null"),
        "{remarks}"
    );
    let problem = project.plan(everything()).await.unwrap_err();
    assert_eq!(problem.kind, Kind::Database);
    let way = problem.hint.unwrap();
    // The hint, followed literally.
    let sql = way.split('`').nth(1).unwrap();
    project.db.batch_execute(sql).await.unwrap();
    assert!(project.apply().await.is_complete());
    assert_eq!(project.states().await, ["1 applied"]);
}

#[tokio::test]
async fn a_column_that_a_trigger_fills_stands_in_nobodys_way() {
    let project = project(&format!(
        "{OWN}, tenant text not null); create function supabase_migrations.fill() returns trigger language plpgsql as \
        $$ begin new.tenant := 'me'; return new; end $$; create trigger fill before insert on supabase_migrations.schema_migrations \
        for each row execute function supabase_migrations.fill()"
    ))
    .await;
    let (_, remarks) = listed(&project).await;
    assert!(!remarks.contains("wants a value"), "{remarks}");
    assert!(project.apply().await.is_complete());
    assert_eq!(
        project
            .texts("select tenant from supabase_migrations.schema_migrations")
            .await,
        ["me"]
    );
}

#[tokio::test]
async fn versions_that_could_be_recorded_twice_are_told() {
    let project = project(
        "create table supabase_migrations.schema_migrations (version text, statements text[], name text); \
        insert into supabase_migrations.schema_migrations values ('1', array['select 0'], 'a'), ('1', array['select 0'], 'a')",
    )
    .await;
    let (state, remarks) = listed(&project).await;
    assert_eq!(state, State::Edited);
    assert!(remarks.contains("add primary key (version)"), "{remarks}");
    let refused = migration::repair(&project.schema, &["1".to_owned()], Repair::Applied).await;
    assert!(refused.unwrap_err().why.contains("no key on version"));
    project
        .db
        .batch_execute("delete from supabase_migrations.schema_migrations where ctid = (select min(ctid) from supabase_migrations.schema_migrations)")
        .await
        .unwrap();
    let sql = remarks.split('`').nth(1).unwrap();
    project.db.batch_execute(sql).await.unwrap();
    migration::repair(&project.schema, &["1".to_owned()], Repair::Applied)
        .await
        .unwrap();
    let (state, remarks) = listed(&project).await;
    assert_eq!((state, remarks.as_str()), (State::Applied, ""));
}

#[tokio::test]
async fn a_view_is_read_and_not_written() {
    let project = project(
        "create view supabase_migrations.schema_migrations as select '1'::text as version, array['select 1'] as statements, 'a'::text as name",
    )
    .await;
    let (state, remarks) = listed(&project).await;
    assert_eq!(state, State::Applied);
    assert!(remarks.contains("is a view"), "{remarks}");
    project.up("2_b.sql", "create table b ();");
    let problem = project.plan(everything()).await.unwrap_err();
    assert!(problem.why.contains("is a view"), "{problem}");
    let refused = migration::repair(&project.schema, &["1".to_owned()], Repair::Reverted).await;
    assert!(refused.is_err());
    let way = problem.hint.unwrap();
    for sql in way.split('`').skip(1).step_by(2) {
        project.db.batch_execute(sql).await.unwrap();
    }
    assert!(project.apply().await.is_complete());
    assert_eq!(project.states().await, ["1 applied", "2 applied"]);
}

#[tokio::test]
async fn a_table_of_another_tool_is_not_taken_for_a_history() {
    for columns in [
        "version bigint primary key, dirty boolean",
        "id int, version int",
    ] {
        let project = project(&format!(
            "create table supabase_migrations.schema_migrations ({columns}); insert into supabase_migrations.schema_migrations(version) values (1)"
        ))
        .await;
        let (state, remarks) = listed(&project).await;
        assert_eq!(state, State::Applied, "{columns}");
        assert!(
            remarks.contains("not the Supabase CLI's table"),
            "{remarks}"
        );
        project.up("2_b.sql", "create table b ();");
        assert!(project.plan(everything()).await.is_err());
    }
    let project = project("create table supabase_migrations.schema_migrations (id int); insert into supabase_migrations.schema_migrations values (1)").await;
    let problem = migration::list(&project.schema).await.unwrap_err();
    assert_eq!(problem.kind, Kind::Conflict, "{problem}");
}

#[tokio::test]
async fn a_role_without_rights_is_told_which() {
    let project = project(&format!("{OWN}); insert into supabase_migrations.schema_migrations values ('1', array['select 1'], 'a')")).await;
    let role = format!("reader_{}", std::process::id());
    project
        .db
        .batch_execute(&format!("create role {role} login password 'reader'"))
        .await
        .unwrap();
    let (_, host) = project.url.split_once('@').unwrap();
    let schema = project.through(&format!("postgresql://{role}:reader@{host}"));
    let problem = migration::list(&schema).await.unwrap_err();
    assert_eq!(problem.kind, Kind::Denied, "{problem}");
    assert!(problem.hint.is_some());
    project
        .db
        .batch_execute(&format!("grant usage on schema supabase_migrations to {role}; grant select on supabase_migrations.schema_migrations to {role}"))
        .await
        .unwrap();
    let listing = migration::list(&schema).await.unwrap();
    assert_eq!(listing.entries[0].state, State::Applied);
    assert!(
        listing.remarks[0].what.contains("insert, delete, update"),
        "{:?}",
        listing.remarks
    );
    project.up("2_b.sql", "select 2;");
    let problem = migration::plan(&schema, &everything()).await.unwrap_err();
    assert!(problem.why.contains("no right to"), "{problem}");
    // Rows that a policy hides would look pending and be run again.
    project
        .db
        .batch_execute(
            "alter table supabase_migrations.schema_migrations enable row level security",
        )
        .await
        .unwrap();
    let listing = migration::list(&schema).await.unwrap();
    assert_eq!(listing.entries[0].state, State::Pending);
    assert!(listing.remarks[0].what.contains("Row Level Security"));
    assert!(migration::plan(&schema, &everything()).await.is_err());
}
