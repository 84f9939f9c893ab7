//! Whether two JSON values are equal, without walking them again and again and without recursion: every container is hashed
//! once. Numbers count by value and objects without regard to order. The hash is keyed at random for each process,
//! so that nobody can make two images that look equal.

use serde_json::{Number, Value};
use std::cmp::Ordering;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

/// The hashes of all containers in the values it was made of.
pub(super) struct Hashes<'a> {
    containers: HashMap<*const Value, u64>,
    state: &'a RandomState,
}

/// What is left to do for a container.
enum Step<'a> {
    Enter(&'a Value),
    Leave(&'a Value),
}

impl<'a> Hashes<'a> {
    /// Hashes every container of a value.
    pub(super) fn new(root: Option<&Value>, state: &'a RandomState) -> Self {
        let mut hashes = Self {
            containers: HashMap::new(),
            state,
        };
        let mut steps: Vec<Step<'_>> = root.into_iter().map(Step::Enter).collect();
        while let Some(step) = steps.pop() {
            match step {
                Step::Enter(value) => {
                    if matches!(value, Value::Array(_) | Value::Object(_)) {
                        steps.push(Step::Leave(value));
                    }
                    match value {
                        Value::Array(items) => steps.extend(items.iter().map(Step::Enter)),
                        Value::Object(map) => steps.extend(map.values().map(Step::Enter)),
                        _ => {}
                    }
                }
                Step::Leave(value) => {
                    let hash = hashes.combine(value);
                    hashes.containers.insert(std::ptr::from_ref(value), hash);
                }
            }
        }
        hashes
    }

    /// The hash of a value in it.
    pub(super) fn of(&self, value: &Value) -> u64 {
        match value {
            Value::Null => self.state.hash_one(0_u8),
            Value::Bool(yes) => self.state.hash_one((1_u8, yes)),
            Value::Number(number) => self.state.hash_one((2_u8, canonical(number))),
            Value::String(text) => self.state.hash_one((3_u8, text)),
            Value::Array(_) | Value::Object(_) => {
                let known = self.containers.get(&std::ptr::from_ref(value));
                known.copied().unwrap_or_default()
            }
        }
    }

    /// The hash of a container whose contents are hashed already.
    fn combine(&self, value: &Value) -> u64 {
        match value {
            Value::Array(items) => {
                let parts: Vec<u64> = items.iter().map(|item| self.of(item)).collect();
                self.state.hash_one((4_u8, parts))
            }
            Value::Object(map) => {
                let mut parts: Vec<u64> = map
                    .iter()
                    .map(|(key, item)| self.state.hash_one((key, self.of(item))))
                    .collect();
                parts.sort_unstable();
                self.state.hash_one((5_u8, parts))
            }
            leaf => self.of(leaf),
        }
    }
}

/// Whether two values are equal.
pub fn is_equal(one: &Value, other: &Value) -> bool {
    let state = RandomState::new();
    let (left, right) = (
        Hashes::new(Some(one), &state),
        Hashes::new(Some(other), &state),
    );
    left.of(one) == right.of(other)
}

/// Compares two numbers by value, however they are written.
pub fn compare_numbers(one: &Number, other: &Number) -> Ordering {
    let (a, b) = (canonical(one), canonical(other));
    // Where the first digit stands, counted from the point.
    let place = |(_, digits, exponent): &(bool, String, i64)| {
        let length = i64::try_from(digits.len()).unwrap_or(i64::MAX);
        exponent.saturating_add(length)
    };
    let size = |one: &(bool, String, i64), other: &(bool, String, i64)| {
        // Zero has no digits, and stands below every other.
        let zero = (!one.1.is_empty()).cmp(&!other.1.is_empty());
        zero.then(place(one).cmp(&place(other)))
            .then_with(|| one.1.cmp(&other.1))
    };
    match (a.0, b.0) {
        (false, false) => size(&a, &b),
        (true, true) => size(&b, &a),
        (is_negative, _) => is_negative.cmp(&!is_negative).reverse(),
    }
}

/// A number in a form that is the same for `1`, `1.0`, `10e-1` and `0.1E1`: sign, digits without zeros at the ends, exponent.
pub(super) fn canonical(number: &Number) -> (bool, String, i64) {
    let text = number.to_string();
    let (is_negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.as_str()),
    };
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, whole(exponent)),
        None => (text, 0),
    };
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{before}{after}");
    let kept = digits.trim_end_matches('0');
    let dropped = (digits.len() - kept.len()) as i64;
    let kept = kept.trim_start_matches('0');
    if kept.is_empty() {
        return (false, String::new(), 0);
    }
    let exponent = exponent
        .saturating_sub(after.len() as i64)
        .saturating_add(dropped);
    (is_negative, kept.to_owned(), exponent)
}

/// An exponent; one beyond all reason ends at the edge.
fn whole(text: &str) -> i64 {
    let edge = if text.starts_with('-') {
        i64::MIN
    } else {
        i64::MAX
    };
    text.trim_start_matches('+').parse().unwrap_or(edge)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn number(text: &str) -> Number {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn numbers_are_ordered_by_value_however_they_are_written() {
        let rising = [
            "-1e400", "-20", "-3.5", "-3.05", "-0.1", "0", "1e-400", "0.09", "0.1", "3", "3.5",
            "20", "1e400",
        ];
        for (i, one) in rising.iter().enumerate() {
            for (j, other) in rising.iter().enumerate() {
                assert_eq!(
                    compare_numbers(&number(one), &number(other)),
                    i.cmp(&j),
                    "{one} {other}"
                );
            }
        }
        for (one, other) in [("3", "3.00"), ("300", "3e2"), ("-0", "0"), ("0.5", "5E-1")] {
            assert_eq!(
                compare_numbers(&number(one), &number(other)),
                Ordering::Equal
            );
        }
    }

    proptest! {
        #[test]
        fn as_machine_numbers_are(a in -100_000_i64..100_000, b in -100_000_i64..100_000, point in 0_usize..4) {
            let text = |n: i64| format!("{n}e-{point}");
            prop_assert_eq!(compare_numbers(&number(&text(a)), &number(&text(b))), a.cmp(&b));
        }
    }
}
