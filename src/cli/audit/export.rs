//! `supadeck audit export`.

use super::super::answer::Answered;
use super::super::context::{Context, Reader};
use super::super::interrupt;
use super::super::output;
use super::super::page::{Page, Tone};
use super::export_file::{ExportFile, manifest_path};
use super::format;
use super::which::Which;
use super::{masks, names};
use crate::domain::audit::export::{
    ExportRequest, ExportRow, Manifest, NAMES, columns_of, csv_line, cursor, masked, named, record,
};
use crate::domain::audit::filter::Filter;
use crate::domain::audit::mask::Mask;
use crate::domain::audit::trail::Trail;
use crate::domain::csv;
use crate::domain::people::People;
use crate::domain::plural::counted;
use crate::domain::problem::{Kind, Problem};
use crate::ops::{audit, audit_export};
use clap::{Args as ClapArgs, ValueEnum};
use std::path::{Path, PathBuf};

/// Write audit records into a file, newest first, with a manifest beside it
///
/// The records are read page by page as the identity in use and written at once; memory does not grow with their number. A line that breaks
/// is taken up again from the last record. Stopped, the export leaves FILE.part, and --resume goes on with it. What is written to the audit log
/// meanwhile is not part of it.
///
/// FILE.manifest.json says what the file holds: filter, identity, masks, how many records, the first and the last, and the SHA-256 of the file.
/// Where the profile's settings tell names (`names`, `emails`), they stand in columns of their own, actor_name and subject_name; of an id that
/// is masked none does. --where takes the filters of `audit list`. Masks replace values by `[masked]`: `*.password` is a field of that name in the row before and after, at any depth;
/// `after.email` that of the row after the change; `source_ip` a column. Those of the profile (`mask = [...]`) count too.
#[derive(ClapArgs)]
pub struct Args {
    /// The file; it must not be there yet
    file: PathBuf,

    #[command(flatten)]
    which: Which,

    /// The form of the file; without it the end of its name says so
    #[arg(long, value_name = "FORM")]
    format: Option<Form>,

    /// What is left out, such as *.password; may be given several times
    #[arg(long, value_name = "MASK")]
    mask: Vec<String>,

    /// Go on with an export that was stopped
    #[arg(long)]
    resume: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// JSON Lines: a record a line, every column
    Json,
    /// Comma-separated values, every column, images as JSON; a cell that a spreadsheet would run as a formula gets an apostrophe in front
    Csv,
    /// A Markdown table of who did what to which row, what changed and why
    Markdown,
}

impl Form {
    fn word(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Markdown => "markdown",
        }
    }

    /// What the end of a name says.
    fn of(file: &Path) -> Option<Self> {
        let end = file.extension()?.to_str()?.to_ascii_lowercase();
        match end.as_str() {
            "json" | "jsonl" | "ndjson" => Some(Self::Json),
            "csv" => Some(Self::Csv),
            "md" | "markdown" => Some(Self::Markdown),
            _ => None,
        }
    }
}

/// Exports.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let form = args
        .format
        .or_else(|| Form::of(&args.file))
        .ok_or_else(|| {
            Problem::new(
                Kind::Usage,
                "Unknown file format.",
                format!(
                    "{} ends with none of .jsonl, .csv and .md.",
                    args.file.display()
                ),
            )
            .with_hint("Say --format json, csv or markdown.")
        })?;
    // A fault of what was typed comes before anything is asked.
    let started_at = context.now();
    let asked = args.which.filter(context).await?;
    Filter::parse(&asked, started_at)?;
    let typed = args.mask.iter().map(|mask| Mask::read(mask));
    typed.collect::<Result<Vec<_>, _>>()?;
    let reader = context.reader().await?;
    // Where the records are is found out before a file is made.
    let finding = reader.on_trail(async |trail: &Trail| {
        audit::count(reader.rest(), reader.who(), trail, &Filter::default()).await?;
        Ok(trail.clone())
    });
    let trail = interrupt::ending(finding).await?;
    let masks = masks::of(&reader, &args.mask)?;
    let stopped = if args.resume {
        Some(ExportFile::stopped(&args.file)?)
    } else {
        None
    };
    let begun = stopped
        .as_ref()
        .and_then(|state| state.started_at.parse().ok());
    let filter = Filter::parse(&asked, begun.unwrap_or(started_at))?;
    let filter = reader.resolved(filter, &trail).await?;
    // What cannot be asked leaves no file behind.
    trail.pushdown(&filter, reader.who(), false)?;
    let wanted = wanted(args, (&trail, &filter), form, &masks, &reader);
    let people = names_of(context, &reader).await?;
    let mut file = match stopped {
        None => ExportFile::begin(&args.file, wanted, started_at.to_string())?,
        Some(state) => {
            if let Some(what) = state.wanted.difference(&wanted) {
                return Err(Problem::new(
                    Kind::Usage,
                    format!("The export of {} was begun otherwise.", args.file.display()),
                    format!("Its {what} is not the same."),
                )
                .with_hint("Go on with what it was begun with, or remove the part and begin again.")
                .into());
            }
            ExportFile::resume(&args.file, state)?
        }
    };
    let writing = async {
        let total = audit::count(reader.rest(), reader.who(), &trail, &filter)
            .await
            .ok();
        let which = (&trail, &filter);
        let shape = (form, masks.as_slice(), people.as_ref());
        write(context, &reader, which, shape, &mut file, total).await
    };
    let read = interrupt::ending(writing)
        .await
        .map_err(|problem| match problem.hint {
            Some(_) => problem,
            None => problem.with_hint("What was written is kept: --resume goes on with it."),
        })?;
    let manifest = file.finish(read, context.now().to_string())?;
    let mut page = page(&manifest, &args.file, &reader);
    if let Some(sentence) = trail.sentence() {
        page.toned(Tone::Muted, &sentence);
    }
    reader.page(&manifest, page)
}

