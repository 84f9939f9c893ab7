//! `supadeck migration verify`.

use super::super::answer::{Answer, Answered, Failure};
use super::super::context::Context;
use super::super::interrupt;
use super::super::page::{Page, Span, Table, Tone};
use super::chosen::{On, chosen};
use super::plan::quiet;
use super::scratch::{self, Scratch, VERSION};
use super::skipped;
use super::timeouts::Waits;
use crate::domain::dry_run::{Environment, RoundTrip, Verdict, Verification};
use crate::domain::plural::{counted, listed};
use crate::domain::problem::{Kind, Problem};
use crate::domain::report::plan::target;
use crate::domain::report::{Extent, Lines, changes, dry_run, losses};
use crate::domain::script::Limits;
use crate::ops::migration::{self, Passing};
use clap::Args as ClapArgs;

/// Prove that each rollback file undoes its migration: apply, roll back, apply again, and compare the catalog
///
/// The files are run, whoever wrote them; --no-rehearsal of `migration plan` shows files without running them. On a
/// scratch database, which is the default and needs no other database, every migration is applied in order, rolled
/// back and applied again. With --on target the pending ones, or those that are named, make the round trip on the
/// database itself in a transaction that is never committed, and what a rollback would lose is counted; that needs a
/// database URL. A file that reaches outside the database (programs, files of the server, other servers) is not run there.
/// On the scratch database it is, as a role that reaches nothing on this machine.
///
/// Exit code 1 when one of them does not restore the catalog, fails, or has no rollback file.
#[derive(ClapArgs)]
pub struct Args {
    /// The versions to check; without any all, or with --on target the pending ones
    #[arg(value_name = "VERSION")]
    versions: Vec<String>,

    /// Where to try them
    #[arg(long, value_name = "PLACE", default_value = "scratch")]
    on: On,

    #[command(flatten)]
    waits: Waits,
}

/// Makes the round trips.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let (watch, cancel) = quiet();
    let output = context.output();
    let versions = &args.versions;
    // The major version that was wanted, where another one was used.
    let mut guessed = None;
    let mut target = None;
    if args.on == On::Target {
        let work = context.work().await?;
        let locks = work.read(migration::locked_by_trips(&work.schema, versions));
        let on = match locks.await? {
            Some(locks) => chosen(context, &locks, true).await?,
            None => On::Target,
        };
        target = (on == On::Target).then_some(work);
    }
    let verification = if let Some(mut work) = target {
        args.waits.set(&mut work.schema.limits);
        let stage = work.stage.as_ref();
        let checking = migration::verify_on_target(&work.schema, stage, versions, &watch);
        interrupt::cancelling(output, &cancel, Box::pin(checking)).await?
    } else {
        let root = context.root().await?;
        let mut limits = Limits::default();
        args.waits.set(&mut limits);
        let wanted = scratch::known(context, &root).await?;
        let major = wanted.major;
        let scratch = interrupt::ending(Box::pin(Scratch::start(context, wanted))).await?;
        if !scratch.is_right_version() {
            guessed = Some(Guessed { wanted: major });
        }
        let mut passing = Passing::on(scratch.is_right_version());
        let checking = async {
            let work = scratch.work(context, &root, limits)?;
            let (schema, stage) = (&work.schema, work.stage.as_ref());
            migration::verify_on_scratch(schema, stage, versions, &mut passing, &watch).await
        };
        let checked = interrupt::cancelling(output, &cancel, Box::pin(checking)).await;
        scratch.stop().await;
        checked?
    };
    let (skipped, said) = skipped::of(&context.root().await?)?;
    let mut page = page(&verification, versions, guessed.as_ref());
    page.append(said);
    let answer = Answer::new(&verification, page)?.with("skipped", &skipped)?;
    match problem(&verification) {
        None => Ok(answer),
        Some(problem) => Err(Failure::after(problem, answer)),
    }
}

/// Why the check failed: what did not pass, and apart from it what nobody has looked at.
fn problem(verification: &Verification) -> Option<Problem> {
    let (faults, unseen) = (verification.faults(), verification.not_reached());
    let all = counted(verification.versions.len(), "migration");
    let (what, why) = match (faults, unseen) {
        (0, 0) => return None,
        (0, unseen) => (
            format!("{unseen} of {all} could not be looked at."),
            "Another one that cannot be tried here is in the way.",
        ),
        (faults, 0) => (
            format!("{faults} of {all} did not pass the round trip."),
            "A rollback would not bring back what was there, or a file fails.",
        ),
        (faults, unseen) => (
            format!(
                "{faults} of {all} did not pass the round trip, and {unseen} could not be looked at because of that."
            ),
            "A rollback would not bring back what was there, or a file fails.",
        ),
    };
    let hint = "Correct the files as the differences and errors above say.";
    let problem = Problem::new(Kind::Findings, what, why);
    Some(problem.with_hint(if faults == 0 {
        "Try it with --on scratch."
    } else {
        hint
    }))
}

