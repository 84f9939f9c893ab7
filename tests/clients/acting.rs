//! Acting as a user with the project's JWT secret: the same rows as for whoever signs in, and nothing left on the server.

use crate::test_project::{PASSWORD, TestProject, limits, weeksmith, whole};
use std::sync::Arc;
use supadeck::adapters::connect::{Project, RoleChoice, Settings, Transport, resolve_with};
use supadeck::adapters::secrets::SecretStore;
use supadeck::domain::identity::Identity;
use supadeck::domain::problem::{Kind, Problem};
use supadeck::domain::query::Select;
use supadeck::ops::{acting, cycle, session};

const BOB: &str = "bob@example.com";

async fn project(test_project: &TestProject, secret: Option<&str>) -> Project {
    let settings = Settings {
        as_: Some(RoleChoice::Anon),
        db_url: Some(test_project.info.db_url.clone().into()),
        jwt_secret: secret.map(Into::into),
        ..test_project.settings()
    };
    let secrets = Arc::new(SecretStore::memory());
    resolve_with(&settings, secrets, limits()).await.unwrap()
}

async fn act(project: &Project, name: &str) -> Result<Identity, Problem> {
    let way = Transport::of(project).await.unwrap().unwrap();
    let directory = way.directory();
    let acted = acting::act(&*project.auth, Some(&*directory), name).await?;
    assert_eq!(acted.1, None);
    Ok(acted.0)
}

async fn count(test_project: &TestProject, what: &str) -> i64 {
    let query = format!("select count(*) from auth.{what}");
    test_project.db.query_one(&query, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_is_acted_as_sees_what_they_would_see_and_nothing_is_left() {
    let test_project = weeksmith("acting_rows").await;
    let project = project(&test_project, Some(&test_project.info.jwt_secret)).await;
    assert!(project.can_act);
    let acted = act(&project, "BOB@example.com").await.unwrap();
    assert!(acted.is_acted() && acted.is_under_rls());
    assert_eq!(acted.called(), "bob@example.com (authenticated, acted)");
    let hers = cycle::list(&*project.rest, &acted).await.unwrap();
    assert_eq!(
        (
            count(&test_project, "sessions").await,
            count(&test_project, "refresh_tokens").await
        ),
        (0, 0)
    );
    let bob = whole(session::sign_in(&*project.auth, BOB, &PASSWORD.into()).await);
    assert_eq!(cycle::list(&*project.rest, &bob).await.unwrap(), hers);
    assert!(!hers.is_empty());
    assert_ne!(acted, bob);
    // By id; and whoever is not there is said.
    assert_eq!(
        act(&project, acted.user_id().unwrap()).await.unwrap(),
        acted
    );
    let nobody = act(&project, "nobody@example.com").await.unwrap_err();
    assert_eq!(nobody.what, "The project has no user nobody@example.com.");
    for odd in ["'; drop table goal; --", "$sd$", ""] {
        assert!(act(&project, odd).await.is_err(), "{odd}");
    }
    // What one acts as is kept nowhere, and is over when it is ended.
    let kept = session::kept(&*project.auth).await.unwrap();
    assert_eq!(kept.users.len(), 1, "bob, who signed in");
    session::sign_out(&*project.auth, &acted).await.unwrap();
    assert_eq!(
        cycle::list(&*project.rest, &acted).await.unwrap_err().kind,
        Kind::Auth
    );
    assert!(!cycle::list(&*project.rest, &bob).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_sees_the_metadata_of_the_account() {
    let test_project = weeksmith("acting_claims").await;
    test_project
        .db
        .batch_execute(
            "create table public.plan_only (id int primary key); insert into plan_only values (1); \
             alter table plan_only enable row level security; grant select on plan_only to authenticated; \
             create policy p on plan_only for select to authenticated \
               using (auth.jwt() -> 'app_metadata' ->> 'plan' = 'gold'); \
             update auth.users set raw_app_meta_data = '{\"plan\":\"gold\"}' where email = 'bob@example.com'",
        )
        .await
        .unwrap();
    crate::test_project::stack()
        .await
        .reload_schema("acting_claims")
        .await
        .unwrap();
    let project = project(&test_project, Some(&test_project.info.jwt_secret)).await;
    let query = Select::from("plan_only").columns("id");
    for (email, rows) in [(BOB, 1), ("alice@example.com", 0)] {
        let who = act(&project, email).await.unwrap();
        let answer = project.rest.select(&who, &query).await.unwrap();
        let found: Vec<serde_json::Value> = answer.rows().unwrap();
        assert_eq!(found.len(), rows, "{email}");
    }
    // Whoever signed in anonymously is that in the token, too.
    let claim = Select::from("anonymous_only").columns("id");
    test_project
        .db
        .batch_execute(
            "create table public.anonymous_only (id int primary key); insert into anonymous_only values (1); \
             alter table anonymous_only enable row level security; grant select on anonymous_only to authenticated; \
             create policy p on anonymous_only for select to authenticated \
               using ((auth.jwt() ->> 'is_anonymous')::boolean); \
             update auth.users set is_anonymous = true where email = 'alice@example.com'",
        )
        .await
        .unwrap();
    crate::test_project::stack()
        .await
        .reload_schema("acting_claims")
        .await
        .unwrap();
    for (email, rows) in [(BOB, 0), ("alice@example.com", 1)] {
        let who = act(&project, email).await.unwrap();
        let answer = project.rest.select(&who, &claim).await.unwrap();
        let found: Vec<serde_json::Value> = answer.rows().unwrap();
        assert_eq!(found.len(), rows, "{email}");
    }
    // Without a way to the database the id alone is known, and that is said.
    let bob = act(&project, BOB).await.unwrap();
    let (who, note) = acting::act(&*project.auth, None, bob.user_id().unwrap())
        .await
        .unwrap();
    assert!(note.unwrap().contains("metadata"));
    assert!(
        project
            .rest
            .select(&who, &query)
            .await
            .unwrap()
            .rows::<serde_json::Value>()
            .unwrap()
            .is_empty()
    );
    let by_name = acting::act(&*project.auth, None, BOB).await.unwrap_err();
    assert_eq!(by_name.kind, Kind::Config);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_of_another_project_is_said_and_none_is_no_way() {
    let test_project = weeksmith("acting_wrong").await;
    let wrong = project(
        &test_project,
        Some("another-projects-secret-of-some-length"),
    )
    .await;
    let who = act(&wrong, BOB).await.unwrap();
    let refused = cycle::list(&*wrong.rest, &who).await.unwrap_err();
    assert_eq!(
        (refused.kind, refused.code.as_deref()),
        (Kind::Auth, Some("jwt_secret_refused"))
    );
    let none = project(&test_project, None).await;
    assert!(!none.can_act);
    let problem = act(&none, BOB).await.unwrap_err();
    assert!(problem.hint.unwrap().contains("SUPABASE_JWT_SECRET"));
}
