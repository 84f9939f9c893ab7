//! Reads a seed file as psql does: `\set` and its variables, and `COPY … FROM stdin` with the rows that follow.
//! Every other backslash command is refused. Sources: psql's manual, and its scanner `psqlscan.l`.

use super::execution_mode::copy_stream;
use super::lexer::{Kind, tokens};
use super::name::always_quoted;
use super::split::{Splitter, cut, unclosed};
use super::statements::Slice;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// One statement of a seed file, ready to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedPart {
    /// The statement with variables filled in; a piece of the file where there was none.
    pub sql: Slice,
    /// Whether it holds nothing but comments.
    pub is_blank: bool,
    /// The rows of a `COPY … FROM stdin`, a piece of the file.
    pub data: Option<Slice>,
    /// The line of the file on which it starts, from 1.
    pub line: usize,
}

/// Why a seed file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, a sentence.
    pub why: String,
    /// What to do, a sentence.
    pub hint: &'static str,
}

/// The statements of a seed file, in order.
///
/// # Errors
/// A backslash command other than `\set`, `COPY … TO stdout`, or a quote that never ends.
pub fn parse(file: &Arc<String>) -> Result<Vec<SeedPart>, Fault> {
    let mut reader = Reader {
        file,
        at: 0,
        variables: HashMap::new(),
        text: Text::default(),
        line: 1,
        counted: 0,
        cutter: Splitter::default(),
        parts: Vec::new(),
    };
    while reader.at < file.len() {
        reader.step()?;
    }
    reader.finish_statement(None);
    Ok(reader.parts)
}

/// A statement so far: a piece of the file, until something is put in or left out.
#[derive(Default)]
struct Text {
    place: Range<usize>,
    filled: Option<String>,
}

impl Text {
    /// Takes the next piece of the file.
    fn take(&mut self, file: &str, piece: Range<usize>) {
        if self.filled.is_none() && self.place.is_empty() {
            self.place = piece;
        } else if self.filled.is_none() && self.place.end == piece.start {
            self.place.end = piece.end;
        } else {
            self.fill(file, &file[piece]);
        }
    }

    /// Takes what stands nowhere in the file.
    fn fill(&mut self, file: &str, text: &str) {
        let place = self.place.clone();
        let filled = self.filled.get_or_insert_with(|| file[place].to_owned());
        filled.push_str(text);
    }

    fn as_str<'a>(&'a self, file: &'a str) -> &'a str {
        match &self.filled {
            Some(text) => text,
            None => &file[self.place.clone()],
        }
    }
}

struct Reader<'a> {
    file: &'a Arc<String>,
    at: usize,
    variables: HashMap<String, String>,
    /// The statement so far, variables filled in.
    text: Text,
    /// Line of `counted`, so that lines are counted once only.
    line: usize,
    counted: usize,
    cutter: Splitter,
    parts: Vec<SeedPart>,
}

