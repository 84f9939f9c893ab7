//! Sessions against a real Auth server: in, on and out, refreshes in the middle, and the ends that a session can come to.

use crate::jwt::signed;
use crate::test_project::{
    PASSWORD, TestProject, limits, store_session, stored_session, weeksmith, whole,
};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::future::Future;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use supadeck::adapters::connect::{Project, RoleChoice, Settings, resolve_with};
use supadeck::adapters::http::Limits;
use supadeck::adapters::secrets::SecretStore;
use supadeck::domain::identity::Identity;
use supadeck::domain::problem::{Kind, Problem};
use supadeck::domain::secret::{SecretKind, StoredIn};
use supadeck::ops::{cycle, session};
use supadeck::ports::{Secrets, Task};

const ALICE: &str = "alice@example.com";

fn password() -> SecretString {
    PASSWORD.into()
}

/// A project over a vault that the test looks into.
async fn project_over(
    test_project: &TestProject,
    vault: &Arc<SecretStore>,
    who: Option<RoleChoice>,
) -> Project {
    let settings = supadeck::adapters::connect::Settings {
        as_: who,
        ..test_project.settings()
    };
    let secrets = Arc::clone(vault) as Arc<dyn Secrets>;
    resolve_with(&settings, secrets, limits()).await.unwrap()
}

fn name(project: &Project) -> String {
    project.profile.name.clone()
}

async fn kept(vault: &SecretStore, profile: &str) -> Option<Value> {
    stored_session(vault, profile).await
}

