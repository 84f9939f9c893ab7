//! The questions before a migration plan: what would run, with what there is to think about, and for a dry run who
//! would wait meanwhile.

use super::confirm::{Confirm, PendingAction};
use super::confirm_layout::fact_columns;
use super::questions::facts;
use super::script::Script;
use super::{risky, undoing};
use crate::app::model::Model;
use crate::app::msg::Planned;
use crate::domain::lint::{Assessment, Level, PredictedLock};
use crate::domain::migration::interruption::repetition;
use crate::domain::migration::plan_summary::{self, is_rollback};
use crate::domain::migration::{Plan, Step, StepMode};
use crate::domain::script::Limits;
use std::collections::{BTreeMap, BTreeSet};

/// What is typed, besides the usual word, to run what is older than what is applied already: it stands for the flag
/// of the command line.
const OUT_OF_ORDER: &str = "out of order";

/// The question before a plan runs.
pub fn running(planned: Planned, model: &Model) -> Confirm {
    let Planned { plan, risks } = planned;
    let mut facts = facts(model, &plan.target);
    let summary = risks
        .as_ref()
        .map(|risks| risky::sum(&plan, risks, fact_columns(model.size.0)));
    let mut told = BTreeSet::new();
    let mut script = Script::default();
    script.is_unknown = risks.is_none();
    for (at, step) in plan.steps.iter().enumerate() {
        script.head(&heading(step, is_rollback(&plan)));
        let assessment = risks.as_ref().and_then(|all| all.get(at));
        for (index, statement) in step.left() {
            let marks =
                assessment.map_or_else(Vec::new, |known| risky::marks(known, index, &mut told));
            script.statement(marks, statement);
        }
    }
    match summary {
        Some(summary) => facts.extend(summary.into_iter().map(|line| ("risk", line))),
        None => facts.push((
            "risk",
            "too much SQL to look at here, so all of it must be read; `supadeck migration plan` looks at it".into(),
        )),
    }
    facts.extend(cautions(&plan).into_iter().map(|caution| ("note", caution)));
    if is_rollback(&plan) {
        facts.extend(undoing::facts(&plan, risks.as_deref()));
    }
    let title = plan_summary::title(&plan);
    let word = word(&plan, model);
    Confirm::running(title, facts, &script, word, PendingAction::Migrate(plan))
}

/// What is to be typed. What is out of order wants those words too, in production as well.
fn word(plan: &Plan, model: &Model) -> String {
    if is_rollback(plan) {
        return model.confirm_word_at(&plan.target, &undoing::word(plan));
    }
    let word = model.confirm_word_at(&plan.target, "apply");
    if plan.steps.iter().any(|step| step.older_than.is_some()) {
        format!("{word} {OUT_OF_ORDER}")
    } else {
        word
    }
}

/// What stands above the statements of a file.
fn heading(step: &Step, is_rollback: bool) -> String {
    let what = if is_rollback { "rollback" } else { "migration" };
    let mut text = format!("{what} {} {}", step.version, step.name);
    if step.begin_at > 0 {
        let (begin, of) = (step.begin_at + 1, step.statements.len());
        text.push_str(&format!(", from statement {begin} of {of} on"));
    }
    text
}

fn cautions(plan: &Plan) -> Vec<String> {
    let again = plan.steps.iter();
    let again = again.filter_map(|step| repetition(step.repeats, step.statements.len()));
    let mut cautions: Vec<String> = again.collect();
    cautions.extend(plan_summary::alone(plan));
    cautions.extend(plan_summary::cautions(plan));
    cautions
}

/// The question before a dry run that others may wait for; none where nobody does.
pub fn rehearsing(planned: &Planned, model: &Model) -> Option<Confirm> {
    let plan = &planned.plan;
    let mut lines = match &planned.risks {
        Some(risks) => waiting(plan, risks),
        None => vec!["There is too much SQL to look at here: it may lock any table.".to_owned()],
    };
    if lines.is_empty() {
        return None;
    }
    let limits = Limits::default();
    lines.push(String::new());
    lines.push(format!(
        "The locks are held until the dry run ends. It waits no longer than {} s for each of them, and a statement takes a minute at most.",
        limits.lock_timeout.as_secs()
    ));
    lines.push("In the end everything is undone.".to_owned());
    let (title, asked) = (
        plan_summary::rehearsal(plan),
        PendingAction::Rehearse(plan.clone()),
    );
    let facts = facts(model, &plan.target);
    Some(Confirm::new(title, facts, &lines, String::new(), asked))
}

/// Who waits while a plan is dry-run, as far as its text tells. A file outside a transaction does not run then, nor one
/// that reaches outside the database.
fn waiting(plan: &Plan, risks: &[Assessment]) -> Vec<String> {
    let steps = plan.steps.iter().zip(risks);
    let run = steps.filter(|(step, risk)| step.mode != StepMode::Alone && risk.stays().is_none());
    let run: Vec<&Assessment> = run.map(|(_, assessment)| assessment).collect();
    let mut strongest: BTreeMap<String, PredictedLock> = BTreeMap::new();
    for lock in run.iter().flat_map(|assessment| assessment.locks()) {
        match strongest.get_mut(&lock.table) {
            Some(known) => known.mode = known.mode.max(lock.mode),
            None => drop(strongest.insert(lock.table.clone(), lock)),
        }
    }
    let mut lines: Vec<String> = strongest
        .values()
        .filter(|lock| lock.mode.blocks_writers())
        .map(|lock| {
            let (table, mode) = (&lock.table, lock.mode);
            format!("  {table}: {} ({})", mode.effect(), mode.words())
        })
        .collect();
    if !lines.is_empty() {
        lines.insert(
            0,
            "It really runs on this database, and others wait meanwhile:".to_owned(),
        );
    }
    let mut findings = run.iter().flat_map(|assessment| assessment.findings());
    if findings.any(|finding| finding.level == Level::Unreadable) {
        lines.push("What of it cannot be read here may lock any table.".to_owned());
    }
    lines
}
