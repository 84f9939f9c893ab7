//! What comes of one row, for every kind of policy, grant and key.

use super::super::rules::{
    AccessRules, ApiRole, Held, RowPolicy, SecuredColumn, SecuredTable, Verb,
};
use super::super::viewer::Viewer;
use super::question::{key_of, pointed_at};
use super::*;
use serde_json::{Map, Value};

fn rules(policies: Vec<RowPolicy>) -> AccessRules {
    let column = |name: &str| SecuredColumn {
        name: name.into(),
        ..SecuredColumn::default()
    };
    AccessRules {
        roles: vec![ApiRole {
            name: "authenticated".into(),
            may_set: true,
            has: vec!["authenticated".into()],
            schemas: vec!["public".into()],
            ..ApiRole::default()
        }],
        tables: vec![SecuredTable {
            id: 1,
            schema: "public".into(),
            name: "doc".into(),
            kind: "r".into(),
            secured: true,
            columns: vec![column("id"), column("user_id"), column("n")],
            key: vec!["id".into()],
            ..SecuredTable::default()
        }],
        held: Verb::ALL
            .map(|verb| Held {
                role: "authenticated".into(),
                table: 1,
                verb,
                columns: None,
            })
            .into(),
        policies,
        ..AccessRules::default()
    }
}

fn policy(name: &str, verb: &str, permissive: bool, shows: &str) -> RowPolicy {
    RowPolicy {
        table: 1,
        name: name.into(),
        verb: verb.into(),
        permissive,
        roles: vec!["authenticated".into()],
        applies: vec!["authenticated".into()],
        shows: Some(shows.into()),
        check: None,
    }
}

fn explained(
    rules: &AccessRules,
    verb: Verb,
    given: &dyn Fn(&Snippet) -> Given,
    visible: u64,
) -> Explanation {
    let wanted = Wanted {
        key: Some("7".into()),
        written: None,
        ..Wanted::default()
    };
    let inquiry = inquire(rules, &rules.tables[0], &Viewer::stranger(), verb, &wanted).unwrap();
    let given = inquiry.question.snippets.iter().map(given).collect();
    inquiry.finish(RowAnswer {
        found: Some(1),
        row: None,
        new_row: None,
        new_fault: None,
        visible: Ok(visible),
        given,
    })
}

fn value(text: &str) -> Given {
    Given::Value(Some(text.into()))
}

#[test]
fn a_hidden_row_says_which_policy_hides_it_and_what_it_looked_at() {
    let rules = rules(vec![policy(
        "own",
        "select",
        true,
        "(user_id = ( SELECT auth.uid() AS uid))",
    )]);
    let given = |snippet: &Snippet| match snippet.sql.as_str() {
        "\"user_id\"" => value("b0b"),
        "auth.uid()" => value("a11"),
        _ => value("false"),
    };
    let found = explained(&rules, Verb::Select, &given, 0);
    assert_eq!(found.allowed, Some(false));
    assert!(found.why.contains("\"own\" is false"), "{}", found.why);
    assert_eq!(found.disagrees, None);
    let Some(ExplainedStep::Policy { parts, .. }) = found.steps.last() else {
        panic!()
    };
    let looked: Vec<_> = parts[0]
        .looked_at
        .iter()
        .map(|at| (at.what.as_str(), at.value.as_deref()))
        .collect();
    assert_eq!(
        looked,
        [("user_id", Some("b0b")), ("auth.uid()", Some("a11"))]
    );
    let odd = explained(&rules, Verb::Select, &given, 1);
    assert_eq!(odd.disagrees.as_deref(), Some("the server shows the row"));
}

