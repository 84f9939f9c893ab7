//! A session and its store when they disagree: a keyring that refuses once, and one that another program wrote.

use crate::test_project::{
    PASSWORD, TestProject, limits, store_session, stored_session, weeksmith, whole,
};
use secrecy::SecretString;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};
use supadeck::adapters::auth::{GoTrue, Parts};
use supadeck::adapters::connect::{Settings, resolve_with};
use supadeck::adapters::http::{Http, Limits};
use supadeck::adapters::secrets::SecretStore;
use supadeck::adapters::user_lock::{self, Attempt};
use supadeck::domain::problem::{Kind, Problem};
use supadeck::domain::secret::{ApiKey, SecretKind, StoredIn};
use supadeck::ops::{cycle, session};
use supadeck::ports::{Auth, Clock, Secrets, Task};

/// A clock that the test moves, in seconds from now.
struct Ahead(AtomicI64);

impl Clock for Ahead {
    fn now(&self) -> jiff::Timestamp {
        let seconds = self.0.load(Ordering::SeqCst);
        jiff::Timestamp::now() + jiff::SignedDuration::from_secs(seconds)
    }
}

/// A store that refuses to take anything while it is told to.
struct Moody {
    vault: SecretStore,
    refuses: AtomicBool,
}

impl Secrets for Moody {
    fn get<'a>(&'a self, profile: &'a str, kind: SecretKind) -> Task<'a, Option<SecretString>> {
        self.vault.get(profile, kind)
    }
    fn set<'a>(
        &'a self,
        profile: &'a str,
        kind: SecretKind,
        value: &'a SecretString,
    ) -> Task<'a, StoredIn> {
        if self.refuses.load(Ordering::SeqCst) {
            return Box::pin(async { Err(Problem::new(Kind::Config, "No.", "It is busy.")) });
        }
        self.vault.set(profile, kind, value)
    }
    fn remove<'a>(&'a self, profile: &'a str, kind: SecretKind) -> Task<'a, StoredIn> {
        self.vault.remove(profile, kind)
    }
    fn keeping(&self) -> Task<'_, StoredIn> {
        self.vault.keeping()
    }
}

