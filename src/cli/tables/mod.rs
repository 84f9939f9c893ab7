//! `supadeck table`.

mod change;
mod export;
mod import;
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
    Insert(change::Insert),
    Update(change::Update),
    Delete(change::Delete),
    Export(export::Args),
    Import(import::Args),
}

/// Runs the subcommand.
pub async fn run(context: &Context, args: &Args) -> Answered {
    match &args.command {
        Command::List(args) => list::run(context, args).await,
        Command::Show(args) => show::run(context, args).await,
        Command::Rows(args) => rows::run(context, args).await,
        Command::Insert(args) => change::insert(context, args).await,
        Command::Update(args) => change::update(context, args).await,
        Command::Delete(args) => change::delete(context, args).await,
        Command::Export(args) => export::run(context, args).await,
        Command::Import(args) => import::run(context, args).await,
    }
}
