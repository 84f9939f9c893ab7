//! Trails of other projects: which are recognised, what their rows say, and that asking one means what it means everywhere.

#![allow(clippy::unwrap_used)]

use super::read::word_of;
use super::*;
use crate::domain::audit::export::ExportRow;
use proptest::prelude::*;
use serde_json::{Value, json};

fn columns(text: &str) -> Vec<TrailColumn> {
    let column = |word: &str| {
        let (name, kind) = word.split_once(':').unwrap_or((word, "text"));
        TrailColumn {
            name: name.to_owned(),
            kind: match kind {
                "uuid" => ColumnKind::Uuid,
                "number" => ColumnKind::Number,
                "time" => ColumnKind::Time,
                "json" => ColumnKind::Json,
                "word" => ColumnKind::Word,
                "other" => ColumnKind::Other,
                _ => ColumnKind::Text,
            },
        }
    };
    text.split_whitespace().map(column).collect()
}

const SUPA_AUDIT: &str = "id:number record_id:uuid old_record_id:uuid op:word ts:time table_oid:other table_schema table_name \
                          record:json old_record:json auth_uid:uuid auth_role";
const LARAVEL: &str = "id:number user_type user_id:number event auditable_type auditable_id:number old_values new_values url \
                       ip_address:other user_agent tags created_at:time updated_at:time";

fn mapped(table: &str, text: &str) -> TrailMapping {
    recognise(table, &columns(text)).unwrap()
}

fn row(value: &Value) -> ExportRow {
    value.as_object().unwrap().clone()
}

#[test]
fn trails_are_recognised_by_their_columns_and_other_tables_are_none() {
    let supa = mapped("audit.record_version", SUPA_AUDIT);
    assert_eq!(supa.place(), (Some("audit"), "record_version"));
    let found = [
        &supa.before,
        &supa.after,
        &supa.changed_table,
        &supa.action,
        &supa.actor,
        &supa.row,
    ];
    let found: Vec<&str> = found
        .into_iter()
        .map(|one| one.as_deref().unwrap())
        .collect();
    assert_eq!(
        found,
        [
            "old_record",
            "record",
            "table_name",
            "op",
            "auth_uid",
            "record_id"
        ]
    );
    assert!(supa.is_ordered_by_id());
    assert_eq!(
        supa.missing(),
        [
            "whose data it was",
            "of which request it is",
            "why",
            "from where"
        ]
    );

    let laravel = mapped("audits", LARAVEL);
    assert_eq!(laravel.time, "created_at");
    assert_eq!(
        (laravel.changed_table.as_deref(), laravel.row.as_deref()),
        (Some("auditable_type"), Some("auditable_id"))
    );

    for (table, text, of) in [
        (
            "audit_logs",
            "id:uuid table_name operation old_data:json new_data:json changed_at:time changed_by:uuid",
            None,
        ),
        (
            "public.orders_history",
            "id:number action before:json after:json at:time",
            Some("orders"),
        ),
        (
            "Audit",
            "ID:uuid Table_Name Old_Record:json New_Record:json Created_At:time",
            None,
        ),
    ] {
        let found = mapped(table, text);
        assert_eq!(found.of.as_deref(), of, "{table}");
    }
    for (table, text) in [
        ("orders", "id:uuid created_at:time status record:json"),
        (
            "experiment",
            "id:uuid created_at:time before:json after:json",
        ),
        (
            "weights",
            "id:uuid created_at:time op before:number after:number",
        ),
        (
            "audit",
            "table_name op old_data:json new_data:json changed_at:time",
        ),
        (
            "audit",
            "id:uuid table_name op old_data:json new_data:json changed_at",
        ),
    ] {
        assert_eq!(recognise(table, &columns(text)), None, "{table} {text}");
    }
}

