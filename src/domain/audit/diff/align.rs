//! Aligns two arrays: which element of one is which of the other. By `id` where every element has one, else by equality:
//! the longest common subsequence where the arrays are small enough, unique common elements where they are not.

use super::hash::Hashes;
use serde_json::Value;
use std::collections::HashMap;

/// The most cells of a table for the exact subsequence; each has four bytes.
const MOST_CELLS: usize = 1_000_000;

/// A place in one or both arrays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) old: Option<usize>,
    pub(super) new: Option<usize>,
}

/// Aligns two arrays. Elements that are in both keep their order; between them, elements that took another's place are paired.
pub(super) fn align(
    old: &[Value],
    new: &[Value],
    before: &Hashes<'_>,
    after: &Hashes<'_>,
) -> Vec<Pair> {
    let by_id = ids(old).zip(ids(new));
    let (left, right) = match by_id {
        Some((left, right)) => (hashed(&left, before), hashed(&right, after)),
        None => (
            old.iter().map(|item| before.of(item)).collect(),
            new.iter().map(|item| after.of(item)).collect(),
        ),
    };
    let matches = matches(&left, &right);
    let mut pairs = Vec::with_capacity(old.len().max(new.len()));
    let (mut i, mut j) = (0, 0);
    for (a, b) in matches.into_iter().chain([(old.len(), new.len())]) {
        gap(&mut pairs, (i..a, j..b), old, new);
        if a < old.len() {
            pairs.push(Pair {
                old: Some(a),
                new: Some(b),
            });
        }
        (i, j) = (a + 1, b + 1);
    }
    pairs
}

/// The `id` of every element, when all are objects that have one of their own.
fn ids(items: &[Value]) -> Option<Vec<&Value>> {
    let found: Option<Vec<&Value>> = items
        .iter()
        .map(|item| {
            item.as_object()?
                .get("id")
                .filter(|id| !id.is_null() && !id.is_array() && !id.is_object())
        })
        .collect();
    found.filter(|ids| !ids.is_empty())
}

fn hashed(ids: &[&Value], hashes: &Hashes<'_>) -> Vec<u64> {
    ids.iter().map(|id| hashes.of(id)).collect()
}

/// Elements between two matches: pairs those that took each other's place.
fn gap(
    pairs: &mut Vec<Pair>,
    (left, right): (std::ops::Range<usize>, std::ops::Range<usize>),
    old: &[Value],
    new: &[Value],
) {
    let (mut i, mut j) = (left.start, right.start);
    let is_even = left.len() == right.len();
    while i < left.end && j < right.end && fits(&old[i], &new[j], is_even) {
        pairs.push(Pair {
            old: Some(i),
            new: Some(j),
        });
        (i, j) = (i + 1, j + 1);
    }
    pairs.extend((i..left.end).map(|i| Pair {
        old: Some(i),
        new: None,
    }));
    pairs.extend((j..right.end).map(|j| Pair {
        old: None,
        new: Some(j),
    }));
}

/// Whether one value can be shown as having become the other.
fn fits(old: &Value, new: &Value, is_even: bool) -> bool {
    match (old, new) {
        (Value::Object(a), Value::Object(b)) => match (a.get("id"), b.get("id")) {
            (Some(a), Some(b)) => a == b,
            _ => true,
        },
        (Value::Array(_), Value::Array(_)) => true,
        (Value::Object(_) | Value::Array(_), _) | (_, Value::Object(_) | Value::Array(_)) => false,
        _ => is_even,
    }
}

/// Positions that belong together, rising on both sides.
fn matches(left: &[u64], right: &[u64]) -> Vec<(usize, usize)> {
    let head = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    let most = left.len().min(right.len()) - head;
    let ends = left.iter().rev().zip(right.iter().rev());
    let tail = ends.take(most).take_while(|(a, b)| a == b).count();
    let (i, j) = (left.len() - tail, right.len() - tail);

    let mut found: Vec<(usize, usize)> = (0..head).map(|at| (at, at)).collect();
    let middle = inner(&left[head..i], &right[head..j]);
    found.extend(middle.into_iter().map(|(a, b)| (a + head, b + head)));
    found.extend((0..tail).map(|at| (i + at, j + at)));
    found
}

fn inner(left: &[u64], right: &[u64]) -> Vec<(usize, usize)> {
    if left.is_empty() || right.is_empty() {
        return Vec::new();
    }
    if left.len().saturating_mul(right.len()) <= MOST_CELLS {
        return exact(left, right);
    }
    anchors(left, right)
}

/// The longest common subsequence.
fn exact(left: &[u64], right: &[u64]) -> Vec<(usize, usize)> {
    let width = right.len() + 1;
    let mut table = vec![0_u32; (left.len() + 1) * width];
    for i in (0..left.len()).rev() {
        for j in (0..right.len()).rev() {
            table[i * width + j] = if left[i] == right[j] {
                table[(i + 1) * width + j + 1] + 1
            } else {
                table[(i + 1) * width + j].max(table[i * width + j + 1])
            };
        }
    }
    let mut found = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < left.len() && j < right.len() {
        if left[i] == right[j] {
            found.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if table[(i + 1) * width + j] >= table[i * width + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    found
}

/// Elements that are there exactly once on both sides, as many as keep their order.
fn anchors(left: &[u64], right: &[u64]) -> Vec<(usize, usize)> {
    let mut seen: HashMap<u64, [usize; 4]> = HashMap::new();
    for (at, token) in left.iter().enumerate() {
        let entry = seen.entry(*token).or_default();
        (entry[0], entry[1]) = (entry[0] + 1, at);
    }
    for (at, token) in right.iter().enumerate() {
        if let Some(entry) = seen.get_mut(token) {
            (entry[2], entry[3]) = (entry[2] + 1, at);
        }
    }
    let mut unique: Vec<(usize, usize)> = seen
        .into_values()
        .filter(|entry| entry[0] == 1 && entry[2] == 1)
        .map(|entry| (entry[1], entry[3]))
        .collect();
    unique.sort_unstable();
    rising(&unique)
}

/// The longest run of pairs that rises on both sides; the pairs rise on the first already.
fn rising(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // `ends[n]` is the pair that ends the best run of n + 1; `before` leads back along each run.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (at, pair) in pairs.iter().enumerate() {
        let place = ends.partition_point(|end| pairs[*end].1 < pair.1);
        before.push(place.checked_sub(1).map(|place| ends[place]));
        if place == ends.len() {
            ends.push(at);
        } else {
            ends[place] = at;
        }
    }
    let mut run = Vec::with_capacity(ends.len());
    let mut at = ends.last().copied();
    while let Some(index) = at {
        run.push(pairs[index]);
        at = before[index];
    }
    run.reverse();
    run
}
