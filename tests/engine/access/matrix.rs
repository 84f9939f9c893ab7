//! Who may do what, read from the catalogs and proven by rows: over a connection and over the Management API alike.

use crate::fixture::{TestProject, database_on};
use crate::support::fake_management_api::FakeManagementApi;
use supadeck::domain::access::explain::{
    ExplainRequest, ExplainedStep, Explanation, Truth, Wanted,
};
use supadeck::domain::access::listing::Matrix;
use supadeck::domain::access::matrix::{amount, letters};
use supadeck::domain::access::rules::Verb;
use supadeck::domain::access::viewer::Who;
use supadeck::domain::dry_run::access::Verdict;
use supadeck::domain::problem::Kind;
use supadeck::ops::access::{self, MatrixRequest};
use supadeck::ports::AccessDatabase;

const ALICE: &str = "a11ce000-0000-4000-8000-000000000001";
const BOB: &str = "b0b00000-0000-4000-8000-000000000002";

fn project_sql() -> String {
    format!(
        "insert into auth.users (id, email, role, aud) values ('{ALICE}', 'alice@example.com', 'authenticated', 'authenticated'),
           ('{BOB}', 'bob@example.com', 'authenticated', 'authenticated');
         create table public.team (id int primary key, name text);
         create table public.member (team_id int references public.team, user_id uuid, primary key (team_id, user_id));
         create table public.doc (id int primary key, team_id int, owner uuid, title text, is_public boolean, deleted boolean default false);
         create table public.loose (id int primary key, secret text);
         create table public.closed (id int primary key);
         create table public.forced (id int primary key);
         create table public.parts (id int, day date, owner uuid) partition by range (day);
         create table public.parts_1 partition of public.parts for values from ('2020-01-01') to ('2030-01-01');
         create view public.peek as select id, title from public.doc;
         create view public.own_eyes with (security_invoker = true) as select id, title from public.doc;
         create view public.denied_eyes with (security_invoker = true) as select * from public.closed;
         create function public.everything() returns bigint language sql security definer set search_path = '' as 'select count(*) from public.doc';
         insert into public.team values (1, 'red'), (2, 'blue');
         insert into public.member values (1, '{ALICE}'), (2, '{BOB}');
         insert into public.doc select n, 1 + n % 2, case when n < 4 then '{ALICE}'::uuid else '{BOB}'::uuid end, 't', n = 5, n = 6 from generate_series(1, 10) n;
         insert into public.loose select n, 's' from generate_series(1, 5) n;
         insert into public.closed select generate_series(1, 3);
         insert into public.forced select generate_series(1, 3);
         insert into public.parts values (1, '2025-01-01', '{ALICE}'), (2, '2025-01-01', '{BOB}');
         alter table public.team enable row level security; alter table public.member enable row level security;
         alter table public.doc enable row level security; alter table public.closed enable row level security;
         alter table public.forced enable row level security; alter table public.forced force row level security;
         alter table public.parts enable row level security;
         revoke all on all tables in schema public from anon, authenticated, service_role;
         revoke all on all functions in schema public from public, anon, authenticated, service_role;
         grant execute on function public.everything() to anon;
         grant select, insert, update, delete on all tables in schema public to service_role;
         grant select on public.member, public.team, public.own_eyes, public.peek, public.denied_eyes, public.parts to authenticated;
         grant select, insert, update, delete on public.doc to authenticated;
         grant select (id) on public.loose to anon;
         grant delete on public.loose to anon;
         grant select on public.peek to anon;
         create policy own_membership on public.member for select to authenticated using (user_id = (select auth.uid()));
         create policy of_team on public.doc for select to authenticated using (exists (select from public.member m where m.team_id = doc.team_id and m.user_id = auth.uid()));
         create policy open_ones on public.doc for select to public using (is_public);
         create policy not_deleted on public.doc as restrictive for all to authenticated using (not deleted);
         create policy change_own on public.doc for update to authenticated using (owner = (select auth.uid())) with check (owner = (select auth.uid()) and title <> 'x');
         create policy remove_own on public.doc for delete to authenticated using (owner = (select auth.uid()));
         create policy add_own on public.doc for insert to authenticated with check (owner = (select auth.uid()) and team_id in (select team_id from public.member));
         create policy own_parts on public.parts for select to authenticated using (owner = (select auth.uid()));"
    )
}

