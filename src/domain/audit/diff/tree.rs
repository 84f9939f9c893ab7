//! The difference of two images as a tree.

use std::fmt;

/// Keys of a row that most updates change along with something else.
const STAMPS: [&str; 3] = ["updated_at", "modified_at", "updatedAt"];

/// The difference of two images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diff {
    /// The images as a whole.
    pub root: Node,
    /// How much changed.
    pub tally: Tally,
}

/// How many values changed, and whether the tree shows all of them one by one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Values that are there only afterwards; a container counts once for each value in it.
    pub added: usize,
    /// Values that were there only before.
    pub removed: usize,
    /// Values that are another afterwards.
    pub changed: usize,
    /// Elements of arrays that stand in another order among the others.
    pub moved: usize,
    /// Whether some containers are shown as one line because there are too many values.
    pub is_cut: bool,
}

/// A value, or a container with what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Where it is in its container.
    pub key: Key,
    /// What it is; of a value that became a container, `Leaf`.
    pub shape: Shape,
    /// What happened to it.
    pub change: Change,
    /// What is in it, in the order of the later image, with removed values where they were.
    pub children: Vec<Node>,
    /// How many values in it were added, removed, changed or moved; its own change counts.
    pub changes: usize,
    /// Whether it is an element of an array that moved among the others.
    pub is_moved: bool,
}

/// Where a value is in its container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// The image itself.
    Root,
    /// Under a name.
    Name {
        /// The name itself.
        name: String,
        /// The name as part of a path: in quotes where it could be taken for something else.
        shown: String,
    },
    /// At a position before, after, or both.
    Index {
        /// The position before; absent for an added value.
        old: Option<usize>,
        /// The position after; absent for a removed value.
        new: Option<usize>,
    },
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `{…}` with named values.
    Object,
    /// `[…]` with positions.
    Array,
    /// A single value, or a container that is shown as one.
    Leaf,
}

/// What happened to a value. The texts are JSON as it was written, on one line, bounded, and harmless to draw;
/// of a container with children they are only its size, such as `{3}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    Same(String),
    /// It is there only afterwards.
    Added(String),
    /// It was there only before.
    Removed(String),
    /// It is another value.
    Changed {
        /// Before.
        old: String,
        /// Afterwards.
        new: String,
    },
    /// It is a container on both sides, and something in it changed.
    Inside,
}

impl Diff {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.root.changes == 0
    }

    /// Whether a node of this depth is only noise beside what changed otherwise: the moment of the last change of a row.
    pub fn is_noise(&self, depth: usize, node: &Node) -> bool {
        let is_stamp = |node: &Node| matches!(&node.key, Key::Name { name, .. } if STAMPS.contains(&name.as_str()));
        let mut others = self.root.children.iter();
        depth == 1
            && is_stamp(node)
            && matches!(node.change, Change::Changed { .. })
            && others.any(|other| other.changes > 0 && !is_stamp(other))
    }

    /// Walks the tree from the top, a container before what is in it. The visitor gets the depth (the root's is 0) and says
    /// whether to go into the node.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(usize, &'a Node) -> bool) {
        let mut waiting = vec![(0, &self.root)];
        while let Some((depth, node)) = waiting.pop() {
            if visit(depth, node) {
                let children = node.children.iter().rev();
                waiting.extend(children.map(|child| (depth + 1, child)));
            }
        }
    }
}

impl Node {
    /// Whether it has nodes in it that can be folded away.
    pub fn is_foldable(&self) -> bool {
        !self.children.is_empty()
    }

    /// The text before, where there was one.
    pub fn old_text(&self) -> Option<&str> {
        match &self.change {
            Change::Same(text) | Change::Removed(text) | Change::Changed { old: text, .. } => {
                Some(text)
            }
            Change::Added(_) | Change::Inside => None,
        }
    }

    /// The text afterwards, where there is one.
    pub fn new_text(&self) -> Option<&str> {
        match &self.change {
            Change::Same(text) | Change::Added(text) | Change::Changed { new: text, .. } => {
                Some(text)
            }
            Change::Removed(_) | Change::Inside => None,
        }
    }
}

impl fmt::Display for Key {
    /// A name as part of a path, a position as `[2]`, one that moved as `[2→3]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Name { shown, .. } => f.write_str(shown),
            Self::Index { old, new } => match (old, new) {
                (Some(old), Some(new)) if old != new => write!(f, "[{old}→{new}]"),
                (_, Some(at)) | (Some(at), None) => write!(f, "[{at}]"),
                (None, None) => f.write_str("[]"),
            },
        }
    }
}
