//! `supadeck audit list`.

use super::super::answer::{Answered, Body};
use super::super::context::{Context, Reader};
use super::super::interrupt;
use super::super::page::{Page, Span, Table, Tone};
use super::actor::actor;
use super::format;
use super::masks;
use super::names;
use super::which::Which;
use crate::domain::audit::filter::Filter;
use crate::domain::audit::mask::Mask;
use crate::domain::audit::trail::Trail;
use crate::domain::audit::{self as audit_trail, Ask, Looked, Record, Summary};
use crate::domain::identity::Identity;
use crate::domain::moment::{self, printed};
use crate::domain::people::People;
use crate::domain::plural::counted;
use crate::domain::problem::Problem;
use crate::ops::audit::{self, Row};
use clap::{Args as ClapArgs, ValueEnum};

/// List audit records, newest first
///
/// A filter is made of terms; values of one key are alternatives, different keys must all hold, `-` in front takes what does not fit:
///
///     actor:bob@example.com  actor:me  subject:none  actor:ID, or its first eight characters
///     action:plan_item.*  action:task.insert,task.delete  type:user|system|ai  -type:ai
///     changed:qty,notes  text:"deep work"  row:plan_item/ID  request:ID
///     since:2h  until:2025-10-04  on:2025-10-04
///     after.status:completed  before.qty>3  after.notes~"two words"
///     after.tags[0]:x  after."a.b":1  after.v:null  after.v:"null"
///
/// Paths are typed as `audit show` prints them; `before` is the row before the change, `after` the row after it. Days and times without an
/// offset are UTC. A filter that no index answers looks at one record after the other.
#[derive(ClapArgs)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[command(flatten)]
    which: Which,

    /// The most records
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,

    /// The bare records in this form, instead of a table; what the profile masks (`mask = [...]`) is left out, as from an export
    #[arg(long, value_name = "FORM", conflicts_with = "json")]
    format: Option<Form>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// An array of objects, whole
    Json,
    /// Comma-separated values, every column, the images as JSON; a cell that a spreadsheet would run as a formula gets an
    /// apostrophe in front
    Csv,
    /// A Markdown table of who did what to which row, what changed and why
    Markdown,
}

/// Reads the newest records that fit. Only the table does without their images.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let filter = Filter::parse(&args.which.filter(context).await?, context.now())?;
    let reader = context.reader().await?;
    let list = List {
        reader: &reader,
        filter: &filter,
        limit: args.limit as usize,
    };
    let Some(form) = args.form(context) else {
        let mut rows: Vec<Summary> = Vec::new();
        let end = interrupt::ending(list.read(|page| rows.extend(page))).await?;
        let people = names::of(context, &reader, &rows).await?;
        let known = (reader.who(), &people);
        let mut answer = reader.answer(&rows, end.is_empty, &table(&rows, known))?;
        if let Body::Page(page) = &mut answer.body {
            page.append(end.notes());
        }
        return Ok(answer);
    };
    let masks = masks::of(&reader, &[])?;
    let mut matches = vec![0_u64; masks.len()];
    let mut text = match form {
        Form::Json => String::new(),
        Form::Csv => format::csv_head(),
        Form::Markdown => format::markdown_head(),
    };
    let mut rows: Vec<Record> = Vec::new();
    let people = if form == Form::Markdown && reader.tells_names() {
        let told = interrupt::ending(async { Ok(reader.people().await) }).await?;
        names::say(context, &told);
        told.people
    } else {
        People::new()
    };
    // A line that is written needs its record no longer: there may be many, and their images are large.
    let take = |mut page: Vec<Record>| {
        for record in &mut page {
            for (mask, count) in masks.iter().zip(&mut matches) {
                *count += u64::from(mask.apply_to(record));
            }
        }
        match form {
            Form::Json => rows.extend(page),
            Form::Csv => text.extend(page.iter().map(format::csv)),
            Form::Markdown => {
                text.extend(page.iter().map(|record| format::markdown(record, &people)));
            }
        }
    };
    let end = interrupt::ending(list.read(take)).await?;
    let mut answer = reader.page(&rows, Page::default())?;
    answer = answer.with("has_more", &end.has_more)?;
    if !end.trail.is_own() {
        answer = answer
            .with("trail", &end.trail.name())?
            .with("missing", &end.trail.missing())?;
    }
    if let Some(meant) = &end.meant {
        answer = answer.with("meant", meant)?;
    }
    if !masks.is_empty() {
        let masked: Vec<&str> = masks.iter().map(Mask::text).collect();
        answer = answer
            .with("masked", &masked)?
            .with("mask_matches", &matches)?;
    }
    if args.format.is_some() {
        // The bare records are for a program; whose they are and whether they are all is for whoever ran it.
        let mut note = reader.heading();
        if end.is_empty {
            note.line(reader.who().no_rows());
        }
        for (mask, count) in masks.iter().zip(&matches) {
            let (mask, count) = (mask.text(), counted(*count, "record"));
            let told = format!("The profile masks {mask}: {count}.");
            note.toned(Tone::Muted, &told);
        }
        note.append(end.notes());
        context.output().note(&note);
        answer.body = Body::Raw(match form {
            Form::Json => super::super::output::document(&answer.data),
            Form::Csv | Form::Markdown => text,
        });
    }
    Ok(answer)
}

