//! Finds the seed files of a project: `[db.seed]` of `supabase/config.toml`, else `seeds/*.sql`.

use crate::domain::hidden::without_value;
use crate::domain::plural::listed;
use crate::domain::problem::{Kind, Problem};
use crate::domain::seed::glob::{is_pattern, matches};
use crate::domain::text::harmless;
use serde::Deserialize;
use std::collections::HashSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The Supabase CLI's settings of a project.
const CONFIG: &str = "supabase/config.toml";

/// A seed file of the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SeedFile {
    /// The path as it is recorded: relative to the project, `/` between segments.
    pub(super) path: String,
    /// Where it is.
    pub(super) file: PathBuf,
}

#[derive(Debug, Default, Deserialize)]
struct Config {
    #[serde(default)]
    db: Db,
}

#[derive(Debug, Default, Deserialize)]
struct Db {
    seed: Option<Seed>,
}

#[derive(Debug, Deserialize)]
struct Seed {
    #[serde(default = "yes")]
    enabled: bool,
    sql_paths: Option<Vec<String>>,
}

/// What a project has in the way of seeds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// The files in the order they run.
    pub(super) files: Vec<SeedFile>,
    /// What is to be said about the patterns, a sentence or two each.
    pub(super) notes: Vec<String>,
}

fn yes() -> bool {
    true
}

fn usual() -> Vec<String> {
    vec!["./seed.sql".to_owned()]
}

/// The seed files in the order they run: patterns in their order, the files of each sorted, each file once. What was named
/// and is not there, or means something else than it seems to, is told.
pub(super) fn find(root: &Path) -> Result<Found, Problem> {
    let mut seen = HashSet::new();
    let mut found = Found::default();
    let is_named = is_named(root)?;
    for pattern in patterns(root)? {
        let mut paths = if is_pattern(&pattern) {
            expand(root, &pattern)
        } else {
            vec![pattern.clone()]
        };
        paths.retain(|path| root.join(path).is_file());
        paths.sort();
        if is_named && let Some(note) = note(&pattern, paths.is_empty()) {
            found.notes.push(note);
        }
        for path in paths {
            let file = root.join(&path);
            if seen.insert(path.clone()) {
                found.files.push(SeedFile { path, file });
            }
        }
    }
    Ok(found)
}

/// The folders in which the seeds of a project change, whether they are there or not.
pub fn watched(root: &Path) -> Vec<PathBuf> {
    // Settings that cannot be read name no folder; the list says why.
    let patterns = patterns(root).unwrap_or_default();
    let fixed = patterns.iter().map(|pattern| {
        let parts = pattern.split('/');
        let parts: Vec<&str> = parts.take_while(|part| !is_pattern(part)).collect();
        let is_file = parts.len() == pattern.split('/').count();
        parts[..parts.len() - usize::from(is_file)].join("/")
    });
    let found = find(root).unwrap_or_default().files.into_iter();
    let of_files = found.filter_map(|seed| seed.file.parent().map(Path::to_owned));
    let mut folders: Vec<PathBuf> = fixed
        .map(|folder| root.join(folder))
        .chain(of_files)
        .collect();
    folders.push(root.join("seeds"));
    folders.sort();
    folders.dedup();
    folders
}

/// What is to be said about a pattern.
fn note(pattern: &str, is_empty: bool) -> Option<String> {
    let shown = harmless(pattern);
    let mut said = Vec::new();
    if is_empty {
        said.push(format!(
            "No file matches `{shown}` of `[db.seed] sql_paths`."
        ));
    }
    if pattern.contains('\\') {
        said.push(format!(
            "A backslash in `{shown}` takes the meaning from the character behind it; folders are parted by `/`, on Windows too: `{}`.",
            harmless(&pattern.replace('\\', "/"))
        ));
    }
    let opens = pattern.rfind('[');
    if opens.is_some_and(|at| !pattern[at..].contains(']')) {
        said.push(format!(
            "A `[` in `{shown}` is not closed, so nothing fits it."
        ));
    }
    if pattern.split('/').any(|part| part == "**") {
        said.push(format!(
            "`**` in `{shown}` stands for exactly one folder, as in the Supabase CLI: what lies directly there, or deeper, is not meant. Write a pattern for each depth."
        ));
    }
    (!said.is_empty()).then(|| said.join(" "))
}

/// Whether the project names its seeds itself.
fn is_named(root: &Path) -> Result<bool, Problem> {
    Ok(read_config(&root.join(CONFIG))?.is_some_and(|seed| seed.sql_paths.is_some()))
}

