//! The command line: what was typed becomes a call of a use case, and its result a text or a JSON document with an exit
//! code. One file a subcommand; its doc comment is its help. Nothing here draws, and only `output` prints.

mod access;
mod answer;
mod audit;
mod completions;
mod confirm;
mod context;
mod cycle;
mod demo;
mod doctor;
mod global;
mod goal;
mod interrupt;
mod keys;
mod lock;
mod login;
mod logout;
mod man;
mod mfa;
mod migration;
mod output;
mod own_help;
mod page;
mod profile;
mod prompt;
mod redact;
mod rest_session;
mod secret;
mod seed;
mod seen;
mod slow_notice;
mod startup;
mod table;
mod tables;
mod types;
mod usage;
mod whoami;

use crate::adapters::log;
use crate::domain::problem::{Kind, Problem};
use answer::Answered;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use context::Context;
use global::Global;
use output::Output;
use std::ffi::OsString;

pub use crate::adapters::memory::keep_private as keep_memory_private;
pub use demo::Running;

/// A terminal deck for a Supabase project
///
/// Without a command it opens the deck. Everything the screens can do, a command can do too.
#[derive(Parser)]
#[command(name = "supadeck", version = env!("SUPADECK_VERSION"), max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    global: Global,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    Migration(migration::Args),
    Seed(seed::Args),
    Cycle(cycle::Args),
    Goal(goal::Args),
    Lock(lock::Args),
    Audit(audit::Args),
    Table(tables::Args),
    Access(access::Args),
    Login(login::Args),
    Logout(logout::Args),
    Whoami(whoami::Args),
    Profile(profile::Args),
    Doctor(doctor::Args),
    Types(types::Args),
    Keys(keys::Args),
    Completions(completions::Args),
    Man(man::Args),
    Demo(demo::Args),
}

/// How the command line ended.
pub enum Ended {
    /// With this exit code; everything is printed.
    Exit(u8),
    /// The deck is to be opened.
    Deck(Box<Deck>),
}

pub use startup::Deck;

/// The definition of the command line, for the parser and for everything that is generated from it.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs what was typed.
pub async fn run(args: Vec<OsString>) -> Ended {
    if let Some(lines) = completions::asked(&args, command) {
        output::help(&lines);
        return Ended::Exit(0);
    }
    let matches = match command().try_get_matches_from(&args) {
        Ok(matches) => matches,
        Err(error) => return Ended::Exit(refused(&args, &error)),
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => return Ended::Exit(refused(&args, &error)),
    };
    let (global, json) = (&cli.global, cli.global.json);
    let config = match startup::config() {
        Ok(config) => config,
        Err(problem) => {
            let output = Output::new(json, global.color.unwrap_or_default());
            return Ended::Exit(output.finish(Err(problem.into())));
        }
    };
    startup::log(global, &config);
    let output = Output::new(json, startup::color(global, &config));
    let keeps = matches!(cli.command, Some(Command::Profile(_)));
    let context = match Context::new(&cli.global, output, keeps).await {
        Ok(context) => context,
        Err(problem) => return Ended::Exit(output.finish(Err(problem.into()))),
    };
    let answered = match &cli.command {
        command if !matches!(command, Some(Command::Access(_))) && global.asked().is_some() => {
            Err(access::only_there().into())
        }
        None if json => Err(Problem::new(
            Kind::Usage,
            "--json needs a command.",
            "Without one the deck is opened.",
        )
        .with_hint("See `supadeck --help`.")
        .into()),
        None => match Deck::on(context.settings().clone(), &config) {
            Ok(deck) => return Ended::Deck(Box::new(deck)),
            Err(problem) => Err(problem.into()),
        },
        Some(Command::Demo(args)) => match Box::pin(demo::run(&context, &config, args)).await {
            Ok(demo::Done::Deck(deck)) => return Ended::Deck(deck),
            Ok(demo::Done::Served) => return Ended::Exit(0),
            Err(failure) => Err(failure),
        },
        Some(command) => {
            let answered = Box::pin(answer(&context, command));
            interrupt::watching(answered).await
        }
    };
    if let Err(failure) = &answered {
        // The words of a problem hold no secret; that is a rule of `Problem`.
        tracing::info!(kind = ?failure.problem.kind, code = ?failure.problem.code, "the command failed");
    }
    let code = output.of_change(is_change(&matches)).finish(answered);
    context.close().await;
    Ended::Exit(code)
}

