//! The difference as lines of text, for the command line: one line a value, with its whole path.

use super::{Change, Diff, Key, Node};

/// What stands in front of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Nothing changed.
    Same,
    /// There only afterwards.
    Added,
    /// There only before.
    Removed,
    /// Another value.
    Changed,
    /// Another place in its array.
    Moved,
}

impl Mark {
    /// The sign: ` `, `+`, `-`, `~`, `>`.
    pub fn sign(self) -> char {
        match self {
            Self::Same => ' ',
            Self::Added => '+',
            Self::Removed => '-',
            Self::Changed => '~',
            Self::Moved => '>',
        }
    }
}

/// One line of a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What happened.
    pub mark: Mark,
    /// Where, such as `tags[1]`, `a.b` or `"a.b"`; empty for the image as a whole.
    pub path: String,
    /// The value before, where there was one.
    pub old: Option<String>,
    /// The value afterwards, where there is one.
    pub new: Option<String>,
}

impl Line {
    /// The value, or `old → new`, or that it moved.
    pub fn text(&self) -> String {
        if self.mark == Mark::Moved {
            let what = self.new.as_deref().unwrap_or_default();
            return format!("moved {what}").trim_end().to_owned();
        }
        match (&self.old, &self.new) {
            (Some(old), Some(new)) if self.mark == Mark::Changed => format!("{old} → {new}"),
            (old, new) => new.as_ref().or(old.as_ref()).cloned().unwrap_or_default(),
        }
    }
}

impl Diff {
    /// One line for each value; `only_changed` leaves out those that are the same.
    pub fn lines(&self, only_changed: bool) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut path: Vec<&Node> = Vec::new();
        self.walk(&mut |depth, node| {
            path.truncate(depth);
            path.push(node);
            if only_changed && (node.changes == 0 || self.is_noise(depth, node)) {
                return false;
            }
            if (node.children.is_empty() || node.is_moved)
                && let Some(line) = line(&path, node)
            {
                lines.push(line);
            }
            true
        });
        lines
    }
}

fn line(path: &[&Node], node: &Node) -> Option<Line> {
    let mark = match &node.change {
        Change::Same(_) | Change::Inside if node.is_moved => Mark::Moved,
        Change::Same(_) => Mark::Same,
        Change::Added(_) => Mark::Added,
        Change::Removed(_) => Mark::Removed,
        Change::Changed { .. } => Mark::Changed,
        Change::Inside => return None,
    };
    let mut place = String::new();
    for node in path {
        if matches!(node.key, Key::Name { .. }) && !place.is_empty() {
            place.push('.');
        }
        place.push_str(&node.key.to_string());
    }
    Some(Line {
        mark,
        path: place,
        old: node.old_text().map(str::to_owned),
        new: node.new_text().map(str::to_owned),
    })
}
