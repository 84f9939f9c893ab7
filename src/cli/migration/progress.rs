//! What is told while migrations or seeds run, line by line. Files of one message are told of out of turn: the one that seems
//! to be at work before those in front of it have answered. Here each is announced once, in the order of the plan.

use super::super::context::Context;
use super::super::interrupt;
use super::super::page::{Page, Tone};
use super::show;
use crate::domain::migration::{Direction, Plan, Step};
use crate::domain::problem::Problem;
use crate::domain::report::outcome::retrying;
use crate::domain::report::statements::verb;
use crate::domain::run_event::RunEvent;
use crate::domain::seed::SeedPlan;
use crate::ops::migration::RunControl;
use tokio::sync::mpsc;

/// Turns events into lines, and remembers which files were announced.
pub struct ProgressPrinter {
    files: Vec<File>,
    /// How many files, from the first one.
    announced: usize,
}

/// A file as it is spoken of.
struct File {
    /// What is said when it begins.
    title: String,
    name: String,
    is_rollback: bool,
}

impl ProgressPrinter {
    /// Of a plan that begins.
    pub fn of_plan(plan: &Plan) -> Self {
        let file = |step: &Step| {
            let count = show::counted(step.left().count(), "statement");
            let name = show::named(step);
            File {
                title: format!("{} {name} ({count}).", action(step)),
                name,
                is_rollback: step.direction == Direction::Rollback,
            }
        };
        Self {
            files: plan.steps.iter().map(file).collect(),
            announced: 0,
        }
    }

    /// Of seeds that begin.
    pub fn of_seeds(plan: &SeedPlan) -> Self {
        let paths = plan.steps.iter().map(|step| &step.path);
        Self {
            files: paths
                .map(|path| File {
                    title: format!("Run {path}."),
                    name: path.clone(),
                    is_rollback: false,
                })
                .collect(),
            announced: 0,
        }
    }

    /// The lines of an event; none when there is nothing to say.
    pub fn lines_of(&mut self, event: &RunEvent) -> Option<Page> {
        let name = |at: usize| self.files.get(at).map(|file| &file.name);
        let mut page = Page::default();
        match event {
            RunEvent::WaitingForLock { holder } => {
                let who = holder
                    .as_ref()
                    .map_or_else(String::new, |holder| format!(" ({holder})"));
                let text = format!("Waiting for another runner to finish{who}.");
                page.toned(Tone::Warn, &text);
            }
            RunEvent::Blocked { step, blocker } => {
                // Of files that were sent together the answers may not have come yet: the last one named may be an earlier one.
                let text = format!("  {} waits for {blocker}.", name(*step)?);
                page.toned(Tone::Warn, &text);
            }
            RunEvent::TryingAgain {
                step,
                attempt,
                of,
                pause,
            } => {
                let is_rollback = self.files.get(*step)?.is_rollback;
                let text = retrying(is_rollback, (*attempt, *of), *pause);
                page.toned(Tone::Warn, &format!("  {text}"));
            }
            RunEvent::StepStarted { step } => return self.announced(*step),
            RunEvent::Notice { text, .. } => {
                page.block(Tone::Muted, "  ", text);
            }
            RunEvent::StepDone { step, took } => {
                let done = format!("  {} is done, {} ms.", name(*step)?, took.as_millis());
                page.toned(Tone::Ok, &done);
            }
            RunEvent::StepRestarted { .. }
            | RunEvent::StatementDone { .. }
            | RunEvent::RowsChanged { .. }
            | RunEvent::Cancelling => return None,
        }
        Some(page)
    }

    /// Announces the files up to one that begins, as far as they were not yet.
    fn announced(&mut self, step: usize) -> Option<Page> {
        let begun = self.files.get(self.announced..=step)?;
        let mut page = Page::default();
        for file in begun {
            page.line(file.title.clone());
        }
        self.announced = step + 1;
        (!begun.is_empty()).then_some(page)
    }
}

/// What a file does, and where it begins when that is not its first statement.
fn action(step: &Step) -> String {
    let verb = verb(step.direction);
    match step.begin_at {
        0 => verb.to_owned(),
        at => format!("{verb} from statement {} on", at + 1),
    }
}

/// Runs something with its progress on stderr; Ctrl-C cancels it in order.
pub async fn watched<T>(
    context: &Context,
    mut printer: ProgressPrinter,
    run: impl AsyncFnOnce(&RunControl) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let (progress, mut events) = mpsc::unbounded_channel();
    let watch = RunControl {
        progress,
        ..RunControl::quiet()
    };
    let (output, cancel) = (context.output(), watch.cancel.clone());
    let tell = async {
        while let Some(event) = events.recv().await {
            if let Some(page) = printer.lines_of(&event) {
                output.note(&page);
            }
        }
    };
    let run = async {
        let outcome = run(&watch).await;
        // The sender lives in the watch: dropping it ends the telling.
        drop(watch);
        outcome
    };
    let both = async {
        let (outcome, ()) = tokio::join!(run, tell);
        outcome
    };
    interrupt::cancelling(output, &cancel, both).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::migration::{Direction, RollbackFile, StepMode, Target};
    use std::time::Duration;

    fn plan() -> Plan {
        let step = |version: &str| Step {
            version: version.into(),
            name: "x".into(),
            direction: Direction::Apply,
            file: "x.sql".into(),
            sha256: String::new(),
            statements: ["select 1"].iter().collect(),
            mode: StepMode::Transaction,
            mode_why: None,
            begin_at: 0,
            repeats: 0,
            older_than: None,
            passed_over: std::collections::BTreeSet::new(),
            way_back: RollbackFile::Usable,
        };
        Plan {
            steps: ["1", "2", "3"].map(step).to_vec(),
            target: Target::default(),
            history: Vec::new(),
            is_resume: false,
        }
    }

    #[test]
    fn a_file_is_announced_once_and_none_is_passed_over() {
        let plan = plan();
        let mut teller = ProgressPrinter::of_plan(&plan);
        let started = |step| RunEvent::StepStarted { step };
        let done = |step| RunEvent::StepDone {
            step,
            took: Duration::ZERO,
        };
        // The third seems to be at work before the first has answered.
        let news = [
            started(0),
            started(2),
            done(0),
            started(1),
            done(1),
            started(2),
            done(2),
        ];
        let mut whole = Page::default();
        for page in news.iter().filter_map(|one| teller.lines_of(one)) {
            whole.append(page);
        }
        assert_eq!(
            whole.render(false, None).lines().collect::<Vec<_>>(),
            [
                "Apply 1 x (1 statement).",
                "Apply 2 x (1 statement).",
                "Apply 3 x (1 statement).",
                "  1 x is done, 0 ms.",
                "  2 x is done, 0 ms.",
                "  3 x is done, 0 ms.",
            ]
        );
    }
}
