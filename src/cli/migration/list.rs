//! `supadeck migration list`, and the list after a command that changed what it shows.

use super::super::answer::{Answer, Answered};
use super::super::context::Context;
use super::super::page::Page;
use super::show;
use crate::domain::migration::{Entry, MigrationList, State};
use crate::ops::migration;
use clap::Args as ClapArgs;
use serde::Serialize;
use serde_json::{Value, json};

/// List every version with its state: applied, pending, out_of_order, edited, missing, renamed or invalid
///
/// The list is compared with the history that the Supabase CLI keeps too. Below it are the fixes for each state that
/// needs one; with --json they are in `meta.notes`. Exit code 0, whatever the states are.
#[derive(ClapArgs)]
pub struct Args {}

/// Reads the history and the files.
pub async fn run(context: &Context, _args: &Args) -> Answered {
    let work = context.work().await?;
    let listing = work.read(migration::list(&work.schema)).await?;
    answer(show::listing(&listing), &listing)
}

/// The list behind a page, with what is to be known beside it.
pub fn answer(page: Page, listing: &MigrationList) -> Answered {
    let notes: Vec<Value> = listing
        .entries
        .iter()
        .filter(|entry| entry.note.is_some() || !entry.ways.is_empty())
        .map(note)
        .collect();
    Ok(Answer::new(&listing.entries, page)?
        .with("target", &listing.target)?
        .with("skipped", &listing.skipped)?
        .with("notes", &notes)?
        .with("remarks", &listing.remarks)?)
}

/// What was done, and the list as it is now; `plan` is what was confirmed.
pub fn after(mut done: Page, listing: &MigrationList, plan: &impl Serialize) -> Answered {
    done.blank();
    done.append(show::listing(listing));
    Ok(answer(done, listing)?.with("plan", plan)?)
}

fn note(entry: &Entry) -> Value {
    let recorded = entry
        .recorded
        .as_ref()
        .filter(|_| entry.state == State::Renamed);
    json!({
        "version": entry.version,
        "name": entry.name,
        "state": entry.state,
        "note": entry.note,
        "recorded": recorded,
        "ways": entry.ways,
    })
}
