//! One connection to one database, kept by a task of the stack's runtime and opened again when it broke.

use crate::Error;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard};
use tokio_postgres::{Client, Config, NoTls};

/// A connection that ends when this is dropped.
pub(crate) struct Session {
    client: Client,
}

impl Session {
    /// Connects.
    pub(crate) async fn open(config: &Config) -> Result<Self, Error> {
        let (client, connection) = config
            .connect(NoTls)
            .await
            .map_err(Error::db("connecting"))?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection of the stack ended");
            }
        });
        Ok(Self { client })
    }

    /// Waits, for a second at most, until nobody is connected to a database.
    pub(crate) async fn wait_until_unused(&self, database: &str) -> Result<(), Error> {
        let question = "select 1 from pg_catalog.pg_stat_activity where datname = $1";
        for _ in 0..200 {
            let users = self
                .client
                .query(question, &[&database])
                .await
                .map_err(Error::db("reading the sessions"))?;
            if users.is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    /// Runs statements without parameters.
    pub(crate) async fn run(&self, what: &'static str, statements: &str) -> Result<(), Error> {
        self.client
            .batch_execute(statements)
            .await
            .map_err(Error::db(what))
    }
}

/// One shared connection; callers take turns.
#[derive(Clone)]
pub(crate) struct Shared {
    config: Arc<Config>,
    client: Arc<Mutex<Option<Client>>>,
}

impl Shared {
    /// Remembers how to connect; the first use connects.
    pub(crate) fn new(config: Config) -> Self {
        Self {
            config: Arc::new(config),
            client: Arc::default(),
        }
    }

    /// The connection, for as long as the guard lives.
    pub(crate) async fn lock(&self) -> Result<Turn<'_>, Fault> {
        let mut client = self.client.lock().await;
        if client.as_ref().is_none_or(Client::is_closed) {
            let (fresh, connection) = self.config.connect(NoTls).await?;
            tokio::spawn(quiet(connection));
            *client = Some(fresh);
        }
        Ok(Turn { client })
    }

    /// Closes the connection.
    pub(crate) async fn close(&self) {
        *self.client.lock().await = None;
    }
}

async fn quiet(connection: impl Future<Output = Result<(), tokio_postgres::Error>>) {
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection of the stack ended");
    }
}

/// A turn at the shared connection.
pub(crate) struct Turn<'a> {
    client: MutexGuard<'a, Option<Client>>,
}

impl Turn<'_> {
    /// Begins a transaction; it is rolled back unless committed.
    pub(crate) async fn begin(&mut self) -> Result<tokio_postgres::Transaction<'_>, Fault> {
        match self.client.as_mut() {
            Some(client) => Ok(client.transaction().await?),
            None => Err(Fault::Gone),
        }
    }
}

/// Why a database call of Auth failed.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The database's reason.
    Database(tokio_postgres::Error),
    /// The connection was closed.
    Gone,
}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(error)
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Database(error) => write!(f, "{error}"),
            Self::Gone => f.write_str("the connection was closed"),
        }
    }
}
