//! The risks of a plan: grouped by rule and file with their number, the worst first, and each above its statement where the
//! statements are read.

use super::{Line, Lines, Tone, locks};
use crate::domain::lint::{Assessment, Finding, Level};
use crate::domain::migration::{Plan, Step};
use crate::domain::plural::counted;
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// The most groups that a short report has.
const MOST: usize = 40;
/// The most reasons that a group of a short report gives.
const REASONS: usize = 3;
/// The most groups that a question has a line for.
const MOST_FACTS: usize = 12;
/// How wide a comment gets: it fits into a terminal of 80 columns.
const COLUMNS: usize = 70;

/// The findings of one rule in one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RiskGroup {
    /// The rule.
    pub rule: &'static str,
    /// How severe it is.
    pub level: Level,
    /// The version of the file.
    pub version: String,
    /// Its name.
    pub name: String,
    /// How often.
    pub count: usize,
    /// The numbers of the statements, from 1.
    pub statements: Vec<usize>,
    /// What it is about, as the file names it.
    pub objects: Vec<String>,
    /// What happens, each reason once.
    pub reasons: Vec<String>,
    /// How to write it more safely.
    pub safer: Option<String>,
}

/// The open findings of a plan by rule and file, the worst first.
pub fn groups(plan: &Plan, risks: &[Assessment]) -> Vec<RiskGroup> {
    let mut groups: Vec<RiskGroup> = Vec::new();
    for (step, risk) in plan.steps.iter().zip(risks) {
        let from = groups.len();
        let open = risk
            .open_findings()
            .filter(|found| found.level > Level::Safe);
        for finding in open {
            let known = groups[from..]
                .iter_mut()
                .find(|group| group.rule == finding.rule);
            if let Some(group) = known {
                add(group, finding);
            } else {
                let mut group = empty(step, finding);
                add(&mut group, finding);
                groups.push(group);
            }
        }
    }
    groups.sort_by_key(|group| Reverse(group.level));
    groups
}

fn empty(step: &Step, finding: &Finding) -> RiskGroup {
    RiskGroup {
        rule: finding.rule,
        level: finding.level,
        version: step.version.clone(),
        name: step.name.clone(),
        count: 0,
        statements: Vec::new(),
        objects: Vec::new(),
        reasons: Vec::new(),
        safer: finding.safer.clone(),
    }
}

fn add(group: &mut RiskGroup, finding: &Finding) {
    group.count += 1;
    let number = finding.statement + 1;
    if group.statements.last() != Some(&number) {
        group.statements.push(number);
    }
    if group.reasons.last() != Some(&finding.reason) {
        group.reasons.push(finding.reason.clone());
        group.objects.push(finding.subject.clone());
    }
}

/// What a level looks like.
pub fn tone(level: Level) -> Tone {
    match level {
        Level::Safe => Tone::Ok,
        Level::CannotRunInTransaction | Level::BlocksWriters => Tone::Warn,
        _ => Tone::Danger,
    }
}

impl RiskGroup {
    /// In one line: `loses data (drop-column), 2 times: 20260101 tidy, statements 1 and 2`.
    pub fn line(&self) -> Line {
        let times = match self.count {
            1 => String::new(),
            count => format!(", {count} times"),
        };
        let numbers: Vec<String> = self.statements.iter().map(usize::to_string).collect();
        let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
        let s = if numbers.len() == 1 { "" } else { "s" };
        let begin = format!("{} ({}){times}", self.level.words(), self.rule);
        let rest = format!(
            ": {} {}, statement{s} {}",
            self.version,
            self.name,
            locks::named(&numbers)
        );
        Line::new(tone(self.level), &begin).and(Tone::Text, &rest)
    }

