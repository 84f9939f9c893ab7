//! Which key asks for which command: the built-in `config/keymap.toml` with the user's own file laid over it.
//! Every fault of a file is reported at once, with its line and, where one can be guessed, what was meant. A line with a fault
//! changes nothing: its command keeps the keys that it had. The deck can always be left.

use super::command::{Command, Context, TABLE};
use super::key::{Code, Key};
use super::key_guess;
use crate::domain::hidden::{shown, without_value};
use std::collections::BTreeMap;
use toml::de::{DeTable, DeValue};

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

/// The keys that a line of a file gives to a command.
struct Line {
    line: usize,
    keys: Vec<Key>,
}

/// Commands that always have a key: without one of them the deck could not be left or used.
const LASTING: [Command; 3] = [Command::Quit, Command::Cancel, Command::Confirm];

/// What a fault of the file as a whole ends with.
const WHOLE: &str = " The whole file is left out.";

impl Fault {
    /// Whether no line of the file counts.
    pub fn is_of_whole_file(&self) -> bool {
        self.what.ends_with(WHOLE)
    }
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
    /// Lays a user's file over this keymap. A line with a fault is left out as a whole; the rest holds.
    pub fn with(mut self, text: &str) -> (Self, Vec<Fault>) {
        let mut faults = Vec::new();
        let file = match DeTable::parse(text) {
            Ok(file) => file.into_inner(),
            Err(error) => return (self, unreadable(text, &error)),
        };
        let mut own = BTreeMap::new();
        for (id, keys) in &file {
            let line = line_of(text, id.span().start);
            match self.read(id.get_ref(), line, keys.get_ref(), text) {
                Ok((command, keys)) => drop(own.insert(command, Line { line, keys })),
                Err(found) => faults.extend(found),
            }
        }
        // A line that is left out gives its command the keys back, which another line may have counted on.
        while let Some((command, fault)) = self.clash(&own) {
            own.remove(&command);
            faults.push(fault);
        }
        self.keys
            .extend(own.into_iter().map(|(command, line)| (command, line.keys)));
        faults.sort_by_key(|fault| fault.line);
        (self, faults)
    }

    /// Reads a line of a file, or tells all that is wrong with it.
    fn read(
        &self,
        id: &str,
        line: usize,
        keys: &DeValue<'_>,
        text: &str,
    ) -> Result<(Command, Vec<Key>), Vec<Fault>> {
        let DeValue::Array(keys) = keys else {
            let what = wrong_type(id);
            return Err(vec![Fault { line, what }]);
        };
        let Some(command) = Command::by_id(id) else {
            let what = unknown_command(id);
            return Err(vec![Fault { line, what }]);
        };
        let mut good = Vec::new();
        let mut faults = Vec::new();
        for key in keys {
            let read = match key.get_ref() {
                DeValue::String(key) => read_key(command, key),
                _ => Err("A key is written in quotes, such as \"x\".".to_owned()),
            };
            match read {
                Ok(key) => good.push(key),
                Err(what) => faults.push(Fault {
                    line: line_of(text, key.span().start),
                    what,
                }),
            }
        }
        if good.is_empty() && faults.is_empty() && LASTING.contains(&command) {
            let what =
                format!("`{id}` keeps its keys: without one the deck could not be left or used.");
            faults.push(Fault { line, what });
        }
        if let Some(last) = faults.last_mut() {
            last.what.push_str(&self.kept(command));
        }
        if faults.is_empty() {
            Ok((command, good))
        } else {
            Err(faults)
        }
    }

    /// The first line, from the top, with a key that another command has already where both are live: from a line above it,
    /// or from what no line changes.
    fn clash(&self, own: &BTreeMap<Command, Line>) -> Option<(Command, Fault)> {
        let mut lines: Vec<(&Command, &Line)> = own.iter().collect();
        lines.sort_by_key(|(_, line)| line.line);
        let others = self
            .keys
            .iter()
            .filter(|(other, _)| !own.contains_key(other));
        let mut held: Vec<(Command, &[Key])> = others
            .map(|(other, keys)| (*other, keys.as_slice()))
            .collect();
        for (command, line) in lines {
            let context = command.spec().context;
            let holder = |key: &Key| {
                let mut held = held.iter();
                held.find(|(other, keys)| {
                    keys.contains(key) && other.spec().context.overlaps(context)
                })
            };
            let clash = line.keys.iter().find_map(|key| Some((key, holder(key)?)));
            if let Some((key, (other, _))) = clash {
                let what = format!(
                    "`{key}` already belongs to `{}`; give that command other keys as well.{}",
                    other.spec().id,
                    self.kept(*command)
                );
                return Some((
                    *command,
                    Fault {
                        line: line.line,
                        what,
                    },
                ));
            }
            held.push((*command, &line.keys));
        }
        None
    }

