//! REST through the gateway: roles, row level security, what SQL learns of a request, reloading.

use super::{Fresh, connect, shared};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const NOTES: &str = "
    create table notes (id int primary key, owner uuid default auth.uid(), body text);
    alter table notes enable row level security;
    create policy mine on notes to authenticated using (owner = (select auth.uid()))
        with check (owner = (select auth.uid()));";

#[tokio::test]
async fn rows_are_seen_by_role_and_owner() {
    let fresh = Fresh::new().await;
    fresh.migrate(NOTES).await;
    let alice = fresh.add_user("alice@example.com", "authenticated").await;
    fresh.add_user("bob@example.com", "authenticated").await;
    let sign_in = |email: &'static str| fresh.http.sign_in(email);
    let (as_alice, as_bob) = (
        sign_in("alice@example.com").await,
        sign_in("bob@example.com").await,
    );
    let as_alice = fresh
        .http
        .bearer(as_alice["access_token"].as_str().unwrap());
    let as_bob = fresh.http.bearer(as_bob["access_token"].as_str().unwrap());

    let made = as_alice
        .with("prefer", "return=representation")
        .post("/rest/v1/notes", json!({ "id": 1, "body": "x" }))
        .await;
    assert_eq!(
        (made.status, &made.json()[0]["owner"]),
        (201, &json!(alice)),
        "{made:?}"
    );
    assert_eq!(
        as_alice.get("/rest/v1/notes?select=id").await.json(),
        json!([{ "id": 1 }])
    );
    assert_eq!(as_bob.get("/rest/v1/notes").await.json(), json!([]));
    assert_eq!(fresh.http.get("/rest/v1/notes").await.json(), json!([]));
    let service = fresh.http.with("apikey", &fresh.info.secret_key);
    assert_eq!(
        service.get("/rest/v1/notes?select=body").await.json(),
        json!([{ "body": "x" }])
    );
}

#[tokio::test]
async fn refusal_tells_the_signed_in_from_anon() {
    let fresh = Fresh::new().await;
    fresh
        .migrate("create table closed (id int); revoke all on closed from anon, authenticated")
        .await;
    fresh.add_user("alice@example.com", "authenticated").await;
    let token = fresh.http.sign_in("alice@example.com").await;
    let anon = fresh.http.get("/rest/v1/closed").await;
    assert_eq!(
        (anon.status, &anon.json()["code"]),
        (401, &json!("42501")),
        "{anon:?}"
    );
    let user = fresh
        .http
        .bearer(token["access_token"].as_str().unwrap())
        .get("/rest/v1/closed")
        .await;
    assert_eq!(
        (user.status, &user.json()["code"]),
        (403, &json!("42501")),
        "{user:?}"
    );
    let forged = fresh
        .http
        .bearer("eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.AAAA")
        .get("/rest/v1/closed")
        .await;
    assert_eq!(forged.status, 401, "{forged:?}");
}