/// Whether what was typed is a command that changes something: a database, a project's rows, a session, a file.
fn is_change(matches: &clap::ArgMatches) -> bool {
    let Some((group, inner)) = matches.subcommand() else {
        return false;
    };
    let leaf = inner.subcommand_name().unwrap_or_default();
    match group {
        "login" | "logout" => true,
        "migration" => matches!(
            leaf,
            "apply" | "rollback" | "redo" | "restore" | "renumber" | "split" | "repair" | "new"
        ),
        "seed" => leaf == "apply",
        "table" => matches!(leaf, "insert" | "update" | "delete" | "import" | "export"),
        "access" => matches!(leaf, "snapshot" | "lint"),
        "audit" => matches!(leaf, "backfill" | "export" | "init" | "seal"),
        "lock" => leaf == "unlock",
        "profile" => matches!(leaf, "add" | "use" | "remove"),
        _ => false,
    }
}

async fn answer(context: &Context, command: &Command) -> Answered {
    match command {
        Command::Migration(args) => migration::run(context, args).await,
        Command::Seed(args) => seed::run(context, args).await,
        Command::Cycle(args) => cycle::run(context, args).await,
        Command::Goal(args) => goal::run(context, args).await,
        Command::Lock(args) => lock::run(context, args).await,
        Command::Audit(args) => audit::run(context, args).await,
        Command::Table(args) => tables::run(context, args).await,
        Command::Access(args) => access::run(context, args).await,
        Command::Login(args) => login::run(context, args).await,
        Command::Logout(args) => logout::run(context, args).await,
        Command::Whoami(args) => whoami::run(context, args).await,
        Command::Profile(args) => profile::run(context, args).await,
        Command::Doctor(args) => doctor::run(context, args).await,
        Command::Types(args) => types::run(context, args).await,
        Command::Keys(args) => keys::run(args),
        Command::Completions(args) => completions::run(args, self::command()),
        Command::Man(args) => man::run(args, self::command()),
        Command::Demo(_) => Err(Problem::internal("The demo runs elsewhere.").into()),
    }
}

/// Ends a command line that could not be parsed, or that only asked for help or the version.
fn refused(args: &[OsString], error: &clap::Error) -> u8 {
    let json = usage::wants_json(args);
    let output = Output::new(json, output::Color::Never);
    let help = own_help::of(args, error, command());
    if !error.use_stderr() {
        return output::help(&help.unwrap_or_else(|| error.render().to_string()));
    }
    if json {
        return output.finish(Err(usage::problem(error, &command()).into()));
    }
    output::usage(&help.unwrap_or_else(|| usage::message(error, &command())));
    Kind::Usage.exit_code()
}

/// Ends a run of the deck.
pub fn ended(result: Result<(), Problem>) -> u8 {
    match result {
        Ok(()) => 0,
        Err(problem) => Output::new(false, output::Color::Auto).finish(Err(problem.into())),
    }
}

/// Ends a run that panicked: one line for people or one document, with the log's path and never the panic's own words, which
/// could hold anything.
pub fn crashed(args: &[OsString]) -> u8 {
    let output = Output::new(usage::wants_json(args), output::Color::Never);
    let mut problem = Problem::internal("It stopped at once.");
    if let Some(path) = log::path() {
        problem = problem.with_detail(format!("The log is {}.", path.display()));
    }
    output.finish(Err(problem.into()))
}
