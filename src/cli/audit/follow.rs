//! `supadeck audit follow`.

use super::super::answer::Answered;
use super::super::context::{Context, Reader};
use super::super::interrupt;
use super::super::output;
use super::super::page::{Page, Span, Tone};
use super::actor::actor;
use super::which::Which;
use super::{masks, names};
use crate::domain::audit::Record;
use crate::domain::audit::filter::Filter;
use crate::domain::audit::follow::Pace;
use crate::domain::audit::mask::Mask;
use crate::domain::audit::trail::Trail;
use crate::domain::moment::{self, printed};
use crate::domain::people::People;
use crate::domain::problem::Problem;
use crate::ops::audit_follow::{BACK_MINUTES, Follow};
use clap::{Args as ClapArgs, ValueEnum};
use std::time::{Duration, Instant};

/// The columns of what changed.
const CHANGE_COLUMNS: usize = 90;

/// Print audit records as they are written, until it is stopped
///
/// Each is printed once, also one whose transaction ends long after others, and over a line that breaks. The project is asked every two
/// seconds, or as often as --every says, and no more than a fifth of the time. --where takes the filters of `audit list`.
///
/// With --format json, or --json, a record is a line of JSON; what the profile masks is left out of it.
#[derive(ClapArgs)]
pub struct Args {
    #[command(flatten)]
    which: Which,

    /// How many seconds lie between two questions, at least
    #[arg(long, value_name = "SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    every: u32,

    /// How a record is printed
    #[arg(long, value_name = "FORM", value_enum, default_value_t = Form::Text)]
    format: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// A line for a person
    Text,
    /// A line of JSON
    Json,
}

/// Follows.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let filter = Filter::parse(&args.which.filter(context).await?, context.now())?;
    let reader = context.reader().await?;
    let masks = masks::of(&reader, &[])?;
    let told = interrupt::ending(async { Ok(reader.people().await) }).await?;
    names::say(context, &told);
    let is_json = args.format == Form::Json || context.output().is_json();
    let printer = Printer {
        context,
        reader: &reader,
        masks: &masks,
        people: &told.people,
        is_json,
    };
    let every = Duration::from_secs(args.every.into());
    interrupt::ending(follow(&printer, &filter, every)).await?;
    // Whoever read the lines has gone.
    reader.page(&(), Page::default())
}

async fn follow(printer: &Printer<'_>, filter: &Filter, every: Duration) -> Result<(), Problem> {
    let reader = printer.reader;
    let mut follow = reader
        .on_trail(async |trail: &Trail| {
            let filter = reader.resolved(filter.clone(), trail).await?;
            let now = printer.context.now();
            Follow::begin(reader.rest(), reader.who(), (trail, &filter), now).await
        })
        .await?;
    printer.begin(&follow);
    let mut pace = Pace::new(every);
    let mut wait = pace.first();
    loop {
        tokio::time::sleep(wait).await;
        let begun = Instant::now();
        let now = printer.context.now();
        match follow.next(reader.rest(), reader.who(), now).await {
            Ok(news) => {
                if pace.failures() > 0 {
                    printer.say("The line is there again; nothing was missed.");
                }
                if !printer.print(news)? {
                    return Ok(());
                }
                wait = pace.after(begun.elapsed());
            }
            Err(problem) if problem.retry => {
                if pace.failures() == 0 {
                    printer.say(&format!("{problem} It is tried again until it is there."));
                }
                wait = pace.after_failure();
            }
            Err(problem) => return Err(problem),
        }
    }
}

/// How records are printed.
struct Printer<'a> {
    context: &'a Context,
    reader: &'a Reader,
    masks: &'a [Mask],
    people: &'a People,
    is_json: bool,
}

impl Printer<'_> {
    fn say(&self, text: &str) {
        let mut page = Page::default();
        page.toned(Tone::Muted, text);
        self.context.output().note(&page);
    }

    /// Says whose records are followed, and what is not certain.
    fn begin(&self, follow: &Follow) {
        let mut page = self.reader.heading();
        if let Some(sentence) = follow.trail().sentence() {
            page.toned(Tone::Muted, &sentence);
        }
        if !follow.is_exact() {
            let text = format!(
                "A record whose transaction ends more than {BACK_MINUTES} minutes after it was written is missed: this trail does not keep transactions."
            );
            page.toned(Tone::Muted, &text);
        }
        for mask in self.masks.iter().filter(|_| self.is_json) {
            page.toned(Tone::Muted, &format!("The profile masks {}.", mask.text()));
        }
        page.toned(Tone::Muted, "Waiting for records; ctrl-c ends it.");
        self.context.output().note(&page);
    }

    /// Prints records; false where nobody reads them any more.
    fn print(&self, news: Vec<Record>) -> Result<bool, Problem> {
        if news.is_empty() {
            return Ok(true);
        }
        if self.is_json {
            let mut lines = String::new();
            for mut record in news {
                for mask in self.masks {
                    mask.apply_to(&mut record);
                }
                let value = serde_json::to_value(&record);
                let value = value
                    .map_err(|error| Problem::internal(format!("A record is no JSON: {error}.")))?;
                lines += &output::document(&value);
            }
            return self.context.output().stream(&lines);
        }
        let mut page = Page::default();
        for record in &news {
            let id = record.actor_user_id.as_deref();
            let known = (self.reader.who(), self.people);
            let actor = actor(&record.actor_type, id, known);
            let row = record.about().id.unwrap_or_default();
            page.spans(vec![
                Span::new(
                    Tone::Muted,
                    &printed(&record.created_at, moment::Form::Detail),
                ),
                "  ".into(),
                Span::new(Tone::Strong, &record.action),
                " ".into(),
                Span::from(row),
                "  ".into(),
                Span::new(Tone::Muted, &actor),
                "  ".into(),
                Span::from(record.story().change(CHANGE_COLUMNS, "→")),
            ]);
        }
        self.context.output().stream_page(&page)
    }
}
