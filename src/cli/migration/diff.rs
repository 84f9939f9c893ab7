//! `supadeck migration diff`.

use super::super::answer::{Answer, Answered, Failure};
use super::super::context::Context;
use super::super::page::{Page, Tone};
use crate::domain::migration::State;
use crate::domain::problem::{Kind, Problem};
use crate::domain::report::difference;
use crate::ops::migration;
use clap::Args as ClapArgs;

/// Show how a migration file differs from what was applied
///
/// Lines with `-` were applied, lines with `+` are in the file. A side that is not there counts as empty: the file of a
/// missing version, the history of a pending one. Exit code 1 when they differ, 0 when they say the same.
#[derive(ClapArgs)]
pub struct Args {
    /// The version to compare
    version: String,
}

/// Compares and shows.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let work = context.work().await?;
    let found = work
        .read(migration::diff(&work.schema, &args.version))
        .await?;
    let mut page = Page::default();
    let title = format!("{} {}: {}", found.version, found.name, found.state.word());
    page.toned(Tone::Strong, &title);
    page.report(difference::page(&found));
    let answer = Answer::new(&found, page)?;
    if !found.differs {
        return Ok(answer);
    }
    let problem = Problem::new(
        Kind::Findings,
        format!("Version {} is {}.", found.version, found.state.word()),
        match (&found.note, found.state) {
            // Only one side is there.
            (Some(note), State::Missing | State::Pending | State::OutOfOrder) => note.as_str(),
            _ if found.only_comments => {
                "The file and what was applied differ in comments and blanks alone."
            }
            _ => "The file and what was applied say different things.",
        },
    )
    .with_hint("`supadeck migration list` shows the fixes.");
    Err(Failure::after(problem, answer))
}