impl Reader<'_> {
    fn step(&mut self) -> Result<(), Fault> {
        let mut tokens = tokens(self.file);
        tokens.seek(self.at);
        for token in tokens {
            let text = token.text(self.file);
            if token.kind == Kind::Other && text == "\\" {
                self.at = token.start;
                return self.command();
            }
            if token.kind == Kind::Other && text == ":" {
                self.at = token.start;
                return self.colon();
            }
            if !token.closed {
                return Err(self.fault(
                    token.start,
                    "A quote or comment begins here and never ends.".into(),
                    "Close it.",
                ));
            }
            self.text.take(self.file, token.start..token.end);
            self.at = token.end;
            if self.cutter.ends_at(self.file, token) {
                return self.end_statement();
            }
        }
        Ok(())
    }

    /// Behind the semicolon of a statement.
    fn end_statement(&mut self) -> Result<(), Fault> {
        match copy_stream(self.text.as_str(self.file)) {
            Some("FROM STDIN") => {
                let data = self.copy_data()?;
                self.finish_statement(Some(data));
            }
            Some(direction) => {
                return Err(self.fault(
                    self.at,
                    format!("COPY {direction} has nowhere to write to."),
                    "Remove it.",
                ));
            }
            None => self.finish_statement(None),
        }
        Ok(())
    }

    fn finish_statement(&mut self, data: Option<Range<usize>>) {
        let is_blank = self.cutter.is_blank();
        self.cutter = Splitter::default();
        let taken = std::mem::take(&mut self.text);
        let text = taken.as_str(self.file);
        if let Some(statement) = cut(text, 0..text.len(), is_blank) {
            let end = data.as_ref().map_or(self.at, |data| data.start);
            let newlines = text[statement.range.start..].matches('\n').count();
            let line = self.line_at(end);
            let after = usize::from(data.is_some());
            self.parts.push(SeedPart {
                sql: if let Some(text) = &taken.filled {
                    statement.text(text).into()
                } else {
                    let Range { start, end } = statement.range;
                    let before = taken.place.start;
                    Slice::of(self.file, before + start..before + end)
                },
                is_blank,
                data: data.map(|rows| Slice::of(self.file, rows)),
                line: line.saturating_sub(newlines + after).max(1),
            });
        }
    }

    /// The rows behind a `COPY`: from the next line to the one that is `\.`, or to the end of the file.
    fn copy_data(&mut self) -> Result<Range<usize>, Fault> {
        let rest = &self.file[self.at..];
        let line_end = rest.find('\n').map_or(rest.len(), |newline| newline + 1);
        if !rest[..line_end].trim().is_empty() {
            return Err(self.fault(
                self.at,
                "Something follows COPY … FROM stdin on its line.".into(),
                "Put it behind the rows.",
            ));
        }
        let start = self.at + line_end;
        let mut here = start;
        for line in self.file[start..].split_inclusive('\n') {
            let end = here + line.len();
            if line.trim_end_matches(['\r', '\n']) == "\\." {
                self.at = end;
                return Ok(start..here);
            }
            here = end;
        }
        self.at = here;
        Ok(start..here)
    }

    /// At a colon: a cast, an assignment, a variable, or a colon.
    fn colon(&mut self) -> Result<(), Fault> {
        let rest = &self.file[self.at + 1..];
        if rest.starts_with([':', '=']) {
            self.take(2);
            return Ok(());
        }
        // psql leaves a name that is not set as it stands: array slices, and JSON paths, look like that.
        let Some((value, length)) = variable(rest, &self.variables) else {
            self.take(1);
            return Ok(());
        };
        let is_quoted = rest.starts_with(['\'', '"']);
        let start = self.at;
        self.at += 1 + length;
        if unclosed(&value).is_some() || value.contains("--") && !is_quoted {
            return Err(self.fault(
                start,
                "The value of this variable opens a quote or comment.".into(),
                "Set it to whole words, or use :'name' to quote it.",
            ));
        }
        for token in tokens(&value) {
            self.text.fill(self.file, token.text(&value));
            if self.cutter.ends_at(&value, token) {
                self.finish_statement(None);
            }
        }
        Ok(())
    }

    /// Takes some bytes of punctuation as they are.
    fn take(&mut self, bytes: usize) {
        let end = self.at + bytes;
        let mut tokens = tokens(self.file);
        tokens.seek(self.at);
        if let Some(token) = tokens.next() {
            self.cutter.ends_at(self.file, token);
        }
        self.text.take(self.file, self.at..end);
        self.at = end;
    }

    /// At a backslash outside quotes.
    fn command(&mut self) -> Result<(), Fault> {
        let start = self.at;
        let rest = &self.file[start + 1..];
        let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
        let word = line.split([' ', '\t', '\r']).next().unwrap_or_default();
        if word != "set" {
            let shown: String = word.chars().take(20).collect();
            return Err(self.fault(
                start,
                format!("supadeck does not run psql's command \\{shown}."),
                "Only \\set is understood; remove the line or run the file with psql.",
            ));
        }
        let words = arguments(&line[word.len()..], &self.variables)
            .map_err(|why| self.fault(start, why.into(), "Write `\\set name value`."))?;
        let Some((name, values)) = words.split_first() else {
            return Err(self.fault(
                start,
                "\\set names no variable.".into(),
                "Write `\\set name value`.",
            ));
        };
        if name.is_empty() || !name.chars().all(is_name) {
            return Err(self.fault(
                start,
                "\\set names a variable that cannot be used.".into(),
                "Letters, digits and underscores make a name.",
            ));
        }
        self.variables.insert(name.clone(), values.concat());
        self.at = start + 1 + line.len();
        Ok(())
    }

    fn line_at(&mut self, at: usize) -> usize {
        if at >= self.counted {
            self.line += self.file[self.counted..at].matches('\n').count();
            self.counted = at;
        }
        self.line
    }

    fn fault(&mut self, at: usize, why: String, hint: &'static str) -> Fault {
        Fault {
            line: self.line_at(at),
            why,
            hint,
        }
    }
}

