//! A hint names commands of the command line. In the deck it names the keys that do the same.

use super::command::{Command, TABLE};
use super::keymap::Keymap;
use super::model::Screen;

/// The hint with each command that has a key replaced by that key: `supadeck migration list` becomes "Migrations (key 2)", and
/// "Sign in with `supadeck login`" becomes "Press i to sign in". A command whose arguments no key takes stays as it is.
pub fn in_keys(hint: &str, keymap: &Keymap) -> String {
    // The deck reads by pages; what is left of this hint is the filter.
    let filter = keymap.first_key(Command::Filter);
    let hint = hint.replace("`--limit` or a filter", &format!("a filter (key {filter})"));
    if hint.contains("`--include-out-of-order`") {
        let apply = keymap.first_key(Command::Apply);
        let fix = keymap.first_key(Command::WaysOut);
        return format!(
            "Select one of them: {apply} applies it all the same, {fix} gives it a newer version."
        );
    }
    let hint = match hint.split_once("Write rollback/") {
        Some((before, rest)) => {
            let key = keymap.first_key(Command::NewMigration);
            let rest = rest.replacen(" beside the migrations", "", 1);
            format!("{before}Press {key} to make rollback/{rest}")
        }
        None => hint,
    };
    let mut out = String::new();
    let mut rest = hint.as_str();
    while let Some((before, command, after)) = next_command(rest) {
        out.push_str(before);
        match key_of(command, keymap) {
            None => out.push_str(&format!("`supadeck {command}`")),
            Some((command, key)) => match out.rfind(['.', ',', ':', ';']).map_or(0, |at| at + 1) {
                at if out.ends_with(" with ") => {
                    let clause = out.split_off(at);
                    let what = clause.trim_start();
                    let blanks = &clause[..clause.len() - what.len()];
                    let what = lower_first(what.trim_end_matches(" with "));
                    out.push_str(&format!("{blanks}{} {key} to {what}", press(&out)));
                }
                _ => match Screen::of(command) {
                    Some(screen) => out.push_str(&format!("{} (key {key})", screen.title())),
                    None => out.push_str(&format!("key {key}")),
                },
            },
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// What stands before the first command in backticks, the command, and what comes after it.
fn next_command(text: &str) -> Option<(&str, &str, &str)> {
    const OPENS: &str = "`supadeck ";
    let (before, rest) = text.split_once(OPENS)?;
    let (command, after) = rest.split_once('`')?;
    Some((before, command, after))
}

/// The command of the deck that does what a command line does, with its first key.
fn key_of(line: &str, keymap: &Keymap) -> Option<(Command, String)> {
    let does = |twin: &str| {
        // The dialog of identities asks for what the options of a sign-in say.
        line == twin
            || twin == "login" && line.starts_with("login --")
            || is_of_selection(line) && is_same_subcommand(line, twin)
    };
    TABLE
        .iter()
        .filter(|spec| spec.twin.is_some_and(|twins| twins.split(", ").any(does)))
        .map(|spec| (spec.command, keymap.first_key(spec.command)))
        // A screen shows what a list prints, and not what something else does.
        .filter(|(command, _)| Screen::of(*command).is_none() || line.ends_with(" list"))
        .find(|(_, key)| !key.is_empty())
}

/// Whether a command is about one migration, which is the selected one in the deck.
fn is_of_selection(line: &str) -> bool {
    ["diff", "renumber", "restore", "repair"]
        .iter()
        .any(|word| is_same_subcommand(line, &format!("migration {word}")))
}

fn is_same_subcommand(line: &str, other: &str) -> bool {
    let subcommand = |text: &'_ str| -> Vec<String> {
        let words = text.split_whitespace().take(2);
        words.map(str::to_owned).collect()
    };
    subcommand(line) == subcommand(other)
}

/// A sentence begins with a capital.
fn press(before: &str) -> &'static str {
    if before.is_empty() || before.ends_with('.') {
        "Press"
    } else {
        "press"
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_lowercase().collect::<String>() + chars.as_str()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_has_a_key_becomes_that_key() {
        let keys = Keymap::default();
        for (hint, expected) in [
            ("Sign in with `supadeck login`.", "Press i to sign in."),
            (
                "Sign in again with `supadeck login`, or give a user's id.",
                "Press i to sign in again, or give a user's id.",
            ),
            (
                "Policies can ask for it: `supadeck login --second-factor` gives it.",
                "Policies can ask for it: key i gives it.",
            ),
            (
                "It ended. See what is left with `supadeck audit list`.",
                "It ended. Press 7 to see what is left.",
            ),
            (
                "Only cycles need them: see `supadeck migration list`.",
                "Only cycles need them: see Migrations (key 2).",
            ),
            (
                "`supadeck table list` shows them.",
                "Tables (key 9) shows them.",
            ),
            (
                "See `supadeck audit list --where action:weekly_plan.unlock`.",
                "See `supadeck audit list --where action:weekly_plan.unlock`.",
            ),
            (
                "See them with `supadeck migration diff`, and get the file back.",
                "Press d to see them, and get the file back.",
            ),
            (
                "Renumber it: `supadeck migration renumber 20260101_a.sql`.",
                "Renumber it: key w.",
            ),
            (
                "Apply them with `--include-out-of-order`, or give the files a newer version with `supadeck migration renumber 1`.",
                "Select one of them: a applies it all the same, w gives it a newer version.",
            ),
            (
                "Write rollback/1_a.sql beside the migrations.",
                "Press n to make rollback/1_a.sql.",
            ),
            ("`--limit` or a filter helps.", "a filter (key /) helps."),
            ("Run `supadeck doctor`", "Run `supadeck doctor`"),
            ("An open `supadeck quote", "An open `supadeck quote"),
            ("", ""),
        ] {
            assert_eq!(in_keys(hint, &keys), expected);
        }
    }

    #[test]
    fn a_command_without_a_key_stays() {
        let (keys, faults) = Keymap::default().with("\"screen.migrations\" = []\n");
        assert!(faults.is_empty(), "{faults:?}");
        let hint = "See `supadeck migration list`.";
        assert_eq!(in_keys(hint, &keys), hint);
    }
}
