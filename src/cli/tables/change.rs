//! `supadeck table insert`, `update` and `delete`: the rows and what becomes of them are shown, a word is asked for, and each row is
//! changed only while it is as it was shown.

use super::super::answer::{Answer, Answered, Failure};
use super::super::confirm::{self, Confirm};
use super::super::context::{Context, Reader};
use super::super::interrupt;
use super::super::page::{Page, Span, Table, Tone};
use super::which::Which;
use crate::domain::audit::diff::window;
use crate::domain::filter::text::{Typed, find_outside, unquoted};
use crate::domain::identity::Identity;
use crate::domain::plural::counted;
use crate::domain::problem::{Kind, Problem};
use crate::domain::query::{Filter, Op};
use crate::domain::table::cell::cell_text;
use crate::domain::table::change::{RowChange, RowChanged, key_words, typed_value};
use crate::domain::table::column::{ColumnInfo, ColumnKind};
use crate::domain::table::filter::{RowFilter, RowFilterFor};
use crate::domain::table::info::TableInfo;
use crate::domain::table::paging::{PageStart, RowOrder, RowValues, RowsWanted};
use crate::domain::text;
use crate::ops::table;
use crate::ops::table_change;
use clap::Args as ClapArgs;

/// The most rows of one command.
const MOST: usize = 100;
/// The columns that a value takes in what is shown.
const VALUE_COLUMNS: usize = 48;

/// Add a row to a table
///
/// What is sent is shown first, and a word is asked for. `null` is no value, what stands in double quotes is a text; JSON and arrays are typed as JSON.
#[derive(ClapArgs)]
pub struct Insert {
    #[command(flatten)]
    which: Which,

    /// A column and its value; can be given several times
    #[arg(long, value_name = "COLUMN=VALUE")]
    set: Vec<String>,

    #[command(flatten)]
    confirm: Confirm,
}

/// Change the rows of a table that fit a filter
///
/// Each row with its difference is shown first, and a word is asked for. A row that somebody else changed meanwhile is left as it is; the first refusal stops the rest.
#[derive(ClapArgs)]
pub struct Update {
    #[command(flatten)]
    which: Which,

    #[command(flatten)]
    rows: Rows,

    /// A column and its value; can be given several times. `null` is no value, what stands in double quotes is a text
    #[arg(long, value_name = "COLUMN=VALUE", required = true)]
    set: Vec<String>,

    #[command(flatten)]
    confirm: Confirm,
}

/// Remove the rows of a table that fit a filter
///
/// The rows are shown first, and a word is asked for. A row that somebody else changed meanwhile stays; the first refusal stops the rest.
#[derive(ClapArgs)]
pub struct Delete {
    #[command(flatten)]
    which: Which,

    #[command(flatten)]
    rows: Rows,

    #[command(flatten)]
    confirm: Confirm,
}

/// Which rows are changed.
#[derive(ClapArgs)]
pub struct Rows {
    /// Only rows that fit, 100 at most; see `supadeck table rows --help`
    #[arg(long = "where", value_name = "FILTER", allow_hyphen_values = true)]
    filter: String,
}

/// Adds a row.
pub async fn insert(context: &Context, args: &Insert) -> Answered {
    let (reader, table) = opened(context, &args.which).await?;
    let change = RowChange::insert(&table, values(&table, &args.set)?)?;
    make(context, &reader, &table, &[change], &args.confirm).await
}

/// Changes rows.
pub async fn update(context: &Context, args: &Update) -> Answered {
    let (reader, table) = opened(context, &args.which).await?;
    let new = values(&table, &args.set)?;
    let rows = args.rows.read(context, &reader, &table).await?;
    let changes = rows
        .into_iter()
        .map(|was| RowChange::update(&table, was, new.clone()));
    let changes: Vec<Option<RowChange>> = changes.collect::<Result<_, _>>()?;
    let changes: Vec<RowChange> = changes.into_iter().flatten().collect();
    if changes.is_empty() {
        let mut page = Page::default();
        page.line("Nothing to change: the rows have these values already.");
        return reader.page(&Vec::<RowChanged>::new(), page);
    }
    make(context, &reader, &table, &changes, &args.confirm).await
}