/// The value that `name`, `'name'` or `"name"` behind a colon stands for, and how many bytes it took; absent when no
/// such variable is set.
fn variable(rest: &str, variables: &HashMap<String, String>) -> Option<(String, usize)> {
    let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'));
    let at = usize::from(quote.is_some());
    let name = &rest[at..];
    let name = &name[..name.find(|c| !is_name(c)).unwrap_or(name.len())];
    if quote.is_some_and(|quote| !rest[at + name.len()..].starts_with(quote)) {
        return None;
    }
    let value = variables.get(name)?;
    let value = match quote {
        Some('\'') => literal(value),
        Some(_) => always_quoted(value),
        None => value.clone(),
    };
    Some((value, name.len() + 2 * at))
}

/// `variable_char` of psql's scanner.
fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii()
}

/// A value as an SQL string, as libpq's `PQescapeLiteral` writes it.
fn literal(value: &str) -> String {
    let doubled = value.replace('\'', "''");
    if doubled.contains('\\') {
        format!(" E'{}'", doubled.replace('\\', "\\\\"))
    } else {
        format!("'{doubled}'")
    }
}

/// The words of a backslash command: single quotes with backslash escapes, double quotes kept, variables filled in.
fn arguments(line: &str, variables: &HashMap<String, String>) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let mut taken = c.len_utf8();
        match c {
            c if c.is_ascii_whitespace() => words.extend(word.take()),
            '\'' => {
                let (text, length) =
                    single_quoted(&rest[1..]).ok_or("A quote in \\set never ends.")?;
                word.get_or_insert_default().push_str(&text);
                taken += length;
            }
            '"' => {
                taken += rest[1..].find('"').ok_or("A quote in \\set never ends.")? + 1;
                word.get_or_insert_default().push_str(&rest[..taken]);
            }
            '`' => return Err("supadeck runs no shell command in \\set."),
            '\\' => return Err("A second backslash command follows on the line."),
            ':' => match variable(&rest[1..], variables) {
                Some((value, length)) => {
                    word.get_or_insert_default().push_str(&value);
                    taken += length;
                }
                None => word.get_or_insert_default().push(':'),
            },
            c => word.get_or_insert_default().push(c),
        }
        rest = &rest[taken..];
    }
    words.extend(word);
    Ok(words)
}

/// The text of a single-quoted word behind its opening quote, and how many bytes it took with the closing one.
fn single_quoted(rest: &str) -> Option<(String, usize)> {
    let mut text = String::new();
    let mut chars = rest.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\'' if chars.peek().is_some_and(|(_, next)| *next == '\'') => {
                chars.next();
                text.push('\'');
            }
            '\'' => return Some((text, at + 1)),
            '\\' => text.push(match chars.next()?.1 {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                'b' => '\u{8}',
                'f' => '\u{c}',
                other => other,
            }),
            c => text.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests;