async fn project() -> TestProject {
    let project = TestProject::new().await;
    project.db.batch_execute(&project_sql()).await.unwrap();
    project
}

fn user(name: &str) -> Who {
    Who::User(name.to_owned())
}

fn everybody() -> MatrixRequest {
    MatrixRequest {
        also: vec![user("alice"), user("bob@example.com")],
        ..MatrixRequest::default()
    }
}

/// `letters rows` of a table for an identity.
fn cell(matrix: &Matrix, table: &str, who: &str) -> String {
    let table = matrix.rules.table(table).unwrap();
    let viewer = matrix
        .viewers
        .iter()
        .find(|viewer| viewer.name == who)
        .unwrap();
    let cells = matrix.of(table, viewer);
    format!("{} {}", letters(cells), amount(&cells[0]))
}

#[tokio::test]
async fn the_matrix_is_what_the_rows_show_over_both_ways() {
    let project = project().await;
    let own = database_on(&project.url);
    let matrix = access::matrix(&own, &everybody()).await.unwrap();
    let (alice, bob) = ("user:alice@example.com", "user:bob@example.com");
    for (table, who, expected) in [
        ("doc", "anon", "---- 0 of 10"),
        ("doc", "stranger", "siud 1 of 10"),
        // Of team 1 are the even numbers, and 6 is deleted; 5 is open to everybody.
        ("doc", alice, "siud 5 of 10"),
        ("doc", bob, "siud 5 of 10"),
        ("doc", "service", "SIUD 10 of 10"),
        ("loose", "anon", "S--D 5 of 5"),
        ("loose", "stranger", "---- 0 of 5"),
        ("closed", "stranger", "---- 0 of 3"),
        ("forced", "service", "SIUD 3 of 3"),
        ("parts", alice, "s--- 1 of 2"),
        ("peek", "anon", "S--- 10 of 10"),
        ("own_eyes", alice, "s--- 5 of 10"),
        ("own_eyes", "service", "SIUD 10 of 10"),
        ("denied_eyes", "stranger", "---- 0 of 3"),
        ("member", bob, "s--- 1 of 2"),
    ] {
        assert_eq!(cell(&matrix, table, who), expected, "{table} {who}");
    }
    let odd: Vec<_> = matrix
        .cells
        .iter()
        .filter(|cell| cell.disagrees.is_some())
        .collect();
    assert!(odd.is_empty(), "{odd:#?}");
    assert!(
        matrix
            .cells
            .iter()
            .all(|cell| cell.verb == Verb::Insert || cell.visible.is_some())
    );
    let columns = matrix
        .cells
        .iter()
        .find(|cell| cell.table == "loose" && cell.role == "anon")
        .unwrap();
    assert_eq!(columns.columns, Some(vec!["id".to_owned()]));
    // What a verb reaches is counted by its own policies.
    let reach = |verb| {
        let mut cells = matrix.cells.iter();
        cells
            .find(|cell| cell.table == "doc" && cell.identity == alice && cell.verb == verb)
            .unwrap()
            .visible
    };
    assert_eq!(
        (reach(Verb::Update), reach(Verb::Delete)),
        (Some(1), Some(1))
    );
    let definers = matrix.definers();
    assert_eq!(definers.len(), 1);
    // Roles belong to the whole cluster, in which other tests make theirs.
    let roles = definers[0].1.iter().map(ToString::to_string);
    let roles: Vec<String> = roles.filter(|role| !role.starts_with("reader_")).collect();
    assert_eq!(roles, ["anon"]);
    let api = FakeManagementApi::start(&project.url).await;
    let there = access::matrix(api.database().as_ref(), &everybody())
        .await
        .unwrap();
    assert_eq!(there, matrix);
    // Nothing was changed, and nobody was left connected.
    project.quiet().await;
}

