//! The files of the project, as git tracks them, and their code without comments and tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The root of the workspace.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A file with its path relative to the root, `/` between the parts.
#[derive(Debug, Clone)]
pub struct Source {
    pub path: String,
    pub text: String,
}

/// Every Rust file below a folder.
pub fn rust(folder: &str) -> Vec<Source> {
    let mut found = Vec::new();
    collect(&root().join(folder), &mut found);
    found.sort();
    found
        .into_iter()
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .map(|path| read(&path))
        .collect()
}

/// Every tracked file that is a text; in a copy without git, every file outside `target`.
pub fn tracked() -> Vec<Source> {
    let listed = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root())
        .output();
    let mut paths: Vec<PathBuf> = match listed {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout)
            .split('\0')
            .filter(|name| !name.is_empty())
            .map(|name| root().join(name))
            .collect(),
        _ => {
            let mut found = Vec::new();
            collect(&root(), &mut found);
            found
        }
    };
    paths.sort();
    paths
        .into_iter()
        .filter(|path| path.is_file())
        .filter(|path| fs::read(path).is_ok_and(|bytes| std::str::from_utf8(&bytes).is_ok()))
        .map(|path| read(&path))
        .collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            if name != "target" && name != ".git" {
                collect(&path, found);
            }
        } else {
            found.push(path);
        }
    }
}

fn read(path: &Path) -> Source {
    let shown = path.strip_prefix(root()).unwrap_or(path);
    Source {
        path: shown.to_string_lossy().replace('\\', "/"),
        text: fs::read_to_string(path).unwrap(),
    }
}

impl Source {
    /// Whether the whole file is tests.
    pub fn is_tests(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }

    /// The code: line comments are gone, and everything from the test module on.
    pub fn code(&self) -> String {
        let mut out = String::with_capacity(self.text.len());
        let mut lines = self.text.lines().peekable();
        while let Some(line) = lines.next() {
            let opens_tests = line == "#[cfg(test)]"
                && lines
                    .peek()
                    .is_some_and(|next| next.starts_with("mod ") && next.ends_with('{'));
            if opens_tests {
                break;
            }
            out.push_str(without_comment(line));
            out.push('\n');
        }
        out
    }
}

/// A line up to its `//`, unless that stands in a string, as in a URL.
fn without_comment(line: &str) -> &str {
    let mut from = 0;
    while let Some(at) = line[from..].find("//") {
        let at = from + at;
        let quotes = line[..at].matches('"').count() - line[..at].matches("\\\"").count();
        if quotes.is_multiple_of(2) {
            return &line[..at];
        }
        from = at + 2;
    }
    line
}

#[test]
fn a_comment_is_told_from_a_url() {
    assert_eq!(without_comment("let a = 1; // why"), "let a = 1; ");
    assert_eq!(
        without_comment(r#"f("https://x"); // y"#),
        r#"f("https://x"); "#
    );
    assert_eq!(without_comment(r#"f("https://x")"#), r#"f("https://x")"#);
}
