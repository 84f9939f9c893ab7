//! `supadeck profile add --linked` and `--local`: what the Supabase CLI knows about a directory becomes a profile.

use super::collect::Collected;
use crate::adapters::connect::Settings;
use crate::cli::context::Context;
use crate::cli::page::{Page, Table, Tone};
use crate::cli::prompt;
use crate::domain::problem::{Kind, Problem};
use crate::domain::profile::check_name;
use crate::domain::project_url::ProjectUrl;
use crate::domain::secret::SecretKind;
use crate::domain::source::Source;
use crate::ops::link::{self, Link, Local};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

/// The CLI's own variable for the linked project's password.
const PASSWORD: &str = "SUPABASE_DB_PASSWORD";
/// The password that `supabase start` gives its database, on every machine.
const LOCAL_PASSWORD: &str = "postgres";

/// Where the facts of a new profile come from, besides what was typed.
pub enum Origin {
    /// The project that the directory is linked to.
    Linked(Link),
    /// The stack of local development.
    Local(Link, Local),
}

impl Origin {
    /// Reads the directory, and says what was found. Nothing linked, or no configuration, is a problem.
    pub fn read(context: &Context, is_local: bool) -> Result<Self, Problem> {
        let link = link::read(context.settings().dir.as_deref())?;
        let origin = if is_local {
            let local = link.local.ok_or_else(|| no_config(&link))?;
            Self::Local(link, local)
        } else if link.project_ref.is_some() {
            Self::Linked(link)
        } else {
            return Err(not_linked(&link));
        };
        context.output().note(&origin.found());
        Ok(origin)
    }

    fn link(&self) -> &Link {
        match self {
            Self::Linked(link) | Self::Local(link, _) => link,
        }
    }

    /// The project's URL.
    fn url(&self) -> Result<ProjectUrl, Problem> {
        match self {
            Self::Linked(link) => {
                let source = Source::File("supabase/.temp/project-ref".to_owned());
                ProjectUrl::read(&link.url().unwrap_or_default(), &source)
            }
            Self::Local(_, local) => {
                let scheme = if local.has_tls { "https" } else { "http" };
                let url = format!("{scheme}://127.0.0.1:{}", local.api_port);
                ProjectUrl::read(&url, &Source::File("supabase/config.toml".to_owned()))
            }
        }
    }

    /// The profile's name, when none was typed: the one in the configuration, else the ref.
    pub fn name(&self) -> String {
        let id = self.link().project_id.as_deref();
        match (id.filter(|id| check_name(id).is_ok()), self) {
            (Some(id), Self::Linked(_)) => id.to_owned(),
            (Some(id), Self::Local(..)) => format!("{id}-local"),
            (None, Self::Linked(link)) => link.project_ref.clone().unwrap_or_default(),
            (None, Self::Local(..)) => "local".to_owned(),
        }
    }

    /// Takes over the URL and the directory. Variables of another project are none of this one's.
    pub fn fill(&self, context: &Context, settings: &mut Settings) -> Result<bool, Problem> {
        let url = self.url()?;
        let given = context.settings().url.as_deref();
        let is_same = given.is_some_and(|given| ProjectUrl::parse(given).as_ref() == Ok(&url));
        if given.is_some() && !is_same {
            let mut page = Page::default();
            let text = format!(
                "Note: --url or SUPABASE_URL names another project than {url}; it is not used, and neither are its keys."
            );
            page.toned(Tone::Warn, &text);
            context.output().note(&page);
        }
        settings.url = Some(url.to_string());
        settings.dir.get_or_insert_with(|| self.link().root.clone());
        Ok(given.is_none() || is_same)
    }

    /// The database URL: with the password of local development, of the CLI's variable, or one that is asked for. `taken` gets
    /// what to say once it is kept.
    pub async fn database_url(
        &self,
        has_token: bool,
        asks: bool,
        taken: &mut Vec<String>,
    ) -> Result<Option<SecretString>, Problem> {
        let link = match self {
            Self::Local(_, local) => {
                let port = local.db_port;
                let url =
                    format!("postgresql://postgres:{LOCAL_PASSWORD}@127.0.0.1:{port}/postgres");
                return Ok(Some(url.into()));
            }
            Self::Linked(link) => link,
        };
        let password: Option<SecretString> = match std::env::var(PASSWORD) {
            Ok(password) if !password.is_empty() => {
                taken.push(format!("{PASSWORD} is kept with the profile."));
                Some(password.into())
            }
            _ if asks => {
                let question = if has_token {
                    "Database password, empty to go over the Management API (not shown): "
                } else {
                    "Database password, empty to leave it out (not shown): "
                };
                Some(prompt::hidden(question).await?)
            }
            _ => None,
        };
        Ok(password
            .filter(|password| !password.expose_secret().is_empty())
            .and_then(|password| link.database_url(password.expose_secret())))
    }

    fn found(&self) -> Page {
        let mut page = Page::default();
        let mut table = Table::new(&["FOUND", ""]);
        let mut row = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                table.row(vec![name.into(), value.into()]);
            }
        };
        let link = self.link();
        let root = link.root.display().to_string();
        row("directory", Some(&root));
        row("project id", link.project_id.as_deref());
        if let Self::Linked(_) = self {
            row("project ref", link.project_ref.as_deref());
            row("pooler", link.pooler.as_deref());
            row("postgres", link.postgres_version.as_deref());
        }
        page.table(&table);
        for note in &link.notes {
            page.toned(Tone::Warn, &format!("Note: {note}"));
        }
        page
    }

    /// What was found, for JSON.
    pub fn data(&self) -> Value {
        match self {
            Self::Linked(link) => json!(link),
            Self::Local(link, local) => json!({
                "project_id": link.project_id,
                "api_port": local.api_port,
                "db_port": local.db_port,
                "notes": link.notes,
            }),
        }
    }
}

/// What is missing for which purpose, as sentences.
pub fn missing(collected: &Collected) -> Vec<String> {
    let settings = &collected.settings;
    let mut missing = Vec::new();
    if collected.lacks_key() {
        missing.push("No key is known, so no rows can be read; add it with --key.".to_owned());
    }
    if collected.lacks(SecretKind::DatabaseUrl) {
        let has_token = !collected.lacks(SecretKind::AccessToken);
        missing.push(match has_token {
            true if settings.is_token_typed => {
                "No database password is known; migrations go over the Management API.".to_owned()
            }
            true => "No database password is known; migrations go over the Management API while SUPABASE_ACCESS_TOKEN is set.".to_owned(),
            false => format!("Neither a database password nor an access token is known, so migrations cannot run; set {PASSWORD} or SUPABASE_ACCESS_TOKEN."),
        });
    }
    missing
}

fn not_linked(link: &Link) -> Problem {
    let problem = Problem::new(
        Kind::Config,
        "The directory is not linked to a project.",
        format!(
            "{} has neither supabase/.temp/project-ref nor .supabase/project.json.",
            link.root.display()
        ),
    );
    problem.with_hint(if link.local.is_some() {
        "Link it with `supabase link --project-ref REF`, name the directory with --dir, or use --local for local development."
    } else {
        "Link it with `supabase link --project-ref REF`, or name the directory with --dir."
    })
}

fn no_config(link: &Link) -> Problem {
    Problem::new(
        Kind::Config,
        "Nothing is known about local development here.",
        format!("{} has no supabase/config.toml.", link.root.display()),
    )
    .with_hint("Make one with `supabase init`, or name the directory with --dir.")
}