#[tokio::test]
async fn a_connection_that_may_not_take_a_role_says_so_and_counts_nothing() {
    let project = project().await;
    let login = format!("reader_{}", project.url.rsplit('/').next().unwrap());
    project.db.batch_execute(&format!("create role {login} login password 'p'; grant usage on schema public to {login}; grant select on public.doc to {login}")).await.unwrap();
    let url = url_as(&project.url, &login, "p");
    let database = database_on(&url);
    let matrix = access::matrix(&database, &MatrixRequest::default())
        .await
        .unwrap();
    assert_eq!(matrix.rules.connection.role, login);
    assert!(!matrix.rules.connection.passes);
    for cell in &matrix.cells {
        assert_eq!(
            (
                cell.total.filter(|_| cell.table == "doc"),
                cell.disagrees.as_ref()
            ),
            (None, None),
            "{cell:?}"
        );
        if cell.verb == Verb::Select {
            assert_eq!(cell.visible, None, "{cell:?}");
            assert!(
                cell.note
                    .as_ref()
                    .unwrap()
                    .contains("may not take the role"),
                "{cell:?}"
            );
        }
    }
    // The verdicts are those of the catalogs all the same.
    let doc = matrix
        .cells
        .iter()
        .find(|cell| cell.table == "doc" && cell.identity == "stranger")
        .unwrap();
    assert_eq!(doc.verdict, Verdict::Policies);
    let problem = explained(&database, "doc", "1", Who::Anon, Verb::Select)
        .await
        .unwrap_err();
    assert_eq!(problem.kind, Kind::Denied);
    // It may take one of them: then it counts, and the totals stay unknown.
    project
        .db
        .batch_execute(&format!("grant anon to {login}"))
        .await
        .unwrap();
    let only = MatrixRequest {
        only: vec![Who::Anon],
        ..MatrixRequest::default()
    };
    let matrix = access::matrix(&database, &only).await.unwrap();
    assert_eq!(cell(&matrix, "loose", "anon"), "S--D 5 of 5");
    assert_eq!(cell(&matrix, "doc", "anon"), "---- 0");
}

/// The same address for another login.
fn url_as(url: &str, user: &str, password: &str) -> String {
    let (head, rest) = url.split_once("://").unwrap();
    let (_, place) = rest.split_once('@').unwrap();
    format!("{head}://{user}:{password}@{place}")
}

async fn explained(
    database: &dyn AccessDatabase,
    table: &str,
    key: &str,
    who: Who,
    verb: Verb,
) -> Result<Explanation, supadeck::domain::problem::Problem> {
    let request = ExplainRequest {
        table: table.to_owned(),
        asked: who,
        verb,
        wanted: Wanted {
            key: Some(key.to_owned()).filter(|key| !key.is_empty()),
            written: None,
            ..Wanted::default()
        },
    };
    access::explain(database, &request)
        .await
        .map(|(_, told)| told)
}

