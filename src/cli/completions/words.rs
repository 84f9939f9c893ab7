//! Which words can follow those that are typed, by the definition of the command line: commands, options, and the values of both.

use clap::builder::PossibleValue;
use clap::{Arg, Command};

/// A kind of value that is not written in the definition but known on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A version of a migration.
    Version,
    /// A table.
    Table,
    /// A profile.
    Profile,
    /// Who reads.
    Identity,
    /// Whose access is asked for, in `supadeck access`.
    Viewer,
    /// The address of a user who is signed in.
    Email,
}

impl Kind {
    /// The kind of an option's or argument's value, by what the definition calls it.
    fn of(arg: &Arg, place: &Place<'_>) -> Option<Self> {
        let command = place.command.get_name();
        let name = arg.get_value_names().and_then(|names| names.first());
        match (name.map(clap::builder::Str::as_str), arg.get_id().as_str()) {
            // The version of a new file is one that is not there yet.
            (Some("VERSION"), _) if command == "new" => None,
            (Some("VERSION"), _) => Some(Self::Version),
            (Some("TABLE"), _) => Some(Self::Table),
            (Some("PROFILE"), _) | (_, "profile") => Some(Self::Profile),
            (_, "name") if matches!(command, "show" | "use" | "remove") => Some(Self::Profile),
            (Some("IDENTITY"), _) if place.is_of_access => Some(Self::Viewer),
            (Some("IDENTITY"), _) => Some(Self::Identity),
            (Some("EMAIL"), _) => Some(Self::Email),
            _ => None,
        }
    }
}

/// A value with what it is.
pub type Value = (String, String);

/// The lines for the last of the words, which is the one that is being typed; the first words are those behind the program's name.
pub fn following(
    root: &Command,
    words: &[String],
    known: &dyn Fn(Kind) -> Vec<Value>,
) -> Vec<String> {
    let Some((typed, before)) = words.split_last() else {
        return Vec::new();
    };
    let place = Place::behind(root, before);
    let mut found = Vec::new();
    if let Some(option) = place.awaited {
        found.extend(values(option, &place, known));
    } else if let Some((option, _)) = typed
        .split_once('=')
        .filter(|_| typed.starts_with("--") && !place.is_closed)
    {
        let arg = long(place.command, &option[2..]);
        let values = arg.map_or_else(Vec::new, |arg| values(arg, &place, known));
        found.extend(
            values
                .into_iter()
                .map(|(value, help)| (format!("{option}={value}"), help)),
        );
    } else if typed.starts_with('-') && !place.is_closed {
        found.extend(options(place.command));
    } else {
        if place.positional == 0 && !place.is_closed {
            found.extend(commands(place.command));
        }
        if let Some(arg) = argument(place.command, place.positional) {
            found.extend(values(arg, &place, known));
        }
    }
    found.retain(|(value, _)| value.starts_with(typed.as_str()) && is_plain(value));
    found
        .iter()
        .map(|(value, help)| line(value, help))
        .collect()
}

/// Where the words lead.
struct Place<'a> {
    command: &'a Command,
    /// Whether it is one of `access`, which knows more identities.
    is_of_access: bool,
    /// The option whose value comes next.
    awaited: Option<&'a Arg>,
    /// How many arguments of the command are there.
    positional: usize,
    /// Whether `--` was typed: no options follow.
    is_closed: bool,
}

impl<'a> Place<'a> {
    fn behind(root: &'a Command, words: &[String]) -> Self {
        let mut place = Self {
            command: root,
            is_of_access: false,
            awaited: None,
            positional: 0,
            is_closed: false,
        };
        for word in words {
            place.take(word);
        }
        place
    }

    fn take(&mut self, word: &str) {
        if self.awaited.take().is_some() {
            return;
        }
        if word == "--" && !self.is_closed {
            self.is_closed = true;
        } else if let Some(option) = word.strip_prefix("--").filter(|_| !self.is_closed) {
            let takes_values = |arg: &&Arg| arg.get_action().takes_values();
            self.awaited = long(self.command, option).filter(takes_values);
        } else if word.len() > 1 && word.starts_with('-') && !self.is_closed {
            // A short one: none takes a value.
        } else if let Some(inner) = self
            .command
            .find_subcommand(word)
            .filter(|_| self.positional == 0)
        {
            self.command = inner;
            self.is_of_access |= inner.get_name() == "access";
        } else {
            self.positional += 1;
        }
    }
}

fn long<'a>(command: &'a Command, name: &str) -> Option<&'a Arg> {
    let mut arguments = command.get_arguments();
    arguments.find(|arg| arg.get_long() == Some(name))
}

/// The argument at a place; the last one takes all that follow where it takes many.
fn argument(command: &Command, at: usize) -> Option<&Arg> {
    let all: Vec<&Arg> = command.get_positionals().collect();
    let takes_many = |arg: &&Arg| matches!(arg.get_action(), clap::ArgAction::Append);
    let last = all.last().copied().filter(takes_many);
    all.get(at).copied().or(last)
}

