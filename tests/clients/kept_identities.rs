//! Users who are kept side by side: each with a session of their own, found by the next program, whatever an earlier version
//! stored and whatever other programs do at the same time.

use crate::test_project::{
    PASSWORD, TestProject, limits, store_session, stored_session, weeksmith, whole,
};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use supadeck::adapters::auth::{list_place, user_place};
use supadeck::adapters::connect::{Project, RoleChoice, Settings, resolve_with};
use supadeck::adapters::secrets::SecretStore;
use supadeck::domain::identity::Identity;
use supadeck::domain::problem::{Kind, Problem};
use supadeck::domain::read_problem::NOT_KEPT;
use supadeck::domain::secret::{SecretKind, StoredIn};
use supadeck::ops::{cycle, session};
use supadeck::ports::{Secrets, Task};

const ALICE: &str = "alice@example.com";
const BOB: &str = "bob@example.com";
const CAROL: &str = "carol@example.com";

async fn as_(
    test_project: &TestProject,
    vault: &Arc<SecretStore>,
    who: Option<RoleChoice>,
) -> Result<Project, Problem> {
    let settings = Settings {
        as_: who,
        ..test_project.settings()
    };
    let secrets = Arc::clone(vault) as Arc<dyn Secrets>;
    resolve_with(&settings, secrets, limits()).await
}

async fn project(test_project: &TestProject, vault: &Arc<SecretStore>) -> Project {
    as_(test_project, vault, None).await.unwrap()
}

async fn enter(project: &Project, email: &str) -> Identity {
    whole(session::sign_in(&*project.auth, email, &PASSWORD.into()).await)
}

async fn count(test_project: &TestProject, what: &str) -> i64 {
    let query = format!("select count(*) from auth.{what}");
    test_project.db.query_one(&query, &[]).await.unwrap().get(0)
}