impl Args {
    /// The form of the bare records: what was asked for, or JSON for the document that holds them.
    fn form(&self, context: &Context) -> Option<Form> {
        let document = context.output().is_json().then_some(Form::Json);
        self.format.or(document)
    }
}

/// What is listed, and as whom.
struct List<'a> {
    reader: &'a Reader,
    filter: &'a Filter,
    limit: usize,
}

/// What is known when the reading is over.
struct End {
    trail: Trail,
    is_empty: bool,
    has_more: bool,
    meant: Option<String>,
    /// How far a search has come that did not come to its end.
    looked: Option<Looked>,
}

impl List<'_> {
    /// Reads the trail, wherever it is.
    async fn read<R: Row>(&self, mut take: impl FnMut(Vec<R>)) -> Result<End, Problem> {
        let reading = async |trail: &Trail| self.read_in(trail, &mut take).await;
        self.reader.on_trail(reading).await
    }

    /// Reads page after page until there are enough.
    async fn read_in<R: Row>(
        &self,
        trail: &Trail,
        take: &mut impl FnMut(Vec<R>),
    ) -> Result<End, Problem> {
        let (rest, who) = (self.reader.rest(), self.reader.who());
        let mut count = 0;
        let mut looked: Option<Looked> = None;
        let mut ask = Ask {
            trail: trail.clone(),
            filter: self.reader.resolved(self.filter.clone(), trail).await?,
            ..Ask::default()
        };
        loop {
            ask.limit = self.limit - count;
            let page: audit_trail::Page<R> = audit::page(rest, who, &ask).await?;
            count += page.rows.len();
            take(page.rows);
            let before = looked.unwrap_or_default();
            looked = page.looked.map(|looked| looked.after(&before));
            if !page.has_more || page.next.is_none() || count >= self.limit {
                return Ok(End {
                    trail: trail.clone(),
                    is_empty: count == 0,
                    has_more: page.has_more,
                    meant: page.meant,
                    looked: looked.filter(|_| page.has_more),
                });
            }
            (ask.from, ask.has_changed) = (page.next, page.has_changed);
        }
    }
}

impl End {
    /// What to do where there is more, or nothing.
    fn notes(&self) -> Page {
        let mut page = Page::default();
        if let Some(sentence) = self.trail.sentence() {
            page.toned(Tone::Muted, &sentence);
        }
        if self.has_more {
            page.toned(
                Tone::Muted,
                "There are more: raise --limit, or narrow with --where.",
            );
        }
        if let Some(looked) = &self.looked {
            page.toned(Tone::Muted, &looked.sentence());
        }
        if let Some(meant) = &self.meant {
            page.line(format!("Did you mean `action:{meant}`?"));
        }
        page
    }
}

/// The columns of what changed.
const CHANGE_COLUMNS: usize = 60;

fn table(rows: &[Summary], known: (&Identity, &People)) -> Table {
    let mut table = Table::new(&["TIME", "ACTION", "@ACTOR", "~CHANGE", "#ID"]);
    for row in rows {
        let actor = actor(&row.actor_type, row.actor_user_id.as_deref(), known);
        table.row(vec![
            Span::from(printed(&row.created_at, moment::Form::Detail)),
            Span::from(&row.action),
            Span::from(actor),
            Span::from(row.story.change(CHANGE_COLUMNS, "→").as_str()),
            Span::from(&row.id),
        ]);
    }
    table
}