/// Removes rows.
pub async fn delete(context: &Context, args: &Delete) -> Answered {
    let (reader, table) = opened(context, &args.which).await?;
    let rows = args.rows.read(context, &reader, &table).await?;
    let changes = rows.into_iter().map(|was| RowChange::delete(&table, was));
    let changes: Vec<RowChange> = changes.collect::<Result<_, _>>()?;
    make(context, &reader, &table, &changes, &args.confirm).await
}

async fn opened(context: &Context, which: &Which) -> Result<(Reader, TableInfo), Problem> {
    let reader = context.reader().await?;
    let table = which.described(context, &reader).await?;
    Ok((reader, table))
}

/// The values that were typed.
fn values(table: &TableInfo, typed: &[String]) -> Result<RowValues, Problem> {
    let mut values = RowValues::new();
    for one in typed {
        let Some(at) = find_outside(one, '=') else {
            return Err(Problem::new(
                Kind::Usage,
                format!("`{}` sets nothing.", text::cell(one)),
                "It is a column, `=` and a value.",
            )
            .with_hint("For example `--set 'notes=two words'`."));
        };
        let (name, value) = (unquoted(&one[..at])?.text, &one[at + 1..]);
        let column = table.find(name.trim())?;
        let is_document = matches!(
            column.kind(),
            ColumnKind::Json | ColumnKind::Jsonb | ColumnKind::Array
        );
        let is_quoted = value.len() >= 2 && value.starts_with('"') && value.ends_with('"');
        let typed = if is_quoted && !is_document {
            unquoted(value)?
        } else {
            Typed {
                text: value.to_owned(),
                was_quoted: false,
            }
        };
        let value = typed_value(&column, &typed)?;
        if values.insert(column.name.clone(), value).is_some() {
            return Err(Problem::new(
                Kind::Usage,
                format!("`{}` is set twice.", text::cell(&column.name)),
                "A column takes one value.",
            ));
        }
    }
    Ok(values)
}

impl Rows {
    /// The rows that fit, whole.
    async fn read(
        &self,
        context: &Context,
        reader: &Reader,
        table: &TableInfo,
    ) -> Result<Vec<RowValues>, Problem> {
        let for_ = RowFilterFor {
            table,
            who: reader.who(),
            now: context.now(),
        };
        let filter = RowFilter::parse(&self.filter, for_)?;
        if filter.is_empty() {
            return Err(Problem::new(
                Kind::Usage,
                "Which rows are meant is not said.",
                "The filter is empty, and would fit every row.",
            )
            .with_hint("For example `--where id:7`."));
        }
        let mut wanted = RowsWanted {
            table: table.clone(),
            filter: filter.conditions().to_vec(),
            order: RowOrder::of(table, &[])?,
            columns: Vec::new(),
            from: PageStart::First,
            limit: MOST,
            passed: 0,
        };
        // A server may send fewer rows at a time than are asked for.
        let mut rows = Vec::new();
        let has_more = loop {
            let page = table::rows(reader.rest(), reader.who(), &wanted);
            let page = interrupt::ending(page).await?;
            rows.extend(page.rows);
            match page.next {
                Some(from) if rows.len() < MOST => {
                    wanted.from = from;
                    wanted.passed = rows.len();
                    wanted.limit = MOST - rows.len();
                }
                next => break next.is_some(),
            }
        };
        if rows.is_empty() {
            return Err(none_fits(reader.who(), table, filter.conditions()));
        }
        if has_more {
            return Err(Problem::new(
                Kind::Usage,
                format!("More than {MOST} rows fit."),
                "So many are not changed one by one, each as it was shown.",
            )
            .with_hint("Narrow the filter, or change them with SQL in a migration."));
        }
        Ok(rows)
    }
}

/// Why there is nothing to change. Only where Row Level Security may hide a row it is a refusal.
fn none_fits(who: &Identity, table: &TableInfo, filter: &[Filter]) -> Problem {
    let name = table.full_name().to_string();
    let name = text::harmless(&name);
    let what = match filter {
        [
            Filter::Compare {
                column,
                op: Op::Eq,
                value,
            },
        ] => format!(
            "No row of {name} has {} {}.",
            text::cell(column),
            text::cell(value)
        ),
        _ => format!("No row of {name} fits."),
    };
    if who.is_under_rls() && !table.hides_no_row() {
        Problem::new(Kind::Denied, what, who.no_rows())
    } else {
        Problem::new(Kind::Usage, what, "")
    }
}

