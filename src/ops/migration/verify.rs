//! Proves round trips on a scratch database: every migration in order, really applied, rolled back and applied again, with
//! the catalog compared each time.

use super::dry_run::snapshot;
use super::passing::Passing;
use super::plan::plan;
use super::rollback_file::{RollbackError, rollback_step};
use super::scratch::run_passing;
use super::{RunControl, Workspace, read_files};
use crate::domain::dry_run::effects::EffectLedger;
use crate::domain::dry_run::measure::Baseline;
use crate::domain::dry_run::{Environment, RoundTrip, Verdict, Verification};
use crate::domain::migration::{Entry, Plan, PlanRequest, State};
use crate::domain::problem::{Kind, Problem};
use crate::domain::snapshot::difference::Difference;
use crate::domain::sql::statement_kind::leading_words;
use crate::ports::DryRunDatabase;

/// Applies the project's migrations to an empty scratch database one by one, and checks the round trip of those that are
/// named, or of all. An error means that nothing could be checked.
pub async fn verify_on_scratch(
    scratch: &Workspace,
    stage: &dyn DryRunDatabase,
    versions: &[String],
    passing: &mut Passing,
    watch: &RunControl,
) -> Result<Verification, Problem> {
    let scratch = &scratch.on_scratch();
    check_directory(scratch)?;
    let listing = super::list(scratch).await?;
    let all: Vec<&Entry> = listing.entries.iter().collect();
    check_known(versions, all.iter().map(|entry| entry.version.as_str()))?;
    let mut verification = Verification {
        on: Environment::Scratch,
        database: listing.target.clone(),
        versions: Vec::new(),
        passed_over: Vec::new(),
    };
    // What is newer than every wanted version has nothing to do with them.
    let newest = all
        .iter()
        .rposition(|entry| versions.is_empty() || versions.contains(&entry.version));
    let mut before = None;
    let mut stopped = false;
    for entry in all.into_iter().take(newest.map_or(0, |newest| newest + 1)) {
        let is_wanted = versions.is_empty() || versions.contains(&entry.version);
        let mut trip = new_trip(&entry.version, &entry.name);
        if entry.state == State::Invalid {
            if is_wanted {
                verification.versions.push(unusable(entry));
            }
            // What is newer may need it, and nothing is applied past it.
            stopped = true;
            continue;
        }
        if stopped {
            if is_wanted {
                verification.versions.push(trip);
            }
            continue;
        }
        let mut way = Scratch {
            workspace: scratch,
            stage,
            passing: &mut *passing,
            watch,
            entry,
        };
        if is_wanted {
            let start = match before.take() {
                Some(snapshot) => snapshot,
                None => snapshot(scratch, stage).await?,
            };
            stopped = way.there_and_back(&start, &mut trip, &mut before).await?;
            verification.versions.push(trip);
            continue;
        }
        // The catalog that was seen last is not the one right before the next wanted version.
        before = None;
        if let Some(problem) = way.apply().await? {
            // Without it the wanted ones cannot be tried.
            trip.finding = Verdict::Failed;
            trip.problem = Some(problem);
            verification.versions.push(trip);
            stopped = true;
        }
    }
    verification.passed_over = passing.passed().to_vec();
    Ok(verification)
}

/// Refuses a version that nobody knows.
pub(super) fn check_known<'a>(
    wanted: &[String],
    known: impl Iterator<Item = &'a str>,
) -> Result<(), Problem> {
    let known: Vec<&str> = known.collect();
    match wanted
        .iter()
        .find(|version| !known.contains(&version.as_str()))
    {
        Some(version) => Err(super::list::unknown(version)),
        None => Ok(()),
    }
}

/// A version that nobody has got to yet.
pub(super) fn new_trip(version: &str, name: &str) -> RoundTrip {
    RoundTrip {
        version: version.to_owned(),
        name: name.to_owned(),
        finding: Verdict::NotReached,
        difference: Difference::default(),
        again: Difference::default(),
        losses: Vec::new(),
        uncounted: Vec::new(),
        problem: None,
    }
}

/// A version whose file cannot be used, which fails the whole.
pub(super) fn unusable(entry: &Entry) -> RoundTrip {
    let mut trip = new_trip(&entry.version, &entry.name);
    trip.finding = Verdict::Failed;
    trip.problem = Some(super::plan::unusable(entry));
    trip
}

/// What two differences say about a round trip.
pub(super) fn verdict(trip: &mut RoundTrip) {
    trip.finding = if !trip.difference.is_empty() {
        Verdict::NotRestored
    } else if trip.again.is_empty() {
        Verdict::Proven
    } else {
        Verdict::NotRepeatable
    };
}

