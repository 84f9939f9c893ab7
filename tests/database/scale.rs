//! Reading the audit log at size: each filter that is offered finds its records by an index, and looks at a bounded part of the table,
//! as the owner and as the auditor.
//!
//! The log is filled by `seeds/scale/audit.sql`, with fewer records where nobody asks for more: from 100,000 on the planner chooses what it
//! chooses at a million. `SUPADECK_AUDIT_RECORDS=1000000` takes that many.

use crate::cell::Cells;
use crate::test_database::{connect, migrated, root, stack, value};
use serde_json::Value;
use tokio_postgres::{Client, SimpleQueryMessage};

/// The most blocks of 8 KiB that a page of any filter may look at.
const MOST_BLOCKS: u64 = 6_000;

/// What is asked, and the indexes of which one serves it. `$ACTOR`, `$ROW`, `$DELETED` and `$REQUEST` are values that are there.
#[rustfmt::skip]
const FILTERS: [(&str, &[&str]); 27] = [
    // The list, its next page, a time, the oldest.
    ("true",                                                    &["newest"]),
    ("created_at <= '2026-05-01' and (created_at < '2026-05-01' or (created_at = '2026-05-01' and id < gen_random_uuid()))", &["newest"]),
    ("created_at >= '2026-10-12' and created_at < '2026-10-13'", &["newest"]),
    ("created_at < '2025-01-01'",                               &["newest"]),
    // actor:, subject:
    ("actor_user_id = '$ACTOR'",                                &["actor"]),
    ("actor_user_id is null",                                   &["actor", "newest"]),
    ("subject_user_id = '$ACTOR'",                              &["subject"]),
    ("subject_user_id is null",                                 &["subject"]),
    ("actor_user_id >= 'a0000000-0000-0000-0000-000000000000' and actor_user_id <= 'a00fffff-ffff-ffff-ffff-ffffffffffff'", &["actor"]),
    ("actor_user_id in ('$ACTOR', '00000000-0000-0000-0000-000000000000')", &["actor"]),
    // action:
    ("action = 'vision.update'",                                &["action"]),
    ("action = 'plan_item.update'",                             &["action", "newest"]),
    (r"action like 'vision.%'",                                 &["action_prefix"]),
    (r"action like 'plan\_item.%'",                             &["newest"]),
    (r"(action like 'vision.%' or action = 'weekly_plan.unlock')", &["action_prefix"]),
    // changed:
    ("changed @> '{rarely}'",                                   &["changed"]),
    ("changed @> '{qty}'",                                      &["changed", "newest"]),
    ("changed @> '{qty,rarely}'",                               &["changed"]),
    ("changed && '{rarely,nothing}'",                           &["changed"]),
    ("changed @> '{nothing}'",                                  &["changed"]),
    // request:
    ("correlation_id = '$REQUEST'",                             &["correlation"]),
    // row:
    (r"action like 'plan\_item.%' and (after_state ->> 'id' = '$ROW' or (after_state is null and before_state ->> 'id' = '$ROW'))", &["row"]),
    (r"action like 'plan\_item.%' and (after_state ->> 'id' = '$DELETED' or (after_state is null and before_state ->> 'id' = '$DELETED'))", &["deleted_row"]),
    // Who changed this field of this row; what somebody did last week.
    ("after_state ->> 'id' = '$ROW' and changed @> '{qty}'",    &["row"]),
    ("actor_user_id = '$ACTOR' and changed @> '{notes}'",       &["actor"]),
    (r"actor_user_id = '$ACTOR' and action like 'plan\_item.%' and created_at > '2026-11-20'", &["actor"]),
    ("id = '$RECORD'",                                          &["pkey"]),
];

