//! What a file may look like, and what may not be written into one.

use super::tree;

#[test]
fn every_file_says_what_it_owns() {
    let wrong: Vec<_> = ["src", "stack/src", "tests", "benches"]
        .iter()
        .flat_map(|folder| tree::rust(folder))
        .filter(|source| !source.text.starts_with("//! "))
        .map(|source| source.path)
        .collect();
    assert!(wrong.is_empty(), "no `//!` at the top of {wrong:?}");
}

#[test]
fn nothing_unwraps_outside_tests() {
    let mut wrong = Vec::new();
    for source in tree::rust("src").into_iter().chain(tree::rust("stack/src")) {
        if source.is_tests() {
            continue;
        }
        for (at, line) in source.code().lines().enumerate() {
            if line.contains(".unwrap()") || line.contains(".expect(\"") {
                wrong.push(format!("{}:{}: {}", source.path, at + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Where colours may be named: the themes give roles theirs, and a picture of a frame holds what was drawn.
const COLOURED: [&str; 2] = ["src/ui/theme", "src/ui/shot.rs"];

#[test]
fn views_name_roles_and_no_colours() {
    let wrong: Vec<_> = tree::rust("src/ui")
        .into_iter()
        .filter(|source| !COLOURED.iter().any(|path| source.path.starts_with(path)))
        .filter(|source| !source.is_tests())
        .filter(|source| source.code().contains("Color::"))
        .map(|source| source.path)
        .collect();
    assert!(wrong.is_empty(), "colours are named in {wrong:?}");
}

/// A child inherits what the program was given, keys and passwords included, unless its environment is cleared.
#[test]
fn every_child_has_a_cleared_environment() {
    let mut seen = 0;
    let mut wrong = Vec::new();
    for source in tree::rust("src").into_iter().chain(tree::rust("stack/src")) {
        if source.is_tests() {
            continue;
        }
        let code = source.code();
        let started =
            code.matches("Command::new(").count() - code.matches("clap::Command::new(").count();
        let cleared = code.matches(".env_clear()").count();
        seen += started;
        if started != cleared {
            wrong.push(format!(
                "{}: {started} started, {cleared} cleared",
                source.path
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        seen > 0,
        "no process is started anywhere: is this still looked for rightly?"
    );
}

/// One builder makes every HTTP client: it alone knows which requests may go through a proxy.
#[test]
fn every_http_client_comes_from_one_builder() {
    for (word, home) in [
        ("Client::builder()", "src/adapters/http.rs"),
        ("Client::new()", ""),
        ("reqwest::get(", ""),
        ("reqwest::blocking", ""),
    ] {
        let found: Vec<_> = tree::rust("src")
            .into_iter()
            .filter(|source| source.code().contains(word))
            .map(|source| source.path)
            .filter(|path| path != home)
            .collect();
        assert!(found.is_empty(), "{word} in {found:?}");
    }
}

/// Folders of one machine and hosts of package registries: a project that names them works in one place only.
/// The words are joined here, so that this file does not name them either.
fn banned() -> Vec<String> {
    [
        ["/wo", "rk/"],
        ["/ro", "ot/"],
        ["registry.np", "mjs"],
        ["static.cra", "tes.io"],
        ["index.cra", "tes.io"],
        ["py", "pi.org"],
        ["proxy.gol", "ang.org"],
        ["registry.yar", "npkg"],
    ]
    .iter()
    .map(|parts| parts.concat())
    .collect()
}

#[test]
fn no_machine_and_no_registry_is_named() {
    let banned = banned();
    let mut wrong = Vec::new();
    for source in tree::tracked() {
        // Lock files are written by the package clients and name the public index by themselves.
        if ["Cargo.lock", "fuzz/Cargo.lock"].contains(&source.path.as_str()) {
            continue;
        }
        for (at, line) in source.text.lines().enumerate() {
            for word in &banned {
                if line.contains(word.as_str()) {
                    wrong.push(format!("{}:{}: {word}", source.path, at + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
