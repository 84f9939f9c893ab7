//! `supadeck audit show`.

use super::super::answer::Answered;
use super::super::context::Context;
use super::super::interrupt;
use super::super::page::{Page, Span, Table, Tone};
use super::actor::actor;
use crate::domain::audit::Record;
use crate::domain::audit::diff::{Mark, diff};
use crate::domain::audit::trail::Trail;
use crate::domain::identity::Identity;
use crate::ops::audit;
use clap::Args as ClapArgs;

/// Show a record with the difference between before and after
#[derive(ClapArgs)]
pub struct Args {
    /// The record's id
    id: String,

    /// Also show values that did not change
    #[arg(long)]
    all: bool,
}

/// Reads the record.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let reader = context.reader().await?;
    let reading = reader.on_trail(async |trail: &Trail| {
        let record = audit::show(reader.rest(), reader.who(), trail, &args.id).await?;
        Ok((record, trail.sentence()))
    });
    let (record, trail) = interrupt::ending(reading).await?;
    let mut shown = page(&record, args.all, reader.who());
    if let Some(sentence) = trail {
        shown.blank();
        shown.toned(Tone::Muted, &sentence);
    }
    reader.page(&record, shown)
}

fn page(record: &Record, all: bool, reader: &Identity) -> Page {
    let mut page = Page::default();
    let mut table = Table::new(&["RECORD", ""]);
    let id = record.actor_user_id.as_deref();
    let actor = actor(&record.actor_type, id, reader);
    let about = record.about();
    let row = about.row();
    let mut rows = vec![
        ("id", Some(record.id.as_str())),
        ("time", Some(&record.created_at)),
        ("action", Some(&record.action)),
        ("row", row.as_deref()),
    ];
    let names = about.names.iter();
    rows.extend(names.map(|name| (name.key.as_str(), Some(name.value.as_str()))));
    rows.extend([
        ("actor", Some(actor.as_str())),
        ("subject", record.subject_user_id.as_deref()),
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
    if difference.is_empty() && !all {
        page.toned(Tone::Muted, "Nothing changed.");
    }
    for line in difference.lines(!all) {
        let tone = match line.mark {
            Mark::Added => Tone::Ok,
            Mark::Removed => Tone::Danger,
            Mark::Changed => Tone::Warn,
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
