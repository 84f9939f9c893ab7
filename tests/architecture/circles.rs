//! No circle of imports between files: what a file takes from another is followed to the file that defines it, through
//! re-exports. A circle that stays has a reason.

use super::tree::{self, Source};
use std::collections::{BTreeMap, BTreeSet};

/// The circles that are left, each as its files and the reason. None may grow, and one that is cut must leave the list.
const KNOWN: &[(&[&str], &str)] = &[
    (
        &[
            "src/adapters/auth/ending.rs",
            "src/adapters/auth/session_store.rs",
            "src/adapters/auth/mod.rs",
            "src/adapters/auth/error.rs",
            "src/adapters/auth/mfa.rs",
            "src/adapters/auth/client.rs",
            "src/adapters/rest/send.rs",
            "src/adapters/rest/mod.rs",
            "src/adapters/rest/error.rs",
        ],
        "auth and rest share helpers of one HTTP client; they go to `http.rs` with the engine's floor plan",
    ),
    (
        &[
            "src/adapters/connect/keys.rs",
            "src/adapters/connect/mod.rs",
        ],
        "the keys of a profile are looked up with the settings that the folder defines",
    ),
    (
        &[
            "src/adapters/management/query.rs",
            "src/adapters/management/database.rs",
            "src/adapters/management/session.rs",
            "src/adapters/management/call_supervisor.rs",
        ],
        "the session holds the database that made it; it is to take the client alone",
    ),
    (
        &[
            "src/adapters/postgres/non_transactional.rs",
            "src/adapters/postgres/answers.rs",
            "src/adapters/postgres/batch.rs",
            "src/adapters/postgres/connection.rs",
            "src/adapters/postgres/database.rs",
            "src/adapters/postgres/supervisor.rs",
            "src/adapters/postgres/control_connection.rs",
            "src/adapters/postgres/per_statement.rs",
            "src/adapters/postgres/activity_monitor.rs",
            "src/adapters/postgres/timeout.rs",
            "src/adapters/postgres/session.rs",
            "src/adapters/postgres/non_transactional_worker.rs",
        ],
        "the engine's files hand `PgDatabase` down; a connector is to take its place",
    ),
    (
        &["src/app/answers.rs", "src/app/sign_in.rs"],
        "a sign-in is an answer and asks for the next one",
    ),
    (
        &[
            "src/app/availability.rs",
            "src/app/browse.rs",
            "src/app/copy.rs",
            "src/app/dialog/confirm.rs",
            "src/app/dialog/confirm_layout.rs",
            "src/app/dialog/edit.rs",
            "src/app/dialog/explain.rs",
            "src/app/dialog/export.rs",
            "src/app/dialog/filter.rs",
            "src/app/dialog/help.rs",
            "src/app/dialog/identity.rs",
            "src/app/dialog/mfa.rs",
            "src/app/dialog/mod.rs",
            "src/app/dialog/new_file.rs",
            "src/app/dialog/onboarding.rs",
            "src/app/dialog/palette.rs",
            "src/app/dialog/questions.rs",
            "src/app/dialog/resolutions.rs",
            "src/app/dialog/unlock.rs",
            "src/app/execute.rs",
            "src/app/jobs.rs",
            "src/app/model.rs",
            "src/app/msg.rs",
            "src/app/planning.rs",
            "src/app/reads.rs",
            "src/app/requests.rs",
            "src/app/screen/home.rs",
            "src/app/screen/seeds.rs",
            "src/app/scroll.rs",
        ],
        "dialogs act on the whole model; they are to return what they want done",
    ),
    (
        &["src/cli/profile/collect.rs", "src/cli/profile/linked.rs"],
        "what is collected knows its origin, which says what is missing",
    ),
    (
        &["src/domain/cycle.rs", "src/domain/lock.rs"],
        "a cycle knows its weeks, and a week its cycle",
    ),
    (
        &[
            "src/domain/database_url/fault.rs",
            "src/domain/database_url/mod.rs",
            "src/domain/database_url/parameter.rs",
            "src/domain/database_url/parse.rs",
            "src/domain/database_url/surroundings.rs",
            "src/domain/project_url.rs",
        ],
        "the parts of a URL and the faults of its text name each other",
    ),
    (
        &[
            "src/domain/dry_run/effects.rs",
            "src/domain/dry_run/losses.rs",
        ],
        "a loss is counted with the figures of the ledger that found it",
    ),
    (
        &[
            "src/domain/lint/allow.rs",
            "src/domain/lint/definers.rs",
            "src/domain/lint/mod.rs",
            "src/domain/lint/read.rs",
            "src/domain/lint/read/access.rs",
            "src/domain/lint/read/alter.rs",
            "src/domain/lint/read/body.rs",
            "src/domain/lint/read/column.rs",
            "src/domain/lint/read/create.rs",
            "src/domain/lint/read/data.rs",
            "src/domain/lint/read/definer.rs",
            "src/domain/lint/read/drop.rs",
            "src/domain/lint/read/lint.rs",
            "src/domain/lint/read/maintain.rs",
            "src/domain/lint/read/outside.rs",
            "src/domain/lint/read/visit.rs",
            "src/domain/lint/context.rs",
        ],
        "a recursive visitor: statements hold statements",
    ),
    (
        &[
            "src/domain/migration/history.rs",
            "src/domain/migration/interruption.rs",
            "src/domain/migration/limit.rs",
            "src/domain/migration/mod.rs",
            "src/domain/migration/resolution.rs",
            "src/domain/script.rs",
        ],
        "an interruption is told by the history that it stands in",
    ),
    (
        &["src/ops/doctor.rs", "src/ops/doctor/weeksmith.rs"],
        "the check of the schema's tables is one of the doctor's checks",
    ),
    (
        &["src/ops/migration/diff.rs", "src/ops/migration/list.rs"],
        "a list compares files, and a comparison begins with the list",
    ),
    (
        &[
            "src/ops/migration/error.rs",
            "src/ops/migration/error/interrupted.rs",
        ],
        "parts of one subject, which were two files for their size",
    ),
    (
        &[
            "src/ops/migration/plan.rs",
            "src/ops/migration/resume.rs",
            "src/ops/migration/rollback_file.rs",
        ],
        "a resumed file is a plan of one step",
    ),
    (
        &[
            "src/shell/editor.rs",
            "src/shell/ending.rs",
            "src/shell/guide.rs",
            "src/shell/live.rs",
            "src/shell/mod.rs",
            "src/shell/open_project.rs",
            "src/shell/runner.rs",
            "src/shell/signal.rs",
            "src/shell/terminal.rs",
            "src/shell/trail.rs",
        ],
        "the start of the deck and its loop name each other",
    ),
];

