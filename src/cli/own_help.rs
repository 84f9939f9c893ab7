//! The help of a command with its own options: those of every command stand once, in the help of the program.

use clap::error::ErrorKind;
use clap::{Command, Id};
use std::ffi::OsString;

/// Where the options are that every command has.
const GLOBAL: &str =
    "Options of every command, such as --profile, --as, --dir and --json: see `supadeck --help`.";

/// The help that was asked for, where it is that of a command and not of the program.
pub fn of(args: &[OsString], error: &clap::Error, mut root: Command) -> Option<String> {
    let is_help = matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    );
    if !is_help {
        return None;
    }
    root.build();
    let words: Vec<&str> = args.iter().skip(1).filter_map(|arg| arg.to_str()).collect();
    let found = command_of(&root, &words)?;
    let mut found = with_own_options(found.clone());
    let is_short = words.contains(&"-h");
    let help = if is_short {
        found.render_help()
    } else {
        found.render_long_help()
    };
    Some(help.to_string())
}

/// The command that the words name; none where they name the program alone.
fn command_of<'a>(root: &'a Command, words: &[&str]) -> Option<&'a Command> {
    let mut at = root;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if let Some(option) = word.strip_prefix("--") {
            let of_option = at
                .get_arguments()
                .find(|arg| arg.get_long() == Some(option));
            // The value of an option may be called like a command.
            if of_option.is_some_and(|arg| arg.get_action().takes_values()) {
                words.next();
            }
        } else if *word != "help"
            && let Some(inner) = at.find_subcommand(word)
        {
            at = inner;
        }
    }
    (!std::ptr::eq(at, root)).then_some(at)
}

fn with_own_options(command: Command) -> Command {
    let global = command.get_arguments().filter(|arg| arg.is_global_set());
    let global: Vec<Id> = global.map(|arg| arg.get_id().clone()).collect();
    let hide = |command: Command, id: Id| command.mut_arg(id, |arg| arg.hide(true));
    let command = global.into_iter().fold(command, hide);
    if command.get_after_help().is_some() {
        return command;
    }
    command.after_help(GLOBAL)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn help(line: &str) -> Option<String> {
        let args: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let root = super::super::command();
        let error = root.clone().try_get_matches_from(&args).unwrap_err();
        of(&args, &error, root)
    }

    #[test]
    fn the_command_is_found_among_options_and_their_values() {
        for line in [
            "supadeck lock list --help",
            "supadeck --profile seed lock list --help",
            "supadeck help lock list",
            "supadeck lock --json list -h",
        ] {
            let help = help(line).unwrap();
            assert!(help.contains("Usage: supadeck lock list"), "{line}: {help}");
            assert!(
                help.contains("--cycle") && !help.contains("--db-url"),
                "{help}"
            );
            assert!(help.trim_end().ends_with(GLOBAL), "{help}");
        }
        assert_eq!(help("supadeck --help"), None);
        assert!(
            help("supadeck lock")
                .unwrap()
                .contains("Usage: supadeck lock")
        );
        assert_eq!(
            help("supadeck lock lisst"),
            None,
            "a mistake keeps its own words"
        );
    }
}