/// Reads and writes page by page; tells how many records were read in all, those of an earlier run included.
async fn write(
    context: &Context,
    reader: &Reader,
    (trail, filter): (&Trail, &Filter),
    (form, masks, people): (Form, &[Mask], Option<&People>),
    file: &mut ExportFile,
    total: Option<u64>,
) -> Result<u64, Problem> {
    let before = file.state().records;
    // The heading of a file without records: with one the columns are known.
    if file.state().bytes == 0 && form == Form::Markdown {
        file.write(&format::markdown_head(), 0, None, None)?;
    }
    let nobody = People::new();
    let mut shown = before;
    let step = (total.unwrap_or(0) / 20).max(10_000);
    let from = file.state().last.clone();
    let take = |rows: Vec<ExportRow>| -> Result<(), Problem> {
        let mut lines = String::new();
        if form == Form::Csv && file.state().columns.is_empty() {
            let mut columns = rows.first().map(columns_of).unwrap_or_default();
            columns.extend(people.iter().flat_map(|_| NAMES));
            lines += &csv::record(&columns);
            file.set_columns(&columns);
        }
        let columns = file.state().columns.clone();
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        let (count, first, last) = (
            rows.len() as u64,
            rows.first().and_then(cursor),
            rows.last().and_then(cursor),
        );
        let mut matches = file.state().mask_matches.clone();
        for row in rows {
            let row = masked(row, masks, &mut matches);
            if form == Form::Markdown {
                lines += &format::markdown(&record(row)?, people.unwrap_or(&nobody));
                continue;
            }
            let row = match people {
                Some(people) => named(row, people),
                None => row,
            };
            match form {
                Form::Csv => lines += &csv_line(&row, &columns),
                Form::Json | Form::Markdown => lines += &output::document(&row.into()),
            }
        }
        file.set_mask_matches(matches);
        file.write(&lines, count, first, last)?;
        let records = file.state().records;
        if records - shown >= step {
            shown = records;
            progress(context, records, total);
        }
        Ok(())
    };
    let rest = reader.rest();
    let read = audit_export::run(
        rest,
        reader.who(),
        (trail, filter),
        from,
        audit_export::PAUSE,
        take,
    )
    .await?;
    if file.state().bytes == 0 && form == Form::Csv {
        let mut columns = audit_export::columns(rest, reader.who(), trail).await?;
        columns.extend(people.iter().flat_map(|_| NAMES));
        file.write(&csv::record(&columns), 0, None, None)?;
    }
    Ok(before + read)
}

/// The people whose names stand beside ids, where the profile's settings tell any. Why some are not known is said.
async fn names_of(context: &Context, reader: &Reader) -> Result<Option<People>, Problem> {
    if !reader.tells_names() {
        return Ok(None);
    }
    let told = interrupt::ending(async { Ok(reader.people().await) }).await?;
    names::say(context, &told);
    Ok(Some(told.people))
}

/// A line on stderr for every twentieth part.
fn progress(context: &Context, records: u64, total: Option<u64>) {
    let mut page = Page::default();
    // The server's estimate may be less than what has come.
    let line = match total.filter(|total| *total > records) {
        Some(total) => format!("{records} of about {total} records written."),
        None => format!("{records} records written."),
    };
    page.toned(Tone::Muted, &line);
    context.output().note(&page);
}

fn wanted(
    args: &Args,
    (trail, meant): (&Trail, &Filter),
    form: Form,
    masks: &[Mask],
    reader: &Reader,
) -> ExportRequest {
    let who = reader.who();
    ExportRequest {
        project: reader.url().to_owned(),
        trail: (!trail.is_own()).then(|| trail.name()),
        filter: args.which.filter.clone(),
        meaning: meant.to_string(),
        format: form.word().to_owned(),
        masked: masks.iter().map(|mask| mask.text().to_owned()).collect(),
        names: reader.tells_names(),
        identity: who.name().to_owned(),
        role: who.role().to_owned(),
        rls: who.is_under_rls(),
    }
}

fn page(manifest: &Manifest, file: &Path, reader: &Reader) -> Page {
    let mut page = Page::default();
    if manifest.records == 0 {
        page.line(reader.who().no_rows());
    }
    page.line(format!(
        "Wrote {}, {} bytes, to {}.",
        counted(manifest.records, "record"),
        manifest.bytes,
        file.display()
    ));
    let masks = manifest.wanted.masked.iter().zip(&manifest.mask_matches);
    for (mask, _) in masks.filter(|(_, count)| **count == 0) {
        let text = format!("The mask {mask} matched nothing that another one had left.");
        page.toned(Tone::Warn, &text);
    }
    page.toned(
        Tone::Muted,
        &format!(
            "SHA-256 {}; more in {}.",
            manifest.sha256,
            manifest_path(file).display()
        ),
    );
    page
}
