//! Reading cycles, goals and locks as everybody: what each sees, and how a refusal reads.

use crate::misbehaving_server::{answer, json, serve};
use crate::test_project::{CYCLE, LOCKED, empty, limits, stack, weeksmith};
use secrecy::SecretString;
use std::sync::Arc;
use supadeck::adapters::connect::{RoleChoice, Settings, resolve_with};
use supadeck::adapters::secrets::SecretStore;
use supadeck::domain::identity::Identity;
use supadeck::domain::lock::LockState;
use supadeck::domain::problem::Kind;
use supadeck::domain::query::{Call, Direction, Filter, Op, Select};
use supadeck::domain::table::column::ColumnInfo;
use supadeck::domain::table::info::{TableInfo, TableSource};
use supadeck::domain::table::name::TableName;
use supadeck::domain::table::paging::{PageStart, RowOrder, RowsWanted};
use supadeck::ops::table_values::{count, values};
use supadeck::ops::{cycle, goal, lock};

#[tokio::test(flavor = "multi_thread")]
async fn everybody_sees_what_rls_lets_them_see() {
    let test_project = weeksmith("reads_rls").await;
    let (alice, who) = test_project.as_user("alice@example.com").await;
    assert_eq!(who.name(), "alice@example.com");
    let cycles = cycle::list(&*alice.rest, &who).await.unwrap();
    assert_eq!(cycles.len(), 2, "Alice has two cycles");
    assert!(
        cycles[0].start_date > cycles[1].start_date,
        "the latest comes first"
    );
    assert!(
        cycles
            .iter()
            .all(|cycle| Some(cycle.user_id.as_str()) == who.user_id())
    );

    let detail = cycle::show(&*alice.rest, &who, CYCLE).await.unwrap();
    assert_eq!(detail.goals.len(), 2);
    assert_eq!(detail.goals[0].kind, "personal");
    assert_eq!(detail.locks.len(), 12);
    assert_eq!(detail.locks[10].plan_id, LOCKED);
    assert_eq!(detail.locks[10].standing(), LockState::Locked);
    assert!(detail.locks[1].percent().is_some());
    assert!(detail.vision.unwrap().tags.contains(&"craft".to_owned()));

    let (bob, bobs) = test_project.as_user("bob@example.com").await;
    let hidden = cycle::show(&*bob.rest, &bobs, CYCLE).await.unwrap_err();
    assert_eq!(hidden.kind, Kind::Denied);
    assert!(
        hidden
            .what
            .ends_with("is not visible to bob@example.com (authenticated)."),
        "{hidden}"
    );
    // A row of somebody else is not told from one that does not exist.
    let nowhere = "c0000000-0000-4000-8000-0000000000ff";
    let none = cycle::show(&*bob.rest, &bobs, nowhere).await.unwrap_err();
    assert_eq!(none.to_string(), hidden.to_string().replace(CYCLE, nowhere));
    let (auditor, ada) = test_project.as_user("auditor@example.com").await;
    assert_eq!(ada.role(), "auditor");
    let service = test_project.project(RoleChoice::Service).await;
    let all = cycle::list(&*service.rest, &Identity::Service)
        .await
        .unwrap();
    assert_eq!(cycle::list(&*auditor.rest, &ada).await.unwrap(), all);
    assert!(all.len() > cycles.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn anon_is_denied_with_who_and_what() {
    let test_project = weeksmith("reads_anon").await;
    let anon = test_project.project(RoleChoice::Anon).await;
    let problem = goal::list(&*anon.rest, &Identity::Anon, None)
        .await
        .unwrap_err();
    assert_eq!(problem.kind, Kind::Denied, "{problem:?}");
    assert_eq!(problem.code.as_deref(), Some("42501"));
    assert_eq!(problem.what, "anon may not read goal.");
    assert!(problem.hint.unwrap().contains("login"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_grant_names_the_statement_that_mends_it() {
    let test_project = weeksmith("reads_grant").await;
    let (project, alice) = test_project.as_user("alice@example.com").await;
    // The refusal may be about the table itself, or about what its policy reads.
    let inner = "revoke select on goal from authenticated;
         create table inner_one (id uuid); revoke all on inner_one from authenticated; create policy p on goal as restrictive for select to authenticated
           using (not exists (select from inner_one i where i.id = goal.id))";
    test_project.db.batch_execute(inner).await.unwrap();
    for _ in 0..2 {
        let problem = goal::list(&*project.rest, &alice, None).await.unwrap_err();
        assert_eq!(problem.kind, Kind::Denied, "{problem:?}");
        let statement = problem.why.split('`').nth(1).unwrap().to_owned();
        assert!(statement.starts_with("grant select on "), "{problem}");
        test_project.db.batch_execute(&statement).await.unwrap();
    }
    assert!(
        !goal::list(&*project.rest, &alice, None)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_that_read_each_other_are_called_so() {
    let test_project = empty("reads_circle").await;
    let circle = "create table one (id int); create table two (id int);
         alter table one enable row level security; alter table two enable row level security;
         grant select on one, two to authenticated, anon;
         create policy p on one using (exists (select from two)); create policy p on two using (exists (select from one))";
    test_project.db.batch_execute(circle).await.unwrap();
    crate::test_project::stack()
        .await
        .reload_schema("reads_circle")
        .await
        .unwrap();
    let anon = test_project.project(RoleChoice::Anon).await;
    let query = Select::from("one").columns("id");
    let problem = anon.rest.select(&Identity::Anon, &query).await.unwrap_err();
    assert_eq!(problem.code.as_deref(), Some("42P17"), "{problem:?}");
    assert!(
        problem.what.contains("policies read each other"),
        "{problem}"
    );
    assert!(problem.hint.unwrap().contains("security definer"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_without_the_schema_says_so() {
    let test_project = empty("reads_empty").await;
    let service = test_project.project(RoleChoice::Service).await;
    let problem = lock::list(&*service.rest, &Identity::Service, None)
        .await
        .unwrap_err();
    assert!(problem.what.contains("week_lock_status"), "{problem:?}");
    assert!(problem.hint.unwrap().contains("migration list"));
    let call = Call::to("unlock_week", serde_json::json!({}));
    let problem = service
        .rest
        .call(&Identity::Service, &call)
        .await
        .unwrap_err();
    assert!(problem.what.contains("unlock_week"), "{problem:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_is_named_by_its_start_only() {
    let test_project = empty("reads_key").await;
    let settings = Settings {
        publishable_key: Some(SecretString::from("sb_publishable_wrongwrongwrong")),
        as_: Some(RoleChoice::Anon),
        ..test_project.settings()
    };
    let project = resolve_with(&settings, Arc::new(SecretStore::memory()), limits())
        .await
        .unwrap();
    let problem = cycle::list(&*project.rest, &Identity::Anon)
        .await
        .unwrap_err();
    assert_eq!(problem.kind, Kind::Auth, "{problem:?}");
    assert!(problem.what.contains("sb_publishable_wrongw…"), "{problem}");
    assert!(!format!("{problem:?}").contains("wrongwrong"));
}

#[tokio::test(flavor = "multi_thread")]
async fn legacy_keys_work_as_well() {
    let test_project = weeksmith("reads_legacy").await;
    let settings = Settings {
        publishable_key: Some(test_project.info.anon_key.as_str().into()),
        secret_key: Some(test_project.info.service_role_key.as_str().into()),
        as_: Some(RoleChoice::Service),
        ..test_project.settings()
    };
    let project = resolve_with(&settings, Arc::new(SecretStore::memory()), limits())
        .await
        .unwrap();
    assert!(
        !cycle::list(&*project.rest, &Identity::Service)
            .await
            .unwrap()
            .is_empty()
    );
    let anon = cycle::list(&*project.rest, &Identity::Anon)
        .await
        .unwrap_err();
    assert_eq!(anon.kind, Kind::Denied);
}

/// Every sign that means something in PostgREST's grammar, as a value and inside a tree.
#[tokio::test(flavor = "multi_thread")]
async fn values_with_reserved_characters_find_their_row() {
    let test_project = empty("reads_quoting").await;
    let nasty = [
        "plain",
        "a,b",
        "a.b",
        "a:b",
        "(a)",
        "a\"b",
        "a\\b",
        "a'b",
        " a ",
        "a b",
        "50%",
        "a_b",
        "a*b",
        "ä漢👩‍💻",
        "null",
        "{x}",
        "a&b=c",
        "a+b",
        "a#b",
        "eq.1",
        "",
        "a\nb",
        "not.eq.1",
        "\\\"),or(",
    ];
    test_project
        .db
        .batch_execute("create table t (v text not null); grant select on t to service_role;")
        .await
        .unwrap();
    for value in nasty {
        test_project
            .db
            .execute("insert into t values ($1)", &[&value])
            .await
            .unwrap();
    }
    crate::test_project::stack()
        .await
        .reload_schema("reads_quoting")
        .await
        .unwrap();
    let project = test_project.project(RoleChoice::Service).await;
    let found = async |filter: Filter| -> Vec<String> {
        let query = Select::from("t")
            .filter(filter)
            .order("v", Direction::Ascending);
        let answer = project
            .rest
            .select(&Identity::Service, &query)
            .await
            .unwrap();
        let rows: Vec<serde_json::Value> = answer.rows().unwrap();
        rows.iter()
            .map(|row| row["v"].as_str().unwrap().to_owned())
            .collect()
    };
    for value in nasty {
        assert_eq!(
            found(Filter::eq("v", value)).await,
            [value],
            "at the top: {value:?}"
        );
        let tree = Filter::Any(vec![
            Filter::eq("v", value),
            Filter::All(vec![Filter::eq("v", "no such"), Filter::eq("v", value)]),
        ]);
        assert_eq!(found(tree).await, [value], "in a tree: {value:?}");
        let list = Filter::In {
            column: "v".into(),
            values: vec![value.into(), "no such".into()],
        };
        assert_eq!(found(list).await, [value], "in a list: {value:?}");
    }
    assert_eq!(
        found(Filter::compare("v", Op::Like, "50\\%")).await,
        ["50%"]
    );
    assert_eq!(
        found(Filter::compare("v", Op::Like, "a\\_*")).await,
        ["a_b"]
    );
    let tree = Filter::Any(vec![
        Filter::compare("v", Op::ILike, "A\\_B"),
        Filter::compare("v", Op::Like, "50\\%"),
    ]);
    assert_eq!(found(tree).await, ["50%", "a_b"]);
}

/// The server may cut any answer; whatever was there at the start comes once, although rows are written meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_comes_whole_while_rows_are_written() {
    let test_project = weeksmith("reads_paging").await;
    let add = "insert into cycle (user_id, start_date, end_date)
               select id, date '2030-01-07' + 84 * n, date '2030-01-07' + 84 * n + 83
               from auth.users, generate_series($1::int, $2::int) n where email = 'bob@example.com'";
    test_project.db.execute(add, &[&0, &2_499]).await.unwrap();
    let before: Vec<String> = ids(&test_project.db).await;
    let writer = crate::test_project::connect(&test_project.info.db_url).await;
    let writing = tokio::spawn(async move {
        for at in 3_000..3_200 {
            writer.execute(add, &[&at, &at]).await.unwrap();
        }
    });
    let service = test_project.project(RoleChoice::Service).await;
    let mut seen: Vec<String> = cycle::list(&*service.rest, &Identity::Service)
        .await
        .unwrap()
        .into_iter()
        .map(|cycle| cycle.id)
        .collect();
    writing.await.unwrap();
    let count = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), count, "nothing twice");
    let missing = before
        .iter()
        .filter(|id| seen.binary_search(id).is_err())
        .count();
    assert_eq!(missing, 0, "of {}", before.len());
}

async fn ids(db: &tokio_postgres::Client) -> Vec<String> {
    let rows = db.query("select id::text from cycle", &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// The items of a week, the vision and the chats, as their owner, an auditor, somebody else and anon.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_inside_a_cycle_is_read_as_whoever_reads() {
    let test_project = weeksmith("reads_inside").await;
    let (alice, who) = test_project.as_user("alice@example.com").await;
    let own = cycle::show(&*alice.rest, &who, CYCLE).await.unwrap();
    let plan = &own.locks[7].plan_id;
    let items = cycle::week_items(&*alice.rest, &who, plan).await.unwrap();
    assert_eq!(items.len(), 4);
    assert!(items.iter().all(|item| item.item.plan_id == *plan));
    let names: Vec<&str> = items
        .iter()
        .map(supadeck::domain::review::ReviewItem::name)
        .collect();
    assert!(names.contains(&"Easy running"), "{names:?}");
    let vision = cycle::vision(&*alice.rest, &who, &own.cycle).await.unwrap();
    assert_eq!(vision, own.vision);
    let chats = cycle::chats(&*alice.rest, &who, CYCLE).await.unwrap();
    assert_eq!(chats.len(), 1);
    let messages = cycle::messages(&*alice.rest, &who, &chats[0].id)
        .await
        .unwrap();
    let roles: Vec<&str> = messages.iter().map(|one| one.role.as_str()).collect();
    assert_eq!(roles, ["user", "ai", "user", "system"]);
    assert!(messages[1].proposal_json.is_some());

    let (auditor, ada) = test_project.as_user("auditor@example.com").await;
    let all = cycle::week_items(&*auditor.rest, &ada, plan).await.unwrap();
    assert_eq!(all, items);
    let told = cycle::messages(&*auditor.rest, &ada, &chats[0].id).await;
    assert_eq!(told.unwrap(), messages);

    // Row Level Security hides what is somebody else's; a missing grant is a refusal.
    let (bob, bobs) = test_project.as_user("bob@example.com").await;
    let none = cycle::week_items(&*bob.rest, &bobs, plan).await.unwrap();
    assert_eq!(none, []);
    let none = cycle::vision(&*bob.rest, &bobs, &own.cycle).await.unwrap();
    assert_eq!(none, None);
    assert_eq!(cycle::chats(&*bob.rest, &bobs, CYCLE).await.unwrap(), []);
    let anon = test_project.project(RoleChoice::Anon).await;
    let refused = cycle::messages(&*anon.rest, &Identity::Anon, &chats[0].id).await;
    assert_eq!(refused.unwrap_err().kind, Kind::Denied);
    let refused = cycle::week_items(&*anon.rest, &Identity::Anon, plan).await;
    assert_eq!(refused.unwrap_err().kind, Kind::Denied);
}

/// The rows of a table of ids and kinds that fit.
fn things(filter: Vec<Filter>) -> RowsWanted {
    let column = |name: &str, base_type: &str| ColumnInfo {
        name: name.into(),
        data_type: base_type.into(),
        base_type: base_type.into(),
        ..ColumnInfo::default()
    };
    let table = TableInfo {
        columns: vec![column("id", "integer"), column("odd kind", "text")],
        key: vec!["id".into()],
        source: TableSource::Database,
        ..TableInfo::unknown(&TableName::new("public", "thing"))
    };
    RowsWanted {
        table,
        filter,
        order: RowOrder::default(),
        columns: Vec::new(),
        from: PageStart::First,
        limit: 1,
        passed: 0,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_and_values_are_counted_as_whoever_reads_sees_them_within_the_filter() {
    let test_project = empty("reads_values").await;
    let made = r#"create table thing (id int primary key, "odd kind" text);
         insert into thing select n, case when n % 10 = 0 then null when n % 2 = 0 then 'a,b "c"' else 'x' || n % 4 end from generate_series(1, 12000) n;
         alter table thing enable row level security; grant select on thing to anon;
         create policy p on thing to anon using (id <= 11000)"#;
    test_project.db.batch_execute(made).await.unwrap();
    stack().await.reload_schema("reads_values").await.unwrap();
    let anon = test_project.project(RoleChoice::Anon).await;
    let (rest, who) = (&*anon.rest, Identity::Anon);
    assert_eq!(
        count(rest, &who, &things(Vec::new())).await.unwrap(),
        11_000
    );
    let few = || vec![Filter::compare("id", Op::LtEq, "100")];
    assert_eq!(count(rest, &who, &things(few())).await.unwrap(), 100);
    let none = vec![Filter::compare("id", Op::Lt, "0")];
    assert_eq!(count(rest, &who, &things(none.clone())).await.unwrap(), 0);
    let found = values(rest, &who, &things(few()), "odd kind")
        .await
        .unwrap();
    let told: Vec<(String, u64)> = found
        .values
        .iter()
        .map(|one| (one.value.to_string(), one.rows))
        .collect();
    let wanted = [
        ("\"a,b \\\"c\\\"\"", 40),
        ("\"x1\"", 25),
        ("\"x3\"", 25),
        ("null", 10),
    ];
    assert_eq!(told, wanted.map(|(value, rows)| (value.to_owned(), rows)));
    assert_eq!(found.summary(), "4 different values of all 100 rows");
    let found = values(rest, &who, &things(none), "odd kind").await.unwrap();
    assert_eq!(found.summary(), "0 different values of all 0 rows");
    // All rows, or the first ten thousand where the server does not count values: never one called the other.
    let found = values(rest, &who, &things(Vec::new()), "id").await.unwrap();
    assert!(!found.is_all && found.rows == 10_000, "{}", found.summary());
    let service = test_project.project(RoleChoice::Service).await;
    let all = count(&*service.rest, &Identity::Service, &things(Vec::new())).await;
    assert_eq!(all.unwrap(), 12_000, "policies are not for it");
    test_project
        .db
        .batch_execute("revoke select on thing from anon")
        .await
        .unwrap();
    let denied = count(rest, &who, &things(Vec::new())).await.unwrap_err();
    assert_eq!(denied.kind, Kind::Denied, "{denied}");
    let denied = values(rest, &who, &things(Vec::new()), "id").await;
    assert_eq!(denied.unwrap_err().kind, Kind::Denied);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_counts_values_is_taken_at_its_word_only_where_it_sent_all() {
    let rows = |body: &str| json("200 OK", body);
    let groups = r#"[{"odd kind":null,"rows":1},{"odd kind":"a","rows":20000}]"#;
    let server = serve(vec![rows(groups), rows("[]")]).await;
    let project = server.project(RoleChoice::Anon, limits()).await;
    let ask = things(Vec::new());
    let found = values(&*project.rest, &Identity::Anon, &ask, "odd kind").await;
    assert_eq!(
        found.unwrap().summary(),
        "2 different values of all 20,001 rows"
    );
    assert!(
        server.heard()[0].contains("rows%3Acount%28%29"),
        "{:?}",
        server.heard()
    );
    // It cut its answer short: rows are read and counted here.
    let more = rows(r#"[{"odd kind":"b","rows":1}]"#);
    let page = rows(r#"[{"odd kind":"a","id":1},{"odd kind":"b","id":2}]"#);
    let server = serve(vec![rows(groups), more, page.clone(), rows("[]")]).await;
    let project = server.project(RoleChoice::Anon, limits()).await;
    let found = values(&*project.rest, &Identity::Anon, &ask, "odd kind").await;
    assert_eq!(found.unwrap().summary(), "2 different values of all 2 rows");
    // It is switched off, as on the platform.
    let off = json(
        "400 Bad Request",
        r#"{"code":"PGRST123","message":"Use of aggregate functions is not allowed","details":null,"hint":null}"#,
    );
    let server = serve(vec![off, page, rows("[]")]).await;
    let project = server.project(RoleChoice::Anon, limits()).await;
    let found = values(&*project.rest, &Identity::Anon, &ask, "odd kind").await;
    assert_eq!(found.unwrap().summary(), "2 different values of all 2 rows");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_that_takes_too_long_says_whose_limit_it_was() {
    let late = json(
        "500 Internal Server Error",
        r#"{"code":"57014","message":"canceling statement due to statement timeout","details":null,"hint":null}"#,
    );
    let server = serve(vec![late]).await;
    let project = server.project(RoleChoice::Anon, limits()).await;
    let problem = count(&*project.rest, &Identity::Anon, &things(Vec::new())).await;
    let problem = problem.unwrap_err();
    assert!(
        problem.why.contains("statement_timeout of role anon"),
        "{problem}"
    );
    assert!(problem.hint.unwrap().contains("Filter"), "{}", problem.what);
    let sent = server.heard()[0].to_lowercase();
    assert!(
        sent.starts_with("get ") && sent.contains("prefer: count=exact"),
        "{sent}"
    );
    // An answer without a number is no zero.
    let server = serve(vec![answer(
        "200 OK",
        "content-type: application/json\r\ncontent-range: 0-0/*\r\n",
        "[]",
    )])
    .await;
    let project = server.project(RoleChoice::Anon, limits()).await;
    let problem = count(&*project.rest, &Identity::Anon, &things(Vec::new())).await;
    assert_eq!(problem.unwrap_err().kind, Kind::Database);
}
