//! Turns a wish into the exact statements that will run, or says why it cannot be granted. Nothing is changed here.

use super::error::refused_file;
use super::list::{read, unknown, way_out};
use super::read_files;
use super::repair::usable;
use super::resume::{check_settled, go_on};
use super::rollback_file::{RollbackError, all_stuck, rollback_step};
use super::{Workspace, missing_files};
use crate::domain::migration::down_section;
use crate::domain::migration::history_table::TableAccess;
use crate::domain::migration::resolution::{Correction, Suggestion};
use crate::domain::migration::{
    Direction, Entry, MigrationList, Plan, PlanRequest, RollbackFile, State, Step, StepMode,
};
use crate::domain::problem::{Kind, Problem};
use crate::domain::sql::Statements;
use crate::domain::sql::execution_mode::{ExecutionMode, execution_mode};
use crate::domain::text::harmless;
use std::path::Path;

/// The plan that grants a wish; without steps when there is nothing to do.
pub async fn plan(schema: &Workspace, wish: &PlanRequest) -> Result<Plan, Problem> {
    let (listing, history) = read(schema).await?;
    if !matches!(wish, PlanRequest::GoOn { .. }) {
        check_settled(&history)?;
    }
    let steps = match wish {
        PlanRequest::GoOn {
            direction,
            from_start,
        } => vec![go_on(schema, &listing, &history, *direction, *from_start)?],
        PlanRequest::Apply {
            to,
            include_out_of_order,
        } => {
            let doubt = read_files::doubt(&schema.root);
            apply(&listing, to.as_deref(), *include_out_of_order, doubt)?
        }
        PlanRequest::RollbackTo { version } => {
            let known = version == "0" || history.rows.iter().any(|row| &row.version == version);
            if !known {
                return Err(not_applied(&listing, version));
            }
            let newer = |entry: &Entry| version == "0" || entry.version > *version;
            rollback(schema, &listing, newer, usize::MAX).await?
        }
        PlanRequest::Redo => redo(schema, &listing).await?,
        PlanRequest::RollbackLast { count } => {
            check_count(&listing, *count)?;
            rollback(schema, &listing, |_| true, *count).await?
        }
    };
    for (direction, access) in [
        (Direction::Apply, TableAccess::Insert),
        (Direction::Rollback, TableAccess::Delete),
    ] {
        if steps.iter().any(|step| step.direction == direction) {
            usable(&history, access)?;
        }
    }
    let mut target = history.target.clone();
    if steps.iter().any(|step| step.mode == StepMode::Alone) {
        target.refuses_alone = schema.database.refuses_alone().await?;
    }
    Ok(Plan {
        steps,
        target,
        history: history.versions(),
        is_resume: matches!(wish, PlanRequest::GoOn { .. }),
    })
}

/// `doubt` is the word that the project directory may be the wrong one.
fn apply(
    listing: &MigrationList,
    to: Option<&str>,
    out_of_order: bool,
    doubt: Option<String>,
) -> Result<Vec<Step>, Problem> {
    if let Some(to) = to
        && !listing.entries.iter().any(|entry| entry.version == to)
    {
        return Err(unknown(to));
    }
    let wanted: Vec<&Entry> = listing
        .entries
        .iter()
        .filter(|entry| to.is_none_or(|to| entry.version.as_str() <= to))
        .collect();
    missing_files::check(listing, doubt)?;
    let invalid: Vec<&Entry> = wanted
        .iter()
        .copied()
        .filter(|entry| entry.state == State::Invalid)
        .collect();
    match invalid[..] {
        [] => {}
        [entry] => return Err(unusable(entry)),
        [first, ..] => return Err(all_unusable(first, &invalid)),
    }
    let late = named(&wanted, State::OutOfOrder);
    if !late.is_empty() && !out_of_order {
        return Err(Problem::new(
            Kind::Conflict,
            format!(
                "Pending versions are older than the newest applied one: {}.",
                late.join(", ")
            ),
            "Run in this order they may not do what their authors saw.",
        )
        .with_hint(format!(
            "Apply them with `--include-out-of-order`, or give the files a newer version with `{}`.",
            Correction::Renumber {
                which: late[0].clone(),
                to: None
            }
            .command()
        )));
    }
    let applied = listing.entries.iter().filter(|entry| is_applied(entry));
    let newest = applied.map(|entry| &entry.version).max();
    wanted
        .iter()
        .filter(|entry| matches!(entry.state, State::Pending | State::OutOfOrder))
        .map(|entry| {
            let file = entry
                .file
                .as_deref()
                .ok_or_else(|| Problem::internal("A pending migration has no file."))?;
            let mut step = step(entry, Direction::Apply, file)?;
            step.older_than = newest.filter(|_| entry.state == State::OutOfOrder).cloned();
            Ok(step)
        })
        .collect()
}

