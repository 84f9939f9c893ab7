//! What is told while a plan runs, line by line. Files of one message are told of out of turn: the one that seems to be
//! at work before those in front of it have answered. Here each is announced once, in the order of the plan.

use super::super::page::{Page, Tone};
use super::show;
use crate::domain::migration::{Direction, Plan, Progress, Step};
use crate::domain::report::outcome::retrying;
use crate::domain::report::statements::verb;

/// Turns news into lines, and remembers which files were announced.
pub struct ProgressPrinter<'a> {
    plan: &'a Plan,
    /// How many files, from the first one.
    announced: usize,
}

impl<'a> ProgressPrinter<'a> {
    /// Of a plan that begins.
    pub fn new(plan: &'a Plan) -> Self {
        Self { plan, announced: 0 }
    }

    /// The lines of some news; none when there is nothing to say.
    pub fn told(&mut self, progress: &Progress) -> Option<Page> {
        let step = |at: usize| self.plan.steps.get(at);
        let mut page = Page::default();
        match progress {
            Progress::WaitingForLock { holder } => {
                let who = holder
                    .as_ref()
                    .map_or_else(String::new, |holder| format!(" ({holder})"));
                let text = format!("Waiting for another runner to finish{who}.");
                page.toned(Tone::Warn, &text);
            }
            Progress::Blocked { step: at, blocker } => {
                // Of files that were sent together the answers may not have come yet: the last one named may be an earlier one.
                let text = format!("  {} waits for {blocker}.", show::named(step(*at)?));
                page.toned(Tone::Warn, &text);
            }
            Progress::TryingAgain {
                step: at,
                attempt,
                of,
                pause,
            } => {
                let is_rollback = step(*at)?.direction == Direction::Rollback;
                let text = retrying(is_rollback, (*attempt, *of), *pause);
                page.toned(Tone::Warn, &format!("  {text}"));
            }
            Progress::StepStarted { step } => return self.announced(*step),
            Progress::Notice { text, .. } => {
                page.block(Tone::Muted, "  ", text);
            }
            Progress::StepDone { step: at, took } => {
                let name = show::named(step(*at)?);
                let done = format!("  {name} is done, {} ms.", took.as_millis());
                page.toned(Tone::Ok, &done);
            }
            Progress::StatementDone { .. } | Progress::Cancelling => return None,
        }
        Some(page)
    }

    /// Announces the files up to one that begins, as far as they were not yet.
    fn announced(&mut self, step: usize) -> Option<Page> {
        let begun = self.plan.steps.get(self.announced..=step)?;
        let mut page = Page::default();
        for step in begun {
            let count = show::counted(step.left().count(), "statement");
            page.line(format!("{} {} ({count}).", action(step), show::named(step)));
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
        let mut teller = ProgressPrinter::new(&plan);
        let started = |step| Progress::StepStarted { step };
        let done = |step| Progress::StepDone {
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
        for page in news.iter().filter_map(|one| teller.told(one)) {
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
