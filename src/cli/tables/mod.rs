//! `supadeck table`.

mod list;
mod rows;
mod show;
mod which;

use super::answer::Answered;
use super::context::Context;
use clap::{Args as ClapArgs, Subcommand};

/// Read and change the rows of any table
#[derive(ClapArgs)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    List(list::Args),
    Show(show::Args),
    Rows(rows::Args),
}

/// Runs the subcommand.
pub async fn run(context: &Context, args: &Args) -> Answered {
    match &args.command {
        Command::List(args) => list::run(context, args).await,
        Command::Show(args) => show::run(context, args).await,
        Command::Rows(args) => rows::run(context, args).await,
    }
}
