//! What a confirmed question begins.

use super::confirm::{Confirm, PendingAction};
use crate::app::effect::{Effect, RowsWrite, Write};
use crate::app::model::Model;
use crate::app::progress::RunProgress;
use crate::app::{execute, jobs, production};
use crate::domain::dry_run::Environment;
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
            PendingAction::Rehearse(plan) | PendingAction::RehearseProduction(plan) => {
                rehearse(plan.clone(), Environment::Target, model)
            }
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
            PendingAction::Rows(write) => rows(self.title.clone(), write, model),
            PendingAction::Service => execute::become_identity(model, Identity::Service),
        }
    }
}

impl Confirm {
    /// Begins a dry run that was asked about on a scratch database.
    pub(super) fn accept_on_scratch(&self, model: &mut Model) -> Vec<Effect> {
        match &self.asked {
            PendingAction::Rehearse(plan) | PendingAction::RehearseProduction(plan) => {
                rehearse(plan.clone(), Environment::Scratch, model)
            }
            _ => Vec::new(),
        }
    }
}

/// Begins to write rows, as whoever the question named.
fn rows(title: String, write: &RowsWrite, model: &mut Model) -> Vec<Effect> {
    if write.identity != model.identity {
        let text = format!(
            "Nothing was written: it was to be as {}, and now {} reads.",
            write.identity.called(),
            model.identity.called()
        );
        return execute::toast(model, text);
    }
    let is_busy = model.running.is_some();
    if let Some(grid) = model.browser.grid.as_mut().filter(|_| !is_busy) {
        grid.is_writing = true;
    }
    let write = Write::Rows(Box::new(write.clone()));
    jobs::start(model, title, RunProgress::default(), write)
}

/// Begins a dry run.
pub(in crate::app) fn rehearse(plan: Plan, on: Environment, model: &mut Model) -> Vec<Effect> {
    let title = plan_summary::rehearsal(&plan);
    // Whatever was asked for: a read-only profile has no dry run on the database itself.
    let on = if production::is_read_only(model, &plan.target) {
        Environment::Scratch
    } else {
        on
    };
    match on {
        Environment::Target => {
            let progress = RunProgress::of_rehearsal(&plan);
            jobs::start(model, title, progress, Write::Rehearse(plan))
        }
        Environment::Scratch => {
            let title = format!("{title} on a scratch database");
            let progress = RunProgress::on_scratch(&plan);
            jobs::start(model, title, progress, Write::RehearseOnScratch(plan))
        }
    }
}