async fn put(vault: &SecretStore, profile: &str, stored: &Value) {
    store_session(vault, profile, stored).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_there_for_the_next_program_until_it_is_ended() {
    let test_project = weeksmith("session_life").await;
    let vault = Arc::new(SecretStore::memory());
    let first = project_over(&test_project, &vault, None).await;
    assert_eq!(first.identity, Identity::Anon);
    let who = whole(session::sign_in(&*first.auth, ALICE, &password()).await);

    let second = project_over(&test_project, &vault, None).await;
    assert_eq!(
        second.identity, who,
        "the stored session is used when nobody asks for anything else"
    );
    assert_eq!(second.auth.current().await.unwrap(), who);
    session::sign_out(&*second.auth, &who).await.unwrap();
    assert_eq!(kept(&vault, &name(&second)).await, None);
    assert_eq!(second.auth.current().await.unwrap(), Identity::Anon);
    session::sign_out(&*second.auth, &who).await.unwrap();
    let third = project_over(&test_project, &vault, None).await;
    assert_eq!(third.identity, Identity::Anon);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_and_codes_are_refused_in_words() {
    let test_project = weeksmith("session_wrong").await;
    let project = test_project.project(RoleChoice::Anon).await;
    let wrong = session::sign_in(&*project.auth, ALICE, &"nope".into())
        .await
        .unwrap_err();
    assert_eq!(
        (wrong.kind, wrong.code.as_deref()),
        (Kind::Auth, Some("invalid_credentials")),
        "{wrong:?}"
    );
    let wrong = session::verify_code(&*project.auth, ALICE, &"000000".into())
        .await
        .unwrap_err();
    assert_eq!(
        (wrong.kind, wrong.code.as_deref()),
        (Kind::Auth, Some("otp_expired")),
        "{wrong:?}"
    );
    let wrong = session::sign_in(&*project.auth, "alice", &password())
        .await
        .unwrap_err();
    assert_eq!(wrong.kind, Kind::Usage);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_by_e_mail_signs_in() {
    let test_project = weeksmith("session_code").await;
    let project = test_project.project(RoleChoice::Anon).await;
    session::send_code(&*project.auth, ALICE).await.unwrap();
    let mail = crate::test_project::stack()
        .await
        .mail_in("session_code", ALICE)
        .unwrap();
    let digits: String = mail.chars().filter(char::is_ascii_digit).collect();
    let code = format!("{} {}", &digits[..3], &digits[3..]);
    let who = whole(session::verify_code(&*project.auth, ALICE, &code.into()).await);
    assert_eq!(who.name(), ALICE);
    assert!(!cycle::list(&*project.rest, &who).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_about_to_end_is_refreshed_and_stored_before_it_is_used() {
    let test_project = weeksmith("session_soon").await;
    let vault = Arc::new(SecretStore::memory());
    let project = project_over(&test_project, &vault, None).await;
    let profile = name(&project);
    whole(session::sign_in(&*project.auth, ALICE, &password()).await);
    let mut stored = kept(&vault, &profile).await.unwrap();
    stored["expires_at"] = (jiff::Timestamp::now().as_second() + 59).into();
    put(&vault, &profile, &stored).await;

    let project = project_over(&test_project, &vault, None).await;
    let who = project.identity.clone();
    // Many readers at once: one refresh.
    let reads = (0..8).map(|_| cycle::list(&*project.rest, &who));
    for read in futures_util::future::join_all(reads).await {
        assert_eq!(read.unwrap().len(), 2);
    }
    let new = kept(&vault, &profile).await.unwrap();
    assert_ne!(new["refresh_token"], stored["refresh_token"]);
    let spent = "select count(*) from auth.refresh_tokens where revoked";
    let spent: i64 = test_project.db.query_one(spent, &[]).await.unwrap().get(0);
    assert_eq!(spent, 1, "one refresh for eight readers");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_the_server_calls_expired_is_refreshed_once_and_the_read_replayed() {
    let test_project = weeksmith("session_expired").await;
    let vault = Arc::new(SecretStore::memory());
    let project = project_over(&test_project, &vault, None).await;
    let profile = name(&project);
    let who = whole(session::sign_in(&*project.auth, ALICE, &password()).await);
    let mut stored = kept(&vault, &profile).await.unwrap();
    let claims = json!({
        "sub": who.user_id(), "role": "authenticated", "aud": "authenticated", "email": ALICE,
        "exp": jiff::Timestamp::now().as_second() - 3_600,
    });
    stored["access_token"] = signed(&claims, &test_project.info.jwt_secret).into();
    put(&vault, &profile, &stored).await;

    let project = project_over(&test_project, &vault, Some(RoleChoice::User)).await;
    assert_eq!(cycle::list(&*project.rest, &who).await.unwrap().len(), 2);
    let new = kept(&vault, &profile).await.unwrap();
    assert_ne!(new["access_token"], stored["access_token"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_session_is_signed_out_once_and_anon_from_then_on() {
    let test_project = weeksmith("session_revoked").await;
    let vault = Arc::new(SecretStore::memory());
    let project = project_over(&test_project, &vault, None).await;
    let profile = name(&project);
    let who = whole(session::sign_in(&*project.auth, ALICE, &password()).await);
    test_project
        .db
        .batch_execute("delete from auth.refresh_tokens; delete from auth.sessions")
        .await
        .unwrap();
    let mut stored = kept(&vault, &profile).await.unwrap();
    stored["expires_at"] = 0.into();
    put(&vault, &profile, &stored).await;

    let project = project_over(&test_project, &vault, None).await;
    let over = cycle::list(&*project.rest, &who).await.unwrap_err();
    assert_eq!(over.kind, Kind::Auth, "{over:?}");
    assert!(
        over.what.contains("alice@example.com is signed out"),
        "{over}"
    );
    assert_eq!(
        kept(&vault, &profile).await,
        None,
        "the stored session is gone"
    );
    assert_eq!(project.auth.current().await.unwrap(), Identity::Anon);
    let later = cycle::list(&*project.rest, &who).await.unwrap_err();
    assert_eq!(later.what, "Nobody is signed in.");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_program_refreshed_is_taken_over() {
    let test_project = weeksmith("session_two").await;
    let vault = Arc::new(SecretStore::memory());
    let one = project_over(&test_project, &vault, None).await;
    let who = whole(session::sign_in(&*one.auth, ALICE, &password()).await);
    let two = project_over(&test_project, &vault, None).await;
    assert_eq!(two.auth.current().await.unwrap(), who);
    // Both hold the same session. It comes to its end for both, and both refresh at once.
    let profile = name(&one);
    let mut stored = kept(&vault, &profile).await.unwrap();
    stored["expires_at"] = 0.into();
    put(&vault, &profile, &stored).await;
    let three = project_over(&test_project, &vault, None).await;
    let four = project_over(&test_project, &vault, None).await;
    let (a, b) = tokio::join!(
        cycle::list(&*three.rest, &who),
        cycle::list(&*four.rest, &who)
    );
    assert_eq!((a.unwrap().len(), b.unwrap().len()), (2, 2));
    let spent = "select count(*) from auth.refresh_tokens where revoked";
    let spent: i64 = test_project.db.query_one(spent, &[]).await.unwrap().get(0);
    assert_eq!(spent, 1, "the second took over what the first had stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_never_comes_under_another_name() {
    let test_project = weeksmith("session_names").await;
    let (project, alice) = test_project.as_user(ALICE).await;
    let Identity::User(mut promoted) = alice.clone() else {
        panic!("{alice:?}");
    };
    promoted.role = "auditor".into();
    let other = cycle::list(&*project.rest, &Identity::User(promoted)).await;
    assert_eq!(
        other.unwrap_err().kind,
        Kind::Conflict,
        "same user, other role"
    );
    // Whoever else signs in is beside her.
    let bob = whole(session::sign_in(&*project.auth, "bob@example.com", &password()).await);
    for who in [&alice, &bob] {
        let rows = cycle::list(&*project.rest, who).await.unwrap();
        assert!(
            rows.iter()
                .all(|row| Some(row.user_id.as_str()) == who.user_id())
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_another_project_is_not_used() {
    let test_project = weeksmith("session_other").await;
    let vault = Arc::new(SecretStore::memory());
    let project = project_over(&test_project, &vault, None).await;
    whole(session::sign_in(&*project.auth, ALICE, &password()).await);
    let profile = name(&project);
    let mut stored = kept(&vault, &profile).await.unwrap();
    stored["url"] = "https://elsewhere.example".into();
    put(&vault, &profile, &stored).await;
    assert_eq!(
        project_over(&test_project, &vault, None).await.identity,
        Identity::Anon
    );
}

/// A store that gives and does not take.
struct Full(SecretStore);

impl Secrets for Full {
    fn get<'a>(&'a self, profile: &'a str, kind: SecretKind) -> Task<'a, Option<SecretString>> {
        self.0.get(profile, kind)
    }
    fn set<'a>(&'a self, _: &'a str, _: SecretKind, _: &'a SecretString) -> Task<'a, StoredIn> {
        Box::pin(async { Err(Problem::new(Kind::Config, "No.", "The keyring is full.")) })
    }
    fn remove<'a>(&'a self, profile: &'a str, kind: SecretKind) -> Task<'a, StoredIn> {
        self.0.remove(profile, kind)
    }
    fn keeping(&self) -> Task<'_, StoredIn> {
        Box::pin(async { Ok(StoredIn::Keyring) })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_cannot_be_stored_is_said_so_and_not_lost() {
    let test_project = weeksmith("session_full").await;
    let secrets: Arc<dyn Secrets> = Arc::new(Full(SecretStore::memory()));
    let project = resolve_with(&test_project.settings(), secrets, limits())
        .await
        .unwrap();
    let signed_in = whole(session::sign_in(&*project.auth, ALICE, &password()).await);
    let problem = project.auth.take_warning().unwrap();
    assert_eq!(problem.code.as_deref(), Some("session_not_stored"));
    assert!(problem.why.contains("full"), "{problem}");
    assert!(project.auth.take_warning().is_none(), "said once");
    let who = project.auth.current().await.unwrap();
    assert_eq!(who, signed_in);
    assert_eq!(cycle::list(&*project.rest, &who).await.unwrap().len(), 2);
}

/// The reader goes away in the middle of a refresh; the new token is kept all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_outlives_whoever_asked_for_it() {
    let test_project = weeksmith("session_dropped").await;
    let vault = Arc::new(SecretStore::memory());
    let project = project_over(&test_project, &vault, None).await;
    let profile = name(&project);
    let who = whole(session::sign_in(&*project.auth, ALICE, &password()).await);
    let mut stored = kept(&vault, &profile).await.unwrap();
    stored["expires_at"] = 0.into();
    put(&vault, &profile, &stored).await;
    let project = project_over(&test_project, &vault, None).await;
    {
        // One poll sends the reader on its way; then it is dropped.
        let mut reading = std::pin::pin!(cycle::list(&*project.rest, &who));
        let _ = std::future::poll_fn(|cx| Poll::Ready(reading.as_mut().poll(cx))).await;
    }
    let spent = "select count(*) from auth.refresh_tokens where revoked";
    for _ in 0..200 {
        let row = test_project.db.query_one(spent, &[]).await.unwrap();
        if row.get::<_, i64>(0) == 1 {
            break;
        }
    }
    assert_eq!(cycle::list(&*project.rest, &who).await.unwrap().len(), 2);
    let row = test_project.db.query_one(spent, &[]).await.unwrap();
    assert_eq!(
        row.get::<_, i64>(0),
        1,
        "the refresh that was under way is the only one"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_was_begun_by_another_program_is_found_after_the_end_of_this_one() {
    let test_project = weeksmith("session_again").await;
    let vault = Arc::new(SecretStore::memory());
    let deck = project_over(&test_project, &vault, None).await;
    let who = whole(session::sign_in(&*deck.auth, ALICE, &password()).await);
    session::sign_out(&*deck.auth, &who).await.unwrap();
    let over = deck.auth.go_on(&who).await.unwrap_err();
    assert!(
        supadeck::domain::read_problem::ends_session(&over),
        "{over:?}"
    );
    let other = project_over(&test_project, &vault, None).await;
    whole(session::sign_in(&*other.auth, ALICE, &password()).await);
    deck.auth.go_on(&who).await.unwrap();
    assert_eq!(cycle::list(&*deck.rest, &who).await.unwrap().len(), 2);
    // Somebody else beside her is no continuation.
    whole(session::sign_in(&*other.auth, "bob@example.com", &password()).await);
    session::sign_out(&*deck.auth, &who).await.ok();
    let replaced = deck.auth.go_on(&who).await.unwrap_err();
    assert!(
        supadeck::domain::read_problem::ends_session(&replaced),
        "{replaced:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_of_auth_is_given_up_within_its_bound() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let settings = Settings {
        url: Some(format!("http://{}", silent.local_addr().unwrap())),
        publishable_key: Some(SecretString::from("sb_publishable_0123456789")),
        ..Settings::default()
    };
    let quick = Limits {
        session: Duration::from_millis(50),
        ..limits()
    };
    let project = resolve_with(&settings, Arc::new(SecretStore::memory()), quick)
        .await
        .unwrap();
    let auth = &*project.auth;
    let code = SecretString::from("123456");
    let started = std::time::Instant::now();
    for ended in [
        session::sign_in(auth, ALICE, &password()).await.err(),
        session::send_code(auth, ALICE).await.err(),
        session::verify_code(auth, ALICE, &code).await.err(),
        auth.ping().await.err(),
    ] {
        let problem = ended.unwrap();
        assert_eq!(problem.kind, Kind::Network, "{problem:?}");
        assert!(problem.what.starts_with("Auth at 127.0.0.1"), "{problem}");
    }
    // Far from the minute that the client would wait by itself.
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "{:?}",
        started.elapsed()
    );
}
