//! The gateway's key rules over HTTP, against both parts behind it.

use super::http::{Answer, Http};
use super::{Fresh, shared};
use serde_json::json;

const PARTS: [&str; 2] = ["/rest/v1/who", "/auth/v1/settings"];

async fn fresh() -> Fresh {
    let fresh = Fresh::new().await;
    fresh
        .migrate(
            "create view who as select current_user::text as role; grant select on who to public",
        )
        .await;
    fresh
}

fn role(answer: &Answer) -> String {
    answer.json()[0]["role"]
        .as_str()
        .unwrap_or_else(|| panic!("{answer:?}"))
        .to_owned()
}

#[tokio::test]
async fn request_without_a_key_is_refused() {
    let fresh = fresh().await;
    for path in PARTS {
        let answer = Http::bare(&fresh.info.url).get(path).await;
        assert_eq!(answer.status, 401);
        let expected = json!({
            "message": "No API key found in request",
            "hint": "No `apikey` request header or url param was found."
        });
        assert_eq!(answer.json(), expected);
    }
}

#[tokio::test]
async fn unknown_key_is_refused() {
    let fresh = fresh().await;
    for key in ["sb_secret_nope", "nope", &fresh.info.jwt_secret] {
        for path in PARTS {
            let answer = fresh.http.with("apikey", key).get(path).await;
            assert_eq!(
                (answer.status, &answer.json()["message"]),
                (401, &json!("Invalid API key"))
            );
        }
    }
}

#[tokio::test]
async fn each_key_gives_its_role() {
    let fresh = fresh().await;
    let info = &fresh.info;
    for (key, expected) in [
        (&info.publishable_key, "anon"),
        (&info.anon_key, "anon"),
        (&info.secret_key, "service_role"),
        (&info.service_role_key, "service_role"),
    ] {
        let http = Http::new(&info.url, key);
        assert_eq!(role(&http.get("/rest/v1/who").await), expected);
        assert_eq!(role(&http.bearer(key).get("/rest/v1/who").await), expected);
        let by_query = Http::bare(&info.url)
            .get(&format!("/rest/v1/who?apikey={key}&limit=1"))
            .await;
        assert_eq!(role(&by_query), expected);
    }
}

#[tokio::test]
async fn secret_key_is_refused_from_a_browser_and_as_another_bearer() {
    let fresh = fresh().await;
    let secret = fresh.http.with("apikey", &fresh.info.secret_key);
    let browser = secret
        .with(
            "user-agent",
            "Mozilla/5.0 (X11; Linux x86_64) Firefox/150.0",
        )
        .get("/rest/v1/who")
        .await;
    assert_eq!(browser.status, 401);
    assert!(
        browser.json()["message"]
            .as_str()
            .unwrap()
            .contains("browser")
    );
    let smuggled = fresh
        .http
        .bearer(&fresh.info.secret_key)
        .get("/rest/v1/who")
        .await;
    assert_eq!(
        (smuggled.status, &smuggled.json()["message"]),
        (401, &json!("Invalid API key"))
    );
}

#[tokio::test]
async fn key_set_is_open_and_unknown_paths_are_not_found() {
    let url = &shared().await.info().url;
    let keys = Http::bare(url).get("/auth/v1/.well-known/jwks.json").await;
    assert_eq!((keys.status, keys.json()), (200, json!({ "keys": [] })));
    assert_eq!(Http::bare(url).get("/storage/v1/bucket").await.status, 404);
    let unknown = Http::new(url, &shared().await.info().publishable_key)
        .get("/auth/v1/nothing")
        .await;
    assert_eq!(
        (unknown.status, &unknown.json()["error_code"]),
        (404, &json!("not_found"))
    );
}
