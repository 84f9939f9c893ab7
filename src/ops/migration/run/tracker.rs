//! Follows scripts that run one after the other: turns their news into progress, and writes down how each ended.

use super::Runner;
use crate::domain::migration::{Blocker, Progress, StepEnd};
use crate::domain::script::{BatchNews, News, Script};
use std::time::{Duration, Instant};

/// The scripts that were sent, and where they are.
pub(super) struct Tracker<'a, 'b> {
    runner: &'a mut Runner<'b>,
    first: usize,
    scripts: &'a [Script],
    /// The script that is at work, and since when.
    at: usize,
    since: Instant,
    /// Who was seen in the way of it last.
    blocker: Option<Blocker>,
}

impl<'a, 'b> Tracker<'a, 'b> {
    /// Begins with the first of the scripts, which is the step `first` of the plan.
    pub(super) fn new(runner: &'a mut Runner<'b>, first: usize, scripts: &'a [Script]) -> Self {
        runner.tell(Progress::StepStarted { step: first });
        Self {
            runner,
            first,
            scripts,
            at: 0,
            since: Instant::now(),
            blocker: None,
        }
    }

    /// Takes news.
    pub(super) fn take(&mut self, news: BatchNews) {
        match news {
            BatchNews::Of(at, news) => {
                let step = self.first + at;
                let told = self.progress(step, at, news);
                self.runner.tell(told);
            }
            BatchNews::Again(at) => {
                let step = self.first + at;
                self.runner.reports[step].notices.clear();
                (self.since, self.blocker) = (Instant::now(), None);
                self.runner.tell(Progress::StepStarted { step });
            }
            BatchNews::Done { at, took } => self.done(at, took),
        }
    }

    /// Writes down how long the script took that did not end well; tells who was in its way.
    pub(super) fn end(self) -> Option<Blocker> {
        if let Some(report) = self.runner.reports.get_mut(self.first + self.at)
            && self.at < self.scripts.len()
        {
            report.took = self.since.elapsed();
        }
        self.blocker
    }

    fn done(&mut self, at: usize, took: Option<Duration>) {
        let step = self.first + at;
        let took = took.unwrap_or_else(|| self.since.elapsed());
        let report = &mut self.runner.reports[step];
        (report.took, report.end) = (took, StepEnd::Done);
        self.runner.expect(step);
        self.runner.tell(Progress::StepDone { step, took });
        (self.at, self.since, self.blocker) = (at + 1, Instant::now(), None);
        if self.at < self.scripts.len() {
            self.runner.tell(Progress::StepStarted { step: step + 1 });
        }
    }

    fn progress(&mut self, step: usize, at: usize, news: News) -> Progress {
        match news {
            News::WaitingForLock { holder } => Progress::WaitingForLock { holder },
            // Rows in all are told of seeds only.
            News::AtWork | News::Rows(_) => Progress::StepStarted { step },
            News::Blocked(blocker) => {
                self.blocker = Some(blocker.clone());
                Progress::Blocked { step, blocker }
            }
            News::Cancelling => Progress::Cancelling,
            News::PartDone { done, .. } => {
                let part = done
                    .checked_sub(1)
                    .and_then(|part| self.scripts.get(at)?.parts.get(part));
                Progress::StatementDone {
                    step,
                    done: part.map_or(done, |part| part.statement + 1),
                }
            }
            News::Notice(text) => {
                self.runner.reports[step].notices.push(text.clone());
                Progress::Notice { step, text }
            }
        }
    }
}
