//! What people are told of a plan before it runs, besides its statements and their risks: what it is called, and what
//! they should think about first. Both faces say it in these words.

use super::down_section::rolled_back_by;
use super::state::RollbackFile;
use super::{Direction, Plan, Step, StepMode};
use crate::domain::plural::{counted, listed};
use crate::domain::sql::transaction::{self, Shape, shape};

/// The most files that are named in one sentence.
const NAMED: usize = 3;

/// What running a plan is called: `Apply 2 migrations`, `Resume 20260131120000 tidy at statement 3`.
pub fn title(plan: &Plan) -> String {
    match (plan.is_resume, plan.steps.first()) {
        (true, Some(step)) => going_on(step, &object(plan)),
        (_, Some(step)) if is_redo(plan) => format!("Redo {}", named(step)),
        _ if is_rollback(plan) && newest_left(plan).is_none() => format!(
            "Roll back everything: {}",
            counted(plan.steps.len(), "migration")
        ),
        _ if is_rollback(plan) => format!("Roll back {}", files(plan)),
        _ => format!("Apply {}", files(plan)),
    }
}

/// What dry-running a plan is called.
pub fn rehearsal(plan: &Plan) -> String {
    match plan.steps.first().filter(|_| is_redo(plan)) {
        Some(step) => format!("Dry run of redoing {}", named(step)),
        None => format!("Dry run of {}", object(plan)),
    }
}

/// Whether a plan rolls a version back and applies it again.
pub fn is_redo(plan: &Plan) -> bool {
    let [back, forth] = plan.steps.as_slice() else {
        return false;
    };
    back.version == forth.version
        && back.direction == Direction::Rollback
        && forth.direction == Direction::Apply
}

/// Whether a plan takes migrations back.
pub fn is_rollback(plan: &Plan) -> bool {
    let mut steps = plan.steps.iter();
    steps.any(|step| step.direction == Direction::Rollback)
}

/// The newest version that stays applied; absent where a rollback undoes everything.
pub fn newest_left(plan: &Plan) -> Option<&str> {
    let is_undone = |version: &str| plan.steps.iter().any(|step| step.version == version);
    let left = plan.history.iter().map(String::as_str);
    left.filter(|version| !is_undone(version)).max()
}

fn going_on(step: &Step, object: &str) -> String {
    match step.begin_at {
        0 => format!("Retry {object} from statement 1"),
        at if at < step.statements.len() => format!("Resume {object} at statement {}", at + 1),
        _ => format!("Record {object}, whose statements all ran"),
    }
}

fn object(plan: &Plan) -> String {
    let files = files(plan);
    if is_rollback(plan) {
        format!("the rollback of {files}")
    } else {
        files
    }
}

fn files(plan: &Plan) -> String {
    match plan.steps.as_slice() {
        [step] => named(step),
        steps => counted(steps.len(), "migration"),
    }
}

fn named(step: &Step) -> String {
    format!("{} {}", step.version, step.name)
}

