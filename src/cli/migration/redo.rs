//! `supadeck migration redo`.

use super::super::answer::Answered;
use super::super::confirm::Confirm;
use super::super::context::Context;
use super::run::carry_out;
use super::timeouts::Waits;
use crate::domain::migration::PlanRequest;
use clap::Args as ClapArgs;

/// Roll back the newest migration and apply its file again
///
/// At a terminal the exact statements of both are shown and `redo` has to be typed; elsewhere --yes is needed. Where
/// applying it fails, nothing of it remains and the version stays rolled back; the report says so.
#[derive(ClapArgs)]
pub struct Args {
    #[command(flatten)]
    waits: Waits,

    #[command(flatten)]
    confirm: Confirm,
}

/// Plans, asks and runs.
pub async fn run(context: &Context, args: &Args) -> Answered {
    carry_out(context, &PlanRequest::Redo, &args.waits, &args.confirm).await
}
