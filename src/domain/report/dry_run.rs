//! A dry run in sum: where it was made, what it knows nothing of, then what is lost, opened, locked and changed.

use super::{Lines, Tone, access, changes, locks, losses};
use crate::domain::dry_run::passed_over::{self, PassedOver};
use crate::domain::dry_run::{Environment, Report, SequenceNote};
use crate::domain::plural::counted;

/// What stands above the findings of a dry run that stopped.
const STOPPED: &str =
    "The dry run did not reach its end. This is what the files before that point do.";

/// Where it was made, unless nothing was run.
pub(super) fn place(lines: &mut Lines, report: &Report) {
    let unrehearsed = report.unrehearsed();
    if !unrehearsed.as_ref().is_some_and(|unknown| unknown.is_all) {
        let text = match report.on {
            Environment::Target => {
                "Dry run on this database, in a transaction that was rolled back.".to_owned()
            }
            Environment::Scratch => format!(
                "Dry run on a scratch database of Postgres {} that was built from the history, without data. Nothing ran on this database.",
                report.database.server_version
            ),
        };
        lines.put(0, Tone::Muted, &text);
    }
    if let Some(unknown) = unrehearsed {
        lines.put(0, Tone::Danger, &unknown.not_rehearsed());
    }
    not_covered(lines, &report.passed_over);
}

/// What a scratch database did not run.
pub fn not_covered(lines: &mut Lines, passed: &[PassedOver]) {
    for line in passed_over::lines(passed) {
        lines.put(0, Tone::Warn, &line);
    }
}

/// What was found in sum: what is lost comes first. A heading with nothing below it is left out when the dry run stopped:
/// it would reassure.
pub(super) fn summary(lines: &mut Lines, report: &Report) {
    if report.problem.is_some() {
        lines.put(0, Tone::Danger, STOPPED);
    }
    losses::section(lines, report);
    access::section(lines, report);
    locks::section(lines, report);
    changes::section(lines, report);
    if !report.sequences.is_empty() {
        lines.blank();
        let moved = report.sequences.join(", ");
        let text = format!("Sequences moved, which a rollback does not undo: {moved}.");
        lines.put(0, Tone::Warn, &text);
        for note in &report.sequence_notes {
            let (tone, text) = sequence(note);
            lines.put(1, tone, &text);
        }
    }
}

/// What the move of a sequence means for the run.
fn sequence(note: &SequenceNote) -> (Tone, String) {
    let SequenceNote {
        sequence,
        before,
        after,
    } = note;
    let literal = sequence.replace('\'', "''");
    match (before, after) {
        (Some(before), after) => {
            let now = after.map_or("its start".to_owned(), |after| after.to_string());
            (
                Tone::Danger,
                format!(
                    "{sequence} was set back from {before} to {now}: new rows may get numbers that are taken. `select setval('{literal}', {before})` puts it back."
                ),
            )
        }
        (None, after) => (
            Tone::Warn,
            format!(
                "{sequence} had given no number yet and stands at {} now: a file that expects the first ones, such as 1, fails. `alter sequence {sequence} restart` puts it back.",
                after.unwrap_or_default()
            ),
        ),
    }
}

/// How it ended, behind what it is called: `nothing was changed`, `2 files NOT RUN, nothing was changed`.
pub fn end(report: &Report) -> String {
    if report.problem.is_some() {
        return "FAILED".to_owned();
    }
    let Some(unknown) = report.unrehearsed() else {
        return "nothing was changed".to_owned();
    };
    // What failed only here did run.
    let word = if unknown.was_run() {
        "NOT KNOWN"
    } else {
        "NOT RUN"
    };
    if unknown.is_all {
        return word.to_owned();
    }
    format!(
        "{} {word}, nothing was changed",
        counted(unknown.count, "file")
    )
}

/// Whether it ran to its end and knows of every file.
pub fn is_good(report: &Report) -> bool {
    report.problem.is_none() && report.unrehearsed().is_none()
}