async fn spent(test_project: &TestProject) -> i64 {
    let query = "select count(*) from auth.refresh_tokens where revoked";
    test_project.db.query_one(query, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_refused_once_does_not_bring_a_used_token_back() {
    let test_project = weeksmith("session_moody").await;
    let clock = Arc::new(Ahead(AtomicI64::new(0)));
    let store = Arc::new(Moody {
        vault: SecretStore::memory(),
        refuses: AtomicBool::new(false),
    });
    let auth = GoTrue::new(Parts {
        url: test_project.info.url.clone(),
        key: Some(ApiKey::new(&test_project.info.publishable_key.as_str().into()).into()),
        misplaced: None,
        http: Arc::new(Http::new(limits())),
        secrets: Arc::clone(&store) as Arc<dyn Secrets>,
        profile: "p".into(),
        lock_dir: None,
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        jwt_secret: None,
    });
    let who = whole(auth.sign_in("alice@example.com", &PASSWORD.into()).await);
    store.refuses.store(true, Ordering::SeqCst);
    clock.0.store(3_600, Ordering::SeqCst);
    assert_eq!(auth.current().await.unwrap(), who);
    assert_eq!(spent(&test_project).await, 1);
    assert_eq!(
        auth.take_warning().unwrap().code.as_deref(),
        Some("session_not_stored")
    );
    // An hour later the store still holds the first token, which is used.
    store.refuses.store(false, Ordering::SeqCst);
    clock.0.store(7_200, Ordering::SeqCst);
    assert_eq!(auth.current().await.unwrap(), who);
    assert_eq!(
        spent(&test_project).await,
        2,
        "the second token was spent, not the first again"
    );
    assert!(auth.take_warning().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_leaves_somebody_elses_session() {
    let test_project = weeksmith("session_whose").await;
    let vault: Arc<dyn Secrets> = Arc::new(SecretStore::memory());
    let project = async || {
        let secrets = Arc::clone(&vault);
        resolve_with(&test_project.settings(), secrets, limits())
            .await
            .unwrap()
    };
    let (one, two) = (project().await, project().await);
    let alice = whole(session::sign_in(&*one.auth, "alice@example.com", &PASSWORD.into()).await);
    whole(session::sign_in(&*two.auth, "bob@example.com", &PASSWORD.into()).await);
    session::sign_out(&*one.auth, &alice).await.unwrap();
    let stored = stored_session(&*vault, &two.profile.name).await.unwrap();
    assert_eq!(stored["user"]["email"], "bob@example.com");
    let sessions = "select count(*) from auth.sessions";
    let left: i64 = test_project
        .db
        .query_one(sessions, &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(left, 1, "alice's is over on the server, bob's is not");
}

/// Signs alice in, and makes what is stored stale.
async fn stale_alice(
    test_project: &TestProject,
    vault: &Arc<SecretStore>,
) -> (String, serde_json::Value) {
    let secrets = Arc::clone(vault) as Arc<dyn Secrets>;
    let project = resolve_with(&test_project.settings(), secrets, limits())
        .await
        .unwrap();
    whole(session::sign_in(&*project.auth, "alice@example.com", &PASSWORD.into()).await);
    let name = project.profile.name.clone();
    let mut stored = stored_session(&**vault, &name).await.unwrap();
    stored["expires_at"] = 0.into();
    store_session(&**vault, &name, &stored).await;
    (name, stored)
}

/// A store whose first answers are old: what another process has stored comes to light a little later.
struct Late {
    vault: Arc<SecretStore>,
    old: SecretString,
    reads: std::sync::atomic::AtomicUsize,
    old_reads: usize,
}

impl Secrets for Late {
    fn get<'a>(&'a self, profile: &'a str, kind: SecretKind) -> Task<'a, Option<SecretString>> {
        if profile.contains("/user/") && self.reads.fetch_add(1, Ordering::SeqCst) < self.old_reads
        {
            let old = self.old.clone();
            return Box::pin(async { Ok(Some(old)) });
        }
        self.vault.get(profile, kind)
    }
    fn set<'a>(
        &'a self,
        profile: &'a str,
        kind: SecretKind,
        value: &'a SecretString,
    ) -> Task<'a, StoredIn> {
        self.vault.set(profile, kind, value)
    }
    fn remove<'a>(&'a self, profile: &'a str, kind: SecretKind) -> Task<'a, StoredIn> {
        self.vault.remove(profile, kind)
    }
    fn keeping(&self) -> Task<'_, StoredIn> {
        self.vault.keeping()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_another_process_has_used_is_no_end() {
    let test_project = weeksmith("session_used").await;
    let vault = Arc::new(SecretStore::memory());
    let (_, stored) = stale_alice(&test_project, &vault).await;
    let secrets = Arc::clone(&vault) as Arc<dyn Secrets>;
    let other = resolve_with(&test_project.settings(), secrets, limits())
        .await
        .unwrap();
    let who = other.auth.current().await.unwrap();
    // The token is gone on the server, as after the time in which it is good twice; this process has read the old one.
    let token = stored["refresh_token"].as_str().unwrap();
    let gone = format!("delete from auth.refresh_tokens where token = '{token}'");
    test_project.db.batch_execute(&gone).await.unwrap();
    // Loading, the look under the lock, and one look after the refusal are all too early.
    let late = Late {
        vault: Arc::clone(&vault),
        old: stored.to_string().into(),
        reads: std::sync::atomic::AtomicUsize::new(0),
        old_reads: 3,
    };
    let project = resolve_with(&test_project.settings(), Arc::new(late), limits())
        .await
        .unwrap();
    assert_eq!(project.auth.current().await.unwrap(), who);
    let kept = stored_session(&*vault, &project.profile.name).await;
    assert!(kept.is_some(), "nobody is signed out");
}

async fn sessions(test_project: &TestProject) -> i64 {
    let query = "select count(*) from auth.sessions";
    test_project.db.query_one(query, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_over_another_of_the_user_ends_the_one_it_replaces() {
    let test_project = weeksmith("session_replaced").await;
    let vault: Arc<dyn Secrets> = Arc::new(SecretStore::memory());
    let project = async || {
        let secrets = Arc::clone(&vault);
        resolve_with(&test_project.settings(), secrets, limits())
            .await
            .unwrap()
    };
    let one = project().await;
    whole(session::sign_in(&*one.auth, "alice@example.com", &PASSWORD.into()).await);
    whole(session::sign_in(&*one.auth, "alice@example.com", &PASSWORD.into()).await);
    assert_eq!(sessions(&test_project).await, 1, "the first is over");
    // Another program, which holds nothing itself.
    let two = project().await;
    whole(session::sign_in(&*two.auth, "alice@example.com", &PASSWORD.into()).await);
    assert_eq!(sessions(&test_project).await, 1, "the second is over");
    assert!(two.auth.take_left_open().is_none());
    let ended = two.auth.end_stored().await.unwrap();
    assert_eq!(ended[0].name(), "alice@example.com");
    assert_eq!(sessions(&test_project).await, 0);
    assert_eq!(two.auth.end_stored().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_session_is_ended_on_the_server_too() {
    let test_project = weeksmith("session_stale_end").await;
    let vault = Arc::new(SecretStore::memory());
    stale_alice(&test_project, &vault).await;
    let secrets = Arc::clone(&vault) as Arc<dyn Secrets>;
    let project = resolve_with(&test_project.settings(), secrets, limits())
        .await
        .unwrap();
    project.auth.end_stored().await.unwrap();
    assert_eq!(sessions(&test_project).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_nowhere_ends_with_the_program() {
    let test_project = weeksmith("session_close").await;
    let (project, _) = test_project.as_user("alice@example.com").await;
    assert_eq!(sessions(&test_project).await, 1);
    project.auth.close().await.unwrap();
    assert_eq!(sessions(&test_project).await, 0);
    // One that the next program finds stays.
    let vault = SecretStore::memory();
    let store = Moody {
        vault,
        refuses: AtomicBool::new(false),
    };
    let project = resolve_with(&test_project.settings(), Arc::new(store), limits())
        .await
        .unwrap();
    whole(session::sign_in(&*project.auth, "alice@example.com", &PASSWORD.into()).await);
    project.auth.close().await.unwrap();
    assert_eq!(sessions(&test_project).await, 1);
}

/// A vault with a session of a project at this address, whose token has ended.
async fn ended_session(url: &str) -> Arc<SecretStore> {
    let vault = Arc::new(SecretStore::memory());
    let stored = serde_json::json!({
        "url": url, "access_token": "e30.e30.x", "refresh_token": "r1", "expires_at": 0,
        "user": {"id": "1", "email": "alice@example.com", "role": "authenticated"},
    });
    let name = url.trim_start_matches("http://");
    let text = stored.to_string().into();
    vault.set(name, SecretKind::Session, &text).await.unwrap();
    vault
}

/// A listener that accepts no connection: its queue is full.
fn full() -> (std::net::TcpListener, Vec<std::net::TcpStream>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let mut queue = Vec::new();
    while let Ok(one) = std::net::TcpStream::connect_timeout(&at, Duration::from_millis(300)) {
        queue.push(one);
    }
    (listener, queue)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auth_server_that_says_nothing_is_given_up_once_for_all_who_wait() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (full, _queue) = full();
    for listener in [&silent, &full] {
        let url = format!("http://{}", listener.local_addr().unwrap());
        let vault = ended_session(&url).await;
        let settings = Settings {
            url: Some(url.clone()),
            publishable_key: Some("sb_publishable_0123456789".into()),
            ..Settings::default()
        };
        let limits = Limits {
            session: Duration::from_secs(2),
            ..Limits::default()
        };
        let project = resolve_with(&settings, vault, limits).await.unwrap();
        let started = Instant::now();
        let who = project.identity.clone();
        let reads = (0..5).map(|_| cycle::list(&*project.rest, &who));
        for read in futures_util::future::join_all(reads).await {
            let problem = read.unwrap_err();
            assert_eq!(problem.kind, Kind::Network, "{problem}");
            assert!(
                problem.what.contains("Auth at"),
                "REST is not to blame: {problem}"
            );
        }
        // One bound for everything, and not one for each reader.
        assert!(
            started.elapsed() < Duration::from_secs(6),
            "{:?}",
            started.elapsed()
        );
        let started = Instant::now();
        assert!(project.auth.end_stored().await.is_err());
        assert!(
            started.elapsed() < Duration::from_secs(6),
            "{:?}",
            started.elapsed()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_the_lock_for_too_long_is_not_waited_for_longer() {
    let test_project = weeksmith("session_held").await;
    let vault = Arc::new(SecretStore::memory());
    let (name, _) = stale_alice(&test_project, &vault).await;
    let place = vault.place(&name, SecretKind::Session);
    let Attempt::Taken(_held) = user_lock::try_take(&place).unwrap() else {
        panic!("somebody else has the lock");
    };
    let limits = Limits {
        session: Duration::from_millis(500),
        ..limits()
    };
    let secrets = Arc::clone(&vault) as Arc<dyn Secrets>;
    let project = resolve_with(&test_project.settings(), secrets, limits)
        .await
        .unwrap();
    let problem = project.auth.current().await.unwrap_err();
    assert_eq!(problem.kind, Kind::Conflict, "{problem}");
    let kept = stored_session(&*vault, &name).await;
    assert!(kept.is_some(), "nobody is signed out");
}
