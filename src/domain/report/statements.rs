//! The files of a plan with their statements, and what each did in a dry run. Of many statements a short report names those
//! that did something to what is there now, and counts the others.

use super::risks::tone;
use super::{Extent, Line, Lines, Tone, one_line};
use crate::domain::dry_run::measure::Blocks;
use crate::domain::dry_run::{End, Report, StatementReport, StepReport};
use crate::domain::lint::{Assessment, Level, StatementRisk};
use crate::domain::migration::{Direction, Plan, Step};
use crate::domain::plural::counted;
use std::cmp::Reverse;

/// The most characters of a statement; a narrow face cuts it further.
const STATEMENT_CHARS: usize = 160;
/// So many statements are shown one by one.
const MOST: usize = 60;
/// Of more than that the most of one file.
const MOST_OF_FILE: usize = 20;
/// The columns of a statement's number, with the blanks about it.
const NUMBER_COLUMNS: usize = 7;

/// The word for what a step does.
pub fn verb(direction: Direction) -> &'static str {
    match direction {
        Direction::Apply => "Apply",
        Direction::Rollback => "Roll back",
    }
}

/// Every file.
pub(super) fn list(
    lines: &mut Lines,
    plan: &Plan,
    risks: Option<&[Assessment]>,
    report: Option<&Report>,
) {
    let count: usize = plan.steps.iter().map(|step| step.left().count()).sum();
    let is_short = lines.extent == Extent::Short && count > MOST;
    let (mut used, mut rest) = (0, 0);
    for (index, step) in plan.steps.iter().enumerate() {
        let seen = report.and_then(|report| report.steps.get(index));
        let is_quiet = seen.is_none_or(|seen| seen.end == End::Passed);
        if is_short && is_quiet && used > MOST {
            rest += 1;
            continue;
        }
        lines.blank();
        heading(lines, step, seen);
        let risks = risks.and_then(|risks| risks.get(index));
        let items = items(step, risks, seen);
        let shown = if is_short {
            worst(&items)
        } else {
            (0..items.len()).collect()
        };
        for index in &shown {
            lines.lines.extend(items[*index].lines.iter().cloned());
        }
        let shown = shown.len();
        used += 1 + shown;
        lines.rest(items.len() - shown, "statement");
    }
    if rest > 0 {
        lines.blank();
        lines.rest(rest, "file");
    }
}

fn heading(lines: &mut Lines, step: &Step, seen: Option<&StepReport>) {
    let count = counted(step.left().count(), "statement");
    let (tone, how) = match seen.map(|seen| (seen.end, seen.took_ms)) {
        None => (Tone::Strong, String::new()),
        Some((End::Passed, took_ms)) => (Tone::Strong, format!(", {took_ms} ms")),
        Some((End::Failed, _)) => (Tone::Danger, ", FAILED".to_owned()),
        Some((End::Refused, _)) => (Tone::Danger, ", not run".to_owned()),
        Some((End::Skipped, _)) => (Tone::Warn, ", not run".to_owned()),
        Some((End::Unsure, _)) => (Tone::Warn, ", not known here".to_owned()),
        Some((End::NotReached, _)) => (Tone::Warn, ", not reached".to_owned()),
    };
    let verb = verb(step.direction);
    let text = format!("{verb} {} {} ({count}{how})", step.version, step.name);
    lines.put(0, tone, &text);
    lines.put(2, Tone::Muted, &step.file.display().to_string());
    if let Some(note) = seen.and_then(|seen| seen.note.as_ref()) {
        lines.put(2, Tone::Warn, note);
    }
    if let Some(note) = seen.and_then(StepReport::as_one_transaction) {
        lines.put(2, Tone::Warn, &note);
    }
}

/// A statement with what there is to say of it.
struct Item {
    lines: Vec<Line>,
    weight: Weight,
}

/// How much a statement matters: the one that failed, what its text can do, what it did to what is there now.
type Weight = (bool, Level, usize);

