//! The selected audit record as lines: its difference in one of three views, then its reason where that is long or was
//! searched; with folding, a cursor and a search.

use super::rationale::{self, Reason};
use crate::app::list::Move;
use crate::domain::audit::Record;
use crate::domain::audit::diff::{Change, Diff, Key, Node};
use serde_json::Value;
use std::collections::BTreeSet;

/// How a difference is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Only what changed, old and new on one line.
    #[default]
    Changes,
    /// Everything, before at the left and after at the right.
    SideBySide,
    /// Everything, old above new.
    Unified,
}

impl Mode {
    /// The words of the mode.
    pub fn title(self) -> &'static str {
        match self {
            Self::Changes => "changes only",
            Self::SideBySide => "side by side",
            Self::Unified => "unified",
        }
    }
}

/// What a line says happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Nothing.
    Same,
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It has another value.
    Changed,
    /// It has another place in its array.
    Moved,
    /// It is a line of the reason, in `new`.
    Reason,
}

/// One line of the difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordLine {
    /// How deep it lies.
    pub depth: usize,
    /// Its key, or its place in an array.
    pub key: String,
    /// What happened.
    pub mark: Mark,
    /// The value before.
    pub old: Option<String>,
    /// The value after.
    pub new: Option<String>,
    /// The value of the other side, where that has a line of its own.
    pub other: Option<String>,
    /// Its path, which folding remembers.
    pub path: String,
    /// Whether it has parts, and whether they are folded away.
    pub fold: Option<bool>,
}

/// The state of the view.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RecordView {
    /// How the difference is shown.
    pub mode: Mode,
    /// The lines.
    pub lines: Vec<RecordLine>,
    /// The line with the cursor.
    pub cursor: usize,
    /// The first visible line.
    pub top: usize,
    /// The lines that the search found.
    pub matches: Vec<usize>,
    /// The reason.
    pub reason: Reason,
    diff: Option<Diff>,
    folded: BTreeSet<String>,
    words: String,
}

impl RecordView {
    /// Shows a record. What was folded in another record stays folded here: one compares the same parts.
    pub fn show(&mut self, record: &Record, diff: Diff) {
        self.diff = Some(diff);
        self.reason.set(record.rationale.as_deref());
        self.cursor = 0;
        self.top = 0;
        self.rebuild();
    }

    /// Fits the reason into the room there is.
    pub fn fit(&mut self, columns: usize, rows: usize) {
        if self.reason.fit(columns, rows) {
            self.rebuild();
        }
    }

    /// The lines of the difference, without those of the reason.
    pub fn difference(&self) -> &[RecordLine] {
        let end = self.lines.iter().position(|line| line.mark == Mark::Reason);
        &self.lines[..end.unwrap_or(self.lines.len())]
    }

    /// Goes to the next mode.
    pub fn next_mode(&mut self) {
        self.mode = match self.mode {
            Mode::Changes => Mode::SideBySide,
            Mode::SideBySide => Mode::Unified,
            Mode::Unified => Mode::Changes,
        };
        self.rebuild();
    }

    /// Folds or unfolds the part under the cursor.
    pub fn toggle_fold(&mut self) {
        let Some(line) = self
            .lines
            .get(self.cursor)
            .filter(|line| line.fold.is_some())
        else {
            return;
        };
        let path = line.path.clone();
        if !self.folded.remove(&path) {
            self.folded.insert(path);
        }
        self.rebuild();
    }

    /// Finds the lines that contain the words.
    pub fn search(&mut self, words: &str) {
        self.words = words.to_lowercase();
        self.rebuild();
        if let Some(first) = self
            .matches
            .iter()
            .find(|at| **at >= self.cursor)
            .or(self.matches.first())
        {
            self.cursor = *first;
        }
    }

    /// Goes to the next or the previous match, around the end.
    pub fn go_match(&mut self, is_forward: bool) {
        let next = if is_forward {
            self.matches
                .iter()
                .find(|at| **at > self.cursor)
                .or(self.matches.first())
        } else {
            self.matches
                .iter()
                .rfind(|at| **at < self.cursor)
                .or(self.matches.last())
        };
        if let Some(at) = next {
            self.cursor = *at;
            self.top = self.top.min(self.cursor);
        }
    }