/// It cannot be applied once more: where the rollback left something behind, that is the reason.
pub(super) fn not_again(trip: &mut RoundTrip, mut problem: Problem) {
    problem.what = format!(
        "It could not be applied again after its rollback. {}",
        problem.what
    );
    trip.finding = if trip.difference.is_empty() {
        Verdict::Failed
    } else {
        Verdict::NotRestored
    };
    trip.problem = Some(problem);
}

/// Refuses a directory without migrations: a check that looked at no file is no proof.
pub(super) fn check_directory(workspace: &Workspace) -> Result<(), Problem> {
    let Some(doubt) = read_files::doubt(&workspace.root) else {
        return Ok(());
    };
    Err(
        Problem::new(Kind::Config, "Nothing was checked.", doubt).with_hint(
            "Name the project's directory with `--dir`: the one with supabase/ or migrations/ in it.",
        ),
    )
}

/// There is no way back, or it cannot be used.
pub(super) fn no_rollback(trip: &mut RoundTrip, why: RollbackError) {
    let (finding, problem) = match why {
        RollbackError::NoWayBack(problem) => (Verdict::NoRollback, problem),
        RollbackError::Unusable(problem) => (Verdict::Failed, problem),
    };
    trip.finding = finding;
    trip.problem = Some(problem);
}

struct Scratch<'a> {
    workspace: &'a Workspace,
    stage: &'a dyn DryRunDatabase,
    passing: &'a mut Passing,
    watch: &'a RunControl,
    entry: &'a Entry,
}

impl Scratch<'_> {
    /// Applies, rolls back and applies again; tells whether the versions behind it cannot be tried any more. `after` gets
    /// the catalog with the migration.
    async fn there_and_back(
        &mut self,
        start: &crate::domain::snapshot::Snapshot,
        trip: &mut RoundTrip,
        after: &mut Option<crate::domain::snapshot::Snapshot>,
    ) -> Result<bool, Problem> {
        if let Some(problem) = self.apply().await? {
            trip.finding = Verdict::Failed;
            trip.problem = Some(problem);
            return Ok(true);
        }
        let applied = snapshot(self.workspace, self.stage).await?;
        let back = match rollback_step(self.workspace, self.entry).await {
            Ok(_) => match plan(self.workspace, &PlanRequest::RollbackLast { count: 1 }).await {
                Ok(plan) => self.go(plan).await?,
                Err(problem) => Some(problem),
            }
            .map(RollbackError::Unusable),
            Err(why) => Some(why),
        };
        if let Some(why) = back {
            no_rollback(trip, why);
            // It is still applied, so the next ones can be tried.
            *after = Some(applied);
            return Ok(false);
        }
        let returned = snapshot(self.workspace, self.stage).await?;
        trip.difference = Difference::between(start, &returned);
        // The scratch database has no data that could be counted.
        let ledger = EffectLedger::new(&Baseline::default());
        trip.losses = ledger.candidates(&applied, &returned).without_counts();
        if let Some(problem) = self.apply().await? {
            not_again(trip, problem);
            return Ok(true);
        }
        let again = snapshot(self.workspace, self.stage).await?;
        trip.again = Difference::between(&applied, &again);
        verdict(trip);
        let mut passed = self.passing.passed().iter();
        if trip.finding == Verdict::Proven
            && let Some(passed) = passed.find(|one| {
                // A setting makes nothing that a rollback could leave behind.
                one.version == self.entry.version && leading_words(&one.sql, 1) != ["set"]
            })
        {
            // What did not run has proven nothing.
            trip.finding = Verdict::Unsure;
            trip.problem = Some(
                Problem::new(
                    Kind::Database,
                    "Its round trip is not proven: statements of it were not run here.",
                    format!("The scratch server lacks {}.", passed.lacks),
                )
                .with_hint(
                    "Install it for the Postgres of this machine, or check with --on target.",
                ),
            );
        }
        *after = Some(again);
        Ok(false)
    }

    async fn apply(&mut self) -> Result<Option<Problem>, Problem> {
        let wish = PlanRequest::Apply {
            to: Some(self.entry.version.clone()),
            include_out_of_order: true,
        };
        match plan(self.workspace, &wish).await {
            Ok(plan) => self.go(plan).await,
            Err(problem) => Ok(Some(problem)),
        }
    }

    /// Runs for good. What stops the user's wish is an error, what stops the file is a finding.
    async fn go(&mut self, mut plan: Plan) -> Result<Option<Problem>, Problem> {
        for step in &mut plan.steps {
            self.passing.enter(step);
        }
        let ran = run_passing(self.workspace, &mut plan, self.passing, self.watch).await?;
        match ran.problem {
            Some(problem) if matches!(problem.kind, Kind::Cancelled | Kind::Network) => {
                Err(problem)
            }
            problem => Ok(problem),
        }
    }
}
