//! Which action was meant by one that no record has. It goes by actions that were seen and by those that the Weeksmith
//! triggers write; what is not among them may exist all the same, so nothing is ever said not to.

use super::filter::{Atom, Filter, Wildcard};
use crate::domain::near::edits;

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

/// The actions that the Weeksmith triggers write.
pub fn known() -> impl Iterator<Item = String> {
    let written = TABLES.iter().flat_map(|table| {
        let deeds = DEEDS.iter();
        deeds.map(move |deed| format!("{table}.{deed}"))
    });
    written.chain([UNLOCK.to_owned()])
}

/// What the filter's actions were probably meant to be, as it is typed behind `action:`; `None` where every one of them
/// is known, or none is near.
pub fn meant(filter: &Filter, seen: &[String]) -> Option<String> {
    let mut all: Vec<String> = seen.to_vec();
    all.extend(known());
    let known = all;
    let typed = filter.atoms().filter_map(|atom| match atom {
        Atom::Action(pattern) => Some(pattern.as_str()),
        _ => None,
    });
    typed
        .filter(|typed| {
            let pattern = Wildcard::new(typed);
            !known.iter().any(|action| pattern.fits(action))
        })
        .find_map(|typed| nearest(typed, &known))
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
}
