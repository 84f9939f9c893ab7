//! `supadeck migration rollback`.

use super::super::answer::Answered;
use super::super::context::Context;
use super::confirm::Confirm;
use super::run::carry_out;
use crate::domain::migration::Wish;
use clap::Args as ClapArgs;

/// Roll back the newest migrations with their rollback files
///
/// At a terminal the exact statements are shown and `rollback N` has to be typed; elsewhere --yes is needed. It is
/// refused, naming the migration, when one of them has no rollback file.
#[derive(ClapArgs)]
#[group(id = "how_far", required = true, multiple = false, args = ["to", "last"])]
pub struct Args {
    /// The version that will be the newest afterwards; 0 rolls back all of them
    #[arg(long, value_name = "VERSION")]
    to: Option<String>,

    /// How many to roll back
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    last: Option<u32>,

    #[command(flatten)]
    confirm: Confirm,
}

/// Plans, asks and runs.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let wish = match (&args.to, args.last) {
        (Some(version), _) => Wish::RollbackTo {
            version: version.clone(),
        },
        (None, last) => Wish::RollbackLast {
            count: last.unwrap_or(1) as usize,
        },
    };
    carry_out(context, &wish, &args.confirm).await
}
