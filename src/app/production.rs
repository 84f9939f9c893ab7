//! What the deck does about a database that belongs to a production profile.

use super::model::Model;
use crate::domain::migration::Target;
use crate::domain::problem::{Kind, Problem};
use crate::domain::read_only;

/// Whether nothing may be changed there through the profile in use: a dry run leaves traces, and is made on scratch.
pub(super) fn is_read_only(model: &Model, target: &Target) -> bool {
    let project = model.project.as_ref();
    target.protection.read_only.is_some() || project.is_some_and(|project| project.is_read_only)
}

/// Refuses what must not be changed before somebody has looked at whose it is.
pub(super) fn check(target: &Target) -> Result<(), Problem> {
    if let Some(profile) = &target.protection.read_only {
        return Err(read_only::refusal(profile));
    }
    match target.protection.refusal() {
        Some((why, hint)) => {
            Err(Problem::new(Kind::Conflict, "Nothing was changed.", why).with_hint(hint))
        }
        None => Ok(()),
    }
}

/// The database belongs to a production profile, whatever the project in use is called: the header says so.
pub(super) fn belongs(model: &mut Model, target: &Target) {
    if let (Some(name), Some(project)) = (&target.protection.profile, &mut model.project)
        && !project.is_production
    {
        project.is_production = true;
        project.production = Some(name.clone());
    }
}
