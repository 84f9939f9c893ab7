//! The project as its files make it: an empty scratch database with every migration applied and every seed run.

use super::migration::{self, Passing, RunControl, Workspace};
use super::seed;
use crate::domain::dry_run::passed_over::PassedOver;
use crate::domain::problem::Problem;
use serde::Serialize;

/// What a scratch database was built of.
#[derive(Debug, Clone, Serialize)]
pub struct ScratchProject {
    /// The version of its Postgres.
    pub server_version: String,
    /// Whether that is known to be the project's.
    pub is_right_version: bool,
    /// How many migrations were applied.
    pub migrations: usize,
    /// How many seeds were run.
    pub seeds: usize,
    /// The statements that were not run, because its server lacks what they need.
    pub passed_over: Vec<PassedOver>,
    /// What is to be known about the seeds.
    pub notes: Vec<String>,
}

/// Applies the migrations and runs the seeds. What fails ends it: nothing is said of a project that is there in part.
pub async fn build(
    scratch: &Workspace,
    is_right_version: bool,
    watch: &RunControl,
) -> Result<ScratchProject, Problem> {
    let mut passing = Passing::on(is_right_version);
    let migrations = migration::build(scratch, &mut passing, watch).await?;
    let plan = seed::plan(scratch, &[], false).await?;
    let ran = seed::run(scratch, &plan, watch).await?;
    if let Some(problem) = ran.problem {
        return Err(passing.own(problem));
    }
    Ok(ScratchProject {
        server_version: plan.target.server_version,
        is_right_version,
        migrations,
        seeds: plan.steps.len(),
        passed_over: passing.passed().to_vec(),
        notes: plan.notes,
    })
}
