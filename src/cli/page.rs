//! Text for people, before it is printed: lines of spans with a tone, and aligned tables.
//! Everything goes through `domain::text` here, so no command has to remember to make a server's text harmless.

use crate::domain::text;
use unicode_width::UnicodeWidthStr;

/// What a piece of text means; colours follow from it, and no meaning rests on the colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// Ordinary text.
    #[default]
    Plain,
    /// Headings.
    Strong,
    /// Less important text.
    Muted,
    /// As it should be.
    Ok,
    /// Worth a look.
    Warn,
    /// Wrong, or dangerous.
    Danger,
}

impl Tone {
    /// The parameters of the terminal's Select Graphic Rendition sequence.
    fn sgr(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Strong => Some("1"),
            Self::Muted => Some("2"),
            Self::Ok => Some("32"),
            Self::Warn => Some("33"),
            Self::Danger => Some("31"),
        }
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

    fn write(&self, out: &mut String, color: bool) {
        match self.tone.sgr().filter(|_| color && !self.text.is_empty()) {
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
        Self::new(Tone::Plain, text)
    }
}

impl From<String> for Span {
    fn from(text: String) -> Self {
        Self::new(Tone::Plain, &text)
    }
}

impl From<&String> for Span {
    fn from(text: &String) -> Self {
        Self::new(Tone::Plain, text)
    }
}

/// Lines of text in the order they are printed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    lines: Vec<Vec<Span>>,
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
        self.lines.push(vec![span.into()]);
        self
    }

    /// Adds a line with a tone.
    pub fn toned(&mut self, tone: Tone, text: &str) -> &mut Self {
        self.line(Span::new(tone, text))
    }

    /// Adds a line made of several spans.
    pub fn spans(&mut self, spans: Vec<Span>) -> &mut Self {
        self.lines.push(spans);
        self
    }

    /// Adds an empty line.
    pub fn blank(&mut self) -> &mut Self {
        self.lines.push(Vec::new());
        self
    }

    /// Adds a text of several lines, whole, each line behind the indent.
    pub fn block(&mut self, tone: Tone, indent: &str, text: &str) -> &mut Self {
        for line in text::harmless_lines(text).lines() {
            let text = format!("{indent}{line}");
            self.lines.push(vec![Span { tone, text }]);
        }
        self
    }

    /// Adds a table.
    pub fn table(&mut self, table: &Table) -> &mut Self {
        self.lines.extend(table.lines());
        self
    }

    /// Adds the lines of another page.
    pub fn append(&mut self, other: Self) -> &mut Self {
        self.lines.extend(other.lines);
        self
    }

    /// The page as text, each line ended, with escape sequences only where `color` says so.
    pub fn render(&self, color: bool) -> String {
        let mut out = String::new();
        for line in &self.lines {
            for span in line {
                span.write(&mut out, color);
            }
            out.push('\n');
        }
        out
    }
}

/// A table with a heading and aligned columns.
#[derive(Debug, Clone)]
pub struct Table {
    header: Vec<&'static str>,
    numeric: Vec<bool>,
    rows: Vec<Vec<Span>>,
}

impl Table {
    /// A table with these headings; one that starts with `>` heads a column of numbers, aligned to the right.
    pub fn new(header: &[&'static str]) -> Self {
        Self {
            numeric: header.iter().map(|name| name.starts_with('>')).collect(),
            header: header
                .iter()
                .map(|name| name.trim_start_matches('>'))
                .collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row; it has as many cells as the heading.
    pub fn row(&mut self, cells: Vec<Span>) {
        debug_assert_eq!(cells.len(), self.header.len());
        self.rows.push(cells);
    }

    fn lines(&self) -> Vec<Vec<Span>> {
        let mut widths: Vec<usize> = self.header.iter().map(|name| name.width()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.text.width());
            }
        }
        let heading = self
            .header
            .iter()
            .map(|name| Span::new(Tone::Strong, name))
            .collect();
        std::iter::once(&heading)
            .chain(&self.rows)
            .map(|row| self.aligned(row, &widths))
            .collect()
    }

    fn aligned(&self, row: &[Span], widths: &[usize]) -> Vec<Span> {
        // Nothing after the last cell with text: no trailing blanks.
        let used = row
            .iter()
            .rposition(|cell| !cell.text.is_empty())
            .map_or(0, |at| at + 1);
        let mut spans = Vec::with_capacity(used * 2);
        for (at, cell) in row.iter().take(used).enumerate() {
            let gap = if at == 0 { 0 } else { 2 };
            let fill = widths[at].saturating_sub(cell.text.width());
            let (before, after) = if self.numeric[at] {
                (gap + fill, 0)
            } else if at + 1 == used {
                (gap, 0)
            } else {
                (gap, fill)
            };
            spans.push(Span::from(" ".repeat(before)));
            spans.push(cell.clone());
            spans.push(Span::from(" ".repeat(after)));
        }
        spans
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_by_display_width_without_trailing_blanks() {
        let mut table = Table::new(&["NAME", ">ROWS", "NOTE"]);
        table.row(vec!["漢字".into(), "7".into(), "".into()]);
        table.row(vec!["goal".into(), "12345".into(), "x".into()]);
        let mut page = Page::default();
        page.table(&table);
        assert_eq!(
            page.render(false),
            "NAME   ROWS  NOTE\n漢字      7\ngoal  12345  x\n"
        );
    }

    #[test]
    fn hostile_text_prints_no_escape_sequence() {
        let mut page = Page::of("a\u{1b}[2Jb");
        page.block(Tone::Plain, "  ", "x\u{7}\ny\u{202e}");
        let text = page.render(false);
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
        assert_eq!(text.lines().count(), 3);
    }

    #[test]
    fn colour_is_only_there_when_asked_for() {
        let mut page = Page::default();
        page.toned(Tone::Danger, "no");
        assert_eq!(page.render(false), "no\n");
        assert_eq!(page.render(true), "\u{1b}[31mno\u{1b}[0m\n");
    }
}
