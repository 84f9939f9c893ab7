//! Aligns two arrays: which element of one is which of the other. By `id` where every element has one, else by equality:
//! the longest common subsequence where the arrays are small enough, unique common elements where they are not. What is left over on
//! both sides moved.

use super::hash::Hashes;
use serde_json::Value;
use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::Range;

/// The most cells of a table for the exact subsequence; each has four bytes.
const MOST_CELLS: usize = 1_000_000;

/// A place in one or both arrays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) old: Option<usize>,
    pub(super) new: Option<usize>,
    /// Whether it stands in another order among the others.
    pub(super) is_moved: bool,
}

/// Aligns two arrays. Of the elements that are in both, as many as possible keep their order and the others moved; between them,
/// elements that took another's place are paired. The pairs are in the order of the later array, what is gone where it was.
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
    let moved = moved(&left, &right, &matches);
    let mut pairs = Vec::with_capacity(old.len().max(new.len()));
    let (mut i, mut j) = (0, 0);
    for (a, b) in matches.into_iter().chain([(old.len(), new.len())]) {
        gap(&mut pairs, (i..a, j..b), &moved, (old, new));
        if a < old.len() {
            pairs.push(Pair {
                old: Some(a),
                new: Some(b),
                is_moved: false,
            });
        }
        (i, j) = (a + 1, b + 1);
    }
    pairs
}

/// Elements that are in both arrays and in no match.
#[derive(Default)]
struct Moved {
    /// The old place, by the new one.
    to: HashMap<usize, usize>,
    /// The old places.
    from: HashSet<usize>,
}

fn moved(left: &[u64], right: &[u64], matches: &[(usize, usize)]) -> Moved {
    let mut moved = Moved::default();
    if matches.len() == left.len() || matches.len() == right.len() {
        return moved;
    }
    let (kept_left, kept_right): (HashSet<usize>, HashSet<usize>) = matches.iter().copied().unzip();
    let mut waiting: HashMap<u64, VecDeque<usize>> = HashMap::new();
    for (at, token) in left.iter().enumerate() {
        if !kept_left.contains(&at) {
            waiting.entry(*token).or_default().push_back(at);
        }
    }
    for (to, token) in right.iter().enumerate() {
        if kept_right.contains(&to) {
            continue;
        }
        if let Some(from) = waiting.get_mut(token).and_then(VecDeque::pop_front) {
            moved.to.insert(to, from);
            moved.from.insert(from);
        }
    }
    moved
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

/// Elements between two matches: those that moved, and pairs of those that took each other's place.
fn gap(
    pairs: &mut Vec<Pair>,
    (left, right): (Range<usize>, Range<usize>),
    moved: &Moved,
    (old, new): (&[Value], &[Value]),
) {
    let lefts: Vec<usize> = left.filter(|at| !moved.from.contains(at)).collect();
    let rights: Vec<usize> = right
        .clone()
        .filter(|at| !moved.to.contains_key(at))
        .collect();
    let is_even = lefts.len() == rights.len();
    let both = lefts.iter().zip(&rights);
    let paired = both.take_while(|(i, j)| fits(&old[**i], &new[**j], is_even));
    let paired = paired.count();
    let gone = |pairs: &mut Vec<Pair>| {
        pairs.extend(lefts[paired..].iter().map(|at| Pair {
            old: Some(*at),
            new: None,
            is_moved: false,
        }));
    };
    let mut seen = 0;
    if paired == 0 {
        gone(pairs);
    }
    for at in right {
        if let Some(from) = moved.to.get(&at) {
            pairs.push(Pair {
                old: Some(*from),
                new: Some(at),
                is_moved: true,
            });
            continue;
        }
        pairs.push(Pair {
            old: lefts.get(seen).copied().filter(|_| seen < paired),
            new: Some(at),
            is_moved: false,
        });
        seen += 1;
        if seen == paired {
            gone(pairs);
        }
    }
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