/// Where seed files were looked for, for a project that has none.
pub(super) fn looked(root: &Path) -> Result<String, Problem> {
    let folder = std::path::absolute(root).unwrap_or_else(|_| root.to_owned());
    let folder = folder.display().to_string();
    let folder = harmless(&folder);
    let named: Vec<String> = patterns(root)?
        .iter()
        .map(|pattern| harmless(pattern).into_owned())
        .collect();
    Ok(match read_config(&root.join(CONFIG))? {
        Some(seed) if !seed.enabled => format!("`[db.seed]` of {CONFIG} turns them off."),
        Some(_) if named.is_empty() => format!("`[db.seed] sql_paths` of {CONFIG} names none."),
        Some(_) => format!(
            "`[db.seed] sql_paths` of {CONFIG} names {}, and nothing in {folder} fits.",
            listed(&named)
        ),
        None if root.join("seeds").is_dir() => {
            format!("Nothing in {folder} fits seeds/*.sql.")
        }
        None => format!(
            "There is neither seeds/*.sql nor supabase/seed.sql in {folder}; `[db.seed] sql_paths` of {CONFIG} can name others."
        ),
    })
}

/// The patterns relative to the project; one that begins at the root of the file system stays so, as in the Supabase CLI.
pub(super) fn patterns(root: &Path) -> Result<Vec<String>, Problem> {
    let configured = match read_config(&root.join(CONFIG))? {
        Some(seed) if !seed.enabled => return Ok(Vec::new()),
        Some(seed) => seed.sql_paths.unwrap_or_else(usual),
        None if root.join("seeds").is_dir() => return Ok(vec!["seeds/*.sql".to_owned()]),
        None => usual(),
    };
    Ok(configured
        .iter()
        .map(|pattern| match pattern.strip_prefix('/') {
            Some(rest) => format!("/{}", clean(rest)),
            None => clean(&format!("supabase/{pattern}")),
        })
        .collect())
}

fn read_config(path: &Path) -> Result<Option<Seed>, Problem> {
    let fault = |why: String| {
        Problem::new(
            Kind::Config,
            format!("{} cannot be read.", path.display()),
            why,
        )
    };
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(fault(error.to_string())),
    };
    let config: Config = toml::from_str(&text).map_err(|error| {
        // The message alone: the excerpt that comes with it could show a secret of another section.
        let line = error.span().map_or(1, |span| {
            text[..span.start.min(text.len())].matches('\n').count() + 1
        });
        fault(format!("Line {line}: {}.", without_value(error.message())))
    })?;
    Ok(config.db.seed)
}

/// Resolves `.`, `..` and doubled slashes, as Go's `path.Join` does for the CLI.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn expand(root: &Path, pattern: &str) -> Vec<String> {
    let fixed: Vec<&str> = pattern
        .split('/')
        .take_while(|part| !is_pattern(part))
        .collect();
    let base = fixed.join("/");
    if base.is_empty() && pattern.starts_with('/') {
        // The root of a file system is no folder of seeds.
        return Vec::new();
    }
    let depth = pattern.split('/').count() - fixed.len();
    let mut found = Vec::new();
    walk(&root.join(&base), &base, depth, &mut |path| {
        if matches(pattern, path) {
            found.push(path.to_owned());
        }
    });
    found
}

