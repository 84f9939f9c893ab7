//! The way back of one version: its rollback file, or what the history stores of it. Reads only; says why there is none.

use super::Workspace;
use super::plan::{mode, step};
use super::read_files::{self, directory, find_rollback, rollback_file, runs_something};
use crate::domain::migration::file_name::FileName;
use crate::domain::migration::history::sha256;
use crate::domain::migration::{Direction, Entry, RollbackFile, State, Step};
use crate::domain::plural::listed;
use crate::domain::problem::{Kind, Problem};
use crate::domain::sql::Statements;
use crate::domain::sql::split::split;
use std::path::{Path, PathBuf};

/// Why a version cannot be rolled back.
#[derive(Debug)]
pub(super) enum RollbackError {
    /// It has no rollback file, or one without a statement although the migration has some.
    NoWayBack(Problem),
    /// The file that it has cannot be used.
    Unusable(Problem),
}

impl From<Problem> for RollbackError {
    fn from(problem: Problem) -> Self {
        Self::Unusable(problem)
    }
}

/// The way back of one version: its rollback file, or what the history stores.
pub(super) async fn rollback_step(
    schema: &Workspace,
    entry: &Entry,
) -> Result<Step, RollbackError> {
    match way_back(&directory(&schema.root), entry)? {
        Some(file) => {
            let step = step(entry, Direction::Rollback, &file)?;
            check_not_empty(entry, &step)?;
            Ok(step)
        }
        None => stored_way_back(schema, entry).await,
    }
}

/// The way there and the way back of one version, whether it is applied or not.
pub(super) async fn up_and_down(
    schema: &Workspace,
    entry: &Entry,
) -> (Result<Step, Problem>, Result<Step, RollbackError>) {
    let up = match &entry.file {
        Some(file) => step(entry, Direction::Apply, file),
        None => Err(Problem::new(
            Kind::Config,
            format!("Version {} has no file here.", entry.version),
            "Without it nobody knows what applying it again does.",
        )),
    };
    (up, rollback_step(schema, entry).await)
}

/// The refusal of a rollback in which these versions are stuck, so that all can be mended at once.
pub(super) fn all_stuck(mut stuck: Vec<(&Entry, Problem)>) -> Option<Problem> {
    let why = "Nothing was rolled back: the plan must be able to go all the way.";
    if stuck.len() > 1 {
        let versions: Vec<&str> = stuck.iter().map(|(entry, _)| &*entry.version).collect();
        let what = format!(
            "Versions {} have no rollback file that undoes them.",
            listed(&versions)
        );
        let each = stuck.iter().map(|(_, problem)| match &problem.hint {
            Some(hint) => format!("{} {hint}", problem.what),
            None => problem.what.clone(),
        });
        let each: Vec<String> = each.collect();
        return Some(Problem::new(Kind::Config, what, why).with_detail(each.join("\n")));
    }
    let (_, mut problem) = stuck.pop()?;
    problem.why = format!("{} {why}", problem.why);
    Some(problem)
}

/// The rollback file of an applied version.
pub(super) fn way_back(folder: &Path, entry: &Entry) -> Result<Option<PathBuf>, Problem> {
    if entry.file.is_none() {
        return find_rollback(folder, &entry.version);
    }
    let name = FileName {
        version: entry.version.clone(),
        name: entry.name.clone(),
    };
    Ok(Some(rollback_file(folder, &name)).filter(|path| path.is_file()))
}

/// The way back of a version whose files are gone, when the history stores one.
async fn stored_way_back(schema: &Workspace, entry: &Entry) -> Result<Step, RollbackError> {
    let stored = match entry.state {
        State::Missing => {
            schema
                .database
                .stored(std::slice::from_ref(&entry.version))
                .await?
        }
        _ => Vec::new(),
    };
    let pieces = stored
        .into_iter()
        .next()
        .and_then(|row| row.rollback)
        .unwrap_or_default();
    let text = pieces.join("\n;\n");
    if split(&text).is_empty() {
        let problem = Problem::new(
            Kind::Config,
            format!("Version {} has no rollback file.", entry.version),
            "Nothing else says how its work is undone.",
        )
        .with_hint(match entry.state {
            State::Missing => match read_files::doubt(&schema.root) {
                Some(doubt) => format!("{doubt} Name the project's directory with `--dir`."),
                None => {
                    "The migration's files are not here; get them from version control.".to_owned()
                }
            },
            _ => format!(
                "Write rollback/{}_{}.sql beside the migrations.",
                entry.version, entry.name
            ),
        });
        return Err(RollbackError::NoWayBack(problem));
    }
    let label = PathBuf::from(format!("history/{}", entry.version));
    let (mode, mode_why) = mode(&text, &label, entry, Direction::Rollback)?;
    Ok(Step {
        version: entry.version.clone(),
        name: entry.name.clone(),
        direction: Direction::Rollback,
        file: label,
        sha256: sha256(text.as_bytes()),
        statements: Statements::of(text),
        mode,
        mode_why,
        begin_at: 0,
        repeats: 0,
        older_than: None,
        passed_over: std::collections::BTreeSet::new(),
        way_back: RollbackFile::Usable,
    })
}

/// A rollback file that says nothing would take the version out of the history and leave all of it in the database.
fn check_not_empty(entry: &Entry, step: &Step) -> Result<(), RollbackError> {
    if step.statements.iter().any(runs_something) {
        return Ok(());
    }
    let up_runs = match &entry.file {
        Some(file) => runs_something(&read_files::read(file)?.text),
        None => true,
    };
    if up_runs {
        let problem = Problem::new(
            Kind::Config,
            format!(
                "The rollback file of version {} holds no statement.",
                entry.version
            ),
            "It would leave the migration's work in place and forget that it was done.",
        )
        .with_hint(format!("Write the way back into {}.", step.file.display()));
        return Err(RollbackError::NoWayBack(problem));
    }
    Ok(())
}
