//! `supadeck lock list`.

use super::super::answer::Answered;
use super::super::context::Context;
use super::super::interrupt;
use crate::ops::lock;
use clap::Args as ClapArgs;

/// List every week with its lock, why it is locked, and how far it is
#[derive(ClapArgs)]
pub struct Args {
    /// Only the weeks of one cycle
    #[arg(long, value_name = "ID")]
    cycle: Option<String>,
}

/// Reads the view `week_lock_status`.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let reader = context.reader().await?;
    let locks = lock::list(reader.rest(), reader.who(), args.cycle.as_deref());
    let locks = interrupt::ending(locks).await?;
    let table = super::table(&locks, Some(reader.who()));
    reader.answer(&locks, locks.is_empty(), &table)
}
