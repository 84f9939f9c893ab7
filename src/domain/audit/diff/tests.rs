//! What the difference says, and that no image can make it fall over.
#![allow(clippy::unwrap_used)]

use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn changed(before: &Value, after: &Value) -> Vec<String> {
    let found = diff(Some(before), Some(after)).lines(true);
    found
        .into_iter()
        .map(|line| format!("{} {}: {}", line.mark.sign(), line.path, line.text()))
        .collect()
}

#[test]
fn a_row_shows_what_became_of_it() {
    let before = json(r#"{"id":"1","status":"planned","qty":3,"old":null}"#);
    let after = json(r#"{"id":"1","status":"completed","qty":3.00,"notes":"done"}"#);
    assert_eq!(
        changed(&before, &after),
        [
            "~ status: \"planned\" → \"completed\"",
            "+ notes: \"done\"",
            "- old: null",
        ]
    );
}

#[test]
fn numbers_are_compared_by_value_and_shown_as_written() {
    for (a, b) in [
        ("1", "1.0"),
        ("100", "1e2"),
        ("0.10", "1E-1"),
        ("-0", "0.0"),
        ("12e3", "12000"),
    ] {
        assert_eq!(changed(&json(a), &json(b)), [""; 0], "{a} {b}");
    }
    let exact = changed(&json("9007199254740993"), &json("9007199254740992"));
    assert_eq!(exact, ["~ : 9007199254740993 → 9007199254740992"]);
    assert_eq!(changed(&json("1.50"), &json("1.51")), ["~ : 1.50 → 1.51"]);
    assert_eq!(changed(&json("1e400"), &json("1e401")).len(), 1);
}

#[test]
fn the_order_of_keys_is_kept_and_does_not_count() {
    let before = json(r#"{"a":1,"b":2,"c":3}"#);
    let after = json(r#"{"c":3,"a":1,"x":0}"#);
    assert_eq!(changed(&before, &after), ["- b: 2", "+ x: 0"]);
    let tree = diff(Some(&before), Some(&after));
    let keys: Vec<String> = tree
        .root
        .children
        .iter()
        .map(|node| node.key.to_string())
        .collect();
    assert_eq!(keys, ["b", "c", "a", "x"]);
    assert!(
        diff(
            Some(&json(r#"{"a":1,"b":2}"#)),
            Some(&json(r#"{"b":2,"a":1}"#))
        )
        .is_empty()
    );
}

#[test]
fn arrays_are_aligned() {
    assert_eq!(
        changed(&json!(["a", "b", "c"]), &json!(["a", "c"])),
        ["- [1]: \"b\""]
    );
    assert_eq!(
        changed(&json!(["a", "c"]), &json!(["x", "a", "b", "c"])),
        ["+ [0]: \"x\"", "+ [2]: \"b\""]
    );
    assert_eq!(
        changed(&json!(["a", "b"]), &json!(["a", "z"])),
        ["~ [1]: \"b\" → \"z\""]
    );
    assert_eq!(
        changed(&json!([{"a": 1}]), &json!([{"a": 2}])),
        ["~ [0].a: 1 → 2"]
    );
}

#[test]
fn an_element_that_stands_elsewhere_moved() {
    // One alone moved, whatever stands between.
    assert_eq!(
        changed(&json!(["a", "b", "c", "d"]), &json!(["d", "a", "b", "c"])),
        ["> [3→0]: moved \"d\""]
    );
    // By its id, also where something in it changed; and what came and went besides.
    let item = |id: u8, n: &str| json!({"id": id, "n": n});
    let before = json!([item(1, "a"), item(2, "b"), item(3, "c"), item(4, "d")]);
    let after = json!([item(3, "C"), item(1, "a"), item(5, "e"), item(2, "b")]);
    assert_eq!(
        changed(&before, &after),
        [
            "> [2→0]: moved",
            "~ [2→0].n: \"c\" → \"C\"",
            "+ [2].id: 5",
            "+ [2].n: \"e\"",
            "- [3].id: 4",
            "- [3].n: \"d\"",
        ]
    );
    let whole = changed(
        &json!([item(1, "a"), item(2, "b")]),
        &json!([item(2, "b"), item(1, "a")]),
    );
    assert!(
        whole.len() == 1 && whole[0].starts_with("> ") && whole[0].contains("moved {\"id\": "),
        "{whole:?}"
    );
    // What only made room did not move.
    assert_eq!(
        changed(&json!(["a", "b"]), &json!(["x", "a", "b"])),
        ["+ [0]: \"x\""]
    );
}

#[test]
fn elements_with_an_id_are_found_by_it() {
    let before = json!([{"id": 1, "n": "a"}, {"id": 2, "n": "b"}]);
    let after = json!([{"id": 0, "n": "new"}, {"id": 1, "n": "A"}, {"id": 2, "n": "b"}]);
    let found = changed(&before, &after);
    assert_eq!(
        found,
        [
            "+ [0].id: 0",
            "+ [0].n: \"new\"",
            "~ [0→1].n: \"a\" → \"A\""
        ]
    );
}

#[test]
fn one_missing_image_is_an_insert_or_a_delete() {
    let image = json!({"a": 1, "b": {"c": [true]}});
    let added = diff(None, Some(&image));
    assert_eq!((added.tally.added, added.tally.removed), (2, 0));
    assert!(
        added
            .lines(true)
            .iter()
            .all(|line| line.mark == Mark::Added)
    );
    let removed = diff(Some(&image), None);
    assert_eq!(removed.tally.removed, 2);
    assert!(diff(None, None).is_empty());
}

#[test]
fn a_value_that_became_a_container_is_one_change() {
    assert_eq!(
        changed(&json!({"a": 1}), &json!({"a": {"b": 2}})),
        ["~ a: 1 → {\"b\": 2}"]
    );
}

#[test]
fn nothing_dangerous_reaches_the_screen() {
    let before = json!({"k\u{1b}": "x"});
    let after = json!({"k\u{1b}": "\u{202e}\u{9b}31m"});
    for line in changed(&before, &after) {
        assert!(!line.contains(['\u{1b}', '\u{202e}', '\u{9b}']), "{line:?}");
    }
}

#[test]
fn long_texts_are_shown_from_where_they_part() {
    let text = "x".repeat(100_000);
    let before = json!({"t": format!("{text}a")});
    let after = json!({"t": format!("{text}b")});
    let line = changed(&before, &after).remove(0);
    assert!(line.len() < 500, "{}", line.len());
    assert!(line.contains("xa\"") && line.contains("xb\""), "{line}");
}

#[test]
fn an_image_of_ten_thousand_levels_does_not_overflow() {
    let nest = |leaf: i64| {
        let mut value = json!(leaf);
        for _ in 0..10_000 {
            value = Value::Array(vec![value]);
        }
        value
    };
    // Dropping such a value is recursive in serde_json; a roomy thread keeps that out of the question here.
    let run = move || {
        let (before, after) = (nest(1), nest(2));
        let small = std::thread::scope(|scope| {
            let body = || diff(Some(&before), Some(&after)).tally;
            let thread = std::thread::Builder::new().stack_size(2 << 20);
            thread.spawn_scoped(scope, body).unwrap().join().unwrap()
        });
        assert_eq!(small.changed, 1);
        assert!(small.is_cut);
        assert!(diff(Some(&before), Some(&nest(1))).is_empty());
    };
    let roomy = std::thread::Builder::new().stack_size(256 << 20);
    roomy.spawn(run).unwrap().join().unwrap();
}

#[test]
fn an_image_of_ten_megabytes_is_compared_and_cut() {
    let row = |index: usize, odd: bool| json!({"n": index, "t": "some text in here", "odd": odd && index % 1000 == 7});
    let image = |odd: bool| Value::Array((0..200_000).map(|index| row(index, odd)).collect());
    let (before, mut after) = (image(false), image(true));
    after.as_array_mut().unwrap().remove(5);
    let found = diff(Some(&before), Some(&after));
    assert_eq!(
        found.tally.changed + found.tally.removed + found.tally.added,
        203,
        "{:?}",
        found.tally
    );
    assert!(found.tally.is_cut);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-5_i64..5).prop_map(Value::from),
        "[a-c]{0,2}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::hash_map("[a-d]", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Puts one side together again from the tree.
fn side(node: &Node, is_new: bool) -> Option<Value> {
    let is_there = match &node.change {
        Change::Added(_) => is_new,
        Change::Removed(_) => !is_new,
        _ => true,
    };
    if !is_there {
        return None;
    }
    if node.children.is_empty() && node.change != Change::Inside {
        let text = if is_new {
            node.new_text()
        } else {
            node.old_text()
        };
        return text.map(|text| serde_json::from_str(text).unwrap());
    }
    let mut parts: Vec<(&Node, Value)> = node
        .children
        .iter()
        .filter_map(|child| Some((child, side(child, is_new)?)))
        .collect();
    parts.sort_by_key(|(child, _)| match child.key {
        Key::Index { old, new } => {
            if is_new {
                new
            } else {
                old
            }
        }
        _ => None,
    });
    let parts = parts.into_iter();
    Some(match node.shape {
        Shape::Object => Value::Object(
            parts
                .map(|(child, value)| (child.key.to_string(), value))
                .collect(),
        ),
        _ => Value::Array(parts.map(|(_, value)| value).collect()),
    })
}

proptest! {
    #[test]
    fn both_images_can_be_read_from_the_tree(before in any_json(), after in any_json()) {
        let found = diff(Some(&before), Some(&after));
        prop_assert_eq!(side(&found.root, false).unwrap(), before.clone());
        prop_assert_eq!(side(&found.root, true).unwrap(), after.clone());
        prop_assert_eq!(found.is_empty(), before == after);
        let tally = found.tally;
        let all = tally.added + tally.removed + tally.changed + tally.moved;
        prop_assert_eq!(all, found.root.changes);
    }
}

#[test]
fn a_key_cannot_be_taken_for_a_path() {
    let before = json(r#"{"":1,"a.b":1,"a":{"b":1},"{}":1,"é":1}"#);
    let after = json(r#"{"":2,"a.b":2,"a":{"b":2},"{}":2,"e\u0301":1}"#);
    let paths: Vec<String> = diff(Some(&before), Some(&after))
        .lines(true)
        .into_iter()
        .map(|line| line.path)
        .collect();
    let wanted = [
        r#""""#,
        r#""a.b""#,
        "a.b",
        r#""{}""#,
        r#""e\u0301""#,
        r#""\u00e9""#,
    ];
    assert_eq!(paths, wanted);
    // The image as a whole has no path.
    let whole = diff(None, Some(&json("{}"))).lines(true);
    assert_eq!(
        (whole[0].path.as_str(), whole[0].text()),
        ("", "{}".to_owned())
    );
}

#[test]
fn long_values_differ_on_the_line_too() {
    let deep = |end: &str| json!({"v": [vec!["x"; 5_000], vec![end]]});
    for (old, new) in [
        (
            json!("x".repeat(9_000) + "a"),
            json!("x".repeat(9_000) + "b"),
        ),
        (json(&"1".repeat(9_000)), json(&("1".repeat(8_999) + "2"))),
        (json!("a\u{a0}b"), json!("a b")),
        (deep("a"), deep("b")),
    ] {
        for line in diff(Some(&old), Some(&new)).lines(true) {
            assert_ne!(line.old, line.new);
        }
    }
}

#[test]
fn the_moment_of_a_change_is_left_out_beside_the_change() {
    let row = |qty: u8, at: &str| json!({"qty": qty, "updated_at": at, "in": {"updated_at": at}});
    assert_eq!(
        changed(&row(1, "a"), &row(2, "b")),
        ["~ qty: 1 → 2", "~ in.updated_at: \"a\" → \"b\""]
    );
    let stamp = |at: &str| json!({"qty": 1, "updated_at": at});
    assert_eq!(
        changed(&stamp("a"), &stamp("b")),
        ["~ updated_at: \"a\" → \"b\""]
    );
}
