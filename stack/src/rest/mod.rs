//! The REST side of one database: postrust embedded, or a real PostgREST process. Both give a router that expects
//! paths without `/rest/v1` and a JWT in `Authorization`: keys are the gateway's matter.

mod child;
mod embedded;
mod json_key;
mod notice;

use crate::Error;
use crate::postgres::Endpoint;
use crate::secret::Secrets;
use axum::Router;
pub(crate) use notice::SWEEP;
use postrust_server::AppState;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Schemas that are served, and what is added to the search path, as on the platform.
const SCHEMA: &str = "public";
const EXTRA_SEARCH_PATH: [&str; 2] = ["public", "extensions"];
/// Rows of one answer, as on the platform.
const MAX_ROWS: u32 = 1000;

/// What ties a process to the watchdog.
pub(crate) type Guard<'a> = dyn Fn(&std::process::Child) -> Result<(), Error> + Send + Sync + 'a;

/// What REST needs to know of its database.
pub(crate) struct Target<'a> {
    /// Where Postgres listens.
    pub(crate) endpoint: &'a Endpoint,
    /// The database.
    pub(crate) database: &'a str,
    /// Passwords and the JWT secret.
    pub(crate) secrets: &'a Secrets,
    /// Told of a process as soon as it is there, so that it never outlives us.
    pub(crate) guard: &'a Guard<'a>,
}

impl Target<'_> {
    fn url(&self) -> String {
        let Secrets {
            authenticator_password,
            ..
        } = self.secrets;
        let Self {
            endpoint, database, ..
        } = self;
        format!(
            "postgresql://authenticator:{authenticator_password}@127.0.0.1:{}/{database}?sslmode=disable",
            endpoint.port
        )
    }
}

/// REST of one database.
pub(crate) enum Rest {
    /// In this process.
    Embedded(embedded::Embedded),
    /// A PostgREST process.
    Child(child::PostgRest),
}

impl Rest {
    /// Starts it: the given binary, else the embedded server.
    pub(crate) async fn start(target: &Target<'_>, binary: Option<&Path>) -> Result<Self, Error> {
        match binary {
            Some(binary) => Ok(Self::Child(child::PostgRest::start(target, binary).await?)),
            None => Ok(Self::Embedded(embedded::Embedded::start(target).await?)),
        }
    }

    /// Answers requests.
    pub(crate) fn router(&self) -> Router {
        match self {
            Self::Embedded(rest) => rest.router(),
            Self::Child(rest) => rest.router(),
        }
    }

    /// The number of its process, when it is one.
    pub(crate) fn process_id(&self) -> Option<u32> {
        match self {
            Self::Embedded(_) => None,
            Self::Child(rest) => Some(rest.process_id()),
        }
    }

    /// What makes it read the schema again.
    pub(crate) fn reloader(&self) -> Reloader {
        match self {
            Self::Embedded(rest) => Reloader::Embedded(rest.state()),
            Self::Child(rest) => Reloader::Child(rest.notice()),
        }
    }

    /// Lets go of the database.
    pub(crate) async fn stop(&mut self) {
        match self {
            Self::Embedded(rest) => rest.stop().await,
            Self::Child(rest) => rest.stop(),
        }
    }
}

/// Makes REST read the schema again.
pub(crate) enum Reloader {
    /// Does it.
    Embedded(Arc<AppState>),
    /// Has it done.
    Child(notice::Notice),
}

impl Reloader {
    /// Returns when the schema as it is now is in use.
    pub(crate) async fn reload(&self) -> Result<(), Error> {
        match self {
            Self::Embedded(state) => state
                .reload_schema()
                .await
                .map_err(|e| Error::Rest { why: e.to_string() }),
            Self::Child(notice) => notice.reload().await,
        }
    }
}

/// The PostgREST binary that was asked for, if any.
pub(crate) fn binary(options: &crate::Options) -> Option<PathBuf> {
    let asked = options.postgrest.clone().or_else(|| {
        std::env::var_os("SUPADECK_POSTGREST")
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    });
    asked.or_else(|| {
        let name = format!("postgrest{}", std::env::consts::EXE_SUFFIX);
        let path = std::env::var_os("PATH").filter(|_| options.prefer_real_postgrest)?;
        std::env::split_paths(&path)
            .map(|folder| folder.join(&name))
            .find(|binary| binary.is_file())
    })
}
