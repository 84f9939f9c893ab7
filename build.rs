//! The version that `supadeck --version` prints: a release build of a git checkout names its commit.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=SUPADECK_COMMIT");
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    // A debug build names none: it would be compiled again after each commit, or name an old one.
    let is_release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let named = env::var("SUPADECK_COMMIT").ok();
    let commit = match named.filter(|commit| !commit.is_empty()) {
        Some(commit) => Some(commit),
        None if is_release => commit_of_checkout(),
        None => None,
    };
    match commit {
        Some(commit) => println!("cargo:rustc-env=SUPADECK_VERSION={version} ({commit})"),
        None => println!("cargo:rustc-env=SUPADECK_VERSION={version}"),
    }
}

/// The commit that is checked out; none where the source is no checkout, or git is missing.
fn commit_of_checkout() -> Option<String> {
    // A checkout around an unpacked source archive is not ours.
    if !Path::new(".git").exists() {
        return None;
    }
    // Written whenever another commit is checked out or made.
    for file in ["logs/HEAD", "HEAD"] {
        let path = git(&["rev-parse", "--git-path", file]);
        if let Some(path) = path.filter(|path| Path::new(path).exists()) {
            println!("cargo:rerun-if-changed={path}");
        }
    }
    git(&["rev-parse", "--short", "HEAD"])
}

fn git(args: &[&str]) -> Option<String> {
    let output = Command::new("git").args(args).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let text = text.trim();
    (output.status.success() && !text.is_empty()).then(|| text.to_owned())
}
