//! The options that every command has.

use super::output::Color;
use crate::adapters::log::Level;
use crate::domain::access::viewer::Who;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, Args, Command, ValueEnum};
use std::ffi::OsStr;
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

    /// Read rows as `anon`, `user` (the last one used), `user:EMAIL` (one who is signed in), `acted:EMAIL` (any user, by SUPABASE_JWT_SECRET), or past Row Level Security as `service`
    #[arg(long = "as", global = true, value_name = "IDENTITY", value_parser = AsParser)]
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum As {
    /// Nobody: the publishable key alone.
    Anon,
    /// The signed-in user who was used last.
    User,
    /// The signed-in user of this e-mail address.
    UserCalled(String),
    /// Any user of the project, by e-mail address or id.
    Acted(String),
    /// The service role: Row Level Security does not apply.
    Service,
    /// Somebody who reads no rows over REST here: for what is asked about access only.
    Who(Who),
}

impl Global {
    /// Whose access is asked for, where it is somebody who does not read rows over REST here.
    pub fn asked(&self) -> Option<&Who> {
        match &self.identity {
            Some(As::Who(asked)) => Some(asked),
            _ => None,
        }
    }
}

/// Reads the value of `--as`.
#[derive(Debug, Clone)]
struct AsParser;

impl AsParser {
    const WORDS: [(&'static str, &'static str); 7] = [
        ("anon", "Nobody: the publishable key alone"),
        ("user", "The signed-in user who was used last"),
        ("user:EMAIL", "The signed-in user of this address"),
        (
            "acted:EMAIL",
            "Any user, by a token that is signed here with SUPABASE_JWT_SECRET",
        ),
        (
            "service",
            "The service role: Row Level Security does not apply",
        ),
        (
            "stranger",
            "Somebody who is signed in and owns nothing, for `supadeck access`",
        ),
        (
            "role:NAME",
            "A stranger in another role of the API, for `supadeck access`",
        ),
    ];
}

impl TypedValueParser for AsParser {
    type Value = As;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<As, clap::Error> {
        let text = value.to_str().unwrap_or_default();
        match text.split_once(':') {
            None => match text {
                "anon" => return Ok(As::Anon),
                "user" => return Ok(As::User),
                "service" => return Ok(As::Service),
                "stranger" => return Ok(As::Who(Who::Stranger)),
                _ => {}
            },
            Some(("user", name)) if !name.trim().is_empty() => {
                return Ok(As::UserCalled(name.trim().to_owned()));
            }
            Some(("acted", name)) if !name.trim().is_empty() => {
                return Ok(As::Acted(name.trim().to_owned()));
            }
            Some(("role", name)) if !name.trim().is_empty() => {
                return Ok(As::Who(Who::Role(name.trim().to_owned())));
            }
            Some(_) => {}
        }
        // What stands here may be a secret: clap's own words repeat it as they do for every list of values.
        let words = Self::WORDS.map(|(word, _)| word);
        PossibleValuesParser::new(words)
            .parse_ref(command, arg, value)
            .and_then(|_| Err(clap::Error::new(ErrorKind::InvalidValue).with_cmd(command)))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let values = Self::WORDS.map(|(word, help)| PossibleValue::new(word).help(help));
        Some(Box::new(values.into_iter()))
    }
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
