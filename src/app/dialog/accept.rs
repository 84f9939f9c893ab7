//! What a confirmed question begins.

use super::confirm::{Confirm, PendingAction};
use crate::app::effect::{Effect, Write};
use crate::app::model::Model;
use crate::app::progress::RunProgress;
use crate::app::{execute, jobs};
use crate::domain::identity::Identity;
use crate::domain::migration::{Plan, plan_summary};

impl Confirm {
    /// Begins what was asked.
    pub(super) fn accept(&self, model: &mut Model) -> Vec<Effect> {
        match &self.asked {
            PendingAction::Migrate(plan) => {
                let progress = RunProgress::of(plan);
                let write = Write::Migrate(plan.clone());
                jobs::start(model, self.title.clone(), progress, write)
            }
            PendingAction::Rehearse(plan) => rehearse(plan.clone(), model),
            PendingAction::Fix(fix) => jobs::start(
                model,
                self.title.clone(),
                RunProgress::default(),
                Write::Fix(fix.clone()),
            ),
            PendingAction::Seed(plan) => {
                let steps = plan
                    .steps
                    .iter()
                    .map(|step| (step.path.clone(), step.parts.len()));
                let progress = RunProgress {
                    steps: steps.collect(),
                    ..RunProgress::default()
                };
                jobs::start(
                    model,
                    self.title.clone(),
                    progress,
                    Write::Seed(plan.clone()),
                )
            }
            PendingAction::Unlock(request) => jobs::start(
                model,
                self.title.clone(),
                RunProgress::default(),
                Write::Unlock(request.clone()),
            ),
            PendingAction::Rows(write) => jobs::start(
                model,
                self.title.clone(),
                RunProgress::default(),
                Write::Rows(write.clone()),
            ),
            PendingAction::Service => execute::become_identity(model, Identity::Service),
        }
    }
}

/// Begins a dry run.
pub(in crate::app) fn rehearse(plan: Plan, model: &mut Model) -> Vec<Effect> {
    let (title, progress) = (
        plan_summary::rehearsal(&plan),
        RunProgress::of_rehearsal(&plan),
    );
    jobs::start(model, title, progress, Write::Rehearse(plan))
}