fn walk(folder: &Path, name: &str, depth: usize, take: &mut dyn FnMut(&str)) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let own = entry.file_name().to_string_lossy().into_owned();
        let path = if name.is_empty() {
            own
        } else {
            format!("{name}/{own}")
        };
        if !entry.path().is_dir() {
            take(&path);
        } else if depth > 1 {
            walk(&entry.path(), &path, depth - 1, take);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let file = folder.path().join(path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        folder
    }

    fn paths(files: &[(&str, &str)]) -> Vec<String> {
        let folder = project(files);
        find(folder.path())
            .unwrap()
            .files
            .into_iter()
            .map(|seed| seed.path)
            .collect()
    }

    #[test]
    fn patterns_keep_their_order_and_each_is_sorted() {
        let config = "project_id = 'x'\n[db.seed]\nsql_paths = ['./z/*.sql', 'seed.sql', '../extra/**/*.sql', 'z/a.sql', 'none.sql']\n";
        assert_eq!(
            paths(&[
                ("supabase/config.toml", config),
                ("supabase/z/b.sql", ""),
                ("supabase/z/a.sql", ""),
                ("supabase/z/deep/c.sql", ""),
                ("supabase/seed.sql", ""),
                ("extra/x/y.sql", ""),
                ("seeds/ignored.sql", ""),
            ]),
            [
                "supabase/z/a.sql",
                "supabase/z/b.sql",
                "supabase/seed.sql",
                "extra/x/y.sql"
            ]
        );
    }

    #[test]
    fn a_pattern_from_the_root_of_the_file_system_stays_one() {
        let outside = project(&[("b.sql", ""), ("a.sql", ""), ("c.txt", "")]);
        let at = outside.path().display();
        let config =
            format!("[db.seed]\nsql_paths = ['{at}/*.sql', '{at}/./b.sql', '/*.sql', '[ab.sql']\n");
        let folder = project(&[("supabase/config.toml", &config)]);
        let found = find(folder.path()).unwrap();
        let paths: Vec<&str> = found.files.iter().map(|seed| seed.path.as_str()).collect();
        assert_eq!(paths, [format!("{at}/a.sql"), format!("{at}/b.sql")]);
        assert!(found.files.iter().all(|seed| seed.file.is_file()));
        let [root, open] = &found.notes[..] else {
            panic!("{:?}", found.notes);
        };
        assert!(root.contains("No file matches `/*.sql`"), "{root}");
        assert!(open.contains("is not closed"), "{open}");
    }

    #[test]
    fn what_is_named_and_not_there_is_told_and_so_is_what_means_something_else() {
        let config = "[db.seed]\nsql_paths = ['./none-*.sql', 'gone.sql', 'dev\\a.sql', 'dev/**/*.sql', 'dev/*.sql', 'dev']\n";
        let folder = project(&[
            ("supabase/config.toml", config),
            ("supabase/dev/a.sql", ""),
            ("supabase/dev/deep/b.sql", ""),
            ("supabase/dev/deep/er/c.sql", ""),
        ]);
        let found = find(folder.path()).unwrap();
        let paths: Vec<&str> = found.files.iter().map(|seed| seed.path.as_str()).collect();
        assert_eq!(paths, ["supabase/dev/deep/b.sql", "supabase/dev/a.sql"]);
        let notes: Vec<&str> = found.notes.iter().map(String::as_str).collect();
        let [none, gone, backslash, stars, folder] = notes[..] else {
            panic!("{notes:?}");
        };
        assert!(
            none.contains("No file matches `supabase/none-*.sql`"),
            "{none}"
        );
        assert!(
            gone.contains("No file matches `supabase/gone.sql`"),
            "{gone}"
        );
        assert!(backslash.contains("`supabase/dev/a.sql`"), "{backslash}");
        assert!(
            stars.contains("exactly one folder") && !stars.contains("No file"),
            "{stars}"
        );
        assert!(
            folder.contains("No file matches `supabase/dev`"),
            "{folder}"
        );
        // Nobody named what is only the usual place.
        let folder = project(&[("supabase/config.toml", "[db.seed]\n")]);
        assert_eq!(find(folder.path()).unwrap(), Found::default());
    }

    #[test]
    fn without_a_section_the_usual_places_count() {
        assert_eq!(
            paths(&[
                ("seeds/b.sql", ""),
                ("seeds/a.sql", ""),
                ("seeds/a.txt", "")
            ]),
            ["seeds/a.sql", "seeds/b.sql"]
        );
        assert_eq!(paths(&[("supabase/seed.sql", "")]), ["supabase/seed.sql"]);
        assert_eq!(
            paths(&[
                ("supabase/config.toml", "[db.seed]\n"),
                ("supabase/seed.sql", "")
            ]),
            ["supabase/seed.sql"]
        );
        assert!(paths(&[]).is_empty());
        assert!(
            paths(&[
                ("supabase/config.toml", "[db.seed]\nenabled = false\n"),
                ("supabase/seed.sql", "")
            ])
            .is_empty()
        );
    }

    #[test]
    fn a_broken_config_is_told_with_its_line_and_without_its_text() {
        let folder = project(&[(
            "supabase/config.toml",
            "[auth]\n[db.seed]\nsql_paths = 'hush\n",
        )]);
        let problem = find(folder.path()).unwrap_err();
        assert!(problem.why.contains("Line 3"), "{problem}");
        assert!(!format!("{problem:?}").contains("hush"), "{problem:?}");
    }
}
