//! One served database: REST, Auth and the gateway on one port, from start to stop.

use crate::auth::{Auth, Setup, jwt};
use crate::bootstrap::AUTH_ADMIN;
use crate::database::Shared;
use crate::gateway::{self, Keys};
use crate::postgres::Endpoint;
use crate::rest::{self, Guard, Rest, Target};
use crate::secret::Secrets;
use crate::{Error, Info, Options};
use std::path::Path;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Lives as the platform has them by default.
const TOKEN_LIFE: Duration = Duration::from_hours(1);
const REUSE_WINDOW: Duration = Duration::from_secs(10);
/// Requests under way when the stack stops get this long.
const GRACE: Duration = Duration::from_millis(500);

/// A database that is being served.
pub(crate) struct Served {
    /// What a client needs.
    pub(crate) info: Info,
    /// Auth, for its inbox.
    pub(crate) auth: Auth,
    rest: Rest,
    server: JoinHandle<()>,
    stop: watch::Sender<bool>,
}

impl Served {
    /// Starts serving a database on a port that [`bind`] took.
    pub(crate) async fn start(
        endpoint: &Endpoint,
        secrets: &Secrets,
        options: &Options,
        database: &str,
        listener: TcpListener,
        guard: &Guard<'_>,
    ) -> Result<Self, Error> {
        let address = listener
            .local_addr()
            .map_err(|e| Error::io("The HTTP port cannot be read", e))?;
        let url = format!("http://{address}");

        let binary = rest::binary(options);
        let target = Target {
            endpoint,
            database,
            secrets,
            guard,
        };
        let rest = Rest::start(&target, binary.as_deref().map(Path::new)).await?;
        let login = endpoint.config(AUTH_ADMIN, &secrets.auth_admin_password, database);
        let auth = Auth::new(Setup {
            database: Shared::new(login),
            jwt_secret: secrets.jwt_secret.clone(),
            url: url.clone(),
            token_life: options.access_token_ttl.unwrap_or(TOKEN_LIFE),
            reuse_window: options.reuse_window.unwrap_or(REUSE_WINDOW),
        });

        let info = describe(endpoint, secrets, database, url);
        let keys = Keys {
            publishable: info.publishable_key.clone(),
            secret: info.secret_key.clone(),
            anon: info.anon_key.clone(),
            service_role: info.service_role_key.clone(),
        };
        let router = gateway::router(keys, rest.router(), &auth);
        let (stop, mut stopped) = watch::channel(false);
        let server = tokio::spawn(async move {
            let until = async move {
                let _ = stopped.wait_for(|stop| *stop).await;
            };
            if let Err(error) = axum::serve(listener, router)
                .with_graceful_shutdown(until)
                .await
            {
                tracing::error!(%error, "the HTTP server of the stack ended");
            }
        });
        Ok(Self {
            info,
            auth,
            rest,
            server,
            stop,
        })
    }

    /// REST of this database.
    pub(crate) fn rest(&self) -> &Rest {
        &self.rest
    }

    /// Stops serving: lets requests under way finish, then closes every connection.
    pub(crate) async fn stop(mut self) {
        self.stop.send_replace(true);
        if tokio::time::timeout(GRACE, &mut self.server).await.is_err() {
            self.server.abort();
        }
        self.auth.stop().await;
        self.rest.stop().await;
    }
}

/// Takes a port for REST and Auth; `None` takes a free one.
pub(crate) async fn bind(port: Option<u16>) -> Result<TcpListener, Error> {
    let port = port.unwrap_or(0);
    TcpListener::bind(("127.0.0.1", port))
        .await
        .map_err(|source| Error::Port { port, source })
}

fn describe(endpoint: &Endpoint, secrets: &Secrets, database: &str, url: String) -> Info {
    let Secrets {
        postgres_password,
        jwt_secret,
        publishable_key,
        secret_key,
        issued_s,
        ..
    } = secrets;
    Info {
        url,
        publishable_key: publishable_key.clone(),
        secret_key: secret_key.clone(),
        anon_key: jwt::api_key("anon", *issued_s, jwt_secret),
        service_role_key: jwt::api_key("service_role", *issued_s, jwt_secret),
        db_url: db_url(endpoint, "postgres", postgres_password, database),
        jwt_secret: jwt_secret.clone(),
    }
}

/// The URL that a role connects with.
pub(crate) fn db_url(endpoint: &Endpoint, role: &str, password: &str, database: &str) -> String {
    format!(
        "postgresql://{role}:{password}@127.0.0.1:{}/{database}",
        endpoint.port
    )
}