#[tokio::test]
async fn role_that_a_migration_makes_works_at_once() {
    let fresh = Fresh::new().await;
    fresh
        .migrate(&format!("{NOTES} insert into notes values (1, gen_random_uuid(), 'seen');
            do $$ begin create role reader nologin; exception when duplicate_object then null; end $$;
            grant reader to authenticator; grant usage on schema public to reader; grant select on notes to reader;
            create policy all_rows on notes for select to reader using (true);"))
        .await;
    fresh.add_user("reader@example.com", "reader").await;
    let session = fresh.http.sign_in("reader@example.com").await;
    assert_eq!(session["user"]["role"], "reader");
    let reader = fresh.http.bearer(session["access_token"].as_str().unwrap());
    assert_eq!(
        reader.get("/rest/v1/notes?select=body").await.json(),
        json!([{ "body": "seen" }])
    );
    assert_eq!(
        reader
            .post("/rest/v1/notes", json!({ "id": 2 }))
            .await
            .status,
        403
    );
}

#[tokio::test]
async fn sql_sees_claims_and_headers_but_not_the_key() {
    let fresh = Fresh::new().await;
    fresh
        .migrate("create function request() returns json language sql stable as $$ select json_build_object(
            'headers', current_setting('request.headers', true)::json, 'claims', current_setting('request.jwt.claims', true)::json,
            'method', current_setting('request.method', true), 'path', current_setting('request.path', true), 'role', current_user) $$;
            create function teapot() returns void language plpgsql as $$ begin
            raise exception 'Week 9 is locked.' using errcode = 'PT403', hint = 'Unlock it.'; end $$;")
        .await;
    let id = fresh.add_user("alice@example.com", "authenticated").await;
    let session = fresh.http.sign_in("alice@example.com").await;
    let alice = fresh
        .http
        .bearer(session["access_token"].as_str().unwrap())
        .with("X-Correlation-Id", "c-1")
        .with("X-Actor-Type", "ai");
    let seen: Value = alice
        .post("/rest/v1/rpc/request?apikey=ignored", json!({}))
        .await
        .json();
    assert_eq!(seen["headers"]["x-correlation-id"], "c-1", "{seen}");
    assert_eq!(seen["headers"]["x-actor-type"], "ai");
    assert_eq!(seen["headers"]["x-forwarded-for"], "127.0.0.1");
    assert_eq!(seen["headers"]["apikey"], Value::Null);
    assert_eq!(
        (&seen["claims"]["sub"], &seen["role"]),
        (&json!(id), &json!("authenticated"))
    );
    assert_eq!(
        (&seen["method"], &seen["path"]),
        (&json!("POST"), &json!("/rpc/request"))
    );

    let refused = alice.post("/rest/v1/rpc/teapot", json!({})).await;
    assert_eq!(refused.status, 403, "{refused:?}");
    assert_eq!(
        (&refused.json()["code"], &refused.json()["hint"]),
        (&json!("PT403"), &json!("Unlock it."))
    );
}

#[tokio::test]
async fn columns_come_in_the_order_asked_and_long_answers_are_cut() {
    let fresh = Fresh::new().await;
    fresh
        .migrate(
            "create table rows as select i as zeta, i as alpha from generate_series(1, 1200) as i",
        )
        .await;
    let one = fresh
        .http
        .get("/rest/v1/rows?select=zeta,alpha&limit=1&order=zeta")
        .await;
    assert_eq!(one.text, r#"[{"zeta":1,"alpha":1}]"#);
    let all = fresh
        .http
        .with("prefer", "count=exact")
        .get("/rest/v1/rows?select=zeta")
        .await;
    assert_eq!(all.json().as_array().unwrap().len(), 1000);
    assert_eq!(all.headers["content-range"], "0-999/1200");
}

#[tokio::test]
async fn schema_change_reaches_rest_by_itself() {
    let fresh = Fresh::new().await;
    assert_eq!(
        fresh.http.get("/rest/v1/later").await.json()["code"],
        "PGRST205"
    );
    fresh
        .db
        .batch_execute("create table later (id int)")
        .await
        .unwrap();
    wait_for(&fresh, 200).await;
    fresh.db.batch_execute("drop table later").await.unwrap();
    wait_for(&fresh, 404).await;
}

async fn wait_for(fresh: &Fresh, status: u16) {
    let begun = Instant::now();
    while fresh.http.get("/rest/v1/later").await.status != status {
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "REST did not see the change"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn served_database_is_the_one_of_its_url() {
    let fresh = Fresh::new().await;
    let again = shared().await.serve_database(&fresh.name).await.unwrap();
    assert_eq!(again.url, fresh.info.url);
    assert_ne!(shared().await.info().url, fresh.info.url);
    assert!(fresh.info.db_url.ends_with(&fresh.name));
    let name = connect(&fresh.info.db_url)
        .await
        .query_one("select current_database()::text", &[])
        .await
        .unwrap();
    assert_eq!(name.get::<_, &str>(0), fresh.name);
}
