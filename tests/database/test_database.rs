//! What a test runs on: a database of its own in a stack that all tests of a process share, with the migrations
//! applied, REST and Auth in front of it, and a connection of its owner behind it. Knows no rule.

pub use crate::support::{connect, http, root, sign_in, sql_files, stack};

use crate::request::{Answer, Request};
use crate::support::drop_database;
use std::fmt;
use std::path::{Path, PathBuf};
use supadeck_stack::{Info, Stack};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, SimpleQueryMessage};

/// The accounts that every test_db has; their rows are made by the tests.
pub const ALICE: &str = "a0000000-0000-4000-8000-000000000001";
/// Another user.
pub const BOB: &str = "a0000000-0000-4000-8000-000000000002";
/// An account whose `auth.users.role` is `auditor`.
pub const AUDITOR: &str = "a0000000-0000-4000-8000-000000000009";

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// The publishable key and nothing else.
    Anon,
    /// The user whose rows most tests are about.
    Alice,
    /// Another user.
    Bob,
    /// The signed-in auditor.
    Auditor,
    /// The secret key.
    Service,
}

impl Caller {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Anon,
        Self::Alice,
        Self::Bob,
        Self::Auditor,
        Self::Service,
    ];
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Anon => "anon",
            Self::Alice => "alice",
            Self::Bob => "bob",
            Self::Auditor => "auditor",
            Self::Service => "service role",
        })
    }
}

/// A migrated and served database with three accounts.
pub struct TestDatabase {
    /// The owner of the schema, in the database.
    pub owner: Client,
    /// Where it is served.
    pub info: Info,
    /// Its name in the cluster.
    pub name: String,
    http: reqwest::Client,
    tokens: [String; 3],
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        drop_database(&self.name);
    }
}

impl TestDatabase {
    /// Makes one. The name has to be the test's own.
    pub async fn new(name: &str) -> Self {
        let owner = migrated(name).await;
        let add = format!(
            "insert into auth.users (id, aud, role, email, encrypted_password, email_confirmed_at, created_at, updated_at)
             select id::uuid, 'authenticated', role, email, extensions.crypt('pw', extensions.gen_salt('bf', 4)), now(), now(), now()
             from (values ('{ALICE}', 'authenticated', 'alice@test.example'), ('{BOB}', 'authenticated', 'bob@test.example'),
               ('{AUDITOR}', 'auditor', 'auditor@test.example')) account (id, role, email)"
        );
        owner.batch_execute(&add).await.unwrap();
        let info = stack().await.serve_database(name).await.unwrap();
        let http = http();
        let mut tokens = Vec::new();
        for email in [
            "alice@test.example",
            "bob@test.example",
            "auditor@test.example",
        ] {
            tokens.push(sign_in(&http, &info, email, "pw").await);
        }
        Self {
            owner,
            info,
            name: name.to_owned(),
            http,
            tokens: tokens.try_into().unwrap(),
        }
    }

    /// Sends a request as somebody.
    pub async fn ask(&self, caller: Caller, request: &Request) -> Answer {
        self.try_ask(caller, request).await.unwrap()
    }

    /// The same where a server that breaks is a finding.
    pub async fn try_ask(
        &self,
        caller: Caller,
        request: &Request,
    ) -> Result<Answer, reqwest::Error> {
        request
            .send(&self.http, &self.info, caller, self.token(caller))
            .await
    }

    /// The access token of a signed-in caller.
    pub fn token(&self, caller: Caller) -> Option<&str> {
        let at = [Caller::Alice, Caller::Bob, Caller::Auditor];
        let place = at.iter().position(|signed_in| *signed_in == caller)?;
        Some(&self.tokens[place])
    }

    /// Another connection of the owner.
    pub async fn owner_again(&self) -> Client {
        connect(&self.info.db_url).await
    }

    /// A connection of the superuser, who stands for the roles that no key or password of a project gives.
    pub async fn superuser(&self) -> Client {
        connect(&stack().await.superuser_url(&self.name)).await
    }

    /// One value as text; null is `null`.
    pub async fn value(&self, query: &str) -> String {
        value(&self.owner, query).await
    }
}

/// One value of any query with one column and one row, as text; null is `null`.
pub async fn value(client: &Client, query: &str) -> String {
    let query = format!("select v::text from ({query}) answer (v)");
    // Without preparing it: one round trip instead of two, thousands of times.
    let answer = client.simple_query(&query).await.unwrap();
    let mut rows = answer.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or("null").to_owned()),
        _ => None,
    });
    let first = rows.next();
    assert!(rows.next().is_none(), "more than one row: {query}");
    first.unwrap_or_else(|| panic!("no row: {query}"))
}

/// A database like a fresh Supabase project, as the owner of migrations.
pub async fn empty(stack: &Stack, name: &str) -> Client {
    connect(&stack.create_database(name).await.unwrap()).await
}

/// The same with the migrations applied.
pub async fn migrated(name: &str) -> Client {
    let owner = empty(stack().await, name).await;
    for migration in migrations() {
        migration.apply(&owner).await;
    }
    owner
}

/// One migration and its rollback.
pub struct Migration {
    /// The file's name.
    pub name: String,
    file: PathBuf,
    rollback: PathBuf,
}

impl Migration {
    /// Runs it forwards in one transaction.
    pub async fn apply(&self, owner: &Client) {
        self.try_apply(owner).await.unwrap();
    }

    /// The same where a refusal is a finding.
    pub async fn try_apply(&self, owner: &Client) -> Result<(), tokio_postgres::Error> {
        run(&self.file, owner).await
    }

    /// Runs it backwards in one transaction.
    pub async fn roll_back(&self, owner: &Client) -> Result<(), tokio_postgres::Error> {
        run(&self.rollback, owner).await
    }
}

/// All migrations, oldest first.
pub fn migrations() -> Vec<Migration> {
    let folder = root().join("migrations");
    let found: Vec<Migration> = sql_files(&folder)
        .into_iter()
        .map(|file| Migration {
            name: file.file_name().unwrap().to_str().unwrap().to_owned(),
            rollback: folder.join("rollback").join(file.file_name().unwrap()),
            file,
        })
        .collect();
    assert!(!found.is_empty(), "{} has no migration", folder.display());
    found
}

/// A file whose statements Postgres takes as one implicit transaction. A worker of autovacuum that analyzes a table of it
/// can deadlock with it; nothing of it is done then, and it is run again.
async fn run(file: &Path, owner: &Client) -> Result<(), tokio_postgres::Error> {
    let text = std::fs::read_to_string(file).unwrap();
    let ended = owner.batch_execute(&text).await;
    match ended {
        Err(error) if error.code() == Some(&SqlState::T_R_DEADLOCK_DETECTED) => {
            owner.batch_execute(&text).await
        }
        _ => ended,
    }
}
