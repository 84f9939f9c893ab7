//! Takes the rows of a file into a table, as whoever writes: first all of the file is read and checked, then rows are added, some at
//! a time, each time all or none; the first that is refused ends it, and is told with its line.

use super::paging::correlation;
use super::table_change::readable;
use crate::domain::csv;
use crate::domain::identity::Identity;
use crate::domain::problem::{Kind, Problem};
use crate::domain::query::{RowWrite, Verb};
use crate::domain::table::import::{FileRow, ImportFormat, RowReader, on_line};
use crate::domain::table::info::TableInfo;
use crate::domain::table::paging::RowValues;
use crate::domain::text;
use crate::ports::Rest;
use serde_json::Value;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The most rows of a request.
const MOST: usize = 200;
/// About how many bytes a request has at most.
const BYTES: usize = 512 << 10;
/// The most bytes of a line.
const LONGEST: u64 = 64 << 20;
/// So many rows are kept to be shown.
const SHOWN: usize = 3;

/// What a file holds, all of it read and checked.
#[derive(Debug)]
pub struct ImportPlan {
    /// How many rows.
    pub rows: u64,
    /// The columns, in the order in which they were met.
    pub columns: Vec<String>,
    /// The first rows.
    pub first: Vec<RowValues>,
    /// How many texts hold an apostrophe in front of a sign of formulas, as exports to CSV write them.
    pub defused: u64,
    file: File,
    path: PathBuf,
    form: ImportFormat,
    stamp: (u64, Option<SystemTime>),
}

/// Reads a whole file, and checks each row against the table. Nothing is sent.
pub fn plan(table: &TableInfo, path: &Path, form: ImportFormat) -> Result<ImportPlan, Problem> {
    let broken = |error: io::Error| unreadable(path, &error);
    let file = File::open(path).map_err(broken)?;
    let mut plan = ImportPlan {
        rows: 0,
        columns: Vec::new(),
        first: Vec::new(),
        defused: 0,
        stamp: stamp(&file).map_err(broken)?,
        file,
        path: path.to_owned(),
        form,
    };
    let mut rows = Rows::of(table, &plan)?;
    while let Some(row) = rows.next()? {
        for name in row.values.keys() {
            if !plan.columns.contains(name) {
                plan.columns.push(name.clone());
            }
        }
        if form == ImportFormat::Csv {
            plan.defused += row
                .values
                .values()
                .filter(|value| value.as_str().is_some_and(csv::may_be_defused))
                .count() as u64;
        }
        if plan.first.len() < SHOWN {
            plan.first.push(row.values);
        }
        plan.rows += 1;
    }
    if plan.rows == 0 {
        return Err(Problem::new(
            Kind::Usage,
            "Nothing can be imported.",
            format!("{} holds no row.", path.display()),
        ));
    }
    Ok(plan)
}

/// An import under way.
pub struct Import<'a> {
    rest: &'a dyn Rest,
    who: &'a Identity,
    table: &'a TableInfo,
    rows: Rows<'a>,
    /// A row that was read and did not fit into the last request.
    ahead: Option<FileRow>,
    correlation: String,
    done: u64,
}

impl<'a> Import<'a> {
    /// Begins with the first row.
    pub fn begin(
        rest: &'a dyn Rest,
        who: &'a Identity,
        table: &'a TableInfo,
        plan: &ImportPlan,
    ) -> Result<Self, Problem> {
        Ok(Self {
            rest,
            who,
            table,
            rows: Rows::of(table, plan)?,
            ahead: None,
            correlation: correlation(),
            done: 0,
        })
    }

    /// How many rows went in so far.
    pub fn done(&self) -> u64 {
        self.done
    }

    /// Adds some rows; false where there are none left. A file that is another one by now is refused: what it holds was not
    /// checked.
    pub async fn step(&mut self) -> Result<bool, Problem> {
        self.rows.check_unchanged()?;
        let batch = self.batch()?;
        if batch.is_empty() {
            return Ok(false);
        }
        match self.send(&batch).await {
            Ok(made) => self.all_made(&batch, made)?,
            // Nothing of a request that the server refused went in. Its first row that is refused is found by itself.
            Err(problem) if batch.len() > 1 && is_refusal(&problem) => {
                for row in batch.chunks(1) {
                    let made = self.send(row).await?;
                    self.all_made(row, made)?;
                }
            }
            Err(problem) => return Err(problem),
        }
        Ok(true)
    }

    /// Makes sure that as many rows were added as were sent.
    fn all_made(&self, rows: &[FileRow], made: usize) -> Result<(), Problem> {
        if made == rows.len() {
            return Ok(());
        }
        let problem = Problem::new(
            Kind::Denied,
            format!(
                "{made} of {} were added to {}.",
                rows.len(),
                text::harmless(&self.table.full_name().to_string())
            ),
            "The server took them all and made fewer: a rule or a trigger left the rest out.",
        );
        Err(on_lines(rows, problem))
    }

