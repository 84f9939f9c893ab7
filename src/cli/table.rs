//! Aligned tables, and how one gives way where a terminal is narrower than it: ids lose their middle, texts their end.
//! Only columns that say so give way; numbers, versions, words and times never do.

use super::page::{Span, Tone};
use crate::domain::{short_ids, text};
use std::borrow::Cow;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A table with a heading and aligned columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Span>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Column {
    name: Cow<'static, str>,
    kind: Kind,
}

/// What a column holds, and so how it gives way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Words, versions, times: never shortened.
    Plain,
    /// Numbers, aligned to the right.
    Number,
    /// Ids, which lose their middle first of all.
    Id,
    /// The ids that other commands take: they lose it after the others.
    Key,
    /// Text that loses its end when the ids were not enough.
    Text,
}

/// The least columns of the terminal that are left to a text.
const LEAST_TEXT: usize = 8;
/// What is said below a table that gave way.
const NOTE: &str = "Truncated to fit; use --json for full values.";
/// The blanks between two columns.
const GAP: usize = 2;

impl Table {
    /// A table with these headings. The sign that one may start with says what the column holds: `>` numbers, `@` ids,
    /// `#` the ids that other commands take, `~` text that may lose its end.
    pub fn new(header: &[&'static str]) -> Self {
        Self {
            columns: header.iter().map(|name| Column::of(name)).collect(),
            rows: Vec::new(),
        }
    }

    /// A table whose headings a server has named.
    pub fn named(header: impl IntoIterator<Item = (String, Kind)>) -> Self {
        let column = |(name, kind): (String, Kind)| Column {
            name: Cow::Owned(text::cell(&name).into_owned()),
            kind,
        };
        Self {
            columns: header.into_iter().map(column).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row; it has as many cells as the heading.
    pub fn row(&mut self, cells: Vec<Span>) {
        debug_assert_eq!(cells.len(), self.columns.len());
        self.rows.push(cells);
    }

    /// The lines, in `width` columns of a terminal as far as the table can give way. That it was shortened is said below.
    pub fn lines(&self, width: Option<usize>) -> impl Iterator<Item = Vec<Span>> {
        let fitted = width.and_then(|width| self.fitted(width));
        let note = fitted.as_ref().map(|_| vec![Span::new(Tone::Muted, NOTE)]);
        let rows: Cow<'_, [Vec<Span>]> = fitted.map_or(Cow::Borrowed(&self.rows), Cow::Owned);
        let widths = self.widths(&rows);
        let heading = self.columns.iter();
        let heading: Vec<_> = heading
            .map(|column| Span::new(Tone::Strong, &column.name))
            .collect();
        std::iter::once(self.aligned(&heading, &widths))
            .chain((0..rows.len()).map(move |at| self.aligned(&rows[at], &widths)))
            .chain(note)
    }

    /// The rows as they are in a narrower terminal; `None` where nothing has to give way, or nothing can.
    fn fitted(&self, width: usize) -> Option<Vec<Vec<Span>>> {
        if self.overflow(&self.rows, width) == 0 {
            return None;
        }
        let mut rows = self.rows.clone();
        self.fit(&mut rows, width).then_some(rows)
    }

    /// Shortens the rows until they fit or nothing more may give way; whether anything was.
    fn fit(&self, rows: &mut [Vec<Span>], width: usize) -> bool {
        let mut is_shortened = false;
        for at in [Kind::Id, Kind::Key]
            .map(|kind| self.columns_of(kind))
            .into_iter()
            .flatten()
        {
            if self.overflow(rows, width) == 0 {
                return is_shortened;
            }
            let cells = rows.iter().filter_map(|row| row.get(at));
            let cells: Vec<String> = cells.map(|cell| cell.text().to_owned()).collect();
            let ids = cells.iter().flat_map(|cell| cell.split(' '));
            let ends = short_ids::ends(ids.filter(|word| is_id(word)));
            is_shortened |= shorten(rows, at, |text| without_middles(text, ends));
        }
        // The widest text gives first, so that a short one stays whole beside a long one.
        loop {
            let widths = self.widths(rows);
            let widest = self.columns_of(Kind::Text).max_by_key(|at| widths[*at]);
            let over = self.overflow(rows, width);
            let Some(at) = widest.filter(|_| over > 0) else {
                return is_shortened;
            };
            let others = self.columns_of(Kind::Text).filter(|other| *other != at);
            let next = others.map(|other| widths[other]).max().unwrap_or_default();
            let least = self.columns[at].name.width().max(LEAST_TEXT);
            let room = widths[at]
                .saturating_sub(over)
                .max(next.saturating_sub(1))
                .max(least);
            if !shorten(rows, at, |text| without_end(text, room)) {
                return is_shortened;
            }
            is_shortened = true;
        }
    }

    fn columns_of(&self, kind: Kind) -> impl Iterator<Item = usize> {
        let columns = self.columns.iter().enumerate();
        columns.filter_map(move |(at, column)| (column.kind == kind).then_some(at))
    }

    /// By how many columns the rows are too wide.
    fn overflow(&self, rows: &[Vec<Span>], width: usize) -> usize {
        let widths = self.widths(rows);
        let gaps = GAP * widths.len().saturating_sub(1);
        (widths.iter().sum::<usize>() + gaps).saturating_sub(width)
    }

    fn widths(&self, rows: &[Vec<Span>]) -> Vec<usize> {
        let mut widths: Vec<usize> = self.columns.iter().map(|c| c.name.width()).collect();
        for row in rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        widths
    }

    fn aligned(&self, row: &[Span], widths: &[usize]) -> Vec<Span> {
        // Nothing after the last cell with text: no trailing blanks.
        let used = row
            .iter()
            .rposition(|cell| !cell.is_empty())
            .map_or(0, |at| at + 1);
        let mut spans = Vec::with_capacity(used * 2);
        for (at, cell) in row.iter().take(used).enumerate() {
            let gap = if at == 0 { 0 } else { GAP };
            let fill = widths[at].saturating_sub(cell.width());
            let (before, after) = if self.columns[at].kind == Kind::Number {
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

impl Column {
    fn of(header: &'static str) -> Self {
        let signs = [
            ('>', Kind::Number),
            ('@', Kind::Id),
            ('#', Kind::Key),
            ('~', Kind::Text),
        ];
        for (sign, kind) in signs {
            if let Some(name) = header.strip_prefix(sign) {
                return Self {
                    name: Cow::Borrowed(name),
                    kind,
                };
            }
        }
        Self {
            name: Cow::Borrowed(header),
            kind: Kind::Plain,
        }
    }
}

/// Shortens the cells of a column; whether that changed any.
fn shorten(rows: &mut [Vec<Span>], at: usize, how: impl Fn(&str) -> String) -> bool {
    let mut is_changed = false;
    for cell in rows.iter_mut().filter_map(|row| row.get_mut(at)) {
        let shorter = cell.shortened(&how);
        is_changed |= shorter != *cell;
        *cell = shorter;
    }
    is_changed
}

fn is_id(word: &str) -> bool {
    uuid::Uuid::try_parse(word).is_ok() && word.is_ascii()
}

/// The text with `a11c…0001` for each UUID in it; what stands around them stays.
fn without_middles(text: &str, ends: (usize, usize)) -> String {
    let words = text.split(' ').map(|word| {
        if is_id(word) {
            short_ids::shown(word, ends)
        } else {
            word.to_owned()
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The text in so many columns, with `…` where its end is gone.
fn without_end(text: &str, room: usize) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > room {
            break;
        }
        out.push(c);
    }
    out.truncate(out.trim_end().len());
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use super::super::page::Page;
    use super::*;

    const ID: &str = "a11ce000-0000-4000-8000-000000000001";

    fn text(table: &Table, width: Option<usize>) -> String {
        Page::default().table(table).render(false, width)
    }

    /// How wide the widest row is; the note below does not count.
    fn width_of(text: &str) -> usize {
        let lines = text.lines().filter(|line| !line.starts_with("Truncated"));
        lines.map(UnicodeWidthStr::width).max().unwrap_or_default()
    }

    #[test]
    fn columns_align_by_display_width_without_trailing_blanks() {
        let mut table = Table::new(&["NAME", ">ROWS", "NOTE"]);
        table.row(vec!["漢字".into(), "7".into(), "".into()]);
        table.row(vec!["goal".into(), "12345".into(), "x".into()]);
        assert_eq!(
            text(&table, None),
            "NAME   ROWS  NOTE\n漢字      7\ngoal  12345  x\n"
        );
    }

    #[test]
    fn ids_give_way_one_column_after_the_other_and_those_that_are_needed_last() {
        let mut table = Table::new(&["#PLAN", "@OWNER", "~WHY"]);
        table.row(vec![
            ID.into(),
            format!("user {ID} (you)").into(),
            "Week 7 is late.".into(),
        ]);
        assert!(text(&table, Some(102)).contains(&format!("user {ID} (you)")));
        let some = text(&table, Some(80));
        assert!(
            some.contains(&format!("{ID}  user a11c…0001 (you)  Week 7 is late.\n")),
            "{some}"
        );
        assert!(some.ends_with("full values.\n"), "{some}");
        let all = text(&table, Some(50));
        assert!(
            all.contains("a11c…0001  user a11c…0001 (you)  Week 7 is late.\n"),
            "{all}"
        );
        let less = text(&table, Some(45));
        assert!(less.contains("  Week 7 is l…\n"), "{less}");
        assert_eq!(text(&table, None).matches('…').count(), 0);
    }

    #[test]
    fn ids_keep_as_much_as_tells_them_apart() {
        let mut table = Table::new(&["#ID", "~WHY"]);
        let other = "a11ce000-0000-4000-8001-000000000001";
        for id in [ID, other] {
            table.row(vec![id.into(), "x".repeat(40).into()]);
        }
        let text = text(&table, Some(70));
        assert!(
            text.contains("a11c…0-000000000001") && text.contains("a11c…1-000000000001"),
            "{text}"
        );
    }

    #[test]
    fn numbers_and_versions_stay_whole_however_narrow_it_is() {
        let mut table = Table::new(&["VERSION", ">MS", "~ERROR", "~HOST"]);
        table.row(vec![
            "20251004123000".into(),
            "123456789".into(),
            "漢字漢字漢字漢字漢字漢字 is not there".into(),
            "box".into(),
        ]);
        for width in 0..90 {
            let text = text(&table, Some(width));
            assert!(text.contains("20251004123000  123456789  "), "{text}");
            assert!(text.contains("box"), "{text}");
            assert!(
                width_of(&text) <= width.max(14 + 9 + 8 + 4 + 6),
                "{width}: {text}"
            );
        }
    }
}
