//! Tells when files of a project change, by the system's file events: while nothing changes, nothing wakes up.

use crate::domain::problem::{Kind, Problem};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};

/// Changes that come within this time of each other are told together.
const QUIET: Duration = Duration::from_millis(120);
/// The longest that a change waits for others.
const LONGEST: Duration = Duration::from_secs(1);

/// A watch over folders, as long as it lives.
#[derive(Debug)]
pub struct FileWatch {
    task: AbortHandle,
}

impl FileWatch {
    /// Begins to watch folders, and tells of changes in them. After each change it asks again which folders there are:
    /// one that is made later is watched from then on. Folders that are not there are left out.
    pub fn begin(
        folders: impl Fn() -> Vec<PathBuf> + Send + 'static,
        tell: impl Fn() + Send + 'static,
    ) -> Result<Self, Problem> {
        let (sender, changes) = unbounded_channel();
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            // A fault, such as events that were lost, can hide a change.
            if event.map_or(true, |event| is_change(&event)) {
                let _ = sender.send(());
            }
        });
        let mut watcher = watcher.map_err(|error| problem(&error))?;
        watch(&mut watcher, &folders())?;
        let task = tokio::spawn(async move {
            let mut changes = changes;
            while settled(&mut changes).await {
                // What cannot be watched is read again by its key all the same.
                if let Err(problem) = watch(&mut watcher, &folders()) {
                    tracing::warn!(%problem, "a folder is not watched");
                }
                tell();
            }
        });
        Ok(Self {
            task: task.abort_handle(),
        })
    }
}

impl Drop for FileWatch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Waits for a change, and until no other follows it at once. False when there will be none any more.
async fn settled(changes: &mut UnboundedReceiver<()>) -> bool {
    if changes.recv().await.is_none() {
        return false;
    }
    let last = Instant::now() + LONGEST;
    while let Ok(Some(())) = timeout_at(last.min(Instant::now() + QUIET), changes.recv()).await {}
    true
}

/// Watches every folder that is there. One that is watched already stays so.
fn watch(watcher: &mut RecommendedWatcher, folders: &[PathBuf]) -> Result<(), Problem> {
    let mut first = Ok(());
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        if let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive) {
            first = first.and(Err(problem(&error)));
        }
    }
    first
}

/// Whether an event can mean another list: a reader changes nothing, and neither does a file of another kind.
fn is_change(event: &Event) -> bool {
    let is_of_use = |path: &PathBuf| is_of_use(path);
    !matches!(event.kind, EventKind::Access(_))
        && (event.paths.is_empty() || event.paths.iter().any(is_of_use))
}

/// Whether a path can be a file of SQL, a folder, or the settings that name seeds.
fn is_of_use(path: &Path) -> bool {
    let is_settings = path.file_name().is_some_and(|name| name == "config.toml");
    is_settings || path.extension().is_none_or(|extension| extension == "sql")
}

fn problem(error: &notify::Error) -> Problem {
    let why = match &error.kind {
        notify::ErrorKind::Generic(text) => text.clone(),
        notify::ErrorKind::Io(error) => error.to_string(),
        notify::ErrorKind::MaxFilesWatch => {
            "The system's limit of watched files is reached".to_owned()
        }
        other => format!("{other:?}"),
    };
    Problem::new(
        Kind::Config,
        "Changes of the project's files are not seen by themselves.",
        format!("{}.", why.trim_end_matches('.')),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::fs;

    async fn told(changes: &mut UnboundedReceiver<()>) -> bool {
        let soon = Duration::from_secs(20);
        matches!(
            tokio::time::timeout(soon, changes.recv()).await,
            Ok(Some(()))
        )
    }

    #[tokio::test]
    async fn changes_are_told_also_in_a_folder_that_is_made_later() {
        let root = tempfile::tempdir().unwrap();
        let (sender, mut changes) = unbounded_channel();
        let path = root.path().to_owned();
        let late = path.join("migrations");
        let folders = {
            let late = late.clone();
            move || vec![path.clone(), late.clone()]
        };
        let _watch = FileWatch::begin(folders, move || {
            let _ = sender.send(());
        })
        .unwrap();
        fs::create_dir(&late).unwrap();
        assert!(told(&mut changes).await, "the folder");
        fs::write(late.join("1_a.sql"), "select 1;").unwrap();
        assert!(told(&mut changes).await, "a file in it");
        fs::remove_file(late.join("1_a.sql")).unwrap();
        assert!(told(&mut changes).await, "its end");
    }

    #[tokio::test]
    async fn reading_and_other_files_tell_nothing_and_many_changes_tell_once() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("1_a.sql");
        fs::write(&file, "select 1;").unwrap();
        let (sender, mut changes) = unbounded_channel();
        let path = root.path().to_owned();
        let folders = move || vec![path.clone()];
        let _watch = FileWatch::begin(folders, move || {
            let _ = sender.send(());
        })
        .unwrap();
        fs::read(&file).unwrap();
        fs::write(root.path().join("notes.txt"), "x").unwrap();
        tokio::time::sleep(QUIET * 4).await;
        assert!(changes.try_recv().is_err(), "nothing changed");
        for text in ["a", "b", "c", "d"] {
            fs::write(&file, text).unwrap();
        }
        assert!(told(&mut changes).await);
        tokio::time::sleep(QUIET * 4).await;
        assert!(changes.try_recv().is_err(), "told once");
    }
}
