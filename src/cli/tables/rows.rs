//! `supadeck table rows`.

use super::super::answer::{Answered, Body};
use super::super::context::{Context, Reader};
use super::super::interrupt;
use super::super::page::{Page, Span, Table, Tone};
use super::super::table::Kind as Align;
use super::which::Which;
use crate::domain::filter::text::values;
use crate::domain::plural::grouped;
use crate::domain::problem::Problem;
use crate::domain::table::cell::cell_text;
use crate::domain::table::column::{ColumnInfo, ColumnKind};
use crate::domain::table::export::plain;
use crate::domain::table::filter::{RowFilter, RowFilterFor};
use crate::domain::table::info::TableInfo;
use crate::domain::table::paging::{PageStart, RowOrder, RowValues, RowsWanted};
use crate::domain::{csv, markdown};
use crate::ops::table;
use clap::{Args as ClapArgs, ValueEnum};
use serde_json::Value;

/// Read rows of a table or view
///
/// A filter is made of terms; values of one column are alternatives, different columns must all hold, `-` in front takes what does not fit:
///
///     status:completed,planned  -status:skipped  status!=skipped  notes:null  notes:""
///     qty>3  qty<=2.5  created_at>2h  created_at:2025-10-04  created_at<2025-10-04T12:30Z
///     notes~"two words"  notes~deep*work       contains, without regard to case
///     id:1b4e28ba  user_id:me                  a UUID, its first eight characters, or the identity
///     tags:health                              an array that has it
///     data.address.city:Rome  data.lines[0]:x  inside JSON
///     "odd name":x                             a column whose name is no plain word
///
/// Pages follow the table's key; a table without one is paged by OFFSET, which is said. Times without an offset are UTC.
#[derive(ClapArgs)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[command(flatten)]
    which: Which,

    #[command(flatten)]
    wanted: Wanted,

    /// The most rows
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,

    /// The bare rows in this form, instead of a table
    #[arg(long, value_name = "FORM", conflicts_with = "json")]
    format: Option<Form>,
}

/// Which rows and columns, in which order.
#[derive(ClapArgs)]
pub struct Wanted {
    /// Only rows that fit
    // A condition may begin with `-`, which turns it round.
    #[arg(
        long = "where",
        value_name = "FILTER",
        default_value = "",
        hide_default_value = true,
        allow_hyphen_values = true
    )]
    filter: String,

    /// Only these columns, with commas; an odd name in double quotes
    #[arg(
        long,
        value_name = "COLUMNS",
        default_value = "",
        hide_default_value = true
    )]
    select: String,

    /// Sort by these columns; `-` in front puts the largest first
    #[arg(
        long,
        value_name = "COLUMNS",
        default_value = "",
        hide_default_value = true,
        allow_hyphen_values = true
    )]
    sort: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// An array of objects
    Json,
    /// Comma-separated values; no value is an empty cell, an empty text is `""`; a cell that a spreadsheet would run as a
    /// formula gets an apostrophe in front
    Csv,
    /// A Markdown table
    Markdown,
}

/// So many rows are asked for at a time, and one more that tells whether there are others: with it, what servers send at most
/// unless they are told otherwise.
const PAGE: usize = 999;

/// What was read.
struct Read {
    rows: Vec<RowValues>,
    has_more: bool,
    is_keyed: bool,
    cut_at: Option<usize>,
}

/// Reads the rows that fit.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let reader = context.reader().await?;
    let mut table = args.which.described(context, &reader).await?;
    let mut ask = args.wanted.ask(context, &reader, table.clone())?;
    ask.limit = args.limit as usize;
    let columns = ask.columns.clone();
    let is_filtered = !ask.filter.is_empty();
    let mut read = interrupt::ending(all(&reader, ask)).await?;
    if !columns.is_empty() {
        for row in &mut read.rows {
            row.retain(|name, _| columns.contains(name));
        }
    }
    table.learn(read.rows.first().into_iter().flat_map(|row| row.keys()));
    let shown = shown(&table, &columns, &read.rows);
    let mut page = Page::default();
    if read.rows.is_empty() {
        page.line(table.no_rows(reader.who(), is_filtered));
    } else {
        page.table(&table_of(&shown, &read.rows));
    }
    let notes = notes(&read);
    page.append(notes.clone());
    let mut answer = reader
        .page(&read.rows, page)?
        .with("table", &table.full_name())?
        .with("key", &table.key)?
        .with("paging", &if read.is_keyed { "key" } else { "offset" })?
        .with("has_more", &read.has_more)?;
    if let Some(rows) = read.cut_at {
        answer = answer.with("server_rows", &rows)?;
    }
    if let Some(form) = args.format {
        // The bare rows are for a program; whose they are and whether they are all is for whoever ran it.
        let mut note = reader.heading();
        if read.rows.is_empty() {
            note.line(table.no_rows(reader.who(), is_filtered));
        }
        note.append(notes);
        context.output().note(&note);
        answer.body = Body::Raw(match form {
            Form::Json => super::super::output::document(&answer.data),
            Form::Csv => csv_of(&shown, &read.rows),
            Form::Markdown => markdown_of(&shown, &read.rows),
        });
    }
    Ok(answer)
}