async fn names(project: &Project) -> Vec<String> {
    let kept = session::kept(&*project.auth).await.unwrap();
    kept.users
        .iter()
        .map(|user| user.name().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_kept_side_by_side_and_each_reads_their_own() {
    let test_project = weeksmith("kept_side").await;
    let vault = Arc::new(SecretStore::memory());
    let deck = project(&test_project, &vault).await;
    let alice = enter(&deck, ALICE).await;
    let bob = enter(&deck, BOB).await;
    assert_eq!(
        count(&test_project, "sessions").await,
        2,
        "nobody was replaced"
    );
    let (hers, his) = tokio::join!(
        cycle::list(&*deck.rest, &alice),
        cycle::list(&*deck.rest, &bob)
    );
    let owner = |id: &Identity| id.user_id().unwrap().to_owned();
    assert!(hers.unwrap().iter().all(|one| one.user_id == owner(&alice)));
    assert!(his.unwrap().iter().all(|one| one.user_id == owner(&bob)));

    // The next program: the last one who signed in, and whoever is named.
    let next = project(&test_project, &vault).await;
    assert_eq!(
        (&next.identity, names(&next).await),
        (&bob, vec![ALICE.to_owned(), BOB.to_owned()])
    );
    let called = |name: &str| Some(RoleChoice::UserCalled(name.to_owned()));
    let named = as_(&test_project, &vault, called("Alice@Example.COM"))
        .await
        .unwrap();
    assert_eq!(named.identity, alice);
    session::used(&*named.auth, &alice).await.unwrap();
    assert_eq!(project(&test_project, &vault).await.identity, alice);
    let last = as_(&test_project, &vault, Some(RoleChoice::User))
        .await
        .unwrap();
    assert_eq!(last.identity, alice);
    let nobody = as_(&test_project, &vault, called(CAROL)).await.unwrap_err();
    assert_eq!(
        (nobody.kind, nobody.code.as_deref()),
        (Kind::Auth, Some(NOT_KEPT))
    );
    assert!(
        nobody
            .what
            .starts_with("carol@example.com is not signed in on "),
        "{nobody}"
    );
    assert!(
        nobody.why.contains("alice@example.com and bob@example.com"),
        "{nobody}"
    );

    // One is signed out: the other stays, and nobody takes the place of who was in use.
    session::sign_out(&*deck.auth, &alice).await.unwrap();
    assert_eq!(count(&test_project, "sessions").await, 1);
    let after = project(&test_project, &vault).await;
    assert_eq!(
        (&after.identity, names(&after).await),
        (&Identity::Anon, vec![BOB.to_owned()])
    );
    let last = as_(&test_project, &vault, Some(RoleChoice::User))
        .await
        .unwrap();
    assert_eq!(last.identity, bob);
    assert!(!cycle::list(&*after.rest, &bob).await.unwrap().is_empty());
    assert_eq!(
        after.kept.email.as_deref(),
        Some(BOB),
        "of the last sign-in"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_sign_in_of_one_user_ends_the_first() {
    let test_project = weeksmith("kept_again").await;
    let vault = Arc::new(SecretStore::memory());
    enter(&project(&test_project, &vault).await, ALICE).await;
    let deck = project(&test_project, &vault).await;
    enter(&deck, BOB).await;
    enter(&deck, ALICE).await;
    assert_eq!(count(&test_project, "sessions").await, 2);
    assert_eq!(names(&deck).await, [ALICE, BOB]);
    let ended = deck.auth.end_stored().await.unwrap();
    assert_eq!(
        ended.iter().map(Identity::name).collect::<Vec<_>>(),
        [ALICE, BOB]
    );
    assert_eq!(count(&test_project, "sessions").await, 0);
    assert!(
        names(&project(&test_project, &vault).await)
            .await
            .is_empty()
    );
}

/// Signs alice in and stores her session as an earlier version did: one for the profile, and no list.
async fn old_alice(
    test_project: &TestProject,
    vault: &Arc<SecretStore>,
    is_stale: bool,
) -> (String, Identity) {
    let deck = project(test_project, vault).await;
    let who = enter(&deck, ALICE).await;
    let name = deck.profile.name.clone();
    let mut stored = stored_session(&**vault, &name).await.unwrap();
    if is_stale {
        stored["expires_at"] = 0.into();
    }
    let place = user_place(&name, who.user_id().unwrap());
    for place in [place, list_place(&name)] {
        vault.remove(&place, SecretKind::Session).await.unwrap();
    }
    let text = SecretString::from(stored.to_string());
    vault.set(&name, SecretKind::Session, &text).await.unwrap();
    (name, who)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_session_of_an_earlier_version_is_carried_over_and_not_lost() {
    for is_stale in [false, true] {
        let test_project = weeksmith(&format!("kept_old_{is_stale}")).await;
        let vault = Arc::new(SecretStore::memory());
        let (name, who) = old_alice(&test_project, &vault, is_stale).await;
        // Many programs find it at once.
        let at_once = (0..6).map(async |_| {
            let deck = project(&test_project, &vault).await;
            assert_eq!(deck.identity, who);
            cycle::list(&*deck.rest, &who).await.unwrap().len()
        });
        for rows in futures_util::future::join_all(at_once).await {
            assert_eq!(rows, 2);
        }
        let old = vault.get(&name, SecretKind::Session).await.unwrap();
        assert!(old.is_none(), "it is in its new place, and nowhere else");
        assert_eq!(
            stored_session(&*vault, &name).await.unwrap()["user"]["email"],
            ALICE
        );
        let spent = count(&test_project, "refresh_tokens where revoked").await;
        assert_eq!(
            spent,
            i64::from(is_stale),
            "one refresh at most for six programs"
        );
        assert_eq!(
            project(&test_project, &vault).await.kept.email.as_deref(),
            Some(ALICE)
        );
        let deck = project(&test_project, &vault).await;
        session::sign_out(&*deck.auth, &who).await.unwrap();
        assert_eq!(count(&test_project, "sessions").await, 0);
    }
}

/// A store that takes nothing, and gives what was there before.
struct Full(Arc<SecretStore>);

impl Secrets for Full {
    fn get<'a>(&'a self, profile: &'a str, kind: SecretKind) -> Task<'a, Option<SecretString>> {
        self.0.get(profile, kind)
    }
    fn set<'a>(&'a self, _: &'a str, _: SecretKind, _: &'a SecretString) -> Task<'a, StoredIn> {
        Box::pin(async { Err(Problem::new(Kind::Config, "No.", "It is full.")) })
    }
    fn remove<'a>(&'a self, profile: &'a str, kind: SecretKind) -> Task<'a, StoredIn> {
        self.0.remove(profile, kind)
    }
    fn keeping(&self) -> Task<'_, StoredIn> {
        Box::pin(async { Ok(StoredIn::Keyring) })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_carried_over_is_used_where_it_is() {
    let test_project = weeksmith("kept_full").await;
    let vault = Arc::new(SecretStore::memory());
    let (name, who) = old_alice(&test_project, &vault, false).await;
    let full: Arc<dyn Secrets> = Arc::new(Full(Arc::clone(&vault)));
    let deck = resolve_with(&test_project.settings(), full, limits())
        .await
        .unwrap();
    assert_eq!(deck.identity, who);
    assert_eq!(cycle::list(&*deck.rest, &who).await.unwrap().len(), 2);
    assert!(
        vault
            .get(&name, SecretKind::Session)
            .await
            .unwrap()
            .is_some()
    );
    // An hour later, with a store that takes again.
    assert_eq!(project(&test_project, &vault).await.identity, who);
    assert!(
        vault
            .get(&name, SecretKind::Session)
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_that_sign_in_at_once_lose_nobody() {
    let test_project = weeksmith("kept_at_once").await;
    let vault = Arc::new(SecretStore::memory());
    let all = [ALICE, BOB, CAROL];
    let at_once = all.map(async |email| enter(&project(&test_project, &vault).await, email).await);
    futures_util::future::join_all(at_once).await;
    let mut kept = names(&project(&test_project, &vault).await).await;
    kept.sort();
    assert_eq!(kept, all);
    assert_eq!(count(&test_project, "sessions").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_users_are_refreshed_at_once_and_once_each() {
    let test_project = weeksmith("kept_refresh").await;
    let vault = Arc::new(SecretStore::memory());
    let deck = project(&test_project, &vault).await;
    let mut all = Vec::new();
    for email in [ALICE, BOB] {
        let who = enter(&deck, email).await;
        let mut stored = stored_session(&*vault, &deck.profile.name).await.unwrap();
        stored["expires_at"] = 0.into();
        store_session(&*vault, &deck.profile.name, &stored).await;
        all.push(who);
    }
    let decks = [
        project(&test_project, &vault).await,
        project(&test_project, &vault).await,
    ];
    let reads = decks.iter().flat_map(|deck| {
        let one = |who| cycle::list(&*deck.rest, who);
        all.iter().map(one).collect::<Vec<_>>()
    });
    for read in futures_util::future::join_all(reads).await {
        assert!(!read.unwrap().is_empty());
    }
    assert_eq!(
        count(&test_project, "refresh_tokens where revoked").await,
        2
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_whose_session_has_ended_gives_way_to_nobody() {
    let test_project = weeksmith("kept_ended").await;
    let vault = Arc::new(SecretStore::memory());
    let deck = project(&test_project, &vault).await;
    enter(&deck, BOB).await;
    let alice = enter(&deck, ALICE).await;
    let mut stored = stored_session(&*vault, &deck.profile.name).await.unwrap();
    stored["expires_at"] = 0.into();
    store_session(&*vault, &deck.profile.name, &stored).await;
    let id = alice.user_id().unwrap();
    let gone = format!("delete from auth.sessions where user_id = '{id}'");
    test_project.db.batch_execute(&gone).await.unwrap();
    let next = project(&test_project, &vault).await;
    let over = cycle::list(&*next.rest, &next.identity).await.unwrap_err();
    assert!(
        over.what.contains("alice@example.com is signed out"),
        "{over}"
    );
    let after = project(&test_project, &vault).await;
    assert_eq!(
        after.identity,
        Identity::Anon,
        "nobody reads as bob unasked"
    );
    assert_eq!(names(&after).await, [BOB]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_somebody_took_out_of_the_store_is_no_user() {
    let test_project = weeksmith("kept_hand").await;
    let vault = Arc::new(SecretStore::memory());
    let deck = project(&test_project, &vault).await;
    let alice = enter(&deck, ALICE).await;
    let place = user_place(&deck.profile.name, alice.user_id().unwrap());
    vault.remove(&place, SecretKind::Session).await.unwrap();
    let next = project(&test_project, &vault).await;
    assert_eq!(
        (&next.identity, next.kept.is_empty()),
        (&Identity::Anon, true)
    );
    let named = as_(
        &test_project,
        &vault,
        Some(RoleChoice::UserCalled(ALICE.into())),
    )
    .await;
    assert_eq!(named.unwrap_err().code.as_deref(), Some(NOT_KEPT));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_is_in_the_list() {
    let test_project = weeksmith("kept_list").await;
    let vault = Arc::new(SecretStore::memory());
    let deck = project(&test_project, &vault).await;
    enter(&deck, ALICE).await;
    let name = &deck.profile.name;
    let stored = stored_session(&*vault, name).await.unwrap();
    let list = vault.get(&list_place(name), SecretKind::Session).await;
    let list = list.unwrap().unwrap();
    for token in ["access_token", "refresh_token"] {
        assert!(
            !list
                .expose_secret()
                .contains(stored[token].as_str().unwrap())
        );
    }
}