/// The records of a test_db that was filled.
async fn fill(owner: &Client) -> u64 {
    let records = std::env::var("SUPADECK_AUDIT_RECORDS")
        .ok()
        .and_then(|records| records.parse().ok())
        .unwrap_or(100_000);
    let seed = std::fs::read_to_string(root().join("seeds/scale/audit.sql")).unwrap();
    let sql: String = seed
        .lines()
        .filter(|line| !line.starts_with('\\'))
        .flat_map(|line| [line, "\n"])
        .collect();
    let sql = sql
        .replace(":records", &records.to_string())
        .replace(":people", "5000");
    owner.batch_execute(&sql).await.unwrap();
    records
}

/// The plan of a query that is run, and how many blocks it looked at.
async fn explain(client: &Client, query: &str) -> (String, u64) {
    let explain = format!("explain (analyze, buffers, timing off, format json) {query}");
    let rows = client.simple_query(&explain).await.unwrap();
    let text = rows.iter().find_map(|row| match row {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    let plan: Value = serde_json::from_str(text.unwrap()).unwrap();
    let top = &plan[0]["Plan"];
    let blocks = |name: &str| top[name].as_u64().unwrap();
    let looked = blocks("Shared Hit Blocks") + blocks("Shared Read Blocks");
    (plan[0]["Plan"].to_string(), looked)
}

#[tokio::test]
async fn every_filter_that_is_offered_has_its_index() {
    let owner = migrated("scale_filters").await;
    let records = fill(&owner).await;
    owner
        .batch_execute("vacuum analyze public.audit_log")
        .await
        .unwrap();
    let superuser = connect(&stack().await.superuser_url("scale_filters")).await;
    let updated =
        "where action = 'plan_item.update' and changed @> '{qty}' order by created_at desc limit 1";
    let mut known = Vec::new();
    for (name, query) in [
        ("$ACTOR", format!("select actor_user_id from (select * from public.audit_log where actor_type = 'user' {}) a", updated.replacen("where", "and", 1))),
        ("$ROW", format!("select after_state ->> 'id' from public.audit_log {updated}")),
        ("$DELETED", "select before_state ->> 'id' from public.audit_log where action = 'plan_item.delete' limit 1".to_owned()),
        ("$REQUEST", format!("select correlation_id from public.audit_log {updated}")),
        ("$RECORD", format!("select id from public.audit_log {updated}")),
    ] {
        known.push((name, value(&owner, &query).await));
    }
    let mut cells = Cells::default();
    for role in ["postgres", "auditor"] {
        let begin = format!("begin; set local role {role}");
        superuser.batch_execute(&begin).await.unwrap();
        for (filter, indexes) in FILTERS {
            let filter = known
                .iter()
                .fold(filter.to_owned(), |filter, (name, value)| {
                    filter.replace(name, value)
                });
            for order in ["desc", "asc"] {
                let query = format!(
                    "select id, created_at, actor_user_id, action, changed from public.audit_log where {filter} order by created_at {order}, id {order} limit 200"
                );
                let (plan, blocks) = explain(&superuser, &query).await;
                let is_served = indexes.iter().any(|index| {
                    plan.contains(&format!("\"audit_log_{index}_idx\""))
                        || plan.contains(&format!("\"audit_log_{index}\""))
                });
                cells.check(
                    is_served && !plan.contains("Seq Scan") && blocks <= MOST_BLOCKS,
                    || {
                        format!(
                            "{role}: {filter} {order}: {blocks} blocks of {records} records\n{plan}"
                        )
                    },
                );
            }
        }
        superuser.batch_execute("rollback").await.unwrap();
    }
    // Whether a record without names is left.
    superuser
        .batch_execute("begin; set local role auditor")
        .await
        .unwrap();
    let query = "select id from public.audit_log where changed is null order by id limit 1";
    let (plan, blocks) = explain(&superuser, query).await;
    superuser.batch_execute("rollback").await.unwrap();
    cells.check(
        plan.contains("audit_log_unfilled_idx") && blocks <= 10,
        || format!("{query}: {blocks} blocks of {records} records\n{plan}"),
    );
    cells.finish();
}