impl Wanted {
    /// What is asked for of a table; how many rows at a time is for whoever asks.
    pub fn ask(
        &self,
        context: &Context,
        reader: &Reader,
        table: TableInfo,
    ) -> Result<RowsWanted, Problem> {
        let columns = self.columns(&table)?;
        let sort = values(&self.sort)?;
        let sort = sort.iter().filter(|one| !one.text.is_empty());
        let sort = sort.map(|one| RowOrder::parse(&table, &one.text));
        let order = RowOrder::of(&table, &sort.collect::<Result<Vec<_>, _>>()?)?;
        let for_ = RowFilterFor {
            table: &table,
            who: reader.who(),
            now: context.now(),
        };
        let filter = RowFilter::parse(&self.filter, for_)?;
        Ok(RowsWanted {
            filter: filter.conditions().to_vec(),
            order,
            columns,
            from: PageStart::First,
            limit: PAGE,
            passed: 0,
            table,
        })
    }

    /// The columns that are wanted.
    fn columns(&self, table: &TableInfo) -> Result<Vec<String>, Problem> {
        let mut columns = Vec::new();
        for typed in values(&self.select)? {
            let name = if typed.was_quoted {
                typed.text
            } else {
                typed.text.trim().to_owned()
            };
            if name.is_empty() && !typed.was_quoted {
                continue;
            }
            table.find(&name)?;
            if !columns.contains(&name) {
                columns.push(name);
            }
        }
        Ok(columns)
    }
}

/// Reads page after page until there are enough.
async fn all(reader: &Reader, mut ask: RowsWanted) -> Result<Read, Problem> {
    let wanted = ask.limit;
    let mut rows: Vec<RowValues> = Vec::new();
    let mut cut_at = None;
    loop {
        ask.limit = (wanted - rows.len()).min(PAGE);
        ask.passed = rows.len();
        let page = table::rows(reader.rest(), reader.who(), &ask).await?;
        rows.extend(page.rows);
        cut_at = cut_at.or(page.cut_at);
        match page.next {
            Some(next) if rows.len() < wanted => ask.from = next,
            next => {
                return Ok(Read {
                    rows,
                    has_more: next.is_some(),
                    is_keyed: ask.order.is_keyed,
                    cut_at,
                });
            }
        }
    }
}

/// What to know of how it was read.
fn notes(read: &Read) -> Page {
    let mut page = Page::default();
    if read.has_more {
        page.toned(
            Tone::Muted,
            "There are more: raise --limit, or narrow with --where.",
        );
    }
    if !read.is_keyed && (read.has_more || read.rows.len() > PAGE || read.cut_at.is_some()) {
        page.toned(
            Tone::Warn,
            "No primary key: pages by OFFSET, so rows that are written meanwhile can shift these.",
        );
    }
    if let Some(rows) = read.cut_at {
        let rows = grouped(rows as u64);
        page.toned(
            Tone::Muted,
            &format!("The server sends {rows} rows at a time; they were asked for piece by piece."),
        );
    }
    page
}

/// The columns that are shown, in their order.
fn shown(table: &TableInfo, columns: &[String], rows: &[RowValues]) -> Vec<ColumnInfo> {
    let unknown = |name: &String| ColumnInfo::unknown(name);
    let known = |name: &String| table.column(name).cloned().unwrap_or_else(|| unknown(name));
    if !columns.is_empty() {
        return columns.iter().map(known).collect();
    }
    match rows.first() {
        Some(row) => row.keys().map(known).collect(),
        None => table.columns.clone(),
    }
}

fn value<'a>(row: &'a RowValues, column: &ColumnInfo) -> &'a Value {
    row.get(&column.name).unwrap_or(&Value::Null)
}

fn table_of(columns: &[ColumnInfo], rows: &[RowValues]) -> Table {
    let heading = columns.iter().map(|column| {
        let align = match column.kind() {
            kind if kind.is_number() => Align::Number,
            ColumnKind::Uuid => Align::Key,
            ColumnKind::Text
            | ColumnKind::Json
            | ColumnKind::Jsonb
            | ColumnKind::Array
            | ColumnKind::Other
            | ColumnKind::Unknown => Align::Text,
            _ => Align::Plain,
        };
        (column.name.clone(), align)
    });
    let mut table = Table::named(heading);
    for row in rows {
        let cells = columns.iter().map(|column| {
            let cell = cell_text(column.kind(), value(row, column), None);
            let tone = if cell.is_sign {
                Tone::Muted
            } else {
                Tone::Text
            };
            Span::new(tone, &cell.text)
        });
        table.row(cells.collect());
    }
    table
}

fn csv_of(columns: &[ColumnInfo], rows: &[RowValues]) -> String {
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let mut out = csv::record(&names);
    for row in rows {
        let cells: Vec<Option<String>> = columns
            .iter()
            .map(|column| plain(value(row, column)))
            .collect();
        out.push_str(&csv::values(&cells));
    }
    out
}

fn markdown_of(columns: &[ColumnInfo], rows: &[RowValues]) -> String {
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let mut out = markdown::row(&names);
    let rule = columns.iter().map(|column| {
        if column.kind().is_number() {
            "| ---: "
        } else {
            "| --- "
        }
    });
    out.extend(rule);
    out.push_str("|\n");
    for row in rows {
        let cells: Vec<String> = columns
            .iter()
            .map(|column| plain(value(row, column)).unwrap_or_default())
            .collect();
        out.push_str(&markdown::row(&cells));
    }
    out
}
