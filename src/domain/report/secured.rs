//! A table's grants and policies in words, and what one identity may do by them.

use super::{Line, Lines, Tone};
use crate::domain::access::lint::{AccessFinding, Severity};
use crate::domain::access::matrix::{AccessCell, amount, named};
use crate::domain::access::rules::{AccessRules, SecuredTable, TableGrant, Verb};
use crate::domain::access::words;
use crate::domain::dry_run::access::Verdict;
use crate::domain::plural::listed;

/// The table in one line.
pub fn head(table: &SecuredTable) -> Line {
    let kind = format!(
        ", {} of {}; row level security ",
        table.kind_word(),
        table.owner
    );
    let line = Line::new(Tone::Strong, &table.full_name()).and(Tone::Text, &kind);
    match table.rls_word() {
        "OFF" => line.and(Tone::Danger, "is OFF"),
        "none" => line.and(Tone::Text, "does not exist for it"),
        "forced" => line.and(Tone::Ok, "is on, for the owner too (forced)"),
        _ => line.and(Tone::Ok, "is on"),
    }
}

/// Who was granted what: verbs, with columns where it is not for the whole table.
pub fn grants(rules: &AccessRules, table: &SecuredTable) -> Vec<(String, String)> {
    let own = rules.grants.iter().filter(|grant| grant.table == table.id);
    let own: Vec<&TableGrant> = own.collect();
    let mut to: Vec<&String> = own.iter().map(|grant| &grant.to).collect();
    to.sort();
    to.dedup();
    let words = |to: &String| {
        let mut words = Vec::new();
        for verb in Verb::ALL {
            let given = own
                .iter()
                .filter(|grant| grant.to == *to && grant.verb == verb);
            let given: Vec<_> = given.collect();
            if given.iter().any(|grant| grant.column.is_none()) {
                words.push(verb.word().to_owned());
            } else if !given.is_empty() {
                let columns = given.iter().filter_map(|grant| grant.column.as_deref());
                let mut columns: Vec<&str> = columns.collect();
                columns.sort_unstable();
                columns.dedup();
                words.push(format!("{} ({})", verb.word(), columns.join(", ")));
            }
        }
        words.join(", ")
    };
    to.into_iter()
        .map(|name| (name.clone(), words(name)))
        .collect()
}

/// The policies, in plain words beside their SQL.
pub fn policies(rules: &AccessRules, table: &SecuredTable) -> Lines {
    let mut lines = Lines::default();
    let own = rules
        .policies
        .iter()
        .filter(|policy| policy.table == table.id);
    for policy in own {
        let kind = if policy.permissive {
            "permissive"
        } else {
            "RESTRICTIVE"
        };
        let about = format!("  {kind} for {}, to {}", policy.verb, listed(&policy.roles));
        let head = Line::new(Tone::Strong, &policy.name).and(Tone::Muted, &about);
        lines.lines.push(head);
        lines.put(2, Tone::Text, &words::policy(policy));
        for (word, sql) in [("using", &policy.shows), ("with check", &policy.check)] {
            if let Some(sql) = sql {
                lines.block(4, Tone::Muted, &format!("{word} {sql}"));
            }
        }
    }
    if lines.lines.is_empty() {
        let text = if table.secured {
            "No policies: only roles that pass row level security by reach a row."
        } else {
            "No policies."
        };
        lines.put(0, Tone::Text, text);
    }
    lines
}

/// What is doubtful, each with the statement that mends it.
pub fn findings(findings: &[AccessFinding]) -> Lines {
    let mut lines = Lines::default();
    for finding in findings {
        let tone = match finding.level {
            Severity::Error => Tone::Danger,
            Severity::Warn => Tone::Warn,
            Severity::Info => Tone::Muted,
        };
        let what = if finding.what.is_empty() {
            String::new()
        } else {
            format!("  {}", finding.what)
        };
        let place = format!("  {}.{}", finding.schema, finding.object);
        let line = Line::new(tone, finding.level.word())
            .and(Tone::Strong, &format!("  {}", finding.rule))
            .and(Tone::Text, &place)
            .and(Tone::Muted, &what);
        lines.lines.push(line);
        lines.put(2, Tone::Text, finding.why);
        if let Some(mend) = &finding.mend {
            lines.block(4, Tone::Accent, &format!("{mend};"));
        }
    }
    lines
}

/// The tone and the word of a verdict.
pub fn verdict(cell: &AccessCell) -> (Tone, &'static str) {
    match cell.verdict {
        Verdict::All => (Tone::Warn, "all"),
        Verdict::Policies => (Tone::Text, "policies"),
        Verdict::None => (Tone::Muted, "none"),
    }
}

/// How many rows a cell reaches; nothing for an insert.
pub fn rows(cell: &AccessCell) -> String {
    if cell.verb == Verb::Insert {
        String::new()
    } else {
        amount(cell)
    }
}

/// What decides a cell, and what else is to be known of it.
pub fn why(cell: &AccessCell) -> String {
    let mut why = if cell.policies.is_empty() || cell.verdict == Verdict::None {
        cell.why.clone()
    } else {
        named(&cell.policies)
    };
    if let Some(columns) = &cell.columns {
        why.push_str(&format!("; columns {} only", listed(columns)));
    }
    for more in [&cell.note, &cell.disagrees].into_iter().flatten() {
        why.push_str(&format!("; {more}"));
    }
    why
}

/// What an identity may do with a table, a line a verb.
pub fn cells(cells: &[AccessCell]) -> Lines {
    let mut lines = Lines::default();
    for cell in cells {
        let (tone, word) = verdict(cell);
        let tone = if cell.disagrees.is_some() {
            Tone::Danger
        } else {
            tone
        };
        let rows = rows(cell);
        let rows = if rows.is_empty() || cell.verdict == Verdict::None && rows.starts_with("0 of") {
            String::new()
        } else {
            format!("{rows}  ")
        };
        let line = Line::new(Tone::Text, &format!("{:<7}", cell.verb.word()))
            .and(tone, &format!("{word:<9}"))
            .and(Tone::Text, &rows)
            .and(Tone::Muted, &why(cell));
        lines.lines.push(line);
    }
    lines
}
