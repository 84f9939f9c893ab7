//! Proves round trips on the database itself, in one transaction that is never committed: pending versions are applied,
//! rolled back and applied again; applied ones are rolled back, newest first, and applied again.

use super::doubt::doubt;
use super::dry_run::file_script;
use super::error::step_problem;
use super::list::read;
use super::outside::{self, Reach};
use super::plan::is_applied;
use super::rollback_file::{RollbackError, up_and_down};
use super::verify::{
    check_directory, check_known, new_trip, no_rollback, not_again, unusable, verdict,
};
use super::{RunControl, Workspace, read_files};
use crate::domain::dry_run::effects::EffectLedger;
use crate::domain::dry_run::losses::Candidates;
use crate::domain::dry_run::measure;
use crate::domain::dry_run::moved::partitions;
use crate::domain::dry_run::{Environment, RoundTrip, Verdict, Verification};
use crate::domain::migration::{Entry, State, Step, StepMode};
use crate::domain::problem::{Kind, Problem};
use crate::domain::snapshot::Snapshot;
use crate::domain::snapshot::difference::Difference;
use crate::ports::{DryRunDatabase, DryRunTransaction};

/// Checks the round trips of the versions that are named, or of those that are pending. Nothing of it remains.
pub async fn verify_on_target(
    schema: &Workspace,
    stage: &dyn DryRunDatabase,
    versions: &[String],
    watch: &RunControl,
) -> Result<Verification, Problem> {
    check_directory(schema)?;
    let (listing, history) = read(schema).await?;
    let entries = listing.entries.iter();
    check_known(
        versions,
        entries.clone().map(|entry| entry.version.as_str()),
    )?;
    let is_wanted = |entry: &Entry| versions.is_empty() || versions.contains(&entry.version);
    let is_pending = |entry: &Entry| matches!(entry.state, State::Pending | State::OutOfOrder);
    let newest_pending = entries
        .clone()
        .rfind(|entry| is_pending(entry) && is_wanted(entry));
    let pending: Vec<&Entry> = entries
        .clone()
        .filter(|entry| is_pending(entry))
        .filter(|entry| newest_pending.is_some_and(|newest| entry.version <= newest.version))
        .collect();
    let oldest = entries
        .clone()
        .find(|entry| is_applied(entry) && versions.contains(&entry.version));
    let applied: Vec<&Entry> = entries
        .filter(|entry| is_applied(entry))
        .filter(|entry| oldest.is_some_and(|oldest| entry.version >= oldest.version))
        .collect();
    let invalid = listing.entries.iter().filter(|entry| {
        entry.state == State::Invalid && (versions.is_empty() || versions.contains(&entry.version))
    });
    let mut verification = Verification {
        on: Environment::Target,
        database: history.target,
        versions: invalid.map(unusable).collect(),
        passed_over: Vec::new(),
    };
    if pending.is_empty() && applied.is_empty() {
        return Ok(verification);
    }
    let mut session = stage.open_dry_run(schema.limits).await?;
    let found = async {
        let mut baseline = Target {
            schema,
            watch,
            session: session.as_mut(),
            reach: Reach::of(&verification.database.irreversible),
        };
        let mut trips = baseline.down_and_up(&applied).await?;
        trips.extend(baseline.up_and_down(&pending).await?);
        Ok(trips)
    };
    let found = found.await;
    session.end().await?;
    let trips = found?.into_iter();
    verification
        .versions
        .extend(trips.filter(|trip: &RoundTrip| {
            versions.is_empty()
            || versions.contains(&trip.version)
            // What was drawn in is told where it is the reason that a named one was not proven.
            || !matches!(trip.finding, Verdict::Proven | Verdict::NotReached)
        }));
    Ok(verification)
}

struct Target<'a> {
    schema: &'a Workspace,
    watch: &'a RunControl,
    session: &'a mut dyn DryRunTransaction,
    reach: Reach,
}

