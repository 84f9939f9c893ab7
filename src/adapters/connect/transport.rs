//! Which way goes to the project's database: a Postgres connection, or the Management API. Nothing is sent here.

use super::Project;
use super::read_only::ReadOnly;
use crate::adapters::management::{ManagementDatabase, ProjectAccess};
use crate::adapters::postgres::{PgDatabase, PgVariables};
use crate::adapters::secrets::SecretSource;
use crate::domain::given;
use crate::domain::problem::{Kind, Problem};
use crate::domain::source::Source;
use crate::ports::{
    AccessDatabase, AuditUpkeep, Catalogs, Database, DryRunDatabase, TableCatalog, UserDirectory,
};
use secrecy::SecretString;
use std::sync::Arc;

/// A way to a database.
#[derive(Debug, Clone)]
pub struct Transport {
    way: Way,
    /// The profile that is used, where it is a read-only one.
    read_only: Option<String>,
}

#[derive(Debug, Clone)]
enum Way {
    /// A database URL.
    Postgres(PgDatabase),
    /// An access token and the project's ref.
    Management(ManagementDatabase),
}

impl Transport {
    /// The way by a database URL, where the environment's variables say what it does not.
    pub fn by_url(
        url: &SecretString,
        source: &Source,
        variables: &PgVariables,
    ) -> Result<Self, Problem> {
        Ok(Self {
            way: Way::Postgres(PgDatabase::parse_from(url, source, variables)?),
            read_only: None,
        })
    }

    /// The way to a project's database: its database URL, else the token with its ref; `None` when neither is known.
    /// Whoever typed a token and no database URL means the token. What comes from a command is looked up now.
    pub async fn of(project: &Project) -> Result<Option<Self>, Problem> {
        if let Some(url) = by_url(project) {
            let secret = url.get().await?;
            let way = Self::by_url(&secret, &url.source(), &project.postgres)?;
            return Ok(Some(way.read_only(project.read_only())));
        }
        let (Some(token), Some(reference)) = by_token(project) else {
            return Ok(None);
        };
        let token = given::access_token(&token.get().await?, &token.source())?.value;
        let access = ProjectAccess::new(project.api_url.as_deref(), reference, &token)?;
        let way = Self {
            way: Way::Management(ManagementDatabase::new(access)),
            read_only: None,
        };
        Ok(Some(way.read_only(project.read_only())))
    }

    /// The same as the profile of that name, which is a read-only one, lets one go it.
    #[must_use]
    pub fn read_only(mut self, profile: Option<String>) -> Self {
        self.read_only = profile;
        self
    }

    /// Whether it is a Postgres connection.
    pub fn is_postgres(&self) -> bool {
        matches!(self.way, Way::Postgres(_))
    }

    /// Whether there is a way, without looking anything up.
    pub fn is_known(project: &Project) -> bool {
        by_url(project).is_some() || matches!(by_token(project), (Some(_), Some(_)))
    }

    /// The way's word in JSON and its sentence, without looking anything up; `None` when there is none that can be used.
    pub async fn told(project: &Project) -> Option<(&'static str, String)> {
        let (word, source) = match (by_url(project), by_token(project)) {
            (Some(url), _) => ("postgres", url),
            (None, (Some(token), Some(_))) => ("management_api", token),
            _ => return None,
        };
        if let Some(reference) = source.reference() {
            let over = if word == "postgres" {
                "a Postgres connection whose URL"
            } else {
                "the Management API with a token that"
            };
            return Some((
                word,
                format!("Migrations go over {over} comes from {reference}."),
            ));
        }
        let way = Self::of(project).await.ok().flatten()?;
        Some((way.word(), way.describe()))
    }

    /// The same, where there has to be one.
    pub async fn needed(project: &Project) -> Result<Self, Problem> {
        Self::of(project).await?.ok_or_else(|| unknown(project))
    }