    /// Says which keys a command keeps because its line has a fault.
    fn kept(&self, command: Command) -> String {
        match self.keys_text(command) {
            keys if keys.is_empty() => String::new(),
            keys => format!(" It keeps {keys}."),
        }
    }

    /// The command that a key asks for where these contexts are live, the first context first.
    pub fn command(&self, key: Key, contexts: &[Context]) -> Option<Command> {
        let of = |context: &Context| {
            let hit = |(command, keys): &(&Command, &Vec<Key>)| {
                command.spec().context == *context && keys.contains(&key)
            };
            self.keys.iter().find(hit).map(|(command, _)| *command)
        };
        let found = contexts.iter().find_map(of);
        // What nothing else takes leads out, whatever keys a file gives.
        found.or_else(|| {
            let is_dialog = contexts.contains(&Context::Dialog);
            let out = if is_dialog {
                Command::Cancel
            } else {
                Command::Quit
            };
            (key == WAY_OUT).then_some(out)
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

/// The key that leads out where no command has it.
const WAY_OUT: Key = Key {
    code: Code::Char('c'),
    ctrl: true,
    alt: false,
};

/// Reads a key for a command.
fn read_key(command: Command, text: &str) -> Result<Key, String> {
    let key = text
        .parse::<Key>()
        .map_err(|why| match key_guess::guess(text) {
            Some(meant) => format!("{why}; did you mean `{meant}`?"),
            None => format!("{why}; see the list at the head of the file."),
        })?;
    if let Some(sent) = key_guess::sent(key) {
        return Err(format!(
            "A terminal sends `{sent}` for `{key}`; did you mean `{sent}`?"
        ));
    }
    if command.spec().context == Context::Dialog && key.typed().is_some() {
        return Err(format!(
            "`{key}` is typed as a character in dialogs; use a key with ctrl or alt."
        ));
    }
    Ok(key)
}

/// The fault of a file that is no TOML.
fn unreadable(text: &str, error: &toml::de::Error) -> Vec<Fault> {
    let line = error.span().map_or(1, |span| line_of(text, span.start));
    let mut what = without_value(error.message());
    if !what.ends_with('.') {
        what.push('.');
    }
    what.push_str(WHOLE);
    vec![Fault { line, what }]
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

fn wrong_type(id: &str) -> String {
    format!(
        "`{}` wants a list of keys, such as [\"x\"]; quote the whole name, dot included.",
        shown(id)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
    fn a_line_of_another_type_is_one_fault_among_the_others() {
        let text = "\"screen.home\" = \"q\"\napp.theme = 5\n\"app.quit\" = [7, \"ctrl+q\"]\n\"app.help\" = [\"f2\"]\n";
        let (keymap, faults) = Keymap::default().with(text);
        let lines: Vec<usize> = faults.iter().map(|fault| fault.line).collect();
        assert_eq!(lines, [1, 2, 3, 3], "{faults:?}");
        assert!(faults.iter().all(|fault| !fault.is_of_whole_file()));
        assert!(faults[1].what.contains("`app` wants a list of keys"));
        assert!(faults[2].what.contains("in quotes"), "{faults:?}");
        assert_eq!(keymap.keys_text(Command::Help), "f2");
        let (_, faults) = Keymap::default().with("\"app.quit\" = [\"x\"");
        assert!(faults[0].is_of_whole_file(), "{faults:?}");
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
    fn a_line_with_a_fault_takes_no_key_away() {
        let built_in = Keymap::default();
        for (text, said) in [
            (
                "\"app.quit\" = [\"ctrl+q\"]",
                "did you mean `ctrl-q`? It keeps q, ctrl-c.",
            ),
            (
                "\"dialog.confirm\" = [\"return\"]",
                "did you mean `enter`? It keeps enter.",
            ),
            ("\"app.quit\" = [\"Q\", \"hyper-x\"]", "It keeps q, ctrl-c."),
            ("\"app.quit\" = []", "`app.quit` keeps its keys"),
            ("\"dialog.cancel\" = []", "`dialog.cancel` keeps its keys"),
            ("\"app.quit\" = [\"ctrl-m\"]", "did you mean `enter`?"),
            ("\"app.quit\" = [\"r\"]", "already belongs to `app.refresh`"),
            ("\"app.quit\" = \"q\"", "wants a list of keys"),
            ("app.quit = [\"x\"", "The whole file is left out."),
        ] {
            let (keymap, faults) = Keymap::default().with(text);
            assert_eq!(faults.len(), 1, "{text}: {faults:?}");
            assert!(faults[0].what.contains(said), "{text}: {}", faults[0].what);
            assert_eq!(keymap, built_in, "{text}");
        }
    }

    #[test]
    fn a_line_that_counted_on_one_with_a_fault_is_left_out_too() {
        let text = "\"app.refresh\" = [\"q\"]\n\"app.quit\" = [\"r\", \"ctrl+x\"]\n";
        let (keymap, faults) = Keymap::default().with(text);
        let lines: Vec<usize> = faults.iter().map(|fault| fault.line).collect();
        assert_eq!((keymap, lines), (Keymap::default(), vec![1, 2]));
    }

    #[test]
    fn the_key_that_leads_out_is_free_for_another_command_only() {
        let ctrl_c: Key = "ctrl-c".parse().unwrap();
        let (keymap, faults) =
            Keymap::default().with("\"app.quit\" = [\"Q\"]\n\"dialog.cancel\" = [\"f9\"]\n");
        assert_eq!(faults, []);
        assert_eq!(
            keymap.command(ctrl_c, &[Context::Global]),
            Some(Command::Quit)
        );
        assert_eq!(
            keymap.command(ctrl_c, &[Context::Dialog]),
            Some(Command::Cancel)
        );
        let (keymap, _) = keymap.with("\"list.copy\" = [\"ctrl-c\"]\n");
        assert_eq!(
            keymap.command(ctrl_c, &[Context::List, Context::Global]),
            Some(Command::Copy)
        );
    }

    fn a_key() -> impl Strategy<Value = String> {
        prop::sample::select(vec![
            "q", "r", "x", "Q", "ctrl-c", "ctrl-q", "ctrl+q", "return", "enter", "esc", "tab",
            "f9", "j", "1", "a", "hyper-x", "",
        ])
        .prop_map(str::to_owned)
    }

    proptest! {
        #[test]
        fn whatever_a_file_says_no_key_has_two_meanings_and_the_deck_can_be_left(
            lines in prop::collection::vec((0..TABLE.len(), prop::collection::vec(a_key(), 0..3)), 0..12)
        ) {
            let lines: BTreeMap<&str, Vec<String>> = lines.into_iter().map(|(at, keys)| (TABLE[at].id, keys)).collect();
            let text: Vec<String> = lines.iter().map(|(id, keys)| format!("{id:?} = {keys:?}")).collect();
            let text = text.join("\n");
            let built_in = Keymap::default();
            let (keymap, faults) = Keymap::default().with(&text);
            let faulty: Vec<&str> = faults.iter().map(|fault| *lines.keys().nth(fault.line - 1).unwrap()).collect();
            for spec in TABLE {
                let keys = keymap.keys(spec.command);
                match lines.get(spec.id).filter(|_| !faulty.contains(&spec.id)) {
                    None => prop_assert_eq!(keys, built_in.keys(spec.command), "{}", spec.id),
                    Some(own) => prop_assert_eq!(keys.iter().map(Key::to_string).collect::<Vec<_>>(), own.clone()),
                }
                for other in TABLE.iter().filter(|other| other.command != spec.command && other.context.overlaps(spec.context)) {
                    prop_assert!(keys.iter().all(|key| !keymap.keys(other.command).contains(key)), "{} {}", spec.id, other.id);
                }
            }
            for command in LASTING {
                prop_assert!(!keymap.keys(command).is_empty());
            }
        }
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