impl Target<'_> {
    /// Versions that are not applied, oldest first.
    async fn up_and_down(&mut self, entries: &[&Entry]) -> Result<Vec<RoundTrip>, Problem> {
        let mut trips: Vec<RoundTrip> = trips_of(entries);
        if entries.is_empty() {
            return Ok(trips);
        }
        let mut tried = Tried::default();
        // What is lost is counted in the state before everything, to which the transaction returns in the end.
        let baseline = self.session.baseline().await?;
        let mut lost: Vec<(usize, Candidates)> = Vec::new();
        let partitions = partitions(&self.session.snapshot().await?);
        let mut ledger = EffectLedger::new(&baseline).with_partitions(partitions);
        for (index, (entry, trip)) in entries.iter().zip(&mut trips).enumerate() {
            let (up, down) = up_and_down(self.schema, entry).await;
            let up = match up {
                Ok(up) => up,
                Err(problem) => {
                    fail(trip, problem);
                    break;
                }
            };
            if is_alone(&up) || down.as_ref().is_ok_and(is_alone) {
                trip.finding = Verdict::Skipped;
                tried.leave_out(up);
                continue;
            }
            if let Some(problem) = reaches_out(&[Some(&up), down.as_ref().ok()], &mut self.reach) {
                refuse(trip, problem);
                tried.leave_out(up);
                continue;
            }
            let before = self.session.snapshot().await?;
            self.session.set_mark().await?;
            let marked = ledger.clone();
            ledger = ledger.next();
            match self.run(&up, &tried, &mut ledger).await? {
                Ran::Well => {}
                ran @ Ran::Unsure(_) => {
                    ran.enter_failure(trip);
                    tried.leave_out(up);
                    continue;
                }
                ran @ Ran::Badly(_) => {
                    ran.enter_failure(trip);
                    break;
                }
            }
            let applied = self.session.snapshot().await?;
            let down = match down {
                Ok(down) => down,
                Err(why) => {
                    no_rollback(trip, why);
                    tried.steps.push(up);
                    continue;
                }
            };
            ledger = ledger.next().with_undoing(&before, &applied);
            let mut failed = self.run(&down, &tried, &mut ledger).await?;
            let is_rolled_back = matches!(failed, Ran::Well);
            if is_rolled_back {
                let returned = self.session.snapshot().await?;
                trip.difference = Difference::between(&before, &returned);
                let mut candidates = ledger.candidates(&applied, &returned);
                candidates.keep_attributes_of(&before);
                lost.push((index, candidates));
                failed = self.run(&up, &tried, &mut ledger).await?;
                if matches!(failed, Ran::Well) {
                    let again = self.session.snapshot().await?;
                    trip.again = Difference::between(&applied, &again);
                    verdict(trip);
                    tried.steps.push(up);
                    continue;
                }
            }
            match failed {
                Ran::Badly(problem) if is_rolled_back => not_again(trip, problem),
                Ran::Badly(problem) => no_rollback(trip, RollbackError::Unusable(problem)),
                ran @ (Ran::Well | Ran::Unsure(_)) => drop(ran.enter_failure(trip)),
            }
            // The next ones are tried on what a rollback that works would not have disturbed.
            self.session.rollback_to_mark().await?;
            ledger = marked;
            if !matches!(self.run(&up, &tried, &mut ledger).await?, Ran::Well) {
                break;
            }
            tried.steps.push(up);
        }
        self.session.rollback_to_start().await?;
        for (index, candidates) in lost {
            self.settle(&mut trips[index], &ledger, candidates, &baseline)
                .await?;
        }
        Ok(trips)
    }

    /// Counts what a rollback loses. What was not there before everything is counted nowhere.
    async fn settle(
        &mut self,
        trip: &mut RoundTrip,
        ledger: &EffectLedger,
        candidates: Candidates,
        baseline: &measure::Baseline,
    ) -> Result<(), Problem> {
        let mut holdings = candidates.holdings();
        holdings.retain(|holding| baseline.tables.iter().any(|table| table.id == holding.id));
        let counts = self.session.count(&holdings).await?;
        (trip.losses, trip.uncounted) = candidates.settle(&counts, ledger);
        Ok(())
    }

    /// Versions that are applied: all of them are rolled back, newest first, before the first is applied again.
    async fn down_and_up(&mut self, entries: &[&Entry]) -> Result<Vec<RoundTrip>, Problem> {
        let mut trips: Vec<RoundTrip> = trips_of(entries);
        if entries.is_empty() {
            return Ok(trips);
        }
        let baseline = self.session.baseline().await?;
        let tried = Tried::default();
        let mut lost: Vec<(usize, Candidates)> = Vec::new();
        self.session.set_mark().await?;
        let mut latest = self.session.snapshot().await?;
        let mut ledger = EffectLedger::new(&baseline).with_partitions(partitions(&latest));
        let mut befores: Vec<(usize, Step, Snapshot)> = Vec::new();
        for (index, entry) in entries.iter().enumerate().rev() {
            let trip = &mut trips[index];
            let (up, down) = up_and_down(self.schema, entry).await;
            let down = match down {
                Ok(down) => down,
                Err(why) => {
                    no_rollback(trip, why);
                    break;
                }
            };
            if is_alone(&down) || up.as_ref().is_ok_and(is_alone) {
                trip.finding = Verdict::Skipped;
                break;
            }
            if let Some(problem) = reaches_out(&[up.as_ref().ok(), Some(&down)], &mut self.reach) {
                refuse(trip, problem);
                break;
            }
            ledger = ledger.next().with_undoing(&latest, &latest);
            let ran = self.run(&down, &tried, &mut ledger).await?;
            if ran.enter_failure(trip) {
                break;
            }
            let after = self.session.snapshot().await?;
            let candidates = ledger.candidates(&latest, &after);
            lost.push((index, candidates));
            match up {
                Ok(up) => befores.push((index, up, std::mem::replace(&mut latest, after))),
                Err(problem) => {
                    fail(trip, problem);
                    break;
                }
            }
        }
        let is_whole = befores.len() == entries.len();
        for (index, up, before) in befores.into_iter().rev().filter(|_| is_whole) {
            let trip = &mut trips[index];
            let ran = self.run(&up, &tried, &mut ledger).await?;
            if ran.enter_failure(trip) {
                break;
            }
            trip.again = Difference::between(&before, &self.session.snapshot().await?);
            verdict(trip);
        }
        self.session.rollback_to_mark().await?;
        for (index, candidates) in lost {
            self.settle(&mut trips[index], &ledger, candidates, &baseline)
                .await?;
        }
        Ok(trips)
    }

    /// Runs one file, and enters what its statements did. What the file does wrong is a finding, what stops the check is an
    /// error.
    async fn run(
        &mut self,
        step: &Step,
        tried: &Tried,
        ledger: &mut EffectLedger,
    ) -> Result<Ran, Problem> {
        let progress = &self.watch.progress;
        let mut news = |one| drop(progress.send(one));
        let (script, cancel) = (file_script(0, step, false), &self.watch.cancel);
        let result = self.session.run_file(&script, &mut news, cancel).await?;
        ledger.open_file(&result.undone, result.begun_xid);
        for kept in &result.statements {
            let (number, sql) = (kept.statement + 1, &step.statements[kept.statement]);
            ledger.record_statement(&step.version, number, sql, &kept.ran);
        }
        let Some(failed) = result.failed else {
            ledger.record_statement(&step.version, step.statements.len(), "", &result.commit);
            return Ok(Ran::Well);
        };
        ledger.undo_file();
        let text = read_files::read(&step.file).ok().map(|source| source.text);
        let problem = step_problem(&failed.halt, step, text.as_deref(), Environment::Target);
        if matches!(problem.kind, Kind::Cancelled | Kind::Network) {
            return Err(problem);
        }
        let steps: Vec<&Step> = tried.steps.iter().chain([step]).collect();
        let at = tried.steps.len();
        Ok(
            match doubt(&steps, at, &failed, &tried.not_run, &self.schema.limits) {
                Some(why) => Ran::Unsure(why.explain(problem, &steps, at)),
                None => Ran::Badly(problem),
            },
        )
    }
}

