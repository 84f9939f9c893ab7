//! What each state means for one version, and the ways out of it. Words only: nothing is decided here.

use super::down_section::{DownSection, rolled_back_by};
use super::version::is_version;
use super::{Direction, Entry, State};
use crate::domain::text::{harmless, is_dangerous};
use serde::{Serialize, Serializer};

/// A way out of a state, by a subcommand of `supadeck migration`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// Apply the versions that are out of order too.
    ApplyOutOfOrder,
    /// Go on with the interrupted file.
    GoOn {
        /// Which of its files it is.
        direction: Direction,
        /// Whether it runs again from its first statement, not from the one it stopped at.
        from_start: bool,
    },
    /// Write what was added to an edited file into a new migration, whose name only the user can give.
    ExtractEdits {
        /// The version of the edited file.
        version: String,
    },
    /// Correct files or the history.
    Correct(Correction),
}

/// A change of files or of the history. No migration runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Correction {
    /// Write files back as they were applied.
    Restore {
        /// Their versions.
        versions: Vec<String>,
    },
    /// Have the history say something else of versions.
    Repair {
        /// What it shall say.
        status: Repair,
        /// The versions.
        versions: Vec<String>,
    },
    /// Give a migration's files another version.
    Renumber {
        /// The version, or the file's name where two files have one version.
        which: String,
        /// The new version; newer than all others when absent.
        to: Option<String>,
    },
    /// Give the files of double versions a version each.
    RenumberAll,
    /// Split a file of another tool into the migration and its rollback.
    Split {
        /// The file's name, or its version.
        which: String,
    },
}

/// What the history shall say of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Repair {
    /// The version is applied; its statements are taken from the file.
    Applied,
    /// The version is not applied.
    Reverted,
    /// The version was applied, and is recorded under another one.
    Renamed,
}

impl Repair {
    /// The word for it, the same on screen, in text and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Reverted => "reverted",
            Self::Renamed => "renamed",
        }
    }
}

impl Correction {
    /// Writes one file back.
    pub fn restore(version: &str) -> Self {
        Self::Restore {
            versions: vec![version.to_owned()],
        }
    }

    /// Has the history say something else of one version.
    pub fn repair(status: Repair, version: &str) -> Self {
        Self::Repair {
            status,
            versions: vec![version.to_owned()],
        }
    }

    /// The command, as it is typed into a shell.
    pub fn command(&self) -> String {
        command(&self.arguments())
    }

    fn arguments(&self) -> Vec<&str> {
        match self {
            Self::Restore { versions } => named(&["restore"], versions),
            Self::Repair { status, versions } => {
                named(&["repair", "--status", status.word()], versions)
            }
            Self::Renumber { which, to: None } => vec!["renumber", which],
            Self::Renumber {
                which,
                to: Some(to),
            } => vec!["renumber", which, "--to", to],
            Self::RenumberAll => vec!["renumber", "--all"],
            Self::Split { which } => vec!["split", which],
        }
    }
}

impl Resolution {
    /// The command, as it is typed into a shell.
    pub fn command(&self) -> String {
        command(&self.arguments())
    }

    fn arguments(&self) -> Vec<&str> {
        match self {
            Self::ApplyOutOfOrder => vec!["apply", "--include-out-of-order"],
            Self::GoOn {
                direction,
                from_start,
            } => {
                let how = if *from_start { "--retry" } else { "--resume" };
                vec![direction.verb(), how]
            }
            Self::ExtractEdits { version } => vec!["new", "NAME", "--from-edited", version],
            Self::Correct(correction) => correction.arguments(),
        }
    }
}

/// A way out of a version's state that is offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    /// The way; in JSON the command.
    #[serde(rename = "command", serialize_with = "as_command")]
    pub resolution: Resolution,
    /// What it does.
    pub what: String,
}

impl Suggestion {
    /// A way out; none when its command cannot be typed safely.
    pub(super) fn new(resolution: Resolution, what: impl Into<String>) -> Option<Self> {
        let mut arguments = resolution.arguments().into_iter();
        let is_safe = !arguments.any(|argument| argument.chars().any(is_dangerous));
        is_safe.then(|| Self {
            resolution,
            what: what.into(),
        })
    }

    /// The command and what it does, for a hint.
    pub fn sentence(&self) -> String {
        format!("`{}`: {}", self.resolution.command(), self.what)
    }
}

