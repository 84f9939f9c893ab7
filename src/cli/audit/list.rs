//! `supadeck audit list`.

use super::super::answer::{Answer, Answered, Body};
use super::super::context::{Context, Reader};
use super::super::interrupt;
use super::super::page::{Page, Span, Table, Tone};
use super::format;
use crate::domain::audit::filter::Filter;
use crate::domain::audit::{Summary, Way};
use crate::domain::problem::Problem;
use crate::ops::audit;
use clap::{Args as ClapArgs, ValueEnum};

/// List audit records, newest first
///
/// A filter is made of terms; terms of one key are alternatives, different keys must all hold:
///
///     actor:ID|me|none  subject:ID|me|none  action:plan_item.*
///     type:user|system|ai  correlation:ID  since:2h  until:2025-10-04
///     after.status:completed  before.qty>3  "after.notes~two words"
#[derive(ClapArgs)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// Only records that fit
    #[arg(
        long = "where",
        value_name = "FILTER",
        default_value = "",
        hide_default_value = true
    )]
    filter: String,

    /// The most records
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,

    /// The bare records in this form, instead of a table
    #[arg(long, value_name = "FORM", conflicts_with = "json")]
    format: Option<Form>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// An array of objects
    Json,
    /// Comma-separated values; a cell that a spreadsheet would run as a formula gets an apostrophe in front
    Csv,
    /// A Markdown table
    Markdown,
}

/// Reads the newest records that fit.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let filter = Filter::parse(&args.filter, context.now())?;
    let reader = context.reader().await?;
    let read = read(&reader, &filter, args.limit as usize);
    let (rows, has_more) = interrupt::ending(read).await?;
    let mut answer = reader.answer(&rows, rows.is_empty(), &table(&rows))?;
    answer = answer.with("has_more", &has_more)?;
    if let Body::Page(page) = &mut answer.body {
        and_more(page, has_more);
    }
    if let Some(form) = args.format {
        // The bare records are for a program; whose they are and whether they are all is for whoever ran it.
        let mut note = reader.heading();
        if rows.is_empty() {
            note.line(reader.who().no_rows());
        }
        and_more(&mut note, has_more);
        context.output().note(&note);
        answer.body = Body::Raw(formed(form, &rows)?);
    }
    Ok(answer)
}

fn and_more(page: &mut Page, has_more: bool) {
    if has_more {
        page.toned(
            Tone::Muted,
            "There are more: raise --limit, or narrow with --where.",
        );
    }
}

fn formed(form: Form, rows: &[Summary]) -> Result<String, Problem> {
    Ok(match form {
        Form::Csv => format::csv(rows),
        Form::Markdown => format::markdown(rows),
        Form::Json => super::super::output::document(&Answer::new(&rows, <_>::default())?.data),
    })
}

/// Reads page after page until there are enough.
async fn read(
    reader: &Reader,
    filter: &Filter,
    limit: usize,
) -> Result<(Vec<Summary>, bool), Problem> {
    let mut rows: Vec<Summary> = Vec::new();
    loop {
        let from = rows.last().map(Summary::cursor);
        let wanted = limit - rows.len();
        let page = audit::page(
            reader.rest(),
            reader.who(),
            filter,
            from.as_ref(),
            Way::Older,
            wanted,
        );
        let page = page.await?;
        let is_empty = page.rows.is_empty();
        rows.extend(page.rows);
        if !page.has_more || is_empty || rows.len() >= limit {
            return Ok((rows, page.has_more));
        }
    }
}

fn table(rows: &[Summary]) -> Table {
    let mut table = Table::new(&["TIME", "ACTION", "ACTOR", "SUBJECT", "ID"]);
    for row in rows {
        let actor = match &row.actor_user_id {
            Some(id) => format!("{} {id}", row.actor_type),
            None => row.actor_type.clone(),
        };
        table.row(vec![
            Span::from(&row.created_at),
            Span::from(&row.action),
            Span::from(actor),
            Span::from(row.subject_user_id.as_deref().unwrap_or_default()),
            Span::from(&row.id),
        ]);
    }
    table
}
