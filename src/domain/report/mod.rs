//! How plans, dry runs, outcomes, differences and risks read: lines of spans with a tone, worded once. The deck draws them,
//! the command line prints them; both only lay them out. Pure: the facts come as they are, in the types that JSON has too.

pub mod access;
pub mod changes;
pub mod difference;
pub mod dry_run;
pub mod explained;
pub mod locks;
pub mod losses;
pub mod outcome;
pub mod plan;
pub mod risks;
pub mod row_security;
pub mod secured;
pub mod seen;
pub mod statements;
#[cfg(test)]
mod tests;

use super::dry_run::Report;
use super::dry_run::coverage::NotCovered;
use super::plural::counted;
use super::problem::Problem;
use super::sql::lexer::{Kind, tokens};
use super::text::{harmless, harmless_lines};
use unicode_segmentation::UnicodeSegmentation;

/// What a piece of text means; each face decides how that looks, and no meaning rests on the colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Tone {
    /// Ordinary text.
    #[default]
    Text,
    /// Headings.
    Strong,
    /// Less important.
    Muted,
    /// As it should be.
    Ok,
    /// Did not run, or wants attention.
    Warn,
    /// Failed, lost, or dangerous.
    Danger,
    /// What comes next.
    Accent,
}

/// A piece of one line. Its text is harmless from the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// What it means.
    pub tone: Tone,
    text: String,
}

impl Span {
    /// A piece of text with a tone; line breaks in it become visible stand-ins.
    pub fn new(tone: Tone, text: &str) -> Self {
        Self {
            tone,
            text: harmless(text).into_owned(),
        }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// A line, behind so many spaces. A face with too few columns breaks it and repeats the indent, unless one span may be cut:
/// then that one gives way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// The spaces before it.
    pub indent: usize,
    /// Its pieces.
    pub spans: Vec<Span>,
    /// Which piece gives way where there is no room.
    pub elastic: Option<usize>,
}

impl Line {
    /// A line of one tone.
    pub fn new(tone: Tone, text: &str) -> Self {
        Self {
            spans: vec![Span::new(tone, text)],
            ..Self::default()
        }
    }

    /// The same, further to the right.
    #[must_use]
    pub fn indented(mut self, columns: usize) -> Self {
        self.indent += columns;
        self
    }

    /// The same with one more piece.
    #[must_use]
    pub fn and(mut self, tone: Tone, text: &str) -> Self {
        self.spans.push(Span::new(tone, text));
        self
    }

    /// The same, with the last piece as the one that is cut where there is no room.
    #[must_use]
    pub fn elastic(mut self) -> Self {
        self.elastic = self.spans.len().checked_sub(1);
        self
    }

    /// The text without its indent.
    pub fn text(&self) -> String {
        self.spans.iter().map(Span::text).collect()
    }

    /// The text with its indent.
    pub fn whole(&self) -> String {
        format!("{}{}", " ".repeat(self.indent), self.text())
    }

    /// The tone of its first piece.
    pub fn tone(&self) -> Tone {
        self.spans.first().map(|span| span.tone).unwrap_or_default()
    }

    /// The line in rows of so many columns, as a face counts them.
    pub fn rows(&self, columns: usize, width: impl Fn(&str) -> usize) -> Vec<Self> {
        let room = columns.saturating_sub(self.indent).max(1);
        let mut line = self.clone();
        if width(&line.text()) <= room {
            return vec![line];
        }
        if let Some(at) = self.elastic {
            let others = self.spans.iter().enumerate().filter(|(one, _)| *one != at);
            let others: usize = others.map(|(_, span)| width(&span.text)).sum();
            let room = room.saturating_sub(others).max(LEAST_COLUMNS);
            line.spans[at].text = cut(&self.spans[at].text, room, &width);
        }
        let parts: Vec<(Tone, &str)> = line
            .spans
            .iter()
            .flat_map(|span| span.text.graphemes(true).map(|one| (span.tone, one)))
            .collect();
        // What goes on is set apart from the next line of a list.
        let hang = if self.indent > 0 { HANG } else { 0 };
        let (mut rows, mut start, mut used, mut space) = (Vec::new(), 0, 0, None);
        let mut next = 0;
        while next < parts.len() {
            let (is_space, wide) = (parts[next].1 == " ", width(parts[next].1));
            let hang = if rows.is_empty() { 0 } else { hang };
            let room = room.saturating_sub(hang).max(1);
            if used + wide > room && next > start && !is_space {
                let end = space.unwrap_or(next);
                rows.push(self.row(hang, &parts[start..end]));
                // The blank at which a line is broken is in no row.
                start = end + usize::from(space.is_some());
                (next, used, space) = (start, 0, None);
                continue;
            }
            if is_space && next > start {
                space = Some(next);
            }
            used += wide;
            next += 1;
        }
        let hang = if rows.is_empty() { 0 } else { hang };
        rows.push(self.row(hang, &parts[start..]));
        rows
    }

    fn row(&self, hang: usize, parts: &[(Tone, &str)]) -> Self {
        let mut spans: Vec<Span> = Vec::new();
        for (tone, text) in parts {
            match spans.last_mut() {
                Some(last) if last.tone == *tone => last.text.push_str(text),
                _ => spans.push(Span {
                    tone: *tone,
                    text: (*text).to_owned(),
                }),
            }
        }
        Self {
            indent: self.indent + hang,
            spans,
            elastic: None,
        }
    }
}

/// The beginning of a text, with `…` where it was cut.
fn cut(text: &str, room: usize, width: &impl Fn(&str) -> usize) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let mut used = 1;
    let fits = |one: &&str| {
        used += width(one);
        used <= room
    };
    let mut cut: String = text.graphemes(true).take_while(fits).collect();
    cut.truncate(cut.trim_end().len());
    cut.push('…');
    cut
}

