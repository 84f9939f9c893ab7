//! Statements that a scratch database passes over, because they need what the platform has and its server lacks: an
//! extension, an event trigger, a setting of a newer Postgres; and what depends on those. Read from the server's refusal.

mod provided;

use crate::domain::migration::{Direction, Step};
use crate::domain::plural::counted;
use crate::domain::problem::Problem;
use crate::domain::sql::lexer::Kind;
use crate::domain::sql::statement_kind::significant;
pub use provided::setting_since;
use serde::Serialize;
use std::collections::BTreeSet;

/// The most characters of a statement that are told.
const SQL_CHARS: usize = 80;

/// A statement that was not run on the scratch database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PassedOver {
    /// The version of its file.
    pub version: String,
    /// Which file.
    pub direction: Direction,
    /// The file's name.
    pub file: String,
    /// Its number in the file, from 1.
    pub statement: usize,
    /// The line on which it begins, where the file can be read.
    pub line: Option<usize>,
    /// Its first words.
    pub sql: String,
    /// What the server lacks, such as `extension vector`.
    pub lacks: String,
    /// Whether it only depends on what lacks, and is not the statement that asks for it.
    pub depends: bool,
}

/// What a server is known to lack so far, and the names that are missing because of it.
#[derive(Debug, Clone, Default)]
pub struct Lacking {
    /// Each with what lacks: `extension vector`.
    missing: Vec<Missing>,
    /// Whether the server's major version is known to be the project's: then a setting it does not know is the file's fault.
    is_right_version: bool,
}

#[derive(Debug, Clone)]
struct Missing {
    lacks: String,
    names: BTreeSet<String>,
    prefixes: &'static [&'static str],
}

/// Why a refused statement is passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// What the server lacks.
    pub lacks: String,
    /// Whether the statement only depends on it.
    pub depends: bool,
}

impl Lacking {
    /// Of a server whose major version is known to be the project's, or not.
    pub fn on(is_right_version: bool) -> Self {
        Self {
            missing: Vec::new(),
            is_right_version,
        }
    }

    /// Why a statement that the server refused is to be passed over; `None` where the refusal is the file's own. What it
    /// would have made is missing from then on.
    pub fn reason(&mut self, sql: &str, problem: &Problem) -> Option<Reason> {
        let code = problem.code.as_deref()?;
        if let Some(lacks) = self.root(code, &problem.why) {
            let extension = lacks.strip_prefix("extension ").unwrap_or_default();
            let (names, prefixes) = provided::by(extension);
            let mut names: BTreeSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
            names.insert(extension.to_owned());
            self.enter(&lacks, names, prefixes);
            self.enter(&lacks, made(sql), &[]);
            return Some(Reason {
                lacks,
                depends: false,
            });
        }
        let lacks = self.depends_on(code, &problem.why)?;
        self.enter(&lacks, made(sql), &[]);
        Some(Reason {
            lacks,
            depends: true,
        })
    }

    /// Whether anything was passed over.
    pub fn is_empty(&self) -> bool {
        self.missing.is_empty()
    }

    fn enter(&mut self, lacks: &str, names: BTreeSet<String>, prefixes: &'static [&'static str]) {
        self.missing.push(Missing {
            lacks: lacks.to_owned(),
            names,
            prefixes,
        });
    }

    /// What the server lacks that a refusal names itself.
    fn root(&self, code: &str, why: &str) -> Option<String> {
        let quoted = why.split('"').nth(1)?;
        let is_platforms = provided::is_of_the_platform(quoted);
        let extension = || Some(format!("extension {quoted}"));
        match code {
            "0A000" | "58P01" if why.contains("xtension") && why.contains("is not available") => {
                extension()
            }
            // What only a superuser creates, and a hosted `postgres` too.
            "42501" if why.contains("to create extension") && is_platforms => extension(),
            "22023" if why.contains("no installation script nor update path") => extension(),
            "42501" if why.contains("to create event trigger") => Some(format!(
                "event triggers by other roles than a superuser, such as {quoted}"
            )),
            "42704" if why.starts_with("Unrecognized configuration parameter") => {
                let since = provided::setting_since(quoted)?;
                (!self.is_right_version).then(|| format!("{quoted}, a setting of Postgres {since}"))
            }
            _ => None,
        }
    }

    /// What lacks, where a refusal says that something is not there which was passed over with it.
    fn depends_on(&self, code: &str, why: &str) -> Option<String> {
        let is_absence = matches!(
            code,
            "42704" | "42883" | "3F000" | "42P01" | "42703" | "42P17" | "0A000"
        );
        if !is_absence {
            return None;
        }
        let words = absent(why);
        let mut missing = self.missing.iter();
        let found = missing.find(|one| {
            words.iter().any(|word| {
                one.names.contains(word) || one.prefixes.iter().any(|it| word.starts_with(it))
            })
        })?;
        Some(found.lacks.clone())
    }
}

