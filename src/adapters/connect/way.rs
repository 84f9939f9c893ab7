//! Which way goes to the project's database: a Postgres connection, or the Management API. Nothing is sent here.

use super::Project;
use crate::adapters::management::{Access, ManagementDatabase};
use crate::adapters::postgres::PgDatabase;
use crate::domain::given;
use crate::domain::problem::{Kind, Problem};
use crate::domain::source::Source;
use crate::ports::{Catalogs, Database, Stage};
use secrecy::SecretString;
use std::sync::Arc;

/// A way to a database.
#[derive(Debug, Clone)]
pub enum Way {
    /// A database URL.
    Postgres(PgDatabase),
    /// An access token and the project's ref.
    Management(ManagementDatabase),
}

impl Way {
    /// The way by a database URL.
    pub fn by_url(url: &SecretString, source: &Source) -> Result<Self, Problem> {
        PgDatabase::parse_from(url, source).map(Self::Postgres)
    }

    /// The way to a project's database: its database URL, else the token with its ref; `None` when neither is known.
    /// Whoever typed a token and no database URL means the token.
    pub fn of(project: &Project) -> Result<Option<Self>, Problem> {
        let by_token = || {
            let (Some(token), Some(reference)) =
                (&project.access_token, &project.profile.project_ref)
            else {
                return Ok(None);
            };
            let token = given::access_token(token, &project.access_token_from)?.value;
            let access = Access::new(project.api_url.as_deref(), reference, &token)?;
            Ok(Some(Self::Management(ManagementDatabase::new(access))))
        };
        match &project.database_url {
            Some(url) if !project.is_token_meant => {
                Self::by_url(url, &project.database_url_from).map(Some)
            }
            _ => by_token(),
        }
    }

    /// The same, where there has to be one.
    pub fn needed(project: &Project) -> Result<Self, Problem> {
        Self::of(project)?.ok_or_else(|| unknown(project))
    }

    /// What the user should know about it before anything is sent.
    pub fn notes(&self) -> Vec<String> {
        match self {
            Self::Postgres(database) => database.notes(),
            Self::Management(database) => database.notes(),
        }
    }

    /// The word in JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Postgres(_) => "postgres",
            Self::Management(_) => "management_api",
        }
    }

    /// What the database is called while it is waited for: `the database at localhost:5432`.
    pub fn place(&self) -> String {
        match self {
            Self::Postgres(database) => format!("the database at {}", database.host()),
            Self::Management(database) => {
                format!("the Management API, for project {}", database.reference())
            }
        }
    }

    /// The way as a sentence of its own.
    pub fn sentence(&self) -> String {
        let over = match self {
            Self::Postgres(database) => format!("a Postgres connection to {}", database.host()),
            Self::Management(database) => {
                format!("the Management API to project {}", database.reference())
            }
        };
        format!("Migrations go over {over}.")
    }

    /// Where changes can be rehearsed.
    pub fn stage(&self) -> Arc<dyn Stage> {
        match self {
            Self::Postgres(database) => Arc::new(database.clone()),
            Self::Management(database) => Arc::new(database.clone()),
        }
    }

    /// The database.
    pub fn database(self) -> Arc<dyn Database> {
        match self {
            Self::Postgres(database) => Arc::new(database),
            Self::Management(database) => Arc::new(database),
        }
    }

    /// Its catalogs.
    pub fn catalogs(self) -> Arc<dyn Catalogs> {
        match self {
            Self::Postgres(database) => Arc::new(database),
            Self::Management(database) => Arc::new(database),
        }
    }
}

/// No way is known. A token alone is not enough, and then it is the ref that is missing.
fn unknown(project: &Project) -> Problem {
    if project.access_token.is_some() {
        return Problem::new(
            Kind::Config,
            "The database is not known.",
            "There is an access token, but the project's ref is not known, and no database URL is.",
        )
        .with_hint("The ref comes with a URL such as https://<ref>.supabase.co, or with `supadeck profile add --linked`.");
    }
    Problem::new(
        Kind::Config,
        "The database is not known.",
        "Migrations, seeds and types go over a Postgres connection or the Management API; there is neither a database URL nor an access token.",
    )
    .with_hint("Set SUPABASE_DB_URL or SUPABASE_ACCESS_TOKEN, or use --db-url or --access-token, or keep one with `supadeck profile add`.")
}
