//! The TypeScript compiler, Zod and the Supabase CLI, from npm: what generated types are compared with and compiled by.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// The packages; Zod 3 beside Zod 4.
const PACKAGES: [&str; 4] = [
    "supabase@3.1.0",
    "typescript@7.0.2",
    "zod@4.6.7",
    "zod3@npm:zod@3.25.76",
];

/// The folder of the packages, installed once into the target directory; absent, with the reason printed, where that does not work.
pub fn packages() -> Option<&'static Path> {
    static FOLDER: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    match FOLDER.get_or_init(install) {
        Ok(folder) => Some(folder),
        Err(why) => {
            println!("skipped: Node.js with its packages is not here: {why}");
            None
        }
    }
}

fn install() -> Result<PathBuf, String> {
    let text = |error: std::io::Error| error.to_string();
    let node = Command::new("node").arg("--version").output();
    node.map_err(|error| format!("node: {error}"))?;
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let named = PACKAGES.join(" ").replace(['@', ':', ' '], "-");
    let folder = target.join(named);
    if folder.is_dir() {
        return Ok(folder);
    }
    // Another test may install at the same time: each makes a folder of its own, and the first one stays.
    let own = tempfile::Builder::new()
        .prefix("types-npm")
        .tempdir_in(target);
    let own = own.map_err(text)?;
    fs::write(
        own.path().join("package.json"),
        "{\"private\":true,\"type\":\"module\"}",
    )
    .map_err(text)?;
    let installed = Command::new("npm")
        .args(["install", "--no-audit", "--no-fund"])
        .args(PACKAGES)
        .current_dir(own.path())
        .output()
        .map_err(|error| format!("npm: {error}"))?;
    if !installed.status.success() {
        return Err(String::from_utf8_lossy(&installed.stderr).trim().to_owned());
    }
    match fs::rename(own.path(), &folder) {
        Ok(()) => {}
        Err(_) if folder.is_dir() => {}
        Err(error) => return Err(error.to_string()),
    }
    Ok(folder)
}

/// A folder beside the packages, so that modules in it find them.
pub fn folder(packages: &Path) -> tempfile::TempDir {
    tempfile::tempdir_in(packages).unwrap()
}

/// Compiles a file, with every check on.
pub fn compile(packages: &Path, folder: &Path, file: &str) -> Output {
    let compiler = packages.join("node_modules/.bin/tsc");
    let module = ["--module", "nodenext", "--moduleResolution", "nodenext"];
    Command::new(compiler)
        .args([
            "--strict",
            "--noUncheckedIndexedAccess",
            "--skipLibCheck",
            "--pretty",
            "false",
        ])
        .args(["--target", "es2022"])
        .args(module)
        .arg(file)
        .current_dir(folder)
        .output()
        .unwrap()
}

/// What the Supabase CLI generates for a schema.
pub fn supabase_types(packages: &Path, home: &Path, url: &str, schema: &str) -> String {
    let output = Command::new(packages.join("node_modules/.bin/supabase"))
        .args(["gen", "types", "--schema", schema])
        .arg(format!("--remote={url}"))
        .current_dir(home)
        .env("HOME", home)
        .env("DO_NOT_TRACK", "1")
        .env("SUPABASE_TELEMETRY_DISABLED", "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    // Warnings may stand before the file.
    let Some(start) = text.find("export type Json") else {
        panic!("{text}{}", String::from_utf8_lossy(&output.stderr));
    };
    text[start..].to_owned()
}
