//! The second factor against a real Auth server: who is signed in between the two, and what each end of it leaves behind.

use crate::test_project::{
    PASSWORD, TestProject, limits, stack, store_session, stored_session, weeksmith, whole,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use supadeck::adapters::connect::{Project, RoleChoice, resolve_with};
use supadeck::adapters::secrets::SecretStore;
use supadeck::domain::identity::{Aal, Identity};
use supadeck::domain::mfa::{MfaChallenge, SignIn};
use supadeck::domain::problem::Kind;
use supadeck::domain::query::Select;
use supadeck::ops::{cycle, session};
use supadeck::ports::Secrets;
use supadeck_stack::totp;

const ALICE: &str = "alice@example.com";
const BOB: &str = "bob@example.com";
const PHONE: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const TABLET: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

/// The code of a secret, so many steps from now.
fn code(secret: &str, steps: i64) -> SecretString {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let at = now.as_secs().checked_add_signed(steps * 30).unwrap();
    totp::code(secret, at).unwrap().into()
}

/// Gives somebody a verified factor, as an app of the project would have.
async fn enroll(test_project: &TestProject, email: &str, name: &str, kind: &str, secret: &str) {
    let statement = format!(
        "insert into auth.mfa_factors (id, user_id, friendly_name, factor_type, status, created_at, updated_at, secret) \
         select gen_random_uuid(), id, '{name}', '{kind}', 'verified', now(), now(), '{secret}' \
         from auth.users where email = '{email}'"
    );
    test_project.db.batch_execute(&statement).await.unwrap();
}

async fn count(test_project: &TestProject, what: &str) -> i64 {
    let statement = format!("select count(*) from {what}");
    test_project
        .db
        .query_one(&statement, &[])
        .await
        .unwrap()
        .get(0)
}

/// A project over a vault that the test looks into.
async fn project(test_project: &TestProject, vault: &Arc<SecretStore>) -> Project {
    let secrets = Arc::clone(vault) as Arc<dyn Secrets>;
    resolve_with(&test_project.settings(), secrets, limits())
        .await
        .unwrap()
}

async fn kept(vault: &SecretStore, project: &Project) -> Option<Value> {
    stored_session(vault, &project.profile.name).await
}

/// Signs in with a password where a second factor is asked for.
async fn half(project: &Project, email: &str) -> MfaChallenge {
    match session::sign_in(&*project.auth, email, &PASSWORD.into())
        .await
        .unwrap()
    {
        SignIn::Waiting(waiting) => waiting,
        SignIn::Done(who) => panic!("{who:?} was not asked for a second factor"),
    }
}

fn level(who: &Identity) -> Aal {
    match who {
        Identity::User(user) => user.aal,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_code_can_be_mended_and_the_right_one_signs_in_at_aal2() {
    let test_project = weeksmith("second_right").await;
    enroll(&test_project, ALICE, "phone", "totp", PHONE).await;
    let vault = Arc::new(SecretStore::memory());
    let project = project(&test_project, &vault).await;
    let waiting = half(&project, ALICE).await;
    assert_eq!((waiting.name(), waiting.is_signed_in), (ALICE, false));
    assert_eq!(waiting.factors[0].title(), "authenticator app phone");
    assert_eq!(kept(&vault, &project).await, None, "nothing is stored yet");
    assert_eq!(project.auth.current().await.unwrap(), Identity::Anon);

    let factor = waiting.factors[0].id.clone();
    let auth = &*project.auth;
    let wrong = session::give_code(auth, &factor, &code(PHONE, 9))
        .await
        .unwrap_err();
    assert_eq!(
        wrong.code.as_deref(),
        Some("mfa_verification_failed"),
        "{wrong:?}"
    );
    let odd = session::give_code(auth, &factor, &"12 34 5".into()).await;
    assert_eq!(odd.unwrap_err().kind, Kind::Usage);
    let digits = code(PHONE, 0).expose_secret().to_owned();
    let spaced = format!("{} {}", &digits[..3], &digits[3..]);
    let who = session::give_code(auth, &factor, &spaced.into())
        .await
        .unwrap();
    assert_eq!(level(&who), Aal::Aal2);
    assert_eq!(who.rights(), "authenticated, aal2");
    let one = count(&test_project, "auth.mfa_challenges").await;
    assert_eq!(one, 1, "a wrong code leaves the challenge open");
    assert_eq!(kept(&vault, &project).await.unwrap()["user"]["aal"], "aal2");
    assert_eq!(cycle::list(&*project.rest, &who).await.unwrap().len(), 2);
    let over = session::give_code(auth, &factor, &code(PHONE, 0)).await;
    assert_eq!(over.unwrap_err().kind, Kind::Auth, "nobody waits any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_that_has_expired_is_replaced_unasked() {
    let test_project = weeksmith("second_expired").await;
    enroll(&test_project, ALICE, "phone", "totp", PHONE).await;
    let project = project(&test_project, &Arc::new(SecretStore::memory())).await;
    let waiting = half(&project, ALICE).await;
    let (auth, factor) = (&*project.auth, &waiting.factors[0].id);
    session::give_code(auth, factor, &code(PHONE, 9))
        .await
        .unwrap_err();
    test_project
        .db
        .batch_execute("update auth.mfa_challenges set created_at = now() - interval '1 hour'")
        .await
        .unwrap();
    let who = session::give_code(auth, factor, &code(PHONE, 0))
        .await
        .unwrap();
    assert_eq!(level(&who), Aal::Aal2);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_several_factors_takes_its_own_code() {
    let test_project = weeksmith("second_two").await;
    enroll(&test_project, ALICE, "sms", "phone", "").await;
    enroll(&test_project, ALICE, "phone", "totp", PHONE).await;
    enroll(&test_project, ALICE, "tablet", "totp", TABLET).await;
    let project = project(&test_project, &Arc::new(SecretStore::memory())).await;
    session::send_code(&*project.auth, ALICE).await.unwrap();
    let mail = stack().await.mail_in("second_two", ALICE).unwrap();
    let entered = session::verify_code(&*project.auth, ALICE, &mail.into()).await;
    let SignIn::Waiting(waiting) = entered.unwrap() else {
        panic!("a code by e-mail is one factor");
    };
    let names: Vec<&str> = waiting.factors.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["phone", "tablet", "sms"]);
    assert!(!waiting.factors[2].is_usable());
    let auth = &*project.auth;
    let other = session::give_code(auth, &waiting.factors[1].id, &code(PHONE, 0)).await;
    assert_eq!(
        other.unwrap_err().code.as_deref(),
        Some("mfa_verification_failed")
    );
    let who = session::give_code(auth, &waiting.factors[1].id, &code(TABLET, 0)).await;
    assert_eq!(level(&who.unwrap()), Aal::Aal2);
}

#[tokio::test(flavor = "multi_thread")]
async fn giving_up_ends_the_half_session_and_leaves_who_was_there() {
    let test_project = weeksmith("second_up").await;
    enroll(&test_project, ALICE, "phone", "totp", PHONE).await;
    let vault = Arc::new(SecretStore::memory());
    let project = project(&test_project, &vault).await;
    let auth = &*project.auth;
    let bob = whole(session::sign_in(auth, BOB, &PASSWORD.into()).await);
    let before = kept(&vault, &project).await;
    half(&project, ALICE).await;
    assert_eq!(auth.current().await.unwrap(), bob);
    assert_eq!(count(&test_project, "auth.sessions").await, 2);
    session::give_up(auth).await.unwrap();
    assert_eq!(count(&test_project, "auth.sessions").await, 1);
    assert_eq!(kept(&vault, &project).await, before);
    assert_eq!(auth.current().await.unwrap(), bob);
    cycle::list(&*project.rest, &bob).await.unwrap();
    session::give_up(auth).await.unwrap();

    // A newer sign-in takes the place of one that waits.
    half(&project, ALICE).await;
    half(&project, ALICE).await;
    assert_eq!(count(&test_project, "auth.sessions").await, 2);
    let bob_again = whole(session::sign_in(auth, BOB, &PASSWORD.into()).await);
    assert_eq!(bob_again, bob);
    let of_alice =
        "auth.sessions where user_id in (select id from auth.users where email like 'alice%')";
    assert_eq!(count(&test_project, of_alice).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_asks_for_aal2_shows_its_rows_after_the_code_only() {
    let test_project = weeksmith("second_policy").await;
    test_project
        .db
        .batch_execute(
            "create table public.payroll (id int primary key);
             insert into public.payroll values (1), (2);
             grant select on public.payroll to authenticated;
             alter table public.payroll enable row level security;
             create policy sure on public.payroll for select to authenticated
                 using ((select auth.jwt() ->> 'aal') = 'aal2');",
        )
        .await
        .unwrap();
    stack().await.reload_schema("second_policy").await.unwrap();
    enroll(&test_project, ALICE, "phone", "totp", PHONE).await;
    let vault = Arc::new(SecretStore::memory());
    let first = project(&test_project, &vault).await;
    let rows = async |project: &Project, who: &Identity| {
        let query = Select::from("payroll").columns("id");
        project
            .rest
            .select(who, &query)
            .await
            .unwrap()
            .rows::<Value>()
            .unwrap()
            .len()
    };
    half(&first, ALICE).await;
    let low = session::go_without(&*first.auth).await.unwrap();
    assert_eq!(level(&low), Aal::Aal1);
    assert!(low.lacks_second_factor());
    assert_eq!(rows(&first, &low).await, 0);
    assert_eq!(cycle::list(&*first.rest, &low).await.unwrap().len(), 2);

    // The next program finds the session, and its user steps up.
    let second = project(&test_project, &vault).await;
    assert_eq!(second.identity, low);
    let SignIn::Waiting(waiting) = session::step_up(&*second.auth, &low).await.unwrap() else {
        panic!("nothing was asked for");
    };
    assert!(waiting.is_signed_in);
    session::give_up(&*second.auth).await.unwrap();
    assert_eq!(second.auth.current().await.unwrap(), low);
    session::step_up(&*second.auth, &low).await.unwrap();
    let high = session::give_code(&*second.auth, &waiting.factors[0].id, &code(PHONE, 0))
        .await
        .unwrap();
    assert_eq!(rows(&second, &high).await, 2);
    let mixed = second
        .rest
        .select(&low, &Select::from("payroll").columns("id"))
        .await
        .unwrap_err();
    assert_eq!(mixed.kind, Kind::Conflict, "rows of aal2 under aal1");
    assert_eq!(
        session::step_up(&*second.auth, &high).await.unwrap(),
        SignIn::Done(high.clone())
    );

    // A refresh keeps the level.
    let mut stored = kept(&vault, &second).await.unwrap();
    let token = stored["refresh_token"].clone();
    stored["expires_at"] = 0.into();
    store_session(&*vault, &second.profile.name, &stored).await;
    let third = project(&test_project, &vault).await;
    let who = third.auth.current().await.unwrap();
    assert_eq!(who, high);
    assert_ne!(kept(&vault, &third).await.unwrap()["refresh_token"], token);
    assert_eq!(rows(&third, &who).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_second_factor_is_told_so() {
    let test_project = weeksmith("second_none").await;
    let (project, bob) = test_project.as_user(BOB).await;
    let none = session::step_up(&*project.auth, &bob).await.unwrap_err();
    assert_eq!(none.code.as_deref(), Some("no_second_factor"), "{none:?}");
    assert_eq!(project.auth.current().await.unwrap(), bob);
    // One that only asks by text message is said to be out of reach.
    enroll(&test_project, BOB, "sms", "phone", "").await;
    let waiting = half(&project, BOB).await;
    assert!(waiting.usable().is_empty());
    assert!(waiting.unusable().why.contains("text message"));
    session::give_up(&*project.auth).await.unwrap();
    let anon = test_project.project(RoleChoice::Anon).await;
    let nobody = session::step_up(&*anon.auth, &Identity::Anon)
        .await
        .unwrap_err();
    assert_eq!(nobody.what, "Nobody is signed in.");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_out_of_reach_leaves_the_sign_in_waiting() {
    let test_project = weeksmith("second_gone").await;
    enroll(&test_project, ALICE, "phone", "totp", PHONE).await;
    let project = project(&test_project, &Arc::new(SecretStore::memory())).await;
    let waiting = half(&project, ALICE).await;
    let (auth, factor) = (&*project.auth, &waiting.factors[0].id);
    // Auth's own database says no for a moment.
    let admin = crate::test_project::connect(&stack().await.superuser_url("second_gone")).await;
    admin
        .batch_execute("alter table auth.mfa_challenges rename to elsewhere")
        .await
        .unwrap();
    let failed = session::give_code(auth, factor, &code(PHONE, 0))
        .await
        .unwrap_err();
    assert_eq!(failed.kind, Kind::Network, "{failed:?}");
    admin
        .batch_execute("alter table auth.elsewhere rename to mfa_challenges")
        .await
        .unwrap();
    let who = session::give_code(auth, factor, &code(PHONE, 0)).await;
    assert_eq!(level(&who.unwrap()), Aal::Aal2);
}
