//! What is locked: a line for each table that somebody waits for or that is rewritten; the others are only named.

use super::{Line, Lines, Tone};
use crate::domain::dry_run::measure::Blocks;
use crate::domain::dry_run::{Report, TableLockSummary};
use crate::domain::migration::{Plan, platform_locks};
use crate::domain::plural::{counted, listed};
use std::cmp::Reverse;

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
        let names: Vec<&str> = quiet.iter().map(|held| held.table.as_str()).collect();
        let text = format!("No query waits for the locks on {}.", named(&names));
        lines.put(2, Tone::Muted, &text);
    }
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