#[tokio::test]
async fn a_row_is_explained_as_the_server_answers() {
    let project = project().await;
    let database = database_on(&project.url);
    for who in [
        Who::Anon,
        Who::Stranger,
        user("alice"),
        user("bob"),
        Who::Service,
    ] {
        for (table, keys) in [("doc", 10), ("member", 0), ("loose", 5), ("closed", 3)] {
            for key in 1..=keys {
                let told = explained(
                    &database,
                    table,
                    &key.to_string(),
                    who.clone(),
                    Verb::Select,
                )
                .await
                .unwrap();
                // A grant on some columns shows the row too.
                assert_eq!(
                    told.allowed, told.visible,
                    "{who:?} {table} {key}: {told:#?}"
                );
                assert_eq!(told.disagrees, None, "{told:#?}");
                assert_eq!(told.exists, Some(true));
            }
        }
    }
    let told = explained(&database, "doc", "3", user("bob"), Verb::Select)
        .await
        .unwrap();
    assert_eq!(told.allowed, Some(true), "{told:#?}");
    let told = explained(&database, "doc", "4", user("bob"), Verb::Select)
        .await
        .unwrap();
    assert_eq!(told.allowed, Some(false));
    assert!(
        told.why.contains("\"of_team\" is false") && told.why.contains("\"open_ones\" is false"),
        "{}",
        told.why
    );
    let policy = told.steps.iter().find_map(|step| match step {
        ExplainedStep::Policy { name, parts, .. } if name == "of_team" => Some(parts),
        _ => None,
    });
    let part = &policy.unwrap()[0];
    let at = |what: &str| {
        part.looked_at
            .iter()
            .find(|at| at.what == what)
            .and_then(|at| at.value.clone())
    };
    assert_eq!(
        (at("team_id").as_deref(), at("auth.uid()").as_deref()),
        (Some("1"), Some(BOB))
    );
    assert_eq!(at("rows that its query finds").as_deref(), Some("0"));
    // The restrictive one is named as what holds it back.
    let told = explained(&database, "doc", "6", user("alice"), Verb::Select)
        .await
        .unwrap();
    assert!(
        told.why
            .contains("restrictive policy \"not_deleted\" is false"),
        "{}",
        told.why
    );
    // What is not there is told from what is hidden.
    let told = explained(&database, "doc", "99", user("alice"), Verb::Select)
        .await
        .unwrap();
    assert_eq!((told.exists, told.allowed), (Some(false), Some(false)));
    assert!(told.why.contains("no such row"), "{}", told.why);
    // A key that names several rows has no one answer.
    for (table, key) in [("doc", "team_id=1"), ("own_eyes", "title=t")] {
        let several = explained(&database, table, key, user("alice"), Verb::Select)
            .await
            .unwrap_err();
        assert_eq!(several.kind, Kind::Usage, "{several:?}");
        assert!(several.what.contains("rows of public."), "{several:?}");
    }
    // A view is explained by what the server shows of it.
    for (who, key, view, allowed) in [
        (user("alice"), "4", "own_eyes", true),
        (user("alice"), "3", "own_eyes", false),
        (user("bob"), "3", "own_eyes", true),
        (user("alice"), "3", "peek", true),
        (user("alice"), "99", "peek", false),
        (Who::Stranger, "1", "denied_eyes", false),
    ] {
        let key = format!("id={key}");
        let told = explained(&database, view, &key, who, Verb::Select)
            .await
            .unwrap();
        assert_eq!(told.allowed, Some(allowed), "{view} {key}: {told:#?}");
        assert_ne!(told.exists, Some(false), "{view} {key}");
    }
    // Over the Management API it is the same.
    let api = FakeManagementApi::start(&project.url).await;
    for key in ["4", "6", "99"] {
        let here = explained(&database, "doc", key, user("bob"), Verb::Delete)
            .await
            .unwrap();
        let there = explained(
            api.database().as_ref(),
            "doc",
            key,
            user("bob"),
            Verb::Delete,
        )
        .await
        .unwrap();
        assert_eq!(here, there);
    }
    let wrong = explained(&database, "doc", "x", user("bob"), Verb::Select)
        .await
        .unwrap_err();
    assert_eq!(wrong.code.as_deref(), Some("22P02"));
    let several = explained(&database, "member", "1", user("bob"), Verb::Select)
        .await
        .unwrap_err();
    assert!(
        several
            .hint
            .unwrap()
            .contains("team_id=VALUE,user_id=VALUE")
    );
}