/// Shows the changes, asks, and makes one after the other until one is refused.
async fn make(
    context: &Context,
    reader: &Reader,
    table: &TableInfo,
    changes: &[RowChange],
    options: &Confirm,
) -> Answered {
    let word = changes.first().map_or("", RowChange::word);
    let what = what(word, changes.len(), table);
    let production = context.production_of(reader).await?;
    let shown = || plan(reader, table, changes);
    // Where nothing is asked, nothing else says it before.
    if options.yes && reader.who().is_acted() {
        let mut page = Page::default();
        let who = reader.who().called();
        page.toned(
            Tone::Warn,
            &format!("Note: this writes as {who}, who did not ask for it."),
        );
        context.output().note(&page);
    }
    confirm::confirm(context, &production, options, shown, word, &what).await?;
    let mut done: Vec<RowChanged> = Vec::new();
    for change in changes {
        let write = table_change::make(reader.rest(), reader.who(), table, change);
        match interrupt::finishing(context.output(), write).await {
            Ok(changed) => done.push(changed),
            Err(problem) => {
                let answer = result_answer(reader, table, &done, changes.len())?;
                return Err(Failure::after(problem, answer));
            }
        }
    }
    result_answer(reader, table, &done, changes.len())
}

/// What is asked, in one line.
fn what(word: &str, count: usize, table: &TableInfo) -> String {
    let name = table.full_name().to_string();
    let name = text::harmless(&name);
    match word {
        "insert" => format!("Add {} to {name}", counted(count, "row")),
        "update" => format!("Change {} of {name}", counted(count, "row")),
        _ => format!("Delete {} of {name}", counted(count, "row")),
    }
}

/// The changes to be read: where, as whom, and each row with what it was and what it will be.
fn plan(reader: &Reader, table: &TableInfo, changes: &[RowChange]) -> Result<Answer, Failure> {
    let mut page = Page::default();
    page.toned(Tone::Muted, &format!("At {}.", reader.url()));
    for change in changes {
        page.blank();
        page.toned(Tone::Strong, &change.request(table));
        let mut shown = Table::new(&["COLUMN", "~BEFORE", "~AFTER"]);
        for one in change.columns() {
            let kind = table
                .column(&one.column)
                .map_or(ColumnKind::Unknown, ColumnInfo::kind);
            let cell = |value: &Option<serde_json::Value>| {
                value
                    .as_ref()
                    .map(|value| cell_text(kind, value, None).text)
                    .unwrap_or_default()
            };
            let (old, new) = window(
                &cell(&one.old),
                &cell(&one.new),
                (VALUE_COLUMNS, VALUE_COLUMNS),
                "…",
            );
            shown.row(vec![
                Span::from(&one.column),
                Span::new(
                    if one.old.is_some() {
                        Tone::Danger
                    } else {
                        Tone::Muted
                    },
                    &old,
                ),
                Span::new(
                    if one.new.is_some() {
                        Tone::Ok
                    } else {
                        Tone::Muted
                    },
                    &new,
                ),
            ]);
        }
        page.table(&shown);
    }
    page.blank();
    let columns: Vec<_> = changes.iter().map(RowChange::columns).collect();
    let data: Vec<serde_json::Value> = changes
        .iter()
        .zip(columns)
        .map(|(change, columns)| {
            let columns: Vec<_> = columns
                .into_iter()
                .map(|one| serde_json::json!({"column": one.column, "before": one.old, "after": one.new}))
                .collect();
            serde_json::json!({"verb": change.word(), "row": change.row(table), "columns": columns})
        })
        .collect();
    reader.page(&data, page)
}

/// What was done.
fn result_answer(
    reader: &Reader,
    table: &TableInfo,
    done: &[RowChanged],
    of: usize,
) -> Result<Answer, Failure> {
    let mut page = Page::default();
    for one in done {
        let words = match one.verb {
            "insert" => "Added",
            "update" => "Changed",
            _ => "Deleted",
        };
        page.toned(
            Tone::Ok,
            &format!("{words}: {}.", key_words(table, &one.row)),
        );
        if !one.besides.is_empty() {
            page.toned(
                Tone::Muted,
                &format!(
                    "  The database changed besides: {}.",
                    one.besides.join(", ")
                ),
            );
        }
    }
    if done.len() < of {
        page.toned(
            Tone::Warn,
            &match done.len() {
                0 => "Nothing was written.".to_owned(),
                count => format!("{count} of {of} done; the rest was not tried."),
            },
        );
    }
    reader.page(&done, page)
}
