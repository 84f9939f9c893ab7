//! What `supadeck demo` is given, and how it ends.

use crate::cli::startup::Deck;
use clap::Args as ClapArgs;
use std::path::PathBuf;

/// Start a project of its own on this machine: Postgres, REST, Auth, the Weeksmith schema and demo data
///
/// Without --serve the deck opens on it. With --serve the keys and the demo accounts are printed, then `ready`, and it
/// serves until it is told to stop. Needs Postgres 15 or newer on this machine, or npm to fetch one.
#[derive(ClapArgs)]
#[cfg_attr(not(feature = "demo"), allow(dead_code))]
pub struct Args {
    /// Print how to reach it and serve, instead of opening the deck
    #[arg(long)]
    pub serve: bool,

    /// The port for REST and Auth; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 54321)]
    pub port: u16,

    /// Keep the data in this directory; without it everything is gone afterwards
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,

    /// Leave the database as a new Supabase project has it: no migrations, no seeds
    #[arg(long)]
    pub empty: bool,

    /// The major version of Postgres, such as 17; without it, that of the Postgres on this machine
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(15..))]
    pub postgres: Option<u32>,

    /// Use this PostgREST binary for REST; without it, `postgrest` on PATH, or else a server that is built in
    #[arg(long, value_name = "PATH", env = "SUPADECK_POSTGREST")]
    pub postgrest: Option<PathBuf>,
}

/// How the demo went on.
pub enum Done {
    /// The deck is to be opened on it.
    #[cfg_attr(not(feature = "demo"), allow(dead_code))]
    Deck(Box<Deck>),
    /// It served until it was told to stop, and has printed what it had to say.
    #[cfg_attr(not(feature = "demo"), allow(dead_code))]
    Served,
}
