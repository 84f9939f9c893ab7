//! What a dry run loses and opens: asked of the state before everything, once all of it is undone.

use crate::domain::dry_run::access::{Touch, Verdict, changes, enter_rows, leave_out_unmoved};
use crate::domain::dry_run::effects::EffectLedger;
use crate::domain::dry_run::losses::Candidates;
use crate::domain::dry_run::recording::DryRunResult;
use crate::domain::dry_run::unread::leave_out_unread;
use crate::domain::dry_run::{Environment, LossKind, Report, SequenceNote};
use crate::domain::problem::Problem;
use crate::ports::DryRun;

/// Asks for what is known of the state before everything: which sequences moved, and how much is lost.
pub(super) async fn count_losses(
    recorder: &mut dyn DryRun,
    report: &mut Report,
    recording: &DryRunResult,
    ledger: &EffectLedger,
    candidates: Candidates,
) -> Result<(), Problem> {
    let rights = &recording.rights;
    let stood = recording.before.ids();
    let after = rights.after.as_deref();
    let mut access = after.map_or_else(Vec::new, |after| changes(&rights.before, after, &stood));
    let holdings = match report.on {
        Environment::Target => candidates.holdings(),
        Environment::Scratch => Vec::new(),
    };
    let seen: Vec<(String, u32)> = access
        .iter()
        .filter(|change| change.may_show() && change.before != Verdict::None)
        .filter_map(|change| Some((change.role.clone(), change.ids.1?)))
        .filter(|_| report.on == Environment::Target)
        .collect();
    let found = recorder.measure_before(&holdings, &seen).await?;
    if report.on == Environment::Target {
        enter_rows(&mut access, &found.visible, &rights.visible);
    }
    // What goes with its table is told with that.
    let is_gone = |table: &str| {
        let mut losses = candidates.open.iter().map(|open| &open.loss);
        losses.any(|loss| loss.way == LossKind::TableDropped && !loss.remade && loss.table == table)
    };
    access.retain(|change| change.why.is_some() || !is_gone(&change.table));
    // Another partition or heir is worth a word where its rows become visible.
    let shows_rows = |rows: Option<u64>| rows != Some(0) && report.on == Environment::Target;
    access
        .retain(|change| !change.only_parts || change.verb != "select" || shows_rows(change.rows));
    leave_out_unmoved(&mut access);
    let mut statements = report.steps.iter().flat_map(|step| &step.statements);
    // What is not counted by the server may be any rows.
    if !statements.any(|one| one.sql.to_lowercase().contains("track_counts")) {
        let after = recording
            .files
            .iter()
            .rev()
            .find_map(|file| file.after.as_ref());
        let snapshots = [&recording.before, after.unwrap_or(&recording.before)];
        leave_out_unread(&mut access, ledger, snapshots);
    }
    // There nothing can be counted, and a table that is only altered opens nothing by that.
    access.retain(|change| {
        let touched = change.depends_on.as_ref();
        report.on == Environment::Target
            || touched.is_none_or(|touched| touched.kind != Touch::Shape)
    });
    // So is another table of the same name, but nobody can count on scratch what it will hold.
    access.retain(|change| !change.is_only_remade() || change.rows != Some(0));
    report.access = access;
    let now = |name: &String| {
        let mut all = found.sequences.iter();
        all.find(|(other, _)| other == name).map(|(_, value)| value)
    };
    for (name, value) in &recording.baseline.sequences {
        if let Some(later) = now(name).filter(|later| *later != value) {
            report.sequences.push(name.clone());
            let note = SequenceNote::of(name, value.as_deref(), later.as_deref());
            report.sequence_notes.extend(note);
        }
    }
    match report.on {
        Environment::Target => {
            (report.losses, report.uncounted) = candidates.settle(&found.counts, ledger);
        }
        // What was deleted there is what a migration had inserted there.
        Environment::Scratch => report.losses = candidates.without_counts(),
    }
    Ok(())
}
