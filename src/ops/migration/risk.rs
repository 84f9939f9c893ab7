//! What the files of a plan can do, by their text alone.

use super::local;
use crate::domain::migration::{Direction, Plan};
use crate::domain::risk::{Assessment, assess_in_order};
use serde::Serialize;

/// The assessment of one file of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepRisk {
    /// The version.
    pub version: String,
    /// Which file.
    pub direction: Direction,
    /// What is known about its statements.
    #[serde(flatten)]
    pub assessment: Assessment,
}

/// Assesses every file of a plan, in the order in which they run; the statements are counted as in the plan.
pub fn risks(plan: &Plan) -> Vec<StepRisk> {
    let texts: Vec<String> = plan
        .steps
        .iter()
        .map(|step| match local::read(&step.file) {
            Ok(source) => source.text,
            // What the history stores has lost its file.
            Err(_) => step.statements.iter().collect::<Vec<_>>().join("\n;\n"),
        })
        .collect();
    plan.steps
        .iter()
        .zip(assess_in_order(texts.iter().map(String::as_str)))
        .map(|(step, assessment)| StepRisk {
            version: step.version.clone(),
            direction: step.direction,
            assessment,
        })
        .collect()
}
