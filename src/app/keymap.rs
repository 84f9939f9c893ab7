//! Which key asks for which command: the built-in `config/keymap.toml` with the user's own file laid over it.
//! Every fault of a file is reported at once, with its line and, where one can be guessed, what was meant.

use super::command::{Command, Context, TABLE};
use super::key::Key;
use crate::domain::hidden::{shown, without_value};
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// The built-in keymap file.
pub const BUILT_IN: &str = include_str!("../../config/keymap.toml");

/// The keys of every command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keymap {
    keys: BTreeMap<Command, Vec<Key>>,
}

/// A fault in a keymap file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Line, counting from 1.
    pub line: usize,
    /// What is wrong, with a suggestion where there is one.
    pub what: String,
}

type File = BTreeMap<Spanned<String>, Spanned<Vec<Spanned<String>>>>;

#[derive(Deserialize)]
struct Document {
    #[serde(flatten)]
    lines: BTreeMap<String, toml::Value>,
}

impl Default for Keymap {
    fn default() -> Self {
        Self {
            keys: BTreeMap::new(),
        }
        .with(BUILT_IN)
        .0
    }
}

impl Keymap {
    /// Lays a user's file over this keymap. Lines with a fault are left out; the rest holds.
    pub fn with(mut self, text: &str) -> (Self, Vec<Fault>) {
        let mut faults = Vec::new();
        let file: File = match toml::from_str(text) {
            Ok(file) => file,
            Err(error) => {
                let line = error.span().map_or(1, |span| line_of(text, span.start));
                let hint = match toml::from_str::<Document>(text) {
                    Ok(document) => wrong_type(&document),
                    Err(_) => None,
                };
                let what = hint.unwrap_or_else(|| without_value(error.message()));
                return (self, vec![Fault { line, what }]);
            }
        };
        let mut own = BTreeMap::new();
        for (id, keys) in &file {
            let line = line_of(text, id.span().start);
            let Some(command) = Command::by_id(id.get_ref()) else {
                faults.push(Fault {
                    line,
                    what: unknown_command(id.get_ref()),
                });
                continue;
            };
            let mut good = Vec::new();
            for key in keys.get_ref() {
                match key.get_ref().parse::<Key>() {
                    Ok(key) if is_swallowed(command, key) => faults.push(Fault {
                        line: line_of(text, keys.span().start),
                        what: format!("`{key}` is typed as a character in dialogs; use a key with ctrl or alt."),
                    }),
                    Ok(key) => good.push(key),
                    Err(why) => {
                        let line = line_of(text, key.span().start);
                        faults.push(Fault { line, what: format!("{why}; see the list at the head of the file.") });
                    }
                }
            }
            own.insert(command, (line, good));
        }
        // Two commands that swap their keys must not trip over each other.
        self.keys.retain(|command, _| !own.contains_key(command));
        for (command, (line, keys)) in own {
            self.give(command, keys, line, &mut faults);
        }
        faults.sort_by_key(|fault| fault.line);
        (self, faults)
    }

    /// Gives a command its keys. A key that another command in the same place already has from this or the built-in
    /// file is a fault, and stays where it was.
    fn give(&mut self, command: Command, keys: Vec<Key>, line: usize, faults: &mut Vec<Fault>) {
        let context = command.spec().context;
        let mut kept = Vec::new();
        for key in keys {
            let holder = self.keys.iter().find(|(other, held)| {
                **other != command && held.contains(&key) && other.spec().context.overlaps(context)
            });
            match holder {
                Some((other, _)) => faults.push(Fault {
                    line,
                    what: format!(
                        "`{key}` already belongs to `{}`; give that command other keys as well.",
                        other.spec().id
                    ),
                }),
                None => kept.push(key),
            }
        }
        self.keys.insert(command, kept);
    }

    /// The command that a key asks for where these contexts are live, the first context first.
    pub fn command(&self, key: Key, contexts: &[Context]) -> Option<Command> {
        contexts.iter().find_map(|context| {
            let hit = |(command, keys): &(&Command, &Vec<Key>)| {
                command.spec().context == *context && keys.contains(&key)
            };
            self.keys.iter().find(hit).map(|(command, _)| *command)
        })
    }

