//! `supadeck access`.

mod check;
mod explain;
mod heading;
mod lint;
mod list;
mod place;
mod show;
mod snapshot;

use super::answer::Answered;
use super::context::Context;
use crate::domain::problem::{Kind, Problem};
use clap::{Args as ClapArgs, Subcommand};

/// See who may do what with which rows, and why
///
/// It reads the catalogs over the database connection or the Management API, and proves each cell by counting rows as that
/// role in a read-only transaction that is rolled back. Nothing is changed, and nobody is signed in. With `--on scratch` it looks at a
/// scratch database that is built of the project's migrations and seeds: what a pull request opens is seen before it is merged.
#[derive(ClapArgs)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    List(list::Args),
    Show(show::Args),
    Explain(explain::Args),
    Snapshot(snapshot::Args),
    Check(check::Args),
    Lint(lint::Args),
}

/// Runs the subcommand.
pub async fn run(context: &Context, args: &Args) -> Answered {
    match &args.command {
        Command::List(args) => list::run(context, args).await,
        Command::Show(args) => show::run(context, args).await,
        Command::Explain(args) => explain::run(context, args).await,
        Command::Snapshot(args) => snapshot::run(context, args).await,
        Command::Check(args) => check::run(context, args).await,
        Command::Lint(args) => lint::run(context, args).await,
    }
}

/// What is said of an identity whose rows are not read over REST.
pub fn only_there() -> Problem {
    Problem::new(
        Kind::Usage,
        "This identity is for `supadeck access` only.",
        "Rows are read as anon, as the signed-in user or as the service role.",
    )
    .with_hint("Use --as anon, --as user or --as service.")
}
