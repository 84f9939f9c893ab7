//! How a plan reads: first what will change, be locked and be lost, then statement by statement.

use super::super::super::page::{Page, Span, Tone};
use super::super::show::{cautions, counted, deed, target};
use super::sum::{summary, tone};
use crate::domain::dry_run::{End, Environment, Report, StatementReport, StepReport};
use crate::domain::lint::{Finding, Level};
use crate::domain::migration::{Plan, Step};
use crate::ops::migration::StepRisk;
use std::collections::BTreeSet;

/// The most characters of a statement that stand in the list; the file has the rest.
const STATEMENT_CHARS: usize = 100;

/// The whole plan.
pub fn page(plan: &Plan, risks: &[StepRisk], report: Option<&Report>) -> Page {
    let mut page = Page::default();
    page.toned(Tone::Strong, &target(&plan.target));
    place(&mut page, report);
    if let Some(report) = report {
        if let Some(unknown) = report.unrehearsed() {
            page.toned(Tone::Danger, &unknown.not_rehearsed());
        }
        if report.problem.is_some() {
            let text =
                "The dry run did not reach its end. This is what the files before that point do.";
            page.toned(Tone::Danger, text);
        }
        summary(&mut page, report);
    }
    risky(&mut page, plan, risks);
    page.append(cautions(plan));
    for (index, step) in plan.steps.iter().enumerate() {
        page.blank();
        let rehearsed = report.and_then(|report| report.steps.get(index));
        heading(&mut page, step, rehearsed);
        statements(&mut page, step, risks.get(index), rehearsed);
    }
    page
}

fn place(page: &mut Page, report: Option<&Report>) {
    let is_blind = report
        .and_then(Report::unrehearsed)
        .is_some_and(|unknown| unknown.is_all);
    if is_blind {
        // That nothing was dry-run is said in its own words.
        return;
    }
    match report.map(|report| report.on) {
        None => page.toned(
            Tone::Warn,
            "No dry run: what follows is known from the text alone.",
        ),
        Some(Environment::Target) => page.toned(
            Tone::Muted,
            "Dry run on this database, in a transaction that was rolled back.",
        ),
        Some(Environment::Scratch) => page.toned(
            Tone::Muted,
            "Dry run on a scratch database that was built from the history, without data. Nothing ran on this database.",
        ),
    };
}

/// The findings that nobody accepted, the worst first; with the statements stand all of them.
fn risky(page: &mut Page, plan: &Plan, risks: &[StepRisk]) {
    let open = open(plan, risks);
    if open.is_empty() {
        return;
    }
    page.blank();
    page.toned(Tone::Strong, "Risks");
    for (step, finding) in open {
        let (level, number) = (finding.level.words(), finding.statement + 1);
        page.toned(
            level_tone(finding.level),
            &format!(
                "  {level}: {} statement {number} ({})",
                step.version, finding.rule
            ),
        );
    }
}

/// The same findings before a question, where nothing else stands of them: the statement, the reason, a safer way. The
/// safer way is told once a rule.
pub fn explained(page: &mut Page, plan: &Plan, risks: &[StepRisk]) {
    let open = open(plan, risks);
    if open.is_empty() {
        return;
    }
    page.blank();
    page.toned(Tone::Strong, "Risks");
    let mut known = BTreeSet::new();
    for (step, finding) in open {
        let sql = step.statements.iter().nth(finding.statement);
        let (version, number) = (&step.version, finding.statement + 1);
        let sql = short(sql.unwrap_or_default());
        page.line(format!("  {version} statement {number}: {sql}"));
        told(page, finding, known.insert(finding.rule));
    }
}

/// The findings that nobody accepted, each with its file, the worst first.
fn open<'a>(plan: &'a Plan, risks: &'a [StepRisk]) -> Vec<(&'a Step, &'a Finding)> {
    let mut open: Vec<(&Step, &Finding)> = plan
        .steps
        .iter()
        .zip(risks)
        .flat_map(|(step, risk)| {
            risk.assessment
                .open_findings()
                .map(move |found| (step, found))
        })
        .collect();
    open.sort_by_key(|(_, finding)| std::cmp::Reverse(finding.level));
    open
}

fn level_tone(level: Level) -> Tone {
    match level {
        Level::Safe => Tone::Ok,
        Level::CannotRunInTransaction | Level::BlocksWriters => Tone::Warn,
        _ => Tone::Danger,
    }
}

