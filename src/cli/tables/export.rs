//! `supadeck table export`.

use super::super::answer::Answered;
use super::super::context::Context;
use super::super::interrupt;
use super::super::page::{Page, Tone};
use super::rows::Wanted;
use super::which::Which;
use crate::domain::plural::counted;
use crate::domain::problem::{Kind, Problem};
use crate::domain::table::export::RowsFormat;
use crate::ops::{exported_file, table_export};
use clap::{Args as ClapArgs, ValueEnum};
use std::path::{Path, PathBuf};

/// Every so many rows a line says how many were written.
const STEP: u64 = 10_000;

/// Write the rows of a table or view into a file: JSON Lines, CSV, INSERT statements or a seed
///
/// Rows are read page by page as the identity in use and written at once; memory does not grow with their number. The file is there only
/// when it is whole. `table import` takes JSON Lines and CSV in; of CSV, a text that a spreadsheet would run comes back with an apostrophe in front.
/// --where takes the filters of `table rows`.
#[derive(ClapArgs)]
pub struct Args {
    #[command(flatten)]
    which: Which,

    /// The file; it must not be there yet
    #[arg(value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    wanted: Wanted,

    /// The form of the file; without it the end of its name says so
    #[arg(long, value_name = "FORM")]
    format: Option<Form>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// JSON Lines: a row a line, an object by the names of the columns
    Jsonl,
    /// Comma-separated values; no value is an empty cell, an empty text is `""`; a cell that a spreadsheet would run as a
    /// formula gets an apostrophe in front
    Csv,
    /// An INSERT statement a row
    Sql,
    /// A seed: the same, where what is there already stays, and sequences go on behind the rows
    Seed,
}

impl From<Form> for RowsFormat {
    fn from(form: Form) -> Self {
        match form {
            Form::Jsonl => Self::JsonLines,
            Form::Csv => Self::Csv,
            Form::Sql => Self::Sql,
            Form::Seed => Self::Seed,
        }
    }
}

/// Exports.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let named = || RowsFormat::of_name(&args.file.to_string_lossy());
    let form = args.format.map(RowsFormat::from).or_else(named);
    let form = form.ok_or_else(|| unknown(&args.file, "csv, jsonl, sql or seed"))?;
    exported_file::check_free(&args.file)?;
    let reader = context.reader().await?;
    let table = args.which.described(context, &reader).await?;
    let ask = args.wanted.ask(context, &reader, table)?;
    let no_rows = ask.table.no_rows(reader.who(), !ask.filter.is_empty());
    let output = context.output();
    let mut shown = 0;
    let told = |rows: u64| {
        if rows >= shown + STEP {
            shown = rows;
            let mut page = Page::default();
            page.toned(Tone::Muted, &format!("{rows} rows written."));
            output.note(&page);
        }
    };
    let exporting = table_export::export(reader.rest(), reader.who(), ask, form, &args.file, told);
    let exported = interrupt::ending(exporting).await?;
    let mut page = Page::default();
    if exported.rows == 0 {
        page.line(no_rows);
    }
    page.line(format!(
        "Wrote {}, {} bytes, to {}.",
        counted(exported.rows, "row"),
        exported.bytes,
        args.file.display()
    ));
    if !exported.is_keyed && exported.rows > 0 {
        page.toned(
            Tone::Warn,
            "No key orders these rows, so they were counted off: what was written meanwhile can have shifted them.",
        );
    }
    reader.page(&exported, page)
}

/// The end of a file's name says nothing.
pub fn unknown(file: &Path, forms: &str) -> Problem {
    Problem::new(
        Kind::Usage,
        "Unknown file format.",
        format!("The end of the name {} does not say it.", file.display()),
    )
    .with_hint(format!("Say --format {forms}."))
}