fn commands(command: &Command) -> Vec<Value> {
    let visible = command.get_subcommands().filter(|one| !one.is_hide_set());
    visible
        .map(|one| (one.get_name().to_owned(), about(one.get_about())))
        .collect()
}

/// The options of a command, its own before those of every command.
fn options(command: &Command) -> Vec<Value> {
    let visible = command.get_opts().chain(
        command
            .get_arguments()
            .filter(|arg| !arg.get_action().takes_values()),
    );
    let visible = visible.filter(|arg| !arg.is_hide_set());
    let (global, own): (Vec<&Arg>, Vec<&Arg>) = visible.partition(|arg| arg.is_global_set());
    let all = own.into_iter().chain(global);
    all.filter_map(|arg| Some((format!("--{}", arg.get_long()?), about(arg.get_help()))))
        .collect()
}

/// What an argument can be: what is known on this machine, or what the definition lists.
fn values(arg: &Arg, place: &Place<'_>, known: &dyn Fn(Kind) -> Vec<Value>) -> Vec<Value> {
    if let Some(kind) = Kind::of(arg, place) {
        return known(kind);
    }
    let possible = arg.get_possible_values();
    let visible = possible.iter().filter(|value| !value.is_hide_set());
    visible
        .map(|value: &PossibleValue| (value.get_name().to_owned(), about(value.get_help())))
        .collect()
}

fn about(help: Option<&clap::builder::StyledStr>) -> String {
    let text = help.map(ToString::to_string).unwrap_or_default();
    text.lines().next().unwrap_or_default().to_owned()
}

/// Whether a value can stand on a command line as it is. Others are not offered: names of files and tables may be anybody's.
fn is_plain(value: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || "-_.:@+=/,%".contains(c);
    !value.is_empty() && value.chars().all(is_plain)
}

fn line(value: &str, help: &str) -> String {
    let help = crate::domain::text::cell(help);
    if help.is_empty() {
        format!("{value}\n")
    } else {
        format!("{value}\t{help}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(kind: Kind) -> Vec<Value> {
        let (value, help) = match kind {
            Kind::Version => ("20251004123000", "core_schema"),
            Kind::Table => ("goal", ""),
            Kind::Profile => ("work", ""),
            Kind::Identity => ("user:alice@example.com", ""),
            Kind::Viewer => ("stranger", ""),
            Kind::Email => ("alice@example.com", ""),
        };
        let odd = ("od d;rm".to_owned(), String::new());
        vec![(value.to_owned(), help.to_owned()), odd]
    }

    /// The words that can follow; the last word of the line is being typed.
    fn follow(line: &str) -> Vec<String> {
        let mut root = crate::cli::command();
        root.build();
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let lines = following(&root, &words, &known);
        let word = |line: &String| {
            line.trim_end()
                .split('\t')
                .next()
                .unwrap_or_default()
                .to_owned()
        };
        lines.iter().map(word).collect()
    }

    #[test]
    fn commands_options_and_values_follow_by_the_definition() {
        assert_eq!(follow("mig"), ["migration"]);
        assert_eq!(follow("migration ver"), ["verify"]);
        assert_eq!(follow("lock list --lo"), ["--locked", "--log-level"]);
        assert_eq!(follow("migration verify --on s"), ["scratch"]);
        assert_eq!(follow("--log-level=de"), ["--log-level=debug"]);
        assert!(follow("lock list --").contains(&"--as".to_owned()));
        assert!(follow("").contains(&"cycle".to_owned()));
        assert!(!follow("__").iter().any(|word| word == "__complete"));
        assert_eq!(follow("no such command "), [""; 0]);
        assert_eq!(follow("lock list -- --lo"), [""; 0]);
    }

    #[test]
    fn values_of_this_machine_follow_where_they_are_meant() {
        for (line, value) in [
            ("migration apply --to ", "20251004123000"),
            ("migration apply --to=2025", "--to=20251004123000"),
            ("migration rollback --json --to 2", "20251004123000"),
            ("migration repair ", "20251004123000"),
            ("migration repair 20251004123000 ", "20251004123000"),
            ("--profile w", "work"),
            ("profile use ", "work"),
            ("--profile work table rows g", "goal"),
            ("table rows --as service g", "goal"),
            ("--as user:a", "user:alice@example.com"),
            ("access list --as ", "stranger"),
            ("access explain goal 1 --as=s", "--as=stranger"),
            ("logout ", "alice@example.com"),
        ] {
            assert_eq!(follow(line), [value], "{line}");
        }
        // A value that was typed is none to come, and one that no command line can hold is not offered.
        assert_eq!(follow("table rows goal g"), [""; 0]);
        assert_eq!(follow("migration new x --version 2"), [""; 0]);
    }

    #[test]
    fn a_description_is_one_harmless_line() {
        assert_eq!(line("a", "b\u{1b}[2J\tc").matches('\t').count(), 1);
        assert!(!line("a", "b\u{1b}[2J").contains('\u{1b}'));
        assert_eq!(line("a", ""), "a\n");
    }
}
