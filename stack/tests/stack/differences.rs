//! Where the two REST servers are known to differ: a fact about each, so that neither changes without being noticed.
//! docs/testing.md lists the same for people. Codes and rows that supadeck judges by are equal, and tested elsewhere.

use super::{Fresh, shared};
use crate::http::{Answer, Http};
use serde_json::{Value, json};

const TABLE: &str = "
    create type colour as enum ('red', 'blue');
    create table thing (id int primary key, name text, colour colour, made timestamptz, share numeric, size float8);
    insert into thing values (1, 'a', 'red', '2026-01-01', 94.6, 1.5), (2, 'b', 'blue', '2026-01-02', 100.0, 2);
    create view pair as select a.id from thing a join thing b using (id);
    create view odd as select 'NaN'::numeric as n, '10:11:12+01'::timetz as t, '0044-03-15 BC'::date as d;
    grant all on thing, pair, odd to anon, authenticated, service_role;";

/// A request, and what PostgREST and the embedded server answer: the status and the code, or the text of the rows.
struct Fact {
    method: &'static str,
    path: &'static str,
    body: Option<Value>,
    real: (u16, &'static str),
    embedded: (u16, &'static str),
}

fn facts() -> Vec<Fact> {
    let get = |path, real, embedded| Fact {
        method: "GET",
        path,
        body: None,
        real,
        embedded,
    };
    let delete = |path, embedded| Fact {
        method: "DELETE",
        path,
        body: None,
        real: (204, ""),
        embedded,
    };
    vec![
        get("thing?select=nope", (400, "42703"), (400, "PGRST204")),
        get("thing?limit=x&select=id", (200, "[1,2]"), (400, "PGRST100")),
        get("thing?select=id&name=eq.%00", (200, "[]"), (400, "22021")),
        // A filter of a write on these types needs a cast there.
        delete("thing?colour=eq.red&id=eq.9", (404, "42883")),
        delete("thing?made=lt.2020-01-01&id=eq.9", (404, "42883")),
        delete("thing?size=eq.1.5&id=eq.9", (404, "42883")),
        Fact {
            method: "PATCH",
            path: "pair?id=eq.1",
            body: Some(json!({ "id": 2 })),
            real: (500, "55000"),
            embedded: (405, "55000"),
        },
    ]
}

/// The code of a refusal, else the ids of the rows.
fn brief(answer: &Answer) -> (u16, String) {
    let body = answer.json();
    let text = match &body {
        Value::Array(rows) => {
            let ids: Value = rows.iter().map(|row| row["id"].clone()).collect();
            ids.to_string()
        }
        body => body["code"].as_str().unwrap_or_default().to_owned(),
    };
    (answer.status, text)
}

#[tokio::test]
async fn each_server_answers_as_it_is_known_to() {
    let fresh = Fresh::new().await;
    fresh.migrate(TABLE).await;
    let is_real = shared().await.has_real_postgrest();
    let http = fresh.http.with("apikey", &fresh.info.secret_key);
    for fact in facts() {
        let path = format!("/rest/v1/{}", fact.path);
        let answer = http.send(fact.method, &path, fact.body).await;
        let (status, text) = if is_real { fact.real } else { fact.embedded };
        assert_eq!(
            brief(&answer),
            (status, text.to_owned()),
            "{} {path}",
            fact.method
        );
    }
    numbers(&http, is_real).await;
    totals(&http, is_real).await;
    token_that_has_just_expired(&fresh, is_real).await;
}

/// PostgREST passes on what Postgres writes; the embedded server reads the wire's format, in groups of four digits, and not every value.
async fn numbers(http: &Http, is_real: bool) {
    let rows = http.get("/rest/v1/thing?select=share&order=id").await;
    let text = if is_real {
        "[{\"share\":94.6}, \n {\"share\":100.0}]"
    } else {
        "[{\"share\":94.6000},{\"share\":100}]"
    };
    assert_eq!(rows.text, text);
    let odd = http.get("/rest/v1/odd").await;
    let text = if is_real {
        json!([{ "n": "NaN", "t": "10:11:12+01", "d": "0044-03-15 BC" }])
    } else {
        json!([{ "n": null, "t": null, "d": "-0043-03-15" }])
    };
    assert_eq!(odd.json(), text);
}

async fn totals(http: &Http, is_real: bool) {
    let counting = http.with("prefer", "count=exact");
    let past = counting.get("/rest/v1/thing?limit=1&offset=50").await;
    assert_eq!(brief(&past), (416, "PGRST103".to_owned()));
    let range = past.headers.get("content-range");
    let range = range.map(|value| value.to_str().unwrap());
    assert_eq!(range, is_real.then_some("*/2"));
    let change = counting
        .send(
            "PATCH",
            "/rest/v1/thing?id=eq.9",
            Some(json!({ "name": "z" })),
        )
        .await;
    let total = if is_real { "*/0" } else { "*/*" };
    assert_eq!(change.status, 204, "{change:?}");
    assert_eq!(change.headers["content-range"], total, "{change:?}");
}

/// PostgREST lets a clock be wrong by 30 seconds.
async fn token_that_has_just_expired(fresh: &Fresh, is_real: bool) {
    let sign = "select body || '.' || base64url(extensions.hmac(body, $1, 'sha256')) from (
        select base64url('{\"alg\":\"HS256\",\"typ\":\"JWT\"}') || '.' || base64url(convert_to(json_build_object(
            'role', 'authenticated', 'exp', extract(epoch from now())::int + $2::int)::text, 'UTF8')) as body) t";
    fresh
        .db
        .batch_execute(
            "create function base64url(bytea) returns text language sql immutable as
             $$ select translate(encode($1, 'base64'), E'+/=\\n', '-_') $$",
        )
        .await
        .unwrap();
    let just_now = if is_real {
        (200, "[1,2]")
    } else {
        (401, "PGRST303")
    };
    for (seconds, expected) in [
        (600, (200, "[1,2]")),
        (-10, just_now),
        (-600, (401, "PGRST303")),
    ] {
        let row = fresh
            .db
            .query_one(sign, &[&fresh.info.jwt_secret, &seconds])
            .await
            .unwrap();
        let as_user = fresh.http.bearer(row.get(0));
        let answer = as_user.get("/rest/v1/thing?select=id&order=id").await;
        assert_eq!(
            brief(&answer),
            (expected.0, expected.1.to_owned()),
            "{seconds} s"
        );
    }
}