/// How much further to the right a line of a list goes on.
const HANG: usize = 2;
/// The fewest columns that a text which is cut keeps, however narrow the window is.
const LEAST_COLUMNS: usize = 24;

/// How much of a long report is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Extent {
    /// As much as a person reads; what is left out is counted.
    #[default]
    Short,
    /// All of it.
    All,
}

impl Extent {
    /// How many of so many are shown, where a short report shows `most`. One more is shown instead of a line that counts it.
    pub fn of(self, count: usize, most: usize) -> usize {
        if self == Self::All || count <= most + 1 {
            count
        } else {
            most
        }
    }
}

/// Lines, in the order in which they are read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines {
    /// The lines.
    pub lines: Vec<Line>,
    extent: Extent,
}

/// How the rest of a report is shown.
const REST: &str = "`supadeck migration plan --all` shows all";

impl Lines {
    /// None yet, of a report that goes so far.
    pub fn of(extent: Extent) -> Self {
        Self {
            lines: Vec::new(),
            extent,
        }
    }

    /// Adds a line of one tone, behind so many spaces and those that it begins with.
    pub fn put(&mut self, indent: usize, tone: Tone, text: &str) {
        let inner = text.trim_start_matches(' ');
        let indent = indent + text.len() - inner.len();
        self.lines.push(Line::new(tone, inner).indented(indent));
    }

    /// Adds an empty line.
    pub fn blank(&mut self) {
        self.lines.push(Line::default());
    }

    /// Begins a section.
    pub fn heading(&mut self, text: &str) {
        self.blank();
        self.put(0, Tone::Strong, text);
    }

    /// Begins a section of a dry run: first of which files nothing is known, then whether there is nothing in the others.
    /// Tells whether something is to be shown below. A heading with nothing below it is left out when the dry run stopped:
    /// it would reassure.
    fn section(
        &mut self,
        report: &Report,
        heading: &str,
        unknown: Option<&NotCovered>,
        nothing: Option<&str>,
    ) -> bool {
        let is_empty = nothing.is_some();
        if is_empty && report.problem.is_some() {
            return false;
        }
        self.heading(heading);
        if let Some(unknown) = unknown {
            self.put(2, Tone::Danger, &unknown.not_known());
        }
        let others = match unknown {
            None => "",
            Some(_) => ", as far as the others go",
        };
        if let Some(nothing) = nothing.filter(|_| !unknown.is_some_and(|unknown| unknown.is_all)) {
            self.put(2, Tone::Text, &format!("{nothing}{others}."));
        }
        !is_empty
    }

    /// Adds as many of these lines as a short report has, and counts the rest as so many more of something.
    pub fn most(&mut self, lines: Vec<Line>, most: usize, noun: &str) {
        let shown = self.extent.of(lines.len(), most);
        let rest = lines.len() - shown;
        self.lines.extend(lines.into_iter().take(shown));
        self.rest(rest, noun);
    }

    /// Counts what is left out.
    pub fn rest(&mut self, rest: usize, noun: &str) {
        if rest > 0 {
            let rest = counted(rest, &format!("more {noun}"));
            self.put(2, Tone::Muted, &format!("and {rest}; {REST}"));
        }
    }

    /// Adds a text of several lines, each behind the indent.
    pub fn block(&mut self, indent: usize, tone: Tone, text: &str) {
        for line in harmless_lines(text).lines() {
            self.put(indent, tone, line);
        }
    }
}

/// SQL on one line, without comments and harmless, with `…` where it was cut to about so many characters.
pub fn one_line(sql: &str, most: usize) -> String {
    let (mut line, mut is_cut) = (String::new(), false);
    for token in tokens(sql) {
        match token.kind {
            Kind::LineComment | Kind::BlockComment => line.push(' '),
            _ => line.push_str(token.text(sql)),
        }
        // A word may be of any length: what is cut off is not read.
        if line.len() > 8 * most + 1_024 {
            is_cut = token.end < sql.len();
            break;
        }
    }
    let words: Vec<&str> = line.split_whitespace().collect();
    let line = harmless(&words.join(" ")).into_owned();
    match line.char_indices().nth(most) {
        None if is_cut => format!("{line}…"),
        None => line,
        Some((at, _)) => format!("{}…", line[..at].trim_end()),
    }
}

/// A problem: what, why, the detail, the hint, the code.
pub fn problem(lines: &mut Lines, problem: &Problem) {
    lines.block(0, Tone::Danger, &problem.what);
    lines.block(0, Tone::Text, &problem.why);
    // A server's detail may be its message once more.
    let detail = problem.detail.as_ref();
    if let Some(detail) = detail.filter(|detail| **detail != problem.why) {
        lines.block(0, Tone::Muted, detail);
    }
    if let Some(hint) = &problem.hint {
        lines.block(0, Tone::Warn, hint);
    }
    if let Some(code) = &problem.code {
        let text = format!("{} ({code})", problem.kind.heading());
        lines.put(0, Tone::Muted, &text);
    }
}
