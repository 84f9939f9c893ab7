//! Makes a new seed file where the project looks for seeds.

use super::files::{looked, patterns};
use crate::domain::plural::listed;
use crate::domain::problem::{Kind, Problem};
use crate::domain::project_file::MadeFile;
use crate::domain::seed::glob::{is_pattern, matches};
use crate::domain::text::harmless;
use crate::ops::migration::{files, slug};
use std::path::Path;

/// Makes an empty seed file of this name, where the first pattern of the project finds it. Never overwrites.
pub async fn new(root: &Path, name: &str) -> Result<MadeFile, Problem> {
    if !root.is_dir() {
        return Err(Problem::new(
            Kind::Config,
            format!("The project directory {} does not exist.", root.display()),
            "The seeds are read from there.",
        )
        .with_hint("Name the right one with `--dir`, or as `dir` in the profile."));
    }
    let name = name.trim();
    let slug = slug("seed", name.strip_suffix(".sql").unwrap_or(name), "030_bob")?;
    let path = place(root, &format!("{slug}.sql"))?;
    let file = root.join(&path);
    let made = file.parent().filter(|folder| !folder.is_dir());
    let made = made.map(Path::to_path_buf);
    if let Some(folder) = &made {
        files::make_folder(folder)?;
    }
    files::write_new(&file, "")?;
    Ok(MadeFile {
        file,
        key: path,
        made,
        note: None,
    })
}

/// The path, relative to the project, at which a file of this name is found as a seed.
fn place(root: &Path, file_name: &str) -> Result<String, Problem> {
    let patterns = patterns(root)?;
    if patterns.is_empty() {
        return Err(refused(file_name, looked(root)?));
    }
    for pattern in patterns.iter().filter(|pattern| is_inside(pattern)) {
        let (folder, last) = pattern.rsplit_once('/').unwrap_or(("", pattern));
        if is_pattern(folder) {
            continue;
        }
        let path = match folder {
            "" => file_name.to_owned(),
            folder => format!("{folder}/{file_name}"),
        };
        let is_found = if is_pattern(last) {
            matches(pattern, &path)
        } else {
            *pattern == path
        };
        if is_found {
            return Ok(path);
        }
    }
    // A folder `seeds` takes the place of the one file that is read without it.
    let is_usual = patterns == ["supabase/seed.sql"] && !root.join("supabase/config.toml").exists();
    if is_usual && !root.join(&patterns[0]).exists() {
        return Ok(format!("seeds/{file_name}"));
    }
    let shown: Vec<String> = patterns
        .iter()
        .map(|one| harmless(one).into_owned())
        .collect();
    let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
    Err(refused(
        file_name,
        format!("The project's seeds are {}.", listed(&shown)),
    ))
}

/// Whether a pattern stays in the project.
fn is_inside(pattern: &str) -> bool {
    !pattern.starts_with('/') && !pattern.split('/').any(|part| part == "..")
}

fn refused(file_name: &str, why: String) -> Problem {
    Problem::new(
        Kind::Config,
        format!("{file_name} would be no seed of this project."),
        why,
    )
    .with_hint(
        "Give it a name that is one, or add it to `[db.seed] sql_paths` in supabase/config.toml.",
    )
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

    fn placed(files: &[(&str, &str)], name: &str) -> Result<String, Problem> {
        place(project(files).path(), name)
    }

    #[test]
    fn a_new_seed_is_where_the_project_looks_for_seeds() {
        assert_eq!(placed(&[], "a.sql").unwrap(), "seeds/a.sql");
        assert_eq!(
            placed(&[("seeds/b.sql", "")], "a.sql").unwrap(),
            "seeds/a.sql"
        );
        let config = "[db.seed]\nsql_paths = ['first.sql', 'deep/**/*.sql', '../more/x*.sql']\n";
        let files = [("supabase/config.toml", config)];
        assert_eq!(placed(&files, "first.sql").unwrap(), "supabase/first.sql");
        assert_eq!(placed(&files, "x1.sql").unwrap(), "more/x1.sql");
        let problem = placed(&files, "other.sql").unwrap_err();
        assert!(problem.why.contains("supabase/first.sql"), "{problem}");
    }

    #[test]
    fn a_folder_that_would_hide_the_seed_there_is_is_not_made() {
        let files = [("supabase/seed.sql", "select 1;")];
        assert!(placed(&files, "a.sql").is_err());
        let files = [("supabase/config.toml", "[db.seed]\nenabled = false\n")];
        assert!(placed(&files, "a.sql").is_err());
        let files = [(
            "supabase/config.toml",
            "[db.seed]\nsql_paths = ['../../x/*.sql']\n",
        )];
        assert!(placed(&files, "a.sql").is_err());
    }

    #[tokio::test]
    async fn nothing_is_overwritten() {
        let folder = project(&[("seeds/a.sql", "select 1;")]);
        let made = new(folder.path(), "b c").await.unwrap();
        assert_eq!(made.key, "seeds/b_c.sql");
        assert!(new(folder.path(), "a.sql").await.is_err());
        let text = std::fs::read_to_string(folder.path().join("seeds/a.sql")).unwrap();
        assert_eq!(text, "select 1;");
        assert!(new(folder.path(), "../x").await.is_err());
    }
}
