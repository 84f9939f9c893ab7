//! Builds the tree. The recursion is as deep as the images, at most `DEEPEST`; deeper values are compared as a whole.

use super::align::align;
use super::hash::Hashes;
use super::{Change, Diff, Key, Node, Shape, Tally, look_alike, show};
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::hash::RandomState;

/// How deep the tree goes. What PostgREST's answers are read with goes no deeper either.
const DEEPEST: usize = 128;
/// The most nodes that show a change, and the most that show none: each kind has its own, so that a large image that hardly
/// changed cannot use up the room for what did change.
const MOST_NODES: usize = 20_000;

/// The most names of an object that are compared with its others by their looks.
const MOST_ODD_NAMES: usize = 64;

/// Which side a value is on that the other side does not have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lone {
    Added,
    Removed,
    Same,
}

struct Builder<'a> {
    before: Hashes<'a>,
    after: Hashes<'a>,
    tally: Tally,
    changed_nodes: usize,
    same_nodes: usize,
}

/// Compares two images.
pub(super) fn build(before: Option<&Value>, after: Option<&Value>) -> Diff {
    let state = RandomState::new();
    let mut builder = Builder {
        before: Hashes::new(before, &state),
        after: Hashes::new(after, &state),
        tally: Tally::default(),
        changed_nodes: 0,
        same_nodes: 0,
    };
    let root = match (before, after) {
        (Some(old), Some(new)) => builder.compare(Key::Root, old, new, 0),
        (None, Some(new)) => builder.lone(Key::Root, new, Lone::Added, 0),
        (Some(old), None) => builder.lone(Key::Root, old, Lone::Removed, 0),
        (None, None) => Node {
            key: Key::Root,
            shape: Shape::Leaf,
            change: Change::Same("null".to_owned()),
            children: Vec::new(),
            changes: 0,
            is_moved: false,
        },
    };
    Diff {
        root,
        tally: builder.tally,
    }
}