fn heading(page: &mut Page, step: &Step, rehearsed: Option<&StepReport>) {
    let count = counted(step.statements.that_run().count(), "statement");
    let how = match rehearsed.map(|report| (report.end, report.took_ms)) {
        None => count,
        Some((End::Passed, took_ms)) => format!("{count}, {took_ms} ms"),
        Some((End::Failed, _)) => format!("{count}, FAILED"),
        Some((End::Skipped | End::Refused, _)) => format!("{count}, not run"),
        Some((End::Unsure, _)) => format!("{count}, not known here"),
        Some((End::NotReached, _)) => format!("{count}, not reached"),
    };
    let (version, name) = (&step.version, &step.name);
    let text = format!("{} {version} {name} ({how})", deed(step.direction));
    page.toned(Tone::Strong, &text);
    page.toned(Tone::Muted, &format!("  {}", step.file.display()));
    if let Some(note) = rehearsed.and_then(|report| report.note.as_ref()) {
        page.toned(Tone::Warn, &format!("  {note}"));
    }
}

fn statements(
    page: &mut Page,
    step: &Step,
    risk: Option<&StepRisk>,
    rehearsed: Option<&StepReport>,
) {
    let is_unsure = rehearsed.is_some_and(|report| report.end == End::Unsure);
    let mut all = rehearsed
        .iter()
        .flat_map(|report| &report.statements)
        .peekable();
    for (index, sql) in step.statements.that_run() {
        let number = index + 1;
        while all.next_if(|one| one.statement < number).is_some() {}
        let ran = all.next_if(|one| one.statement == number);
        let figures = match ran {
            Some(ran) if ran.problem.is_some() && is_unsure => "  stopped here".to_owned(),
            Some(ran) if ran.problem.is_some() && ran.took_ms > 0 => {
                format!("  FAILED after {} ms", ran.took_ms)
            }
            Some(ran) if ran.problem.is_some() => "  FAILED".to_owned(),
            Some(ran) => format!(
                "  {} ms, {}",
                ran.took_ms,
                counted(ran.rows as usize, "row")
            ),
            None => String::new(),
        };
        page.spans(vec![
            Span::from(format!("  {number:>3}  {}", short(sql))),
            Span::new(Tone::Muted, &figures),
        ]);
        if let Some(ran) = ran {
            measured(page, ran);
        }
        let found = risk.and_then(|risk| risk.assessment.statements.get(index));
        for finding in found.iter().flat_map(|found| &found.findings) {
            told(page, finding, true);
        }
    }
    for faulty in risk.iter().flat_map(|risk| &risk.assessment.faulty_allows) {
        let text = format!(
            "  The comment that allows {} does nothing: {}",
            faulty.rule, faulty.why
        );
        page.toned(Tone::Warn, &text);
    }
}

/// What a statement did.
fn measured(page: &mut Page, ran: &StatementReport) {
    for lock in &ran.locks {
        let text = format!(
            "       locks {}: {} ({})",
            lock.table,
            lock.mode.words(),
            lock.blocks.word()
        );
        page.toned(tone(lock.blocks), &text);
    }
    for table in &ran.rewrites {
        page.toned(Tone::Danger, &format!("       rewrites {table}"));
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
        page.line(format!(
            "       rows of {}: {}",
            changed.table,
            counts.join(", ")
        ));
    }
    for notice in &ran.notices {
        page.toned(Tone::Muted, &format!("       {notice}"));
    }
    if let Some(problem) = &ran.problem {
        page.toned(Tone::Danger, &format!("       {}", problem.why));
    }
}

/// A finding, with what to do where that is to be told.
fn told(page: &mut Page, finding: &Finding, with_safer: bool) {
    let level = finding.level.words();
    if let Some(reason) = &finding.allowed {
        let text = format!("       allowed, {level} ({}): {reason}", finding.rule);
        page.toned(Tone::Muted, &text);
        return;
    }
    let text = format!("       {level} ({}): {}", finding.rule, finding.reason);
    page.toned(level_tone(finding.level), &text);
    if let Some(safer) = finding.safer.as_ref().filter(|_| with_safer) {
        page.line(format!("       Safer: {safer}"));
    }
}

/// A statement on one line: without its comments' line breaks, and cut.
fn short(sql: &str) -> String {
    let mut words = sql
        // A carriage return ends a comment too.
        .split(['\n', '\r'])
        .filter(|line| !line.trim_start().starts_with("--"))
        .flat_map(str::split_whitespace)
        .collect::<Vec<_>>()
        .join(" ");
    if let Some((cut, _)) = words.char_indices().nth(STATEMENT_CHARS) {
        words.truncate(cut);
        words.push('…');
    }
    words
}
