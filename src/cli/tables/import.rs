//! `supadeck table import`.

use super::super::answer::{Answer, Answered, Failure};
use super::super::confirm::{self, Confirm};
use super::super::context::{Context, Reader};
use super::super::interrupt;
use super::super::page::{Page, Span, Table, Tone};
use super::super::table::Kind as Align;
use super::export::unknown;
use super::which::Which;
use crate::domain::plural::counted;
use crate::domain::problem::Problem;
use crate::domain::table::cell::cell_text;
use crate::domain::table::column::{ColumnInfo, ColumnKind};
use crate::domain::table::import::ImportFormat;
use crate::domain::table::info::TableInfo;
use crate::domain::text;
use crate::ops::table_import::{self, Import, ImportPlan};
use clap::{Args as ClapArgs, ValueEnum};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Every so many rows a line says how many went in.
const STEP: u64 = 10_000;

/// Add the rows of a file to a table: CSV with a heading, or JSON Lines
///
/// First the whole file is read, and each value is checked against its column; what would be added is shown, and a word is asked for. Without
/// --yes and a terminal it ends there, which makes it a trial. Then rows are added some hundred at a time; the first that is refused ends it
/// and is told with its line, and so is how many went in before it. In CSV an empty cell is no value, and `""` an empty text.
#[derive(ClapArgs)]
pub struct Args {
    #[command(flatten)]
    which: Which,

    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// The form of the file; without it the end of its name says so
    #[arg(long, value_name = "FORM")]
    format: Option<Form>,

    #[command(flatten)]
    confirm: Confirm,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// JSON Lines: an object a line, by the names of the columns
    Jsonl,
    /// Comma-separated values whose first line names the columns
    Csv,
}

/// Checks, asks and adds.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let form = match args.format {
        Some(Form::Jsonl) => Some(ImportFormat::JsonLines),
        Some(Form::Csv) => Some(ImportFormat::Csv),
        None => ImportFormat::of_name(&args.file.to_string_lossy()),
    };
    let form = form.ok_or_else(|| unknown(&args.file, "csv or jsonl"))?;
    let reader = context.reader().await?;
    let table = args.which.described(context, &reader).await?;
    let plan = table_import::plan(&table, &args.file, form)?;
    let name = table.full_name().to_string();
    let what = format!(
        "Add {} to {}",
        counted(plan.rows, "row"),
        text::harmless(&name)
    );
    let production = context.production_of(&reader).await?;
    let shown = || trial(&reader, &table, &plan, form);
    confirm::confirm(context, &production, &args.confirm, shown, "insert", &what).await?;
    let mut import = Import::begin(reader.rest(), reader.who(), &table, &plan)?;
    let mut told = 0;
    let ended = loop {
        match interrupt::between(context.output(), import.step()).await {
            Ok(true) => {}
            Ok(false) => break Ok(()),
            Err(problem) => break Err(problem),
        }
        if import.done() >= told + STEP {
            told = import.done();
            let mut page = Page::default();
            page.toned(Tone::Muted, &format!("{told} of {} rows added.", plan.rows));
            context.output().note(&page);
        }
    };
    let answer = ending(&reader, &name, import.done(), &plan, ended.as_ref().err())?;
    match ended {
        Ok(()) => Ok(answer),
        Err(problem) => Err(Failure::after(problem, answer)),
    }
}

/// What would be added: how much, the columns, and the first rows.
fn trial(
    reader: &Reader,
    table: &TableInfo,
    plan: &ImportPlan,
    form: ImportFormat,
) -> Result<Answer, Failure> {
    let mut page = Page::default();
    page.toned(Tone::Muted, &format!("At {}.", reader.url()));
    page.toned(
        Tone::Strong,
        &format!(
            "POST {}, {}, each checked against its column",
            text::harmless(&table.full_name().to_string()),
            counted(plan.rows, "row")
        ),
    );
    let heading = [("COLUMN", Align::Key), ("TYPE", Align::Plain)];
    let heading = heading.map(|(name, align)| (name.to_owned(), align));
    let rows = (1..=plan.first.len()).map(|at| (format!("ROW {at}"), Align::Text));
    let mut shown = Table::named(heading.into_iter().chain(rows));
    for name in &plan.columns {
        let column = table.column(name);
        let kind = column.map_or(ColumnKind::Unknown, ColumnInfo::kind);
        let of = column.map(|column| column.data_type.as_str());
        let mut row = vec![Span::from(name), Span::from(of.unwrap_or_default())];
        row.extend(plan.first.iter().map(|values| match values.get(name) {
            None => Span::new(Tone::Muted, "(default)"),
            Some(value) => {
                let cell = cell_text(kind, value, None);
                let tone = if cell.is_sign { Tone::Muted } else { Tone::Ok };
                Span::new(tone, &cell.text)
            }
        }));
        shown.row(row);
    }
    page.table(&shown);
    if plan.defused > 0 {
        let text = format!(
            "{} an apostrophe in front of a sign of formulas, as exports to CSV write it: it is taken as it stands. JSON Lines come back as they were.",
            if plan.defused == 1 {
                "1 text has".to_owned()
            } else {
                format!("{} texts have", plan.defused)
            }
        );
        page.toned(Tone::Warn, &text);
    }
    let data = json!({ "format": form.word(), "rows": plan.rows, "columns": plan.columns, "first": plan.first });
    reader.page(&data, page)
}

/// How many went in, and how many did not.
fn ending(
    reader: &Reader,
    name: &str,
    done: u64,
    plan: &ImportPlan,
    problem: Option<&Problem>,
) -> Result<Answer, Failure> {
    let mut page = Page::default();
    let at_least = if problem.is_some_and(Problem::is_outcome_unknown) {
        "at least "
    } else {
        ""
    };
    let name = text::harmless(name);
    if done == plan.rows && problem.is_none() {
        page.toned(
            Tone::Ok,
            &format!("Added {} to {name}.", counted(done, "row")),
        );
    } else {
        let text = format!(
            "Added {at_least}{done} of {} to {name}.",
            counted(plan.rows, "row")
        );
        page.toned(Tone::Warn, &text);
    }
    let data: Value = json!({ "inserted": done, "of": plan.rows });
    reader.page(&data, page)
}
