//! What is locked: a line for each table that somebody waits for or that is rewritten, the rows that are changed, and the
//! names of the other tables.

use super::{Line, Lines, Tone};
use crate::domain::dry_run::measure::Blocks;
use crate::domain::dry_run::{Report, TableLockSummary};
use crate::domain::lint::LockMode;
use crate::domain::migration::{Plan, platform_locks};
use crate::domain::plural::{counted, listed};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The most tables that a short report names.
const MOST: usize = 30;
/// The most tables that are named in one sentence.
const NAMED: usize = 6;

/// The section of a dry run.
pub(super) fn section(lines: &mut Lines, report: &Report) {
    let unknown = report.unmeasured();
    let (mut heard, quiet): (Vec<_>, Vec<_>) = report
        .locks
        .iter()
        .partition(|held| held.blocks != Blocks::NoQuery || held.rewritten);
    let nothing = match (heard.is_empty(), quiet.is_empty()) {
        _ if report.platform_locks.is_some() => None,
        (true, true) => Some("No table that is there now is locked"),
        (true, false) => Some("No table is locked in a way that a query waits for"),
        _ => None,
    };
    let unknown = unknown.as_ref();
    let is_shown = lines.section(report, "What is locked", unknown, nothing);
    if is_shown {
        if let Some(platform) = &report.platform_locks {
            lines.put(2, Tone::Danger, &platform.line());
        }
        heard.sort_by_key(|held| Reverse((held.rewritten, held.blocks)));
        let all = heard.iter().map(|held| line(held).indented(2));
        lines.most(all.collect(), MOST, "table");
    }
    if (is_shown || report.problem.is_none()) && !quiet.is_empty() {
        let rows = changed(report);
        let written = quiet.iter().filter_map(|held| {
            let rows = rows.get(held.table.as_str())?;
            let text = format!(
                "Writers of the {} of {} wait until the file commits ({} ms)",
                rows.words(),
                held.table,
                held.held_ms
            );
            Some(Line::new(Tone::Warn, &text).indented(2))
        });
        lines.most(written.collect(), MOST, "table");
        let (reads, others): (Vec<&TableLockSummary>, Vec<_>) = quiet
            .into_iter()
            .filter(|held| !rows.contains_key(held.table.as_str()))
            .partition(|held| held.mode == LockMode::RowShare);
        let names = |held: &[&TableLockSummary]| {
            let names: Vec<&str> = held.iter().map(|held| held.table.as_str()).collect();
            named(&names)
        };
        if !reads.is_empty() {
            let text = format!(
                "Rows of {} that are read FOR UPDATE or referred to may be locked until the file commits.",
                names(&reads)
            );
            lines.put(2, Tone::Muted, &text);
        }
        if !others.is_empty() {
            let text = format!("No query waits for the locks on {}.", names(&others));
            lines.put(2, Tone::Muted, &text);
        }
    }
}

/// Rows of a table that a plan updates or deletes: each is locked until its file commits.
#[derive(Clone, Copy, Default)]
struct ChangedRows {
    count: u64,
    /// Whether they may be fewer: statements may change a row twice, or undo what they did.
    at_most: bool,
}

impl ChangedRows {
    /// `8 changed rows`.
    fn words(self) -> String {
        let at_most = if self.at_most { "up to " } else { "" };
        format!("{at_most}{}", counted(self.count, "changed row"))
    }
}

/// The rows that are changed, by table. Rows that are inserted are in nobody's way, except under the same key.
fn changed(report: &Report) -> BTreeMap<&str, ChangedRows> {
    let mut by_table: BTreeMap<&str, ChangedRows> = BTreeMap::new();
    let statements = report.steps.iter().flat_map(|step| &step.statements);
    for rows in statements.flat_map(|statement| &statement.changed) {
        let count = rows.rows.updated + rows.rows.deleted;
        if count == 0 {
            continue;
        }
        let sum = by_table.entry(&rows.table).or_default();
        sum.at_most |= rows.at_most || sum.count > 0;
        sum.count += count;
    }
    by_table
}

/// What running a plan locks of the platform, before anything is known but its text.
pub fn foretold(lines: &mut Lines, plan: &Plan) {
    if let Some(locks) = platform_locks::of_plan(plan) {
        lines.put(0, Tone::Danger, &format!("Locks {}", locks.line()));
    }
}

/// Names in a sentence; of many only the first ones.
pub(super) fn named(names: &[&str]) -> String {
    if names.len() <= NAMED + 1 {
        return listed(names);
    }
    let rest = names.len() - NAMED;
    format!("{} and {rest} more", names[..NAMED].join(", "))
}

fn line(held: &TableLockSummary) -> Line {
    let (tone, who) = match held.blocks {
        Blocks::NoQuery => (Tone::Text, "no query waits"),
        Blocks::Writers => (Tone::Warn, "writers wait"),
        Blocks::ReadersAndWriters => (Tone::Danger, "readers and writers wait"),
    };
    // A run commits behind each file, and the dry run nowhere.
    let held_ms = match held.held_ms {
        to_commit if to_commit < held.rehearsal_held_ms => format!(
            "{to_commit} ms in a run, {} ms in this dry run",
            held.rehearsal_held_ms
        ),
        _ => format!("{} ms", held.rehearsal_held_ms),
    };
    let text = format!("{}: {who}, {held_ms}", held.table);
    let line = Line::new(tone, &text);
    let line = if held.rewritten {
        line.and(Tone::Danger, ", table rewritten")
    } else {
        line
    };
    let by = format!(
        " ({}, by {} statement {})",
        held.mode.words(),
        held.version,
        held.statement
    );
    line.and(Tone::Muted, &by)
}

/// How many tables, for a line that sums them up.
pub(super) fn sum(report: &Report) -> Option<(Tone, String)> {
    let blocked = |blocks| {
        report
            .locks
            .iter()
            .filter(move |held| held.blocks == blocks)
    };
    let all = blocked(Blocks::ReadersAndWriters).count();
    let written = blocked(Blocks::Writers).count();
    let rewritten = report.locks.iter().filter(|held| held.rewritten).count();
    let changed = changed(report);
    let quiet = blocked(Blocks::NoQuery).filter_map(|held| changed.get(held.table.as_str()));
    let rows = quiet.fold(ChangedRows::default(), |sum, rows| ChangedRows {
        count: sum.count + rows.count,
        at_most: sum.at_most || rows.at_most,
    });
    let longest = report.locks.iter().map(|held| held.held_ms).max();
    let mut said = Vec::new();
    if all > 0 {
        said.push(format!(
            "readers and writers of {} wait",
            counted(all, "table")
        ));
    }
    if written > 0 {
        said.push(format!("writers of {} wait", counted(written, "table")));
    }
    if rows.count > 0 {
        said.push(format!("writers of {} wait", rows.words()));
    }
    if rewritten > 0 {
        said.push(format!("{} rewritten", counted(rewritten, "table")));
    }
    let tone = if all > 0 || rewritten > 0 {
        Tone::Danger
    } else {
        Tone::Warn
    };
    let longest = longest.map_or_else(String::new, |ms| format!(", at most {ms} ms"));
    (!said.is_empty()).then(|| (tone, format!("{}{longest}", said.join(", "))))
}