fn as_command<S: Serializer>(resolution: &Resolution, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&resolution.command())
}

/// A correction that is offered.
fn correct(correction: Correction, what: &str) -> Option<Suggestion> {
    Suggestion::new(Resolution::Correct(correction), what)
}

fn renumber(which: &str, to: Option<&str>, what: &str) -> Option<Suggestion> {
    let correction = Correction::Renumber {
        which: which.to_owned(),
        to: to.map(str::to_owned),
    };
    correct(correction, what)
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
                Suggestion::new(
                    Resolution::ApplyOutOfOrder,
                    "Applies it all the same, after the newer ones.",
                ),
                renumber(
                    version,
                    None,
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
fn two_in_one(entry: &Entry, facts: &Evidence) -> (Option<String>, Vec<Option<Suggestion>>) {
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

fn split(entry: &Entry) -> Option<Suggestion> {
    let correction = Correction::Split {
        which: format!("{}_{}.sql", entry.version, entry.name),
    };
    correct(
        correction,
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

fn edited(version: &str) -> Vec<Option<Suggestion>> {
    vec![
        correct(
            Correction::restore(version),
            "Writes the file back as it was applied; the edited one is kept.",
        ),
        Suggestion::new(
            Resolution::ExtractEdits {
                version: version.to_owned(),
            },
            "Writes what was added into a new migration, and the file back as it was applied.",
        ),
        accept(version),
    ]
}

fn accept(version: &str) -> Option<Suggestion> {
    correct(
        Correction::repair(Repair::Applied, version),
        "Records the file as it is now; the database is taken to agree with it.",
    )
}

fn missing(entry: &Entry, facts: &Evidence) -> (Option<String>, Vec<Option<Suggestion>>) {
    let version = &entry.version;
    let reverted = correct(
        Correction::repair(Repair::Reverted, version),
        "Takes it out of the history, when its work was undone by hand.",
    );
    let gone = "It was applied from a file that is not here.";
    let restore = correct(
        Correction::restore(version),
        "Writes the file back from the statements that the history stores.",
    );
    if !facts.doubt.is_empty() {
        let renumber = facts.doubt.iter().map(|file| {
            renumber(
                file,
                Some(version),
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
        Correction::restore(version).command()
    );
    (Some(note), vec![restore, reverted])
}

fn renamed(entry: &Entry) -> (Option<String>, Vec<Option<Suggestion>>) {
    let recorded = entry.recorded.as_deref().unwrap_or_default();
    let repair = Correction::repair(Repair::Renamed, &entry.version);
    let note = format!(
        "Applied as {recorded}: the history has these statements under that version. `{}` corrects it.",
        repair.command()
    );
    let ways = vec![
        correct(repair, "Gives the row of the history the file's version."),
        renumber(
            &entry.version,
            Some(recorded),
            "Gives the files the version of the history.",
        ),
    ];
    (Some(note), ways)
}

fn invalid(entry: &Entry, facts: &Evidence) -> (Option<String>, Vec<Option<Suggestion>>) {
    if let Some(why) = &facts.unreadable {
        let restore = entry.recorded.as_deref().and_then(|recorded| {
            correct(
                Correction::restore(recorded),
                "Writes the file back as it was applied; the unreadable one is kept.",
            )
        });
        return (Some(why.clone()), vec![restore]);
    }
    if facts.is_pair {
        let note = format!(
            "{} are a migration and its rollback, as golang-migrate, sqlx and postgrator name them.",
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
        correct(
            Correction::RenumberAll,
            "Gives the files of double versions a version each: one keeps it, the others get the next free one before its successor.",
        ),
        renumber(
            &own,
            None,
            "Gives this file a new version, newer than all others.",
        ),
    ];
    (Some(note), ways)
}

fn named<'a>(words: &[&'a str], versions: &'a [String]) -> Vec<&'a str> {
    let versions = versions.iter().map(String::as_str);
    words.iter().copied().chain(versions).collect()
}

/// A subcommand of `supadeck migration` as it is typed into a shell.
fn command(arguments: &[&str]) -> String {
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
            entry.ways[0].resolution.command(),
            r"supadeck migration repair --status reverted 'x; rm -rf '\'' ~'"
        );
        assert!(explained(State::Missing, "x\ny", &stored).ways.is_empty());
    }
}