/// How a file ran.
enum Ran {
    Well,
    Badly(Problem),
    /// It failed, and may do so only because of the check.
    Unsure(Problem),
}

impl Ran {
    /// Enters why it failed, where it did.
    fn enter_failure(self, trip: &mut RoundTrip) -> bool {
        let (finding, problem) = match self {
            Self::Well => return false,
            Self::Badly(problem) => (Verdict::Failed, problem),
            Self::Unsure(problem) => (Verdict::Unsure, problem),
        };
        trip.finding = finding;
        trip.problem = Some(problem);
        true
    }
}

/// The files that a check has come by, and those among them that were not run or are undone.
#[derive(Default)]
struct Tried {
    steps: Vec<Step>,
    not_run: Vec<usize>,
}

impl Tried {
    fn leave_out(&mut self, step: Step) {
        self.not_run.push(self.steps.len());
        self.steps.push(step);
    }
}

fn trips_of(entries: &[&Entry]) -> Vec<RoundTrip> {
    let trip = |entry: &&Entry| new_trip(&entry.version, &entry.name);
    entries.iter().map(trip).collect()
}

/// Outside a transaction nothing can be undone, so it is not tried on the database itself.
fn is_alone(step: &Step) -> bool {
    step.mode == StepMode::Alone
}

/// Why one of the files is not run at all.
fn reaches_out(steps: &[Option<&Step>], reach: &mut Reach) -> Option<Problem> {
    let mut steps = steps.iter().flatten();
    steps.find_map(|step| outside::problem(step, reach))
}

fn refuse(trip: &mut RoundTrip, problem: Problem) {
    trip.finding = Verdict::Refused;
    trip.problem = Some(problem);
}

fn fail(trip: &mut RoundTrip, problem: Problem) {
    trip.finding = Verdict::Failed;
    trip.problem = Some(problem);
}
