//! What was found about a migration before anything was changed, as lines to read: a rehearsal, a difference.

use super::result::{ResultView, Tone, problem_lines};
use crate::domain::migration::difference::{Change, Difference};
use crate::domain::picture::difference::Fate;
use crate::domain::rehearsal::{End, Loss, Place, Report, StatementReport, Way};
use crate::domain::text::harmless;

type Lines = Vec<(Tone, String)>;

/// The most of a statement's first line that is shown, in characters.
const STATEMENT_CHARS: usize = 72;

/// A rehearsal: in sum what changes, what is locked and what is lost, then statement by statement.
pub fn rehearsed(what: &str, report: &Report) -> ResultView {
    let mut lines = Lines::new();
    let place = match report.on {
        Place::Target => "Rehearsed on the database itself, in a transaction that was rolled back.",
        Place::Scratch => "Rehearsed on a scratch database that is gone.",
    };
    lines.push((Tone::Muted, place.to_owned()));
    if let Some(problem) = &report.problem {
        lines.push(blank());
        lines.extend(problem_lines(problem));
    }
    changes(&mut lines, report);
    locks(&mut lines, report);
    losses(&mut lines, report);
    for step in &report.steps {
        lines.push(blank());
        let end = match step.end {
            End::Passed => "runs",
            End::Failed => "fails",
            End::Skipped => "was not rehearsed",
            End::NotReached => "was not reached",
        };
        let text = format!("{} {} {end}, {} ms", step.version, step.name, step.took_ms);
        lines.push((tone_of(step.end), text));
        lines.extend(
            step.note
                .iter()
                .map(|note| (Tone::Warn, format!("  {note}"))),
        );
        for statement in &step.statements {
            told(&mut lines, statement);
        }
    }
    ResultView::of(
        format!("{what}: rehearsed, nothing was changed"),
        report.problem.is_none(),
        lines,
        report.problem.as_ref(),
    )
}

fn blank() -> (Tone, String) {
    (Tone::Text, String::new())
}

fn tone_of(end: End) -> Tone {
    match end {
        End::Passed => Tone::Ok,
        End::Failed => Tone::Danger,
        End::Skipped | End::NotReached => Tone::Warn,
    }
}

fn changes(lines: &mut Lines, report: &Report) {
    lines.push(blank());
    if report.difference.is_empty() {
        lines.push((Tone::Text, "The catalog stays as it is.".to_owned()));
        return;
    }
    lines.push((Tone::Text, "What changes:".to_owned()));
    for change in report.difference.heads() {
        let (sign, tone) = match change.fate {
            Fate::Added => ('+', Tone::Ok),
            Fate::Removed => ('-', Tone::Danger),
            Fate::Changed => ('~', Tone::Warn),
        };
        lines.push((
            tone,
            format!("  {sign} {}", harmless(&change.object.to_string())),
        ));
        if change.fate == Fate::Changed {
            for shift in &change.properties {
                let (before, after) = (shift.before.as_deref(), shift.after.as_deref());
                let what = match (before.map(first_line), after.map(first_line)) {
                    (Some(before), Some(after)) => format!("{before} becomes {after}"),
                    (Some(before), None) => format!("{before} is gone"),
                    (None, Some(after)) => format!("{after} is new"),
                    (None, None) => continue,
                };
                let text = format!("      {}: {what}", shift.property);
                lines.push((Tone::Muted, harmless(&text).into_owned()));
            }
        }
    }
}

fn locks(lines: &mut Lines, report: &Report) {
    lines.push(blank());
    if report.locks.is_empty() {
        lines.push((
            Tone::Text,
            "No table that is there now is locked.".to_owned(),
        ));
        return;
    }
    lines.push((Tone::Text, "What is locked:".to_owned()));
    for held in &report.locks {
        let rewritten = if held.rewritten { ", written anew" } else { "" };
        let text = format!(
            "  {}: {}, {} for {} ms{rewritten}",
            harmless(&held.table),
            held.mode.words(),
            held.blocks.word(),
            held.held_ms
        );
        let tone = if held.mode.blocks_writers() {
            Tone::Warn
        } else {
            Tone::Muted
        };
        lines.push((tone, text));
    }
}

