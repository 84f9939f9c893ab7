//! The only place of the command line that prints. One document or one text on stdout, everything else on stderr.
//! A reader that goes away (a closed pipe) ends the output quietly.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use super::answer::{Answer, Answered, Body, Failure};
use super::page::{Page, Tone};
use super::redact;
use crate::domain::problem::{Kind, NOT_CONFIRMED, Problem};
use crate::domain::text;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set or TERM is dumb.
    #[default]
    Auto,
    /// Always, also into a file or a pipe.
    Always,
    /// Never.
    Never,
}

impl Color {
    fn on(self, is_terminal: bool) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => is_terminal && !is_set("NO_COLOR") && !is_dumb(),
        }
    }
}

/// Whether a variable is there and not empty (the rule of no-color.org).
fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// The columns of the terminal; one that does not know says 0.
fn terminal_width() -> Option<usize> {
    let (columns, _) = crossterm::terminal::size().ok()?;
    (columns > 0).then_some(columns.into())
}

/// Where answers, problems and notes go.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    json: bool,
    is_terminal: bool,
    is_watched: bool,
    color_out: bool,
    color_err: bool,
    width: Option<usize>,
    is_change: bool,
}

impl Output {
    /// An output for this process.
    pub fn new(json: bool, color: Color) -> Self {
        Self {
            json,
            is_terminal: io::stdout().is_terminal(),
            is_watched: io::stderr().is_terminal(),
            color_out: color.on(io::stdout().is_terminal()),
            color_err: color.on(io::stderr().is_terminal()),
            width: terminal_width(),
            is_change: false,
        }
    }

    /// The output of a command that changes something, or of one that only reads. What was changed stays so when the answer
    /// cannot be written.
    #[must_use]
    pub fn of_change(self, is_change: bool) -> Self {
        Self { is_change, ..self }
    }

    /// Whether the answer is printed as a JSON document.
    pub fn is_json(self) -> bool {
        self.json
    }

    /// Prints how a command ended and returns the exit code.
    pub fn finish(self, answered: Answered) -> u8 {
        match answered {
            Ok(answer) => match to_stdout(&self.text(answer)) {
                Ok(()) => 0,
                Err(problem) => {
                    self.note(&problem_page(&problem));
                    if self.is_change {
                        0
                    } else {
                        problem.kind.exit_code()
                    }
                }
            },
            Err(failure) => self.fail(failure),
        }
    }

    fn text(self, answer: Answer) -> String {
        if self.json {
            return document(&json!({"ok": true, "data": answer.data, "meta": answer.meta}));
        }
        match answer.body {
            Body::Page(page) => page.render(self.color_out, self.width_of(self.is_terminal)),
            // A file gets every character as it is; a terminal would act on some of them.
            Body::Raw(text) if self.is_terminal => text::harmless_lines(&text).into_owned(),
            Body::Raw(text) => text,
        }
    }

    fn fail(self, mut failure: Failure) -> u8 {
        redact::hide_in(&mut failure.problem, &arguments(), &variables());
        let code = failure.problem.kind.exit_code();
        if self.json {
            let mut fields = Map::new();
            fields.insert("ok".to_owned(), Value::Bool(false));
            fields.insert("problem".to_owned(), json!(failure.problem));
            if let Some(data) = failure.data {
                fields.insert("data".to_owned(), data);
                fields.insert("meta".to_owned(), Value::Object(failure.meta));
            }
            if let Err(problem) = to_stdout(&document(&Value::Object(fields))) {
                self.note(&problem_page(&problem));
            }
        } else {
            let width = self.width_of(self.is_terminal);
            if let Err(problem) = to_stdout(&failure.page.render(self.color_out, width)) {
                self.note(&problem_page(&problem));
            }
            self.note(&problem_page(&failure.problem));
        }
        code
    }

    /// The columns that a table may take: a file and a pipe get all of it.
    fn width_of(self, is_terminal: bool) -> Option<usize> {
        self.width.filter(|_| is_terminal)
    }

    /// Prints lines on stderr: progress, questions, warnings.
    pub fn note(self, page: &Page) {
        let text = page.render(self.color_err, self.width_of(self.is_watched));
        let text = redact::hide_given(&text, &[arguments(), variables()].concat());
        let _ = io::stderr().write_all(text.as_bytes());
    }

    /// Prints lines on stderr that only matter to somebody who sits there now.
    pub fn remark(self, page: &Page) {
        if self.is_watched {
            self.note(page);
        }
    }

    /// Prints a part of an answer that goes on; false where nobody reads it any more.
    pub fn stream(self, lines: &str) -> Result<bool, Problem> {
        if self.is_terminal {
            return written(&text::harmless_lines(lines));
        }
        written(lines)
    }

