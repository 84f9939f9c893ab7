//! Which parts of a text were on screen. Parts are bytes, not rows, so that they stay seen in a terminal of another size.

use std::ops::Range;

/// Parts of a text, apart and in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    parts: Vec<Range<usize>>,
}

impl Seen {
    /// Adds a part.
    pub fn add(&mut self, part: Range<usize>) {
        if part.is_empty() {
            return;
        }
        let from = self.parts.partition_point(|known| known.end < part.start);
        let to = self.parts.partition_point(|known| known.start <= part.end);
        let mut whole = part;
        if let [first, ..] = &self.parts[from..to] {
            whole.start = whole.start.min(first.start);
        }
        if let [.., last] = &self.parts[from..to] {
            whole.end = whole.end.max(last.end);
        }
        self.parts.splice(from..to, [whole]);
    }

    /// Whether a part was seen whole.
    pub fn holds(&self, part: &Range<usize>) -> bool {
        self.missing(part).is_none()
    }

    /// The first byte of a part that was not seen.
    pub fn missing(&self, part: &Range<usize>) -> Option<usize> {
        let behind = self
            .parts
            .partition_point(|known| known.start <= part.start);
        let before = behind.checked_sub(1).map_or(0, |at| self.parts[at].end);
        let first = part.start.max(before);
        (first < part.end).then_some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_knows_each_byte(parts in prop::collection::vec((0usize..60, 0usize..12), 0..20), asked in (0usize..60, 0usize..20)) {
            let mut seen = Seen::default();
            let mut bytes = [false; 80];
            for (start, len) in parts {
                seen.add(start..start + len);
                bytes[start..start + len].fill(true);
            }
            let part = asked.0..asked.0 + asked.1;
            prop_assert_eq!(seen.holds(&part), bytes[part.clone()].iter().all(|byte| *byte));
            prop_assert_eq!(seen.missing(&part), part.clone().find(|at| !bytes[*at]));
        }
    }
}
