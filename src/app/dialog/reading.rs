//! What was found about a migration before anything was changed, as lines to read: a dry run, a difference.

use super::result::{ResultView, Tone, problem_lines};
use crate::app::wrap::width;
use crate::domain::dry_run::access;
use crate::domain::dry_run::coverage::NotCovered;
use crate::domain::dry_run::{
    End, Environment, Loss, LossKind, NotCounted, Report, StatementReport,
};
use crate::domain::migration::difference::{Change, Difference};
use crate::domain::plural::counted;
use crate::domain::snapshot::difference::ChangeKind;
use crate::domain::sql::lexer::{Kind, tokens};
use crate::domain::text::harmless;
use unicode_segmentation::UnicodeSegmentation;

type Lines = Vec<(Tone, String)>;

/// The fewest columns that a text which is cut keeps, however narrow the window is.
const LEAST_COLUMNS: usize = 24;

/// What stands above the findings of a dry run that stopped.
const STOPPED: &str =
    "The dry run did not reach its end. This is what the files before that point do.";

/// A dry run: in sum what changes, what is locked and what is lost, then statement by statement, in lines of so many
/// columns. One that stopped says only what was seen: that nothing else happens is not known then.
pub fn rehearsed(what: &str, report: &Report, columns: usize) -> ResultView {
    let mut lines = Lines::new();
    let unrehearsed = report.unrehearsed();
    if let Some(unknown) = &unrehearsed {
        lines.push((
            Tone::Danger,
            harmless(&unknown.not_rehearsed()).into_owned(),
        ));
    }
    let is_blind = unrehearsed.as_ref().is_some_and(|unknown| unknown.is_all);
    if !is_blind {
        let place = match report.on {
            Environment::Target => format!(
                "Dry run on {} on {} itself, in a transaction that was rolled back.",
                report.database.database, report.database.host
            ),
            Environment::Scratch => "Dry run on a scratch database, which was dropped.".to_owned(),
        };
        lines.push((Tone::Muted, harmless(&place).into_owned()));
    }
    if let Some(problem) = &report.problem {
        lines.push(blank());
        lines.extend(problem_lines(problem));
        lines.push(blank());
        lines.push((Tone::Danger, STOPPED.to_owned()));
    }
    changes(&mut lines, report, columns);
    locks(&mut lines, report);
    losses(&mut lines, report);
    access(&mut lines, report);
    for step in &report.steps {
        lines.push(blank());
        let end = match step.end {
            End::Passed => format!("runs, {} ms", step.took_ms),
            End::Failed => "FAILED".to_owned(),
            End::Skipped | End::Refused => "was not run".to_owned(),
            End::Unsure => "is not known here".to_owned(),
            End::NotReached => "was not reached".to_owned(),
        };
        let text = format!("{} {} {end}", step.version, step.name);
        lines.push((tone_of(step.end), text));
        lines.extend(
            step.note
                .iter()
                .map(|note| (Tone::Warn, format!("  {note}"))),
        );
        for statement in &step.statements {
            told(&mut lines, statement, columns);
        }
    }
    let problem = report.problem.as_ref();
    let title = match (problem, &unrehearsed) {
        (Some(_), _) => format!("{what}: FAILED"),
        (None, None) => format!("{what}: nothing was changed"),
        (None, Some(unknown)) if unknown.is_all => format!("{what}: NOT RUN"),
        (None, Some(unknown)) => format!(
            "{what}: {} NOT RUN, nothing was changed",
            counted(unknown.count, "file")
        ),
    };
    let is_good = problem.is_none() && unrehearsed.is_none();
    ResultView::of(title, is_good, lines, problem)
}

fn blank() -> (Tone, String) {
    (Tone::Text, String::new())
}

fn tone_of(end: End) -> Tone {
    match end {
        End::Passed => Tone::Ok,
        End::Failed | End::Refused => Tone::Danger,
        End::Skipped | End::Unsure | End::NotReached => Tone::Warn,
    }
}

