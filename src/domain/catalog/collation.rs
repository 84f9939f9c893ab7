//! The order of names that `Intl.Collator("en")` gives, as far as names are ASCII: the Supabase CLI orders relationships by it,
//! and their order is part of the type.

use std::cmp::Ordering;

/// Every printable character before the letters and digits, in order.
const SIGNS: &str = " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$";

/// Compares two texts.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    a.chars()
        .map(place)
        .cmp(b.chars().map(place))
        // Where nothing else differs, a small letter stands before a capital.
        .then_with(|| {
            let capitals =
                |text: &str| -> Vec<_> { text.chars().map(|c| c.is_ascii_uppercase()).collect() };
            capitals(a).cmp(&capitals(b))
        })
        .then_with(|| a.cmp(b))
}

/// Where a character stands, whatever its case: signs, digits, letters, everything else.
fn place(c: char) -> (u8, u32) {
    match SIGNS.chars().position(|sign| sign == c) {
        Some(at) => (0, u32::try_from(at).unwrap_or(u32::MAX)),
        None if c.is_ascii_digit() => (1, c.into()),
        None if c.is_ascii_alphabetic() => (2, c.to_ascii_lowercase().into()),
        None => (3, c.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::compare;

    #[test]
    fn names_stand_as_in_a_collator_of_javascript() {
        // `sorted.sort(new Intl.Collator("en").compare)` leaves this list as it is.
        let sorted = [
            "_a",
            "[\"a b\"]",
            "[\"a\",\"b\"]",
            "[\"a\"]",
            "[\"ab\"]",
            "a",
            "A",
            "a b2",
            "a_b",
            "A_b",
            "a-b",
            "a0",
            "a1",
            "a10",
            "a2",
            "ab",
            "aB",
            "Ab",
            "AB",
            "aba",
            "b",
            "Book_x",
            "book_y",
            "bookX",
            "c$",
            "é",
        ];
        let mut mixed = sorted;
        mixed.reverse();
        mixed.sort_by(|a, b| compare(a, b));
        assert_eq!(mixed, sorted);
    }
}
