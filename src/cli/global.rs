//! The options that every command has.

use super::output::Color;
use crate::adapters::log::Level;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Options of every command. `Debug` is left out on purpose: three of them can hold a secret.
#[derive(Args, Clone)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// The profile to use; see `supadeck profile list`
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "SUPADECK_PROFILE",
        hide_env_values = true
    )]
    pub profile: Option<String>,

    /// The project's URL, such as https://abcdefghijklmnopqrst.supabase.co
    #[arg(long, global = true, value_name = "URL")]
    pub url: Option<String>,

    /// The API key: a publishable key, or `env:NAME`, `cmd:COMMAND`, or `-` to read it from stdin
    #[arg(long, global = true, value_name = "KEY", allow_hyphen_values = true)]
    pub key: Option<String>,

    /// The Postgres connection URL: without a password, or `env:NAME`, `cmd:COMMAND`, or `-` to read it from stdin
    #[arg(long, global = true, value_name = "URL", allow_hyphen_values = true)]
    pub db_url: Option<String>,

    /// The access token for the Management API, instead of a database URL: `env:NAME`, `cmd:COMMAND`, or `-` to read it from stdin
    #[arg(long, global = true, value_name = "TOKEN", allow_hyphen_values = true)]
    pub access_token: Option<String>,

    /// The project directory, with `supabase/` or `migrations/` in it
    #[arg(long, global = true, value_name = "DIR")]
    pub dir: Option<PathBuf>,

    /// Read rows as nobody, as the signed-in user, or past Row Level Security with the secret key
    #[arg(long = "as", global = true, value_name = "IDENTITY")]
    pub identity: Option<As>,

    /// Print one JSON document on stdout
    #[arg(long, global = true)]
    pub json: bool,

    /// When to use colour [default: auto]
    #[arg(long, global = true, value_name = "WHEN")]
    pub color: Option<Color>,

    /// How much goes into the log file [default: warn]
    #[arg(long, global = true, value_name = "LEVEL", env = "SUPADECK_LOG")]
    pub log_level: Option<LogLevel>,
}

/// Whose rows to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum As {
    /// Nobody: the publishable key alone
    Anon,
    /// The signed-in user
    User,
    /// The service role: Row Level Security does not apply
    Service,
}

/// How much goes into the log file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    /// Nothing
    Off,
    /// What failed
    Error,
    /// Also what is odd
    Warn,
    /// Also what was done
    Info,
    /// Also how
    Debug,
    /// Everything
    Trace,
}

impl From<LogLevel> for Level {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Off => Self::Off,
            LogLevel::Error => Self::Error,
            LogLevel::Warn => Self::Warn,
            LogLevel::Info => Self::Info,
            LogLevel::Debug => Self::Debug,
            LogLevel::Trace => Self::Trace,
        }
    }
}
