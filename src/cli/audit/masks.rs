//! The masks of a command: those of the profile, and those that were typed.

use super::super::context::Reader;
use crate::domain::audit::mask::Mask;
use crate::domain::problem::Problem;

/// The masks of the profile and those that were typed, each once.
pub fn of(reader: &Reader, typed: &[String]) -> Result<Vec<Mask>, Problem> {
    let mut masks: Vec<Mask> = Vec::new();
    for mask in reader.profile().mask.iter().chain(typed) {
        let mask = Mask::read(mask)?;
        if !masks.contains(&mask) {
            masks.push(mask);
        }
    }
    Ok(masks)
}
