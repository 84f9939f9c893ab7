//! What a confirmed question begins.

use super::confirm::{Asked, Confirm};
use crate::app::effect::{Effect, Write};
use crate::app::model::Model;
use crate::app::progress::RunProgress;
use crate::app::{run, write};
use crate::domain::identity::Identity;
use crate::domain::migration::{Plan, briefing};

impl Confirm {
    /// Begins what was asked.
    pub(super) fn accept(&self, model: &mut Model) -> Vec<Effect> {
        match &self.asked {
            Asked::Migrate(plan) => {
                let progress = RunProgress::of(plan);
                let write = Write::Migrate(plan.clone());
                write::start(model, self.title.clone(), progress, write)
            }
            Asked::Rehearse(plan) => rehearse(plan.clone(), model),
            Asked::Fix(fix) => write::start(
                model,
                self.title.clone(),
                RunProgress::default(),
                Write::Fix(fix.clone()),
            ),
            Asked::Seed(plan) => {
                let steps = plan
                    .steps
                    .iter()
                    .map(|step| (step.path.clone(), step.parts.len()));
                let progress = RunProgress {
                    steps: steps.collect(),
                    ..RunProgress::default()
                };
                write::start(
                    model,
                    self.title.clone(),
                    progress,
                    Write::Seed(plan.clone()),
                )
            }
            Asked::Unlock(request) => write::start(
                model,
                self.title.clone(),
                RunProgress::default(),
                Write::Unlock(request.clone()),
            ),
            Asked::Service => run::become_identity(model, Identity::Service),
        }
    }
}

/// Begins a rehearsal.
pub(in crate::app) fn rehearse(plan: Plan, model: &mut Model) -> Vec<Effect> {
    let (title, progress) = (briefing::rehearsal(&plan), RunProgress::of_rehearsal(&plan));
    write::start(model, title, progress, Write::Rehearse(plan))
}