async fn rollback(
    schema: &Workspace,
    listing: &MigrationList,
    wanted: impl Fn(&Entry) -> bool,
    most: usize,
) -> Result<Vec<Step>, Problem> {
    let mut steps = Vec::new();
    let mut stuck = Vec::new();
    let applied = listing
        .entries
        .iter()
        .rev()
        .filter(|entry| is_applied(entry) && wanted(entry));
    for entry in applied.take(most) {
        check_recorded(entry)?;
        match rollback_step(schema, entry).await {
            Ok(step) => steps.push(step),
            Err(RollbackError::NoWayBack(problem)) => stuck.push((entry, problem)),
            Err(RollbackError::Unusable(problem)) => return Err(problem),
        }
    }
    match all_stuck(stuck) {
        Some(problem) => Err(problem),
        None => Ok(steps),
    }
}

/// The way back of the newest applied version, and its file again as it is now.
async fn redo(schema: &Workspace, listing: &MigrationList) -> Result<Vec<Step>, Problem> {
    let mut steps = rollback(schema, listing, |_| true, 1).await?;
    let mut entries = listing.entries.iter().rev();
    if let Some(entry) = entries.find(|entry| is_applied(entry)) {
        let file = entry.file.as_deref().ok_or_else(|| {
            Problem::new(
                Kind::Config,
                format!("Version {} has no file here.", entry.version),
                "Nothing was rolled back: it could not be applied again.",
            )
            .with_hint("Get the file from version control.")
        })?;
        steps.push(step(entry, Direction::Apply, file)?);
    }
    Ok(steps)
}

/// Refuses to go further back than there is: a mistyped number would otherwise undo everything.
fn check_count(listing: &MigrationList, count: usize) -> Result<(), Problem> {
    let applied = listing
        .entries
        .iter()
        .filter(|entry| is_applied(entry))
        .count();
    // Without any there is nothing that could be lost, and nothing to do.
    if applied == 0 || count <= applied {
        return Ok(());
    }
    let are = if applied == 1 {
        "migration is"
    } else {
        "migrations are"
    };
    Err(Problem::new(
        Kind::Usage,
        format!("Only {applied} {are} applied."),
        format!("The last {count} cannot be rolled back; nothing was."),
    )
    .with_hint("`supadeck migration list` shows them; `--to 0` rolls back all of them."))
}

/// The migration file of an entry cannot be used.
pub(super) fn unusable(entry: &Entry) -> Problem {
    Problem::new(
        Kind::Config,
        format!(
            "The migration {}_{} cannot be used.",
            entry.version, entry.name
        ),
        entry.note.clone().unwrap_or_default(),
    )
    .with_hint(way_out(entry))
}

