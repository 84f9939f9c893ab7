//! Chains of files that a generator writes, on a real Postgres: what a dry run foretells is what an apply does, what is
//! stored is what was cut, psql comes to the same catalog, the rollbacks lead back to the one of before, and no lock was
//! foretold weaker than it is. `SUPADECK_GRAMMAR_SEED` runs one chain, `SUPADECK_GRAMMAR_FILES` so many files.

mod author;
mod bodies;
mod changes;
mod disguise;
mod pieces;

use crate::fixture::dry_run::{packed_and_strict, timeless};
use crate::fixture::{TestProject, database, run, stack};
use author::{Author, Written};
use std::path::Path;
use supadeck::domain::dry_run::Report;
use supadeck::domain::migration::{Plan, PlanRequest};
use supadeck::domain::script::Limits;
use supadeck::domain::snapshot::Snapshot;
use supadeck::domain::snapshot::difference::Difference;
use supadeck::domain::sql::lexer::{Kind, tokens};
use supadeck::domain::sql::split::{statements, unclosed};
use supadeck::ops::migration;
use supadeck::ports::DryRunDatabase;

/// How many chains run beside each other.
const LANES: u64 = 3;

/// Counts over all chains.
#[derive(Debug, Default)]
struct Tally {
    chains: usize,
    files: usize,
    statements: usize,
    /// Files that psql ran too.
    with_psql: usize,
    /// Locks that dry runs measured, and how many of them are on relations that the statement does not name.
    locks: usize,
    unnamed: usize,
    /// Objects that changed.
    changes: usize,
}

/// The two databases of a lane: the engine's and psql's.
struct Lane {
    url: String,
    other: String,
}

impl Lane {
    async fn new(number: u64, attempt: usize) -> Self {
        let name = format!("grammar{number}_{attempt}");
        Self {
            url: stack().await.create_database(&name).await.unwrap(),
            other: stack()
                .await
                .create_database(&format!("{name}_psql"))
                .await
                .unwrap(),
        }
    }
}

#[tokio::test]
async fn generated_files_do_what_was_foretold_and_are_undone() {
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    let only = number("SUPADECK_GRAMMAR_SEED");
    let soaks = std::env::var_os("SUPADECK_SOAK").is_some();
    let wanted = number("SUPADECK_GRAMMAR_FILES").unwrap_or(if soaks { 4000 } else { 300 });
    let seeds: Vec<u64> = only.map_or_else(|| seeds_of(wanted), |seed| vec![seed]);
    let begun = std::time::Instant::now();
    let lanes = (0..LANES).map(|lane| {
        let seeds = seeds
            .iter()
            .copied()
            .filter(|seed| seed % LANES == lane)
            .collect();
        lane_of(lane, seeds)
    });
    let mut tally = Tally::default();
    let mut faults = Vec::new();
    for (one, told) in futures_util::future::join_all(lanes).await {
        tally.chains += one.chains;
        tally.files += one.files;
        tally.statements += one.statements;
        tally.with_psql += one.with_psql;
        tally.locks += one.locks;
        tally.unnamed += one.unnamed;
        tally.changes += one.changes;
        faults.extend(told);
    }
    println!("{tally:?} in {:.0?}", begun.elapsed());
    assert!(only.is_some() || !psql_is_there() || tally.with_psql * 2 > tally.files);
    assert!(
        faults.is_empty(),
        "{} faults\n{}",
        faults.len(),
        faults.join("\n\n")
    );
    assert!(only.is_some() || tally.files as u64 >= wanted);
}

/// The seeds, from 1, whose chains have so many files together.
fn seeds_of(files: u64) -> Vec<u64> {
    let mut there = 0;
    (1..=u64::MAX)
        .take_while(|seed| {
            let goes_on = there < files;
            there += Author::chain(*seed).len() as u64;
            goes_on
        })
        .collect()
}

async fn lane_of(number: u64, seeds: Vec<u64>) -> (Tally, Vec<String>) {
    let (mut tally, mut faults) = (Tally::default(), Vec::new());
    let mut lane = Lane::new(number, 0).await;
    for seed in seeds {
        let files = Author::chain(seed);
        tally.chains += 1;
        tally.files += files.len();
        if let Err(fault) = chain(&lane, seed, &files, &mut tally).await {
            faults.push(format!("SUPADECK_GRAMMAR_SEED={seed}: {fault}"));
            lane = Lane::new(number, faults.len()).await;
        }
        if faults.len() > 15 {
            break;
        }
    }
    (tally, faults)
}

