//! A real PostgREST as a child process, on a unix socket that only we can reach, and the proxy to it.

use super::notice::Notice;
use super::{EXTRA_SEARCH_PATH, MAX_ROWS, SCHEMA, Target};
use crate::Error;
use crate::child;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper_util::rt::TokioIo;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_postgres::Config;

/// PostgREST answers within a second; a busy machine is given more.
const START_LIMIT: Duration = Duration::from_secs(20);

/// The PostgREST process of one database.
pub(crate) struct PostgRest {
    child: Child,
    socket: Arc<PathBuf>,
    admin: Arc<Config>,
}

impl PostgRest {
    /// Starts it and waits until it has read the schema.
    pub(super) async fn start(target: &Target<'_>, binary: &Path) -> Result<Self, Error> {
        let folder = &target.endpoint.private;
        let name = format!("rest-{}", &uuid::Uuid::new_v4().simple().to_string()[..12]);
        let socket = folder.path().join(format!("{name}.sock"));
        // Each its own: a start that fails is told by the last line.
        let log = format!("{name}.log");
        let output = folder
            .new_file(&log, 0o600)
            .map_err(|e| Error::io("The log of PostgREST cannot be made", e))?;
        let log = socket.with_extension("log");
        let errors = output
            .try_clone()
            .map_err(|e| Error::io("The log of PostgREST cannot be shared", e))?;
        let mut command = child::command(binary, child::Purpose::Local);
        command
            .env("PGRST_DB_URI", target.url())
            .env("PGRST_DB_SCHEMAS", SCHEMA)
            .env("PGRST_DB_EXTRA_SEARCH_PATH", EXTRA_SEARCH_PATH.join(","))
            .env("PGRST_DB_ANON_ROLE", "anon")
            .env("PGRST_DB_MAX_ROWS", MAX_ROWS.to_string())
            .env("PGRST_JWT_SECRET", &target.secrets.jwt_secret)
            .env("PGRST_SERVER_UNIX_SOCKET", &socket)
            .env("PGRST_LOG_LEVEL", "error")
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors);
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let child = command
            .spawn()
            .map_err(|e| Error::io(format!("{} cannot be started", binary.display()), e))?;
        let mut rest = Self {
            child,
            socket: Arc::new(socket),
            admin: Arc::new(
                target
                    .endpoint
                    .admin_config(&target.secrets.admin_password, target.database),
            ),
        };
        (target.guard)(&rest.child)?;
        rest.wait_until_ready(&log).await?;
        Ok(rest)
    }

    pub(super) fn router(&self) -> Router {
        Router::new()
            .fallback(forward)
            .with_state(self.socket.clone())
    }

    pub(super) fn notice(&self) -> Notice {
        Notice {
            socket: self.socket.clone(),
            admin: self.admin.clone(),
        }
    }

    pub(super) fn process_id(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    async fn wait_until_ready(&mut self, log: &Path) -> Result<(), Error> {
        let begun = Instant::now();
        loop {
            let probe = Request::get("/").body(Body::empty()).unwrap_or_default();
            if send(&self.socket, probe)
                .await
                .is_ok_and(|answer| answer.status() != StatusCode::SERVICE_UNAVAILABLE)
            {
                return Ok(());
            }
            let has_ended = matches!(self.child.try_wait(), Ok(Some(_)));
            if has_ended || begun.elapsed() > START_LIMIT {
                let said = std::fs::read_to_string(log).unwrap_or_default();
                let last = said
                    .lines()
                    .rev()
                    .find(|line| !line.trim().is_empty())
                    .unwrap_or("no reason given");
                return Err(Error::Rest {
                    why: format!("PostgREST said: {last}"),
                });
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for PostgRest {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn forward(State(socket): State<Arc<PathBuf>>, request: Request) -> Response {
    match send(&socket, request).await {
        Ok(answer) => answer,
        Err(error) => {
            tracing::warn!(%error, "PostgREST did not answer");
            (StatusCode::BAD_GATEWAY, "PostgREST did not answer.").into_response()
        }
    }
}

/// Sends one request on a connection of its own: on loopback that costs nothing worth a pool.
#[cfg(unix)]
pub(super) async fn send(
    socket: &Path,
    mut request: Request,
) -> Result<Response, Box<dyn std::error::Error + Send + Sync>> {
    let stream = tokio::net::UnixStream::connect(socket).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection to PostgREST ended");
        }
    });
    request.headers_mut().remove(header::CONNECTION);
    if !request.headers().contains_key(header::HOST) {
        request
            .headers_mut()
            .insert(header::HOST, header::HeaderValue::from_static("localhost"));
    }
    Ok(sender.send_request(request).await?.map(Body::new))
}

#[cfg(not(unix))]
pub(super) async fn send(
    _: &Path,
    _: Request,
) -> Result<Response, Box<dyn std::error::Error + Send + Sync>> {
    Err("a PostgREST process needs unix sockets".into())
}
