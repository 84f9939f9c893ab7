//! Trails that are recognised by the names of their columns: of supa_audit, of triggers that keep the row before and after, of Laravel.

use super::mapping::{ColumnKind, TrailColumn, TrailMapping};

/// Where trails usually are: asked one by one where the database itself cannot be.
pub const KNOWN: [&str; 9] = [
    "audit.record_version",
    "record_version",
    "audits",
    "audit_logs",
    "audit_log",
    "audit_trail",
    "audit_events",
    "audit.logged_actions",
    "activity_log",
];

/// Columns for the row before and after, which come in pairs.
const PAIRS: [(&str, &str); 14] = [
    ("old_record", "record"),
    ("old_record", "new_record"),
    ("old_data", "new_data"),
    ("old_values", "new_values"),
    ("old_value", "new_value"),
    ("old_row", "new_row"),
    ("old_row_data", "new_row_data"),
    ("old_state", "new_state"),
    ("old", "new"),
    ("before_state", "after_state"),
    ("before_data", "after_data"),
    ("data_before", "data_after"),
    ("before", "after"),
    ("previous", "current"),
];
const IDS: [&str; 6] = ["id", "event_id", "audit_id", "log_id", "version_id", "uuid"];
const TIMES: [&str; 16] = [
    "ts",
    "created_at",
    "changed_at",
    "occurred_at",
    "performed_at",
    "executed_at",
    "recorded_at",
    "logged_at",
    "modified_at",
    "updated_at",
    "action_tstamp",
    "action_tstamp_tx",
    "event_time",
    "timestamp",
    "inserted_at",
    "at",
];
const TABLES: [&str; 14] = [
    "table_name",
    "auditable_type",
    "entity_type",
    "resource_type",
    "object_type",
    "subject_type",
    "tg_table_name",
    "target_table",
    "relation",
    "relname",
    "tbl",
    "entity",
    "resource",
    "model",
];
const SCHEMAS: [&str; 3] = ["table_schema", "schema_name", "tg_table_schema"];
const ACTIONS: [&str; 9] = [
    "op",
    "operation",
    "action",
    "event",
    "tg_op",
    "action_type",
    "change_type",
    "operation_type",
    "command",
];
const ACTORS: [&str; 12] = [
    "auth_uid",
    "actor_user_id",
    "actor_id",
    "user_id",
    "changed_by",
    "performed_by",
    "modified_by",
    "causer_id",
    "author_id",
    "created_by",
    "actor",
    "user_email",
];
const REQUESTS: [&str; 4] = ["request_id", "correlation_id", "trace_id", "batch_uuid"];
const REASONS: [&str; 4] = ["reason", "rationale", "comment", "note"];
const ADDRESSES: [&str; 6] = [
    "ip_address",
    "source_ip",
    "client_ip",
    "client_addr",
    "remote_addr",
    "ip",
];
const ROWS: [&str; 9] = [
    "record_id",
    "auditable_id",
    "entity_id",
    "resource_id",
    "object_id",
    "subject_id",
    "row_id",
    "target_id",
    "record_pk",
];

/// A trail among the tables: its columns are called as those of a trail are, and hold what these hold. None where they do not.
pub fn recognise(table: &str, columns: &[TrailColumn]) -> Option<TrailMapping> {
    let find = |name: &str, kinds: &[ColumnKind]| {
        let mut columns = columns.iter();
        let found = columns.find(|column| column.name.eq_ignore_ascii_case(name));
        let found = found.filter(|column| kinds.is_empty() || kinds.contains(&column.kind));
        found.map(|column| column.name.clone())
    };
    let first =
        |names: &[&str], kinds: &[ColumnKind]| names.iter().find_map(|name| find(name, kinds));
    let documents = [ColumnKind::Json, ColumnKind::Text, ColumnKind::Word];
    let (before, after) = PAIRS
        .iter()
        .find_map(|(before, after)| Some((find(before, &documents)?, find(after, &documents)?)))?;
    let ids = [
        ColumnKind::Uuid,
        ColumnKind::Number,
        ColumnKind::Text,
        ColumnKind::Word,
    ];
    let id = first(&IDS, &ids)?;
    let time = first(&TIMES, &[ColumnKind::Time])?;
    let changed_table = first(&TABLES, &[ColumnKind::Text, ColumnKind::Word]);
    let action = first(&ACTIONS, &[ColumnKind::Text, ColumnKind::Word]);
    let row = first(&ROWS, &ids);
    // Two documents and a time alone are no trail.
    if changed_table.is_none() && action.is_none() && row.is_none() {
        return None;
    }
    let of = changed_table.is_none().then(|| of(table)).flatten();
    let mapping = TrailMapping {
        table: table.to_owned(),
        id,
        time,
        before: Some(before),
        after: Some(after),
        changed_schema: first(&SCHEMAS, &[ColumnKind::Text, ColumnKind::Word]),
        changed_table,
        of,
        action,
        actor: first(&ACTORS, &[]),
        subject: find("subject_user_id", &[]),
        request: first(&REQUESTS, &[]),
        reason: first(&REASONS, &[ColumnKind::Text, ColumnKind::Word]),
        address: first(&ADDRESSES, &[]),
        agent: find("user_agent", &[]),
        row,
        ..TrailMapping::default()
    };
    mapping.with_columns(columns).ok()
}

/// The table that a trail of one table is of, by its name: `orders_history` is of `orders`.
fn of(table: &str) -> Option<String> {
    let name = table.rsplit('.').next().unwrap_or(table);
    let ends = [
        "_audit_log",
        "_audit",
        "_history",
        "_log",
        "_versions",
        "_changes",
    ];
    let of = ends.iter().find_map(|end| name.strip_suffix(end));
    of.filter(|of| !of.is_empty()).map(str::to_owned)
}
