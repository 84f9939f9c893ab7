//! `supadeck audit`.

mod actor;
mod backfill;
mod export;
mod export_file;
mod follow;
mod format;
mod init;
mod list;
mod masks;
mod names;
mod seal;
mod seal_file;
mod show;
mod verify;
mod which;

use super::answer::Answered;
use super::context::Context;
use clap::{Args as ClapArgs, Subcommand};

/// Read the audit trail, and look after it
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
    Follow(follow::Args),
    Init(init::Args),
    Backfill(backfill::Args),
    Seal(seal::Args),
    Verify(verify::Args),
}

/// Runs the subcommand.
pub async fn run(context: &Context, args: &Args) -> Answered {
    match &args.command {
        Command::List(args) => list::run(context, args).await,
        Command::Show(args) => show::run(context, args).await,
        Command::Export(args) => export::run(context, args).await,
        Command::Follow(args) => follow::run(context, args).await,
        Command::Init(args) => init::run(context, args).await,
        Command::Backfill(args) => backfill::run(context, args).await,
        Command::Seal(args) => seal::run(context, args).await,
        Command::Verify(args) => verify::run(context, args).await,
    }
}
