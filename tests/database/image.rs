//! What is in the tables, as text that can be compared. It judges nothing.

use crate::test_database::value;
use tokio_postgres::Client;

/// The tables that hold what users write.
pub const TABLES: [&str; 8] = [
    "vision",
    "cycle",
    "goal",
    "weekly_plan",
    "task",
    "plan_item",
    "chat_session",
    "chat_message",
];

/// Every row of every table, and how many audit records there are. Equal images mean that nothing was written.
pub async fn of_everything(owner: &Client) -> String {
    let rows: Vec<String> = TABLES.iter().map(|table| rows_of(table, "")).collect();
    let query = format!(
        "select concat_ws(E'\\n', {}, (select 'audit_log ' || count(*) from public.audit_log))",
        rows.join(", ")
    );
    value(owner, &query).await
}

/// The same with the transaction that wrote each row, and with the accounts: an update that changes nothing shows too.
pub async fn of_every_write(owner: &Client) -> String {
    let rows: Vec<String> = TABLES
        .iter()
        .chain(&["audit_log"])
        .map(|table| rows_of(&format!("public.{table}"), ", xmin::text as written_by"))
        .chain([
            rows_of("auth.users", ", xmin::text as written_by"),
            rows_of("auth.identities", ", xmin::text as written_by"),
        ])
        .collect();
    value(
        owner,
        &format!("select concat_ws(E'\\n', {})", rows.join(", ")),
    )
    .await
}

fn rows_of(table: &str, more: &str) -> String {
    let table = if table.contains('.') {
        table.to_owned()
    } else {
        format!("public.{table}")
    };
    format!(
        "(select '{table} ' || coalesce(jsonb_agg(to_jsonb(t) order by t.id)::text, '[]') from (select *{more} from {table}) t)"
    )
}

/// The lines in which two images differ, for a failure message.
pub fn difference(before: &str, after: &str) -> String {
    let lines = before.lines().zip(after.lines());
    let changed: Vec<String> = lines
        .filter(|(old, new)| old != new)
        .map(|(old, new)| format!("    was {old}\n    is  {new}"))
        .collect();
    changed.join("\n")
}