/// The modules below `src/`, by their paths.
struct Modules {
    files: BTreeMap<Vec<String>, File>,
}

struct File {
    path: String,
    code: String,
    uses: Vec<Use>,
}

/// One name that a `use` brings into a file.
struct Use {
    /// The name it has here; `*` for all of them.
    name: String,
    /// Where it comes from, beginning at the root of the crate.
    from: Vec<String>,
    /// Whether it is only passed on: such a name is no import of this file.
    is_passed_on: bool,
}

impl Modules {
    fn of(sources: &[Source]) -> Self {
        let mut files = BTreeMap::new();
        for source in sources.iter().filter(|source| !source.is_tests()) {
            let module = module(&source.path);
            let code = without_strings(&source.code());
            let uses = uses(&code, &module);
            let path = source.path.clone();
            files.insert(module, File { path, code, uses });
        }
        Self { files }
    }

    /// The module that defines what a path names; `None` for a module itself and for what is of another crate.
    fn definer(&self, path: &[String], depth: usize) -> Option<Vec<String>> {
        let mut module: Vec<String> = Vec::new();
        for (at, part) in path.iter().enumerate() {
            module.push(part.clone());
            if self.files.contains_key(&module) {
                continue;
            }
            module.pop();
            let file = self.files.get(&module)?;
            if defines(&file.code, part) || depth == 0 {
                return Some(module);
            }
            let rest = &path[at + 1..];
            let on = |from: &[String]| [from, rest].concat();
            if let Some(used) = file.uses.iter().find(|used| used.name == *part) {
                return self.definer(&on(&used.from), depth - 1);
            }
            for glob in file.uses.iter().filter(|used| used.name == "*") {
                let inner = [&glob.from[..], std::slice::from_ref(part)].concat();
                let found = self.definer(&inner, depth - 1);
                let is_there = |module: &Vec<String>| defines(&self.files[module].code, part);
                if let Some(found) = found.filter(is_there) {
                    return Some(found);
                }
            }
            return Some(module);
        }
        None
    }

