//! The risks of a plan, as they stand in a confirmation: the worst in a line, and each finding above its statement.

use crate::domain::risk::{Assessment, Level};
use std::collections::{BTreeMap, BTreeSet};

/// How wide a comment gets: it fits into a terminal of 80 columns.
const COLUMNS: usize = 70;

/// The open findings of all steps in one line, the worst first; `None` when there is none.
pub(super) fn sum(assessments: &[Assessment]) -> Option<String> {
    let mut counts: BTreeMap<Level, usize> = BTreeMap::new();
    for finding in assessments.iter().flat_map(Assessment::open_findings) {
        *counts.entry(finding.level).or_default() += 1;
    }
    counts.remove(&Level::Safe);
    if counts.is_empty() {
        return None;
    }
    let words = counts.iter().rev().map(|(level, count)| match count {
        1 => level.words().to_owned(),
        _ => format!("{} ({count})", level.words()),
    });
    Some(format!(
        "{}: marked below",
        words.collect::<Vec<_>>().join(", ")
    ))
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
