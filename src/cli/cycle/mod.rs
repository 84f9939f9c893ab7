//! `supadeck cycle`.

mod export;
mod list;
mod show;

use super::answer::Answered;
use super::context::Context;
use clap::{Args as ClapArgs, Subcommand};

/// Read planning cycles
#[derive(ClapArgs)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    List(list::Args),
    Show(show::Args),
    Export(export::Args),
}

/// Runs the subcommand.
pub async fn run(context: &Context, args: &Args) -> Answered {
    match &args.command {
        Command::List(args) => list::run(context, args).await,
        Command::Show(args) => show::run(context, args).await,
        Command::Export(args) => export::run(context, args).await,
    }
}