    /// Moves the cursor; `height` lines are visible.
    pub fn go(&mut self, movement: Move, height: usize) {
        let last = self.lines.len().saturating_sub(1);
        self.cursor = movement.from(self.cursor, last);
        self.follow(height);
    }

    /// The first visible line when so many are visible.
    pub fn visible_top(&self, height: usize) -> usize {
        let height = height.max(1);
        if self.cursor < self.top {
            self.cursor
        } else if self.cursor >= self.top + height {
            self.cursor + 1 - height
        } else {
            self.top
        }
    }

    /// The value under the cursor, whole: its path, before and after. Nothing on a line of the reason.
    pub fn value<'a>(
        &self,
        record: &'a Record,
    ) -> Option<(String, Option<&'a Value>, Option<&'a Value>)> {
        let nodes = self.under_cursor()?;
        let old = record.before_state.as_ref();
        let new = record.after_state.as_ref();
        let value = |image, is_old| {
            nodes
                .iter()
                .try_fold(image, |value, node| inside(value, &node.key, is_old))
        };
        let path: String = nodes.iter().map(|node| path_part(node)).collect();
        let path = path.trim_start_matches('.').to_owned();
        Some((
            path,
            old.and_then(|image| value(image, true)),
            new.and_then(|image| value(image, false)),
        ))
    }

    /// The field of the row in which the cursor stands.
    pub fn field(&self) -> Option<&str> {
        let nodes = self.under_cursor()?;
        nodes.into_iter().find_map(|node| match &node.key {
            Key::Name { name, .. } => Some(name.as_str()),
            _ => None,
        })
    }

    /// Goes to the next change, or the previous one. False where there is none in the record.
    pub fn go_change(&mut self, is_forward: bool) -> bool {
        let is_change = |at: &usize| {
            let line = &self.lines[*at];
            let is_leaf = line.fold.is_none_or(|is_folded| is_folded);
            let is_change = matches!(line.mark, Mark::Added | Mark::Removed | Mark::Changed);
            (is_leaf && is_change) || line.mark == Mark::Moved
        };
        let found = if is_forward {
            (self.cursor + 1..self.lines.len()).find(is_change)
        } else {
            (0..self.cursor.min(self.lines.len())).rev().find(is_change)
        };
        if let Some(at) = found {
            self.cursor = at;
            self.top = self.top.min(at);
        }
        found.is_some()
    }

    /// Goes to the first change, or to the last one.
    pub fn go_end_change(&mut self, is_forward: bool) {
        if is_forward {
            self.cursor = 0;
            let is_there = self.lines.first().is_some_and(|line| {
                let is_change = matches!(line.mark, Mark::Added | Mark::Removed | Mark::Changed);
                (line.fold.is_none() && is_change) || line.mark == Mark::Moved
            });
            if !is_there {
                self.go_change(true);
            }
        } else {
            self.cursor = self.lines.len();
            if !self.go_change(false) {
                self.cursor = 0;
            }
        }
    }

    /// The node under the cursor, behind those around it. Nothing on a line of the reason.
    fn under_cursor(&self) -> Option<Vec<&Node>> {
        let mut seen = 0;
        let mut found = None;
        walk_lines(
            self.diff.as_ref()?,
            self.mode,
            &self.folded,
            &mut |nodes, _, _| {
                let Some(node) = nodes.last() else { return };
                seen += line_count(node, self.mode);
                if seen > self.cursor && found.is_none() {
                    found = Some(nodes.to_vec());
                }
            },
        );
        found
    }

    fn follow(&mut self, height: usize) {
        self.top = self.visible_top(height);
    }

    fn rebuild(&mut self) {
        self.lines.clear();
        if let Some(diff) = &self.diff {
            walk_lines(
                diff,
                self.mode,
                &self.folded,
                &mut |nodes, path, is_folded| {
                    if let Some(node) = nodes.last() {
                        let depth = nodes.len().saturating_sub(2);
                        push(&mut self.lines, node, depth, path, is_folded, self.mode);
                    }
                },
            );
        }
        self.find();
        self.cursor = self.cursor.min(self.lines.len().saturating_sub(1));
        self.top = self.top.min(self.cursor);
    }

    /// Finds the lines with the words; those of the reason are added where it is needed.
    fn find(&mut self) {
        let words = &self.words;
        let has = |text: &Option<String>| {
            text.as_ref()
                .is_some_and(|text| text.to_lowercase().contains(words))
        };
        let is_match = |line: &RecordLine| {
            !words.is_empty()
                && (line.key.to_lowercase().contains(words) || has(&line.old) || has(&line.new))
        };
        let found = self
            .lines
            .iter()
            .enumerate()
            .filter(|(_, line)| is_match(line));
        self.matches = found.map(|(at, _)| at).collect();
        let (above, places) = (self.lines.len(), self.reason.places(words));
        if self.reason.beginning().1 || !places.is_empty() {
            self.matches.extend(places.iter().map(|at| above + at));
            self.lines.extend(reason_lines(&self.reason));
        }
    }
}

