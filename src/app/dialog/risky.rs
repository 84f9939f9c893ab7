//! The risks of a plan, as they stand in a confirmation: the worst in a few lines, and each
//! finding above its statement.

use super::reading::one_line;
use crate::domain::count::counted;
use crate::domain::migration::{Plan, Step};
use crate::domain::risk::{Assessment, Finding, Level};
use std::cmp::Reverse;
use std::collections::BTreeSet;
use unicode_width::UnicodeWidthStr;

/// How wide a comment gets: it fits into a terminal of 80 columns.
const COLUMNS: usize = 70;

/// The most risks that are summed up above the statements.
const SUMMED: usize = 4;

/// The open findings of a plan that run, the worst first.
fn open<'a>(plan: &'a Plan, risks: &'a [Assessment]) -> Vec<(&'a Step, &'a Finding)> {
    let mut open: Vec<(&Step, &Finding)> = plan
        .steps
        .iter()
        .zip(risks)
        .flat_map(|(step, risk)| risk.open_findings().map(move |found| (step, found)))
        .filter(|(_, finding)| finding.level > Level::Safe)
        .collect();
    open.sort_by_key(|(_, finding)| Reverse(finding.level));
    open
}

/// The open findings in a few lines of so many columns, the worst first: what they do, and the statement.
pub(super) fn sum(plan: &Plan, risks: &[Assessment], columns: usize) -> Vec<String> {
    let open = open(plan, risks);
    let is_one_file = plan.steps.len() == 1;
    let shown = open.iter().take(SUMMED).map(|(step, finding)| {
        let level = finding.level.words();
        let file = if is_one_file {
            String::new()
        } else {
            format!("{} ", step.version)
        };
        let sql = step.statements.iter().nth(finding.statement);
        let begin = format!("{level}: {file}");
        let sql = one_line(
            sql.unwrap_or_default(),
            columns.saturating_sub(begin.width()),
        );
        format!("{begin}{sql}")
    });
    let mut lines: Vec<String> = shown.collect();
    if open.len() > SUMMED {
        let rest = counted(open.len() - SUMMED, "more risk");
        lines.push(format!("and {rest}, marked below"));
    }
    lines
}

/// Whether all of them are summed up.
pub(super) fn is_summed_up(plan: &Plan, risks: &[Assessment]) -> bool {
    open(plan, risks).len() <= SUMMED
}

/// The findings of one statement as SQL comments, the lines of each. A rule is explained once, where it is met first: `told` keeps which were.
pub(super) fn marks(
    assessment: &Assessment,
    statement: usize,
    told: &mut BTreeSet<&'static str>,
) -> Vec<Vec<String>> {
    let known = assessment.statements.iter();
    let findings = known
        .filter(|known| known.statement == statement)
        .flat_map(|known| &known.findings)
        .filter(|finding| finding.level > Level::Safe);
    findings
        .map(|finding| {
            let level = finding.level.words();
            if finding.allowed.is_none() && !told.insert(finding.rule) {
                return comment("-- ! ", &format!("{level}: {}, as above", finding.rule));
            }
            let mut lines = comment("-- ! ", &format!("{level}: {}", finding.reason));
            match (&finding.allowed, &finding.safer) {
                (Some(reason), _) => lines.extend(comment("--   ", &format!("accepted: {reason}"))),
                (None, Some(safer)) => lines.extend(comment("--   ", &format!("safer: {safer}"))),
                (None, None) => {}
            }
            lines
        })
        .collect()
}

/// A text as comment lines, broken between words.
fn comment(first: &str, text: &str) -> Vec<String> {
    let mut lines = vec![first.to_owned()];
    for word in text.split_whitespace() {
        if let Some(line) = lines.last_mut()
            && (line.ends_with(' ') || line.chars().count() + 1 + word.chars().count() <= COLUMNS)
        {
            if !line.ends_with(' ') {
                line.push(' ');
            }
            line.push_str(word);
            continue;
        }
        lines.push(format!("--   {word}"));
    }
    lines
}