/// The statements of a long file that matter most, in their order.
fn worst(items: &[Item]) -> Vec<usize> {
    let mut worst: Vec<usize> = (0..items.len())
        .filter(|index| items[*index].weight > (false, Level::Safe, 0))
        .collect();
    worst.sort_by_key(|index| Reverse(items[*index].weight));
    worst.truncate(MOST_OF_FILE);
    worst.sort_unstable();
    worst
}

fn items(step: &Step, risks: Option<&Assessment>, seen: Option<&StepReport>) -> Vec<Item> {
    let is_unsure = seen.is_some_and(|seen| seen.end == End::Unsure);
    let mut all = seen.iter().flat_map(|seen| &seen.statements).peekable();
    let mut items = Vec::new();
    for (index, sql) in step.left() {
        let number = index + 1;
        while all.next_if(|one| one.statement < number).is_some() {}
        let ran = all.next_if(|one| one.statement == number);
        let risk = risks.and_then(|risks| risks.statements.get(index));
        items.push(item(number, sql, risk, ran, is_unsure));
    }
    items
}

fn item(
    number: usize,
    sql: &str,
    risk: Option<&StatementRisk>,
    ran: Option<&StatementReport>,
    is_unsure: bool,
) -> Item {
    let is_failed = ran.is_some_and(|ran| ran.problem.is_some());
    let (of_end, figures) = match ran {
        Some(_) if is_failed && is_unsure => (Tone::Warn, "  stopped here".to_owned()),
        Some(ran) if is_failed && ran.took_ms > 0 => {
            (Tone::Danger, format!("  FAILED after {} ms", ran.took_ms))
        }
        Some(_) if is_failed => (Tone::Danger, "  FAILED".to_owned()),
        Some(ran) => {
            let rows = match usize::try_from(ran.rows).unwrap_or(usize::MAX) {
                0 => String::new(),
                rows => format!(", {}", counted(rows, "row")),
            };
            (Tone::Muted, format!("  {} ms{rows}", ran.took_ms))
        }
        None => (Tone::Muted, String::new()),
    };
    let level = risk.map_or(Level::Safe, |risk| risk.level);
    let mut line = Line::new(Tone::Muted, &format!("{number:>3}  ")).indented(2);
    line = line
        .and(Tone::Text, &one_line(sql, STATEMENT_CHARS))
        .elastic()
        .and(of_end, &figures);
    if level > Level::Safe {
        line = line.and(tone(level), &format!("  {}", level.words()));
    }
    let mut lines = Lines::default();
    let accepted = risk.iter().flat_map(|risk| &risk.findings);
    for finding in accepted {
        if let Some(reason) = &finding.allowed {
            let level = finding.level.words();
            let text = format!("allowed, {level} ({}): {reason}", finding.rule);
            lines.put(NUMBER_COLUMNS, Tone::Muted, &text);
        }
    }
    let done = ran.map_or(0, |ran| measured(&mut lines, ran));
    let mut all = vec![line];
    all.extend(lines.lines);
    Item {
        lines: all,
        weight: (is_failed, level, done),
    }
}

/// What a statement did; tells to how much of what is there now.
fn measured(lines: &mut Lines, ran: &StatementReport) -> usize {
    for table in &ran.rewrites {
        lines.put(NUMBER_COLUMNS, Tone::Danger, &format!("rewrites {table}"));
    }
    for changed in &ran.changed {
        let rows = changed.rows;
        let counts = [
            (rows.inserted, "inserted"),
            (rows.updated, "updated"),
            (rows.deleted, "deleted"),
        ];
        let counts: Vec<String> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        let most = if changed.at_most { "at most " } else { "" };
        let text = format!("rows of {}: {most}{}", changed.table, counts.join(", "));
        lines.put(NUMBER_COLUMNS, Tone::Text, &text);
    }
    for notice in &ran.notices {
        lines.put(NUMBER_COLUMNS, Tone::Muted, notice);
    }
    if let Some(problem) = &ran.problem {
        lines.put(NUMBER_COLUMNS, Tone::Danger, &problem.why);
    }
    let locks = ran.locks.iter();
    let blocked = locks.filter(|lock| lock.blocks > Blocks::NoQuery).count();
    ran.rewrites.len() + ran.changed.len() + blocked
}
