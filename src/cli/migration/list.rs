//! `supadeck migration list`.

use super::super::answer::{Answer, Answered};
use super::super::context::Context;
use super::super::interrupt;
use super::show;
use crate::ops::migration;
use clap::Args as ClapArgs;

/// List every version with its state: applied, pending, out_of_order, edited, missing or invalid
///
/// The list is compared with the history that the Supabase CLI keeps too. Exit code 0, whatever the states are.
#[derive(ClapArgs)]
pub struct Args {}

/// Reads the history and the files.
pub async fn run(context: &Context, _args: &Args) -> Answered {
    let work = context.work().await?;
    let listing = interrupt::ending(migration::list(&work.schema)).await?;
    let page = show::listing(&listing);
    let answer = Answer::new(&listing.entries, page)?;
    Ok(answer
        .with("target", &listing.target)?
        .with("skipped", &listing.skipped)?)
}