#[test]
fn a_row_becomes_the_record_that_it_means() {
    let supa = mapped("audit.record_version", SUPA_AUDIT);
    let record = supa.record(&row(&json!({
        "id": 41, "record_id": "7b7e3f7e-0000-5000-8000-000000000001", "op": "UPDATE", "ts": "2026-11-30T10:00:00+00:00",
        "table_schema": "shop", "table_name": "orders", "auth_uid": "a11ce000-0000-4000-8000-000000000001",
        "old_record": {"number": 7, "qty": 1}, "record": {"number": 7, "qty": 2},
    })));
    assert_eq!(
        (record.id.as_str(), record.action.as_str()),
        ("41", "shop.orders.update")
    );
    assert_eq!(record.actor_type, "user");
    // Its images have no `id`: the row is what the table says.
    assert_eq!(
        record.about().id.as_deref(),
        Some("7b7e3f7e-0000-5000-8000-000000000001")
    );
    assert_eq!(record.story().change(20, "→"), "qty 1→2");

    let laravel = mapped("audits", LARAVEL);
    let created = laravel.record(&row(&json!({
        "id": 9, "user_id": 3, "event": "created", "auditable_type": "App\\Models\\Order", "auditable_id": 12,
        "old_values": "[]", "new_values": "{\"qty\": 2}", "created_at": "2026-11-30T10:00:00",
    })));
    assert_eq!(created.action, "App\\Models\\Order.insert");
    assert_eq!(
        (created.before_state.as_ref(), created.after_state.as_ref()),
        (None, Some(&json!({"qty": 2})))
    );
    assert_eq!(created.actor_user_id.as_deref(), Some("3"));
    assert_eq!(created.about().id.as_deref(), Some("12"));
    assert!(created.created_at.parse::<jiff::Timestamp>().is_ok());

    for (word, deed) in [
        ("INSERT", "insert"),
        ("U", "update"),
        ("destroyed", "delete"),
        ("TRUNCATE", "truncate"),
        (" Restored", "restored"),
    ] {
        assert_eq!(word_of(word), deed);
    }
}

#[test]
fn what_the_table_cannot_answer_is_said_and_what_it_can_is_asked_of_it() {
    let who = Identity::Service;
    let supa = mapped("audit.record_version", SUPA_AUDIT);
    let parse = |text: &str| Filter::parse(text, jiff::Timestamp::UNIX_EPOCH).unwrap();
    for (filter, key) in [("subject:none", "subject:"), ("-request:none", "request:")] {
        let problem = supa.pushdown(&parse(filter), &who).unwrap_err();
        assert!(
            problem.what.contains(key) && problem.why.contains("audit.record_version"),
            "{problem}"
        );
    }
    // What nothing in the table tells is refused, and so is what it never says.
    let bare = TrailMapping {
        table: "log".into(),
        id: "id".into(),
        time: "at".into(),
        after: Some("now".into()),
        ..TrailMapping::default()
    };
    for (mapping, filter, key) in [
        (&bare, "type:user", "type:"),
        (&bare, "-type:system", "type:"),
        (&supa, "type:ai", "type:ai"),
        (&bare, "before.qty>3", "before."),
        (&bare, "row:orders/7", "row:"),
        (&bare, "changed:qty", "changed:"),
    ] {
        let problem = mapping.pushdown(&parse(filter), &who).unwrap_err();
        assert!(
            problem.what.contains(&format!("`{key}`")),
            "{filter} {problem}"
        );
    }
    for filter in ["type:user", "before.qty>3", "row:orders/7"] {
        assert!(supa.pushdown(&parse(filter), &who).is_ok(), "{filter}");
    }
    // A value that the column cannot hold is never sent: the server would refuse the whole request.
    let laravel = mapped("audits", LARAVEL);
    for (mapping, filter, sent, compared) in [
        (&supa, "since:2026-10-01", true, false),
        (
            &supa,
            "actor:a11ce000-0000-4000-8000-000000000001",
            true,
            true,
        ),
        (&supa, "actor:bob", false, true),
        (&laravel, "actor:42", true, true),
        (
            &laravel,
            "actor:a11ce000-0000-4000-8000-000000000001",
            false,
            true,
        ),
        (&supa, "row:orders/7", true, true),
        (&supa, "action:orders.update", true, true),
        (&supa, "action:*.update", false, true),
        (&supa, "-action:orders.update", false, true),
        (&supa, "text:x", false, true),
    ] {
        let filter = parse(filter);
        let pushdown = mapping.pushdown(&filter, &who).unwrap();
        let is_sent = !pushdown.indexed.is_empty() || !pushdown.checked.is_empty();
        assert_eq!(
            (is_sent, !pushdown.rest.is_empty()),
            (sent, compared),
            "{filter}"
        );
    }
}

