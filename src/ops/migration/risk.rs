//! What the files of a plan can do, by their text alone.

use super::{Workspace, read_files};
use crate::domain::lint::{Assessment, assess, assess_behind};
use crate::domain::migration::file_name::FileName;
use crate::domain::migration::{Direction, Plan};
use crate::domain::sql::statement_kind::significant;
use serde::Serialize;
use std::collections::HashSet;

/// The assessment of one file of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepRisk {
    /// The version.
    pub version: String,
    /// Which file.
    pub direction: Direction,
    /// What is known about its statements.
    #[serde(flatten)]
    pub assessment: Assessment,
}

/// Assesses every file of a plan, in the order in which they run; the statements are counted as in the plan. What an
/// interrupted file did before is no risk of going on with it.
pub fn risks(plan: &Plan) -> Vec<StepRisk> {
    let texts: Vec<String> = plan
        .steps
        .iter()
        .map(|step| match read_files::read(&step.file) {
            Ok(source) => source.text,
            // What the history stores has lost its file.
            Err(_) => step.statements.iter().collect::<Vec<_>>().join("\n;\n"),
        })
        .collect();
    let before = believers(plan);
    plan.steps
        .iter()
        .zip(assess_behind(
            before.iter().map(String::as_str),
            texts.iter().map(String::as_str),
        ))
        .map(|(step, mut assessment)| {
            assessment.leave_out(step.begin_at);
            StepRisk {
                version: step.version.clone(),
                direction: step.direction,
                assessment,
            }
        })
        .collect()
}

/// The applied files, in order, that speak of what users write about themselves: a function of theirs may be called by a policy of
/// the plan. A file that cannot be read says nothing.
fn believers(plan: &Plan) -> Vec<String> {
    let mut steps = plan.steps.iter();
    let first = steps.find(|step| step.direction == Direction::Apply);
    let Some(directory) = first.and_then(|step| step.file.parent()) else {
        return Vec::new();
    };
    let applied: HashSet<&str> = plan.history.iter().map(String::as_str).collect();
    let names = read_files::entries(directory).unwrap_or_default();
    let mut files: Vec<FileName> = names
        .iter()
        .filter_map(|name| FileName::parse(name))
        .filter(|name| applied.contains(name.version.as_str()))
        .collect();
    files.sort_by(|one, other| one.version.cmp(&other.version));
    let texts = files
        .iter()
        .filter_map(|name| read_files::read(&directory.join(name.file_name())).ok());
    let texts = texts.map(|source| source.text);
    texts
        .filter(|text| text.to_lowercase().contains("user_meta"))
        .collect()
}

/// Whether a rollback that was run, by version and hash, can have dropped no row. Only the file that ran tells: one that is
/// gone or was edited since keeps nothing for sure.
pub(in crate::ops) fn rollback_keeps_rows(schema: &Workspace, version: &str, sha256: &str) -> bool {
    let directory = read_files::directory(&schema.root);
    let found = read_files::find_rollback(&directory, version)
        .ok()
        .flatten();
    let source = found.and_then(|file| read_files::read(&file).ok());
    source.is_some_and(|source| {
        source.sha256 == sha256 && !assess(&source.text).may_lose_data() && !deletes(&source.text)
    })
}

/// Whether rows are deleted by name: no loss that anybody is warned of, and rows of a seed may be among them.
fn deletes(sql: &str) -> bool {
    significant(sql).any(|token| {
        let word = token.text(sql);
        ["delete", "merge"]
            .iter()
            .any(|verb| word.eq_ignore_ascii_case(verb))
    })
}
