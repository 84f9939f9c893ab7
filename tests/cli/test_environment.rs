//! One stack for all tests, a database and a home directory for each, and the binary run in them with nothing inherited.

pub use crate::support::PASSWORD;

use crate::support::{
    blocking_stack, connect, drop_database, query, root, runtime, served_database, sql_files,
};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use supadeck_stack::Info;
use tempfile::TempDir;

static COUNT: AtomicUsize = AtomicUsize::new(0);

/// A database with its own REST and Auth, like a new project.
fn new_database() -> (String, Info) {
    let name = format!("cli_{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let info = runtime().block_on(served_database(&name));
    (name, info)
}

/// Where one test lives.
pub struct TestEnvironment {
    pub info: Info,
    /// The stack's name of the database.
    pub database: String,
    pub home: TempDir,
    /// The directory the binary runs in.
    pub project: PathBuf,
    variables: BTreeMap<String, String>,
    /// Whether the database ends with the test.
    is_own: bool,
}

impl Drop for TestEnvironment {
    fn drop(&mut self) {
        if self.is_own {
            drop_database(&self.database);
        }
    }
}

/// How a run of the binary ended.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl TestEnvironment {
    /// A new project's database, with the repository as the project directory.
    pub fn empty() -> Self {
        let (database, info) = new_database();
        let mut test_env = Self::on(database, info);
        test_env.is_own = true;
        test_env
    }

    /// A database with every migration and seed, shared by all tests that only read.
    pub fn full() -> Self {
        static FULL: OnceLock<(String, Info)> = OnceLock::new();
        let (database, info) = FULL.get_or_init(|| {
            let mut test_env = Self::empty();
            test_env.is_own = false;
            test_env.fill();
            (test_env.database.clone(), test_env.info.clone())
        });
        Self::on(database.clone(), info.clone())
    }

    /// A database with every migration and seed, for a test that writes.
    pub fn own() -> Self {
        let test_env = Self::empty();
        test_env.fill();
        test_env
    }

    /// A home directory without any project.
    pub fn nowhere() -> Self {
        let nothing = String::new;
        let info = Info {
            url: nothing(),
            publishable_key: nothing(),
            secret_key: nothing(),
            anon_key: nothing(),
            service_role_key: nothing(),
            db_url: nothing(),
            jwt_secret: nothing(),
        };
        Self::on(String::new(), info)
    }

    fn on(database: String, info: Info) -> Self {
        let home = TempDir::new().unwrap();
        let mut variables = BTreeMap::new();
        for (name, value) in [
            ("SUPABASE_URL", &info.url),
            ("SUPABASE_PUBLISHABLE_KEY", &info.publishable_key),
            ("SUPABASE_SECRET_KEY", &info.secret_key),
            ("SUPABASE_DB_URL", &info.db_url),
        ] {
            if !value.is_empty() {
                variables.insert(name.to_owned(), value.clone());
            }
        }
        let path = |name: &str| home.path().join(name).display().to_string();
        for (name, value) in [
            ("HOME", home.path().display().to_string()),
            ("XDG_CONFIG_HOME", path("config")),
            ("XDG_STATE_HOME", path("state")),
            ("XDG_DATA_HOME", path("data")),
            ("LANG", "C.UTF-8".to_owned()),
            ("TERM", "xterm-256color".to_owned()),
            ("SUPADECK_KEYRING", "off".to_owned()),
            ("PATH", std::env::var("PATH").unwrap_or_default()),
        ] {
            variables.insert(name.to_owned(), value);
        }
        // Which Postgres the demo takes is for the machine to say.
        for name in ["SUPADECK_POSTGRES", "SUPADECK_POSTGREST", "TMPDIR"] {
            if let Ok(value) = std::env::var(name) {
                variables.insert(name.to_owned(), value);
            }
        }
        Self {
            info,
            database,
            home,
            project: PathBuf::from(env!("CARGO_MANIFEST_DIR")),
            variables,
            is_own: false,
        }
    }

    fn fill(&self) {
        self.run(&["migration", "apply", "--yes"]).done();
        self.run(&["seed", "apply", "--yes"]).done();
        self.reload();
    }

    /// Waits until REST knows the schema as it is now.
    pub fn reload(&self) {
        let reloading = blocking_stack().reload_schema(&self.database);
        runtime().block_on(reloading).unwrap();
    }

    /// The code that Auth has "mailed" last.
    pub fn mail(&self, email: &str) -> String {
        blocking_stack().mail_in(&self.database, email).unwrap()
    }

    /// Runs SQL as the owner of the migrations.
    pub fn sql(&self, statement: &str) -> Vec<String> {
        query(&self.info.db_url, statement)
    }

    /// A connection of the owner of the migrations that stays, and what runs it.
    pub fn client(&self) -> (&'static tokio::runtime::Runtime, tokio_postgres::Client) {
        let client = runtime().block_on(connect(&self.info.db_url));
        (runtime(), client)
    }

    /// Runs SQL as the superuser, which makes extensions.
    pub fn sql_of_superuser(&self, statement: &str) -> Vec<String> {
        query(&blocking_stack().superuser_url(&self.database), statement)
    }

    /// A stand-in for the Management API in front of this test_env's database.
    pub fn stand_in(&self) -> crate::support::fake_management_api::FakeManagementApi {
        runtime().block_on(
            crate::support::fake_management_api::FakeManagementApi::start(&self.info.db_url),
        )
    }

    /// Sets a variable for every later run.
    pub fn set(&mut self, name: &str, value: impl Into<String>) -> &mut Self {
        self.variables.insert(name.to_owned(), value.into());
        self
    }

    /// Takes a variable away.
    pub fn unset(&mut self, name: &str) -> &mut Self {
        self.variables.remove(name);
        self
    }

    /// Signs in as a demo account for each run.
    pub fn sign_in(&mut self, email: &str) -> &mut Self {
        self.set("SUPADECK_EMAIL", email)
            .set("SUPADECK_PASSWORD", PASSWORD)
    }

    /// A project directory of this test with these files.
    pub fn files(&mut self, files: &[(&str, &str)]) -> &mut Self {
        self.project = self.home.path().join("project");
        for (name, text) in files {
            let file = self.project.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        fs::create_dir_all(&self.project).unwrap();
        self
    }

    /// The file in the home directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub fn variables(&self) -> impl Iterator<Item = (&String, &String)> {
        self.variables.iter()
    }

    /// The binary with its arguments, ready to run.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command
            .args(args)
            .env_clear()
            .envs(self.variables())
            .current_dir(&self.project)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        Ran::of(self.command(args).spawn().unwrap())
    }

    /// Runs with a text on stdin.
    pub fn run_with(&self, args: &[&str], stdin: &str) -> Ran {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(stdin.as_bytes())
            .unwrap();
        Ran::of(child)
    }

    /// The data of a run with `--json` that went well.
    pub fn data(&self, args: &[&str]) -> Value {
        let ran = self.run(&[args, &["--json"]].concat());
        let document = ran.done().document();
        assert_eq!(document["ok"], true, "{document}");
        document["data"].clone()
    }

    /// The problem of a run with `--json` that did not.
    pub fn problem(&self, code: i32, args: &[&str]) -> Value {
        let ran = self.run(&[args, &["--json"]].concat());
        assert_eq!(ran.code, code, "{ran:?}");
        let document = ran.document();
        assert_eq!(document["ok"], false, "{document}");
        document["problem"].clone()
    }
}

impl Ran {
    pub fn of(child: Child) -> Self {
        let output = child.wait_with_output().unwrap();
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Asserts that it went well.
    pub fn done(&self) -> &Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    /// Asserts how it ended.
    pub fn ended(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }

    /// Stdout as exactly one JSON document on one line.
    pub fn document(&self) -> Value {
        assert_eq!(self.out.lines().count(), 1, "{self:?}");
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

pub fn binary() -> &'static str {
    env!("CARGO_BIN_EXE_supadeck")
}

/// Every file below a directory, as text where it is one.
pub fn texts(dir: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(dir) else {
        return found;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(texts(&path));
        } else if let Ok(bytes) = fs::read(&path) {
            found.push((path, String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    found
}

/// How many migrations the project itself has.
pub fn own_migrations() -> usize {
    sql_files(&root().join("migrations")).len()
}
