//! `supadeck profile`.

mod add;
mod check;
mod collect;
mod end_session;
mod keys;
mod linked;
mod list;
mod remove;
mod replace;
mod show;
mod switch;
mod view;

use super::answer::Answered;
use super::context::Context;
use clap::{Args as ClapArgs, Subcommand};

/// Keep the projects you work with
///
/// A profile is a line in a file; its keys and passwords go to the keyring, or are looked up where the profile says.
#[derive(ClapArgs)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Add(add::Args),
    List(list::Args),
    Show(show::Args),
    #[command(name = "use")]
    Switch(switch::Args),
    Remove(remove::Args),
}

/// Runs the subcommand.
pub async fn run(context: &Context, args: &Args) -> Answered {
    match &args.command {
        Command::Add(args) => add::run(context, args).await,
        Command::List(args) => list::run(context, args).await,
        Command::Show(args) => show::run(context, args).await,
        Command::Switch(args) => switch::run(context, args).await,
        Command::Remove(args) => remove::run(context, args).await,
    }
}