    /// The rows of a request: those that come next and give the same columns.
    fn batch(&mut self) -> Result<Vec<FileRow>, Problem> {
        let mut batch: Vec<FileRow> = Vec::new();
        let mut size = 0;
        loop {
            let next = match self.ahead.take() {
                Some(row) => Some(row),
                None => self.rows.next()?,
            };
            let Some(row) = next else { return Ok(batch) };
            let length = Value::Object(row.values.clone()).to_string().len();
            let is_alike = batch.first().is_none_or(|first| same_columns(first, &row));
            let is_full = batch.len() == MOST || size + length > BYTES;
            if !batch.is_empty() && (!is_alike || is_full) {
                self.ahead = Some(row);
                return Ok(batch);
            }
            size += length;
            batch.push(row);
        }
    }

    /// Sends some rows, all of them or none; tells how many were added.
    async fn send(&mut self, rows: &[FileRow]) -> Result<usize, Problem> {
        let mut objects: Vec<Value> = rows
            .iter()
            .map(|row| Value::Object(row.values.clone()))
            .collect();
        let body = match objects.pop() {
            Some(only) if objects.is_empty() => only,
            last => Value::Array(objects.into_iter().chain(last).collect()),
        };
        let write = RowWrite {
            table: self.table.name.clone(),
            schema: self.table.schema.clone(),
            verb: Verb::Insert,
            filters: Vec::new(),
            body: Some(body),
            columns: readable(self.table),
            correlation: Some(self.correlation.clone()),
        };
        let answer = self.rest.write(self.who, &write).await;
        let answer = answer.map_err(|problem| on_lines(rows, problem))?;
        let made: Vec<RowValues> = answer
            .rows()
            .map_err(|problem| on_lines(rows, problem.of_unknown_outcome()))?;
        self.done += made.len() as u64;
        Ok(made.len())
    }
}

/// Puts the lines of some rows in front of a problem.
fn on_lines(rows: &[FileRow], problem: Problem) -> Problem {
    match (rows.first(), rows.last()) {
        (Some(first), Some(last)) if first.line != last.line => Problem {
            what: format!("Lines {} to {}: {}", first.line, last.line, problem.what),
            ..problem
        },
        (Some(only), _) => on_line(only.line, problem),
        _ => problem,
    }
}

/// Whether the server has said no, so that nothing of the request is there.
fn is_refusal(problem: &Problem) -> bool {
    matches!(
        problem.kind,
        Kind::Denied | Kind::Conflict | Kind::Database | Kind::Usage
    ) && !problem.is_outcome_unknown()
}

fn same_columns(one: &FileRow, other: &FileRow) -> bool {
    one.values.len() == other.values.len()
        && one
            .values
            .keys()
            .all(|name| other.values.contains_key(name))
}

/// The rows of a file, one after the other.
struct Rows<'a> {
    file: BufReader<File>,
    reader: RowReader<'a>,
    line: Vec<u8>,
    path: PathBuf,
    stamp: (u64, Option<SystemTime>),
}

impl<'a> Rows<'a> {
    fn of(table: &'a TableInfo, plan: &ImportPlan) -> Result<Self, Problem> {
        let broken = |error: io::Error| unreadable(&plan.path, &error);
        let mut file = plan.file.try_clone().map_err(broken)?;
        file.seek(SeekFrom::Start(0)).map_err(broken)?;
        Ok(Self {
            file: BufReader::with_capacity(1 << 16, file),
            reader: RowReader::new(table, plan.form),
            line: Vec::new(),
            path: plan.path.clone(),
            stamp: plan.stamp,
        })
    }

    fn check_unchanged(&self) -> Result<(), Problem> {
        let now = stamp(self.file.get_ref()).map_err(|error| unreadable(&self.path, &error))?;
        if now == self.stamp {
            return Ok(());
        }
        Err(Problem::new(
            Kind::Conflict,
            format!("{} has changed since it was checked.", self.path.display()),
            "No row was added from then on.",
        )
        .with_hint("Look at what went in, and import the rest."))
    }

    fn next(&mut self) -> Result<Option<FileRow>, Problem> {
        loop {
            self.line.clear();
            let mut bounded = (&mut self.file).take(LONGEST);
            let read = bounded.read_until(b'\n', &mut self.line);
            match read.map_err(|error| unreadable(&self.path, &error))? {
                0 => {
                    self.reader.end()?;
                    return Ok(None);
                }
                count if count as u64 == LONGEST => {
                    return Err(Problem::new(
                        Kind::Usage,
                        format!("{} cannot be imported.", self.path.display()),
                        "A line of it is longer than 64 MiB.",
                    ));
                }
                _ => {}
            }
            if let Some(row) = self.reader.line(&self.line)? {
                return Ok(Some(row));
            }
        }
    }
}

/// What tells a file from what it becomes when somebody writes to it.
fn stamp(file: &File) -> io::Result<(u64, Option<SystemTime>)> {
    let data = file.metadata()?;
    Ok((data.len(), data.modified().ok()))
}

fn unreadable(path: &Path, error: &io::Error) -> Problem {
    Problem::new(
        Kind::Config,
        format!("{} cannot be read.", path.display()),
        format!("{error}."),
    )
}
