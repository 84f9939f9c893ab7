//! The seeds: what they leave, that a second run writes nothing, and that the demo accounts can sign in.

use crate::cell::Cells;
use crate::image;
use crate::support::without_psql;
use crate::test_database::{TestDatabase, http, migrated, root, sign_in, sql_files, value};
use serde_json::Value;
use tokio_postgres::Client;

/// Runs every seed in order, as `supadeck seed apply` does.
pub async fn run_all(owner: &Client) {
    for file in sql_files(&root().join("seeds")) {
        let text = std::fs::read_to_string(&file).unwrap();
        let fault = owner.batch_execute(&without_psql(&text)).await.err();
        assert!(fault.is_none(), "{}: {fault:?}", file.display());
    }
}

/// Rows by table, from `docs/schema` and the story that the seeds tell.
const COUNTS: [(&str, u32); 10] = [
    ("auth.users", 4),
    ("public.vision", 3),
    ("public.cycle", 4),
    ("public.goal", 8),
    ("public.weekly_plan", 48),
    ("public.task", 9),
    ("public.plan_item", 140),
    ("public.chat_session", 2),
    ("public.chat_message", 6),
    ("public.audit_log", 303),
];

#[tokio::test]
async fn second_run_of_the_seeds_writes_nothing() {
    let owner = migrated("seed_twice").await;
    run_all(&owner).await;
    let mut cells = Cells::default();
    for (table, count) in COUNTS {
        let got = value(&owner, &format!("select count(*) from {table}")).await;
        cells.same(table, &count.to_string(), &got);
    }
    cells.finish();

    let before = image::of_every_write(&owner).await;
    run_all(&owner).await;
    let after = image::of_every_write(&owner).await;
    assert!(before == after, "{}", image::difference(&before, &after));

    // Later, when people have worked with it and the unlock is over, nothing of theirs is taken back.
    let work = "update public.plan_item set notes = 'Mine.' where id::text like '20000000-0000-4000-8001-%';
        update public.vision set year = 'Mine.';
        update public.weekly_plan set unlocked_until = now() - interval '1 hour' where unlocked_until is not null;
        update public.weekly_plan set locked_after_week = 3 where locked_after_week = 4;
        update public.chat_message set content = 'Mine.'; update public.task set title = 'Mine.'";
    owner.batch_execute(work).await.unwrap();
    let before = image::of_every_write(&owner).await;
    run_all(&owner).await;
    let after = image::of_every_write(&owner).await;
    assert!(before == after, "{}", image::difference(&before, &after));
}

#[tokio::test]
async fn demo_accounts_sign_in_and_see_their_story() {
    let test_db = TestDatabase::new("seed_accounts").await;
    run_all(&test_db.owner).await;
    let http = http();
    let mut cells = Cells::default();
    for (name, cycles, goals, records_of_others) in [
        ("alice", 2, 4, false),
        ("bob", 1, 2, false),
        ("carol", 1, 2, false),
        ("auditor", 4, 8, true),
    ] {
        let email = format!("{name}@example.com");
        let token = sign_in(&http, &test_db.info, &email, "weeksmith-demo").await;
        let read = |path: &'static str| {
            let request = http
                .get(format!("{}/rest/v1/{path}", test_db.info.url))
                .header("apikey", &test_db.info.publishable_key)
                .bearer_auth(&token);
            async move {
                let bytes = request.send().await.unwrap().bytes().await.unwrap();
                serde_json::from_slice::<Vec<Value>>(&bytes).unwrap()
            }
        };
        cells.same(
            &format!("{name}: cycles"),
            &cycles,
            &read("cycle").await.len(),
        );
        cells.same(&format!("{name}: goals"), &goals, &read("goal").await.len());
        let mut subjects: Vec<String> = read("audit_log?select=subject_user_id")
            .await
            .iter()
            .map(|row| row["subject_user_id"].to_string())
            .collect();
        subjects.sort();
        subjects.dedup();
        cells.same(
            &format!("{name}: reads of several people"),
            &records_of_others,
            &(subjects.len() > 1),
        );
    }
    cells.finish();
}
