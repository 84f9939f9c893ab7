//! Changes of files and of the history on the way out of a state: planned, shown, and then made exactly as they were shown.
//! The plan stays here; the deck holds its number and its words.

use crate::app::effect::Fix;
use crate::domain::migration::resolution::Correction;
use crate::domain::migration::{MigrationList, Target};
use crate::domain::plural::counted;
use crate::domain::problem::{Kind, Problem};
use crate::domain::project_file::PendingFile;
use crate::domain::text::harmless;
use crate::ops::migration::{
    self, Move, RenumberAllPlan, RenumberPlan, RepairPlan, RestorePlan, RowChange, SeenFile,
    SplitPlan, Workspace,
};
use crate::ops::seed;
use jiff::Timestamp;
use std::sync::{Mutex, PoisonError};

/// The change that was shown last.
#[derive(Default)]
pub(super) struct PendingChanges {
    shown: Mutex<(u64, Option<Planned>)>,
}

enum Planned {
    Restore(RestorePlan),
    Repair(RepairPlan),
    Renumber(RenumberPlan),
    RenumberAll(RenumberAllPlan),
    Split(SplitPlan),
    Delete(migration::DeletePlan),
    DeleteSeed(seed::DeletePlan),
}

impl PendingChanges {
    /// Plans a correction.
    pub(super) async fn plan(
        &self,
        schema: &Workspace,
        correction: &Correction,
    ) -> Result<Fix, Problem> {
        let (planned, title, word, lines, target) = match correction {
            Correction::Restore { versions } => {
                let plan = migration::plan_restore(schema, versions).await?;
                let (lines, target) = (restore_lines(&plan), plan.target.clone());
                (
                    Planned::Restore(plan),
                    format!("Write {} back as it was applied", versions.join(", ")),
                    "restore",
                    lines,
                    target,
                )
            }
            Correction::Repair { status, versions } => {
                let plan = migration::plan_repair(schema, versions, *status).await?;
                let (lines, target) = (repair_lines(&plan), plan.target.clone());
                (
                    Planned::Repair(plan),
                    format!(
                        "Record {} as {} in the history",
                        versions.join(", "),
                        status.word()
                    ),
                    "repair",
                    lines,
                    target,
                )
            }
            Correction::RenumberAll => renumber_all(schema).await?,
            Correction::Renumber { which, to } => {
                self::renumber(schema, which, to.as_deref()).await?
            }
            Correction::Split { which } => {
                let plan = migration::plan_split(schema, which).await?;
                let lines = plan.lines();
                let lines = lines.iter().map(|line| harmless(line).into_owned());
                let (lines, target) = (lines.collect(), plan.target.clone());
                let title = format!("Split {} into migration and rollback", plan.version);
                (Planned::Split(plan), title, "split", lines, target)
            }
        };
        Ok(self.keep((planned, title, word, lines, target)))
    }

    /// Plans the deletion of a file that never ran.
    pub(super) async fn plan_deletion(
        &self,
        schema: &Workspace,
        file: &PendingFile,
    ) -> Result<Fix, Problem> {
        let (planned, title, lines, target) = match file {
            PendingFile::Migration { version } => {
                let plan = migration::plan_delete(schema, version).await?;
                let lines = deleted_lines(&plan.files);
                let title = format!("{}{} {}", Fix::DELETE, plan.version, harmless(&plan.name));
                let target = plan.target.clone();
                (Planned::Delete(plan), title, lines, target)
            }
            PendingFile::Seed { path } => {
                let plan = seed::plan_delete(schema, path).await?;
                let lines = deleted_lines(std::slice::from_ref(&plan.file));
                let title = format!("{}{}", Fix::DELETE, harmless(path));
                let target = plan.target.clone();
                (Planned::DeleteSeed(plan), title, lines, target)
            }
        };
        Ok(self.keep((planned, title, "delete", lines, target)))
    }

    /// Keeps what is planned, and gives the words that are shown of it.
    fn keep(&self, (planned, title, word, lines, target): Told) -> Fix {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        *shown = (shown.0 + 1, Some(planned));
        Fix {
            number: shown.0,
            title,
            word: word.to_owned(),
            lines,
            target,
        }
    }

