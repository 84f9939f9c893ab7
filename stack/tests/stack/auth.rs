//! Sign-in, users, codes and logout, with the bodies that real clients read.

use super::http::Http;
use super::{Fresh, PASSWORD, shared};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

const PASSWORD_GRANT: &str = "/auth/v1/token?grant_type=password";

fn claims(session: &Value) -> Value {
    let token = session["access_token"].as_str().unwrap();
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[tokio::test]
async fn password_gives_a_session_with_the_claims_of_the_platform() {
    let fresh = Fresh::new().await;
    let id = fresh.add_user("alice@example.com", "authenticated").await;
    let session = fresh.http.sign_in("Alice@Example.com").await;
    assert_eq!(
        (&session["token_type"], &session["expires_in"]),
        (&json!("bearer"), &json!(3600))
    );
    assert_eq!(
        (&session["user"]["id"], &session["user"]["email"]),
        (&json!(id), &json!("alice@example.com"))
    );
    let claims = claims(&session);
    assert_eq!(claims["exp"], session["expires_at"]);
    assert_eq!(
        (&claims["sub"], &claims["aud"], &claims["role"]),
        (&json!(id), &json!("authenticated"), &json!("authenticated"))
    );
    assert_eq!(
        (
            &claims["aal"],
            &claims["amr"][0]["method"],
            &claims["is_anonymous"]
        ),
        (&json!("aal1"), &json!("password"), &json!(false))
    );
    assert_eq!(claims["iss"], format!("{}/auth/v1", fresh.info.url));
    assert!(claims["session_id"].is_string() && claims["app_metadata"]["provider"] == "email");

    let user = fresh
        .http
        .bearer(session["access_token"].as_str().unwrap())
        .get("/auth/v1/user")
        .await;
    assert_eq!((user.status, &user.json()["id"]), (200, &json!(id)));
}

#[tokio::test]
async fn wrong_password_and_unknown_user_read_the_same() {
    let fresh = Fresh::new().await;
    fresh.add_user("alice@example.com", "authenticated").await;
    for body in [
        json!({ "email": "alice@example.com", "password": "wrong" }),
        json!({ "email": "nobody@example.com", "password": PASSWORD }),
        json!({ "email": "' or true --", "password": "' or true --" }),
        json!({ "email": "alice@example.com" }),
    ] {
        let answer = fresh.http.post(PASSWORD_GRANT, body).await;
        let expected = json!({ "code": 400, "error_code": "invalid_credentials", "msg": "Invalid login credentials" });
        assert_eq!((answer.status, answer.json()), (400, expected));
    }
    let newer = fresh.http.with("x-supabase-api-version", "2024-01-01");
    let answer = newer
        .post(
            PASSWORD_GRANT,
            json!({ "email": "alice@example.com", "password": "wrong" }),
        )
        .await;
    assert_eq!(
        answer.json(),
        json!({ "code": "invalid_credentials", "message": "Invalid login credentials" })
    );
}

#[tokio::test]
async fn banned_unconfirmed_and_deleted_users_are_kept_out() {
    let fresh = Fresh::new().await;
    for name in ["banned", "unconfirmed", "deleted", "was_in"] {
        fresh
            .add_user(&format!("{name}@example.com"), "authenticated")
            .await;
    }
    let session = fresh.http.sign_in("was_in@example.com").await;
    fresh
        .db
        .batch_execute(
            "update auth.users set banned_until = now() + interval '1 day' where email like 'banned%' or email like 'was_in%';
             update auth.users set email_confirmed_at = null where email like 'unconfirmed%';
             update auth.users set deleted_at = now() where email like 'deleted%';",
        )
        .await
        .unwrap();
    for (name, code) in [
        ("banned", "user_banned"),
        ("unconfirmed", "email_not_confirmed"),
        ("deleted", "invalid_credentials"),
    ] {
        let body = json!({ "email": format!("{name}@example.com"), "password": PASSWORD });
        let answer = fresh.http.post(PASSWORD_GRANT, body).await;
        assert_eq!(
            (answer.status, &answer.json()["error_code"]),
            (400, &json!(code))
        );
    }
    let inside = fresh
        .http
        .bearer(session["access_token"].as_str().unwrap())
        .get("/auth/v1/user")
        .await;
    assert_eq!(
        (inside.status, &inside.json()["error_code"]),
        (403, &json!("user_banned"))
    );
}

#[tokio::test]
async fn code_from_the_inbox_signs_in_once() {
    let fresh = Fresh::new().await;
    let sent = fresh
        .http
        .post(
            "/auth/v1/otp",
            json!({ "email": "New@Example.com", "create_user": true }),
        )
        .await;
    assert_eq!(sent.status, 200, "{sent:?}");
    let code = shared()
        .await
        .mail_in(&fresh.name, "new@example.com")
        .unwrap();
    let path = "/inbox?email=new@example.com";
    let bare = Http::bare(&fresh.info.url);
    for operator in [
        bare.with("apikey", &fresh.info.secret_key),
        bare.with("apikey", &fresh.info.service_role_key),
        bare.bearer(&fresh.info.secret_key),
    ] {
        let inbox = operator.get(path).await;
        assert_eq!((inbox.status, &inbox.json()["code"]), (200, &json!(code)));
        let rebound = operator.with("host", "evil.example").get(path).await;
        assert_eq!(rebound.status, 403);
    }
    // A code signs in as anybody: whoever has no secret key learns nothing, not even whether there is one.
    for other in [
        bare.clone(),
        bare.with("apikey", &fresh.info.publishable_key),
        bare.with("apikey", &fresh.info.anon_key),
        bare.bearer(&fresh.info.anon_key),
        bare.with("apikey", "sb_secret_other"),
        fresh.http.clone(),
    ] {
        for path in [path, "/inbox?email=nobody@example.com", "/inbox"] {
            let refused = other.get(path).await;
            assert_eq!(refused.status, 401, "{refused:?}");
            assert!(!format!("{refused:?}").contains(&code), "{refused:?}");
        }
        let key = format!("{path}&apikey={}", fresh.info.secret_key);
        assert_eq!(other.get(&key).await.status, 401, "not by the address");
    }

    let verify = |code: &str| {
        let body = json!({ "type": "email", "email": "new@example.com", "token": code });
        let http = fresh.http.clone();
        async move { http.post("/auth/v1/verify", body).await }
    };
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let refused = verify(wrong).await;
    assert_eq!(
        (refused.status, &refused.json()["error_code"]),
        (403, &json!("otp_expired"))
    );
    let session = verify(&code).await;
    assert_eq!(session.status, 200, "{session:?}");
    assert_eq!(claims(&session.json())["amr"][0]["method"], "otp");
    assert!(session.json()["user"]["email_confirmed_at"].is_string());
    assert_eq!(verify(&code).await.status, 403);
}

#[tokio::test]
async fn code_for_a_stranger_needs_create_user() {
    let fresh = Fresh::new().await;
    let answer = fresh
        .http
        .post(
            "/auth/v1/otp",
            json!({ "email": "x@example.com", "create_user": false }),
        )
        .await;
    assert_eq!(
        (answer.status, &answer.json()["error_code"]),
        (422, &json!("otp_disabled"))
    );
    assert_eq!(
        Http::new(&fresh.info.url, &fresh.info.secret_key)
            .get("/inbox?email=x@example.com")
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn logout_ends_the_sessions_it_names() {
    let fresh = Fresh::new().await;
    fresh.add_user("alice@example.com", "authenticated").await;
    let sign_in = || async {
        let session = fresh.http.sign_in("alice@example.com").await;
        fresh.http.bearer(session["access_token"].as_str().unwrap())
    };
    let is_live = |http: &Http| {
        let http = http.clone();
        async move {
            let answer = http.get("/auth/v1/user").await;
            if answer.status != 200 {
                assert_eq!(
                    (answer.status, &answer.json()["error_code"]),
                    (403, &json!("session_not_found"))
                );
            }
            answer.status == 200
        }
    };
    let (first, second, third) = (sign_in().await, sign_in().await, sign_in().await);
    let logout = |http: &Http, scope: &'static str| {
        let http = http.clone();
        async move {
            http.send("POST", &format!("/auth/v1/logout{scope}"), None)
                .await
                .status
        }
    };
    assert_eq!(logout(&first, "?scope=local").await, 204);
    assert!(!is_live(&first).await && is_live(&second).await && is_live(&third).await);
    assert_eq!(logout(&second, "?scope=others").await, 204);
    assert!(is_live(&second).await && !is_live(&third).await);
    let fourth = sign_in().await;
    assert_eq!(logout(&second, "").await, 204);
    assert!(!is_live(&second).await && !is_live(&fourth).await);
    assert_eq!(logout(&first, "?scope=local").await, 403);
}

#[tokio::test]
async fn malformed_requests_are_told_why() {
    let fresh = Fresh::new().await;
    let anonymous = fresh.http.get("/auth/v1/user").await;
    assert_eq!(
        (anonymous.status, &anonymous.json()["error_code"]),
        (403, &json!("bad_jwt"))
    );
    let forged = fresh.http.bearer("a.b.c").get("/auth/v1/user").await;
    assert_eq!(
        (forged.status, &forged.json()["error_code"]),
        (403, &json!("bad_jwt"))
    );
    let grant = fresh
        .http
        .post("/auth/v1/token?grant_type=magic", json!({}))
        .await;
    assert_eq!(
        (grant.status, &grant.json()["error_code"]),
        (400, &json!("validation_failed"))
    );
    let body = fresh.http.post(PASSWORD_GRANT, json!("text")).await;
    assert_eq!(
        (body.status, &body.json()["error_code"]),
        (400, &json!("bad_json"))
    );
    let settings = fresh.http.get("/auth/v1/settings").await.json();
    assert_eq!(
        (
            &settings["external"]["email"],
            &settings["external"]["phone"]
        ),
        (&json!(true), &json!(false))
    );
    assert_eq!(
        fresh.http.get("/auth/v1/health").await.json()["name"],
        "GoTrue"
    );
}