#[tokio::test]
async fn an_insert_and_an_update_are_explained_before_they_are_made() {
    let project = project().await;
    let database = database_on(&project.url);
    let told = |verb, key: &str, set: serde_json::Value| {
        let request = ExplainRequest {
            table: "doc".into(),
            asked: user("alice"),
            verb,
            wanted: Wanted {
                key: Some(key.to_owned()).filter(|key| !key.is_empty()),
                written: set.as_object().cloned(),
                ..Wanted::default()
            },
        };
        let database = database.clone();
        async move { access::explain(&database, &request).await.unwrap().1 }
    };
    for (verb, key, set, allowed, said) in [
        (
            Verb::Insert,
            "",
            serde_json::json!({ "id": 20, "owner": ALICE, "team_id": 1 }),
            true,
            "\"add_own\" lets it through",
        ),
        (
            Verb::Insert,
            "",
            serde_json::json!({ "id": 20, "owner": ALICE, "team_id": 2 }),
            false,
            "\"add_own\" is false",
        ),
        (
            Verb::Insert,
            "",
            serde_json::json!({ "id": 20, "team_id": 1 }),
            false,
            "\"add_own\" is null",
        ),
        (
            Verb::Update,
            "2",
            serde_json::json!({ "title": "y" }),
            true,
            "",
        ),
        (
            Verb::Update,
            "2",
            serde_json::json!({ "title": "x" }),
            false,
            "the new row must pass the checks",
        ),
        (
            Verb::Update,
            "2",
            serde_json::json!({ "owner": BOB }),
            false,
            "the new row must pass the checks",
        ),
        (
            Verb::Update,
            "2",
            serde_json::json!({ "team_id": 2 }),
            false,
            "the new row must be selectable",
        ),
        (
            Verb::Update,
            "4",
            serde_json::json!({ "title": "y" }),
            false,
            "the row must be updatable",
        ),
        (
            Verb::Update,
            "1",
            serde_json::json!({ "title": "y" }),
            false,
            "the row must be selectable, to be named by a filter",
        ),
    ] {
        let found = told(verb, key, set.clone()).await;
        assert_eq!(
            found.allowed,
            Some(allowed),
            "{verb:?} {key} {set}: {found:#?}"
        );
        assert!(
            found.why.contains(said),
            "{verb:?} {key} {set}: {}",
            found.why
        );
        // What the server itself says to it.
        let columns: Vec<String> = set.as_object().unwrap().keys().cloned().collect();
        let list = columns.join(", ");
        let record = format!("jsonb_populate_record(null::public.doc, '{set}')");
        let sql = match verb {
            Verb::Insert => format!("insert into public.doc ({list}) select {list} from {record}"),
            _ => format!(
                "update public.doc set ({list}) = (select {list} from {record}) where id = {key}"
            ),
        };
        let made = format!(
            "begin; select set_config('request.jwt.claims', '{{\"sub\":\"{ALICE}\",\"role\":\"authenticated\"}}', true); set local role authenticated"
        );
        project.db.batch_execute(&made).await.unwrap();
        // A row type of one column wants no parentheses.
        let sql = if columns.len() == 1 {
            sql.replace(&format!("({list}) = (select"), &format!("{list} = (select"))
        } else {
            sql
        };
        let rows = project.db.execute(&sql, &[]).await;
        project.db.batch_execute("rollback").await.unwrap();
        assert_eq!(matches!(rows, Ok(1)), allowed, "{sql}: {rows:?}");
    }
    let failing = told(Verb::Update, "2", serde_json::json!({ "team_id": "many" })).await;
    assert_eq!(failing.allowed, None);
    assert!(
        failing.why.contains("new row cannot be made"),
        "{}",
        failing.why
    );
}