/// What somebody should think about before the plan runs, a sentence or two each.
pub fn cautions(plan: &Plan) -> Vec<String> {
    [
        out_of_place(plan),
        out_of_order(plan),
        no_rollback(plan),
        empty_rollbacks(plan),
        unreadable(plan),
        named_as_rollback(plan),
        empty(plan),
        parted(plan),
        idle(plan),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Files that are older than what is applied already.
fn out_of_order(plan: &Plan) -> Option<String> {
    let newest = plan
        .steps
        .iter()
        .find_map(|step| step.older_than.as_ref())?;
    let (names, count) = select(plan, |step| step.older_than.is_some());
    let is = if count == 1 { "is" } else { "are" };
    Some(format!(
        "Out of order: {names} {is} older than versions that are applied already, the newest of them {newest}. Run behind them it may not do what its author saw."
    ))
}

/// Files that have no way back.
fn no_rollback(plan: &Plan) -> Option<String> {
    let (names, count) = select(plan, |step| step.way_back == RollbackFile::Missing);
    match count {
        0 => None,
        1 => Some(format!(
            "No rollback file: {names}. It cannot be rolled back."
        )),
        _ => Some(format!(
            "No rollback file: {names}. They cannot be rolled back."
        )),
    }
}

/// Files whose way back does nothing.
fn empty_rollbacks(plan: &Plan) -> Option<String> {
    let (names, count) = select(plan, |step| step.way_back == RollbackFile::Empty);
    let it = if count == 1 { "It" } else { "They" };
    (count > 0)
        .then(|| format!("Rollback file without a statement: {names}. {it} cannot be rolled back."))
}

/// Files whose rollback file cannot be read.
fn unreadable(plan: &Plan) -> Option<String> {
    let (names, count) = select(plan, |step| step.way_back == RollbackFile::Unreadable);
    let it = if count == 1 { "It" } else { "They" };
    (count > 0).then(|| {
        format!(
            "Rollback file that cannot be read (not UTF-8?): {names}. {it} cannot be rolled back."
        )
    })
}

/// Files to apply that are named as other tools name a rollback.
fn named_as_rollback(plan: &Plan) -> Option<String> {
    let (names, count) = select(plan, |step| {
        step.direction == Direction::Apply && rolled_back_by(&step.name).is_some()
    });
    let (are, they) = if count == 1 {
        ("is", "it")
    } else {
        ("are", "they")
    };
    (count > 0)
        .then(|| format!("{names} {are} named as a rollback, and {they} will run as a migration."))
}

/// Files of which a failure leaves a part.
pub fn alone(plan: &Plan) -> Option<String> {
    let (names, count) = select(plan, |step| step.mode == StepMode::Alone);
    (count > 0)
        .then(|| format!("Outside a transaction: {names}. A failure leaves what ran before it."))
}

/// Files to apply that do nothing.
pub fn empty(plan: &Plan) -> Option<String> {
    let (names, count) = select(plan, |step| {
        step.direction == Direction::Apply && step.statements.that_run().next().is_none()
    });
    let (it, is) = if count == 1 {
        ("it", "is")
    } else {
        ("them", "are")
    };
    (count > 0).then(|| {
        format!(
            "No statement: {names} {is} recorded as applied all the same, and what is written into {it} later is not run."
        )
    })
}

/// Files that cannot run on this way to the database, and why.
pub fn out_of_place(plan: &Plan) -> Option<String> {
    let why = plan.target.refuses_alone.as_ref()?;
    let (names, count) = select(plan, |step| step.mode == StepMode::Alone);
    (count > 0).then(|| {
        format!("Nothing of this plan can run here, because of what runs outside a transaction: {names}. {why}")
    })
}

/// Files of several transactions, which a COMMIT without a BEGIN makes of them.
fn parted(plan: &Plan) -> Option<String> {
    let (names, count) = select(plan, |step| {
        let texts: Vec<&str> = step.statements.iter().collect();
        matches!(shape(&texts), Shape::Parted { .. })
    });
    (count > 0).then(|| {
        format!(
            "COMMIT without BEGIN: {names}. It ends what stands before it, and what follows is a transaction of its own: a failure there leaves what was committed."
        )
    })
}

/// Files with words about transactions that have no effect.
fn idle(plan: &Plan) -> Option<String> {
    let (names, count) = select(plan, |step| {
        let texts: Vec<&str> = step.statements.iter().collect();
        !transaction::idle(&texts).is_empty()
    });
    (count > 0).then(|| {
        format!(
            "BEGIN or COMMIT without effect: {names}. A BEGIN inside a transaction begins nothing, and a COMMIT with nothing behind it changes nothing; Postgres only warns of them."
        )
    })
}

/// The files of which something is true, the first of them by name, and how many there are.
fn select(plan: &Plan, is_one: impl Fn(&Step) -> bool) -> (String, usize) {
    let mut names: Vec<String> = plan
        .steps
        .iter()
        .filter(|step| is_one(step))
        .map(named)
        .collect();
    let count = names.len();
    if count > NAMED + 1 {
        names.truncate(NAMED);
        names.push(format!("{} more of {count}", count - NAMED));
    }
    (listed(&names), count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::migration::Target;
    use crate::domain::sql::Statements;

    fn step(version: &str, way_back: RollbackFile) -> Step {
        Step {
            version: version.into(),
            name: "x".into(),
            direction: Direction::Apply,
            file: "x.sql".into(),
            sha256: String::new(),
            statements: ["select 1", "select 2"].iter().collect(),
            mode: StepMode::Transaction,
            mode_why: None,
            begin_at: 0,
            repeats: 0,
            older_than: None,
            passed_over: std::collections::BTreeSet::new(),
            way_back,
        }
    }

    fn plan(steps: Vec<Step>) -> Plan {
        Plan {
            steps,
            target: Target::default(),
            history: Vec::new(),
            is_resume: false,
        }
    }

    #[test]
    fn a_plan_that_goes_on_says_where() {
        let mut plan = plan(vec![step("1", RollbackFile::Usable)]);
        assert_eq!(title(&plan), "Apply 1 x");
        assert_eq!(rehearsal(&plan), "Dry run of 1 x");
        plan.is_resume = true;
        assert_eq!(title(&plan), "Retry 1 x from statement 1");
        plan.steps[0].begin_at = 1;
        assert_eq!(title(&plan), "Resume 1 x at statement 2");
        plan.steps[0].direction = Direction::Rollback;
        assert_eq!(title(&plan), "Resume the rollback of 1 x at statement 2");
        plan.steps[0].begin_at = 2;
        assert_eq!(
            title(&plan),
            "Record the rollback of 1 x, whose statements all ran"
        );
    }

    #[test]
    fn a_plan_that_goes_back_and_forth_says_so() {
        let mut back = step("1", RollbackFile::Usable);
        back.direction = Direction::Rollback;
        let redo = plan(vec![back.clone(), step("1", RollbackFile::Usable)]);
        assert_eq!(title(&redo), "Redo 1 x");
        assert_eq!(rehearsal(&redo), "Dry run of redoing 1 x");
        assert!(!is_redo(&plan(vec![
            back.clone(),
            step("2", RollbackFile::Usable)
        ])));
        assert!(!is_redo(&plan(vec![step("1", RollbackFile::Usable), back])));
    }

    #[test]
    fn what_is_in_order_needs_no_thought_and_many_files_are_summed_up() {
        assert_eq!(
            cautions(&plan(vec![step("1", RollbackFile::Usable)])),
            [""; 0]
        );
        let steps = (1..=6).map(|number| step(&number.to_string(), RollbackFile::Missing));
        assert_eq!(
            cautions(&plan(steps.collect())),
            ["No rollback file: 1 x, 2 x, 3 x and 3 more of 6. They cannot be rolled back."]
        );
    }

    #[test]
    fn what_is_late_empty_or_hollow_is_named() {
        let mut late = step("1", RollbackFile::Empty);
        late.older_than = Some("9".into());
        let mut empty = step("10", RollbackFile::Usable);
        empty.statements = Statements::default();
        let said = cautions(&plan(vec![late, empty]));
        for (said, begin) in said.iter().zip([
            "Out of order: 1 x is older than versions that are applied already, the newest of them 9.",
            "Rollback file without a statement: 1 x.",
            "No statement: 10 x is recorded as applied all the same",
        ]) {
            assert!(said.starts_with(begin), "{said}");
        }
        assert_eq!(said.len(), 3);
    }
}
