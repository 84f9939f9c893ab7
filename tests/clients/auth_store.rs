//! A session and its store when they disagree: a keyring that refuses once, and one that another program wrote.

use crate::ground::{Ground, PASSWORD, limits, weeksmith, whole};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use supadeck::adapters::auth::{GoTrue, Parts};
use supadeck::adapters::connect::resolve_with;
use supadeck::adapters::http::Http;
use supadeck::adapters::secrets::Vault;
use supadeck::domain::problem::{Kind, Problem};
use supadeck::domain::secret::{ApiKey, Keeping, SecretKind};
use supadeck::ops::session;
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
    vault: Vault,
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
    ) -> Task<'a, Keeping> {
        if self.refuses.load(Ordering::SeqCst) {
            return Box::pin(async { Err(Problem::new(Kind::Config, "No.", "It is busy.")) });
        }
        self.vault.set(profile, kind, value)
    }
    fn remove<'a>(&'a self, profile: &'a str, kind: SecretKind) -> Task<'a, Keeping> {
        self.vault.remove(profile, kind)
    }
    fn keeping(&self) -> Task<'_, Keeping> {
        self.vault.keeping()
    }
}

async fn spent(ground: &Ground) -> i64 {
    let query = "select count(*) from auth.refresh_tokens where revoked";
    ground.db.query_one(query, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_refused_once_does_not_bring_a_used_token_back() {
    let ground = weeksmith("session_moody").await;
    let clock = Arc::new(Ahead(AtomicI64::new(0)));
    let store = Arc::new(Moody {
        vault: Vault::memory(),
        refuses: AtomicBool::new(false),
    });
    let auth = GoTrue::new(Parts {
        url: ground.info.url.clone(),
        key: Some(ApiKey::new(&ground.info.publishable_key.as_str().into())),
        http: Arc::new(Http::new(limits())),
        secrets: Arc::clone(&store) as Arc<dyn Secrets>,
        profile: "p".into(),
        lock_dir: None,
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
    });
    let who = whole(auth.sign_in("alice@example.com", &PASSWORD.into()).await);
    store.refuses.store(true, Ordering::SeqCst);
    clock.0.store(3_600, Ordering::SeqCst);
    assert_eq!(auth.current().await.unwrap(), who);
    assert_eq!(spent(&ground).await, 1);
    assert_eq!(
        auth.take_warning().unwrap().code.as_deref(),
        Some("session_not_stored")
    );
    // An hour later the store still holds the first token, which is used.
    store.refuses.store(false, Ordering::SeqCst);
    clock.0.store(7_200, Ordering::SeqCst);
    assert_eq!(auth.current().await.unwrap(), who);
    assert_eq!(
        spent(&ground).await,
        2,
        "the second token was spent, not the first again"
    );
    assert!(auth.take_warning().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_leaves_somebody_elses_session() {
    let ground = weeksmith("session_whose").await;
    let vault: Arc<dyn Secrets> = Arc::new(Vault::memory());
    let project = async || {
        let secrets = Arc::clone(&vault);
        resolve_with(&ground.settings(), secrets, limits())
            .await
            .unwrap()
    };
    let (one, two) = (project().await, project().await);
    whole(session::sign_in(&*one.auth, "alice@example.com", &PASSWORD.into()).await);
    whole(session::sign_in(&*two.auth, "bob@example.com", &PASSWORD.into()).await);
    session::sign_out(&*one.auth).await.unwrap();
    let stored = vault
        .get(&two.profile.name, SecretKind::Session)
        .await
        .unwrap()
        .unwrap();
    assert!(stored.expose_secret().contains("bob@example.com"));
    let sessions = "select count(*) from auth.sessions";
    let left: i64 = ground.db.query_one(sessions, &[]).await.unwrap().get(0);
    assert_eq!(left, 1, "alice's is over on the server, bob's is not");
}
