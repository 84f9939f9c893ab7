//! The risks of a plan, as they stand in a confirmation: the worst in a few lines, and each
//! finding above its statement.

use super::reading::one_line;
use crate::domain::lint::{Assessment, Finding, Level};
use crate::domain::migration::{Plan, Step};
use crate::domain::plural::counted;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use unicode_width::UnicodeWidthStr;

/// How wide a comment gets: it fits into a terminal of 80 columns.
const COLUMNS: usize = 70;

/// The most risks that are summed up above the statements, unless more rules are met.
const SUMMED: usize = 4;

/// An open finding of a plan: its file and the finding.
type Open<'a> = (&'a Step, &'a Finding);

/// The open findings of a plan that run, the worst first.
fn open<'a>(plan: &'a Plan, risks: &'a [Assessment]) -> Vec<Open<'a>> {
    let mut open: Vec<Open> = plan
        .steps
        .iter()
        .zip(risks)
        .flat_map(|(step, risk)| risk.open_findings().map(move |found| (step, found)))
        .filter(|(_, finding)| finding.level > Level::Safe)
        .collect();
    open.sort_by_key(|(_, finding)| Reverse(finding.level));
    open
}

/// The open findings in a few lines of so many columns, the worst first: what they do, and the statement. Every rule has a
/// line at least, however many there are.
pub(super) fn sum(plan: &Plan, risks: &[Assessment], columns: usize) -> Vec<String> {
    let open = open(plan, risks);
    let mut rules = BTreeSet::new();
    let is_first: Vec<bool> = open
        .iter()
        .map(|(_, finding)| rules.insert((Reverse(finding.level), finding.rule)))
        .collect();
    let mut free = SUMMED.saturating_sub(rules.len());
    let is_one_file = plan.steps.len() == 1;
    let mut lines = Vec::new();
    for ((step, finding), is_first) in open.iter().zip(is_first) {
        if !is_first && free == 0 {
            continue;
        }
        free -= usize::from(!is_first);
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
        lines.push(format!("{begin}{sql}"));
    }
    let rest = open.len() - lines.len();
    if rest > 0 {
        let rest = counted(rest, "more risk");
        lines.push(format!("and {rest}, marked below"));
    }
    lines
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
