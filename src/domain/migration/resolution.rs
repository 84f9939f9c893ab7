//! What each state means for one version, and the commands that lead out of it. Words only: nothing is decided here.

use super::down_section::{DownSection, rolled_back_by};
use super::version::is_version;
use super::{Entry, State};
use crate::domain::text::{harmless, is_dangerous};
use serde::Serialize;

/// One way out of a state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Resolution {
    /// The command, as it can be typed.
    pub command: String,
    /// What it does.
    pub what: String,
    /// The words behind `supadeck migration`, for a program that carries it out itself.
    #[serde(skip)]
    pub arguments: Vec<String>,
}

/// What is known of a version beside its state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Whether the history stores its statements.
    pub has_statements: bool,
    /// Files that could each be the one it was applied from, by version.
    pub doubt: Vec<String>,
    /// The names of all files with the version, when there are several.
    pub copies: Vec<String>,
    /// Whether these are a migration and its rollback.
    pub is_pair: bool,
    /// Why its file cannot be read.
    pub unreadable: Option<String>,
    /// Where another tool's rollback begins in the file.
    pub down_section: Option<DownSection>,
}

/// Gives an entry its note and its ways out.
pub fn explain(entry: &mut Entry, facts: &Evidence) {
    let version = &entry.version;
    let (note, ways) = match entry.state {
        State::Pending | State::OutOfOrder if facts.down_section.is_some() => {
            two_in_one(entry, facts)
        }
        State::Pending | State::OutOfOrder if rolled_back_by(&entry.name).is_some() => {
            (Some(lone_rollback(entry)), Vec::new())
        }
        State::Pending => (None, Vec::new()),
        State::Applied if !facts.has_statements => (
            Some("The history stores no statements to compare with.".to_owned()),
            vec![accept(version)],
        ),
        State::Applied => (None, Vec::new()),
        State::OutOfOrder => (
            Some("It is older than the newest applied version.".to_owned()),
            vec![
                resolution(
                    &["apply", "--include-out-of-order"],
                    "Applies it all the same, after the newer ones.",
                ),
                resolution(
                    &["renumber", version],
                    "Gives its files a new version, newer than all others.",
                ),
            ],
        ),
        State::Edited => (
            Some(format!(
                "The file's text differs from what was applied: see `{}`.",
                command(&["diff", version])
            )),
            edited(version),
        ),
        State::Missing => missing(entry, facts),
        State::Renamed => renamed(entry),
        State::Invalid => invalid(entry, facts),
        // What stopped it is known elsewhere, and the words with it.
        State::Interrupted => return,
    };
    entry.note = note;
    entry.ways = ways.into_iter().flatten().collect();
}

/// The file holds its rollback too.
fn two_in_one(entry: &Entry, facts: &Evidence) -> (Option<String>, Vec<Option<Resolution>>) {
    let note = facts.down_section.as_ref().map(|section| {
        format!(
            "Its rollback is in the same file, after `{}` on line {}, as {} writes it: both would run.",
            harmless(&section.marker),
            section.line,
            section.tool
        )
    });
    (note, vec![split(entry)])
}

fn split(entry: &Entry) -> Option<Resolution> {
    let file = format!("{}_{}.sql", entry.version, entry.name);
    resolution(
        &["split", &file],
        "Writes the migration and its rollback as two files.",
    )
}

/// The file is named as a rollback, and there is no migration of that name. The Supabase CLI applies it too.
fn lone_rollback(entry: &Entry) -> String {
    let name = rolled_back_by(&entry.name).unwrap_or(&entry.name);
    format!(
        "By its name it is the rollback of {name}; it runs as a migration. Move it to rollback/{}_{name}.sql, or give it another name.",
        entry.version
    )
}

fn edited(version: &str) -> Vec<Option<Resolution>> {
    vec![
        resolution(
            &["restore", version],
            "Writes the file back as it was applied; the edited one is kept.",
        ),
        resolution(
            &["new", "NAME", "--from-edited", version],
            "Writes what was added into a new migration, and the file back as it was applied.",
        ),
        accept(version),
    ]
}

fn accept(version: &str) -> Option<Resolution> {
    resolution(
        &["repair", "--status", "applied", version],
        "Records the file as it is now; the database is taken to agree with it.",
    )
}

fn missing(entry: &Entry, facts: &Evidence) -> (Option<String>, Vec<Option<Resolution>>) {
    let version = &entry.version;
    let reverted = resolution(
        &["repair", "--status", "reverted", version],
        "Takes it out of the history, when its work was undone by hand.",
    );
    let gone = "It was applied from a file that is not here.";
    let restore = resolution(
        &["restore", version],
        "Writes the file back from the statements that the history stores.",
    );
    if !facts.doubt.is_empty() {
        let renumber = facts.doubt.iter().map(|file| {
            resolution(
                &["renumber", file, "--to", version],
                "Gives that file the recorded version: it is the one that was applied.",
            )
        });
        let note = format!(
            "{gone} By its statements {} could be it; that is not certain, so it is not taken for it.",
            facts.doubt.join(" or ")
        );
        return (Some(note), renumber.chain([restore, reverted]).collect());
    }
    if !facts.has_statements || !is_version(version) {
        let why = if facts.has_statements {
            "Its version is no number, so no file can have it."
        } else {
            "The history stores no statements of it: get the file from version control."
        };
        return (Some(format!("{gone} {why}")), vec![reverted]);
    }
    let note = format!(
        "{gone} `{}` writes it back.",
        command(&["restore", version])
    );
    (Some(note), vec![restore, reverted])
}

