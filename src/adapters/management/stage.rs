//! Dry runs over the Management API. Each call is a session of its own, so whole files are dry-run in one; a transaction
//! that stays open from question to question is not to be had.

use super::database::ManagementDatabase;
use super::dry_run::ApiDryRun;
use crate::domain::problem::{Kind, Problem};
use crate::domain::script::Limits;
use crate::ports::{DryRun, DryRunDatabase, DryRunTransaction, Task};

impl DryRunDatabase for ManagementDatabase {
    fn open_dry_run(&self, _limits: Limits) -> Task<'_, Box<dyn DryRunTransaction>> {
        Box::pin(async move {
            Err(Problem::new(
                Kind::Config,
                "Round trips cannot be verified over the Management API.",
                "That is one transaction that is looked at from inside and goes back and forth, and each call of the API is a session of its own.",
            )
            .with_hint("Verify on a scratch database (`--on scratch`), or use a database URL (--db-url)."))
        })
    }

    fn dry_run(&self, limits: Limits) -> Task<'_, Box<dyn DryRun>> {
        // Nothing is sent yet.
        Box::pin(
            async move { Ok(Box::new(ApiDryRun::new(self.clone(), limits)) as Box<dyn DryRun>) },
        )
    }
}
