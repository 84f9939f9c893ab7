//! The arrows of the design, section 3: which top-level module may name which.

use super::tree::{self, Source};
use std::collections::BTreeSet;

/// A module and the modules it may import.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("main", &["cli", "shell"]),
    ("cli", &["ops", "adapters", "ports", "domain"]),
    (
        "shell",
        &["app", "ui", "ops", "adapters", "ports", "domain"],
    ),
    ("ui", &["app", "domain"]),
    ("app", &["domain"]),
    ("ops", &["domain", "ports"]),
    ("adapters", &["ports", "domain"]),
    ("ports", &["domain"]),
    ("domain", &[]),
];

/// Files with one more arrow than their module has, each with its reason.
const EXCEPTIONS: &[(&str, &str, &str)] = &[(
    "src/cli/keys.rs",
    "app",
    "`supadeck keys` prints the table of commands that the deck reads its keys from",
)];

/// What the pure modules may not name: an executor, a network, a terminal, a clock.
const IMPURE: [&str; 8] = [
    "tokio",
    "reqwest",
    "crossterm",
    "Instant",
    "SystemTime",
    "Timestamp::now",
    "Zoned::now",
    "std::fs",
];

/// The top-level module of a file of `src/`.
fn module(source: &Source) -> &str {
    let inside = source.path.strip_prefix("src/").unwrap_or_default();
    let first = inside.split('/').next().unwrap_or_default();
    first.strip_suffix(".rs").unwrap_or(first)
}

/// The top-level modules that a file names, by `crate::`, by `supadeck::` or by climbing with `super::`.
fn named(source: &Source) -> BTreeSet<String> {
    let code = source.code();
    let mut found = BTreeSet::new();
    for start in ["crate::", "supadeck::"] {
        for after in following(&code, start) {
            found.extend(heads(after));
        }
    }
    for after in following(&code, "super::") {
        let mut rest = after;
        let mut climbed = 1;
        while let Some(next) = rest.strip_prefix("super::") {
            rest = next;
            climbed += 1;
        }
        if climbed >= depth(source) {
            found.extend(heads(rest));
        }
    }
    found
}

/// What stands behind each `start` that is not the end of a longer path or name.
fn following<'a>(code: &'a str, start: &'a str) -> impl Iterator<Item = &'a str> {
    code.match_indices(start).filter_map(move |(at, _)| {
        let before = code[..at].chars().next_back();
        let is_whole = !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':');
        is_whole.then(|| &code[at + start.len()..])
    })
}

/// How many modules deep a file is: `src/cli/page.rs` is two.
fn depth(source: &Source) -> usize {
    let inside = source.path.strip_prefix("src/").unwrap_or_default();
    inside.split('/').filter(|part| *part != "mod.rs").count()
}

/// The first name of a path, or of each path in a group.
fn heads(path: &str) -> Vec<String> {
    let Some(group) = path.strip_prefix('{') else {
        return head(path).into_iter().collect();
    };
    let mut names = Vec::new();
    let mut level = 0;
    let mut part = String::new();
    for c in group.chars() {
        match c {
            '{' => level += 1,
            '}' if level == 0 => break,
            '}' => level -= 1,
            ',' if level == 0 => names.extend(head(&std::mem::take(&mut part))),
            c => part.push(c),
        }
    }
    names.extend(head(&part));
    names
}

fn head(path: &str) -> Option<String> {
    let name: String = path
        .trim_start()
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    let is_module = name.starts_with(|c: char| c.is_ascii_lowercase());
    (is_module && name != "super" && name != "self").then_some(name)
}

#[test]
fn nothing_imports_upwards() {
    let modules: BTreeSet<&str> = MAY_IMPORT.iter().map(|(name, _)| *name).collect();
    let mut wrong = Vec::new();
    for source in tree::rust("src") {
        let from = module(&source);
        if from == "lib" || source.is_tests() {
            continue;
        }
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == from) else {
            wrong.push(format!(
                "{}: `{from}` is no layer of the design",
                source.path
            ));
            continue;
        };
        for to in named(&source) {
            let is_exception = EXCEPTIONS
                .iter()
                .any(|(path, extra, _)| *path == source.path && *extra == to);
            let is_fine = to == from || allowed.contains(&to.as_str()) || is_exception;
            if modules.contains(to.as_str()) && !is_fine {
                wrong.push(format!("{}: `{from}` may not import `{to}`", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn app_and_domain_stay_pure() {
    let mut wrong = Vec::new();
    for source in tree::rust("src") {
        if !matches!(module(&source), "app" | "domain") || source.is_tests() {
            continue;
        }
        let code = source.code();
        for name in IMPURE {
            if following(&code, name)
                .any(|after| !after.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
                || code.contains(&format!("::{name}"))
            {
                wrong.push(format!("{}: names `{name}`", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_kind_of_import_is_seen() {
    let source = |path: &str, text: &str| Source {
        path: path.to_owned(),
        text: text.to_owned(),
    };
    let names = |path: &str, text: &str| named(&source(path, text)).into_iter().collect::<Vec<_>>();
    assert_eq!(names("src/app/x.rs", "use crate::ops::migration;"), ["ops"]);
    assert_eq!(
        names(
            "src/app/x.rs",
            "use crate::{\n    domain::{a, b},\n    ui,\n};"
        ),
        ["domain", "ui"]
    );
    assert_eq!(names("src/app/x.rs", "let x = crate::cli::run();"), ["cli"]);
    assert_eq!(names("src/app/x.rs", "use super::super::shell;"), ["shell"]);
    assert_eq!(names("src/app/mod.rs", "use super::shell;"), ["shell"]);
    assert!(names("src/app/x.rs", "use super::command;").is_empty());
    assert!(names("src/app/x.rs", "// crate::cli::run\n").is_empty());
    assert!(
        names(
            "src/app/x.rs",
            "#[cfg(test)]\nmod tests {\nuse crate::ops;\n}"
        )
        .is_empty()
    );
    assert_eq!(names("src/main.rs", "supadeck::cli::run()"), ["cli"]);
}