impl Builder<'_> {
    fn compare(&mut self, key: Key, old: &Value, new: &Value, depth: usize) -> Node {
        if self.before.of(old) == self.after.of(new) {
            // `1` that became `1.0` is the same number, and is shown as it is written now.
            return self.lone(key, new, Lone::Same, depth);
        }
        if depth < DEEPEST && self.changed_nodes < MOST_NODES {
            match (old, new) {
                (Value::Object(old), Value::Object(new)) => {
                    self.changed_nodes += 1;
                    let children = self.object(old, new, depth);
                    return inside(key, Shape::Object, children);
                }
                (Value::Array(old), Value::Array(new)) => {
                    self.changed_nodes += 1;
                    let children = self.array(old, new, depth);
                    return inside(key, Shape::Array, children);
                }
                _ => {}
            }
        } else {
            self.tally.is_cut = true;
        }
        self.changed_nodes += 1;
        self.tally.changed += 1;
        let (old, new) = show::both(old, new);
        leaf(key, Change::Changed { old, new }, 1)
    }

    /// The keys of the later object in its order; a removed key where it was before.
    fn object(
        &mut self,
        old: &Map<String, Value>,
        new: &Map<String, Value>,
        depth: usize,
    ) -> Vec<Node> {
        let mut children = Vec::with_capacity(new.len());
        let alike = look_alikes(old, new);
        let key = |name: &String| Key::Name {
            name: name.clone(),
            shown: show::key(name, alike.contains(name)),
        };
        let gone: Vec<(usize, &String, &Value)> = old
            .iter()
            .enumerate()
            .filter(|(_, (name, _))| !new.contains_key(*name))
            .map(|(at, (name, value))| (at, name, value))
            .collect();
        // Only names on both sides say where a removed one belongs; their places are looked up once.
        let places: std::collections::HashMap<&String, usize> = old
            .keys()
            .enumerate()
            .map(|(at, name)| (name, at))
            .collect();
        let mut gone = gone.into_iter().peekable();
        for (name, value) in new {
            let Some(place) = places.get(name).copied() else {
                children.push(self.lone(key(name), value, Lone::Added, depth + 1));
                continue;
            };
            while let Some((_, name, value)) = gone.next_if(|(at, _, _)| *at < place) {
                children.push(self.lone(key(name), value, Lone::Removed, depth + 1));
            }
            if let Some(before) = old.get(name) {
                children.push(self.compare(key(name), before, value, depth + 1));
            }
        }
        for (_, name, value) in gone {
            children.push(self.lone(key(name), value, Lone::Removed, depth + 1));
        }
        children
    }

    fn array(&mut self, old: &[Value], new: &[Value], depth: usize) -> Vec<Node> {
        let pairs = align(old, new, &self.before, &self.after);
        let mut children = Vec::with_capacity(pairs.len());
        for pair in pairs {
            let key = Key::Index {
                old: pair.old,
                new: pair.new,
            };
            let left = pair.old.and_then(|at| old.get(at));
            let right = pair.new.and_then(|at| new.get(at));
            children.extend(match (left, right) {
                (Some(old), Some(new)) => {
                    let mut node = self.compare(key, old, new, depth + 1);
                    if pair.is_moved {
                        self.tally.moved += 1;
                        node.changes += 1;
                        node.is_moved = true;
                        if let Change::Same(text) = &mut node.change {
                            *text = show::value(new);
                        }
                    }
                    Some(node)
                }
                (None, Some(new)) => Some(self.lone(key, new, Lone::Added, depth + 1)),
                (Some(old), None) => Some(self.lone(key, old, Lone::Removed, depth + 1)),
                (None, None) => None,
            });
        }
        children
    }

    /// A value that is the same on both sides, or on one side only, with everything in it.
    fn lone(&mut self, key: Key, value: &Value, side: Lone, depth: usize) -> Node {
        let nodes = match side {
            Lone::Same => &mut self.same_nodes,
            Lone::Added | Lone::Removed => &mut self.changed_nodes,
        };
        *nodes += 1;
        let has_room = *nodes < MOST_NODES && depth < DEEPEST;
        let (shape, size) = match value {
            Value::Object(map) if !map.is_empty() => (Shape::Object, map.len()),
            Value::Array(items) if !items.is_empty() => (Shape::Array, items.len()),
            _ => (Shape::Leaf, 0),
        };
        if shape == Shape::Leaf || !has_room {
            self.tally.is_cut |= shape != Shape::Leaf;
            let changes = self.count(side);
            return leaf(key, said(side, show::value(value)), changes);
        }
        let children: Vec<Node> = match value {
            Value::Object(map) => {
                let alike = look_alikes(map, map);
                let key = |name: &String| Key::Name {
                    name: name.clone(),
                    shown: show::key(name, alike.contains(name)),
                };
                map.iter()
                    .map(|(name, value)| self.lone(key(name), value, side, depth + 1))
                    .collect()
            }
            Value::Array(items) => items
                .iter()
                .enumerate()
                .map(|(at, value)| self.lone(lone_index(side, at), value, side, depth + 1))
                .collect(),
            _ => Vec::new(),
        };
        let text = if shape == Shape::Object {
            format!("{{{size}}}")
        } else {
            format!("[{size}]")
        };
        Node {
            key,
            shape,
            change: said(side, text),
            changes: children.iter().map(|child| child.changes).sum(),
            children,
            is_moved: false,
        }
    }

    fn count(&mut self, side: Lone) -> usize {
        match side {
            Lone::Same => return 0,
            Lone::Added => self.tally.added += 1,
            Lone::Removed => self.tally.removed += 1,
        }
        1
    }
}

/// The names that look like another one of the two objects. Plain ASCII looks like nothing else that is.
fn look_alikes(old: &Map<String, Value>, new: &Map<String, Value>) -> HashSet<String> {
    let names: HashSet<&String> = old.keys().chain(new.keys()).collect();
    let odd = names
        .iter()
        .filter(|name| !name.is_ascii())
        .take(MOST_ODD_NAMES);
    let is_alike = |name: &&&String| {
        names
            .iter()
            .any(|other| look_alike::looks_like(name, other))
    };
    odd.filter(is_alike).map(|name| (*name).clone()).collect()
}

fn said(side: Lone, text: String) -> Change {
    match side {
        Lone::Added => Change::Added(text),
        Lone::Removed => Change::Removed(text),
        Lone::Same => Change::Same(text),
    }
}

fn lone_index(side: Lone, at: usize) -> Key {
    let (old, new) = match side {
        Lone::Added => (None, Some(at)),
        Lone::Removed => (Some(at), None),
        Lone::Same => (Some(at), Some(at)),
    };
    Key::Index { old, new }
}

fn leaf(key: Key, change: Change, changes: usize) -> Node {
    Node {
        key,
        shape: Shape::Leaf,
        change,
        children: Vec::new(),
        changes,
        is_moved: false,
    }
}

fn inside(key: Key, shape: Shape, children: Vec<Node>) -> Node {
    Node {
        key,
        shape,
        change: Change::Inside,
        changes: children.iter().map(|child| child.changes).sum(),
        children,
        is_moved: false,
    }
}
