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
    /// Of the statement that was passed over.
    made: Made,
    /// What the names of an extension's functions and types begin with.
    prefixes: &'static [&'static str],
}

/// The names of what a statement makes, in lower case and without their schemas.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Made {
    names: BTreeSet<String>,
    /// The columns that it adds, each behind its table.
    columns: BTreeSet<(String, String)>,
}

/// The SQLSTATEs that say that something is not there.
const ABSENT: [&str; 5] = ["42704", "42883", "3F000", "42P01", UNDEFINED_COLUMN];
const UNDEFINED_COLUMN: &str = "42703";

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
            let names = names.iter().copied().chain([extension]);
            let brought = Made {
                names: names.map(str::to_owned).collect(),
                columns: BTreeSet::new(),
            };
            self.enter(&lacks, brought, prefixes);
            self.enter(&lacks, made(sql), &[]);
            return Some(Reason {
                lacks,
                depends: false,
            });
        }
        let lacks = self.depends_on(sql, code, &problem.why)?;
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

    /// A statement that ran: what it makes is there, whatever was passed over before.
    pub fn ran(&mut self, sql: &str) {
        if self.missing.is_empty() {
            return;
        }
        let made = made(sql);
        for one in &mut self.missing {
            one.made.names.retain(|name| !made.names.contains(name));
            let columns = &mut one.made.columns;
            columns
                .retain(|column| !made.columns.contains(column) && !made.names.contains(&column.0));
        }
    }

    fn enter(&mut self, lacks: &str, made: Made, prefixes: &'static [&'static str]) {
        self.missing.push(Missing {
            lacks: lacks.to_owned(),
            made,
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
    fn depends_on(&self, sql: &str, code: &str, why: &str) -> Option<String> {
        if !is_absence(code) && !matches!(code, "42P17" | "0A000") {
            return None;
        }
        let words = absent(why);
        let mut missing = self.missing.iter();
        let found = if code == UNDEFINED_COLUMN {
            // A column is one of a table, which the message names or the statement.
            let is_named = why.contains(" of relation \"");
            let tables = if is_named {
                words.clone()
            } else {
                words_of(sql)
            };
            missing.find(|one| {
                let mut columns = one.made.columns.iter();
                columns.any(|(table, column)| words.contains(column) && tables.contains(table))
            })
        } else {
            let is_named = matches!(code, "42704" | "42883");
            missing.find(|one| {
                words.iter().any(|word| {
                    let is_like = || one.prefixes.iter().any(|it| word.starts_with(it));
                    one.made.names.contains(word) || is_named && is_like()
                })
            })
        };
        found.map(|one| one.lacks.clone())
    }
}

/// Whether a SQLSTATE says that something is not there.
pub fn is_absence(code: &str) -> bool {
    ABSENT.contains(&code)
}

/// The words of a statement, in lower case.
fn words_of(sql: &str) -> BTreeSet<String> {
    let tokens = significant(sql);
    let words = tokens.filter(|token| matches!(token.kind, Kind::Word | Kind::QuotedWord));
    words
        .map(|token| token.text(sql).trim_matches('"').to_lowercase())
        .collect()
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

/// What a statement makes: `item` of `create table public.item`, the columns and constraints of `alter table … add`.
fn made(sql: &str) -> Made {
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
    let mut made = Made::default();
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
            made.names
                .extend((1..6).find(is_kind).and_then(|at| name(at + 1)));
        }
        "alter" => {
            let is_table = word(1) == "table" || (word(1), word(2)) == ("foreign", "table");
            let table = is_table.then(|| name(if word(1) == "table" { 2 } else { 3 }));
            let table = table.flatten();
            let mut depth = 0_usize;
            for (at, (kind, text)) in tokens.iter().enumerate() {
                match kind {
                    Kind::Open => depth += 1,
                    Kind::Close => depth = depth.saturating_sub(1),
                    Kind::Word if depth == 0 && text == "add" => match (&table, name(at + 1)) {
                        (Some(table), Some(column)) if word(at + 1) != "constraint" => {
                            made.columns.insert((table.clone(), column));
                        }
                        (_, added) => made.names.extend(added),
                    },
                    _ => {}
                }
            }
        }
        _ => {}
    }
    made
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
