//! The stack as callers see it. Everything it runs lives on a runtime of its own, so that it outlives the runtime of
//! a single test and can be stopped without one.

use crate::auth::jwt;
use crate::bootstrap::{self, AUTH_ADMIN, MAIN};
use crate::database::Session;
use crate::postgres::{Cluster, Endpoint, Kept, SUPERUSER, Settings};
use crate::secret::Secrets;
use crate::served::{Served, bind, db_url};
use crate::{Error, Info, Options, Step, rest};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Handle, Runtime};

/// A running stack. [`Stack::stop`] ends it in order; dropping it stops Postgres too, and waits for that.
pub struct Stack {
    info: Info,
    runtime: Background,
    inner: Arc<Inner>,
}

struct Inner {
    options: Options,
    secrets: Secrets,
    endpoint: Endpoint,
    served: Mutex<HashMap<String, Served>>,
    cluster: Mutex<Cluster>,
    /// Whether an older stack may have made the data.
    is_reopened: bool,
}

/// A runtime that may be dropped anywhere, also inside another one.
struct Background(Option<Runtime>);

impl Background {
    fn new() -> Result<Self, Error> {
        Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("supadeck-stack")
            .enable_all()
            .build()
            .map(|runtime| Self(Some(runtime)))
            .map_err(|e| Error::io("A runtime cannot be started", e))
    }

    fn handle(&self) -> Result<Handle, Error> {
        self.0
            .as_ref()
            .map(|runtime| runtime.handle().clone())
            .ok_or(Error::Stopped)
    }

    /// Runs a future there and waits for it here.
    async fn run<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        self.handle()?
            .spawn(work)
            .await
            .map_err(|_| Error::Stopped)?
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Stack {
    /// Starts Postgres, makes it look like a Supabase project, and serves its database `postgres`.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let runtime = Background::new()?;
        let (info, inner) = runtime.run(start(options)).await?;
        Ok(Self {
            info,
            runtime,
            inner,
        })
    }

    /// What a client needs.
    pub fn info(&self) -> &Info {
        &self.info
    }

    /// Stops everything in order and waits until it is gone.
    pub async fn stop(self) -> Result<(), Error> {
        let inner = self.inner.clone();
        self.runtime
            .run(async move {
                let served: Vec<Served> =
                    inner.served().drain().map(|(_, served)| served).collect();
                for served in served {
                    inner.end(served).await;
                }
                tokio::task::spawn_blocking(move || inner.cluster().stop())
                    .await
                    .map_err(|_| Error::Stopped)
            })
            .await
    }

    /// Creates another database like the fresh main one, in the same cluster, and gives its URL. Fast: it is cloned
    /// from a template. The name needs to be 1 to 63 lower-case letters, digits and underscores.
    pub async fn create_database(&self, name: &str) -> Result<String, Error> {
        bootstrap::check_name(name)?;
        let (inner, name) = (self.inner.clone(), name.to_owned());
        self.runtime
            .run(async move {
                bootstrap::clone(&inner.admin().await?, &name).await?;
                Ok(db_url(
                    &inner.endpoint,
                    "postgres",
                    &inner.secrets.postgres_password,
                    &name,
                ))
            })
            .await
    }

    /// The URL of a database as `supabase_admin`, the superuser: for checks that need more than the owner of migrations
    /// may do. Nothing that ships connects with it.
    pub fn superuser_url(&self, database: &str) -> String {
        db_url(
            &self.inner.endpoint,
            SUPERUSER,
            &self.inner.secrets.admin_password,
            database,
        )
    }

    /// Serves REST and Auth of a database on a free port of its own, until the stack stops. Keys and secrets are those
    /// of the stack. A database that is served already gives the same answer again.
    pub async fn serve_database(&self, name: &str) -> Result<Info, Error> {
        let known = self
            .inner
            .served()
            .get(name)
            .map(|served| served.info.clone());
        if let Some(info) = known {
            return Ok(info);
        }
        bootstrap::check_name(name)?;
        let (inner, name) = (self.inner.clone(), name.to_owned());
        self.runtime
            .run(async move { inner.serve(&name, bind(None).await?).await })
            .await
    }

    /// Stops serving a database, if it is served, and drops it with all connections to it.
    pub async fn drop_database(&self, name: &str) -> Result<(), Error> {
        bootstrap::check_name(name)?;
        let (inner, name) = (self.inner.clone(), name.to_owned());
        self.runtime
            .run(async move { inner.drop_database(&name).await })
            .await
    }

    /// The same without waiting, for the `Drop` of what uses a database: each one that is served holds connections of a
    /// server that has 300. That it failed is in the log only.
    pub fn drop_database_later(&self, name: &str) {
        if bootstrap::check_name(name).is_err() {
            return;
        }
        let (inner, name) = (self.inner.clone(), name.to_owned());
        if let Ok(runtime) = self.runtime.handle() {
            runtime.spawn(async move {
                if let Err(error) = inner.drop_database(&name).await {
                    tracing::warn!(%error, name, "a database could not be dropped");
                }
            });
        }
    }

    /// Names the schemas of the API in the role `authenticator`, as the platform does: what reads that setting finds them. The
    /// embedded server goes on serving its own.
    pub async fn name_api_schemas(&self, schemas: &[String]) -> Result<(), Error> {
        let list = schemas.join(", ").replace('\'', "''");
        let statement = format!("alter role authenticator set pgrst.db_schemas = '{list}'");
        let inner = self.inner.clone();
        self.runtime
            .run(async move {
                let admin = inner.admin().await?;
                admin.run("naming the schemas of the API", &statement).await
            })
            .await
    }

