//! The local stack against the real thing: a real Postgres, real HTTP, real processes that are killed. One binary, so
//! that most tests share one cluster and take a database each.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr
)]

mod auth;
mod bootstrap;
mod child;
mod differences;
mod gateway;
mod http;
mod kept;
mod lifecycle;
mod mfa;
mod outside;
mod planted;
mod platform;
mod postgrest;
mod provider;
mod refresh;
mod rest;

use http::Http;
use std::sync::atomic::{AtomicU32, Ordering};
use supadeck_stack::{Info, Options, Stack};
use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls};

static STACK: OnceCell<Stack> = OnceCell::const_new();
static NEXT: AtomicU32 = AtomicU32::new(1);

/// The cluster that most tests share. Statics are never dropped: the watchdog stops it when the tests are over.
async fn shared() -> &'static Stack {
    STACK
        .get_or_init(|| async { Stack::start(Options::default()).await.unwrap() })
        .await
}

/// A fresh database, served, and a connection of role postgres to it.
struct Fresh {
    name: String,
    info: Info,
    db: Client,
    http: Http,
}

impl Fresh {
    async fn new() -> Self {
        let name = format!("t{}", NEXT.fetch_add(1, Ordering::Relaxed));
        shared().await.create_database(&name).await.unwrap();
        let info = shared().await.serve_database(&name).await.unwrap();
        let db = connect(&info.db_url).await;
        let http = Http::new(&info.url, &info.publishable_key);
        Self {
            name,
            info,
            db,
            http,
        }
    }

    /// Runs statements as postgres, then waits until REST knows the schema.
    async fn migrate(&self, statements: &str) {
        self.db.batch_execute(statements).await.unwrap();
        shared().await.reload_schema(&self.name).await.unwrap();
    }

    /// Adds a user with a password, as a seed would.
    async fn add_user(&self, email: &str, role: &str) -> String {
        add_user(&self.db, email, role).await
    }
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

const PASSWORD: &str = "correct horse";

async fn add_user(db: &Client, email: &str, role: &str) -> String {
    db.query_one(
        "insert into auth.users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, \
         raw_app_meta_data, raw_user_meta_data, created_at, updated_at) \
         values ('00000000-0000-0000-0000-000000000000', gen_random_uuid(), 'authenticated', $2, $1, \
         extensions.crypt($3, extensions.gen_salt('bf', 4)), now(), '{\"provider\": \"email\"}', '{}', now(), now()) \
         returning id::text",
        &[&email, &role, &PASSWORD],
    )
    .await
    .unwrap()
    .get(0)
}
