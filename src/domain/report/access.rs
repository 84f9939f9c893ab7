//! Who gains or loses access, with the consequence and the rows that become visible.

use super::{Line, Lines, Tone};
use crate::domain::dry_run::Report;
use crate::domain::dry_run::access::{AccessChange, LISTEN, Verdict, Why};
use crate::domain::snapshot::Kind;
use crate::domain::snapshot::difference::Change;
use std::cmp::Reverse;

/// The most lines that a short report has of it.
const MOST: usize = 30;

/// The section of a dry run.
pub(super) fn section(lines: &mut Lines, report: &Report) {
    let found = all(report);
    let nothing = found.is_empty().then_some("Nobody gains or loses access");
    let unknown = report.unrehearsed();
    if lines.section(report, "Access", unknown.as_ref(), nothing) {
        let found = found.into_iter().map(|line| line.indented(2));
        lines.most(found.collect(), MOST, "change");
    }
}

/// All that changes in who may do what: roles, then tables, views and functions.
pub fn all(report: &Report) -> Vec<Line> {
    let mut found = roles(report);
    found.extend(list(&report.access));
    found
}

/// The roles that may do other things by themselves: their attributes, memberships and settings.
fn roles(report: &Report) -> Vec<Line> {
    let changes = report.difference.changes.iter();
    let changes = changes.filter(|change| change.object.kind == Kind::Role);
    let words = |change: &Change| -> Vec<String> {
        let properties = change.properties.iter();
        let properties = properties.filter(|one| one.property != "comment");
        let word = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
        properties
            .map(|one| {
                let before = match &one.before {
                    None => String::new(),
                    before => format!(" (before: {})", word(before)),
                };
                let consequence = match one.property.as_str() {
                    "members" if one.after.is_some() => ", who may do all that it may",
                    _ => "",
                };
                let after = word(&one.after);
                format!("{}: {after}{before}{consequence}", one.property)
            })
            .collect()
    };
    let line = |change: &Change| {
        let words = words(change);
        (!words.is_empty()).then(|| {
            let text = format!("{} has {}", change.object, words.join("; "));
            Line::new(Tone::Warn, &text)
        })
    };
    changes.filter_map(line).collect()
}

/// What decides a right, as the consequence for who has it.
pub fn reach(why: Why) -> &'static str {
    match why {
        Why::Passes => "every row, because the role bypasses RLS",
        Why::Owner => "every row, because the role owns it",
        Why::RlsOff => "every row, because row level security is off",
        Why::OpenPart => {
            "every row, past the policies of the table that it is a part of, because its own row level security is off"
        }
        Why::OpenPolicy => "every row, because a policy lets all of them through",
        Why::Policies => "the rows that policies let through",
        Why::OwnerView => {
            "every row it shows, because it reads as its owner, past the policies of its tables (no security_invoker)"
        }
        Why::InvokerView => "what the policies of its tables let through",
        Why::NoPolicies => "every row, because it has no row level security",
        Why::Definer => "it runs as its owner, past every policy (security definer)",
    }
}

/// What is equal in all changes of a line.
#[derive(PartialEq)]
struct Same<'a> {
    role: &'a str,
    before: Verdict,
    after: Verdict,
    why: Option<Why>,
    opens: bool,
    only_parts: bool,
}

/// The changes of one table and role that are told together.
struct Group<'a> {
    same: Same<'a>,
    table: &'a str,
    verbs: Vec<&'a str>,
    /// The change that shows rows.
    shown: Option<&'a AccessChange>,
}

