//! Emoji of several code points: how many columns they take, each terminal decides by itself. A terminal that counts otherwise
//! than the deck shows remains of older frames. So what is drawn in their place is what all of them count alike.

use ratatui::buffer::CellWidth;

const JOINER: char = '\u{200d}';
const KEYCAP: char = '\u{20e3}';
/// The first of the letters that make flags.
const FLAG_A: u32 = 0x1f1e6;

/// What stands in the cells of a grapheme of several code points, one text a cell; nothing where it can stay.
///
/// Two letters stand for a flag; the first of joined emoji stands for all of them, without the colour of a skin.
pub(super) fn parts(grapheme: &str) -> Option<Vec<String>> {
    let mut chars = grapheme.chars();
    // What joins or dresses stands alone only where nothing else does.
    let first = chars.find(|c| c.encode_utf8(&mut [0; 4]).cell_width() > 0)?;
    let rest = chars.as_str();
    let cells = usize::from(grapheme.cell_width());
    let mut parts = match letter(first) {
        Some(own) => [Some(own), rest.chars().next().and_then(letter)]
            .into_iter()
            .flatten()
            .map(String::from)
            .collect(),
        None if is_emoji(first, grapheme) => vec![narrowed(first, cells)],
        None => return None,
    };
    let used: u16 = parts.iter().map(|part| part.cell_width()).sum();
    // The cell behind a wide character holds nothing of its own.
    let blanks = cells.saturating_sub(usize::from(used));
    parts.extend(std::iter::repeat_n(" ".to_owned(), blanks));
    parts.truncate(cells.max(1));
    Some(parts)
}

/// A character, or a sign for it where it is wider than its cells.
fn narrowed(c: char, cells: usize) -> String {
    let text = c.to_string();
    if usize::from(text.cell_width()) > cells.max(1) {
        return char::REPLACEMENT_CHARACTER.to_string();
    }
    text
}

/// The letter that a part of a flag stands for.
fn letter(c: char) -> Option<char> {
    let index = u32::from(c)
        .checked_sub(FLAG_A)
        .filter(|index| *index < 26)?;
    char::from_u32(u32::from('A') + index)
}

/// Whether what follows a character makes an emoji of several code points of it. Scripts join letters too: those stay.
fn is_emoji(first: char, rest: &str) -> bool {
    let is_skin = |c: char| ('\u{1f3fb}'..='\u{1f3ff}').contains(&c);
    let is_style = |c: char| matches!(c, '\u{fe0e}' | '\u{fe0f}' | KEYCAP);
    let is_picture = first >= '\u{2190}' || first == '\u{a9}' || first == '\u{ae}';
    rest.chars().any(is_style) || (is_picture && rest.contains(|c| c == JOINER || is_skin(c)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use unicode_segmentation::UnicodeSegmentation;

    #[test]
    fn what_terminals_count_differently_is_replaced() {
        for (text, shown) in [
            ("👩\u{200d}👩\u{200d}👧\u{200d}👦", "👩"),
            ("🇩🇪", "DE"),
            ("🇩", "D"),
            ("👍🏽", "👍"),
            ("❤\u{fe0f}", "❤ "),
            ("1\u{fe0f}\u{20e3}", "1 "),
            ("🏳\u{fe0f}\u{200d}🌈", "🏳 "),
        ] {
            let parts = parts(text).unwrap_or_default();
            assert_eq!(parts.concat(), shown, "{text}");
        }
    }

    #[test]
    fn what_they_count_alike_stays() {
        for text in [
            "a",
            "漢",
            "👩",
            "e\u{301}",
            "각",
            "न\u{93f}",
            "क\u{94d}\u{200d}ष",
            "✓",
        ] {
            assert_eq!(parts(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn it_takes_the_same_cells(pieces in prop::collection::vec(prop::sample::select(vec![
            "👩", "\u{200d}", "🇩", "🇪", "🏽", "\u{fe0e}", "\u{fe0f}", "\u{fe0e}", "\u{20e3}", "1", "❤", "🏳", "🌈", "e", "\u{301}", "漢", "©",
        ]), 1..8)) {
            for one in pieces.concat().graphemes(true) {
                let Some(parts) = parts(one) else { continue };
                let used: u16 = parts.iter().map(|part| part.cell_width()).sum();
                prop_assert_eq!(used, one.cell_width().max(1), "{:?} {:?}", one, parts);
                for part in &parts {
                    prop_assert_eq!(part.chars().count(), 1);
                }
            }
        }
    }
}
