//! What a rehearsal loses: asked of the state before everything, once all of it is undone.

use crate::domain::problem::Problem;
use crate::domain::rehearsal::account::Account;
use crate::domain::rehearsal::measure::{Ground, Holding};
use crate::domain::rehearsal::{Loss, Place, Report};
use crate::domain::risk::assess;
use crate::domain::risk::rule::UPDATE_WITHOUT_WHERE;
use crate::ports::Recorder;

/// Asks for what is known of the state before everything: which sequences moved, and how much is lost.
pub(super) async fn after_all(
    recorder: &mut dyn Recorder,
    report: &mut Report,
    ground: &Ground,
    account: &Account,
) -> Result<(), Problem> {
    let holdings = match report.on {
        Place::Target => holdings(&report.losses),
        Place::Scratch => Vec::new(),
    };
    let found = recorder.after(&holdings).await?;
    let moved = ground.sequences.iter().filter(|(name, value)| {
        let now = found.sequences.iter().find(|(other, _)| other == name);
        now.is_some_and(|(_, later)| later != value)
    });
    report.sequences = moved.map(|(name, _)| name.clone()).collect();
    match report.on {
        Place::Target => enter_counts(&mut report.losses, found.counts, account),
        // What was deleted there is what a migration had inserted there.
        Place::Scratch => {
            for loss in &mut report.losses {
                (loss.rows, loss.counted) = (None, false);
            }
        }
    }
    Ok(())
}

/// Whether a statement is known to overwrite every row of a table.
pub(super) fn overwrites_all(sql: &str) -> bool {
    assess(sql)
        .findings()
        .any(|finding| finding.rule == UPDATE_WITHOUT_WHERE.name)
}

/// What has to be counted for losses.
pub(super) fn holdings(losses: &[Loss]) -> Vec<Holding> {
    losses.iter().filter_map(Loss::holding).collect()
}

/// Enters what was counted; where that took too long the server's estimate stands.
pub(super) fn enter_counts(losses: &mut [Loss], counts: Vec<Option<u64>>, account: &Account) {
    let open = losses.iter_mut().filter(|loss| loss.holding().is_some());
    for (loss, count) in open.zip(counts) {
        loss.counted = count.is_some();
        loss.rows = match &loss.column {
            None => count.or_else(|| account.about(&loss.table)),
            Some(_) => count,
        };
    }
}
