//! The test_project that the tests stand on: a database with the Weeksmith schema and its seeds, served; projects to it.

pub use crate::support::{PASSWORD, connect, stack};

use crate::support::{drop_database, root, served_database, sql_files, without_psql};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use std::time::Duration;
use supadeck::adapters::auth::{list_place, user_place};
use supadeck::adapters::connect::{Project, RoleChoice, Settings, resolve_with};
use supadeck::adapters::http::Limits;
use supadeck::adapters::secrets::SecretStore;
use supadeck::domain::identity::Identity;
use supadeck::domain::mfa::SignIn;
use supadeck::domain::problem::Problem;
use supadeck::domain::secret::SecretKind;
use supadeck::ops::session;
use supadeck::ports::Secrets;
use supadeck_stack::Info;
use tempfile::TempDir;
use tokio_postgres::Client;

/// Alice's running cycle and its weeks 11 (locked) and 2 (open).
pub const CYCLE: &str = "c0000000-0000-4000-8000-000000000001";
pub const LOCKED: &str = "10000000-0000-4000-8001-000000000011";
pub const OPEN: &str = "10000000-0000-4000-8001-000000000002";

/// A database of a test's own.
pub struct TestProject {
    pub info: Info,
    pub db: Client,
    pub home: TempDir,
    name: String,
}

impl Drop for TestProject {
    fn drop(&mut self) {
        drop_database(&self.name);
    }
}

/// A database with schema and seeds.
pub async fn weeksmith(name: &str) -> TestProject {
    let test_project = empty(name).await;
    for folder in ["migrations", "seeds"] {
        for file in sql_files(&root().join(folder)) {
            let text = without_psql(&std::fs::read_to_string(&file).unwrap());
            let ran = test_project.db.batch_execute(&text).await;
            ran.unwrap_or_else(|error| panic!("{}: {error:?}", file.display()));
        }
    }
    stack().await.reload_schema(name).await.unwrap();
    test_project
}

/// A database with nothing of its own in it.
pub async fn empty(name: &str) -> TestProject {
    let info = served_database(name).await;
    let db = connect(&info.db_url).await;
    TestProject {
        info,
        db,
        home: tempfile::tempdir().unwrap(),
        name: name.to_owned(),
    }
}

/// Who a sign-in that needs no second factor made of one.
pub fn whole(entered: Result<SignIn, Problem>) -> Identity {
    match entered.unwrap() {
        SignIn::Done(identity) => identity,
        SignIn::Waiting(waiting) => panic!("{} is asked for a second factor", waiting.name()),
    }
}

/// Bounds that keep a failing test short.
pub fn limits() -> Limits {
    Limits {
        connect: Duration::from_secs(2),
        read: Duration::from_secs(20),
        first_pause: Duration::from_millis(10),
        longest_wait: Duration::from_secs(2),
        ..Limits::default()
    }
}

impl TestProject {
    /// What somebody would type.
    pub fn settings(&self) -> Settings {
        Settings {
            url: Some(self.info.url.clone()),
            publishable_key: Some(self.info.publishable_key.as_str().into()),
            secret_key: Some(self.info.secret_key.as_str().into()),
            config_dir: Some(self.home.path().to_path_buf()),
            ..Settings::default()
        }
    }

    /// The project with secrets in memory.
    pub async fn project(&self, who: RoleChoice) -> Project {
        self.project_within(who, limits()).await
    }

    /// The same within other bounds.
    pub async fn project_within(&self, who: RoleChoice, limits: Limits) -> Project {
        let settings = Settings {
            as_: Some(who),
            ..self.settings()
        };
        let vault: Arc<dyn Secrets> = Arc::new(SecretStore::memory());
        resolve_with(&settings, vault, limits).await.unwrap()
    }

    /// The project with somebody signed in.
    pub async fn as_user(&self, email: &str) -> (Project, Identity) {
        let project = self.project(RoleChoice::Anon).await;
        let password = SecretString::from(PASSWORD);
        let who = whole(session::sign_in(&*project.auth, email, &password).await);
        (project, who)
    }
}

/// Where a session is kept: that of the user in use under a profile.
pub async fn session_place(secrets: &dyn Secrets, profile: &str) -> Option<String> {
    let list = secrets.get(&list_place(profile), SecretKind::Session).await;
    let list: serde_json::Value = serde_json::from_str(list.unwrap()?.expose_secret()).unwrap();
    Some(user_place(profile, list["in_use"].as_str()?))
}

/// The stored session of the user in use under a profile.
pub async fn stored_session(secrets: &dyn Secrets, profile: &str) -> Option<serde_json::Value> {
    let place = session_place(secrets, profile).await?;
    let text = secrets.get(&place, SecretKind::Session).await.unwrap()?;
    Some(serde_json::from_str(text.expose_secret()).unwrap())
}

/// Stores a session in its user's place.
pub async fn store_session(secrets: &dyn Secrets, profile: &str, stored: &serde_json::Value) {
    let place = user_place(profile, stored["user"]["id"].as_str().unwrap());
    let text = SecretString::from(stored.to_string());
    secrets
        .set(&place, SecretKind::Session, &text)
        .await
        .unwrap();
}
