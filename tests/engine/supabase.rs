//! The real Supabase CLI, from its npm package: what the engine must agree with.

use crate::bench::Bench;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// The version that the rules were taken from.
const VERSION: &str = "3.1.0";

/// The program, installed once into the target directory; absent, with the reason printed, where that does not work.
pub(crate) fn cli() -> Option<&'static Path> {
    static CLI: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    match CLI.get_or_init(install) {
        Ok(path) => Some(path),
        Err(why) => {
            println!("skipped: the Supabase CLI is not here: {why}");
            None
        }
    }
}

fn install() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("supabase-cli");
    let program = folder.join("node_modules/.bin/supabase");
    let is_there = || {
        let said = Command::new(&program).arg("--version").output().ok()?;
        String::from_utf8_lossy(&said.stdout)
            .contains(VERSION)
            .then_some(())
    };
    if is_there().is_some() {
        return Ok(program);
    }
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    std::fs::write(folder.join("package.json"), "{\"private\":true}")
        .map_err(|error| error.to_string())?;
    let installed = Command::new("npm")
        .args([
            "install",
            "--no-audit",
            "--no-fund",
            &format!("supabase@{VERSION}"),
        ])
        .current_dir(&folder)
        .output()
        .map_err(|error| format!("npm: {error}"))?;
    match is_there() {
        Some(()) => Ok(program),
        None => Err(String::from_utf8_lossy(&installed.stderr).trim().to_owned()),
    }
}

/// Runs the CLI in a project, against its database.
pub(crate) fn supabase(bench: &Bench, arguments: &[&str]) -> Output {
    Command::new(cli().unwrap())
        .args(arguments)
        .arg(format!("--remote={}", bench.url))
        .current_dir(bench.root.path())
        .env("DO_NOT_TRACK", "1")
        .env("SUPABASE_TELEMETRY_DISABLED", "1")
        .env("HOME", bench.root.path())
        .output()
        .unwrap()
}

/// Runs the CLI, which must succeed; everything it said.
pub(crate) fn succeeds(bench: &Bench, arguments: &[&str]) -> String {
    let output = supabase(bench, arguments);
    let said = said(&output);
    assert!(output.status.success(), "{arguments:?}: {said}");
    said
}

/// Everything a run said, stdout and stderr.
pub(crate) fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