/// Several migration files cannot be used: all of them are told at once.
fn all_unusable(first: &Entry, invalid: &[&Entry]) -> Problem {
    let names: Vec<String> = invalid
        .iter()
        .map(|entry| format!("{}_{}", entry.version, entry.name))
        .collect();
    // Of a double version each file has the same note.
    let mut notes: Vec<&str> = invalid
        .iter()
        .filter_map(|entry| entry.note.as_deref())
        .collect();
    notes.dedup();
    let mut ways: Vec<String> = Vec::new();
    let mut told = None;
    for entry in invalid {
        // The same note is of the same version, and one way out settles that.
        if std::mem::replace(&mut told, entry.note.as_deref()) == entry.note.as_deref() {
            continue;
        }
        let way = entry.ways.first();
        let own = way.map_or_else(|| way_out(first), Suggestion::sentence);
        if !ways.contains(&own) {
            ways.push(own);
        }
    }
    Problem::new(
        Kind::Config,
        format!(
            "{} migrations cannot be used: {}.",
            names.len(),
            names.join(", ")
        ),
        notes.join(" "),
    )
    .with_hint(ways.join(" "))
}

pub(super) fn is_applied(entry: &Entry) -> bool {
    entry.recorded.is_some()
}

/// Refuses what the history has and no single file stands for: leaving it out would roll back an older version instead.
fn check_recorded(entry: &Entry) -> Result<(), Problem> {
    if !matches!(entry.state, State::Renamed | State::Invalid) {
        return Ok(());
    }
    Err(Problem::new(
        Kind::Conflict,
        format!(
            "Version {} is {}, so nothing was rolled back.",
            entry.version,
            entry.state.word()
        ),
        entry.note.clone().unwrap_or_default(),
    )
    .with_hint(way_out(entry)))
}

pub(super) fn step(entry: &Entry, direction: Direction, file: &Path) -> Result<Step, Problem> {
    let source = read_files::read(file)?;
    if direction == Direction::Apply && !is_applied(entry) {
        check_halves(&source.text, file)?;
    }
    let (mode, mode_why) = mode(&source.text, file, entry, direction)?;
    Ok(Step {
        version: entry.version.clone(),
        name: entry.name.clone(),
        direction,
        file: file.to_owned(),
        sha256: source.sha256,
        statements: Statements::of(source.text),
        mode,
        mode_why,
        begin_at: 0,
        repeats: 0,
        older_than: None,
        passed_over: std::collections::BTreeSet::new(),
        way_back: match direction {
            Direction::Apply => entry.way_back,
            Direction::Rollback => RollbackFile::Usable,
        },
    })
}

/// Refuses a file of another tool that holds its rollback too: both halves would run.
fn check_halves(text: &str, file: &Path) -> Result<(), Problem> {
    if let Some(section) = down_section::find(text) {
        let own = file.file_name().unwrap_or_default().to_string_lossy();
        let what = format!("{} is not applied as it is.", file.display());
        let why = format!(
            "Its rollback is in the same file, after `{}` on line {}, as {} writes it: both would run.",
            harmless(&section.marker),
            section.line,
            section.tool
        );
        return Err(Problem::new(Kind::Config, what, why).with_hint(format!(
            "`{}` writes the migration and its rollback as two files.",
            Correction::Split {
                which: own.into_owned()
            }
            .command()
        )));
    }
    Ok(())
}

/// How the file runs, and why when that is outside a transaction.
pub(super) fn mode(
    text: &str,
    file: &Path,
    entry: &Entry,
    direction: Direction,
) -> Result<(StepMode, Option<String>), Problem> {
    match execution_mode(text) {
        Ok(ExecutionMode::Transaction) => Ok((StepMode::Transaction, None)),
        Ok(ExecutionMode::Alone(why)) => Ok((StepMode::Alone, Some(why.why))),
        Err(refusal) => Err(refused_file(
            text,
            file,
            &entry.version,
            direction,
            &refusal,
        )),
    }
}

fn named(entries: &[&Entry], state: State) -> Vec<String> {
    entries
        .iter()
        .filter(|entry| entry.state == state)
        .map(|entry| entry.version.clone())
        .collect()
}

fn not_applied(listing: &MigrationList, version: &str) -> Problem {
    if listing.entries.iter().any(|entry| entry.version == version) {
        Problem::new(
            Kind::Conflict,
            format!("Version {version} is not applied."),
            "Only an applied version can be rolled back to.",
        )
    } else {
        unknown(version)
    }
}
