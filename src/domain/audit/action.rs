//! Which action was meant by one that no record has. It goes by actions that were seen and by those that the Weeksmith
//! triggers write; what is not among them may exist all the same, so nothing is ever said not to.

use super::filter::{Filter, Term};

/// The tables with audit triggers (design, section 4).
const TABLES: [&str; 6] = [
    "vision",
    "cycle",
    "goal",
    "weekly_plan",
    "task",
    "plan_item",
];
/// What the triggers write behind the table's name.
const DEEDS: [&str; 3] = ["insert", "update", "delete"];
/// What is written besides.
const UNLOCK: &str = "weekly_plan.unlock";
/// The most characters that are compared.
const LONGEST: usize = 64;

/// What the filter's actions were probably meant to be, as it is typed behind `action:`; `None` where every one of them
/// is known, or none is near.
pub fn meant(filter: &Filter, seen: &[String]) -> Option<String> {
    let mut known: Vec<String> = seen.to_vec();
    let written = TABLES.iter().flat_map(|table| {
        let deeds = DEEDS.iter();
        deeds.map(move |deed| format!("{table}.{deed}"))
    });
    known.extend(written.chain([UNLOCK.to_owned()]));
    let typed = filter.terms.iter().filter_map(|term| match term {
        Term::Action(pattern) => Some(pattern.as_str()),
        _ => None,
    });
    typed
        .filter(|typed| !known.iter().any(|action| fits(action, typed)))
        .find_map(|typed| nearest(typed, &known))
}

/// Whether an action fits a pattern, in which `*` is any run of characters.
fn fits(action: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('*');
    let head = parts.next().unwrap_or_default();
    let Some(tail) = parts.next_back() else {
        return action == pattern;
    };
    let rest = action
        .strip_prefix(head)
        .and_then(|rest| rest.strip_suffix(tail));
    rest.is_some_and(|mut rest| {
        // What stands between two stars is wanted in its order; the first place where it is leaves the most behind it.
        parts.all(|part| {
            let found = rest.find(part);
            rest = found.map_or("", |at| &rest[at + part.len()..]);
            found.is_some()
        })
    })
}

fn nearest(typed: &str, known: &[String]) -> Option<String> {
    let lower = typed.to_lowercase();
    // A table alone stands for everything that happened to its rows, and so does one with a misspelt name.
    if let Some(table) = lower
        .strip_suffix(".*")
        .or((!lower.contains('.')).then_some(lower.as_str()))
    {
        let tables = known.iter().filter_map(|action| action.rsplit_once('.'));
        if let Some(table) = closest(table, tables.map(|(table, _)| table)) {
            return Some(format!("{table}.*"));
        }
    }
    let actions = || known.iter().map(String::as_str);
    let within = || actions().find(|action| !lower.contains('*') && action.contains(&lower));
    closest(&lower, actions())
        .or_else(within)
        .map(str::to_owned)
}

/// The name that is the fewest edits away, and not so many that it is another word.
fn closest<'a>(typed: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let most = (typed.chars().count() / 3).clamp(1, 4);
    names
        .map(|name| (edits(typed, name), name))
        .filter(|(edits, _)| *edits <= most)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, name)| name)
}

/// The Levenshtein distance; names are short.
pub(super) fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(LONGEST).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant_by(typed: &str) -> Option<String> {
        let filter = Filter::parse(typed, jiff::Timestamp::UNIX_EPOCH).ok()?;
        meant(
            &filter,
            &["invoice.sent".to_owned(), "order.paid".to_owned()],
        )
    }

    #[test]
    fn the_nearest_known_action_is_meant() {
        for (typed, expected) in [
            ("action:plan_item.updat", "plan_item.update"),
            ("action:plan_itm.update", "plan_item.update"),
            ("action:Plan_Item.Update", "plan_item.update"),
            ("action:plan_itm.*", "plan_item.*"),
            ("action:plan_item", "plan_item.*"),
            ("action:unlock", "weekly_plan.unlock"),
            ("action:invoce.sent", "invoice.sent"),
            ("since:2h action:goal.insrt", "goal.insert"),
        ] {
            assert_eq!(meant_by(typed).as_deref(), Some(expected), "{typed}");
        }
    }

    #[test]
    fn a_known_action_and_a_strange_one_bring_no_guess() {
        for typed in [
            "action:plan_item.update",
            "action:vision.*",
            "action:*.paid",
            "action:shipment.lost",
            "actor:none",
            "",
        ] {
            assert_eq!(meant_by(typed), None, "{typed}");
        }
    }

    #[test]
    fn a_star_is_any_run_of_characters() {
        assert!(fits("plan_item.update", "plan*.up*") && fits("ä.b", "*"));
        assert!(!fits("plan_item.update", "plan*.delete") && !fits("a", "a*b"));
    }
}
