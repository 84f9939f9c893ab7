//! `supadeck lock list`.

use super::super::answer::Answered;
use super::super::context::Context;
use super::super::interrupt;
use super::view;
use crate::cli::page::Page;
use crate::domain::lock::LockState;
use crate::ops::lock;
use clap::Args as ClapArgs;

/// List every week with its lock, why it is locked, and how far it is
///
/// Each week has a limit of its own (`locked_after_week`, 6 unless it was lowered) and is locked when its number is above it,
/// unless an emergency unlock runs. So week 5 can be locked by a limit of 4 while week 6 is open.
#[derive(ClapArgs)]
pub struct Args {
    /// Only the weeks of one cycle; its id, or as much of it as tells it apart
    #[arg(long, value_name = "ID")]
    cycle: Option<String>,

    /// Only the weeks that are locked now
    #[arg(long)]
    locked: bool,
}

/// Reads the view `week_lock_status`.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let reader = context.reader().await?;
    let locks = lock::list(reader.rest(), reader.who(), args.cycle.as_deref());
    let mut locks = interrupt::ending(locks).await?;
    if args.locked && !locks.is_empty() {
        locks.retain(|lock| lock.standing() == LockState::Locked);
        if locks.is_empty() {
            return reader.page(&locks, Page::of("No week is locked."));
        }
    }
    let table = view::table(&locks, Some(reader.who()));
    reader.answer(&locks, locks.is_empty(), &table)
}
