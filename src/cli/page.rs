//! Text for people, before it is printed: lines of spans with a tone, and tables (`table.rs`).
//! Everything goes through `domain::text` here, so no command has to remember to make a server's text harmless.

pub use super::table::Table;
pub use crate::domain::report::Tone;
use crate::domain::report::{self, Lines};
use crate::domain::text;
use unicode_width::UnicodeWidthStr;

/// The parameters of the terminal's Select Graphic Rendition sequence.
fn sgr(tone: Tone) -> Option<&'static str> {
    match tone {
        Tone::Text => None,
        Tone::Strong => Some("1"),
        Tone::Muted => Some("2"),
        Tone::Ok => Some("32"),
        Tone::Warn => Some("33"),
        Tone::Danger => Some("31"),
        Tone::Accent => Some("36"),
    }
}

/// A piece of one line. Its text is harmless from the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    tone: Tone,
    text: String,
}

impl Span {
    /// A piece of text with a tone; line breaks in it become visible stand-ins.
    pub fn new(tone: Tone, text: &str) -> Self {
        let text = text::cell(text).into_owned();
        Self { tone, text }
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many columns of a terminal it takes.
    pub fn width(&self) -> usize {
        self.text.width()
    }

    /// Whether there is nothing of it.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The same with another text that was made of its own.
    pub fn shortened(&self, shorten: impl Fn(&str) -> String) -> Self {
        Self {
            tone: self.tone,
            text: shorten(&self.text),
        }
    }

    fn write(&self, out: &mut String, color: bool) {
        match sgr(self.tone).filter(|_| color && !self.text.is_empty()) {
            None => out.push_str(&self.text),
            Some(sgr) => {
                out.push_str("\u{1b}[");
                out.push_str(sgr);
                out.push('m');
                out.push_str(&self.text);
                out.push_str("\u{1b}[0m");
            }
        }
    }
}

impl From<&str> for Span {
    fn from(text: &str) -> Self {
        Self::new(Tone::Text, text)
    }
}

impl From<String> for Span {
    fn from(text: String) -> Self {
        Self::new(Tone::Text, &text)
    }
}

impl From<&String> for Span {
    fn from(text: &String) -> Self {
        Self::new(Tone::Text, text)
    }
}

/// Lines of text and tables in the order they are printed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Line(Vec<Span>),
    /// A line of a report, which is broken where it is too long.
    Report(report::Line),
    /// How it is laid out is decided where it is printed.
    Table(Table),
}

impl Page {
    /// A page of one line.
    pub fn of(line: impl Into<Span>) -> Self {
        let mut page = Self::default();
        page.line(line);
        page
    }

    /// Adds a line of one span.
    pub fn line(&mut self, span: impl Into<Span>) -> &mut Self {
        self.spans(vec![span.into()])
    }

    /// Adds a line with a tone.
    pub fn toned(&mut self, tone: Tone, text: &str) -> &mut Self {
        self.line(Span::new(tone, text))
    }

    /// Adds a line made of several spans.
    pub fn spans(&mut self, spans: Vec<Span>) -> &mut Self {
        self.parts.push(Part::Line(spans));
        self
    }

    /// Adds an empty line.
    pub fn blank(&mut self) -> &mut Self {
        self.spans(Vec::new())
    }

    /// Adds a text of several lines, whole, each line behind the indent.
    pub fn block(&mut self, tone: Tone, indent: &str, text: &str) -> &mut Self {
        for line in text::harmless_lines(text).lines() {
            let text = format!("{indent}{line}");
            self.spans(vec![Span { tone, text }]);
        }
        self
    }

    /// Adds a table.
    pub fn table(&mut self, table: &Table) -> &mut Self {
        self.parts.push(Part::Table(table.clone()));
        self
    }

    /// Adds the lines of a report.
    pub fn report(&mut self, lines: Lines) -> &mut Self {
        self.parts.extend(lines.lines.into_iter().map(Part::Report));
        self
    }

    /// Adds the lines of another page.
    pub fn append(&mut self, other: Self) -> &mut Self {
        self.parts.extend(other.parts);
        self
    }

    /// The page as text, each line ended, with escape sequences only where `color` says so. Tables and reports fit into
    /// `width` columns as well as they can; without one nothing is cut.
    pub fn render(&self, color: bool, width: Option<usize>) -> String {
        let mut out = String::new();
        let mut write = |line: &[Span]| {
            for span in line {
                span.write(&mut out, color);
            }
            out.push('\n');
        };
        for part in &self.parts {
            match part {
                Part::Line(line) => write(line),
                Part::Report(line) => {
                    for row in line.rows(width.unwrap_or(usize::MAX), UnicodeWidthStr::width) {
                        write(&spans(&row));
                    }
                }
                Part::Table(table) => table.lines(width).for_each(|line| write(&line)),
            }
        }
        out
    }
}

/// A row of a report; its text is harmless already.
fn spans(row: &report::Line) -> Vec<Span> {
    let mut spans = Vec::with_capacity(row.spans.len() + 1);
    if row.indent > 0 && !row.spans.is_empty() {
        spans.push(Span {
            tone: Tone::Text,
            text: " ".repeat(row.indent),
        });
    }
    spans.extend(row.spans.iter().map(|span| Span {
        tone: span.tone,
        text: span.text().to_owned(),
    }));
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_prints_no_escape_sequence() {
        let mut page = Page::of("a\u{1b}[2Jb");
        page.block(Tone::Text, "  ", "x\u{7}\ny\u{202e}");
        let text = page.render(false, None);
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
        assert_eq!(text.lines().count(), 3);
    }

    #[test]
    fn colour_is_only_there_when_asked_for() {
        let mut page = Page::default();
        page.toned(Tone::Danger, "no");
        assert_eq!(page.render(false, None), "no\n");
        assert_eq!(page.render(true, None), "\u{1b}[31mno\u{1b}[0m\n");
    }
}
