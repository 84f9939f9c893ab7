//! What the Supabase CLI left in a project directory: the project it is linked to, and the ports of local development.
//! Reads files only, and never a secret: the CLI keeps the token and the password elsewhere.
//!
//! Source: supabase/cli, `apps/cli-go/internal/utils/misc.go` (`supabase/.temp/…`) and `apps/cli/docs/supabase-home.md`
//! (`.supabase/project.json`, which newer versions write instead).

use crate::domain::database_url::{self, DatabaseUrl, Host, Parameter};
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
        let config: Config =
            toml::from_str(&text).map_err(|error| unusable(CONFIG, error.message()))?;
        link.project_id = config.project_id.filter(|id| !id.trim().is_empty());
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
        .map(|version| text::cell(version.trim()).into_owned())
        .filter(|version| !version.is_empty());
    if let (Some(reference), Some(url)) = (&link.project_ref, file(&root.join(POOLER))?) {
        match pooler(url.trim(), reference) {
            Ok(url) => link.pooler = Some(url),
            Err(why) => link.notes.push(format!("{POOLER} is not used: {why}.")),
        }
    }
    Ok(link)
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
    let why = format!(
        "`{}` is no project ref, which is twenty lower-case letters",
        text::cell(text)
    );
    Err(unusable(name, &why))
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
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn shown(url: Option<SecretString>) -> Option<String> {
        url.map(|url| secrecy::ExposeSecret::expose_secret(&url).to_owned())
    }

    const PROJECT: &str = "abcdefghijklmnopqrst";

    fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        dir
    }

    #[test]
    fn everything_that_the_cli_leaves_is_found() {
        let dir = project(&[
            (
                CONFIG,
                "project_id = \"weeksmith\"\n[api]\nport = 1\n[db]\nmajor_version = 17\n",
            ),
            (REF, "abcdefghijklmnopqrst\n"),
            (
                POOLER,
                "postgresql://postgres.abcdefghijklmnopqrst:[YOUR-PASSWORD]@aws-0-eu-central-1.pooler.supabase.com:6543/postgres",
            ),
            (VERSION, "17.4.1.054"),
        ]);
        let link = read(Some(dir.path())).unwrap();
        assert_eq!(link.project_ref.as_deref(), Some(PROJECT));
        assert_eq!(link.project_id.as_deref(), Some("weeksmith"));
        assert_eq!(link.postgres_version.as_deref(), Some("17.4.1.054"));
        assert_eq!(
            link.local.map(|local| (local.api_port, local.db_port)),
            Some((1, DB_PORT))
        );
        assert_eq!(
            shown(link.database_url("p@s:/ ä")).as_deref(),
            Some(
                "postgresql://postgres.abcdefghijklmnopqrst:p%40s%3A%2F%20%C3%A4@aws-0-eu-central-1.pooler.supabase.com:5432/postgres?sslmode=require"
            )
        );
        let newer = project(&[(
            HOME,
            r#"{"ref":"abcdefghijklmnopqrst","versions":{"postgres":"17.6"}}"#,
        )]);
        let link = read(Some(newer.path())).unwrap();
        assert_eq!(
            link.url().as_deref(),
            Some("https://abcdefghijklmnopqrst.supabase.co")
        );
        assert!(
            shown(link.database_url("x"))
                .unwrap()
                .contains("@db.abcdefghijklmnopqrst.supabase.co:5432/")
        );
    }

    #[test]
    fn a_pooler_of_somebody_else_never_gets_the_password() {
        for url in [
            "postgresql://postgres.abcdefghijklmnopqrst@pooler.example.org:6543/postgres",
            "postgresql://postgres.abcdefghijklmnopqrst@evil.org/aws.pooler.supabase.com",
            "postgresql://postgres.abcdefghijklmnopqrst@evil.org?x=.pooler.supabase.com",
            "postgresql://postgres.abcdefghijklmnopqrst@pooler.supabase.com.evil.org:5432/postgres",
            "postgresql://postgres.zyxwvutsrqponmlkjihg@aws.pooler.supabase.com:6543/postgres",
            "postgresql://postgres@aws.pooler.supabase.com:6543/postgres",
            "postgresql://postgres.abcdefghijklmnopqrst@aws.pooler.supabase.com/postgres?host=evil.org",
            "postgresql://postgres.abcdefghijklmnopqrst@aws.pooler.supabase.com/postgres?hostaddr=192.0.2.1",
            "postgresql://postgres.abcdefghijklmnopqrst@evil.org,aws.pooler.supabase.com/postgres",
            "postgresql://postgres.abcdefghijklmnopqrst:a@evil.org@aws.pooler.supabase.com/postgres",
            "https://aws.pooler.supabase.com",
            "",
        ] {
            let dir = project(&[(REF, PROJECT), (POOLER, url)]);
            let link = read(Some(dir.path())).unwrap();
            assert_eq!((link.pooler.as_ref(), link.notes.len()), (None, 1), "{url}");
        }
    }

    #[test]
    fn files_that_are_wrong_are_named() {
        for (name, text) in [
            (CONFIG, "project_id = "),
            (REF, "../../etc"),
            (REF, "ABCDEFGHIJKLMNOPQRST"),
            (HOME, "{}"),
            (HOME, "nonsense"),
        ] {
            let dir = project(&[(name, text)]);
            let problem = read(Some(dir.path())).unwrap_err();
            assert_eq!(problem.kind, Kind::Config, "{name} {text}");
            assert!(problem.what.contains(name), "{problem}");
        }
        let dir = project(&[(REF, PROJECT), (HOME, r#"{"ref":"zyxwvutsrqponmlkjihg"}"#)]);
        assert_eq!(read(Some(dir.path())).unwrap_err().kind, Kind::Conflict);
        let nothing = read(Some(project(&[]).path())).unwrap();
        assert_eq!((nothing.project_ref, nothing.local), (None, None));
    }
}
