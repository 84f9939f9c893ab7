//! Builds an empty scratch database by the project's migration files.

use super::passing::Passing;
use super::plan::plan;
use super::scratch::run_for_real;
use super::verify::check_directory;
use super::{RunControl, Workspace};
use crate::domain::migration::PlanRequest;
use crate::domain::problem::Problem;

/// Applies every migration of the project to an empty scratch database, and tells how many there are. What its server lacks is
/// passed over.
pub async fn build(
    scratch: &Workspace,
    passing: &mut Passing,
    watch: &RunControl,
) -> Result<usize, Problem> {
    let scratch = scratch.on_scratch();
    check_directory(&scratch)?;
    let wish = PlanRequest::Apply {
        to: None,
        include_out_of_order: false,
    };
    let steps = plan(&scratch, &wish).await?.steps;
    let count = steps.len();
    match run_for_real(&scratch, steps, passing, watch).await?.problem {
        None => Ok(count),
        Some(problem) => Err(problem),
    }
}
