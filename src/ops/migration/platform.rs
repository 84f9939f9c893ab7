//! What checking round trips on a database would lock of the platform, before it is asked whether to.

use super::Workspace;
use super::list::read;
use super::plan::is_applied;
use super::rollback_file::up_and_down;
use crate::domain::migration::platform_grants::PlatformGrants;
use crate::domain::migration::platform_locks::{PlatformLocks, predicted};
use crate::domain::migration::{State, StepMode};
use crate::domain::problem::Problem;

/// What `verify` on the database itself locks of the platform, for the versions that are named or those that are pending, with
/// what they draw in.
pub async fn locked_by_trips(
    schema: &Workspace,
    versions: &[String],
) -> Result<Option<PlatformLocks>, Problem> {
    let (listing, history) = read(schema).await?;
    if *history.target.platform == PlatformGrants::default() {
        return Ok(None);
    }
    let (oldest, newest) = (versions.iter().min(), versions.iter().max());
    let mut steps = Vec::new();
    for entry in &listing.entries {
        let is_pending = matches!(entry.state, State::Pending | State::OutOfOrder);
        let is_tried = if is_applied(entry) {
            oldest.is_some_and(|oldest| entry.version >= *oldest)
        } else {
            is_pending && newest.is_none_or(|newest| entry.version <= *newest)
        };
        if is_tried {
            let (up, down) = up_and_down(schema, entry).await;
            steps.extend(up.ok());
            steps.extend(down.ok());
        }
    }
    // One outside a transaction is not tried.
    steps.retain(|step| step.mode == StepMode::Transaction);
    Ok(predicted(&history.target.platform, &steps))
}