/// Whether a row fits what is asked of the server, as far as the columns of these tests go.
fn is_sent(condition: &Condition, row: &ExportRow) -> bool {
    let text = |column: &str| match column.split_once("->>") {
        // The rows of these tests have one key each.
        Some((image, key)) => row.get(image)?.get(key).map(|_| "7"),
        None => row.get(column)?.as_str(),
    };
    match condition {
        Condition::Any(any) => any.iter().any(|one| is_sent(one, row)),
        Condition::All(all) => all.iter().all(|one| is_sent(one, row)),
        Condition::IsNull { column } => text(column).is_none(),
        Condition::Compare { column, op, value } => text(column).is_some_and(|text| match op {
            Op::Eq => text == value,
            Op::Like => text.starts_with(value.trim_end_matches('*')),
            Op::ILike => text.to_lowercase() == value.replace('\\', "").to_lowercase(),
            other => panic!("{other:?}"),
        }),
        other => panic!("{other:?}"),
    }
}

/// The server sends no less than what fits: where no table is named, or it is a schema that is, and in whatever case an address is kept.
#[test]
fn what_is_asked_of_the_server_leaves_nothing_out_that_fits() {
    let mapping = mapped(
        "audit_events",
        "id:number at:time table_schema table_name op before:json after:json actor",
    );
    let texts = [
        None,
        Some("orders"),
        Some("shop"),
        Some("orders.items"),
        Some("public"),
    ];
    let mut rows = Vec::new();
    for schema in texts {
        for table in texts {
            for deed in ["INSERT", "orders.update", "shop.orders.sync"] {
                for actor in [
                    None,
                    Some("Bob@Example.com"),
                    Some("A11CE000-0000-4000-8000-000000000001"),
                ] {
                    rows.push(row(&json!({
                        "id": 1, "at": "2026-11-30T10:00:00Z", "table_schema": schema, "table_name": table, "op": deed,
                        "before": null, "after": {"id": 7}, "actor": actor,
                    })));
                }
            }
        }
    }
    let mut found = 0;
    for text in [
        "action:orders.*",
        "action:shop.*",
        "action:orders.insert",
        "action:orders.update",
        "action:shop.orders.insert",
        "row:orders",
        "row:orders/7",
        "actor:bob@example.com",
        "actor:alice@example.com,BOB@EXAMPLE.COM",
        "actor:a11ce000-0000-4000-8000-000000000001",
    ] {
        let filter = Filter::parse(text, jiff::Timestamp::UNIX_EPOCH).unwrap();
        let pushdown = mapping.pushdown(&filter, &Identity::Service).unwrap();
        for row in &rows {
            if !filter.fits(&mapping.record(row), &Identity::Service) {
                continue;
            }
            found += 1;
            let asked = pushdown.indexed.iter().chain(&pushdown.checked);
            for condition in asked {
                assert!(is_sent(condition, row), "{text}: {condition:?} {row:?}");
            }
        }
    }
    assert!(found > 100, "{found}");
}

