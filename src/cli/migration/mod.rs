//! `supadeck migration`: the subcommands, and how a plan and its end are shown.

mod apply;
pub mod chosen;
mod diff;
mod list;
mod log;
mod new;
mod plan;
pub mod progress;
mod redo;
mod renumber;
mod repair;
mod restore;
mod rollback;
mod run;
pub mod scratch;
pub mod show;
pub mod skipped;
mod split;
pub mod timeouts;
mod verify;

use super::answer::Answered;
use super::context::Context;
use clap::{Args as ClapArgs, Subcommand};

/// See, apply, roll back and mend migrations
#[derive(ClapArgs)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    List(list::Args),
    Plan(plan::Args),
    Apply(apply::Args),
    Rollback(rollback::Args),
    Redo(redo::Args),
    Diff(diff::Args),
    Restore(restore::Args),
    Renumber(renumber::Args),
    Split(split::Args),
    Verify(verify::Args),
    Repair(repair::Args),
    Log(log::Args),
    New(new::Args),
}

/// Runs the subcommand.
pub async fn run(context: &Context, args: &Args) -> Answered {
    match &args.command {
        Command::List(args) => list::run(context, args).await,
        Command::Plan(args) => plan::run(context, args).await,
        Command::Apply(args) => apply::run(context, args).await,
        Command::Rollback(args) => rollback::run(context, args).await,
        Command::Redo(args) => redo::run(context, args).await,
        Command::Diff(args) => diff::run(context, args).await,
        Command::Restore(args) => restore::run(context, args).await,
        Command::Renumber(args) => renumber::run(context, args).await,
        Command::Split(args) => split::run(context, args).await,
        Command::Verify(args) => verify::run(context, args).await,
        Command::Repair(args) => repair::run(context, args).await,
        Command::Log(args) => log::run(context, args).await,
        Command::New(args) => new::run(context, args).await,
    }
}
