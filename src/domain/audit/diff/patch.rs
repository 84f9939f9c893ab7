//! A JSON Patch (RFC 6902) that makes one image of the other. Recursion goes as deep as the tree of a difference does; a deeper value
//! is replaced as a whole, and so is an array of which too much would have to be moved one by one.

use super::align::{Pair, align};
use super::hash::Hashes;
use serde::Serialize;
use serde_json::{Map, Value};
use std::hash::RandomState;

/// How deep values are taken apart.
const DEEPEST: usize = 128;
/// The most steps along an array that are taken for its operations.
const MOST_STEPS: usize = 20_000_000;

/// One operation of a patch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum Operation {
    /// A value that is there afterwards.
    Add {
        /// Where.
        path: String,
        /// Which.
        value: Value,
    },
    /// A value that is gone.
    Remove {
        /// Where it was.
        path: String,
    },
    /// A value in place of another one.
    Replace {
        /// Where.
        path: String,
        /// Which.
        value: Value,
    },
    /// A value that moved.
    Move {
        /// Where it was.
        from: String,
        /// Where it is afterwards.
        path: String,
    },
}

/// The patch that makes `after` of `before`. A missing image is a row that is not there: the whole document is added or removed.
pub fn patch(before: Option<&Value>, after: Option<&Value>) -> Vec<Operation> {
    let path = String::new();
    match (before, after) {
        (None, None) => Vec::new(),
        (None, Some(after)) => vec![Operation::Add {
            path,
            value: after.clone(),
        }],
        (Some(_), None) => vec![Operation::Remove { path }],
        (Some(old), Some(new)) => {
            let state = RandomState::new();
            let mut maker = Maker {
                before: Hashes::new(before, &state),
                after: Hashes::new(after, &state),
                operations: Vec::new(),
            };
            maker.value(&path, old, new, 0);
            maker.operations
        }
    }
}

struct Maker<'a> {
    before: Hashes<'a>,
    after: Hashes<'a>,
    operations: Vec<Operation>,
}

impl Maker<'_> {
    fn value(&mut self, path: &str, old: &Value, new: &Value, depth: usize) {
        if self.before.of(old) == self.after.of(new) {
            return;
        }
        match (old, new) {
            (Value::Object(old), Value::Object(new)) if depth < DEEPEST => {
                self.object(path, old, new, depth);
            }
            (Value::Array(old), Value::Array(new)) if depth < DEEPEST => {
                let pairs = align(old, new, &self.before, &self.after);
                if is_large(&pairs) {
                    self.replace(path, Value::Array(new.clone()));
                } else {
                    self.array(path, (old, new), &pairs, depth);
                }
            }
            _ => self.replace(path, new.clone()),
        }
    }

    fn replace(&mut self, path: &str, value: Value) {
        self.operations.push(Operation::Replace {
            path: path.to_owned(),
            value,
        });
    }

    fn object(
        &mut self,
        path: &str,
        old: &Map<String, Value>,
        new: &Map<String, Value>,
        depth: usize,
    ) {
        for name in old.keys().filter(|name| !new.contains_key(*name)) {
            let path = format!("{path}/{}", pointed(name));
            self.operations.push(Operation::Remove { path });
        }
        for (name, value) in new {
            let path = format!("{path}/{}", pointed(name));
            match old.get(name) {
                Some(before) => self.value(&path, before, value, depth + 1),
                None => self.operations.push(Operation::Add {
                    path,
                    value: value.clone(),
                }),
            }
        }
    }

    /// What is gone is removed from the end on; then each place, from the first on, gets what it has afterwards.
    fn array(
        &mut self,
        path: &str,
        (old, new): (&[Value], &[Value]),
        pairs: &[Pair],
        depth: usize,
    ) {
        let gone = pairs.iter().filter(|pair| pair.new.is_none());
        let mut gone: Vec<usize> = gone.filter_map(|pair| pair.old).collect();
        gone.sort_unstable();
        for at in gone.iter().rev() {
            let path = format!("{path}/{at}");
            self.operations.push(Operation::Remove { path });
        }
        // Which old element stands where, by now. None for one that was added.
        let is_kept = |at: &usize| gone.binary_search(at).is_err();
        let mut now: Vec<Option<usize>> = (0..old.len()).filter(is_kept).map(Some).collect();
        let mut places: Vec<(usize, Option<usize>)> = pairs
            .iter()
            .filter_map(|pair| Some((pair.new?, pair.old)))
            .collect();
        places.sort_unstable();
        for (at, from) in places {
            let place = format!("{path}/{at}");
            let Some(from) = from else {
                now.insert(at, None);
                let value = new.get(at).cloned().unwrap_or_default();
                self.operations.push(Operation::Add { path: place, value });
                continue;
            };
            let stands = now.iter().skip(at).position(|other| *other == Some(from));
            if let Some(by) = stands.filter(|by| *by > 0) {
                let element = now.remove(at + by);
                now.insert(at, element);
                self.operations.push(Operation::Move {
                    from: format!("{path}/{}", at + by),
                    path: place.clone(),
                });
            }
            if let (Some(before), Some(after)) = (old.get(from), new.get(at)) {
                self.value(&place, before, after, depth + 1);
            }
        }
    }
}

