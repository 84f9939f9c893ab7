//! `supadeck migration log`.

use super::super::answer::{Answer, Answered};
use super::super::context::Context;
use super::super::page::{Page, Span, Table, Tone};
use super::show;
use crate::domain::migration::journal::{Journal, Line};
use crate::domain::moment::{Form, moment};
use crate::ops::migration;
use clap::Args as ClapArgs;

/// Show what was run and repaired in the database, newest first
///
/// The journal is supadeck's own: what the Supabase CLI or psql did is not in it. Seeds are in it under their path.
#[derive(ClapArgs)]
pub struct Args {
    /// Only this version
    version: Option<String>,

    /// The most lines
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
}

/// Reads and shows.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let work = context.work().await?;
    let version = args.version.as_deref();
    let journal = work
        .read(migration::log(&work.schema, args.limit, version))
        .await?;
    let answer = Answer::new(&journal.lines, page(&journal, version))?;
    Ok(answer
        .with("target", &journal.target)?
        .with("is_kept", &journal.is_kept)?)
}

fn page(journal: &Journal, version: Option<&str>) -> Page {
    let mut page = Page::default();
    page.toned(Tone::Muted, &show::target(&journal.target));
    if !journal.is_kept {
        page.line("There is no journal here: nothing has been run with supadeck yet.");
        return page;
    }
    if journal.lines.is_empty() {
        match version {
            Some(version) => page.line(format!("Nothing has been recorded about {version}.")),
            None => page.line("Nothing has been recorded."),
        };
        return page;
    }
    let mut table = Table::new(&[
        "WHEN", "VERSION", "WHAT", "OUTCOME", "WHO", "~HOST", ">MS", "~ERROR",
    ]);
    for line in &journal.lines {
        table.row(row(line));
    }
    page.table(&table);
    page
}

fn row(line: &Line) -> Vec<Span> {
    let tone = match line.outcome.as_str() {
        "done" => Tone::Ok,
        "unknown" | "interrupted" | "lost" => Tone::Danger,
        _ => Tone::Warn,
    };
    let started = line.started.map(|time| moment(time, Form::Detail));
    vec![
        Span::from(started.unwrap_or_default()),
        Span::from(&line.version),
        Span::from(&line.direction),
        Span::new(tone, &line.outcome),
        Span::from(&line.who),
        Span::from(line.host.as_deref().unwrap_or_default()),
        Span::from(line.took_ms.map(|ms| ms.to_string()).unwrap_or_default()),
        Span::from(line.fault().unwrap_or_default()),
    ]
}