fn version(index: usize) -> String {
    format!("{:03}", index + 1)
}

async fn chain(lane: &Lane, seed: u64, files: &[Written], tally: &mut Tally) -> Result<(), String> {
    let project = TestProject::on(lane.url.clone()).await;
    let mut paths = Vec::new();
    for (index, file) in files.iter().enumerate() {
        let name = format!("{}_generated.sql", version(index));
        paths.push(project.up(&name, &file.up));
        project.down(&name, &file.down);
        tally.statements += statements(&file.up).len() + statements(&file.down).len();
    }
    let cut = 1 + usize::try_from(seed).unwrap() % files.len();
    let before = picture(&lane.url).await;
    let middle = go(&project, apply_to(cut - 1), &before, tally).await?;
    let mut after = middle.clone();
    if cut < files.len() {
        after = go(&project, apply_to(files.len() - 1), &middle, tally).await?;
    }
    stored(&project, files).await?;
    if psql_is_there()
        && !files
            .iter()
            .any(|file| psql_breaks(&file.up) || psql_breaks(&file.down))
    {
        tally.with_psql += files.len();
        psql(&lane.other, &paths).await?;
        same(
            "psql's catalog, and the engine's",
            &picture(&lane.other).await,
            &after,
        )?;
        let backs: Vec<_> = paths
            .iter()
            .rev()
            .map(|path| {
                path.parent()
                    .unwrap()
                    .join("rollback")
                    .join(path.file_name().unwrap())
            })
            .collect();
        psql(&lane.other, &backs).await?;
        same(
            "psql's catalog before and after",
            &before,
            &picture(&lane.other).await,
        )?;
    }
    if cut < files.len() {
        let count = files.len() - cut;
        let back = go(&project, PlanRequest::RollbackLast { count }, &after, tally).await?;
        same(
            "the catalog before the last files and after their rollback",
            &middle,
            &back,
        )?;
    }
    let back = go(
        &project,
        PlanRequest::RollbackLast { count: cut },
        &middle,
        tally,
    )
    .await?;
    same("the catalog before and after everything", &before, &back)?;
    let left = project.versions().await;
    if left.is_empty() {
        Ok(())
    } else {
        Err(format!("the history still holds {left:?}"))
    }
}

fn apply_to(index: usize) -> PlanRequest {
    PlanRequest::Apply {
        to: Some(version(index)),
        include_out_of_order: false,
    }
}

/// Dry-runs and then runs a plan; what was foretold must be what happened. Gives the catalog of afterwards.
async fn go(
    project: &TestProject,
    wish: PlanRequest,
    before: &Snapshot,
    tally: &mut Tally,
) -> Result<Snapshot, String> {
    let plan = project
        .plan(wish)
        .await
        .map_err(|problem| format!("no plan: {problem:?}"))?;
    let (report, mut strict) = packed_and_strict(project, &plan).await;
    // No rollback undoes where a sequence stands: the first of the two has moved those that had given no number.
    strict.sequence_notes.clone_from(&report.sequence_notes);
    let (packed, unpacked) = (timeless(&report), timeless(&strict));
    if packed != unpacked {
        return Err(format!("packed {packed:#}\nunpacked {unpacked:#}"));
    }
    if let Some(problem) = &report.problem {
        let steps: Vec<_> = report
            .steps
            .iter()
            .map(|step| (&step.version, step.end))
            .collect();
        return Err(format!("the dry run failed: {problem:?}\n{steps:?}"));
    }
    foretold_locks(&plan, &report, tally)?;
    let outcome = run(&project.schema, &plan).await;
    if !outcome.is_complete() {
        return Err(format!("dry-run, and then it failed: {outcome:?}"));
    }
    let after = picture(&project.url).await;
    let done = Difference::between(before, &after);
    tally.changes += done.changes.len();
    if done != report.difference {
        return Err(format!("foretold {:#?}\ndone {done:#?}", report.difference));
    }
    Ok(after)
}

async fn picture(url: &str) -> Snapshot {
    let stage = database(url);
    let mut session = stage.open_dry_run(Limits::default()).await.unwrap();
    let picture = session.snapshot().await.unwrap();
    session.end().await.unwrap();
    picture
}

