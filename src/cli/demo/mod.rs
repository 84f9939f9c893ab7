//! `supadeck demo`: the local stack with the schema and the demo data of this repository. What fills it is the same
//! engine that `migration apply` and `seed apply` call.

#[cfg(feature = "demo")]
mod files;
#[cfg(feature = "demo")]
mod with_stack;
#[cfg(not(feature = "demo"))]
mod without_stack;

use clap::Args as ClapArgs;
use std::path::PathBuf;

#[cfg(feature = "demo")]
pub use with_stack::{Running, run};
#[cfg(not(feature = "demo"))]
pub use without_stack::{Running, run};

/// Start a project of its own on this machine: Postgres, REST, Auth, the Weeksmith schema and demo data
///
/// Without --serve the deck opens on it. With --serve the keys and the demo accounts are printed, then `ready`, and it
/// serves until it is told to stop. Needs Postgres 15 or newer on this machine, or npm to fetch one.
#[derive(ClapArgs)]
#[cfg_attr(not(feature = "demo"), allow(dead_code))]
pub struct Args {
    /// Print how to reach it and serve, instead of opening the deck
    #[arg(long)]
    serve: bool,

    /// The port for REST and Auth; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 54321)]
    port: u16,

    /// Keep the data in this directory; without it everything is gone afterwards
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,

    /// Leave the database as a new Supabase project has it: no migrations, no seeds
    #[arg(long)]
    empty: bool,

    /// Use this PostgREST binary for REST; without it, `postgrest` on PATH, or else a server that is built in
    #[arg(long, value_name = "PATH", env = "SUPADECK_POSTGREST")]
    postgrest: Option<PathBuf>,
}

/// How the demo went on.
pub enum Done {
    /// The deck is to be opened on it.
    #[cfg_attr(not(feature = "demo"), allow(dead_code))]
    Deck(Box<super::Deck>),
    /// It served until it was told to stop, and has printed what it had to say.
    #[cfg_attr(not(feature = "demo"), allow(dead_code))]
    Served,
}