    /// The files that each file takes something from.
    fn arrows(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut arrows: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (module, file) in &self.files {
            let to = arrows.entry(&file.path).or_default();
            let own = file.uses.iter().filter(|used| !used.is_passed_on);
            let mut paths: Vec<Vec<String>> = own.map(|used| used.from.clone()).collect();
            for written in paths_in(&without_uses(&file.code)) {
                let first = written[0].as_str();
                let inside = [&module[..], &[first.to_owned()]].concat();
                if matches!(first, "crate" | "super" | "self") {
                    paths.extend(absolute(&written, module));
                } else if let Some(used) = file.uses.iter().find(|used| used.name == first) {
                    paths.push([&used.from[..], &written[1..]].concat());
                } else if self.files.contains_key(&inside) {
                    paths.push([&module[..], &written[..]].concat());
                }
            }
            for path in paths {
                if let Some(found) = self.definer(&path, 8).filter(|found| found != module) {
                    to.insert(&self.files[&found].path);
                }
            }
        }
        arrows
    }
}

fn module(path: &str) -> Vec<String> {
    let inside = path.strip_prefix("src/").unwrap_or(path);
    let inside = inside.trim_end_matches(".rs");
    let mut parts: Vec<String> = inside.split('/').map(str::to_owned).collect();
    if matches!(parts.last().map(String::as_str), Some("mod" | "lib")) {
        parts.pop();
    }
    parts
}

/// The code with nothing in its strings.
fn without_strings(code: &str) -> String {
    let mut out = String::with_capacity(code.len());
    let mut chars = code.chars().peekable();
    let mut is_inside = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' if is_inside => drop(chars.next()),
            '\'' if !is_inside && chars.peek() == Some(&'"') => drop(chars.next()),
            '"' => is_inside = !is_inside,
            _ if is_inside => {}
            c => out.push(c),
        }
    }
    out
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether a file defines an item of that name, at any depth.
fn defines(code: &str, name: &str) -> bool {
    let kinds = [
        "fn ",
        "struct ",
        "enum ",
        "trait ",
        "type ",
        "const ",
        "static ",
        "union ",
        "macro_rules! ",
    ];
    code.match_indices(name).any(|(at, _)| {
        let is_whole = !code[at + name.len()..].starts_with(is_word);
        is_whole && kinds.iter().any(|kind| code[..at].ends_with(kind))
    })
}

/// A path of the crate from its root; `None` where it leads elsewhere.
fn absolute(path: &[String], module: &[String]) -> Option<Vec<String>> {
    match path.first()?.as_str() {
        "crate" => Some(path[1..].to_vec()),
        "self" => Some([module, &path[1..]].concat()),
        "super" => {
            let climbed = path.iter().take_while(|part| *part == "super").count();
            let kept = module.len().checked_sub(climbed)?;
            Some([&module[..kept], &path[climbed..]].concat())
        }
        _ => None,
    }
}

/// What the `use` lines of a file bring in.
fn uses(code: &str, module: &[String]) -> Vec<Use> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("use ") {
        if code[..at].ends_with(is_word) {
            continue;
        }
        let Some(end) = code[at..].find(';') else {
            continue;
        };
        let line = code[..at].rsplit('\n').next().unwrap_or_default();
        let is_passed_on = line.trim_start().starts_with("pub");
        tree_of(&code[at + 4..at + end], &[], &mut |path, name| {
            let own = absolute(path, module).or_else(|| {
                // A path that begins with a child of the module, as in `pub use plan::Plan`.
                (!path.is_empty()).then(|| [module, path].concat())
            });
            if let Some(from) = own {
                found.push(Use {
                    name,
                    from,
                    is_passed_on,
                });
            }
        });
    }
    found
}

/// The code without its `use` lines.
fn without_uses(code: &str) -> String {
    let mut out = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find("use ") {
        out.push_str(&rest[..at]);
        if out.ends_with(is_word) {
            out.push_str("use ");
            rest = &rest[at + 4..];
        } else {
            rest = rest[at..].split_once(';').map_or("", |(_, after)| after);
        }
    }
    out.push_str(rest);
    out
}

/// Each path of a tree of imports, with the name that it gets.
fn tree_of(text: &str, head: &[String], each: &mut dyn FnMut(&[String], String)) {
    let text = text.trim();
    if let Some((before, group)) = text.split_once('{') {
        let mut path = head.to_vec();
        let names = before
            .split("::")
            .map(str::trim)
            .filter(|part| !part.is_empty());
        path.extend(names.map(str::to_owned));
        let group = group.trim().strip_suffix('}').unwrap_or(group);
        let (mut level, mut from) = (0, 0);
        for (at, c) in group.char_indices() {
            match c {
                '{' => level += 1,
                '}' => level -= 1,
                ',' if level == 0 => {
                    tree_of(&group[from..at], &path, each);
                    from = at + 1;
                }
                _ => {}
            }
        }
        tree_of(&group[from..], &path, each);
        return;
    }
    if text.is_empty() {
        return;
    }
    let (written, alias) = match text.split_once(" as ") {
        Some((written, alias)) => (written, Some(alias.trim().to_owned())),
        None => (text, None),
    };
    let mut path = head.to_vec();
    path.extend(written.split("::").map(|part| part.trim().to_owned()));
    if path.last().is_some_and(|last| last == "self") && path.len() > 1 {
        path.pop();
    }
    let last = path.last().cloned().unwrap_or_default();
    if last == "*" {
        path.pop();
    }
    each(&path, alias.unwrap_or(last));
}