/// What is said where nothing was found; a dry run that stopped gives no such assurance, nor does one that saw nothing.
fn assured(lines: &mut Lines, report: &Report, unknown: Option<&NotCovered>, text: &str) {
    if report.problem.is_some() {
        return;
    }
    match unknown {
        None => lines.extend([blank(), (Tone::Text, format!("{text}."))]),
        Some(unknown) if unknown.is_all => {}
        Some(_) => lines.push((Tone::Text, format!("  {text}, as far as the others go."))),
    }
}

/// Says in a section of which files nothing is known, before what is known of the others.
fn unseen(lines: &mut Lines, report: &Report, heading: &str, unknown: Option<&NotCovered>) {
    if let Some(unknown) = unknown.filter(|_| report.problem.is_none()) {
        lines.push(blank());
        let text = format!("{heading} {}", unknown.not_known());
        lines.push((Tone::Danger, harmless(&text).into_owned()));
    }
}

fn changes(lines: &mut Lines, report: &Report, columns: usize) {
    let unknown = report.unrehearsed();
    unseen(lines, report, "What changes:", unknown.as_ref());
    if report.difference.is_empty() {
        let text = "The catalog stays as it is";
        return assured(lines, report, unknown.as_ref(), text);
    }
    lines.push(blank());
    lines.push((Tone::Text, "What changes:".to_owned()));
    for change in report.difference.top_level() {
        let (sign, tone) = match change.fate {
            ChangeKind::Added => ('+', Tone::Ok),
            ChangeKind::Removed => ('-', Tone::Danger),
            ChangeKind::Changed | ChangeKind::Renamed => ('~', Tone::Warn),
        };
        lines.push((tone, format!("  {sign} {}", harmless(&change.name()))));
        if matches!(change.fate, ChangeKind::Changed | ChangeKind::Renamed) {
            for shift in report.difference.visible_properties(change) {
                let short = |text: &String| one_line(text, columns.saturating_sub(6) / 2);
                let what = match (
                    shift.before.as_ref().map(short),
                    shift.after.as_ref().map(short),
                ) {
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
    let unknown = report.unmeasured();
    unseen(lines, report, "What is locked:", unknown.as_ref());
    if report.locks.is_empty() {
        let text = "No table that is there now is locked";
        return assured(lines, report, unknown.as_ref(), text);
    }
    lines.push(blank());
    lines.push((Tone::Text, "What is locked:".to_owned()));
    for held in &report.locks {
        let rewritten = if held.rewritten {
            ", table rewritten"
        } else {
            ""
        };
        let text = format!(
            "  {}: {}, {} for {} ms{rewritten}",
            harmless(&held.table),
            held.mode.words(),
            held.blocks.word(),
            held.rehearsal_held_ms
        );
        let text = match held.held_ms {
            to_commit if to_commit < held.rehearsal_held_ms => {
                format!("{text}, {to_commit} ms of it to the end of its file, where a run commits")
            }
            _ => text,
        };
        let tone = if held.mode.blocks_writers() {
            Tone::Warn
        } else {
            Tone::Muted
        };
        lines.push((tone, text));
    }
}

fn losses(lines: &mut Lines, report: &Report) {
    let unknown = report.unmeasured();
    unseen(lines, report, "What is lost:", unknown.as_ref());
    for NotCounted { table, why } in &report.uncounted {
        let text = format!(
            "Not counted: {table} is rewritten, and whether values of it become null is not known ({}).",
            why.words()
        );
        lines.push((Tone::Danger, harmless(&text).into_owned()));
    }
    if let Some(text) = report.no_loss() {
        assured(lines, report, unknown.as_ref(), text);
    } else if !report.losses.is_empty() {
        lines.push(blank());
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

/// Who gains or loses access, with the consequence.
fn access(lines: &mut Lines, report: &Report) {
    let told = access::lines(&report.access);
    if told.is_empty() {
        return;
    }
    lines.push(blank());
    lines.push((Tone::Text, "Who gains or loses access:".to_owned()));
    lines.extend(told.into_iter().map(|line| {
        let tone = if line.opens { Tone::Danger } else { Tone::Warn };
        (tone, format!("  {}", harmless(&line.text)))
    }));
}

fn lost(loss: &Loss) -> String {
    let count = match loss.rows {
        None => match loss.uncounted {
            None => "an unknown number of".to_owned(),
            Some(why) => format!("an unknown number ({}) of", why.words()),
        },
        Some(rows) if loss.counted => rows.to_string(),
        Some(rows) => format!("about {rows}"),
    };
    let table = harmless(&loss.table);
    let told = match (loss.way, &loss.column) {
        (LossKind::ColumnDropped, Some(column)) => {
            format!("  {table}.{}: {count} values lost", harmless(column))
        }
        (LossKind::ValuesNulled, Some(column)) => {
            format!("  {table}.{}: {count} values become null", harmless(column))
        }
        (LossKind::ValuesConverted, Some(column)) => format!(
            "  {table}.{}: up to {} values read differently after the conversion",
            harmless(column),
            loss.rows.unwrap_or_default()
        ),
        (LossKind::TableEmptied, _) => format!("  {table}: is emptied of {count} rows"),
        (LossKind::RowsDeleted, _) => format!("  {table}: {count} rows are deleted"),
        (LossKind::RowsChanged, _) => format!("  {table}: {count} rows are changed"),
        (
            LossKind::TableDropped
            | LossKind::ColumnDropped
            | LossKind::ValuesNulled
            | LossKind::ValuesConverted,
            _,
        ) => {
            format!("  {table}: goes with {count} rows")
        }
    };
    if loss.remade {
        return format!("{told}; what has its name afterwards is without them");
    }
    told
}

fn told(lines: &mut Lines, statement: &StatementReport, columns: usize) {
    let (tone, figures) = match &statement.problem {
        Some(_) if statement.took_ms > 0 => (
            Tone::Danger,
            format!("FAILED after {} ms", statement.took_ms),
        ),
        Some(_) => (Tone::Danger, "FAILED".to_owned()),
        None => (
            Tone::Text,
            format!(
                "{} ms, {}",
                statement.took_ms,
                counted(usize::try_from(statement.rows).unwrap_or(usize::MAX), "row")
            ),
        ),
    };
    let head = format!("  {:>3}  ", statement.statement);
    let tail = format!("  ({figures})");
    let sql = one_line(
        &statement.sql,
        columns.saturating_sub(head.len() + tail.len()),
    );
    lines.push((tone, format!("{head}{sql}{tail}")));
    let notices = statement.notices.iter();
    lines.extend(notices.map(|notice| (Tone::Muted, format!("       {notice}"))));
}

/// SQL on one line, without comments, harmless, and with `…` where it was cut to so many columns.
pub(super) fn one_line(text: &str, columns: usize) -> String {
    let columns = columns.max(LEAST_COLUMNS);
    let (mut line, mut is_cut) = (String::new(), false);
    for token in tokens(text) {
        match token.kind {
            Kind::LineComment | Kind::BlockComment => line.push(' '),
            _ => line.push_str(token.text(text)),
        }
        // A word may be of any length: what is cut off is not read.
        if line.len() > 8 * columns + 1_024 {
            is_cut = token.end < text.len();
            break;
        }
    }
    let words: Vec<&str> = line.split_whitespace().collect();
    let line = harmless(&words.join(" ")).into_owned();
    if width(&line) <= columns && !is_cut {
        return line;
    }
    let mut used = 1;
    let fits = |one: &&str| {
        used += width(one);
        used <= columns
    };
    let mut cut: String = line.graphemes(true).take_while(fits).collect();
    cut.truncate(cut.trim_end().len());
    cut.push('…');
    cut
}

/// The difference between a file and what was applied from it.
pub fn difference(difference: &Difference) -> ResultView {
    let mut lines = Lines::new();
    let said = match (difference.differs, difference.only_comments) {
        (false, _) => "The file matches what was applied.",
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