fn renamed(entry: &Entry) -> (Option<String>, Vec<Option<Resolution>>) {
    let recorded = entry.recorded.as_deref().unwrap_or_default();
    let note = format!(
        "Applied as {recorded}: the history has these statements under that version. `{}` corrects it.",
        command(&["repair", "--status", "renamed", &entry.version])
    );
    let ways = vec![
        resolution(
            &["repair", "--status", "renamed", &entry.version],
            "Gives the row of the history the file's version.",
        ),
        resolution(
            &["renumber", &entry.version, "--to", recorded],
            "Gives the files the version of the history.",
        ),
    ];
    (Some(note), ways)
}

fn invalid(entry: &Entry, facts: &Evidence) -> (Option<String>, Vec<Option<Resolution>>) {
    if let Some(why) = &facts.unreadable {
        let restore = entry.recorded.as_deref().and_then(|recorded| {
            resolution(
                &["restore", recorded],
                "Writes the file back as it was applied; the unreadable one is kept.",
            )
        });
        return (Some(why.clone()), vec![restore]);
    }
    if facts.is_pair {
        let note = format!(
            "{} are a migration and its rollback, as golang-migrate and sqlx name them.",
            facts.copies.join(" and ")
        );
        return (Some(note), vec![split(entry)]);
    }
    let note = format!(
        "More than one file has the version {}: {}.",
        entry.version,
        facts.copies.join(", ")
    );
    let own = format!("{}_{}.sql", entry.version, entry.name);
    let ways = vec![
        resolution(
            &["renumber", "--all"],
            "Gives the files of double versions a version each: one keeps it, the others get the next free one before its successor.",
        ),
        resolution(
            &["renumber", &own],
            "Gives this file a new version, newer than all others.",
        ),
    ];
    (Some(note), ways)
}

/// A way out by a subcommand of `supadeck migration`; none when its arguments cannot be typed safely.
pub(super) fn resolution(arguments: &[&str], what: &str) -> Option<Resolution> {
    let is_safe = arguments
        .iter()
        .all(|argument| !argument.chars().any(is_dangerous));
    is_safe.then(|| Resolution {
        command: command(arguments),
        what: what.to_owned(),
        arguments: arguments.iter().map(|word| (*word).to_owned()).collect(),
    })
}

/// A subcommand of `supadeck migration` as it is typed into a shell.
pub fn command(arguments: &[&str]) -> String {
    let typed: Vec<String> = arguments.iter().map(|argument| quoted(argument)).collect();
    format!("supadeck migration {}", typed.join(" "))
}

fn quoted(argument: &str) -> String {
    let is_plain = !argument.is_empty()
        && argument
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'));
    if is_plain {
        argument.to_owned()
    } else {
        format!("'{}'", argument.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explained(state: State, version: &str, facts: &Evidence) -> Entry {
        let mut entry = Entry {
            version: version.into(),
            name: "a".into(),
            state,
            reversible: false,
            way_back: crate::domain::migration::RollbackFile::Missing,
            file: None,
            note: None,
            recorded: Some("20".into()),
            ways: Vec::new(),
        };
        explain(&mut entry, facts);
        entry
    }

    #[test]
    fn every_state_that_needs_a_word_has_one_and_a_way_out() {
        let stored = Evidence {
            has_statements: true,
            copies: vec!["1_a.sql".into(), "1_b.sql".into()],
            ..Evidence::default()
        };
        for state in [
            State::OutOfOrder,
            State::Edited,
            State::Missing,
            State::Renamed,
            State::Invalid,
        ] {
            let entry = explained(state, "1", &stored);
            assert!(entry.note.is_some(), "{state:?}");
            assert!(!entry.ways.is_empty(), "{state:?}");
        }
        for state in [State::Applied, State::Pending] {
            let entry = explained(state, "1", &stored);
            assert!(entry.note.is_none() && entry.ways.is_empty(), "{state:?}");
        }
    }

    #[test]
    fn a_hostile_version_is_quoted_or_left_out() {
        let stored = Evidence {
            has_statements: true,
            ..Evidence::default()
        };
        let entry = explained(State::Missing, "x; rm -rf ' ~", &stored);
        assert_eq!(
            entry.ways[0].command,
            r"supadeck migration repair --status reverted 'x; rm -rf '\'' ~'"
        );
        assert!(explained(State::Missing, "x\ny", &stored).ways.is_empty());
    }
}
