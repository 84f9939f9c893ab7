//! What a dry run found in sum: what will change, be locked and be lost, and of which files that is not known.

use super::super::super::page::{Page, Span, Table, Tone};
use super::difference;
use crate::domain::dry_run::access;
use crate::domain::dry_run::coverage::NotCovered;
use crate::domain::dry_run::measure::Blocks;
use crate::domain::dry_run::{Environment, Report, TableLockSummary};

/// What was found in sum. A heading with nothing below it is left out when the dry run stopped: it would reassure.
pub(super) fn summary(page: &mut Page, report: &Report) {
    let (unrehearsed, unmeasured) = (report.unrehearsed(), report.unmeasured());
    let nothing = report
        .difference
        .is_empty()
        .then_some("Nothing in the catalog");
    if section(page, report, "Will change", unrehearsed.as_ref(), nothing) {
        difference::write(page, "  ", &report.difference);
    }
    let locks: Vec<_> = report
        .locks
        .iter()
        .filter(|held| held.blocks != Blocks::NoQuery || held.rewritten)
        .collect();
    let nothing = locks
        .is_empty()
        .then_some("No table that is in use, in a way that anybody waits for");
    if section(page, report, "Will lock", unmeasured.as_ref(), nothing) {
        locked(page, &locks);
    }
    let nothing = report.no_loss();
    if section(page, report, "Will be lost", unmeasured.as_ref(), nothing) {
        difference::uncounted(page, "  ", &report.uncounted);
        difference::losses(page, "  ", &report.losses);
        if report.on == Environment::Scratch {
            let text =
                "  How much that is nobody knows: the scratch database has no data of this one.";
            page.toned(Tone::Muted, text);
        }
    }
    access(page, report, unrehearsed.as_ref());
    if !report.sequences.is_empty() {
        page.blank();
        let moved = report.sequences.join(", ");
        page.toned(
            Tone::Warn,
            &format!("Sequences moved on meanwhile, which a rollback does not undo: {moved}."),
        );
    }
}

/// Who gains or loses access, with the consequence.
fn access(page: &mut Page, report: &Report, unknown: Option<&NotCovered>) {
    let lines = access::lines(&report.access);
    let nothing = lines.is_empty().then_some("Nobody gains or loses any");
    if section(page, report, "Access", unknown, nothing) {
        for line in lines {
            let tone = if line.opens { Tone::Danger } else { Tone::Warn };
            page.toned(tone, &format!("  {}", line.text));
        }
    }
}

/// Begins a section: first of which files nothing is known, then whether there is nothing in the others. Tells whether
/// something is to be shown below.
fn section(
    page: &mut Page,
    report: &Report,
    heading: &str,
    unknown: Option<&NotCovered>,
    nothing: Option<&str>,
) -> bool {
    let is_empty = nothing.is_some();
    if is_empty && report.problem.is_some() {
        return false;
    }
    page.blank();
    page.toned(Tone::Strong, heading);
    if let Some(unknown) = unknown {
        page.toned(Tone::Danger, &format!("  {}", unknown.not_known()));
    }
    let others = match unknown {
        None => "",
        Some(_) => ", as far as the others go",
    };
    if let Some(nothing) = nothing.filter(|_| !unknown.is_some_and(|unknown| unknown.is_all)) {
        page.line(format!("  {nothing}{others}."));
    }
    !is_empty
}

fn locked(page: &mut Page, locks: &[&TableLockSummary]) {
    // A run commits behind each file, and the dry run nowhere.
    let differs = |held: &&TableLockSummary| held.held_ms != held.rehearsal_held_ms;
    let is_longer = locks.iter().any(differs);
    let mut heads = vec!["  TABLE", "WHO WAITS", ">HELD MS"];
    heads.extend(is_longer.then_some(">TO ITS COMMIT"));
    heads.extend(["REWRITTEN", "MODE", "BY"]);
    let mut table = Table::new(&heads);
    for held in locks {
        let mut row = vec![
            Span::from(format!("  {}", held.table)),
            Span::new(tone(held.blocks), waits(held.blocks)),
            Span::from(held.rehearsal_held_ms.to_string()),
        ];
        row.extend(is_longer.then(|| Span::from(held.held_ms.to_string())));
        row.extend([
            Span::new(Tone::Danger, if held.rewritten { "yes" } else { "" }),
            Span::from(held.mode.words()),
            Span::from(format!("{} statement {}", held.version, held.statement)),
        ]);
        table.row(row);
    }
    page.table(&table);
}

pub(super) fn tone(blocks: Blocks) -> Tone {
    match blocks {
        Blocks::NoQuery => Tone::Plain,
        Blocks::Writers => Tone::Warn,
        Blocks::ReadersAndWriters => Tone::Danger,
    }
}

fn waits(blocks: Blocks) -> &'static str {
    match blocks {
        Blocks::NoQuery => "no query",
        Blocks::Writers => "writers",
        Blocks::ReadersAndWriters => "readers and writers",
    }
}
