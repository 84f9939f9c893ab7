//! Who gains or loses access, with the consequence and the rows that become visible.

use super::{Line, Lines, Tone};
use crate::domain::dry_run::access::{AccessChange, LISTEN, Touched, Verdict, Why};
use crate::domain::dry_run::{Environment, Report};
use crate::domain::snapshot::Kind;
use crate::domain::snapshot::difference::Change;
use std::cmp::Reverse;

/// The most lines that a short report has of it.
const MOST: usize = 30;

/// The section of a dry run.
pub(super) fn section(lines: &mut Lines, report: &Report) {
    let found = all(report);
    let nothing = found.is_empty().then_some(nothing(report));
    let unknown = report.unrehearsed();
    if lines.section(report, "Access", unknown.as_ref(), nothing) {
        let found = found.into_iter().map(|line| line.indented(2));
        lines.most(found.collect(), MOST, "change");
    }
}

/// What is said where nothing is found.
pub(super) fn nothing(report: &Report) -> &'static str {
    match report.on {
        Environment::Target => "Nobody gains or loses access",
        Environment::Scratch => {
            "No right differs; whose rows policies show was not counted, as a scratch database has none of the target's"
        }
    }
}

/// All that changes in who may do what: roles, then tables, views and functions.
pub fn all(report: &Report) -> Vec<Line> {
    let mut found = roles(report);
    found.extend(list(&report.access));
    found
}

/// What opens or closes by itself: attributes, memberships and settings of roles, settings of the database, what a
/// publication sends, and what is granted on objects that are made later.
fn roles(report: &Report) -> Vec<Line> {
    let changes = report.difference.changes.iter();
    let changes = changes.filter(|change| {
        matches!(
            change.object.kind,
            Kind::Role | Kind::Settings | Kind::Publication | Kind::DefaultPrivileges
        )
    });
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
                    "tables" => ", whose changes its subscribers get",
                    _ if change.object.kind == Kind::Settings => {
                        "; policies and functions that read it may let others through, which was not counted"
                    }
                    property if property.starts_with("grant to") => ", on what is made later",
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
        Why::Beyond => "all of it, because row level security does not hold for that",
        Why::Member => "it may do all that its group may",
        Why::System => "it is no table of a user, and has no row level security",
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
    only_remade: bool,
    depends_on: Option<&'a Touched>,
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
            only_remade: change.is_only_remade(),
            depends_on: change.depends_on.as_ref(),
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
        let is_quiet = |group: &Group| {
            let rows = group.shown.map(|shown| shown.rows);
            rows.is_none_or(|rows| {
                rows == Some(0) || rows.is_none() && group.same.depends_on.is_some()
            })
        };
        let found = alike.iter_mut().find(|(other, _)| {
            is_quiet(&group)
                && is_quiet(other)
                && other.same == group.same
                && other.verbs == group.verbs
                && other.shown.map(|shown| shown.rows) == group.shown.map(|shown| shown.rows)
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

/// That somebody may reach other rows, or run other code, because of what was changed further away.
fn dependent(role: &str, verbs: &str, table: &str, touched: &Touched, why: Option<Why>) -> String {
    let changed = match touched.names.as_str() {
        "" => "functions, views, tables or rows".to_owned(),
        names => names.to_owned(),
    };
    match why {
        Some(Why::Definer) => format!(
            "{role} may execute {table}, which runs as its owner and depends on what was changed: {changed}"
        ),
        Some(Why::Policies) => format!(
            "{role} may {verbs} other rows of {table}: its policies depend on what was changed: {changed}"
        ),
        _ => format!(
            "{role} may {verbs} other rows of {table}: it depends on what was changed: {changed}"
        ),
    }
}

fn words(group: &Group, table: &str) -> String {
    let Same {
        role,
        before,
        after,
        why,
        only_parts,
        only_remade,
        depends_on,
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
        (_, Verdict::None) if verbs == "member" => format!("{role} no longer belongs to {table}"),
        (_, Verdict::None) => format!("{role} loses {verbs} on {table}"),
        _ if why == Some(Why::Member) => {
            format!("{role} belongs to {table} now, and may do all that it may")
        }
        (_, _) if let Some(touched) = depends_on => dependent(role, &verbs, table, touched, why),
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
        _ if only_remade => {
            format!("{role} may {verbs} another table that is called {table} now: {reach}")
        }
        _ if only_parts && group.shown.is_none() => {
            format!(
                "{role} runs other code by {verbs} on {table}: its triggers (security definer) or rules, which run as their owner, differ"
            )
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
            Some(0) if depends_on.is_some() && role == "authenticated" => {
                text.push_str("; a stranger sees none that were hidden, single users may");
            }
            Some(0) => {}
            Some(1) => text.push_str(&format!("; 1 row becomes {who}")),
            Some(rows) => text.push_str(&format!("; {rows} rows become {who}")),
            None => text.push_str(&format!("; how many rows become {who} was not counted")),
        }
    }
    text
}