/// The paths of two and more parts that are written in the code.
fn paths_in(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find("::") {
        let start = rest[..at]
            .rfind(|c: char| !is_word(c))
            .map_or(0, |before| before + 1);
        let mut path = vec![rest[start..at].to_owned()];
        let mut after = &rest[at + 2..];
        loop {
            let end = after.find(|c: char| !is_word(c)).unwrap_or(after.len());
            if end == 0 {
                break;
            }
            path.push(after[..end].to_owned());
            after = &after[end..];
            match after.strip_prefix("::") {
                Some(next) => after = next,
                None => break,
            }
        }
        if path.len() > 1 && !path[0].is_empty() {
            found.push(path);
        }
        rest = after;
    }
    found
}

/// The circles of a graph: each group of files that all lead to each other.
fn circles<'a>(arrows: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<Vec<&'a str>> {
    let reached = |from: &'a str| {
        let mut seen = BTreeSet::new();
        let mut open = vec![from];
        while let Some(next) = open.pop() {
            for to in arrows.get(next).into_iter().flatten() {
                if seen.insert(*to) {
                    open.push(to);
                }
            }
        }
        seen
    };
    let reach: BTreeMap<&str, BTreeSet<&str>> =
        arrows.keys().map(|from| (*from, reached(from))).collect();
    let circle = |from: &&'a str| {
        let others = reach[from].iter();
        let both = others.filter(|to| reach.get(**to).is_some_and(|back| back.contains(from)));
        both.copied().collect::<Vec<_>>()
    };
    arrows
        .keys()
        .map(circle)
        .filter(|files| !files.is_empty())
        .collect()
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let modules = Modules::of(&tree::rust("src"));
    let arrows = modules.arrows();
    let found = circles(&arrows);
    let mut wrong = Vec::new();
    for files in &found {
        let is_known = KNOWN
            .iter()
            .any(|(known, _)| files.iter().all(|file| known.contains(file)));
        if !is_known {
            let mut text = files.join(" ");
            for file in files {
                for to in arrows[file].iter().filter(|to| files.contains(to)) {
                    text.push_str(&format!("\n    {file} -> {to}"));
                }
            }
            wrong.push(text);
        }
    }
    assert!(
        wrong.is_empty(),
        "{} circles:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    for (known, reason) in KNOWN {
        let is_there = found
            .iter()
            .any(|files| known.iter().all(|file| files.contains(file)));
        assert!(is_there, "{known:?} is no circle any more");
        assert!(reason.len() > 20, "{known:?}: {reason}");
    }
}

#[test]
fn a_name_is_followed_to_the_file_that_defines_it() {
    let source = |path: &str, text: &str| Source {
        path: path.to_owned(),
        text: text.to_owned(),
    };
    let arrows_of = |sources: &[Source]| {
        let modules = Modules::of(sources);
        let arrows = modules.arrows();
        let mut shown = Vec::new();
        for (from, to) in arrows {
            shown.extend(to.into_iter().map(|to| format!("{from} -> {to}")));
        }
        shown
    };
    let through = [
        source(
            "src/a/mod.rs",
            "mod b;\nmod c;\npub use b::B;\npub struct A;\n",
        ),
        source("src/a/b.rs", "pub struct B;\n"),
        source("src/a/c.rs", "use super::B;\n"),
        source("src/d.rs", "use crate::a::{self, A};\nfn f() { a::B; }\n"),
    ];
    assert_eq!(
        arrows_of(&through),
        [
            "src/a/c.rs -> src/a/b.rs",
            "src/d.rs -> src/a/b.rs",
            "src/d.rs -> src/a/mod.rs"
        ]
    );
    let circle = [
        source(
            "src/a/mod.rs",
            "mod b;\npub struct A;\nfn f() { b::g(); }\n",
        ),
        source("src/a/b.rs", "use super::A;\npub fn g() {}\n"),
    ];
    let modules = Modules::of(&circle);
    assert_eq!(circles(&modules.arrows()).len(), 1);
    let modules = Modules::of(&through);
    assert!(circles(&modules.arrows()).is_empty());
}
