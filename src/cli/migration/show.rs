//! How lists, plans and outcomes of migrations read.

use super::super::page::{Page, Span, Table, Tone};
use crate::domain::migration::interruption::repetition;
use crate::domain::migration::{Entry, MigrationList, Outcome, Plan, PlanRequest, State, Step};
pub use crate::domain::plural::counted;
use crate::domain::report::outcome::{self, Beside};
pub use crate::domain::report::plan::target;
use crate::domain::report::statements::verb;

/// How many states have their ways out under the list; a thousand of them would hide it.
const MOST_WAYS: usize = 4;

/// The list of versions with the database it was compared with.
pub fn listing(listing: &MigrationList) -> Page {
    let mut page = Page::default();
    page.toned(Tone::Muted, &target(&listing.target));
    if listing.entries.is_empty() {
        page.line("There are no migrations, neither here nor in the history.");
    } else {
        let mut table = Table::new(&["VERSION", "NAME", "STATE", "ROLLBACK", "NOTE"]);
        for entry in &listing.entries {
            table.row(vec![
                Span::from(&entry.version),
                Span::from(&entry.name),
                Span::new(state_tone(entry.state), entry.state.word()),
                Span::from(entry.way_back.word()),
                Span::new(Tone::Muted, entry.note.as_deref().unwrap_or_default()),
            ]);
        }
        page.table(&table);
    }
    for skipped in &listing.skipped {
        page.toned(Tone::Muted, &format!("Skipped: {skipped}"));
    }
    for remark in &listing.remarks {
        let tone = if remark.way_out.is_some() {
            Tone::Warn
        } else {
            Tone::Muted
        };
        page.toned(tone, &format!("History: {}", remark.what));
        if let Some(way) = &remark.way_out {
            page.block(Tone::Muted, "  ", way);
        }
    }
    ways(&mut page, listing);
    page
}

/// The ways out of the first states that need one.
fn ways(page: &mut Page, listing: &MigrationList) {
    let stuck: Vec<&Entry> = listing
        .entries
        .iter()
        .filter(|entry| entry.state != State::Applied && !entry.ways.is_empty())
        .collect();
    for entry in stuck.iter().take(MOST_WAYS) {
        page.blank();
        let title = format!(
            "Fixes for {} {} ({}):",
            entry.version,
            entry.name,
            entry.state.word()
        );
        page.toned(Tone::Strong, &title);
        for way in &entry.ways {
            page.line(format!("  {}", way.resolution.command()));
            page.toned(Tone::Muted, &format!("    {}", way.what));
        }
    }
    if stuck.len() > MOST_WAYS {
        page.blank();
        let more = match stuck.len() - MOST_WAYS {
            1 => "1 more migration has fixes too.".to_owned(),
            more => format!("{more} more migrations have fixes too."),
        };
        page.toned(Tone::Muted, &more);
    }
}

fn state_tone(state: State) -> Tone {
    match state {
        State::Applied => Tone::Ok,
        State::Pending => Tone::Text,
        State::OutOfOrder | State::Edited | State::Renamed => Tone::Warn,
        State::Missing | State::Invalid | State::Interrupted => Tone::Danger,
    }
}

/// The exact statements of a plan, with the target and the role.
pub fn plan(plan: &Plan) -> Page {
    let mut page = Page::default();
    page.toned(Tone::Strong, &target(&plan.target));
    for step in &plan.steps {
        page.blank();
        let file = step.file.display();
        page.toned(
            Tone::Strong,
            &format!("{} {}", verb(step.direction), named(step)),
        );
        page.toned(Tone::Muted, &format!("  {file} (sha256 {})", step.sha256));
        if let Some(why) = &step.mode_why {
            let text =
                format!("  NOT IN A TRANSACTION: {why} A failure leaves what ran before it.");
            page.toned(Tone::Warn, &text);
        }
        if step.begin_at > 0 {
            let text = format!("  It goes on at statement {}.", step.begin_at + 1);
            page.toned(Tone::Warn, &text);
        }
        if let Some(repetition) = repetition(step.repeats, step.statements.len()) {
            page.toned(Tone::Warn, &format!("  {repetition}"));
        }
        for (_, statement) in step.left() {
            page.block(Tone::Text, "    ", &format!("{statement};"));
        }
        if step.statements.that_run().next().is_none() {
            page.toned(Tone::Muted, "    No statements.");
        }
    }
    page.blank();
    page
}

/// The command that dry-runs a wish; an interrupted file cannot be dry-run.
pub fn rehearsed_by(wish: &PlanRequest) -> Option<String> {
    let options = match wish {
        PlanRequest::GoOn { .. } | PlanRequest::Redo => return None,
        PlanRequest::Apply {
            to,
            include_out_of_order,
        } => {
            let to = to.as_ref().map(|version| format!(" --to {version}"));
            let late = include_out_of_order.then_some(" --include-out-of-order");
            format!("{}{}", to.unwrap_or_default(), late.unwrap_or_default())
        }
        PlanRequest::RollbackTo { version } => format!(" --rollback --to {version}"),
        PlanRequest::RollbackLast { count } => format!(" --rollback --last {count}"),
    };
    Some(format!("supadeck migration plan{options}"))
}

/// `Apply 2 migrations, 14 statements`.
pub fn size(verb: &str, plan: &Plan) -> String {
    format!(
        "{verb} {}, {}",
        counted(plan.steps.len(), "migration"),
        counted(plan.statement_count(), "statement")
    )
}

/// A step's version and name.
pub fn named(step: &Step) -> String {
    format!("{} {}", step.version, step.name)
}

/// How a run ended. Its problem and the notes of its files are told elsewhere.
pub fn outcome(outcome: &Outcome) -> Page {
    let beside = Beside {
        history: Some(outcome.history.as_deref()),
        ..Beside::default()
    };
    let mut page = Page::default();
    page.report(outcome::page(&outcome::migrated(outcome), beside));
    page
}