#[tokio::test]
async fn what_fails_and_what_takes_long_is_told_and_not_taken_for_nothing() {
    let project = project().await;
    project
        .db
        .batch_execute(
            "create table public.slow (id int primary key); insert into public.slow select generate_series(1, 30000);
             create table public.broken (id int primary key); insert into public.broken values (1);
             create table public.round (id int primary key); insert into public.round values (1);
             create table public.\"odd \"\"; drop table x; --\" (id int primary key); insert into public.\"odd \"\"; drop table x; --\" values (1);
             alter table public.slow enable row level security; alter table public.broken enable row level security; alter table public.round enable row level security;
             revoke all on public.slow, public.broken, public.round, public.\"odd \"\"; drop table x; --\" from anon, authenticated, service_role;
             grant select on public.slow, public.broken, public.round, public.\"odd \"\"; drop table x; --\" to anon;
             create function public.slowly(int) returns boolean language plpgsql as 'begin perform pg_sleep(0.001); return true; end';
             create policy slowly on public.slow for select to anon using (public.slowly(id));
             create policy breaks on public.broken for select to anon using (1 / (id - 1) > 0);
             create policy round on public.round for select to anon using (exists (select from public.round r where r.id = round.id));
             grant execute on function public.slowly(int) to anon;",
        )
        .await
        .unwrap();
    let database = database_on(&project.url);
    let only = MatrixRequest {
        only: vec![Who::Anon],
        ..MatrixRequest::default()
    };
    let matrix = access::matrix(&database, &only).await.unwrap();
    let cell = |table: &str| {
        matrix
            .cells
            .iter()
            .find(|cell| cell.table == table && cell.verb == Verb::Select)
            .unwrap()
    };
    let slow = cell("slow");
    assert!(
        slow.at_least && slow.visible.is_some_and(|rows| rows < 30_000),
        "{slow:?}"
    );
    assert_eq!((slow.total, slow.disagrees.as_ref()), (Some(30_000), None));
    for (table, code) in [("broken", "22012"), ("round", "42P17")] {
        let said = cell(table).disagrees.as_ref().unwrap();
        assert!(said.contains(code), "{said}");
        assert_eq!(cell(table).visible, None);
    }
    let odd = cell("odd \"; drop table x; --");
    assert_eq!((odd.verdict, odd.visible), (Verdict::All, Some(1)));
    let told = explained(&database, "broken", "1", Who::Anon, Verb::Select)
        .await
        .unwrap();
    assert_eq!((told.allowed, told.disagrees), (Some(false), None));
    let failed = told.steps.iter().any(|step| {
        matches!(step, ExplainedStep::Policy { value: Truth::Failed, parts, .. }
        if parts[0].note.as_ref().is_some_and(|note| note.contains("division by zero")))
    });
    assert!(failed, "{:#?}", told.steps);
}

#[tokio::test]
async fn a_policy_is_never_evaluated_with_the_rights_of_the_connection() {
    let project = project().await;
    project
        .db
        .batch_execute(
            "create schema hidden; create function hidden.is_plain() returns boolean language sql stable as $$select current_user::text = 'authenticated'$$;
             create table public.named (id int primary key); insert into public.named values (1);
             alter table public.named enable row level security; grant select on public.named to authenticated;
             create policy plain on public.named for select to authenticated using (hidden.is_plain());
             create policy odd on public.named as restrictive for select to authenticated using (hidden.is_plain() or id < 0);
             create table public.crossed (id int primary key); insert into public.crossed values (1);
             alter table public.crossed enable row level security; grant select on public.crossed to authenticated;
             create policy crossed on public.crossed for select to authenticated using (not hidden.is_plain());
             revoke all on schema hidden from public; grant execute on function hidden.is_plain() to authenticated;",
        )
        .await
        .unwrap();
    let database = database_on(&project.url);
    for (table, shows) in [("named", true), ("crossed", false)] {
        let told = explained(&database, table, "1", Who::Stranger, Verb::Select)
            .await
            .unwrap();
        assert_eq!((told.allowed, told.disagrees), (Some(shows), None));
        let values = told.steps.iter().filter_map(|step| match step {
            ExplainedStep::Policy { value, .. } => Some(*value),
            _ => None,
        });
        assert!(values.clone().count() > 0);
        for value in values {
            assert_eq!(value, Truth::Unknown, "{table}");
        }
        let told = explained(&database, table, "1", Who::Stranger, Verb::Delete)
            .await
            .unwrap();
        assert_ne!(told.allowed, Some(true));
    }
}