/// Whether too much of an array would have to be moved.
fn is_large(pairs: &[Pair]) -> bool {
    let is_step = |pair: &&Pair| pair.is_moved || pair.old.is_none() || pair.new.is_none();
    let steps = pairs.iter().filter(is_step).count();
    steps.saturating_mul(pairs.len()) > MOST_STEPS
}

/// A name as part of a JSON Pointer (RFC 6901).
fn pointed(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    /// Applies a patch as RFC 6902 says.
    fn applied(before: &Value, patch: &[Operation]) -> Value {
        let mut value = before.clone();
        for operation in patch {
            match operation {
                Operation::Add { path, value: new } => add(&mut value, path, new.clone()),
                Operation::Remove { path } => drop(remove(&mut value, path)),
                Operation::Replace { path, value: new } => {
                    *value.pointer_mut(path).unwrap() = new.clone();
                }
                Operation::Move { from, path } => {
                    let moved = remove(&mut value, from);
                    add(&mut value, path, moved);
                }
            }
        }
        value
    }

    fn parent<'a>(value: &'a mut Value, path: &str) -> (&'a mut Value, String) {
        let (parent, last) = path.rsplit_once('/').unwrap();
        let last = last.replace("~1", "/").replace("~0", "~");
        (value.pointer_mut(parent).unwrap(), last)
    }

    fn add(value: &mut Value, path: &str, new: Value) {
        match parent(value, path) {
            (Value::Array(items), at) => items.insert(at.parse().unwrap(), new),
            (Value::Object(map), name) => assert!(map.insert(name, new).is_none(), "{path}"),
            _ => panic!("{path}"),
        }
    }

    fn remove(value: &mut Value, path: &str) -> Value {
        match parent(value, path) {
            (Value::Array(items), at) => items.remove(at.parse().unwrap()),
            (Value::Object(map), name) => map.remove(&name).unwrap(),
            _ => panic!("{path}"),
        }
    }

    fn json_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (0..4_i64).prop_map(Value::from),
            "[a-c/~]{0,2}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 40, 6, |inner| {
            let with_id =
                (0..4_i64, inner.clone()).prop_map(|(id, value)| json!({"id": id, "v": value}));
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec(with_id, 0..6).prop_map(Value::from),
                prop::collection::btree_map("[a-c/~]{0,2}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_patch_makes_the_one_of_the_other(before in json_value(), after in json_value()) {
            let patch = patch(Some(&before), Some(&after));
            prop_assert_eq!(applied(&before, &patch), after, "{:?}", patch);
        }

        #[test]
        fn a_shuffled_array_is_moved_and_nothing_else(order in Just((0..12_i64).collect::<Vec<_>>()).prop_shuffle()) {
            let before: Value = (0..12_i64).map(|id| json!({"id": id, "text": "x"})).collect();
            let after: Value = order.iter().map(|id| json!({"id": id, "text": "x"})).collect();
            let patch = patch(Some(&before), Some(&after));
            prop_assert!(patch.iter().all(|one| matches!(one, Operation::Move { .. })), "{:?}", patch);
            prop_assert_eq!(applied(&before, &patch), after);
        }
    }

    #[test]
    fn it_is_written_as_the_rfc_has_it() {
        let before = json!({"a/b": 1, "tags": ["x", "y", "z"], "gone": null, "same": 1});
        let after = json!({"a/b": 2, "tags": ["z", "x", "y"], "m~n": [1], "same": 1.0});
        let patch = serde_json::to_value(patch(Some(&before), Some(&after))).unwrap();
        assert_eq!(
            patch,
            json!([
                {"op": "remove", "path": "/gone"},
                {"op": "replace", "path": "/a~1b", "value": 2},
                {"op": "move", "from": "/tags/2", "path": "/tags/0"},
                {"op": "add", "path": "/m~0n", "value": [1]},
            ])
        );
        assert_eq!(super::patch(None, None), []);
        let made = serde_json::to_value(super::patch(None, Some(&before))).unwrap();
        assert_eq!(made, json!([{"op": "add", "path": "", "value": before}]));
        let gone = serde_json::to_value(super::patch(Some(&before), None)).unwrap();
        assert_eq!(gone, json!([{"op": "remove", "path": ""}]));
    }

    #[test]
    fn an_array_turned_round_is_no_endless_work() {
        let before: Value = (0..40_000).collect();
        let after: Value = (0..40_000).rev().collect();
        let patch = patch(Some(&before), Some(&after));
        assert!(matches!(&patch[..], [Operation::Replace { path, .. }] if path.is_empty()));
    }
}
