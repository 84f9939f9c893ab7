//! The history and the files: the list, the states, and every way to make them agree.

mod corpus;
mod deleted_files;
mod edited;
mod journal;
mod list;
mod renamed;
mod renumbered;
mod resolutions;
mod split;
mod supabase_cli;
mod table_shapes;

use crate::fixture::TestProject;
use std::fs;
use supadeck::domain::migration::Entry;
use supadeck::ops::migration;

/// Versions as the engine takes them.
pub(crate) fn versions(all: &[&str]) -> Vec<String> {
    all.iter().map(|one| (*one).to_owned()).collect()
}

/// The time that new versions are made from.
pub(crate) fn now() -> jiff::Timestamp {
    "2026-02-03T04:05:59Z".parse().unwrap()
}

/// The entries of the list.
pub(crate) async fn entries(project: &TestProject) -> Vec<Entry> {
    migration::list(&project.schema).await.unwrap().entries
}

/// Everything in a folder, name and text.
pub(crate) fn folder(project: &TestProject, path: &str) -> Vec<(String, String)> {
    let Ok(found) = fs::read_dir(project.root.path().join(path)) else {
        return Vec::new();
    };
    let mut all: Vec<(String, String)> = found
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (
                name,
                String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned(),
            )
        })
        .collect();
    all.sort();
    all
}