    /// What the user should know about it before anything is sent.
    pub fn notes(&self) -> Vec<String> {
        match &self.way {
            Way::Postgres(database) => database.notes(),
            Way::Management(database) => database.notes(),
        }
    }

    /// The word in JSON.
    pub fn word(&self) -> &'static str {
        match &self.way {
            Way::Postgres(_) => "postgres",
            Way::Management(_) => "management_api",
        }
    }

    /// What the database is called while it is waited for: `the database at localhost:5432`.
    pub fn label(&self) -> String {
        match &self.way {
            Way::Postgres(database) => format!("the database at {}", database.host()),
            Way::Management(database) => {
                format!("the Management API, for project {}", database.reference())
            }
        }
    }

    /// The way as a sentence of its own.
    pub fn describe(&self) -> String {
        let over = match &self.way {
            Way::Postgres(database) => format!("a Postgres connection to {}", database.host()),
            Way::Management(database) => {
                format!("the Management API to project {}", database.reference())
            }
        };
        format!("Migrations go over {over}.")
    }

    /// Where changes can be dry-run.
    pub fn stage(&self) -> Arc<dyn DryRunDatabase> {
        let inner: Arc<dyn DryRunDatabase> = match &self.way {
            Way::Postgres(database) => Arc::new(database.clone()),
            Way::Management(database) => Arc::new(database.clone()),
        };
        match self.read_only.clone() {
            Some(profile) => Arc::new(ReadOnly { inner, profile }),
            None => inner,
        }
    }

    /// What the owner of its audit log does there.
    pub fn audit_upkeep(&self) -> Arc<dyn AuditUpkeep> {
        let inner: Arc<dyn AuditUpkeep> = match &self.way {
            Way::Postgres(database) => Arc::new(database.clone()),
            Way::Management(database) => Arc::new(database.clone()),
        };
        match self.read_only.clone() {
            Some(profile) => Arc::new(ReadOnly { inner, profile }),
            None => inner,
        }
    }

    /// Who may do what there.
    pub fn access(&self) -> Arc<dyn AccessDatabase> {
        match &self.way {
            Way::Postgres(database) => Arc::new(database.clone()),
            Way::Management(database) => Arc::new(database.clone()),
        }
    }

    /// The database.
    pub fn database(self) -> Arc<dyn Database> {
        let inner: Arc<dyn Database> = match self.way {
            Way::Postgres(database) => Arc::new(database),
            Way::Management(database) => Arc::new(database),
        };
        match self.read_only {
            Some(profile) => Arc::new(ReadOnly { inner, profile }),
            None => inner,
        }
    }

    /// Its users.
    pub fn directory(self) -> Arc<dyn UserDirectory> {
        match self.way {
            Way::Postgres(database) => Arc::new(database),
            Way::Management(database) => Arc::new(database),
        }
    }

    /// Its tables.
    pub fn tables(self) -> Arc<dyn TableCatalog> {
        match self.way {
            Way::Postgres(database) => Arc::new(database),
            Way::Management(database) => Arc::new(database),
        }
    }

    /// Its catalogs.
    pub fn catalogs(self) -> Arc<dyn Catalogs> {
        match self.way {
            Way::Postgres(database) => Arc::new(database),
            Way::Management(database) => Arc::new(database),
        }
    }
}

fn by_url(project: &Project) -> Option<&SecretSource> {
    project
        .database_url
        .as_ref()
        .filter(|_| !project.is_token_meant)
}

fn by_token(project: &Project) -> (Option<&SecretSource>, Option<&str>) {
    let reference = project.profile.project_ref.as_deref();
    (project.access_token.as_ref(), reference)
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
        "Migrations, seeds, types and access go over a Postgres connection or the Management API; there is neither a database URL nor an access token.",
    )
    .with_hint("Set SUPABASE_DB_URL or SUPABASE_ACCESS_TOKEN, or use --db-url or --access-token, or keep one with `supadeck profile add`.")
}
