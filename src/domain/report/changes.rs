//! What differs in the catalog: every object that is new, gone or changed, with what changed of it.

use super::{Line, Lines, REST, Tone};
use crate::domain::dry_run::Report;
use crate::domain::plural::counted;
use crate::domain::snapshot::difference::{ChangeKind, Difference, PropertyChange};
use similar::{ChangeTag, TextDiff};
use std::collections::BTreeMap;

/// The most objects that a short report names.
const MOST: usize = 40;
/// The most lines that the change of one long text takes in a short report.
const LONGEST: usize = 60;

/// The section of a dry run.
pub(super) fn section(lines: &mut Lines, report: &Report) {
    let nothing = report
        .difference
        .is_empty()
        .then_some("Nothing in the catalog");
    let unknown = report.unrehearsed();
    if lines.section(report, "What changes", unknown.as_ref(), nothing) {
        list(lines, 2, &report.difference);
    }
}

/// A line for each object. Where there are many, what is gone or changed comes before what is new, and the rest is counted
/// by its kind.
pub fn list(lines: &mut Lines, indent: usize, difference: &Difference) {
    let all_parts = difference.parts();
    let mut changes: Vec<_> = difference.top_level().collect();
    let shown = lines.extent.of(changes.len(), MOST);
    if shown < changes.len() {
        changes.sort_by_key(|change| change.fate == ChangeKind::Added);
    }
    let rest = changes.split_off(shown);
    for change in changes {
        let (sign, tone) = match change.fate {
            ChangeKind::Added => ("+", Tone::Ok),
            ChangeKind::Removed => ("-", Tone::Danger),
            ChangeKind::Changed | ChangeKind::Renamed => ("~", Tone::Warn),
        };
        let parts = all_parts.get(&(change.fate, change.object.name.as_str()));
        let parts: Vec<String> = parts
            .filter(|_| change.object.on.is_none())
            .into_iter()
            .flatten()
            .map(|(kind, count)| several(*count, kind.word()))
            .collect();
        let with = if parts.is_empty() {
            String::new()
        } else {
            format!(" ({})", parts.join(", "))
        };
        lines.put(indent, tone, &format!("{sign} {}{with}", change.name()));
        if matches!(change.fate, ChangeKind::Changed | ChangeKind::Renamed) {
            for shift in difference.visible_properties(change) {
                property(lines, indent + 4, shift);
            }
        }
    }
    if !rest.is_empty() {
        let mut kinds: BTreeMap<(ChangeKind, &str), usize> = BTreeMap::new();
        for change in &rest {
            *kinds
                .entry((change.fate, change.object.kind.word()))
                .or_default() += 1;
        }
        let kinds: Vec<String> = kinds
            .into_iter()
            .map(|((fate, word), count)| {
                let fate = match fate {
                    ChangeKind::Added => "new",
                    ChangeKind::Removed => "dropped",
                    ChangeKind::Changed => "changed",
                    ChangeKind::Renamed => "renamed",
                };
                format!("{} {fate}", several(count, word))
            })
            .collect();
        let text = format!("and {}; {REST}", kinds.join(", "));
        lines.put(indent, Tone::Muted, &text);
    }
}

/// So many objects of a kind.
fn several(count: usize, word: &str) -> String {
    match (word, count) {
        ("statistics" | "default privileges", count) => format!("{count} {word}"),
        ("policy", count) if count > 1 => format!("{count} policies"),
        ("index", count) if count > 1 => format!("{count} indexes"),
        (word, count) => counted(count, word),
    }
}

fn property(lines: &mut Lines, indent: usize, shift: &PropertyChange) {
    let PropertyChange {
        property,
        before,
        after,
        ..
    } = shift;
    let is_long = |text: &Option<String>| text.as_ref().is_some_and(|text| text.contains('\n'));
    if !is_long(before) && !is_long(after) {
        let word = |text: &Option<String>| text.clone().unwrap_or_else(|| "(none)".to_owned());
        let line = Line::new(Tone::Text, &format!("{property}: "));
        let line = line.and(Tone::Danger, &word(before));
        let line = line.and(Tone::Text, " → ").and(Tone::Ok, &word(after));
        lines.lines.push(line.indented(indent));
        return;
    }
    lines.put(indent, Tone::Text, &format!("{property}:"));
    let (old, new) = (
        before.as_deref().unwrap_or_default(),
        after.as_deref().unwrap_or_default(),
    );
    let diff = TextDiff::from_lines(old, new);
    let changed: Vec<_> = diff
        .iter_all_changes()
        .filter(|change| change.tag() != ChangeTag::Equal)
        .collect();
    let shown = lines.extent.of(changed.len(), LONGEST);
    for change in &changed[..shown] {
        let (tone, sign) = match change.tag() {
            ChangeTag::Delete => (Tone::Danger, '-'),
            _ => (Tone::Ok, '+'),
        };
        let text = format!("{sign} {}", change.value().trim_end());
        lines.put(indent + 2, tone, &text);
    }
    lines.rest(changed.len() - shown, "line");
}

/// How many objects are new, dropped, changed and renamed, for a line that sums them up.
pub(super) fn sum(difference: &Difference) -> String {
    let mut counts: BTreeMap<ChangeKind, usize> = BTreeMap::new();
    for change in difference.top_level() {
        *counts.entry(change.fate).or_default() += 1;
    }
    let words = counts.into_iter().map(|(fate, count)| {
        let word = match fate {
            ChangeKind::Added => "new",
            ChangeKind::Removed => "dropped",
            ChangeKind::Changed => "changed",
            ChangeKind::Renamed => "renamed",
        };
        format!("{count} {word}")
    });
    let words: Vec<String> = words.collect();
    if words.is_empty() {
        "nothing in the catalog".to_owned()
    } else {
        format!("objects: {}", words.join(", "))
    }
}
