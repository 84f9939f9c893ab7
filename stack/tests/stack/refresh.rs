//! Refresh tokens: rotation, the reuse window, and the end of a session when an old token comes back.

use super::http::{Answer, Http};
use super::{Fresh, add_user, connect};
use serde_json::json;
use std::time::Duration;
use supadeck_stack::{Options, Stack};

async fn refresh(http: &Http, token: &str) -> Answer {
    http.post(
        "/auth/v1/token?grant_type=refresh_token",
        json!({ "refresh_token": token }),
    )
    .await
}

fn token(answer: &Answer) -> String {
    answer.json()["refresh_token"]
        .as_str()
        .unwrap_or_else(|| panic!("{answer:?}"))
        .to_owned()
}

#[tokio::test]
async fn token_rotates_and_a_lost_answer_is_given_again() {
    let fresh = Fresh::new().await;
    fresh.add_user("alice@example.com", "authenticated").await;
    let session = fresh.http.sign_in("alice@example.com").await;
    let first = session["refresh_token"].as_str().unwrap().to_owned();
    let answer = refresh(&fresh.http, &first).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let second = token(&answer);
    assert_ne!(first, second);
    assert_eq!(token(&refresh(&fresh.http, &first).await), second);
    let third = token(&refresh(&fresh.http, &second).await);
    assert_ne!(second, third);
    assert_eq!(token(&refresh(&fresh.http, &first).await), third);
}

#[tokio::test]
async fn two_refreshers_at_once_get_the_same_token() {
    let fresh = Fresh::new().await;
    fresh.add_user("alice@example.com", "authenticated").await;
    let session = fresh.http.sign_in("alice@example.com").await;
    let first = session["refresh_token"].as_str().unwrap();
    let (one, other) = tokio::join!(refresh(&fresh.http, first), refresh(&fresh.http, first));
    assert_eq!(token(&one), token(&other));
}

#[tokio::test]
async fn unknown_and_missing_tokens_are_told_apart() {
    let fresh = Fresh::new().await;
    let unknown = refresh(&fresh.http, "nothing").await;
    assert_eq!(
        (unknown.status, &unknown.json()["error_code"]),
        (400, &json!("refresh_token_not_found"))
    );
    let missing = fresh
        .http
        .post("/auth/v1/token?grant_type=refresh_token", json!({}))
        .await;
    assert_eq!(
        (missing.status, &missing.json()["error_code"]),
        (400, &json!("validation_failed"))
    );
}

#[tokio::test]
async fn logged_out_session_is_not_refreshed() {
    let fresh = Fresh::new().await;
    fresh.add_user("alice@example.com", "authenticated").await;
    let session = fresh.http.sign_in("alice@example.com").await;
    let user = fresh.http.bearer(session["access_token"].as_str().unwrap());
    assert_eq!(
        user.send("POST", "/auth/v1/logout?scope=local", None)
            .await
            .status,
        204
    );
    let answer = refresh(&fresh.http, session["refresh_token"].as_str().unwrap()).await;
    assert_eq!(
        (answer.status, &answer.json()["error_code"]),
        (400, &json!("refresh_token_not_found"))
    );
}

#[tokio::test]
async fn old_token_after_the_window_ends_the_session() {
    let options = Options {
        reuse_window: Some(Duration::ZERO),
        access_token_ttl: Some(Duration::from_secs(1)),
        ..Options::default()
    };
    let stack = Stack::start(options).await.unwrap();
    let info = stack.info();
    add_user(
        &connect(&info.db_url).await,
        "alice@example.com",
        "authenticated",
    )
    .await;
    let http = Http::new(&info.url, &info.publishable_key);
    let session = http.sign_in("alice@example.com").await;
    assert_eq!(session["expires_in"], 1);
    let first = session["refresh_token"].as_str().unwrap();
    let second = refresh(&http, first).await;
    let stolen = refresh(&http, first).await;
    assert_eq!(
        (stolen.status, &stolen.json()["error_code"]),
        (400, &json!("refresh_token_already_used"))
    );
    let access = second.json()["access_token"].as_str().unwrap().to_owned();
    let user = http.bearer(&access).get("/auth/v1/user").await;
    assert_eq!(user.status, 403, "{user:?}");
    let ended = refresh(&http, &token(&second)).await;
    assert_eq!(
        (ended.status, &ended.json()["error_code"]),
        (400, &json!("refresh_token_already_used"))
    );
    stack.stop().await.unwrap();
}
