//! `supadeck migration apply`.

use super::super::answer::Answered;
use super::super::confirm::Confirm;
use super::super::context::Context;
use super::run::carry_out;
use super::timeouts::Waits;
use crate::domain::migration::{Direction, PlanRequest};
use clap::Args as ClapArgs;

/// Apply pending migrations, each in one transaction
///
/// At a terminal the exact statements are shown and `apply` has to be typed; elsewhere --yes is needed. A failing
/// migration leaves nothing behind, and later ones are not tried. Ctrl-C asks the server to stop and waits for its answer.
///
/// A file that begins with `-- supadeck: no-transaction`, or holds what Postgres refuses in a transaction, such as CREATE
/// INDEX CONCURRENTLY, runs statement by statement. When it stops in the middle it is `interrupted`, and --resume, --retry
/// or `migration repair` decides how it goes on.
#[derive(ClapArgs)]
pub struct Args {
    /// The last version to apply
    #[arg(long, value_name = "VERSION")]
    to: Option<String>,

    /// Also apply migrations that are older than the newest applied one
    #[arg(long)]
    include_out_of_order: bool,

    /// Go on with an interrupted migration from the statement it stopped at, and with nothing else
    #[arg(long, conflicts_with_all = ["to", "include_out_of_order", "retry"])]
    resume: bool,

    /// Run an interrupted migration again from its first statement, and nothing else
    #[arg(long, conflicts_with_all = ["to", "include_out_of_order"])]
    retry: bool,

    #[command(flatten)]
    waits: Waits,

    #[command(flatten)]
    confirm: Confirm,
}

/// Plans, asks and runs.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let wish = if args.resume || args.retry {
        PlanRequest::GoOn {
            direction: Direction::Apply,
            from_start: args.retry,
        }
    } else {
        PlanRequest::Apply {
            to: args.to.clone(),
            include_out_of_order: args.include_out_of_order,
        }
    };
    carry_out(context, &wish, &args.waits, &args.confirm).await
}
