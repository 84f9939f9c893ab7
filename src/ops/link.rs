//! What the Supabase CLI left in a project directory: the project it is linked to, and the ports of local development.
//! Reads files only, and never a secret: the CLI keeps the token and the password elsewhere.
//!
//! Source: supabase/cli, `apps/cli-go/internal/utils/misc.go` (`supabase/.temp/…`) and `apps/cli/docs/supabase-home.md`
//! (`.supabase/project.json`, which newer versions write instead).

use crate::domain::database_url::{self, DatabaseUrl, Host, Parameter};
use crate::domain::hidden;
use crate::domain::problem::{Kind, Problem};
use crate::domain::text;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

const CONFIG: &str = "supabase/config.toml";
const REF: &str = "supabase/.temp/project-ref";
const POOLER: &str = "supabase/.temp/pooler-url";
const VERSION: &str = "supabase/.temp/postgres-version";
const HOME: &str = ".supabase/project.json";
/// Whose host a password may be sent to: a link file is no secret, and anybody who can write it could name another.
const POOLER_DOMAIN: &str = ".pooler.supabase.com";
/// The CLI's own defaults. Source: its template of `config.toml`.
const API_PORT: u16 = 54_321;
const DB_PORT: u16 = 54_322;
/// The longest file that is read.
const LONGEST: u64 = 256 * 1024;

/// What was found in a project directory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Link {
    /// The directory with `supabase/` in it.
    #[serde(skip)]
    pub root: PathBuf,
    /// `project_id` of `supabase/config.toml`: a name for people, not the ref.
    pub project_id: Option<String>,
    /// The linked project's ref.
    pub project_ref: Option<String>,
    /// The session pooler, without a password.
    pub pooler: Option<String>,
    /// The Postgres version that the CLI saw.
    pub postgres_version: Option<String>,
    /// The major version that `supabase/config.toml` gives for local development.
    #[serde(skip)]
    pub major_version: Option<u32>,
    /// The schemas that the API serves, as `supabase/config.toml` names them.
    #[serde(skip)]
    pub api_schemas: Option<Vec<String>>,
    /// Ports of local development, where there is a `supabase/config.toml`.
    #[serde(skip)]
    pub local: Option<Local>,
    /// What was found and cannot be used, as sentences.
    pub notes: Vec<String>,
}

/// Where `supabase start` listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Local {
    /// The API's port.
    pub api_port: u16,
    /// The database's port.
    pub db_port: u16,
    /// Whether the API speaks https.
    pub has_tls: bool,
}

#[derive(Default, Deserialize)]
struct Config {
    project_id: Option<String>,
    #[serde(default)]
    api: Api,
    #[serde(default)]
    db: Db,
}

#[derive(Default, Deserialize)]
struct Api {
    port: Option<u16>,
    schemas: Option<Vec<String>>,
    #[serde(default)]
    tls: Tls,
}

#[derive(Default, Deserialize)]
struct Tls {
    #[serde(default)]
    enabled: bool,
}

#[derive(Default, Deserialize)]
struct Db {
    port: Option<u16>,
    major_version: Option<u32>,
}

#[derive(Deserialize)]
struct Home {
    #[serde(rename = "ref")]
    reference: String,
    #[serde(default)]
    versions: Versions,
}

#[derive(Default, Deserialize)]
struct Versions {
    postgres: Option<String>,
}

impl Link {
    /// The project's URL.
    pub fn url(&self) -> Option<String> {
        let reference = self.project_ref.as_ref()?;
        Some(format!("https://{reference}.supabase.co"))
    }

    /// The database URL with a password: the session pooler's, else the direct one.
    pub fn database_url(&self, password: &str) -> Option<SecretString> {
        let reference = self.project_ref.as_ref()?;
        let direct = || format!("postgresql://postgres@db.{reference}.supabase.co:5432/postgres");
        let url = self.pooler.clone().unwrap_or_else(direct);
        let url = DatabaseUrl::parse(&url).ok()?.with_password(password);
        Some(url.with_parameter(Parameter::SslMode, "require").text())
    }
}

/// Reads what the CLI left in a directory or, when none was named, in the nearest one above that has any of it.
pub fn read(named: Option<&Path>) -> Result<Link, Problem> {
    let root = match named {
        Some(dir) => dir.to_owned(),
        None => nearest(&std::path::absolute(".").map_err(|error| no_directory(&error))?),
    };
    let mut link = Link {
        root: root.clone(),
        ..Link::default()
    };
    if let Some(text) = file(&root.join(CONFIG))? {
        let config: Config = toml::from_str(&text).map_err(|error| unreadable(&text, &error))?;
        link.project_id = config
            .project_id
            .filter(|id| !id.trim().is_empty() && !hidden::looks_secret(id));
        link.major_version = config.db.major_version;
        link.api_schemas = config.api.schemas;
        link.local = Some(Local {
            api_port: config.api.port.unwrap_or(API_PORT),
            db_port: config.db.port.unwrap_or(DB_PORT),
            has_tls: config.api.tls.enabled,
        });
    }
    let older = match file(&root.join(REF))? {
        Some(text) => Some(reference(REF, &text)?),
        None => None,
    };
    let home: Option<Home> = file(&root.join(HOME))?
        .map(|text| serde_json::from_str(&text))
        .transpose()
        .map_err(|_| unusable(HOME, "It is not what the CLI writes there"))?;
    let newer = home
        .as_ref()
        .map(|home| reference(HOME, &home.reference))
        .transpose()?;
    if let (Some(older), Some(newer)) = (&older, &newer)
        && older != newer
    {
        return Err(Problem::new(
            Kind::Conflict,
            "The directory is linked to two projects.",
            format!("{REF} says {older}, {HOME} says {newer}."),
        )
        .with_hint("Link it again with `supabase link`, or remove the file that is out of date."));
    }
    link.project_ref = older.or(newer);
    link.postgres_version = file(&root.join(VERSION))?
        .or(home.and_then(|home| home.versions.postgres))
        .map(|version| hidden::shown(version.trim()).into_owned())
        .filter(|version| !version.is_empty());
    if let (Some(reference), Some(url)) = (&link.project_ref, file(&root.join(POOLER))?) {
        match pooler(url.trim(), reference) {
            Ok(url) => link.pooler = Some(url),
            Err(why) => link.notes.push(format!("{POOLER} is not used: {why}.")),
        }
    }
    Ok(link)
}

