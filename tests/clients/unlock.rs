//! The emergency unlock: who may, what is refused beforehand, and that what is reported is what is there.

use crate::ground::{LOCKED, OPEN, weeksmith};
use supadeck::adapters::connect::As;
use supadeck::domain::identity::Identity;
use supadeck::domain::lock::{Standing, UnlockRequest};
use supadeck::domain::problem::Kind;
use supadeck::ops::lock;

fn request(plan: &str, why: &str, minutes: u32) -> UnlockRequest {
    UnlockRequest {
        plan_id: plan.into(),
        rationale: why.into(),
        minutes,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_role_unlocks_and_sees_it() {
    let ground = weeksmith("unlock_service").await;
    let project = ground.project(As::Service).await;
    let who = Identity::Service;
    let opened = lock::unlock(
        &*project.rest,
        &who,
        &request(LOCKED, " A sick child. ", 30),
    )
    .await
    .unwrap();
    assert_eq!(opened.standing(), Standing::Unlocked);
    let until: jiff::Timestamp = opened.unlocked_until.unwrap().parse().unwrap();
    let minutes = until.duration_since(jiff::Timestamp::now()).as_secs() / 60;
    assert!((28..=30).contains(&minutes), "{minutes}");
    let kept: String = ground
        .db
        .query_one("select rationale from audit_log where action = 'weekly_plan.unlock' order by created_at desc limit 1", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(kept, "A sick child.");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_unlocks_and_nothing_senseless_is_sent() {
    let ground = weeksmith("unlock_denied").await;
    let (alice, who) = ground.as_user("alice@example.com").await;
    let denied = lock::unlock(&*alice.rest, &who, &request(LOCKED, "Please.", 5))
        .await
        .unwrap_err();
    assert_eq!(denied.kind, Kind::Denied);
    assert!(denied.hint.unwrap().contains("--as service"));

    let project = ground.project(As::Service).await;
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
    let none: i64 = ground
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
