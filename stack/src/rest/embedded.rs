//! postrust in this process, in PostgREST compatibility mode, and the task that reloads its schema cache on
//! `NOTIFY pgrst`. The task is ours, not postrust's, because ours can be ended and takes a burst of notices as one.

use super::{EXTRA_SEARCH_PATH, MAX_ROWS, SCHEMA, Target, json_key};
use crate::Error;
use axum::Router;
use postrust_core::AppConfig;
use postrust_server::{AppState, Builder, Host};
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_postgres::{AsyncMessage, Config, NoTls};

/// Wait before listening again after the connection broke.
const PAUSE: Duration = Duration::from_millis(500);

/// The embedded server of one database.
pub(crate) struct Embedded {
    router: Router,
    state: Arc<AppState>,
    listener: JoinHandle<()>,
}

impl Embedded {
    /// Connects, reads the schema and starts listening.
    pub(super) async fn start(target: &Target<'_>) -> Result<Self, Error> {
        let mut config = AppConfig::default();
        config.db_uri = target.url();
        config.db_schemas = vec![SCHEMA.into()];
        config.db_extra_search_path = EXTRA_SEARCH_PATH.map(String::from).to_vec();
        config.db_anon_role = Some("anon".into());
        config.db_max_rows = Some(MAX_ROWS.into());
        config.db_channel_enabled = false;
        config.jwt_secret = Some(target.secrets.jwt_secret.clone());
        config.compat_mode = true;
        let app = Builder::new(config, Host::SERVER)
            .build()
            .await
            .map_err(|e| Error::Rest { why: e.to_string() })?;

        let login = target.endpoint.config(
            "authenticator",
            &target.secrets.authenticator_password,
            target.database,
        );
        let (ready, mut is_ready) = watch::channel(false);
        let listener = tokio::spawn(listen_always(login, app.state.clone(), ready));
        // A notice that comes right after the start must not be missed.
        let _ =
            tokio::time::timeout(Duration::from_secs(5), is_ready.wait_for(|ready| *ready)).await;
        Ok(Self {
            router: app
                .router
                .layer(axum::middleware::from_fn(json_key::without_quotes)),
            state: app.state,
            listener,
        })
    }

    pub(super) fn router(&self) -> Router {
        self.router.clone()
    }

    pub(super) fn state(&self) -> Arc<AppState> {
        self.state.clone()
    }

    pub(super) async fn stop(&mut self) {
        self.listener.abort();
        self.state.pool.close().await;
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

async fn listen_always(login: Config, state: Arc<AppState>, ready: watch::Sender<bool>) {
    loop {
        if let Err(error) = listen(&login, &state, &ready).await {
            tracing::debug!(%error, "REST no longer hears of schema changes; trying again");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn listen(
    login: &Config,
    state: &AppState,
    ready: &watch::Sender<bool>,
) -> Result<(), tokio_postgres::Error> {
    let (client, mut connection) = login.connect(NoTls).await?;
    // A watch channel keeps only that there was a notice: a thousand migrations are a few reloads.
    let (notice, mut notices) = watch::channel(());
    tokio::spawn(async move {
        while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
            if let AsyncMessage::Notification(message) = message
                && message.payload() != "reload config"
            {
                notice.send_replace(());
            }
        }
    });
    client.batch_execute("listen pgrst").await?;
    if ready.send_replace(true) {
        // Listening again: what happened in between is not known.
        reload(state).await;
    }
    while notices.changed().await.is_ok() {
        reload(state).await;
    }
    Ok(())
}

async fn reload(state: &AppState) {
    if let Err(error) = state.reload_schema().await {
        tracing::warn!(%error, "REST could not read the schema; it keeps the old one");
    }
}
