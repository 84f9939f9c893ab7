//! Writes the scripts of a plan's steps, always those of the next message while the server works on the last one.

use crate::domain::migration::{Direction, Plan, Step};
use crate::domain::script::{Limits, Script};
use crate::ops::migration::script::{bytes, goes_at_once, script};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::task::{JoinHandle, spawn_blocking};

/// How many files, and how much SQL, are sent in one message: enough that the round trips do not count, few enough that
/// cancelling and losing the line concern few.
const BATCH_SCRIPTS: usize = 64;
const BATCH_BYTES: usize = 128 * 1024;

/// Where the writing is.
struct Batcher {
    limits: Limits,
    plan: Arc<Plan>,
    /// Whether the history has a place for the way back.
    stores_rollbacks: bool,
    /// The step that comes next.
    next: usize,
    /// What the history holds by then.
    expected: BTreeSet<String>,
}

/// The scripts of a plan, message by message.
pub(super) struct ScriptPrefetch {
    writing: Option<JoinHandle<(Batcher, Vec<Script>)>>,
}

impl ScriptPrefetch {
    /// Begins with the first message.
    pub(super) fn new(limits: Limits, plan: &Plan, stores_rollbacks: bool) -> Self {
        let desk = Batcher {
            limits,
            expected: plan.history.iter().cloned().collect(),
            plan: Arc::new(plan.clone()),
            stores_rollbacks,
            next: 0,
        };
        Self {
            writing: Some(write(desk)),
        }
    }

    /// The scripts of the next message, at least one; none when every step was written. Begins with those behind them.
    pub(super) async fn next(&mut self) -> Option<Vec<Script>> {
        let (desk, scripts) = match self.writing.take()?.await {
            Ok(written) => written,
            Err(stopped) => std::panic::resume_unwind(stopped.into_panic()),
        };
        if desk.next < desk.plan.steps.len() {
            self.writing = Some(write(desk));
        }
        (!scripts.is_empty()).then_some(scripts)
    }
}

/// Files are read here and texts are hashed, which is no work for a task that others wait behind.
fn write(mut desk: Batcher) -> JoinHandle<(Batcher, Vec<Script>)> {
    spawn_blocking(move || {
        let scripts = desk.batch();
        (desk, scripts)
    })
}

impl Batcher {
    /// The scripts of the next steps that may be sent together.
    fn batch(&mut self) -> Vec<Script> {
        let plan = Arc::clone(&self.plan);
        let steps = &plan.steps[self.next..];
        let mut size = 0;
        let together = steps.iter().take(BATCH_SCRIPTS).take_while(|step| {
            size += bytes(step);
            size <= BATCH_BYTES && goes_at_once(&self.limits, &plan, step)
        });
        let count = together.count().max(1).min(steps.len());
        self.next += count;
        let mut scripts = Vec::with_capacity(count);
        for step in &steps[..count] {
            let stores = self.stores_rollbacks;
            scripts.push(script(&self.limits, &plan, step, &self.expected, stores));
            expect(&mut self.expected, step);
        }
        scripts
    }
}

/// What the history holds once a step is done.
pub(super) fn expect(expected: &mut BTreeSet<String>, step: &Step) {
    match step.direction {
        Direction::Apply => expected.insert(step.version.clone()),
        Direction::Rollback => expected.remove(&step.version),
    };
}
