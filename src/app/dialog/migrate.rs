//! The questions before a migration plan: what would run, with what there is to think about, and for a dry run who
//! would wait meanwhile.

use super::confirm::{Confirm, PendingAction, Said};
use super::questions::{facts, runs};
use super::script::Script;
use crate::app::command::Command;
use crate::app::model::Model;
use crate::app::msg::Planned;
use crate::domain::lint::{Assessment, Level, PredictedLock};
use crate::domain::migration::interruption::repetition;
use crate::domain::migration::plan_summary::{self, is_redo, is_rollback};
use crate::domain::migration::{Direction, Plan, Step, platform_locks};
use crate::domain::report::plan::{TOO_MUCH, rollback_facts, rollback_word};
use crate::domain::report::{Tone, dry_run, risks, seen};
use crate::domain::script::Limits;
use crate::domain::sql::outline::pieces;
use std::collections::{BTreeMap, BTreeSet};

/// What is typed, besides the usual word, to run what is older than what is applied already: it stands for the flag
/// of the command line.
const OUT_OF_ORDER: &str = "out of order";

/// The question before a plan runs.
pub fn running(planned: Planned, model: &Model) -> Confirm {
    let Planned { plan, risks: texts } = planned;
    let tried = model.tried.as_ref().filter(|tried| tried.is_of(&plan));
    // What the dry run of these files has seen wins over what their text made one fear.
    let risks = match (&texts, tried) {
        (Some(texts), Some(tried)) => Some(seen::settle(texts, &tried.report)),
        _ => texts.clone(),
    };
    let mut facts = facts(model, &plan.target);
    facts.push(runs(plan.statement_count(), plan.steps.len()));
    match tried {
        Some(tried) => facts.extend(seen::figures(tried)),
        None => facts.extend(untried(&plan, model)),
    }
    let mut told = BTreeSet::new();
    let bytes = plan.steps.iter().map(|step| step.statements.bytes());
    let mut script = Script::of_bytes(bytes.sum());
    script.is_unknown = risks.is_none();
    for (at, step) in plan.steps.iter().enumerate() {
        script.head(&heading(step));
        let assessment = risks.as_ref().and_then(|all| all.get(at));
        let pieces = pieces(&step.statements);
        for (index, _) in step.left() {
            let marks =
                assessment.map_or_else(Vec::new, |known| risks::marks(known, index, &mut told));
            script.statement(marks, pieces[index].clone());
        }
    }
    script.finish();
    match &risks {
        Some(risks) => {
            let lines = risks::facts(&plan, risks).into_iter();
            facts.extend(lines.map(|line| ("risk", line.tone(), line.text())));
        }
        None => facts.push(("risk", Tone::Danger, TOO_MUCH.to_owned())),
    }
    let cautions = cautions(&plan).into_iter();
    facts.extend(cautions.map(|caution| ("note", Tone::Danger, caution)));
    // What was counted needs no guess.
    let may_guess = tried.is_none_or(|tried| !dry_run::is_good(&tried.report));
    let undone = rollback_facts(&plan, texts.as_deref()).into_iter();
    if is_redo(&plan) {
        let text = "one after the other: where applying fails, it stays rolled back";
        facts.push(("redo", Tone::Warn, text.to_owned()));
        facts.extend(undone.filter(|fact| may_guess && fact.0 == "note"));
    } else if is_rollback(&plan) {
        let about_rows = |fact: &Said| may_guess || !matches!(fact.0, "rows" | "note");
        facts.extend(undone.filter(about_rows));
    }
    let title = plan_summary::title(&plan);
    let word = word(&plan, model);
    Confirm::running(title, facts, &script, word, PendingAction::Migrate(plan))
}

/// That no dry run told what these files do, and the key that makes one.
fn untried(plan: &Plan, model: &Model) -> Option<Said> {
    if plan.is_resume {
        return None;
    }
    let key = model.keymap.first_key(Command::Rehearse);
    let is_other = model.tried.is_some();
    let text = if is_other {
        format!("none of these files with this history; {key} makes one")
    } else if model.tried_on_scratch {
        format!("none on this database, only on a scratch one; {key} makes one")
    } else {
        format!("none yet; {key} makes one")
    };
    Some(("dry run", Tone::Muted, text))
}

/// What is to be typed. What is out of order wants those words too, in production as well.
fn word(plan: &Plan, model: &Model) -> String {
    if is_redo(plan) {
        return model.confirm_word_at(&plan.target, "redo");
    }
    if is_rollback(plan) {
        return model.confirm_word_at(&plan.target, &rollback_word(plan));
    }
    let word = model.confirm_word_at(&plan.target, "apply");
    if plan.steps.iter().any(|step| step.older_than.is_some()) {
        format!("{word} {OUT_OF_ORDER}")
    } else {
        word
    }
}

/// What stands above the statements of a file.
fn heading(step: &Step) -> String {
    let what = match step.direction {
        Direction::Rollback => "rollback",
        Direction::Apply => "migration",
    };
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
    cautions.extend(platform_locks::of_plan(plan).map(|locks| format!("Locks {}", locks.line())));
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
    let platform = platform_locks::predicted(&plan.target.platform, dry_run_steps(plan));
    if let Some(locks) = platform {
        lines.insert(0, format!("Locks {}", locks.line()));
    }
    let project = model.project.as_ref();
    let is_production = plan.target.protection.profile.is_some()
        || project.is_some_and(|project| project.is_production);
    let production = is_production.then(|| model.confirm_word_at(&plan.target, ""));
    if lines.is_empty() && production.is_none() {
        return None;
    }
    if let Some(name) = &production {
        lines.insert(0, format!("This database is production ({name})."));
    }
    lines.push(String::new());
    lines.push(
        "On scratch, a database of this machine is built from the history, without data: nobody waits, and how much is lost is not known."
            .to_owned(),
    );
    let limits = Limits::default();
    lines.push(format!(
        "On this database the locks are held until the dry run ends. It waits no longer than {} s for each of them, and a statement takes a minute at most.",
        limits.lock_timeout.as_secs()
    ));
    lines.push("In the end everything is undone.".to_owned());
    let title = plan_summary::rehearsal(plan);
    let asked = if is_production {
        PendingAction::RehearseProduction(plan.clone())
    } else {
        PendingAction::Rehearse(plan.clone())
    };
    let facts = facts(model, &plan.target);
    Some(Confirm::new(title, facts, &lines, String::new(), asked))
}

/// The steps that a dry run on the database itself runs, but for those that reach outside it.
fn dry_run_steps(plan: &Plan) -> impl Iterator<Item = &Step> {
    let steps = plan.steps.iter();
    steps.filter(|step| step.fits_one_transaction(&plan.target))
}

/// Who waits while a plan is dry-run, as far as its text tells. A file outside a transaction does not run then, nor one
/// that reaches outside the database.
fn waiting(plan: &Plan, risks: &[Assessment]) -> Vec<String> {
    let steps = plan.steps.iter().zip(risks);
    let run = steps
        .filter(|(step, risk)| step.fits_one_transaction(&plan.target) && risk.stays().is_none());
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
            "On this database it really runs, and others wait meanwhile:".to_owned(),
        );
    }
    let mut findings = run.iter().flat_map(|assessment| assessment.findings());
    if findings.any(|finding| finding.level == Level::Unreadable) {
        lines.push("Cannot parse this file; it may lock any table.".to_owned());
    }
    lines
}