fn same(what: &str, one: &Snapshot, other: &Snapshot) -> Result<(), String> {
    let difference = Difference::between(one, other);
    if difference.is_empty() {
        Ok(())
    } else {
        Err(format!("{what} differ: {difference:#?}"))
    }
}

/// The history holds what was cut from the files, each statement cut again is itself, and the list says so.
async fn stored(project: &TestProject, files: &[Written]) -> Result<(), String> {
    let wanted: Vec<String> = (0..files.len())
        .map(|index| format!("{} applied", version(index)))
        .collect();
    let states = project.states().await;
    if states != wanted {
        return Err(format!("the list says {states:?}"));
    }
    for (index, file) in files.iter().enumerate() {
        let sql = format!(
            "select unnest(statements) from supabase_migrations.schema_migrations where version = '{}'",
            version(index)
        );
        let stored = project.texts(&sql).await;
        if stored != statements(&file.up) {
            return Err(format!("stored {stored:#?}\nof {:?}", file.up));
        }
        for one in stored {
            // As the Supabase CLI does: a semicolon at the very end of a text goes, also when a comment holds it.
            if unclosed(&one).is_some() || !one.ends_with(';') && statements(&one) != [one.as_str()]
            {
                return Err(format!("cut again it is {:#?}: {one:?}", statements(&one)));
            }
        }
    }
    Ok(())
}

/// No statement was foretold a weaker lock than it took, on any relation that it names. Others only the catalog knows.
fn foretold_locks(plan: &Plan, report: &Report, tally: &mut Tally) -> Result<(), String> {
    for (step, risks) in report.steps.iter().zip(migration::risks(plan)) {
        for statement in &step.statements {
            let foretold = &risks.assessment.statements[statement.statement - 1].locks;
            for lock in &statement.locks {
                tally.locks += 1;
                let table = bare(&lock.table);
                let known = foretold.iter().find(|one| bare(&one.table) == table);
                if known.is_some_and(|known| known.mode >= lock.mode) {
                    continue;
                }
                if known.is_none() && !names(&statement.sql, &table) {
                    tally.unnamed += 1;
                    continue;
                }
                return Err(format!(
                    "{lock:?} was foretold as {foretold:?} for {}",
                    statement.sql
                ));
            }
        }
    }
    Ok(())
}

/// The last part of a name without its quotes. The generator puts no dots into names.
fn bare(table: &str) -> String {
    let last = table.rsplit('.').next().unwrap_or(table);
    last.trim_matches('"').replace("\"\"", "\"")
}

/// Whether a statement names a relation, also in a body or a string.
fn names(sql: &str, table: &str) -> bool {
    tokens(sql).any(|token| match token.kind {
        Kind::Word => token.text(sql).eq_ignore_ascii_case(table),
        Kind::QuotedWord => bare(token.text(sql)) == table,
        Kind::Text | Kind::DollarText => token.text(sql).contains(table),
        _ => false,
    })
}

/// Whether psql cuts a body of a file too early: it takes the name `end` for the end of `BEGIN ATOMIC`.
fn psql_breaks(sql: &str) -> bool {
    let words: Vec<_> = tokens(sql).filter(|token| !token.is_blank()).collect();
    words
        .windows(2)
        .any(|pair| pair[0].is_word(sql, "as") && pair[1].is_word(sql, "end"))
}

fn psql_is_there() -> bool {
    static THERE: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    *THERE.get_or_init(|| {
        let there = std::process::Command::new("psql")
            .arg("--version")
            .output()
            .is_ok();
        if !there {
            println!("psql is not on PATH: what it makes of the files was not compared.");
        }
        there
    })
}

/// Runs files as psql does, a transaction each.
async fn psql(url: &str, files: &[impl AsRef<Path>]) -> Result<(), String> {
    for file in files {
        let ran = tokio::process::Command::new("psql")
            .args(["-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-d", url, "-f"])
            .arg(file.as_ref())
            .env("PGOPTIONS", "-c client_min_messages=error")
            .env("PGCLIENTENCODING", "UTF8")
            .output()
            .await
            .unwrap();
        if !ran.status.success() {
            let said = String::from_utf8_lossy(&ran.stderr);
            return Err(format!(
                "psql fails: {said}\n{}",
                std::fs::read_to_string(file.as_ref()).unwrap()
            ));
        }
    }
    Ok(())
}
