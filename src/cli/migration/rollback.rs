//! `supadeck migration rollback`.

use super::super::answer::Answered;
use super::super::confirm::Confirm;
use super::super::context::Context;
use super::run::carry_out;
use super::timeouts::Waits;
use crate::domain::migration::{Direction, PlanRequest};
use clap::Args as ClapArgs;

/// Roll back the newest migrations with their rollback files
///
/// At a terminal the exact statements are shown and `rollback N` has to be typed; elsewhere --yes is needed. It is
/// refused, naming each migration that has no rollback file, when one of them has none. A rollback file can run outside a transaction too;
/// --resume and --retry go on with one that was interrupted.
#[derive(ClapArgs)]
#[group(id = "how_far", required = true, multiple = false, args = ["to", "last", "resume", "retry"])]
pub struct Args {
    /// The version that will be the newest afterwards; 0 rolls back all of them
    #[arg(long, value_name = "VERSION")]
    to: Option<String>,

    /// How many to roll back
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    last: Option<u32>,

    /// Go on with an interrupted rollback from the statement it stopped at
    #[arg(long)]
    resume: bool,

    /// Run an interrupted rollback again from its first statement
    #[arg(long)]
    retry: bool,

    #[command(flatten)]
    waits: Waits,

    #[command(flatten)]
    confirm: Confirm,
}

/// Plans, asks and runs.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let wish = match (&args.to, args.last) {
        _ if args.resume || args.retry => PlanRequest::GoOn {
            direction: Direction::Rollback,
            from_start: args.retry,
        },
        (Some(version), _) => PlanRequest::RollbackTo {
            version: version.clone(),
        },
        (None, last) => PlanRequest::RollbackLast {
            count: last.unwrap_or(1) as usize,
        },
    };
    carry_out(context, &wish, &args.waits, &args.confirm).await
}