    /// The same for lines with colours.
    pub fn stream_page(self, page: &Page) -> Result<bool, Problem> {
        written(&page.render(self.color_out, self.width_of(self.is_terminal)))
    }

    /// Prints an answer now, for a command that goes on afterwards.
    #[cfg(feature = "demo")]
    pub fn now(self, answer: Answer) -> Result<(), Problem> {
        to_stdout(&self.text(answer))
    }
}

/// Prints a usage message that was composed elsewhere, on stderr.
pub fn usage(message: &str) {
    let _ = io::stderr().write_all(message.as_bytes());
}

/// Prints help or the version, on stdout, and returns the exit code.
pub fn help(message: &str) -> u8 {
    match to_stdout(message) {
        Ok(()) => 0,
        Err(problem) => {
            usage(&problem_page(&problem).render(false, None));
            problem.kind.exit_code()
        }
    }
}

/// Prints a part of a line on stderr, for a question.
pub fn part(part: &str) {
    let mut stderr = io::stderr();
    let _ = stderr.write_all(text::harmless(part).as_bytes());
    let _ = stderr.flush();
}

/// Takes back the last character of a line on stderr.
pub fn erase() {
    let _ = io::stderr().write_all(b"\x08 \x08");
}

/// Ends a line on stderr while the terminal is in raw mode.
pub fn line_end() {
    let _ = io::stderr().write_all(b"\r\n");
}

/// The lines that say what failed, why and what to do.
pub fn problem_page(problem: &Problem) -> Page {
    let mut page = Page::default();
    let heading = match problem.code.as_deref() {
        Some(NOT_CONFIRMED) => problem.what.clone(),
        Some(code) => format!("{} ({code}): {}", problem.kind.heading(), problem.what),
        None => format!("{}: {}", problem.kind.heading(), problem.what),
    };
    page.toned(Tone::Danger, &heading);
    if !problem.why.is_empty() {
        page.block(Tone::Text, "  ", &problem.why);
    }
    if let Some(detail) = &problem.detail {
        page.block(Tone::Muted, "  ", detail);
    }
    if let Some(hint) = &problem.hint {
        page.block(Tone::Text, "  ", &format!("Hint: {hint}"));
    }
    page
}

/// A JSON document on one line. Characters that could act on a terminal are written as `\u` escapes: the value stays
/// exactly the same, and `supadeck … --json` on a terminal is safe too.
pub fn document(value: &Value) -> String {
    let plain = value.to_string();
    let mut out = String::with_capacity(plain.len() + 1);
    let mut units = [0_u16; 2];
    for c in plain.chars() {
        if text::is_dangerous(c) {
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out.push('\n');
    out
}

/// What was typed; a message may quote any of it.
fn arguments() -> Vec<String> {
    let typed = std::env::args_os().skip(1);
    typed
        .map(|text| text.to_string_lossy().into_owned())
        .collect()
}

/// What the variables of this program hold; a message may quote any of it.
fn variables() -> Vec<String> {
    let is_own = |name: &str| {
        ["SUPADECK_", "SUPABASE_", "PG", "DATABASE_URL"]
            .iter()
            .any(|start| name.starts_with(start))
    };
    std::env::vars_os()
        .filter(|(name, _)| is_own(&name.to_string_lossy()))
        .map(|(_, value)| value.to_string_lossy().into_owned())
        .collect()
}

fn to_stdout(text: &str) -> Result<(), Problem> {
    written(text).map(|_| ())
}

/// Writes to stdout; false where its reader has gone.
fn written(text: &str) -> Result<bool, Problem> {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Problem::new(
            Kind::Config,
            "The answer could not be written.",
            format!("{error}."),
        )
        .with_hint("Make room where stdout leads to, or send it elsewhere.")),
        Ok(()) => Ok(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_keeps_its_value_and_loses_its_danger() {
        let value = json!({"a": "x\u{9b}31m\u{202e}\u{e0041}\n"});
        let text = document(&value);
        assert!(!text.trim_end().chars().any(text::is_dangerous), "{text:?}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }

    #[test]
    fn a_problem_says_what_why_and_what_to_do() {
        let problem = Problem::new(Kind::Denied, "Week 7 is locked.", "It is after week 6.")
            .with_code("PT403")
            .with_hint("Change the progress only.");
        assert_eq!(
            problem_page(&problem).render(false, None),
            "Denied (PT403): Week 7 is locked.\n  It is after week 6.\n  Hint: Change the progress only.\n"
        );
    }

    #[test]
    fn colour_can_be_forced_and_forbidden() {
        assert!(Color::Always.on(false));
        assert!(!Color::Never.on(true));
        assert!(!Color::Auto.on(false));
    }
}
