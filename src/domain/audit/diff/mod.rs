//! The structural difference of two JSON images: what was added, removed and changed, as a tree that can be drawn and folded.
//! Bounded in depth, nodes and text, so that no image can overflow the stack or hold up a screen; where something was cut
//! for that, it is still compared as a whole, and the tree says so.

mod align;
mod build;
mod hash;
mod lines;
mod look_alike;
mod patch;
mod show;
#[cfg(test)]
mod tests;
mod tree;
mod window;
mod words;

pub use hash::{compare_numbers, is_equal};
pub use lines::{Line, Mark};
pub use patch::{Operation, patch};
pub use tree::{Change, Diff, Key, Node, Shape, Tally};
pub use window::window;
pub use words::{Marked, compare_words};

use serde_json::Value;

/// Compares two images. A missing image is an insert's before or a delete's after.
pub fn diff(before: Option<&Value>, after: Option<&Value>) -> Diff {
    build::build(before, after)
}