/// A scratch database of another version than the project's.
struct Guessed {
    /// The project's major version, where it is known.
    wanted: Option<u32>,
}

fn page(verification: &Verification, named: &[String], guessed: Option<&Guessed>) -> Page {
    let mut page = Page::default();
    page.toned(Tone::Strong, &target(&verification.database));
    let place = match verification.on {
        Environment::Target => {
            "Checked on this database, in a transaction that was rolled back.".to_owned()
        }
        Environment::Scratch => format!(
            "Checked on a scratch database of Postgres {}, which is gone again.",
            verification.database.server_version
        ),
    };
    page.toned(Tone::Muted, &place);
    if let Some(Guessed { wanted }) = guessed {
        let project = match wanted {
            Some(major) => format!("the project has {major}, which cannot be had here."),
            None => format!(
                "the project's is not known. `major_version` in supabase/config.toml, or {VERSION}, chooses another."
            ),
        };
        let text = format!("That is the Postgres of this machine; {project}");
        page.toned(Tone::Muted, &text);
    }
    let mut lines = Lines::default();
    dry_run::not_covered(&mut lines, &verification.passed_over);
    page.report(lines);
    if verification.versions.is_empty() {
        page.line("There was nothing to check.");
        return page;
    }
    let mut table = Table::new(&["VERSION", "NAME", "ROUND TRIP"]);
    for trip in &verification.versions {
        let (tone, word) = finding(trip.finding);
        table.row(vec![
            Span::from(&trip.version),
            Span::from(&trip.name),
            Span::new(tone, word),
        ]);
    }
    page.table(&table);
    drawn_in(&mut page, verification, named);
    for trip in &verification.versions {
        details(&mut page, trip);
    }
    page
}

/// Says why versions that nobody named stand there.
fn drawn_in(page: &mut Page, verification: &Verification, named: &[String]) {
    let versions = verification.versions.iter();
    let others: Vec<&str> = versions
        .map(|trip| trip.version.as_str())
        .filter(|version| !named.iter().any(|named| named == version))
        .collect();
    if named.is_empty() || others.is_empty() {
        return;
    }
    let why = match verification.on {
        Environment::Target => {
            "a version that is applied is rolled back after all newer ones, and a pending one is applied after all older ones"
        }
        Environment::Scratch => "a version is applied after all older ones",
    };
    let text = format!("Not named, and drawn in: {}. Here {why}.", listed(&others));
    page.toned(Tone::Muted, &text);
}

fn finding(finding: Verdict) -> (Tone, &'static str) {
    match finding {
        Verdict::Proven => (Tone::Ok, "proven"),
        Verdict::NotRestored => (Tone::Danger, "the rollback leaves a difference"),
        Verdict::NotRepeatable => (Tone::Danger, "applied again it is not the same"),
        Verdict::NoRollback => (Tone::Danger, "cannot be rolled back"),
        Verdict::Failed => (Tone::Danger, "failed"),
        Verdict::Skipped => (
            Tone::Warn,
            "runs outside a transaction; --on scratch can check it",
        ),
        Verdict::Refused => (
            Tone::Danger,
            "does what a rollback does not undo; not run only to check it",
        ),
        Verdict::Unsure => (Tone::Warn, "not known here"),
        Verdict::NotReached => (Tone::Warn, "not reached"),
    }
}

fn details(page: &mut Page, trip: &RoundTrip) {
    let is_quiet = trip.difference.is_empty()
        && trip.again.is_empty()
        && trip.losses.is_empty()
        && trip.uncounted.is_empty()
        && trip.problem.is_none();
    if is_quiet {
        return;
    }
    page.blank();
    page.toned(Tone::Strong, &format!("{} {}", trip.version, trip.name));
    if let Some(problem) = &trip.problem {
        let tone = match trip.finding {
            Verdict::Unsure => Tone::Warn,
            _ => Tone::Danger,
        };
        page.toned(tone, &format!("  {problem}"));
        if let Some(detail) = &problem.detail {
            page.block(Tone::Text, "    ", detail);
        }
    }
    if !trip.difference.is_empty() {
        page.line("  After the rollback, against before the migration:");
        let mut lines = Lines::of(Extent::All);
        changes::list(&mut lines, 4, &trip.difference);
        page.report(lines);
    }
    if !trip.again.is_empty() {
        page.line("  Applied again, against the first time:");
        let mut lines = Lines::of(Extent::All);
        changes::list(&mut lines, 4, &trip.again);
        page.report(lines);
    }
    if !trip.losses.is_empty() {
        page.line("  The rollback throws away:");
    }
    let mut lines = Lines::of(Extent::All);
    losses::list(&mut lines, 4, &trip.losses);
    losses::uncounted(&mut lines, 4, &trip.uncounted);
    page.report(lines);
}
