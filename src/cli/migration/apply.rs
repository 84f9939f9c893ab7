//! `supadeck migration apply`.

use super::super::answer::Answered;
use super::super::context::Context;
use super::confirm::Confirm;
use super::run::carry_out;
use crate::domain::migration::Wish;
use clap::Args as ClapArgs;

/// Apply pending migrations, each in one transaction
///
/// At a terminal the exact statements are shown and `apply` has to be typed; elsewhere --yes is needed. A failing
/// migration leaves nothing behind, and later ones are not tried. Ctrl-C asks the server to stop and waits for its answer.
#[derive(ClapArgs)]
pub struct Args {
    /// The last version to apply
    #[arg(long, value_name = "VERSION")]
    to: Option<String>,

    /// Also apply migrations that are older than the newest applied one
    #[arg(long)]
    include_out_of_order: bool,

    #[command(flatten)]
    confirm: Confirm,
}

/// Plans, asks and runs.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let wish = Wish::Apply {
        to: args.to.clone(),
        include_out_of_order: args.include_out_of_order,
    };
    carry_out(context, &wish, &args.confirm).await
}
