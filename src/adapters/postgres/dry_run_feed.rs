//! What of a dry run's files is sent next, and what is waited for before more is sent.

use crate::domain::dry_run::quiet::Quiet;
use crate::domain::dry_run::recording::FileScript;
use crate::domain::script::Part;
use crate::domain::sql::statement_kind::leading_words;
use crate::domain::sql::transaction::{Control, control, may_end};
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex};

/// How much goes in one message, and how large one of its statements may be.
const MESSAGE_STATEMENTS: usize = 256;
const MESSAGE_BYTES: usize = 64 * 1024;
const SMALL: usize = 4 * 1024;
/// The words of commands that may change how the text behind them is read.
const READS_OTHERWISE: [&str; 2] = ["set", "reset"];
/// The words of commands that return to a state before: what failed would go on.
const GOES_BACK: [&str; 3] = ["savepoint", "release", "rollback"];

/// What is sent.
pub(super) enum Item {
    /// The savepoint of a file.
    Open,
    /// One statement.
    Statement(usize),
    /// Statements in one message, with how many rows each of those touched that are answered.
    Packed(Range<usize>, Arc<Mutex<Vec<u64>>>),
    /// What the statement, and those that were not measured before it, did. Says whether the next ones wait for it.
    Measure(usize, bool),
    /// What a commit checks, and then the end of the session.
    Settle,
    EndSession,
    MeasureCommit(bool),
    /// What the file did stays.
    Close,
    Snapshot,
    Rights,
}

impl Item {
    /// Whether nothing may be sent before it is answered.
    pub(super) fn is_barrier(&self) -> bool {
        matches!(self, Self::Measure(_, true) | Self::MeasureCommit(true))
    }
}

/// What comes next.
pub(super) struct Feed<'a> {
    scripts: &'a [FileScript],
    is_strict: bool,
    wants_rights: bool,
    /// The file, and whether it is open.
    file: usize,
    is_open: bool,
    /// The next statement, and the end of the group that it belongs to.
    at: usize,
    group: usize,
    /// Whether the statement behind the group was asked about already: it is not quiet.
    is_judged: bool,
    /// Whether the group's last statement is sent, and waits for its measure.
    is_measured: bool,
    /// How much of the file's end is sent.
    tail: usize,
    /// Which statements were quiet where each file began, of those that are not at their end.
    judged: VecDeque<Quiet>,
}

impl<'a> Feed<'a> {
    /// Of these files.
    pub(super) fn new(scripts: &'a [FileScript], is_strict: bool, wants_rights: bool) -> Self {
        Self {
            scripts,
            is_strict,
            wants_rights,
            file: 0,
            is_open: false,
            at: 0,
            group: 0,
            is_judged: false,
            is_measured: false,
            tail: 0,
            judged: VecDeque::new(),
        }
    }

    /// The next thing to send, and of which file.
    pub(super) fn next(&mut self, quiet: &mut Quiet) -> Option<(usize, Item)> {
        let Some(script) = self.scripts.get(self.file) else {
            let is_wanted = std::mem::take(&mut self.wants_rights);
            return is_wanted.then_some((self.file, Item::Rights));
        };
        let file = self.file;
        if !std::mem::replace(&mut self.is_open, true) {
            (self.at, self.group, self.tail) = (0, 0, 0);
            (self.is_judged, self.is_measured) = (false, false);
            self.judged.push_back(quiet.clone());
            return Some((file, Item::Open));
        }
        let parts = &script.parts;
        if std::mem::take(&mut self.is_measured) {
            let part = self.at - 1;
            let sql = &parts[part].sql;
            let waits = self.is_strict || quiet.may_move(sql) || is_control(sql);
            return Some((file, Item::Measure(part, waits)));
        }
        if self.at < parts.len() {
            if self.at == self.group {
                self.open_group(parts, quiet);
            }
            let range = self.at..self.packed_end(parts);
            self.at = range.end;
            self.is_measured = self.at == self.group;
            let item = if range.len() > 1 {
                Item::Packed(range, Arc::default())
            } else {
                Item::Statement(range.start)
            };
            return Some((file, item));
        }
        self.tail += 1;
        let item = match self.tail {
            1 => Item::Settle,
            2 => Item::EndSession,
            3 => Item::MeasureCommit(self.is_strict),
            4 => Item::Close,
            _ => Item::Snapshot,
        };
        if self.tail == if script.wants_snapshot { 5 } else { 4 } {
            self.file += 1;
            self.is_open = false;
        }
        Some((file, item))
    }

    /// Whether everything was sent that changes something.
    pub(super) fn is_done(&self) -> bool {
        self.file == self.scripts.len()
    }

    /// A file came to its end: what was judged before it is of no use any more.
    pub(super) fn forget(&mut self) -> Option<Quiet> {
        self.judged.pop_front()
    }

    /// The statement that would come next of the file that is open, or of the next one; says whether that one is open.
    pub(super) fn place(&self) -> (usize, bool) {
        (if self.is_open { self.at } else { 0 }, self.is_open)
    }

    /// Several statements that need no measure of their own go together, and the last of them is measured for all.
    fn open_group(&mut self, parts: &[Part], quiet: &mut Quiet) {
        let is_judged = std::mem::take(&mut self.is_judged);
        let mut goes_on = !is_judged && quiet.is_quiet(&parts[self.at].sql);
        self.group = self.at + 1;
        while goes_on && self.group < parts.len() {
            goes_on = quiet.is_quiet(&parts[self.group].sql);
            if goes_on {
                self.group += 1;
            } else {
                self.is_judged = true;
            }
        }
    }

    /// How far the statements of the group go in one message.
    fn packed_end(&self, parts: &[Part]) -> usize {
        let fits = |part: &&Part| !self.is_strict && is_packable(&part.sql);
        let mut bytes = 0;
        let count = parts[self.at..self.group]
            .iter()
            .take(MESSAGE_STATEMENTS)
            .take_while(fits)
            .take_while(|part| {
                bytes += part.sql.len();
                bytes <= MESSAGE_BYTES
            })
            .count();
        self.at + count.max(1)
    }
}

/// Whether a file has to run strictly: it may return to a state before, and what failed would go on.
pub(super) fn goes_back(script: &FileScript) -> bool {
    script.parts.iter().any(|part| is_control(&part.sql))
}

/// Whether a statement may end the transaction, or return in it, by itself.
fn is_control(sql: &str) -> bool {
    if is_commit(sql) {
        return false;
    }
    let first = leading_words(sql, 1);
    let first = first.first().map(String::as_str).unwrap_or_default();
    first.is_empty() || may_end(first) || GOES_BACK.contains(&first)
}

/// Whether it stands for a COMMIT of the file's own: what that checks is sent in its place.
pub(super) fn is_commit(sql: &str) -> bool {
    matches!(control(sql), Some(Control::Commit { .. }))
}

/// Whether a statement may go in a message with others.
fn is_packable(sql: &str) -> bool {
    let first = leading_words(sql, 1);
    sql.len() <= SMALL
        && !may_end(sql)
        && first
            .first()
            .is_some_and(|word| !READS_OTHERWISE.contains(&word.as_str()))
}