    /// Makes the change that was shown under the number, once.
    pub(super) async fn make(
        &self,
        schema: &Workspace,
        number: u64,
    ) -> Result<MigrationList, Problem> {
        let planned = {
            let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
            if shown.0 == number {
                shown.1.take()
            } else {
                None
            }
        };
        match planned {
            Some(Planned::Restore(plan)) => migration::restore(schema, &plan).await,
            Some(Planned::Repair(plan)) => migration::carry_out(schema, &plan).await,
            Some(Planned::Renumber(plan)) => migration::renumber(schema, &plan).await,
            Some(Planned::RenumberAll(plan)) => migration::renumber_all(schema, &plan).await,
            Some(Planned::Split(plan)) => migration::split(schema, &plan).await,
            Some(Planned::Delete(plan)) => migration::delete(schema, &plan).await,
            Some(Planned::DeleteSeed(plan)) => {
                // No migration changes by it; and what is done is not called failed because of a list.
                let list = migration::list(schema).await?;
                seed::delete(schema, &plan).await?;
                Ok(list)
            }
            None => Err(Problem::new(
                Kind::Conflict,
                "Nothing was changed.",
                "Something else was planned since this was shown.",
            )
            .with_hint("Choose the fix again.")),
        }
    }
}

type Told = (Planned, String, &'static str, Vec<String>, Target);

async fn renumber(schema: &Workspace, which: &str, to: Option<&str>) -> Result<Told, Problem> {
    let plan = migration::plan_renumber(schema, which, to, Timestamp::now()).await?;
    let lines = plan.moves.iter().map(moved);
    let title = format!("Give {} the version {}", plan.version, plan.to);
    let (lines, target) = (lines.collect(), plan.target.clone());
    Ok((Planned::Renumber(plan), title, "renumber", lines, target))
}

async fn renumber_all(schema: &Workspace) -> Result<Told, Problem> {
    let plan = migration::plan_renumber_all(schema).await?;
    if plan.files.is_empty() {
        return Err(Problem::new(
            Kind::Conflict,
            "Every migration has a version of its own.",
            "There is nothing to renumber.",
        ));
    }
    let warnings = plan.warnings();
    let warnings = warnings.iter().map(|text| harmless(text).into_owned());
    let lines = plan.moves.iter().map(moved).chain(warnings).collect();
    let target = plan.target.clone();
    let title = format!(
        "Give {} a version each",
        counted(plan.files.len(), "migration")
    );
    Ok((Planned::RenumberAll(plan), title, "renumber", lines, target))
}

fn moved(one: &Move) -> String {
    let from = one.from.display().to_string();
    let to = one.to.display().to_string();
    harmless(&format!("{from} becomes {to}")).into_owned()
}

/// The most lines that are shown of a file before it is deleted.
const DELETED_LINES: usize = 200;

fn deleted_lines(files: &[SeenFile]) -> Vec<String> {
    let mut lines = Vec::new();
    for file in files {
        let path = file.path.display().to_string();
        let text = file.text();
        let count = text.lines().count();
        let content = if count == 0 {
            "it is empty."
        } else {
            "it says:"
        };
        lines.push(format!("{} is deleted; {content}", harmless(&path)));
        let shown = text.lines().take(DELETED_LINES);
        lines.extend(shown.map(|line| format!("    {}", harmless(line))));
        if count > DELETED_LINES {
            let rest = counted(count - DELETED_LINES, "more line");
            lines.push(format!("    and {rest}"));
        }
    }
    lines
}

fn restore_lines(plan: &RestorePlan) -> Vec<String> {
    let mut lines = Vec::new();
    for file in &plan.files {
        if let Some(replaced) = &file.replaces {
            let kept = replaced.kept.display().to_string();
            lines.push(format!(
                "The file that is there now is kept as {}.",
                harmless(&kept)
            ));
        }
        let written = [(&file.file, &file.text)]
            .into_iter()
            .chain(file.rollback.as_ref().map(|one| (&one.file, &one.text)));
        for (path, text) in written {
            lines.push(format!(
                "{} will say:",
                harmless(&path.display().to_string())
            ));
            lines.extend(text.lines().map(|line| format!("    {}", harmless(line))));
        }
        lines.extend(file.remark());
    }
    lines
}

fn repair_lines(plan: &RepairPlan) -> Vec<String> {
    let mut lines = vec![
        "Only the history changes; no migration runs.".to_owned(),
        String::new(),
    ];
    lines.extend(plan.rows.iter().flat_map(row_lines));
    lines
}

fn row_lines(row: &RowChange) -> Vec<String> {
    let told = |record: &Option<migration::Record>| match record {
        None => "no row".to_owned(),
        Some(record) => {
            let name = record.name.as_deref().unwrap_or("no name");
            let count = record.statements.map_or_else(String::new, |count| {
                format!(", {}", counted(count, "statement"))
            });
            harmless(&format!("{} {name}{count}", record.version)).into_owned()
        }
    };
    let mut lines = vec![
        format!("- {}", told(&row.before)),
        format!("+ {}", told(&row.after)),
    ];
    let pieces = row
        .difference
        .iter()
        .flat_map(|difference| &difference.statements);
    for line in pieces.flat_map(|piece| &piece.lines) {
        lines.push(harmless(&format!("    {} {}", line.sign, line.text)).into_owned());
    }
    lines
}
