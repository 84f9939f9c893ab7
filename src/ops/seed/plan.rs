//! What there is to seed, and exactly what would run.

use super::files::find;
use super::stale::stale_of;
use crate::domain::migration::history::sha256;
use crate::domain::plural::listed;
use crate::domain::problem::{Kind, Problem};
use crate::domain::seed::{SeedEntry, SeedListing, SeedPlan, SeedState, SeedStep};
use crate::domain::sql::execution_mode::runs_alone;
use crate::domain::sql::psql::{self, SeedPart};
use crate::domain::sql::statement_kind::{history_write, opens_history};
use crate::domain::sql::transaction::{Shape, shape};
use crate::domain::text::harmless;
use crate::ops::migration::{Workspace, decoded, sha256_of};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Compares the project's seed files with what was run in the database, and with what was rolled back there since.
pub async fn list(schema: &Workspace) -> Result<SeedListing, Problem> {
    let mut listing = compare(schema).await?;
    let recorded = listing
        .entries
        .iter()
        .filter(|entry| matches!(entry.state, SeedState::Applied | SeedState::Changed));
    listing.stale = stale_of(schema, recorded.map(|entry| entry.path.as_str())).await?;
    Ok(listing)
}

/// Where seed files were looked for, as a sentence; none when there are some.
pub fn looked(schema: &Workspace) -> Result<Option<String>, Problem> {
    if find(&schema.root)?.files.is_empty() {
        super::files::looked(&schema.root).map(Some)
    } else {
        Ok(None)
    }
}

/// Compares the files with the record alone.
async fn compare(schema: &Workspace) -> Result<SeedListing, Problem> {
    schema.check_root()?;
    let history = schema.database.seeds().await?;
    let mut recorded: HashMap<&str, &str> = history
        .rows
        .iter()
        .map(|(path, hash)| (path.as_str(), hash.as_str()))
        .collect();
    let mut entries = Vec::new();
    let found = find(&schema.root)?;
    for seed in found.files {
        let hash = sha256_of(&seed.file)?;
        let state = match recorded.remove(seed.path.as_str()) {
            None => SeedState::Pending,
            Some(known) if known == hash => SeedState::Applied,
            Some(_) => SeedState::Changed,
        };
        entries.push(SeedEntry {
            path: seed.path,
            state,
            hash: Some(hash),
            file: Some(seed.file),
        });
    }
    let gone = history
        .rows
        .iter()
        .filter(|(path, _)| recorded.contains_key(path.as_str()))
        .map(|(path, _)| SeedEntry {
            path: path.clone(),
            state: SeedState::Missing,
            hash: None,
            file: None,
        });
    entries.extend(gone);
    Ok(SeedListing {
        entries,
        stale: Vec::new(),
        notes: found.notes,
        target: history.target,
    })
}

/// What runs: the pending files, or those of `paths` that are pending. With `again`, files that ran before run too.
pub async fn plan(schema: &Workspace, paths: &[PathBuf], again: bool) -> Result<SeedPlan, Problem> {
    let listing = compare(schema).await?;
    let mut steps = Vec::new();
    for entry in wanted(schema, &listing, paths)? {
        let runs = match entry.state {
            SeedState::Pending => true,
            SeedState::Applied | SeedState::Changed => again,
            SeedState::Missing => false,
        };
        if let (true, Some(file)) = (runs, &entry.file) {
            let (text, hash) = text(file)?;
            steps.push(SeedStep {
                path: entry.path.clone(),
                parts: parts(&text, file)?,
                file: file.clone(),
                hash,
            });
        }
    }
    let mut notes = listing.notes;
    notes.extend(steps.iter().filter_map(writes_history));
    Ok(SeedPlan {
        steps,
        target: listing.target,
        notes,
    })
}

/// The places of a seed that write the migration history: what it says then, no migration has done.
fn writes_history(step: &SeedStep) -> Option<String> {
    let is_in_path = step.parts.iter().any(|part| opens_history(&part.sql));
    let mut lines: Vec<String> = step
        .parts
        .iter()
        .filter(|part| history_write(&part.sql, is_in_path))
        .map(|part| part.line.to_string())
        .collect();
    lines.dedup();
    let line = if lines.len() == 1 { "line" } else { "lines" };
    (!lines.is_empty()).then(|| {
        format!(
            "{} writes the migration history, supabase_migrations.schema_migrations ({line} {}): afterwards versions may count as applied that never ran, or the other way round. `supadeck migration repair` changes the history and keeps a journal.",
            harmless(&step.path),
            listed(&lines)
        )
    })
}

