//! Writes a migration of another tool that holds its rollback too as two files: the migration, and `rollback/` beside it.

use super::files::Move;
use super::list::{read, unknown, way_out};
use super::read_files::{self, directory, rollback_file};
use super::renumber::chosen;
use super::{Workspace, files};
use crate::domain::migration::down_section::{self, plain_name, rolled_back_by};
use crate::domain::migration::file_name::FileName;
use crate::domain::migration::{Entry, MigrationList, Target};
use crate::domain::problem::{Kind, Problem};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What is written; it is shown and confirmed first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SplitPlan {
    /// The version.
    pub version: String,
    /// The tool that writes such files.
    pub tool: String,
    /// Two files of one version that get other names; nothing else when there are any.
    pub moves: Vec<Move>,
    /// A file that becomes two.
    pub halves: Option<Halves>,
    /// The database whose history was looked at.
    pub target: Target,
}

/// A file that becomes two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Halves {
    /// The migration file.
    pub file: PathBuf,
    /// What it will say.
    pub up: String,
    /// The rollback file.
    pub rollback: PathBuf,
    /// What that will say.
    pub down: String,
    /// Where the migration file is kept as it is.
    pub kept: PathBuf,
    #[serde(skip)]
    sha256: String,
}

impl SplitPlan {
    /// What it changes, as lines to read.
    pub fn lines(&self) -> Vec<String> {
        let moved = |one: &Move| format!("{} becomes {}", one.from.display(), one.to.display());
        let mut lines: Vec<String> = self.moves.iter().map(moved).collect();
        if let Some(halves) = &self.halves {
            for (path, text) in [(&halves.file, &halves.up), (&halves.rollback, &halves.down)] {
                lines.push(format!("{} will say:", path.display()));
                lines.extend(text.lines().map(|line| format!("    {line}")));
            }
            lines.push(format!(
                "The file as it is now is kept as {}.",
                halves.kept.display()
            ));
        }
        lines
    }
}

/// Plans the split of a file, named by its version or its name. Refused for what is applied.
pub async fn plan_split(schema: &Workspace, which: &str) -> Result<SplitPlan, Problem> {
    let (listing, history) = read(schema).await?;
    let folder = directory(&schema.root);
    let mut plan = SplitPlan {
        version: String::new(),
        tool: String::new(),
        moves: Vec::new(),
        halves: None,
        target: history.target,
    };
    if let Some((up, down)) = pair(&listing, which) {
        plan.version.clone_from(&up.version);
        "golang-migrate, sqlx or postgrator".clone_into(&mut plan.tool);
        let name = FileName {
            version: up.version.clone(),
            name: plain_name(&up.name).to_owned(),
        };
        let moved = |entry: &Entry, to: PathBuf| entry.file.clone().map(|from| Move { from, to });
        let up = moved(up, folder.join(name.file_name())).filter(|one| one.from != one.to);
        plan.moves.extend(up);
        plan.moves
            .extend(moved(down, rollback_file(&folder, &name)));
        return Ok(plan);
    }
    let entry = chosen(&listing, which)?;
    let file = entry.file.clone().ok_or_else(|| unknown(which))?;
    let source = read_files::read(&file)?;
    let Some(section) = down_section::find(&source.text) else {
        return Err(Problem::new(
            Kind::Usage,
            format!(
                "{} holds no rollback that could be split off.",
                file.display()
            ),
            "Such files have a comment `-- migrate:down`, `-- +goose Down`, `-- +migrate Down`, `-- Down Migration` or `--//@UNDO`.",
        ));
    };
    if entry.recorded.is_some() {
        return Err(Problem::new(
            Kind::Conflict,
            format!("Version {} is applied.", entry.version),
            "With another text it would look edited.",
        )
        .with_hint(way_out(entry)));
    }
    let name = FileName {
        version: entry.version.clone(),
        name: entry.name.clone(),
    };
    let rollback = rollback_file(&folder, &name);
    if rollback.exists() {
        return Err(Problem::new(
            Kind::Conflict,
            format!("There is a rollback file already: {}.", rollback.display()),
            "Nothing is ever overwritten.",
        )
        .with_hint("Put the two together by hand."));
    }
    let (up, down) = section.halves(&source.text);
    plan.version.clone_from(&entry.version);
    section.tool.clone_into(&mut plan.tool);
    plan.halves = Some(Halves {
        kept: files::kept(&folder, &file),
        file,
        up,
        rollback,
        down,
        sha256: source.sha256,
    });
    Ok(plan)
}

/// Writes the files, both or none, and returns the list.
pub async fn split(schema: &Workspace, plan: &SplitPlan) -> Result<MigrationList, Problem> {
    let rollbacks = directory(&schema.root).join(read_files::ROLLBACK);
    files::make_folder(&rollbacks)?;
    files::move_all(&plan.moves)?;
    if let Some(halves) = &plan.halves {
        files::write_new(&halves.rollback, &halves.down)?;
        let written = files::replace(&halves.file, &halves.up, &halves.sha256, &halves.kept);
        if let Err(problem) = written {
            // It was made a moment ago and says nothing that the whole file does not.
            let _ = std::fs::remove_file(&halves.rollback);
            return Err(problem);
        }
    }
    Ok(read(schema).await?.0)
}

/// The migration and the rollback of a version that are two files side by side.
fn pair<'a>(listing: &'a MigrationList, which: &str) -> Option<(&'a Entry, &'a Entry)> {
    let is_meant = |entry: &Entry| {
        let file = entry.file.as_deref().and_then(Path::file_name);
        entry.version == which || file.is_some_and(|file| file.to_string_lossy() == which)
    };
    let with_file = || listing.entries.iter().filter(|entry| entry.file.is_some());
    let meant = with_file().find(|entry| is_meant(entry))?;
    let same = || with_file().filter(|entry| entry.version == meant.version);
    let down = same().find(|entry| rolled_back_by(&entry.name).is_some())?;
    let up = same().find(|entry| rolled_back_by(&entry.name).is_none())?;
    let is_pair = rolled_back_by(&down.name) == Some(plain_name(&up.name));
    (is_pair && same().count() == 2).then_some((up, down))
}
