//! When a real PostgREST uses the schema of now. It takes notices only, answers from the schema that it read last while it
//! reads the new one, and tells nobody when it is done. So a function is made for the purpose, and asked for until it is
//! known: what was there before the function is known then too.

use super::child::send;
use crate::Error;
use crate::database::Session;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_postgres::Config;

/// Reading a schema takes a fraction of a second; a busy machine is given more.
const LIMIT: Duration = Duration::from_secs(20);
/// The pause between two questions.
const PAUSE: Duration = Duration::from_millis(10);

/// Drops the probes that a stack left behind which was killed while it waited; kept data would show them for ever.
pub(crate) const SWEEP: &str = r"
    do $$
    declare probe pg_catalog.regprocedure;
    begin
        for probe in select p.oid from pg_catalog.pg_proc p
            where p.pronamespace = 'public'::pg_catalog.regnamespace and p.proname like 'supadeck\_probe\_%'
            and p.proowner = current_user::pg_catalog.regrole
        loop
            execute pg_catalog.format('drop function %s', probe);
        end loop;
    end
    $$;";

/// Gives a PostgREST notice, and waits until it has acted on it.
pub(crate) struct Notice {
    pub(super) socket: Arc<PathBuf>,
    /// How the superuser reaches the database.
    pub(super) admin: Arc<Config>,
}

impl Notice {
    /// Returns when the schema as it is now is in use. The server learns of the probe's end by itself, a moment later.
    pub(super) async fn reload(&self) -> Result<(), Error> {
        let admin = Session::open(&self.admin).await?;
        let probe = format!("supadeck_probe_{}", uuid::Uuid::new_v4().simple());
        // Nobody may call it, and the event triggers of the schema's owner are not told of it.
        let make = format!(
            "set session_replication_role = replica; \
             create function public.{probe}() returns void stable language sql as ''; \
             revoke all on function public.{probe}() from public, anon, authenticated, service_role; \
             notify pgrst, 'reload schema'"
        );
        let drop = format!("drop function public.{probe}(); notify pgrst, 'reload schema'");
        admin.run("making a probe for REST", &make).await?;
        let known = self.wait_until_known(&probe).await;
        admin.run("dropping the probe for REST", &drop).await?;
        known
    }

    async fn wait_until_known(&self, probe: &str) -> Result<(), Error> {
        let begun = Instant::now();
        while begun.elapsed() < LIMIT {
            let question = Request::get(format!("/rpc/{probe}"))
                .body(Body::empty())
                .unwrap_or_default();
            let answer = send(&self.socket, question).await;
            let status = answer
                .map_err(|e| Error::Rest { why: e.to_string() })?
                .status();
            if !matches!(
                status,
                StatusCode::NOT_FOUND | StatusCode::SERVICE_UNAVAILABLE
            ) {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(Error::Rest {
            why: "PostgREST did not notice a change of the schema".to_owned(),
        })
    }
}