#[tokio::test]
async fn an_explanation_keeps_its_time_limit_however_much_there_is_to_evaluate() {
    let project = project().await;
    project
        .db
        .batch_execute(
            "create function public.waits(int) returns boolean language plpgsql as 'begin perform pg_sleep(3600 + $1); return true; end';
             create table public.endless (id int primary key); insert into public.endless values (1);
             alter table public.endless enable row level security; grant select, delete on public.endless to authenticated;
             create policy quick on public.endless as restrictive for select to authenticated using (id > 0);
             create policy one on public.endless for select to authenticated using (public.waits(1) and public.waits(2));
             create policy two on public.endless for delete to authenticated using (public.waits(3) or public.waits(4));
             create view public.endless_eyes with (security_invoker = true) as select * from public.endless; grant select on public.endless_eyes to authenticated;
             grant execute on function public.waits(int) to authenticated;",
        )
        .await
        .unwrap();
    let database =
        database_on(&project.url).with_statement_limit(std::time::Duration::from_secs(4));
    for (table, verb) in [
        ("endless", Verb::Select),
        ("endless", Verb::Delete),
        ("endless_eyes", Verb::Select),
    ] {
        let told = explained(&database, table, "id=1", Who::Stranger, verb)
            .await
            .unwrap();
        assert_eq!(
            (told.exists, told.visible, told.allowed, &told.disagrees),
            (Some(true), None, None, &None),
            "{told:#?}"
        );
        assert!(told.why.contains("not known"), "{}", told.why);
    }
    project.quiet().await;
}

#[tokio::test]
async fn views_roles_and_totals_are_those_of_the_server() {
    let project = project().await;
    let name = project
        .url
        .rsplit('/')
        .next()
        .unwrap()
        .split('?')
        .next()
        .unwrap();
    let keeper = format!("supabase_{name}");
    project
        .db
        .batch_execute(&format!(
            "create materialized view public.kept as select id from public.doc;
             create view public.grouped as select team_id, count(*) as number from public.doc group by team_id;
             create view public.acted as select id from public.doc where id < 0 union select id from public.closed;
             create function public.act() returns trigger language plpgsql as 'begin return null; end';
             create trigger act instead of delete on public.acted for each row execute function public.act();
             create view public.mine as select id from public.doc where owner = auth.uid();
             create schema inner_one; create table inner_one.t (id int primary key); insert into inner_one.t values (1), (2);
             create view public.over with (security_invoker = true) as select t.id from inner_one.t join public.team on team.id = t.id;
             create view public.through with (security_invoker = true) as select id from inner_one.t where id in (select id from public.team);
             revoke all on schema inner_one from public;
             revoke all on public.kept, public.grouped, public.acted, public.mine, public.over, public.through from anon, authenticated, service_role;
             grant select on inner_one.t to service_role; grant delete on inner_one.t to service_role;
             grant all on public.kept, public.grouped, public.acted, public.mine, public.over, public.through to service_role;
             grant select on public.mine to authenticated;
             create role {keeper} nologin; grant {keeper} to authenticator; grant select on public.doc to {keeper};"
        ))
        .await
        .unwrap();
    let database = database_on(&project.url);
    let request = MatrixRequest {
        also: vec![user("alice")],
        ..MatrixRequest::default()
    };
    let matrix = access::matrix(&database, &request).await.unwrap();
    project
        .db
        .batch_execute(&format!(
            "revoke all on public.doc from {keeper}; drop role {keeper}"
        ))
        .await
        .unwrap();
    let alice = "user:alice@example.com";
    for (table, who, expected) in [
        ("kept", "service", "S--- 10 of 10"),
        ("grouped", "service", "S--- 2 of 2"),
        ("acted", "service", "S--D 3 of 3"),
        ("over", "service", "S--- 2 of 2"),
        // Which of its tables a change goes to is not told by the catalogs.
        ("through", "service", "Siud 2 of 2"),
        // The connection has no claims, also after it was alice.
        ("mine", alice, "S--- 3"),
        ("mine", "stranger", "S--- 0 of 0"),
    ] {
        assert_eq!(cell(&matrix, table, who), expected, "{table} {who}");
    }
    // Roles belong to the whole cluster, in which other tests make `auditor`.
    let viewers = matrix.viewers.iter().map(|one| one.name.as_str());
    let viewers: Vec<&str> = viewers.filter(|name| *name != "role:auditor").collect();
    assert_eq!(viewers, ["anon", "stranger", "service", alice]);
    let odd = matrix.cells.iter().filter(|cell| cell.disagrees.is_some());
    assert_eq!(odd.count(), 0);
}