    /// In one line with what it is about, where no reasons follow. The file is named unless it is the only one.
    fn fact(&self, is_only_file: bool) -> Line {
        let level = self.level.words();
        let only = (self.statements.as_slice(), self.reasons.as_slice());
        let (what, number) = if let ([number], [reason]) = only {
            let reason = reason.trim_end_matches('.');
            (format!("{level}: {reason}"), Some(number))
        } else {
            let objects: Vec<&str> = self.objects.iter().map(String::as_str).collect();
            let (rule, objects) = (self.rule, locks::named(&objects));
            let count = self.count;
            (format!("{level} ({rule}), {count} times: {objects}"), None)
        };
        let place = match (is_only_file, number) {
            (true, None) => String::new(),
            (true, Some(number)) => format!(" (statement {number})"),
            (false, None) => format!(" ({} {})", self.version, self.name),
            (false, Some(number)) => {
                format!(" ({} {}, statement {number})", self.version, self.name)
            }
        };
        Line::new(tone(self.level), &format!("{what}{place}"))
    }
}

/// The groups in a line each, for a question that wants all of them read: by rule and file, of many files by rule alone.
pub fn facts(plan: &Plan, risks: &[Assessment]) -> Vec<Line> {
    let groups = groups(plan, risks);
    if groups.len() <= MOST_FACTS {
        let is_only_file = plan.steps.len() == 1;
        return groups
            .iter()
            .map(|group| group.fact(is_only_file))
            .collect();
    }
    let mut rules: Vec<(&RiskGroup, usize, usize, Vec<&str>)> = Vec::new();
    for group in &groups {
        let objects = group.objects.iter().map(String::as_str);
        match rules.iter_mut().find(|(one, ..)| one.rule == group.rule) {
            Some((_, count, files, all)) => {
                *count += group.count;
                *files += 1;
                all.extend(objects);
            }
            None => rules.push((group, group.count, 1, objects.collect())),
        }
    }
    let line = |(group, count, files, objects): (&RiskGroup, usize, usize, Vec<&str>)| {
        let text = format!(
            "{} ({}), {count} times in {}: {}",
            group.level.words(),
            group.rule,
            counted(files, "file"),
            locks::named(&objects)
        );
        Line::new(tone(group.level), &text)
    };
    rules.into_iter().map(line).collect()
}

/// The section: each group with its reasons, and a safer way once a rule. What no comment accepts is an open risk; a comment
/// that accepts nothing is named too.
pub fn section(lines: &mut Lines, plan: &Plan, risks: &[Assessment]) {
    let groups = groups(plan, risks);
    let faulty: Vec<_> = risks.iter().flat_map(|risk| &risk.faulty_allows).collect();
    if groups.is_empty() && faulty.is_empty() {
        return;
    }
    lines.heading("Risks");
    let mut told = BTreeSet::new();
    let shown = lines.extent.of(groups.len(), MOST);
    for group in &groups[..shown] {
        lines.lines.push(group.line().indented(2));
        let reasons = lines.extent.of(group.reasons.len(), REASONS);
        for reason in &group.reasons[..reasons] {
            lines.put(6, Tone::Text, reason);
        }
        if reasons < group.reasons.len() {
            let text = format!("and {} more like these", group.reasons.len() - reasons);
            lines.put(6, Tone::Muted, &text);
        }
        if let Some(safer) = group.safer.as_ref().filter(|_| told.insert(group.rule)) {
            lines.put(6, Tone::Muted, &format!("Safer: {safer}"));
        }
    }
    lines.rest(groups.len() - shown, "group");
    for faulty in faulty {
        let text = format!(
            "The comment that allows {} does nothing: {}",
            faulty.rule, faulty.why
        );
        lines.put(2, Tone::Warn, &text);
    }
}

/// The findings of one statement as SQL comments, the lines of each. A rule is explained once, where it is met first: `told` keeps which were.
pub fn marks(
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
                (Some(reason), _) => lines.extend(comment("--   ", &format!("allowed: {reason}"))),
                (None, Some(safer)) => lines.extend(comment("--   ", &format!("Safer: {safer}"))),
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
