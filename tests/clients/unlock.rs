//! The emergency unlock: who may, what is refused beforehand, and that what is reported is what is there.

use crate::test_project::{LOCKED, OPEN, weeksmith};
use supadeck::adapters::connect::{Project, RoleChoice};
use supadeck::domain::identity::Identity;
use supadeck::domain::lock::{LockState, UnlockEffect, UnlockRequest, WeekLock};
use supadeck::domain::problem::Kind;
use supadeck::ops::lock;

fn request(plan: &str, why: &str, minutes: u32) -> UnlockRequest {
    UnlockRequest {
        plan_id: plan.into(),
        rationale: why.into(),
        minutes,
        shown_until: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_role_unlocks_and_sees_it() {
    let test_project = weeksmith("unlock_service").await;
    let project = test_project.project(RoleChoice::Service).await;
    let who = Identity::Service;
    let opened = lock::unlock(
        &*project.rest,
        &who,
        &request(LOCKED, " A sick child. ", 30),
    )
    .await
    .unwrap();
    let record = opened.record.unwrap();
    let opened = opened.lock;
    assert_eq!(opened.standing(), LockState::Unlocked);
    let until = opened.running_until().unwrap();
    let minutes = until.duration_since(jiff::Timestamp::now()).as_secs() / 60;
    assert!((28..=30).contains(&minutes), "{minutes}");
    let newest = "select rationale, id::text from audit_log where action = 'weekly_plan.unlock' order by created_at desc limit 1";
    let kept = test_project.db.query_one(newest, &[]).await.unwrap();
    assert_eq!(kept.get::<_, String>(0), "A sick child.");
    assert_eq!(kept.get::<_, String>(1), record);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_unlocks_and_nothing_senseless_is_sent() {
    let test_project = weeksmith("unlock_denied").await;
    let (alice, who) = test_project.as_user("alice@example.com").await;
    let denied = lock::unlock(&*alice.rest, &who, &request(LOCKED, "Please.", 5))
        .await
        .unwrap_err();
    assert_eq!(denied.kind, Kind::Denied);
    assert!(denied.hint.unwrap().contains("--as service"));

    let project = test_project.project(RoleChoice::Service).await;
    let try_it = async |plan: &str, why: &str, minutes| {
        let asked = request(plan, why, minutes);
        lock::unlock(&*project.rest, &Identity::Service, &asked)
            .await
            .unwrap_err()
    };
    assert_eq!(try_it(LOCKED, " \n", 5).await.kind, Kind::Usage);
    assert_eq!(try_it(LOCKED, "x", 0).await.kind, Kind::Usage);
    assert_eq!(try_it(LOCKED, "x", 1_441).await.kind, Kind::Usage);
    assert_eq!(try_it("week 9", "x", 5).await.kind, Kind::Usage);
    assert_eq!(
        try_it("00000000-0000-4000-8000-000000000000", "x", 5)
            .await
            .kind,
        Kind::Usage
    );
    // The schema's own words, with its code.
    let open = try_it(OPEN, "x", 5).await;
    assert_eq!(
        (open.kind, open.code.as_deref()),
        (Kind::Conflict, Some("PT409")),
        "{open:?}"
    );
    assert_eq!(open.what, "Week 2 is not locked.");
    let none: i64 = test_project
        .db
        .query_one(
            "select count(*) from weekly_plan where unlocked_until > now() and id::text = $1",
            &[&LOCKED],
        )
        .await
        .unwrap()
        .get(0);
    assert_eq!(none, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_unlock_is_told_with_its_reason_and_what_a_new_one_does_to_it() {
    let test_project = weeksmith("unlock_look").await;
    let project = test_project.project(RoleChoice::Service).await;
    let (rest, who) = (&*project.rest, Identity::Service);
    let now = jiff::Timestamp::now;
    let closed = lock::look(rest, &who, &request(LOCKED, "Physio.", 60))
        .await
        .unwrap();
    assert_eq!(closed.bearing(now()), UnlockEffect::Opens);
    assert_eq!(closed.cycle.unwrap().id, crate::test_project::CYCLE);
    lock::unlock(rest, &who, &closed.request).await.unwrap();

    let shorter = lock::look(rest, &who, &request(LOCKED, "A mistake.", 10))
        .await
        .unwrap();
    let UnlockEffect::Shortens(by) = shorter.bearing(now()) else {
        panic!("{shorter:?}")
    };
    assert!((48..=50).contains(&by.as_mins()), "{by:?}");
    assert_eq!(
        shorter.opening.unwrap().rationale.as_deref(),
        Some("Physio.")
    );
    let longer = lock::look(rest, &who, &request(LOCKED, "More.", 90))
        .await
        .unwrap();
    assert!(matches!(longer.bearing(now()), UnlockEffect::Lengthens(_)));

    // Somebody else unlocks between the look and the word.
    lock::unlock(rest, &who, &longer.request).await.unwrap();
    let late = lock::unlock(rest, &who, &shorter.request)
        .await
        .unwrap_err();
    assert_eq!(late.kind, Kind::Conflict, "{late:?}");
    let last = lock::look(rest, &who, &request(LOCKED, "x", 1))
        .await
        .unwrap();
    assert_eq!(
        last.lock.unlocked_until,
        lock_of(&project, LOCKED).await.unlocked_until
    );
    assert_eq!(last.opening.unwrap().rationale.as_deref(), Some("More."));

    let open = lock::look(rest, &who, &request(OPEN, "x", 5))
        .await
        .unwrap_err();
    assert_eq!(
        (open.kind, open.what.as_str()),
        (Kind::Conflict, "Week 2 is not locked.")
    );
}

async fn lock_of(project: &Project, plan: &str) -> WeekLock {
    let locks = lock::list(&*project.rest, &Identity::Service, None)
        .await
        .unwrap();
    locks.into_iter().find(|lock| lock.plan_id == plan).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reason_of_an_unlock_is_read_under_row_level_security() {
    let test_project = weeksmith("unlock_reason").await;
    let project = test_project.project(RoleChoice::Service).await;
    let asked = request(LOCKED, "Half marathon.", 30);
    lock::unlock(&*project.rest, &Identity::Service, &asked)
        .await
        .unwrap();
    let week = lock_of(&project, LOCKED).await;
    for (email, sees) in [
        ("alice@example.com", true),
        ("auditor@example.com", true),
        ("bob@example.com", false),
    ] {
        let (reader, who) = test_project.as_user(email).await;
        let opening = lock::opening(&*reader.rest, &who, &week).await.unwrap();
        let reason = opening.and_then(|opening| opening.rationale);
        assert_eq!(
            reason.is_some_and(|reason| reason == "Half marathon."),
            sees,
            "{email}"
        );
    }
    // The owner of the table has set another end since: no record speaks of that one.
    let moved =
        "update weekly_plan set unlocked_until = now() + interval '3 hours' where id::text = $1";
    test_project.db.execute(moved, &[&LOCKED]).await.unwrap();
    let week = lock_of(&project, LOCKED).await;
    assert!(week.running_until().is_some());
    let opening = lock::opening(&*project.rest, &Identity::Service, &week).await;
    assert_eq!(opening.unwrap(), None);
}