/// The names that a message says are not there: those in quotes, and those of a function or operator before its arguments.
fn absent(why: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let mut split = |text: &str| {
        let parts = text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-');
        words.extend(parts.filter(|it| !it.is_empty()).map(str::to_lowercase));
    };
    for quoted in why.split('"').skip(1).step_by(2) {
        split(quoted);
    }
    for (start, end) in [
        ("Function ", "("),
        ("Procedure ", "("),
        ("Operator does not exist: ", ""),
        ("Column ", " does not exist"),
        // In the arguments of a function without quotes.
        ("Type ", " does not exist"),
    ] {
        if let Some(rest) = why.strip_prefix(start) {
            let upto = if end.is_empty() { None } else { rest.find(end) };
            split(&rest[..upto.unwrap_or(rest.len())]);
        }
    }
    words
}

/// The last part of the names of what a statement makes: `item` of `create table public.item`, the columns and constraints of
/// `alter table … add`.
fn made(sql: &str) -> BTreeSet<String> {
    let tokens: Vec<(Kind, String)> = significant(sql)
        .map(|token| (token.kind, token.text(sql).to_lowercase()))
        .collect();
    let word = |at: usize| match tokens.get(at) {
        Some((Kind::Word, text)) => text.as_str(),
        _ => "",
    };
    let is_small = |at: usize| {
        matches!(
            word(at),
            "if" | "not" | "exists" | "only" | "concurrently" | "column" | "constraint"
        )
    };
    // The name at a place, behind small words, without its schema.
    let name = |mut at: usize| {
        while is_small(at) {
            at += 1;
        }
        while tokens.get(at + 1).is_some_and(|(_, text)| text == ".") {
            at += 2;
        }
        let (kind, text) = tokens.get(at)?;
        matches!(kind, Kind::Word | Kind::QuotedWord).then(|| text.trim_matches('"').to_owned())
    };
    let mut names = BTreeSet::new();
    match word(0) {
        "create" => {
            let is_kind = |at: &usize| {
                matches!(
                    word(*at),
                    "table"
                        | "view"
                        | "index"
                        | "function"
                        | "procedure"
                        | "aggregate"
                        | "type"
                        | "domain"
                        | "policy"
                        | "trigger"
                        | "sequence"
                        | "schema"
                        | "server"
                        | "wrapper"
                        | "operator"
                        | "cast"
                        | "publication"
                )
            };
            names.extend((1..6).find(is_kind).and_then(|at| name(at + 1)));
        }
        "alter" => {
            let mut depth = 0_usize;
            for (at, (kind, text)) in tokens.iter().enumerate() {
                match kind {
                    Kind::Open => depth += 1,
                    Kind::Close => depth = depth.saturating_sub(1),
                    Kind::Word if depth == 0 && text == "add" => names.extend(name(at + 1)),
                    _ => {}
                }
            }
        }
        _ => {}
    }
    names
}

impl PassedOver {
    /// A statement of a step, by its index.
    pub fn of(step: &Step, at: usize, line: Option<usize>, reason: Reason) -> Self {
        let sql = step.statements.iter().nth(at).unwrap_or_default();
        let file = step.file.file_name().unwrap_or_default();
        let file = match step.direction {
            Direction::Apply => file.to_string_lossy().into_owned(),
            Direction::Rollback => format!("rollback/{}", file.to_string_lossy()),
        };
        Self {
            version: step.version.clone(),
            direction: step.direction,
            file,
            statement: at + 1,
            line,
            sql: short(sql),
            lacks: reason.lacks,
            depends: reason.depends,
        }
    }

    /// Where it stands: `20260101000200_merged.sql line 3`.
    pub fn place(&self) -> String {
        match self.line {
            Some(line) => format!("{} line {line}", self.file),
            None => format!("{} statement {}", self.file, self.statement),
        }
    }
}

/// The first words of a statement, without comments and breaks.
fn short(sql: &str) -> String {
    let mut words = String::new();
    let mut end = None;
    for token in significant(sql) {
        if end.is_some_and(|end| end < token.start) {
            words.push(' ');
        }
        let text: String = token
            .text(sql)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        words.push_str(&text);
        end = Some(token.end);
        if let Some((cut, _)) = words.char_indices().nth(SQL_CHARS) {
            words.truncate(cut);
            words.push('…');
            break;
        }
    }
    words
}

/// What is said of statements that were passed over: a heading, then a line each. Nothing where there are none.
pub fn lines(passed: &[PassedOver]) -> Vec<String> {
    if passed.is_empty() {
        return Vec::new();
    }
    let (were, they_need) = match passed.len() {
        1 => ("was", "it needs"),
        _ => ("were", "they need"),
    };
    let heading = format!(
        "Not covered: {} {were} not run on the scratch database, because {they_need} what its server lacks.",
        counted(passed.len(), "statement")
    );
    let told = passed.iter().map(|one| {
        let needs = if one.depends { "depends on" } else { "needs" };
        format!("  {}: {needs} {} ({})", one.place(), one.lacks, one.sql)
    });
    std::iter::once(heading).chain(told).collect()
}

#[cfg(test)]
mod tests;
