//! `supadeck audit show`.

use super::super::answer::{Answered, Body};
use super::super::context::Context;
use super::super::interrupt;
use super::super::output;
use super::super::page::{Page, Span, Table, Tone};
use super::actor::{actor, person};
use super::{masks, names};
use crate::domain::audit::Record;
use crate::domain::audit::diff::{Mark, diff, patch};
use crate::domain::audit::mask::Mask;
use crate::domain::audit::trail::Trail;
use crate::domain::identity::Identity;
use crate::domain::moment::{self, printed};
use crate::domain::people::People;
use crate::domain::problem::Problem;
use crate::ops::audit;
use clap::{Args as ClapArgs, ValueEnum};
use serde_json::Value;

/// Show a record with the difference between before and after
///
/// With --json or --format, what the profile masks (`mask = [...]`) is left out, as from an export; the page for a person shows it.
#[derive(ClapArgs)]
pub struct Args {
    /// The record's id
    id: String,

    /// Also show values that did not change
    #[arg(long, conflicts_with = "format")]
    all: bool,

    /// The bare record in this form, instead of a page
    #[arg(long, value_name = "FORM", conflicts_with = "json")]
    format: Option<Form>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// The record, whole
    Json,
    /// What was done to the row as a JSON Patch (RFC 6902), which makes the row after the change of the one before
    Patch,
}

/// Reads the record.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let reader = context.reader().await?;
    let reading = reader.on_trail(async |trail: &Trail| {
        let record = audit::show(reader.rest(), reader.who(), trail, &args.id).await?;
        Ok((record, trail.sentence()))
    });
    let (mut record, trail) = interrupt::ending(reading).await?;
    if args.format.is_none() && !context.output().is_json() {
        let people = names::of(context, &reader, std::slice::from_ref(&record)).await?;
        let mut shown = page(&record, args.all, reader.who(), &people);
        if let Some(sentence) = trail {
            shown.blank();
            shown.toned(Tone::Muted, &sentence);
        }
        return reader.page(&record, shown);
    }
    let masks = masks::of(&reader, &[])?;
    let matched: Vec<bool> = masks
        .iter()
        .map(|mask| mask.apply_to(&mut record))
        .collect();
    let mut answer = reader.page(&record, Page::default())?;
    if !masks.is_empty() {
        let masked: Vec<&str> = masks.iter().map(Mask::text).collect();
        answer = answer
            .with("masked", &masked)?
            .with("mask_matches", &matched)?;
    }
    if let Some(form) = args.format {
        let mut note = reader.heading();
        for (mask, _) in masks
            .iter()
            .zip(&matched)
            .filter(|(_, is_there)| **is_there)
        {
            note.toned(Tone::Muted, &format!("The profile masks {}.", mask.text()));
        }
        if let Some(sentence) = trail {
            note.toned(Tone::Muted, &sentence);
        }
        context.output().note(&note);
        let document = match form {
            Form::Json => output::document(&answer.data),
            Form::Patch => output::document(&patched(&record)?),
        };
        answer.body = Body::Raw(document);
    }
    Ok(answer)
}

/// The change as a JSON Patch.
fn patched(record: &Record) -> Result<Value, Problem> {
    let patch = patch(record.before_state.as_ref(), record.after_state.as_ref());
    serde_json::to_value(&patch)
        .map_err(|error| Problem::internal(format!("A patch is no JSON: {error}.")))
}

fn page(record: &Record, all: bool, reader: &Identity, people: &People) -> Page {
    let mut page = Page::default();
    let mut table = Table::new(&["RECORD", ""]);
    let id = record.actor_user_id.as_deref();
    let actor = actor(&record.actor_type, id, (reader, people));
    let subject = record.subject_user_id.as_deref();
    let subject = subject.map(|id| person(id, (reader, people)));
    let about = record.about();
    let row = about.row();
    let time = printed(&record.created_at, moment::Form::Detail);
    let mut rows = vec![
        ("id", Some(record.id.as_str())),
        ("time", Some(time.as_str())),
        ("action", Some(&record.action)),
        ("row", row.as_deref()),
    ];
    let names = about.names.iter();
    rows.extend(names.map(|name| (name.key.as_str(), Some(name.value.as_str()))));
    rows.extend([
        ("actor", Some(actor.as_str())),
        ("subject", subject.as_deref()),
        ("reason", record.rationale.as_deref()),
        ("correlation", record.correlation_id.as_deref()),
        ("source", record.source_ip.as_deref()),
        ("agent", record.user_agent.as_deref()),
    ]);
    for (name, value) in rows {
        if let Some(value) = value {
            table.row(vec![Span::new(Tone::Muted, name), value.into()]);
        }
    }
    page.table(&table);
    page.blank();
    let difference = diff(record.before_state.as_ref(), record.after_state.as_ref());
    if difference.is_empty() && record.lacks_images() {
        page.toned(Tone::Warn, record.no_difference());
    } else if difference.is_empty() && !all {
        page.toned(Tone::Muted, record.no_difference());
    }
    for line in difference.lines(!all) {
        let tone = match line.mark {
            Mark::Added => Tone::Ok,
            Mark::Removed => Tone::Danger,
            Mark::Changed | Mark::Moved => Tone::Warn,
            Mark::Same => Tone::Muted,
        };
        let mut spans = vec![Span::new(tone, &line.mark.sign().to_string()), " ".into()];
        // The image as a whole has no path.
        if !line.path.is_empty() {
            spans.extend([Span::new(Tone::Strong, &line.path), ": ".into()]);
        }
        spans.push(Span::from(line.text()));
        page.spans(spans);
    }
    page
}