    /// The keys of a command.
    pub fn keys(&self, command: Command) -> &[Key] {
        self.keys.get(&command).map_or(&[], Vec::as_slice)
    }

    /// The keys of a command as text, such as `j, down`.
    pub fn keys_text(&self, command: Command) -> String {
        self.keys(command)
            .iter()
            .map(Key::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// The first key of a command as text; empty when it has none.
    pub fn first_key(&self, command: Command) -> String {
        self.keys(command)
            .first()
            .map(Key::to_string)
            .unwrap_or_default()
    }
}

fn is_swallowed(command: Command, key: Key) -> bool {
    command.spec().context == Context::Dialog && key.typed().is_some()
}

fn line_of(text: &str, byte: usize) -> usize {
    text.as_bytes()
        .iter()
        .take(byte)
        .filter(|b| **b == b'\n')
        .count()
        + 1
}

fn unknown_command(id: &str) -> String {
    let near = TABLE
        .iter()
        .map(|spec| (similar::TextDiff::from_chars(id, spec.id).ratio(), spec.id))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(ratio, _)| *ratio > 0.6);
    match near {
        Some((_, near)) => format!(
            "There is no command `{}`; did you mean `{near}`?",
            shown(id)
        ),
        None => format!(
            "There is no command `{}`; `supadeck keys` lists them.",
            shown(id)
        ),
    }
}

fn wrong_type(document: &Document) -> Option<String> {
    let (id, _) = document.lines.iter().find(|(_, value)| !value.is_array())?;
    Some(format!(
        "`{}` wants a list of keys, such as [\"x\"]; quote the whole name, dot included.",
        shown(id)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_file_has_no_fault_and_names_every_command() {
        let (keymap, faults) = Keymap {
            keys: BTreeMap::new(),
        }
        .with(BUILT_IN);
        assert_eq!(faults, []);
        for spec in TABLE {
            assert!(
                !keymap.keys(spec.command).is_empty(),
                "{} has no key",
                spec.id
            );
        }
    }

    #[test]
    fn the_first_live_context_wins() {
        let keymap = Keymap::default();
        let a = Key::char('a');
        assert_eq!(
            keymap.command(a, &[Context::Migrations, Context::Global]),
            Some(Command::Apply)
        );
        assert_eq!(
            keymap.command(a, &[Context::Seeds, Context::Global]),
            Some(Command::SeedApply)
        );
        assert_eq!(keymap.command(a, &[Context::Global]), None);
    }

    #[test]
    fn every_fault_is_reported_with_its_line() {
        let text = "\"app.quti\" = [\"x\"]\n\"app.help\" = [\"hyper-x\"]\n\"app.theme\" = [\"q\"]\n\"dialog.confirm\" = [\"y\"]\n";
        let (_, faults) = Keymap::default().with(text);
        let lines: Vec<usize> = faults.iter().map(|fault| fault.line).collect();
        assert_eq!(lines, [1, 2, 3, 4]);
        assert!(
            faults[0].what.contains("did you mean `app.quit`?"),
            "{}",
            faults[0].what
        );
    }

    #[test]
    fn a_user_line_replaces_and_an_empty_list_takes_away() {
        let (keymap, faults) =
            Keymap::default().with("\"app.quit\" = [\"Q\"]\n\"app.theme\" = []\n");
        assert_eq!(faults, []);
        assert_eq!(keymap.keys_text(Command::Quit), "Q");
        assert_eq!(keymap.command(Key::char('T'), &[Context::Global]), None);
    }

    #[test]
    fn two_commands_can_swap_their_keys() {
        let (keymap, faults) =
            Keymap::default().with("\"app.quit\" = [\"r\"]\n\"app.refresh\" = [\"q\"]\n");
        assert_eq!(faults, []);
        assert_eq!(keymap.keys_text(Command::Refresh), "q");
    }

    #[test]
    fn a_dotted_name_without_quotes_is_explained() {
        let (_, faults) = Keymap::default().with("app.quit = [\"x\"]\n");
        assert!(
            faults[0].what.contains("quote the whole name"),
            "{}",
            faults[0].what
        );
    }
}
