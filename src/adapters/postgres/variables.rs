//! What the environment says about connections to Postgres, as libpq reads it. A parameter of the URL goes first.

use std::path::PathBuf;

/// libpq's variables, and its default root file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PgVariables {
    /// `PGSSLMODE`.
    pub sslmode: Option<String>,
    /// `PGSSLROOTCERT`.
    pub sslrootcert: Option<String>,
    /// `PGCONNECT_TIMEOUT`, in seconds.
    pub connect_timeout: Option<String>,
    /// `PGREQUIREAUTH`.
    pub require_auth: Option<String>,
    /// `~/.postgresql/root.crt`, where there is such a file.
    pub root_file: Option<PathBuf>,
}

impl PgVariables {
    /// Reads them from any source of variables; an empty variable counts as none.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let text = |name: &str| lookup(name).filter(|value| !value.trim().is_empty());
        let folder = if cfg!(windows) {
            text("APPDATA").map(|folder| PathBuf::from(folder).join("postgresql"))
        } else {
            text("HOME").map(|folder| PathBuf::from(folder).join(".postgresql"))
        };
        Self {
            sslmode: text("PGSSLMODE"),
            sslrootcert: text("PGSSLROOTCERT"),
            connect_timeout: text("PGCONNECT_TIMEOUT"),
            require_auth: text("PGREQUIREAUTH"),
            root_file: folder
                .map(|folder| folder.join("root.crt"))
                .filter(|file| file.is_file()),
        }
    }
}
