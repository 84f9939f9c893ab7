//! `supadeck audit`.

mod actor;
mod format;
mod list;
mod show;

use super::answer::Answered;
use super::context::Context;
use clap::{Args as ClapArgs, Subcommand};

/// Read the audit trail
#[derive(ClapArgs)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    List(list::Args),
    Show(show::Args),
}

/// Runs the subcommand.
pub async fn run(context: &Context, args: &Args) -> Answered {
    match &args.command {
        Command::List(args) => list::run(context, args).await,
        Command::Show(args) => show::run(context, args).await,
    }
}
