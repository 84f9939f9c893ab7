//! Cells of a table of GitHub's Markdown that show a value as it is: no link, no image, no mention, no HTML.
//!
//! What a renderer finds in plain text, such as an address or `@name`, no backslash hides from it; such a value stands in a
//! code span. All other marks are escaped.

use super::text::harmless;

/// One row of a table.
pub fn row<T: AsRef<str>>(cells: &[T]) -> String {
    let cells: Vec<String> = cells.iter().map(|text| cell(text.as_ref())).collect();
    format!("| {} |\n", cells.join(" | "))
}

/// The text of one cell.
pub fn cell(text: &str) -> String {
    let text = harmless(text);
    if is_found_in_plain_text(&text) {
        code(&text)
    } else {
        escaped(&text)
    }
}

/// Whether a renderer makes more of it than text although it has no mark: addresses, mentions, references, emoji.
fn is_found_in_plain_text(text: &str) -> bool {
    let low = text.to_lowercase();
    let has_number_behind = |sign: &str| {
        low.match_indices(sign).any(|(at, _)| {
            let behind = low[at + sign.len()..].chars().next();
            behind.is_some_and(|c| c.is_ascii_digit())
        })
    };
    let emoji = low.match_indices(':').any(|(at, _)| {
        let name = &low[at + 1..];
        let end = name.find(':').unwrap_or(0);
        let name = &name[..end];
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+');
        let is_word = name.starts_with(|c: char| c.is_ascii_lowercase());
        (is_word || matches!(name, "+1" | "-1")) && name.chars().all(fits)
    });
    low.contains('@')
        || low.contains("://")
        || low.contains("www.")
        || low.contains("mailto:")
        || low.contains("xmpp:")
        || has_number_behind("#")
        || has_number_behind("gh-")
        || emoji
}

/// The text in code spans. A bar would end the cell, and a backtick the span: both stand between two spans.
fn code(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    let mut is_open = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        // A space at the edge of a span is not kept.
        let is_edge = c == ' ' && (!is_open || chars.peek().is_none_or(|next| is_outside(*next)));
        if is_outside(c) || is_edge {
            if std::mem::take(&mut is_open) {
                out.push('`');
            }
            out.push_str(&format!("&#{};", u32::from(c)));
        } else {
            if !std::mem::replace(&mut is_open, true) {
                out.push('`');
            }
            out.push(c);
        }
    }
    if is_open {
        out.push('`');
    }
    out
}

fn is_outside(c: char) -> bool {
    // A backslash before the bar of the cell would be taken for its escape.
    matches!(c, '|' | '`' | '\\')
}

/// The text with a backslash before every mark.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let last = text.chars().count().saturating_sub(1);
    let mut before = ' ';
    let mut chars = text.chars().enumerate().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map_or(' ', |(_, next)| *next);
        match c {
            // Blanks at the edges of a cell are not kept.
            ' ' if at == 0 || at == last || before == ' ' || next == ' ' => out.push_str("&#32;"),
            // Within a word it is no mark.
            '_' if before.is_ascii_alphanumeric() && next.is_ascii_alphanumeric() => out.push(c),
            c if is_mark(c) => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
        before = c;
    }
    out
}

fn is_mark(c: char) -> bool {
    c.is_ascii_punctuation()
        && !matches!(
            c,
            '.' | ',' | ';' | ':' | '(' | ')' | '/' | '%' | '+' | '=' | '-' | '\'' | '"' | '?'
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use comrak::nodes::NodeValue;
    use comrak::{Arena, Options, parse_document};
    use proptest::prelude::*;

    /// The cells of the table as GitHub's renderer reads them, and what is in them beside text.
    fn rendered(cells: &[String]) -> (Vec<String>, Vec<String>) {
        let head = format!(
            "|{}\n|{}\n",
            " a |".repeat(cells.len()),
            " --- |".repeat(cells.len())
        );
        let text = format!("{head}{}", row(cells));
        let arena = Arena::new();
        let mut options = Options::default();
        let extension = &mut options.extension;
        extension.table = true;
        extension.autolink = true;
        extension.strikethrough = true;
        extension.footnotes = true;
        extension.math_dollars = true;
        extension.tasklist = true;
        let root = parse_document(&arena, &text, &options);
        let (mut texts, mut others) = (Vec::new(), Vec::new());
        for node in root.descendants() {
            match &node.data.borrow().value {
                NodeValue::TableCell => texts.push(String::new()),
                NodeValue::Text(text) => push(&mut texts, text),
                NodeValue::Code(code) => push(&mut texts, &code.literal),
                NodeValue::Document | NodeValue::Table(_) | NodeValue::TableRow(_) => {}
                other => others.push(format!("{other:?}")),
            }
        }
        (texts.split_off(cells.len()), others)
    }

    fn push(texts: &mut [String], text: &str) {
        texts.last_mut().unwrap().push_str(text);
    }

    fn is_shown_as_it_is(cells: &[String]) {
        let (texts, others) = rendered(cells);
        let wanted: Vec<String> = cells
            .iter()
            .map(|cell| harmless(cell).into_owned())
            .collect();
        assert_eq!((texts, others), (wanted, Vec::new()), "{}", row(cells));
    }

    #[test]
    fn what_would_be_more_than_text_is_shown_as_it_is() {
        for text in [
            "[x](http://evil.example)",
            "![x](https://evil.example/a.png)",
            "<http://evil.example>",
            "http://evil.example/?a=b&c",
            "www.evil.example",
            "mail me@evil.example now",
            "@octocat and #123",
            "GH-12 :tada:",
            "<script>alert(1)</script>",
            "`code` ``two`` |bar| \\| a\\",
            "|@octocat` \\",
            "*em* _em_ **strong** ~~gone~~ $x$ [^1]",
            "&amp; &#64;octocat &lt;b&gt;",
            "  blanks  in  between ",
            "[ref]: http://evil.example",
            "- [ ] task",
            "plan_item.update: 1 → 2",
            "a|b\n<script>",
        ] {
            is_shown_as_it_is(&[text.to_owned(), "x".to_owned()]);
        }
    }

    #[test]
    fn a_mention_stands_in_a_code_span() {
        assert_eq!(cell("by @octocat"), "`by @octocat`");
        assert_eq!(cell("see #12|#13"), "`see #12`&#124;`#13`");
        assert_eq!(
            cell("2025-10-04T12:30:00+00:00"),
            "2025-10-04T12:30:00+00:00"
        );
        assert_eq!(cell("plan_item.update"), "plan_item.update");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

        #[test]
        fn any_value_is_shown_as_it_is(cells in prop::collection::vec(values(), 1..4)) {
            is_shown_as_it_is(&cells);
        }
    }

    fn values() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "[a-z0-9 ]{0,5}",
            "[!-/:-@\\[-`{-~]{1,3}",
            prop::sample::select(vec![
                "http://a.bc",
                "www.a.bc",
                "@me",
                "#1",
                "me@a.bc",
                "<b>",
                "&amp;",
                "](",
                "![",
                "``",
                "\n",
                "|",
                "\\",
                "é漢👩",
            ])
            .prop_map(str::to_owned),
        ];
        prop::collection::vec(piece, 0..7).prop_map(|pieces| pieces.concat())
    }
}
