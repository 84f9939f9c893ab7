//! Ids as tables show them: the beginning of one, with or without its end, stands for the id that alone begins and ends so
//! among the rows that whoever reads may see.

use super::paging::correlation;
use crate::domain::identity::Identity;
use crate::domain::plural::listed;
use crate::domain::problem::{Kind, Problem};
use crate::domain::query::{Direction, Filter, Op, Select};
use crate::domain::read_problem;
use crate::domain::text;
use crate::ports::Rest;
use serde_json::Value;

/// So many rows that begin alike are looked at.
const MOST: usize = 200;
/// So many are named where several are meant.
const NAMED: usize = 4;
/// The digits of an id.
const DIGITS: usize = 32;

/// Where the ids of one kind are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// What has the id: `cycle`.
    pub(super) what: &'static str,
    /// The table.
    pub(super) table: &'static str,
    /// The column.
    pub(super) column: &'static str,
}

/// Where a cycle's id is.
pub(super) const CYCLE: Place = Place {
    what: "cycle",
    table: "cycle",
    column: "id",
};
/// Where the id of a week's plan is.
pub(super) const PLAN: Place = Place {
    what: "plan",
    table: "week_lock_status",
    column: "plan_id",
};
/// Where the id of an audit record is.
pub(super) const RECORD: Place = Place {
    what: "record",
    table: "audit_log",
    column: "id",
};

/// The whole id. One that was given whole is not asked about.
pub(super) async fn whole(
    rest: &dyn Rest,
    who: &Identity,
    place: Place,
    given: &str,
) -> Result<String, Problem> {
    let given = given.trim();
    if uuid::Uuid::try_parse(given).is_ok() {
        return Ok(given.to_owned());
    }
    let (begin, end) = parts(given).ok_or_else(|| no_id(place.what, given))?;
    let query = Select::from(place.table)
        .columns(place.column)
        .filter(Filter::compare(place.column, Op::GtEq, filled(&begin, '0')))
        .filter(Filter::compare(place.column, Op::LtEq, filled(&begin, 'f')))
        .order(place.column, Direction::Ascending)
        .limit(MOST)
        .under(correlation());
    let rows: Vec<Value> = rest.select(who, &query).await?.rows()?;
    let is_all = rows.len() < MOST;
    let mut ids: Vec<&str> = rows
        .iter()
        .filter_map(|row| row.get(place.column)?.as_str())
        .filter(|id| digits(id).ends_with(&end))
        .collect();
    ids.dedup();
    let shown = text::cell(given);
    match ids.as_slice() {
        [only] if is_all => Ok((*only).to_owned()),
        [] if is_all => Err(read_problem::not_visible(
            &format!("A {} that begins with {shown}", place.what),
            who,
        )),
        several => {
            let named: Vec<&str> = several.iter().take(NAMED).copied().collect();
            let more = if several.len() > NAMED || !is_all {
                " and others"
            } else {
                ""
            };
            Err(Problem::new(
                Kind::Usage,
                format!("`{shown}` matches several {}s:", place.what),
                format!("{}{more}.", listed(&named)),
            )
            .with_hint("Give more of the id."))
        }
    }
}

/// The digits that an id begins and ends with. The end is empty where only the beginning was given.
fn parts(given: &str) -> Option<(String, String)> {
    let (begin, end) = given
        .split_once('…')
        .or_else(|| given.split_once("..."))
        .unwrap_or((given, ""));
    let is_of_id = |text: &str| text.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    let (begin_digits, end_digits) = (digits(begin), digits(end));
    let count = begin_digits.len() + end_digits.len();
    let is_one = is_of_id(begin) && is_of_id(end) && !begin_digits.is_empty() && count <= DIGITS;
    is_one.then_some((begin_digits, end_digits))
}

fn digits(text: &str) -> String {
    let digits = text.chars().filter(|c| *c != '-');
    digits.map(|c| c.to_ascii_lowercase()).collect()
}

/// The id that begins so, with one digit in every place that is left.
fn filled(begin: &str, digit: char) -> String {
    let rest = DIGITS.saturating_sub(begin.len());
    let all: Vec<char> = begin
        .chars()
        .chain(std::iter::repeat_n(digit, rest))
        .collect();
    let piece = |from: usize, to: usize| all[from..to].iter().collect::<String>();
    let pieces = [
        piece(0, 8),
        piece(8, 12),
        piece(12, 16),
        piece(16, 20),
        piece(20, 32),
    ];
    pieces.join("-")
}

fn no_id(what: &str, given: &str) -> Problem {
    Problem::new(
        Kind::Usage,
        format!("`{}` is not the id of a {what}.", text::cell(given)),
        "An id looks like `1b4e28ba-2fa1-4d2b-883f-0016d3cca427`; as much of it as tells it apart will do, such as `1b4e28ba` or `1b4e…a427`.",
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_part_of_an_id_is_none() {
        for odd in [
            "",
            "…",
            "…0001",
            "goal",
            "1b4e…goal",
            "x'; --",
            "1b4e28ba-2fa1-4d2b-883f-0016d3cca4271",
        ] {
            assert_eq!(parts(odd), None, "{odd}");
        }
        assert_eq!(parts("A11C…0001").unwrap(), ("a11c".into(), "0001".into()));
        assert_eq!(parts("a11c...").unwrap(), ("a11c".into(), String::new()));
    }

    proptest! {
        /// Any beginning of an id bounds it, and an id that begins otherwise is outside.
        #[test]
        fn a_beginning_bounds_its_ids(id in any::<u128>(), other in any::<u128>(), cut in 1_usize..36) {
            let (id, other) = (uuid::Uuid::from_u128(id), uuid::Uuid::from_u128(other));
            let text = id.to_string();
            let (begin, end) = parts(&text[..cut]).unwrap();
            prop_assert_eq!(end, "");
            let bound = |digit| uuid::Uuid::parse_str(&filled(&begin, digit)).unwrap();
            prop_assert!(bound('0') <= id && id <= bound('f'));
            let is_inside = bound('0') <= other && other <= bound('f');
            prop_assert_eq!(is_inside, digits(&other.to_string()).starts_with(&begin));
        }
    }
}