#[test]
fn of_a_view_is_told_what_the_server_shows_and_nothing_else() {
    for invokes in [true, false] {
        let mut rules = rules(Vec::new());
        rules.tables[0].kind = "v".into();
        rules.tables[0].invokes = invokes;
        let refused = Err(("42501".to_owned(), "permission denied".to_owned()));
        let late = Err(("57014".to_owned(), "too long".to_owned()));
        for (verb, found, visible, exists, allowed) in [
            (Verb::Select, Some(1), Ok(1), Some(true), Some(true)),
            (Verb::Select, Some(1), Ok(0), Some(true), Some(false)),
            (Verb::Select, Some(0), Ok(1), None, Some(true)),
            (Verb::Select, Some(0), Ok(0), None, Some(false)),
            (Verb::Select, None, Ok(0), None, Some(false)),
            (Verb::Select, Some(1), refused, Some(true), Some(false)),
            (Verb::Select, Some(1), late, Some(true), None),
            (Verb::Update, Some(1), Ok(1), Some(true), None),
            (Verb::Delete, Some(0), Ok(0), None, None),
        ] {
            let wanted = Wanted {
                key: Some("7".into()),
                written: None,
                ..Wanted::default()
            };
            let viewer = Viewer::stranger();
            let inquiry = inquire(&rules, &rules.tables[0], &viewer, verb, &wanted).unwrap();
            let told = inquiry.finish(RowAnswer {
                found,
                row: None,
                new_row: None,
                new_fault: None,
                visible: visible.clone(),
                given: Vec::new(),
            });
            let place = format!("{verb:?} {found:?} {visible:?}: {}", told.why);
            assert_eq!((told.exists, told.allowed), (exists, allowed), "{place}");
            assert_eq!(told.disagrees, None, "{place}");
        }
    }
}

#[test]
fn restrictive_policies_and_null_hold_back_and_any_permissive_lets_through() {
    let all = [
        policy("a", "select", true, "a"),
        policy("b", "all", true, "b"),
        policy("c", "select", false, "c"),
    ];
    for (a, b, c, allowed) in [
        ("true", "false", "true", true),
        ("false", "true", "true", true),
        ("false", "false", "true", false),
        ("true", "true", "false", false),
        ("true", "true", "", false),
        ("", "true", "true", true),
    ] {
        let rules = rules(all.to_vec());
        let given = |snippet: &Snippet| {
            let text = match snippet.sql.as_str() {
                "a" => a,
                "b" => b,
                _ => c,
            };
            Given::Value((!text.is_empty()).then(|| text.to_owned()))
        };
        let found = explained(&rules, Verb::Select, &given, u64::from(allowed));
        assert_eq!(
            (found.allowed, found.disagrees),
            (Some(allowed), None),
            "{a} {b} {c}"
        );
    }
}

#[test]
fn an_update_asks_of_the_old_row_and_the_new_one() {
    let rules = rules(vec![
        policy("see", "select", true, "s"),
        policy("write", "update", true, "w"),
    ]);
    let given = |snippet: &Snippet| match (snippet.sql.as_str(), snippet.row) {
        ("w", RowSide::New) => value("false"),
        _ => value("true"),
    };
    let found = explained(&rules, Verb::Update, &given, 1);
    assert_eq!(found.allowed, Some(false));
    assert!(
        found.why.contains("new row must pass the checks"),
        "{}",
        found.why
    );
    let asked = found
        .steps
        .iter()
        .filter(|step| matches!(step, ExplainedStep::Asks { .. }));
    assert_eq!(asked.count(), 4);
}

#[test]
fn a_missing_grant_comes_before_every_policy() {
    let mut rules = rules(vec![policy("all", "all", true, "true")]);
    rules.held.retain(|held| held.verb != Verb::Select);
    let found = explained(&rules, Verb::Delete, &|_| value("true"), 0);
    assert_eq!(found.allowed, Some(false));
    assert!(
        found.why.contains("has no grant to select, without which"),
        "{}",
        found.why
    );
}