/// Visits the nodes that have a line, each with its ancestors before it, its path for folding and whether it is folded.
fn walk_lines<'a>(
    diff: &'a Diff,
    mode: Mode,
    folded: &BTreeSet<String>,
    visit: &mut dyn FnMut(&[&'a Node], String, bool),
) {
    let mut nodes: Vec<&'a Node> = Vec::new();
    diff.walk(&mut |depth, node| {
        if mode == Mode::Changes && (node.changes == 0 || diff.is_noise(depth, node)) {
            return false;
        }
        nodes.truncate(depth);
        nodes.push(node);
        // The root stands for the whole image: only what is in it has a line.
        if depth == 0 && node.is_foldable() {
            return true;
        }
        let path: Vec<String> = nodes.iter().map(|node| node.key.to_string()).collect();
        let path = path.join(".");
        let is_folded = folded.contains(&path);
        visit(&nodes, path, is_folded);
        !is_folded && is_open(node, mode)
    });
}

/// Whether a node has lines below its own: of what moved alone, none where only changes are shown.
fn is_open(node: &Node, mode: Mode) -> bool {
    let is_alone = mode == Mode::Changes && node.is_moved && node.changes == 1;
    node.is_foldable() && !is_alone
}

/// What a node adds to a path that people read.
fn path_part(node: &Node) -> String {
    match &node.key {
        Key::Name { shown, .. } => format!(".{shown}"),
        other => other.to_string(),
    }
}

/// What is under a key of a value, on one side.
fn inside<'a>(value: &'a Value, key: &Key, is_old: bool) -> Option<&'a Value> {
    match key {
        Key::Root => Some(value),
        Key::Name { name, .. } => value.get(name),
        Key::Index { old, new } => value.get((if is_old { *old } else { *new })?),
    }
}

/// How many lines a node takes: a changed value has two in the unified view.
fn line_count(node: &Node, mode: Mode) -> usize {
    1 + usize::from(mode == Mode::Unified && matches!(node.change, Change::Changed { .. }))
}

fn reason_lines(reason: &Reason) -> impl Iterator<Item = RecordLine> {
    let lines = reason.lines().iter().enumerate();
    lines.map(|(at, text)| RecordLine {
        depth: 0,
        key: if at == 0 { rationale::NAME } else { "" }.to_owned(),
        mark: Mark::Reason,
        old: None,
        new: Some(text.clone()),
        other: None,
        path: String::new(),
        fold: None,
    })
}

/// Adds the line of a node; a changed value takes two lines in the unified view.
fn push(
    lines: &mut Vec<RecordLine>,
    node: &Node,
    depth: usize,
    path: String,
    is_folded: bool,
    mode: Mode,
) {
    let mark = match &node.change {
        Change::Same(_) | Change::Inside if node.is_moved => Mark::Moved,
        Change::Same(_) => Mark::Same,
        Change::Added(_) => Mark::Added,
        Change::Removed(_) => Mark::Removed,
        Change::Changed { .. } | Change::Inside => Mark::Changed,
    };
    let line = RecordLine {
        depth,
        key: node.key.to_string(),
        mark,
        old: node.old_text().map(str::to_owned),
        new: node.new_text().map(str::to_owned),
        other: None,
        path,
        fold: is_open(node, mode).then_some(is_folded),
    };
    if mode == Mode::Unified && matches!(node.change, Change::Changed { .. }) {
        lines.push(RecordLine {
            mark: Mark::Removed,
            new: None,
            other: line.new.clone(),
            ..line.clone()
        });
        lines.push(RecordLine {
            mark: Mark::Added,
            old: None,
            other: line.old.clone(),
            ..line
        });
    } else {
        lines.push(line);
    }
}