fn losses(lines: &mut Lines, report: &Report) {
    lines.push(blank());
    if report.losses.is_empty() {
        lines.push((Tone::Text, "No data is lost.".to_owned()));
    } else {
        lines.push((Tone::Danger, "What is lost:".to_owned()));
        let losses = report.losses.iter().map(|loss| (Tone::Danger, lost(loss)));
        lines.extend(losses);
    }
    if !report.sequences.is_empty() {
        let names = harmless(&report.sequences.join(", ")).into_owned();
        let text = format!("These sequences moved on, which no rollback undoes: {names}.");
        lines.push((Tone::Warn, text));
    }
}

fn lost(loss: &Loss) -> String {
    let count = match loss.rows {
        None => "an unknown number of".to_owned(),
        Some(rows) if loss.counted => rows.to_string(),
        Some(rows) => format!("about {rows}"),
    };
    let table = harmless(&loss.table);
    match (loss.way, &loss.column) {
        (Way::ColumnDropped, Some(column)) => {
            format!(
                "  {table}.{}: the column goes with {count} values",
                harmless(column)
            )
        }
        (Way::TableEmptied, _) => format!("  {table}: is emptied of {count} rows"),
        (Way::RowsDeleted, _) => format!("  {table}: {count} rows are deleted"),
        (Way::TableDropped | Way::ColumnDropped, _) => {
            format!("  {table}: goes with {count} rows")
        }
    }
}

fn told(lines: &mut Lines, statement: &StatementReport) {
    let tone = if statement.problem.is_some() {
        Tone::Danger
    } else {
        Tone::Text
    };
    let text = format!(
        "  {:>3}  {}  ({} ms, {} rows)",
        statement.statement,
        first_line(&statement.sql),
        statement.took_ms,
        statement.rows
    );
    lines.push((tone, harmless(&text).into_owned()));
    let notices = statement.notices.iter();
    lines.extend(notices.map(|notice| (Tone::Muted, format!("       {notice}"))));
}

/// The first line of a text that says something, cut where it gets long.
fn first_line(text: &str) -> &str {
    let is_comment = |line: &&str| line.starts_with("--") || line.is_empty();
    let mut lines = text.lines().map(str::trim);
    let line = lines.find(|line| !is_comment(line)).unwrap_or_default();
    match line.char_indices().nth(STATEMENT_CHARS) {
        Some((at, _)) => &line[..at],
        None => line,
    }
}

/// The difference between a file and what was applied from it.
pub fn difference(difference: &Difference) -> ResultView {
    let mut lines = Lines::new();
    let said = match (difference.differs, difference.only_comments) {
        (false, _) => "The file says what was applied.",
        (true, true) => "Only comments and blanks differ.",
        (true, false) => "- was applied, + is in the file.",
    };
    lines.push((Tone::Muted, said.to_owned()));
    lines.extend(
        difference
            .note
            .iter()
            .map(|note| (Tone::Warn, note.clone())),
    );
    for piece in &difference.statements {
        let place = match (piece.applied, piece.file) {
            (_, Some(file)) => format!("statement {file} of the file"),
            (Some(applied), None) => format!("statement {applied} as applied"),
            (None, None) => continue,
        };
        let word = match piece.change {
            Change::Same => continue,
            Change::Added => "added",
            Change::Removed => "no longer there",
            Change::Changed => "changed",
        };
        lines.push(blank());
        lines.push((Tone::Text, format!("{place}: {word}")));
        lines.extend(piece.lines.iter().map(|line| {
            let tone = match line.sign {
                '+' => Tone::Ok,
                '-' => Tone::Danger,
                _ => Tone::Muted,
            };
            (
                tone,
                harmless(&format!("{} {}", line.sign, line.text)).into_owned(),
            )
        }));
    }
    let title = format!(
        "{} {}: file against history",
        difference.version, difference.name
    );
    ResultView::of(title, !difference.differs, lines, None)
}