#[test]
fn a_grant_on_some_columns_is_for_these_only() {
    let open = policy("all", "all", true, "true");
    let every = ["id", "user_id", "n"];
    for (verb, of, columns, key, set, allowed) in [
        (Verb::Select, Verb::Select, &every[..1], "id=7", "", true),
        (Verb::Select, Verb::Select, &every[1..], "id=7", "", false),
        (
            Verb::Select,
            Verb::Select,
            &every[..1],
            "id=7,n=1",
            "",
            false,
        ),
        (Verb::Delete, Verb::Select, &every[1..], "id=7", "", false),
        (Verb::Insert, Verb::Insert, &every[..2], "", "n", false),
        (Verb::Insert, Verb::Insert, &every[..], "", "n", true),
        (Verb::Insert, Verb::Insert, &every[..1], "", "id", true),
        (Verb::Update, Verb::Update, &every[..2], "id=7", "n", false),
        (Verb::Update, Verb::Update, &every[2..], "id=7", "n", true),
        (Verb::Update, Verb::Select, &every[..1], "id=7", "n", true),
    ] {
        let mut rules = rules(vec![open.clone()]);
        for held in rules.held.iter_mut().filter(|held| held.verb == of) {
            held.columns = Some(columns.iter().map(|&name| name.to_owned()).collect());
        }
        let written = (!set.is_empty()).then(|| Map::from_iter([(set.to_owned(), Value::from(1))]));
        let wanted = Wanted {
            key: Some(key.to_owned()).filter(|key| !key.is_empty()),
            written,
            ..Wanted::default()
        };
        let viewer = Viewer::stranger();
        let inquiry = inquire(&rules, &rules.tables[0], &viewer, verb, &wanted).unwrap();
        let given = vec![value("true"); inquiry.question.snippets.len()];
        let told = inquiry.finish(RowAnswer {
            found: Some(1),
            row: None,
            new_row: None,
            new_fault: None,
            visible: Ok(u64::from(allowed)),
            given,
        });
        let place = format!("{verb:?} {of:?} {columns:?} {key} {set}: {}", told.why);
        assert_eq!(
            (told.allowed, told.disagrees),
            (Some(allowed), None),
            "{place}"
        );
    }
}

#[test]
fn a_key_that_names_several_rows_is_refused() {
    let rules = rules(Vec::new());
    let wanted = Wanted {
        key: Some("n=1".into()),
        written: None,
        ..Wanted::default()
    };
    let viewer = Viewer::stranger();
    let inquiry = inquire(&rules, &rules.tables[0], &viewer, Verb::Select, &wanted).unwrap();
    for (found, visible, is_one) in [
        (Some(0), Ok(0), true),
        (Some(1), Ok(1), true),
        (Some(2), Ok(0), false),
        (Some(5), Err(("42501".to_owned(), String::new())), false),
        (None, Ok(2), false),
        (None, Ok(1), true),
    ] {
        let answer = RowAnswer {
            found,
            row: None,
            new_row: None,
            new_fault: None,
            visible,
            given: Vec::new(),
        };
        assert_eq!(inquiry.is_of_one(&answer).is_ok(), is_one, "{answer:?}");
    }
}

#[test]
fn keys_are_a_value_or_columns_with_values() {
    let rules = rules(Vec::new());
    let table = &rules.tables[0];
    assert_eq!(
        key_of(table, "7").unwrap(),
        [("id".to_owned(), Some("7".to_owned()))]
    );
    assert_eq!(key_of(table, "x=7").unwrap()[0].1.as_deref(), Some("x=7"));
    let several = key_of(table, "user_id=a,b,n=null").unwrap();
    assert_eq!(
        several,
        [
            ("user_id".to_owned(), Some("a,b".to_owned())),
            ("n".to_owned(), None)
        ]
    );
    // What was pointed at is taken as it is, whatever its value looks like.
    let row = vec![("id".to_owned(), Some("n=1,null".to_owned()))];
    assert_eq!(pointed_at(table, &row).unwrap(), row);
    assert!(pointed_at(table, &[("nope".to_owned(), None)]).is_err());
    let keyless = SecuredTable {
        key: Vec::new(),
        ..table.clone()
    };
    assert!(
        key_of(&keyless, "7")
            .unwrap_err()
            .hint
            .unwrap()
            .contains("id=VALUE")
    );
}
