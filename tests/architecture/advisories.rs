//! What is ignored of the advisories is ignored by name and with a reason, and the reason holds: the HTTP client that comes
//! with the `postgrest` crate never sends anything.

use super::tree;
use std::collections::{BTreeMap, BTreeSet};

/// The crate whose client is never used.
const UNUSED: &str = "postgrest";

fn table(path: &str) -> toml::Table {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(path).unwrap().parse().unwrap()
}

/// Who depends on whom in the lock file: each package with its version, and those that name it.
fn dependents() -> BTreeMap<String, BTreeSet<String>> {
    let lock = table("Cargo.lock");
    let packages = lock["package"].as_array().unwrap();
    let field = |package: &toml::Value, name: &str| package[name].as_str().unwrap().to_owned();
    let title =
        |package: &toml::Value| format!("{} {}", field(package, "name"), field(package, "version"));
    let mut dependents: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in packages {
        let needed = package.get("dependencies").and_then(toml::Value::as_array);
        for needed in needed.into_iter().flatten() {
            let words: Vec<&str> = needed.as_str().unwrap().split(' ').collect();
            for found in packages
                .iter()
                .filter(|found| field(found, "name") == words[0])
            {
                if words
                    .get(1)
                    .is_none_or(|version| field(found, "version") == *version)
                {
                    dependents
                        .entry(title(found))
                        .or_default()
                        .insert(title(package));
                }
            }
        }
    }
    dependents
}

#[test]
fn what_is_ignored_has_a_reason_and_comes_with_the_unused_client_alone() {
    let deny = table("deny.toml");
    let dependents = dependents();
    for ignored in deny["advisories"]["ignore"].as_array().unwrap() {
        let (id, reason) = (
            ignored["id"].as_str().unwrap(),
            ignored["reason"].as_str().unwrap(),
        );
        assert!(id.starts_with("RUSTSEC-"), "{id}");
        let (package, why) = reason.split_once(": ").unwrap();
        assert!(why.len() > 20, "{id}: {reason}");
        // Everybody who leads to the package is reached without passing by the unused crate: none may be the program.
        let mut waiting = vec![package.to_owned()];
        let mut reached = BTreeSet::new();
        while let Some(next) = waiting.pop() {
            if next.split(' ').next() == Some(UNUSED) || !reached.insert(next.clone()) {
                continue;
            }
            let above = dependents.get(&next);
            assert!(above.is_some(), "{id}: {next} comes without {UNUSED}");
            waiting.extend(above.into_iter().flatten().cloned());
        }
    }
}

#[test]
fn the_client_of_postgrest_never_sends() {
    let named: Vec<_> = tree::rust("src")
        .into_iter()
        .filter(|source| source.code().contains("postgrest::"))
        .collect();
    let paths: Vec<&str> = named.iter().map(|source| source.path.as_str()).collect();
    assert_eq!(
        paths,
        ["src/adapters/rest/mod.rs", "src/adapters/rest/request.rs"]
    );
    for source in &named {
        let code = source.code();
        for call in [".execute(", "execute("] {
            assert!(!code.contains(call), "{}: {call}", source.path);
        }
    }
    // Where a query is composed nothing is sent at all: it becomes a request of our own client.
    let compose = named[1].code();
    for call in [".send(", ".await", "async "] {
        assert!(!compose.contains(call), "{call}");
    }
}