/// The seeds that `paths` name, all when it names none, for a run that finds nothing to do: why none of them waits.
pub async fn at_rest(schema: &Workspace, paths: &[PathBuf]) -> Result<SeedListing, Problem> {
    let mut listing = list(schema).await?;
    let named: HashSet<String> = wanted(schema, &listing, paths)?
        .into_iter()
        .map(|entry| entry.path.clone())
        .collect();
    listing.entries.retain(|entry| named.contains(&entry.path));
    listing.stale.retain(|stale| named.contains(&stale.path));
    Ok(listing)
}

/// The seeds that are named; all when none is.
fn wanted<'a>(
    schema: &Workspace,
    listing: &'a SeedListing,
    paths: &[PathBuf],
) -> Result<Vec<&'a SeedEntry>, Problem> {
    if paths.is_empty() {
        return Ok(listing.entries.iter().collect());
    }
    paths
        .iter()
        .map(|path| named(schema, listing, path))
        .collect()
}

/// The statements of a seed file, checked: they must fit into one transaction.
fn parts(text: &Arc<String>, file: &Path) -> Result<Vec<SeedPart>, Problem> {
    let refused = |line: usize, why: String, hint: &str| {
        let shown = harmless(&file.display().to_string()).into_owned();
        Problem::new(
            Kind::Config,
            format!("{shown} cannot run: see line {line}."),
            why,
        )
        .with_hint(hint)
    };
    let parts = psql::parse(text).map_err(|fault| refused(fault.line, fault.why, fault.hint))?;
    let texts: Vec<&str> = parts.iter().map(|part| &*part.sql).collect();
    let own = "Remove it: supadeck runs every seed file in one transaction.";
    match shape(&texts) {
        Shape::Plain | Shape::Wrapped { .. } => {}
        Shape::Series { first } | Shape::Parted { first } => {
            return Err(refused(
                parts[first].line,
                "The file controls transactions of its own.".into(),
                own,
            ));
        }
        Shape::Broken { at, why } => return Err(refused(parts[at].line, why.into(), own)),
    }
    for part in &parts {
        if part.sql.contains('\0') {
            return Err(refused(
                part.line,
                "A NUL byte is in the text, which Postgres cannot take.".into(),
                "Remove it.",
            ));
        }
        if let Some(what) = runs_alone(&part.sql) {
            return Err(refused(
                part.line,
                format!("Postgres runs {what} only outside a transaction."),
                "Run it with psql.",
            ));
        }
    }
    Ok(parts)
}

/// A seed file's text with the hash of its bytes.
pub(super) fn text(file: &Path) -> Result<(Arc<String>, String), Problem> {
    let bytes = read(file)?;
    let hash = sha256(&bytes);
    let text = decoded(bytes).map_err(|why| {
        Problem::new(
            Kind::Config,
            format!("{} cannot be sent to the database.", file.display()),
            why,
        )
    })?;
    Ok((Arc::new(text), hash))
}

fn read(file: &Path) -> Result<Vec<u8>, Problem> {
    std::fs::read(file).map_err(|error| {
        Problem::new(
            Kind::Config,
            format!("The file {} cannot be read.", file.display()),
            format!("{error}."),
        )
    })
}

/// The entry that a path on the command line means: as it is recorded, or as a file from here or from the project.
fn named<'a>(
    schema: &Workspace,
    listing: &'a SeedListing,
    path: &Path,
) -> Result<&'a SeedEntry, Problem> {
    let wanted = [path.to_owned(), schema.root.join(path)]
        .into_iter()
        .filter_map(|path| path.canonicalize().ok())
        .collect::<Vec<_>>();
    listing
        .entries
        .iter()
        .find(|entry| {
            Path::new(&entry.path) == path
                || entry
                    .file
                    .as_ref()
                    .and_then(|file| file.canonicalize().ok())
                    .is_some_and(|file| wanted.contains(&file))
        })
        .ok_or_else(|| {
            Problem::new(
                Kind::Usage,
                format!("{} is not a seed of this project.", path.display()),
                "Seeds are the files of `[db.seed] sql_paths`, or else `seeds/*.sql`.",
            )
            .with_hint("`supadeck seed list` shows them.")
        })
}