/// The changes in words: one line for the verbs of a role and a table that change in the same way, and for the tables that
/// change in the same way and show no row. Of `service_role` only what it loses is told: it has every row of every table. What opens something comes first, of that tables before functions, and of those what shows the most rows.
pub fn list(changes: &[AccessChange]) -> Vec<Line> {
    let mut groups: Vec<Group> = Vec::new();
    for change in changes.iter().filter(|change| change.is_told()) {
        let same = Same {
            role: &change.role,
            before: change.before,
            after: change.after,
            why: change.why,
            opens: change.gains(),
            only_parts: change.only_parts,
        };
        let shown = change.may_show().then_some(change);
        match groups
            .iter_mut()
            .rev()
            .find(|group| group.same == same && group.table == change.table)
        {
            Some(group) => {
                group.verbs.push(&change.verb);
                group.shown = group.shown.or(shown);
            }
            None => groups.push(Group {
                same,
                table: &change.table,
                verbs: vec![&change.verb],
                shown,
            }),
        }
    }
    let mut alike: Vec<(Group, Vec<&str>)> = Vec::new();
    for group in groups {
        let is_quiet = |group: &Group| group.shown.is_none_or(|shown| shown.rows == Some(0));
        let found = alike.iter_mut().find(|(other, _)| {
            is_quiet(&group)
                && is_quiet(other)
                && other.same == group.same
                && other.verbs == group.verbs
                && other.shown.is_some() == group.shown.is_some()
        });
        if let Some((_, tables)) = found {
            tables.push(group.table);
        } else {
            let table = group.table;
            alike.push((group, vec![table]));
        }
    }
    alike.sort_by_key(|(group, _)| {
        // What nobody counted may be everything.
        let rows = group.shown.map_or(Some(0), |shown| shown.rows);
        // A table says more than a function.
        let is_table = group.verbs != ["execute"];
        Reverse((group.same.opens, is_table, rows.unwrap_or(u64::MAX)))
    });
    let line = |(group, tables): (Group, Vec<&str>)| {
        let tone = if group.same.opens {
            Tone::Danger
        } else {
            Tone::Warn
        };
        Line::new(tone, &words(&group, &super::locks::named(&tables)))
    };
    alike.into_iter().map(line).collect()
}

fn words(group: &Group, table: &str) -> String {
    let Same {
        role,
        before,
        after,
        why,
        only_parts,
        ..
    } = group.same;
    let verbs = group.verbs.join(", ");
    if group.verbs == [LISTEN] {
        return match after {
            Verdict::None => format!("{role} no longer gets every change of {table} by Realtime"),
            _ => format!(
                "{role} gets every change of {table} by Realtime, because row level security is off"
            ),
        };
    }
    let reach = why.map_or("", reach);
    let mut text = match (before, after) {
        // A function that runs as its caller is not listed any more; who may call it need not differ.
        (_, Verdict::None) if verbs == "execute" => {
            format!("{role} no longer runs {table} as its owner, or may not execute it")
        }
        (_, Verdict::None) => format!("{role} loses {verbs} on {table}"),
        (Verdict::All, _) if why == Some(Why::Definer) => {
            format!("{role} may execute another body of {table}, which runs as its owner")
        }
        (Verdict::None, _) => format!("{role} gains {verbs} on {table}: {reach}"),
        (old, new) if new > old => format!("{role} gains {verbs} on {table}: now {reach}"),
        (old, new) if new < old => {
            format!("{role} is limited in {verbs} on {table}: now {reach}")
        }
        _ if why == Some(Why::OpenPart) => {
            format!("{role} may {verbs} {reach}: {table}")
        }
        _ if only_parts => {
            format!("{role} may {verbs} other rows of {table}: its partitions or heirs differ")
        }
        _ if why == Some(Why::Policies) => {
            format!(
                "{role} may {verbs} other rows of {table}: the policies, or what they read or call, differ"
            )
        }
        _ => format!(
            "{role} may {verbs} other rows or columns of {table}: its definition, owner or grants differ"
        ),
    };
    if let Some(change) = group.shown {
        let who = match role {
            "anon" => "visible to everybody",
            "authenticated" => "visible to any signed-in stranger",
            _ => "visible to it",
        };
        match change.rows {
            Some(0) => {}
            Some(1) => text.push_str(&format!("; 1 row becomes {who}")),
            Some(rows) => text.push_str(&format!("; {rows} rows become {who}")),
            None => text.push_str(&format!("; how many rows become {who} was not counted")),
        }
    }
    text
}