#[test]
fn ids_that_are_numbers_are_in_the_order_of_numbers() {
    let at = |at: &str, id: &str| Cursor {
        created_at: at.into(),
        id: id.into(),
    };
    let (early, late) = ("2026-11-30T10:00:00+00:00", "2026-11-30T10:00:00.5+00:00");
    let by_id = Trail::Other(Box::new(mapped("audits", LARAVEL)));
    assert!(by_id.compare(&at(late, "9"), &at(early, "10")).is_lt());
    let by_time = Trail::Other(Box::new(TrailMapping {
        table: "log".into(),
        id: "nr".into(),
        time: "at".into(),
        ..TrailMapping::default()
    }));
    assert!(by_time.compare(&at(early, "9"), &at(early, "10")).is_lt());
    assert!(by_time.compare(&at(late, "9"), &at(early, "10")).is_gt());
    let texts = Trail::Other(Box::new(mapped(
        "audits",
        "id table_name op old_data:json new_data:json at:time",
    )));
    assert!(texts.compare(&at(early, "9"), &at(early, "10")).is_gt());
}

#[test]
fn of_and_key_of_a_profile_stand_beside_recognised_columns() {
    let named = TrailMapping {
        table: "audit.record_version".into(),
        of: Some("boat".into()),
        key: Some("code".into()),
        ..TrailMapping::default()
    };
    assert!(named.is_table_only());
    let found = mapped("audit.record_version", SUPA_AUDIT).with_words_of(&named);
    let record = found.record(&row(&json!({
        "id": 1, "op": "UPDATE", "ts": "2026-11-30T10:00:00Z", "table_name": "x", "table_schema": "s",
        "old_record": {"code": "b7"}, "record": {"code": "b7", "id": 3},
    })));
    assert_eq!(
        (record.action.as_str(), record.row_id.as_deref()),
        ("boat.update", Some("b7"))
    );
}

#[test]
fn a_mapping_of_a_profile_is_checked_against_the_table() {
    let named = TrailMapping {
        table: "log".into(),
        id: "id".into(),
        time: "when".into(),
        after: Some("data".into()),
        ..TrailMapping::default()
    };
    assert!(named.check().is_ok());
    let problem = named
        .clone()
        .with_columns(&columns("id:uuid at:time data:json"))
        .unwrap_err();
    assert!(
        problem.what.contains("`when`") && problem.why.contains("at"),
        "{problem}"
    );
    assert!(
        named
            .with_columns(&columns("id:uuid when:time data:json"))
            .is_ok()
    );
    for broken in [
        TrailMapping::default(),
        TrailMapping {
            table: "log".into(),
            id: "id".into(),
            ..TrailMapping::default()
        },
        TrailMapping {
            table: "log".into(),
            id: "id".into(),
            time: "at".into(),
            ..TrailMapping::default()
        },
    ] {
        assert!(broken.check().is_err(), "{broken:?}");
    }
    let table_only = TrailMapping {
        table: "audit.log".into(),
        ..TrailMapping::default()
    };
    assert!(table_only.is_table_only());
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|v| json!(v)),
        any::<i64>().prop_map(|v| json!(v)),
        ".{0,12}".prop_map(|v| json!(v)),
        Just(json!({"id": 1, "a": [1, {"b": null}]})),
        Just(json!([])),
        Just(json!("{\"id\": \"x\"}")),
        Just(json!("{broken")),
        Just(json!("2026-01-01T00:00:00")),
    ]
}

proptest! {
    /// Whatever a row holds, it is a record, and everything that is made of one can be made of it.
    #[test]
    fn no_row_is_too_odd(values in prop::collection::vec(any_value(), 12), text in "[a-z]{1,6}") {
        for shape in [SUPA_AUDIT, LARAVEL] {
            let mapping = mapped("audit.t", shape);
            let names = columns(shape).into_iter().map(|column| column.name);
            let row: ExportRow = names.zip(values.iter().cycle().cloned()).collect();
            let record = mapping.record(&row);
            let _ = (record.story().change(40, "→"), record.about(), record.brief());
            let filter = Filter::parse(&format!("text:{text}"), jiff::Timestamp::UNIX_EPOCH).unwrap();
            let _ = filter.fits(&record, &Identity::Anon);
            prop_assert!(serde_json::to_value(&record).is_ok());
        }
    }
}
