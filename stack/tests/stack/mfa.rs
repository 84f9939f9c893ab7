//! Second factors: enrolled, asked for, given and given up, with the bodies that real clients read.

use super::child::open_folder;
use super::http::{Answer, Http};
use super::{Fresh, add_user, connect};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};
use supadeck_stack::{Options, Stack, totp};

const ALICE: &str = "alice@example.com";

fn claims(session: &Value) -> Value {
    let token = session["access_token"].as_str().unwrap();
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn bearer(http: &Http, session: &Value) -> Http {
    http.bearer(session["access_token"].as_str().unwrap())
}

/// The code so many steps from now.
fn code(secret: &Value, steps: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let at = now.as_secs().checked_add_signed(steps * 30).unwrap();
    totp::code(secret.as_str().unwrap(), at).unwrap()
}

fn refused(answer: &Answer, status: u16, code: &str) {
    let body = answer.json();
    assert_eq!(
        (answer.status, &body["error_code"], &body["code"]),
        (status, &json!(code), &json!(status)),
        "{answer:?}"
    );
    assert_eq!(answer.headers["x-sb-error-code"], code);
}

async fn enroll(http: &Http, name: &str) -> Value {
    let body = json!({ "factor_type": "totp", "friendly_name": name });
    let answer = http.post("/auth/v1/factors", body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

async fn challenge(http: &Http, factor: &Value) -> Value {
    let path = format!(
        "/auth/v1/factors/{}/challenge",
        factor["id"].as_str().unwrap()
    );
    let answer = http.post(&path, json!({})).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

async fn verify(http: &Http, factor: &Value, challenge: &Value, code: &str) -> Answer {
    let path = format!("/auth/v1/factors/{}/verify", factor["id"].as_str().unwrap());
    let body = json!({ "challenge_id": challenge["id"], "code": code });
    http.post(&path, body).await
}

/// Alice with a verified factor, and her session that verified it.
async fn alice(http: &Http) -> (Value, Value) {
    let first = http.sign_in(ALICE).await;
    let alice = bearer(http, &first);
    let factor = enroll(&alice, "phone").await;
    let asked = challenge(&alice, &factor).await;
    let session = verify(&alice, &factor, &asked, &code(&factor["totp"]["secret"], 0)).await;
    assert_eq!(session.status, 200, "{session:?}");
    (factor, session.json())
}

#[tokio::test]
async fn a_right_code_raises_the_session_and_ends_the_lower_ones() {
    let fresh = Fresh::new().await;
    fresh.add_user(ALICE, "authenticated").await;
    let other = bearer(&fresh.http, &fresh.http.sign_in(ALICE).await);
    let (factor, session) = alice(&fresh.http).await;
    let uri = factor["totp"]["uri"].as_str().unwrap();
    let secret = factor["totp"]["secret"].as_str().unwrap();
    assert!(
        uri.starts_with("otpauth://totp/") && uri.contains(secret),
        "{uri}"
    );
    assert_eq!(
        (&factor["type"], &factor["friendly_name"]),
        (&json!("totp"), &json!("phone"))
    );

    let raised = claims(&session);
    assert_eq!(raised["aal"], "aal2");
    let mut methods: Vec<&str> = raised["amr"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["method"].as_str().unwrap())
        .collect();
    methods.sort_unstable();
    assert_eq!(methods, ["password", "totp"]);
    let shown = &session["user"]["factors"][0];
    assert_eq!(
        (
            &shown["id"],
            &shown["status"],
            &shown["factor_type"],
            &shown["friendly_name"]
        ),
        (
            &factor["id"],
            &json!("verified"),
            &json!("totp"),
            &json!("phone")
        )
    );
    assert!(
        !session.to_string().contains(secret),
        "the secret is shown once"
    );
    refused(&other.get("/auth/v1/user").await, 403, "session_not_found");

    // A refresh keeps the level; a new sign-in begins below it and says what is there.
    let body = json!({ "refresh_token": session["refresh_token"] });
    let path = "/auth/v1/token?grant_type=refresh_token";
    let again = fresh.http.post(path, body).await.json();
    assert_eq!(claims(&again)["aal"], "aal2");
    let below = fresh.http.sign_in(ALICE).await;
    assert_eq!(claims(&below)["aal"], "aal1");
    assert_eq!(below["user"]["factors"][0]["status"], "verified");
    let user = bearer(&fresh.http, &below).get("/auth/v1/user").await;
    assert_eq!(user.json()["factors"], below["user"]["factors"]);
}

#[tokio::test]
async fn a_wrong_code_leaves_the_challenge_open_and_a_met_one_is_closed() {
    let fresh = Fresh::new().await;
    fresh.add_user(ALICE, "authenticated").await;
    let (factor, _) = alice(&fresh.http).await;
    let alice = bearer(&fresh.http, &fresh.http.sign_in(ALICE).await);
    let asked = challenge(&alice, &factor).await;
    assert_eq!(asked["type"], "totp");
    let secret = &factor["totp"]["secret"];
    for wrong in [code(secret, 5), code(secret, -5), "12345".to_owned()] {
        refused(
            &verify(&alice, &factor, &asked, &wrong).await,
            422,
            "mfa_verification_failed",
        );
    }
    refused(
        &verify(&alice, &factor, &asked, "").await,
        400,
        "validation_failed",
    );
    // A clock may be behind by a step.
    let raised = verify(&alice, &factor, &asked, &code(secret, -1)).await;
    let raised = if raised.status == 200 {
        raised
    } else {
        // The step changed in between.
        verify(&alice, &factor, &asked, &code(secret, -1)).await
    };
    assert_eq!(raised.status, 200, "{raised:?}");
    refused(
        &verify(&alice, &factor, &asked, &code(secret, 0)).await,
        422,
        "mfa_ip_address_mismatch",
    );
    let unknown = json!({ "id": "00000000-0000-4000-8000-000000000000" });
    refused(
        &verify(&alice, &factor, &unknown, &code(secret, 0)).await,
        422,
        "mfa_factor_not_found",
    );
}

#[tokio::test]
async fn a_challenge_lasts_five_minutes() {
    let fresh = Fresh::new().await;
    fresh.add_user(ALICE, "authenticated").await;
    let (factor, _) = alice(&fresh.http).await;
    let alice = bearer(&fresh.http, &fresh.http.sign_in(ALICE).await);
    let asked = challenge(&alice, &factor).await;
    fresh
        .db
        .batch_execute(
            "update auth.mfa_challenges set created_at = created_at - interval '301 seconds'",
        )
        .await
        .unwrap();
    let code = code(&factor["totp"]["secret"], 0);
    refused(
        &verify(&alice, &factor, &asked, &code).await,
        422,
        "mfa_challenge_expired",
    );
    refused(
        &verify(&alice, &factor, &asked, &code).await,
        422,
        "mfa_factor_not_found",
    );
}

#[tokio::test]
async fn factors_are_guarded_by_the_level_and_by_their_owner() {
    let fresh = Fresh::new().await;
    for email in [ALICE, "bob@example.com"] {
        fresh.add_user(email, "authenticated").await;
    }
    let (factor, session) = alice(&fresh.http).await;
    let path = format!("/auth/v1/factors/{}", factor["id"].as_str().unwrap());
    let raised = bearer(&fresh.http, &session);
    let below = bearer(&fresh.http, &fresh.http.sign_in(ALICE).await);
    let bob = bearer(&fresh.http, &fresh.http.sign_in("bob@example.com").await);
    let more = |name: &str| json!({ "factor_type": "totp", "friendly_name": name });
    refused(
        &below.post("/auth/v1/factors", more("second")).await,
        403,
        "insufficient_aal",
    );
    refused(
        &below.send("DELETE", &path, None).await,
        422,
        "insufficient_aal",
    );
    refused(
        &bob.send("DELETE", &path, None).await,
        404,
        "mfa_factor_not_found",
    );
    refused(
        &bob.post(&format!("{path}/challenge"), json!({})).await,
        404,
        "mfa_factor_not_found",
    );
    refused(
        &raised.post("/auth/v1/factors/x/challenge", json!({})).await,
        404,
        "validation_failed",
    );
    refused(
        &raised.post("/auth/v1/factors", more("phone")).await,
        422,
        "mfa_factor_name_conflict",
    );
    refused(
        &raised
            .post("/auth/v1/factors", json!({ "factor_type": "phone" }))
            .await,
        422,
        "mfa_phone_enroll_not_enabled",
    );
    refused(
        &raised
            .post("/auth/v1/factors", json!({ "factor_type": "iris" }))
            .await,
        400,
        "validation_failed",
    );
    refused(
        &fresh.http.post("/auth/v1/factors", more("x")).await,
        403,
        "bad_jwt",
    );
    // An unverified one may go at any level.
    let new = enroll(&bob, "new").await;
    let gone = bob
        .send(
            "DELETE",
            &format!("/auth/v1/factors/{}", new["id"].as_str().unwrap()),
            None,
        )
        .await;
    assert_eq!((gone.status, &gone.json()["id"]), (200, &new["id"]));

    // One that came from elsewhere cannot be asked for, and can be given up.
    let statement = "insert into auth.mfa_factors (id, user_id, factor_type, status, created_at, updated_at) \
                     select gen_random_uuid(), id, 'phone', 'verified', now(), now() \
                     from auth.users where email = $1 returning id::text";
    let sms = fresh.db.query_one(statement, &[&ALICE]).await.unwrap();
    let sms = format!("/auth/v1/factors/{}", sms.get::<_, String>(0));
    let asked = raised.post(&format!("{sms}/challenge"), json!({})).await;
    refused(&asked, 422, "mfa_phone_verify_not_enabled");
    assert_eq!(raised.send("DELETE", &sms, None).await.status, 200);

    let gone = raised.send("DELETE", &path, None).await;
    assert_eq!((gone.status, &gone.json()["id"]), (200, &factor["id"]));
    let body = json!({ "refresh_token": session["refresh_token"] });
    let again = fresh
        .http
        .post("/auth/v1/token?grant_type=refresh_token", body)
        .await
        .json();
    assert_eq!(
        claims(&again)["aal"],
        "aal1",
        "the session fell with its factor"
    );
    assert!(again["user"]["factors"].is_null());
}

#[tokio::test]
async fn ten_factors_are_enough() {
    let fresh = Fresh::new().await;
    fresh.add_user(ALICE, "authenticated").await;
    let alice = bearer(&fresh.http, &fresh.http.sign_in(ALICE).await);
    for n in 0..10 {
        enroll(&alice, &format!("n{n}")).await;
    }
    let body = json!({ "factor_type": "totp", "friendly_name": "one more" });
    refused(
        &alice.post("/auth/v1/factors", body).await,
        422,
        "too_many_enrolled_mfa_factors",
    );
}

#[tokio::test]
async fn factors_survive_a_stop_and_older_data_gets_their_tables() {
    let folder = open_folder();
    let options = || Options {
        data: Some(folder.path().join("kept")),
        ..Options::default()
    };
    let stack = Stack::start(options()).await.unwrap();
    let db = connect(&stack.info().db_url).await;
    add_user(&db, ALICE, "authenticated").await;
    let http = Http::new(&stack.info().url, &stack.info().publishable_key);
    let (factor, _) = alice(&http).await;
    stack.stop().await.unwrap();

    let stack = Stack::start(options()).await.unwrap();
    let http = Http::new(&stack.info().url, &stack.info().publishable_key);
    let alice = bearer(&http, &http.sign_in(ALICE).await);
    let asked = challenge(&alice, &factor).await;
    let raised = verify(&alice, &factor, &asked, &code(&factor["totp"]["secret"], 0)).await;
    assert_eq!(claims(&raised.json())["aal"], "aal2");
    // As a stack without second factors would have left it.
    connect(&stack.superuser_url("postgres"))
        .await
        .batch_execute("drop table auth.mfa_challenges, auth.mfa_factors; drop type auth.factor_type, auth.factor_status")
        .await
        .unwrap();
    stack.stop().await.unwrap();

    let stack = Stack::start(options()).await.unwrap();
    let http = Http::new(&stack.info().url, &stack.info().publishable_key);
    let session = http.sign_in(ALICE).await;
    assert!(session["user"]["factors"].is_null());
    enroll(&bearer(&http, &session), "phone").await;
    stack.stop().await.unwrap();
}