/// The major version of Postgres that a project directory says its database has, and where it says so. Nothing where it cannot
/// be read: who asks has another way.
pub fn postgres_major(root: &Path) -> Option<(u32, &'static str)> {
    let link = read(Some(root)).ok()?;
    let linked = link.postgres_version.as_deref().and_then(major);
    let linked = linked.map(|major| (major, "the linked project has it"));
    linked.or_else(|| Some((link.major_version?, "supabase/config.toml says so")))
}

/// The major version in a version such as `17.6.1.003`.
pub fn major(version: &str) -> Option<u32> {
    let digits = version.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// The nearest directory with anything of the CLI in it, else the one to begin with.
fn nearest(from: &Path) -> PathBuf {
    let has = |dir: &&Path| {
        [CONFIG, REF, HOME]
            .iter()
            .any(|name| dir.join(name).is_file())
    };
    from.ancestors().find(has).unwrap_or(from).to_owned()
}

fn file(path: &Path) -> Result<Option<String>, Problem> {
    let shown = path.display().to_string();
    match std::fs::metadata(path) {
        Ok(found) if found.len() > LONGEST => return Err(unusable(&shown, "It is too large")),
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unusable(&shown, &error.to_string())),
    }
    let text =
        std::fs::read_to_string(path).map_err(|error| unusable(&shown, &error.to_string()))?;
    Ok(Some(text.trim_start_matches('\u{feff}').to_owned()))
}

/// Source: `ProjectRefPattern` of the CLI.
fn reference(name: &str, text: &str) -> Result<String, Problem> {
    let text = text.trim();
    let is_ref = text.len() == 20 && text.chars().all(|c| c.is_ascii_lowercase());
    if is_ref {
        return Ok(text.to_owned());
    }
    // What stands there instead may be a key or a URL with a password.
    Err(unusable(
        name,
        "It holds no project ref, which is twenty lower-case letters",
    ))
}

/// The pooler's URL in session mode and without a password. As the CLI does, a URL of another project or host is not used.
fn pooler(text: &str, reference: &str) -> Result<String, &'static str> {
    let url = DatabaseUrl::parse_without_password(text)
        .map_err(|_| "it is no database URL that can be read")?;
    let [server] = url.servers() else {
        return Err("it names several hosts");
    };
    let Host::Name(host) = &server.host else {
        return Err("its host is a socket");
    };
    if url.user().split_once('.').map(|(_, owner)| owner) != Some(reference) {
        return Err("its user is not one of the linked project");
    }
    if !host.to_ascii_lowercase().ends_with(POOLER_DOMAIN) || !url.addresses().is_empty() {
        return Err(
            "its host is not one of Supabase's poolers, and the password would be sent there",
        );
    }
    // Port 6543 is the transaction mode; migrations are better off with a session. Parameters are anybody's.
    let (user, database) = (url.user(), url.database().unwrap_or("postgres"));
    let part = |text: &str| database_url::encoded(text.as_bytes());
    Ok(format!(
        "postgresql://{}@{host}:5432/{}",
        part(user),
        part(database)
    ))
}

/// The configuration cannot be read: the line is named, and not what stands there.
fn unreadable(body: &str, error: &toml::de::Error) -> Problem {
    let line = error
        .span()
        .map(|span| body[..span.start.min(body.len())].matches('\n').count() + 1);
    let place = line
        .map(|line| format!("line {line}: "))
        .unwrap_or_default();
    let why = format!("{place}{}", hidden::without_value(error.message()));
    unusable(CONFIG, &why)
}

fn unusable(name: &str, why: &str) -> Problem {
    let name = text::harmless(name);
    let why = text::cell(why.trim_end_matches('.')).into_owned();
    Problem::new(
        Kind::Config,
        format!("{name} cannot be used."),
        format!("{why}."),
    )
    .with_hint("Link the directory again with `supabase link`, or mend the file.")
}

fn no_directory(error: &std::io::Error) -> Problem {
    Problem::new(
        Kind::Config,
        "The current directory cannot be told.",
        format!("{error}."),
    )
}

#[cfg(test)]
mod tests;