    /// Whether REST is a PostgREST process, and not the embedded server.
    pub fn has_real_postgrest(&self) -> bool {
        rest::binary(&self.inner.options).is_some()
    }

    /// Has the schema of a served database read again and returns when REST uses it. `NOTIFY pgrst` does the same without
    /// telling when. A real PostgREST does not tell either: it is asked for a function that is there for that moment only.
    pub async fn reload_schema(&self, database: &str) -> Result<(), Error> {
        let (inner, name) = (self.inner.clone(), database.to_owned());
        self.runtime
            .run(async move {
                let reloader = inner
                    .served()
                    .get(&name)
                    .map(|served| served.rest().reloader());
                match reloader {
                    Some(reloader) => reloader.reload().await,
                    None => Err(Error::Name { name }),
                }
            })
            .await
    }

    /// The last one-time code "mailed" to an address by Auth of the main database.
    pub fn mail(&self, email: &str) -> Option<String> {
        self.mail_in(MAIN, email)
    }

    /// The last one-time code "mailed" to an address by Auth of a served database.
    pub fn mail_in(&self, database: &str, email: &str) -> Option<String> {
        self.inner
            .served()
            .get(database)
            .and_then(|served| served.auth.mail(email))
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // First the tasks, so that none of them sees Postgres going away.
        drop(std::mem::replace(&mut self.runtime, Background(None)));
        self.inner.cluster().stop();
    }
}

impl fmt::Debug for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stack")
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}

impl Inner {
    fn served(&self) -> MutexGuard<'_, HashMap<String, Served>> {
        self.served.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cluster(&self) -> MutexGuard<'_, Cluster> {
        self.cluster.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A session of the superuser.
    async fn admin(&self) -> Result<Session, Error> {
        Session::open(
            &self
                .endpoint
                .admin_config(&self.secrets.admin_password, MAIN),
        )
        .await
    }

    async fn serve(&self, database: &str, listener: TcpListener) -> Result<Info, Error> {
        let guard = |child: &std::process::Child| self.cluster().guard(child);
        let Self {
            endpoint,
            secrets,
            options,
            ..
        } = self;
        if self.is_reopened {
            let admin = endpoint.admin_config(&secrets.admin_password, database);
            let auth_admin = endpoint.config(AUTH_ADMIN, &secrets.auth_admin_password, database);
            let (auth_admin, admin) = (
                Session::open(&auth_admin).await?,
                Session::open(&admin).await?,
            );
            bootstrap::update(&auth_admin, &admin).await?;
        }
        let served = Served::start(endpoint, secrets, options, database, listener, &guard).await?;
        let info = served.info.clone();
        let extra = match self.served().entry(database.to_owned()) {
            Entry::Occupied(first) => Some((first.get().info.clone(), served)),
            Entry::Vacant(place) => {
                place.insert(served);
                None
            }
        };
        match extra {
            // Somebody else was faster.
            Some((info, extra)) => {
                self.end(extra).await;
                Ok(info)
            }
            None => Ok(info),
        }
    }

    /// The name has been checked.
    async fn drop_database(&self, name: &str) -> Result<(), Error> {
        let served = self.served().remove(name);
        if let Some(served) = served {
            self.end(served).await;
        }
        let statement = format!("drop database if exists \"{name}\" with (force)");
        self.admin()
            .await?
            .run("dropping a database", &statement)
            .await
    }

    async fn end(&self, served: Served) {
        let process = served.rest().process_id();
        served.stop().await;
        if let Some(id) = process
            && let Err(error) = self.cluster().forget(id)
        {
            tracing::debug!(%error, "the watchdog was gone first");
        }
    }
}

async fn start(options: Options) -> Result<(Info, Arc<Inner>), Error> {
    // Before Postgres: a port that is taken is said at once, not after the longest part of the start.
    let listener = bind(options.port).await?;
    let blocking = options.clone();
    let (cluster, secrets) = tokio::task::spawn_blocking(move || {
        let kept = blocking.data.as_deref().map(Kept::open).transpose()?;
        let secrets = kept
            .as_ref()
            .and_then(|kept| kept.secrets.clone())
            .unwrap_or_else(|| Secrets::random(jwt::now_s()));
        let settings = Settings {
            options: &blocking,
            kept,
            admin_password: &secrets.admin_password,
        };
        Ok::<_, Error>((Cluster::start(settings)?, secrets))
    })
    .await
    .map_err(|_| Error::Stopped)??;

    let endpoint = cluster.endpoint.clone();
    let login = |database| endpoint.admin_config(&secrets.admin_password, database);
    if cluster.is_new {
        options.report(Step::Bootstrapping);
        bootstrap::run(&Session::open(&login(MAIN)).await?, &secrets).await?;
        bootstrap::make_template(&Session::open(&login("template1")).await?).await?;
        if let Some(kept) = &cluster.kept {
            kept.complete(&secrets)?;
        }
    } else {
        bootstrap::close_the_server(&Session::open(&login(MAIN)).await?).await?;
    }
    options.report(Step::Serving);
    let is_reopened = !cluster.is_new;
    let inner = Arc::new(Inner {
        options,
        secrets,
        endpoint,
        served: Mutex::default(),
        cluster: Mutex::new(cluster),
        is_reopened,
    });
    let info = inner.serve(MAIN, listener).await?;
    inner.options.report(Step::Ready);
    Ok((info, inner))
}
