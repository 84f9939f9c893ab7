//! Pages that are generated: each must be what the program says now. `SUPADECK_BLESS=1` writes them again.

use super::tree;
use clap::{Arg, Command};
use std::fmt::Write as _;
use std::fs;

/// Compares a page with what is generated, or writes it.
fn check(path: &str, generated: &str) {
    let file = tree::root().join(path);
    if std::env::var_os("SUPADECK_BLESS").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, generated).unwrap();
        return;
    }
    let present = fs::read_to_string(&file)
        .unwrap_or_default()
        .replace("\r\n", "\n");
    let differs = present
        .lines()
        .zip(generated.lines())
        .position(|(old, new)| old != new);
    assert!(
        present == generated,
        "{path} is stale (first difference at line {:?}); run `just docs`",
        differs.map(|at| at + 1)
    );
}

#[test]
fn the_command_reference_is_fresh() {
    let mut page = String::from(
        "# Commands\n\n\
         Generated from the definitions that parse the command line; `just docs` writes it again.\n\n\
         Every command answers with one JSON document on stdout when it is given `--json`: \
         `{\"ok\":true,\"data\":…,\"meta\":…}`, or `{\"ok\":false,\"problem\":{\"kind\",\"code\",\"what\",\"why\",\"hint\",…}}` \
         with the exit code of the kind. Progress, questions and warnings go to stderr.\n\n\
         | exit code | kind | meaning |\n| --- | --- | --- |\n",
    );
    for (code, kind, meaning) in EXIT_CODES {
        let _ = writeln!(page, "| {code} | {kind} | {meaning} |");
    }
    let mut root = supadeck::cli::command();
    root.build();
    page.push_str("\n## Global options\n\nThey may stand before or behind any command.\n\n");
    options(
        &mut page,
        root.get_arguments().filter(|arg| arg.is_global_set()),
    );
    for command in written(&root) {
        section(&mut page, command, "supadeck");
    }
    check("docs/cli.md", &page);
}

const EXIT_CODES: [(u8, &str, &str); 11] = [
    (0, "", "Done"),
    (1, "findings", "A check ran and found something"),
    (
        2,
        "usage",
        "The command line or a value in it cannot be understood, or a confirmation is missing",
    ),
    (
        3,
        "config",
        "A configuration, profile or project file is missing or wrong",
    ),
    (
        4,
        "auth",
        "Nobody is signed in, or the key, password or session was not accepted",
    ),
    (
        5,
        "denied",
        "The identity may not do this: Row Level Security, a missing grant, a locked week",
    ),
    (
        6,
        "conflict",
        "Somebody else is at it, or what is there is not what was expected",
    ),
    (7, "network", "The server could not be reached"),
    (8, "database", "The database refused or failed a statement"),
    (70, "internal", "A fault of supadeck itself"),
    (130, "cancelled", "The user cancelled"),
];

fn section(page: &mut String, command: &Command, parent: &str) {
    let name = format!("{parent} {}", command.get_name());
    let about = command.get_long_about().or(command.get_about());
    let about = about
        .unwrap_or_else(|| panic!("`{name}` has no description"))
        .to_string();
    if command.has_subcommands() {
        let _ = write!(page, "\n## {name}\n\n{}\n", sentence(&about));
    } else {
        let usage = command.clone().render_usage().to_string();
        let usage = usage.trim_start_matches("Usage: ");
        let _ = write!(
            page,
            "\n### {name}\n\n{}\n\n    {usage}\n",
            sentence(&about)
        );
        let own = command.get_arguments().filter(|arg| {
            !arg.is_global_set() && arg.get_id() != "help" && arg.get_id() != "version"
        });
        let mut table = String::new();
        options(&mut table, own);
        if table.lines().count() > 2 {
            let _ = write!(page, "\n{table}");
        }
    }
    for command in written(command) {
        section(page, command, &name);
    }
}

/// The subcommands that are ours.
fn written(command: &Command) -> impl Iterator<Item = &Command> {
    command
        .get_subcommands()
        .filter(|one| one.get_name() != "help")
}

fn sentence(about: &str) -> String {
    let about = about.trim();
    let mut paragraphs = about.splitn(2, "\n\n");
    let first = paragraphs.next().unwrap_or_default().trim_end_matches('.');
    match paragraphs.next() {
        Some(rest) => format!("{first}.\n\n{rest}"),
        None => format!("{first}."),
    }
}

fn options<'a>(page: &mut String, arguments: impl Iterator<Item = &'a Arg>) {
    page.push_str("| option | meaning |\n| --- | --- |\n");
    for argument in arguments.filter(|arg| !arg.is_hide_set()) {
        let id = argument.get_id();
        let help = argument
            .get_long_help()
            .or(argument.get_help())
            .unwrap_or_else(|| panic!("`{id}` has no description"))
            .to_string();
        let value = argument
            .get_value_names()
            .filter(|_| argument.get_action().takes_values())
            .and_then(|names| names.first())
            .map(|name| format!("<{name}>"));
        let shown = match (argument.get_long(), value) {
            (Some(long), Some(value)) => format!("--{long} {value}"),
            (Some(long), None) => format!("--{long}"),
            (None, Some(value)) => value,
            (None, None) => format!("<{}>", id.as_str().to_uppercase()),
        };
        let mut meaning = help.replace('\n', " ").replace('|', "\\|");
        let values = argument.get_possible_values();
        if argument.get_action().takes_values() && !values.is_empty() && values.len() < 8 {
            let words: Vec<_> = values
                .iter()
                .map(|one| format!("`{}`", one.get_name()))
                .collect();
            let _ = write!(meaning, ": {}", words.join(", "));
        }
        if let [default] = argument.get_default_values()
            && argument.get_action().takes_values()
            && !default.is_empty()
        {
            let _ = write!(meaning, "; default `{}`", default.to_string_lossy());
        }
        if let Some(variable) = argument.get_env() {
            let _ = write!(meaning, " (variable `{}`)", variable.to_string_lossy());
        }
        let _ = writeln!(page, "| `{shown}` | {meaning} |");
    }
}

#[test]
fn the_settings_reference_is_fresh() {
    let page = format!(
        "# Settings\n\n\
         Generated from `config/default.toml` and `config/keymap.toml`, which are built in; `just docs` writes it again.\n\n\
         ## config.toml\n\n```toml\n{}```\n\n## keymap.toml\n\n```toml\n{}```\n",
        supadeck::domain::config::BUILT_IN,
        supadeck::app::keymap::BUILT_IN,
    );
    check("docs/config.md", &page);
}

#[test]
fn the_key_reference_is_fresh() {
    use supadeck::app::command::{Context, Risk, TABLE};
    let keymap = supadeck::app::keymap::Keymap::default();
    let mut page = String::from(
        "# Keys\n\n\
         Generated from the table of commands and the built-in keymap; `just docs` writes it again. `supadeck keys` lists them \
         with your own keymap laid over it.\n\n\
         The mouse works too: a click on a tab, a row, a week, the identity or a key in the footer, and the wheel. Where a program takes the \
         mouse, most terminals select text with shift held.\n",
    );
    for context in Context::ALL {
        let _ = write!(
            page,
            "\n## {}\n\n| keys | what it does | id | command line |\n| --- | --- | --- | --- |\n",
            context.title()
        );
        for spec in TABLE.iter().filter(|spec| spec.context == context) {
            let keys: Vec<_> = keymap
                .keys(spec.command)
                .iter()
                .map(|key| format!("`{}`", shown(&key.to_string())))
                .collect();
            let risk = match spec.risk {
                Risk::None => "",
                Risk::Writes => " (writes, after a confirmation)",
                Risk::Destroys => " (can lose data; a word has to be typed)",
            };
            let twin = spec
                .twin
                .map(|twin| format!("`supadeck {twin}`"))
                .unwrap_or_default();
            let _ = writeln!(
                page,
                "| {} | {}{risk} | `{}` | {twin} |",
                keys.join(" "),
                spec.title,
                spec.id
            );
        }
    }
    check("docs/keys.md", &page);
}

/// A key as it can stand in a cell of a table.
fn shown(key: &str) -> String {
    key.replace('|', "\\|")
}

#[test]
fn the_risk_reference_is_fresh() {
    use supadeck::domain::lint::{Level, assess, rule};
    let mut page = String::from(RISK_INTRODUCTION);
    page.push_str("\n## Levels\n\nThe mildest first. A statement has the worst level of its findings, a file that of its statements.\n\n");
    page.push_str("| level | meaning |\n| --- | --- |\n");
    for level in Level::ALL {
        let _ = writeln!(page, "| `{}` | {} |", level.word(), level.meaning());
    }
    for level in Level::ALL.into_iter().rev() {
        let rules: Vec<_> = rule::all()
            .into_iter()
            .filter(|rule| rule.level == level)
            .collect();
        if !rules.is_empty() {
            let _ = write!(page, "\n## `{}`: {}\n", level.word(), level.words());
        }
        for rule in rules {
            let found = assess(rule.example);
            let finding = found.findings().find(|finding| finding.rule == rule.name);
            let reason = &finding.expect(rule.name).reason;
            let _ = write!(
                page,
                "\n### {}\n\n```sql\n{}\n```\n\n{reason}",
                rule.name, rule.example
            );
            if let Some(safer) = rule.safer {
                let _ = write!(page, "\n\n*Safer:* {safer}");
            }
            page.push('\n');
        }
    }
    check("docs/risk.md", &page);
}

const RISK_INTRODUCTION: &str = "# Risk

Generated from the table of rules in `src/domain/lint/rule/`; `just docs` writes it again.

Before a file runs (`supadeck migration plan`), each of its statements is read from its syntax tree, in `DO` blocks, in functions, rules and strings of SQL too.
Each finding has a rule, a level, a reason, a place, and mostly a safer way to write the same.

## Accepting a finding

    -- supadeck:allow RULE reason

The comment stands above the statement, inside it, or behind it on its last line, and accepts every finding of that rule in that
statement. In the comments at the top of the file, when a blank line follows them, it accepts that rule for the whole file. The reason
is mandatory and is shown with the finding. A comment with an unknown rule, without a reason, or without a finding to accept is reported
itself. A comment inside a string does not count, and the body of a `DO` block or of a function is a string: write it above the statement.
Comments that give orders to squawk have no effect here.

## Locks

For each statement the strongest lock is predicted on each relation that was there before the file, and whether its file on disk is
replaced. `tests/engine/dry_run/predicted_locks.rs` runs every form on a real Postgres and compares the prediction with `pg_locks` and `relfilenode`.

## What the text cannot tell

- Tables that only the catalog knows of: behind a view, at the other end of a foreign key that is dropped or cascaded over, the table of
  an index that is named alone, the partitions of a table. Neither what triggers and called functions do, nor functions that are handed SQL in a string.
- The present type of a column: a new type counts as a rewrite, also where Postgres finds that none is needed. A column of a domain with
  a constraint is rewritten although nothing says so.
- Whether an object exists: `CREATE TABLE IF NOT EXISTS` may find one, so what follows counts as touching it. `CREATE TABLE` alone makes a
  new table, and nobody waits for a new table.
- What a statement of more than 16 MiB does, or one that is nested deeper than people write: it counts as unreadable. Rows of plain values
  in a long `INSERT` do not count.
- `search_path`: a name without a schema counts as one in `public`.
";

/// The words that follow `supadeck` where a command is named.
fn is_known(command: &Command, words: &[&str]) -> bool {
    let Some((first, rest)) = words.split_first() else {
        return true;
    };
    match command.find_subcommand(first) {
        Some(found) => is_known(found, rest),
        None => !command.has_subcommands(),
    }
}

#[test]
fn every_command_that_is_named_exists() {
    let mut root = supadeck::cli::command();
    root.build();
    let mut wrong = Vec::new();
    for source in tree::tracked() {
        let is_page = source.path.ends_with(".md") && source.path != "CHANGELOG.md";
        if !is_page && !source.path.starts_with("src/") && !source.path.starts_with("config/") {
            continue;
        }
        for (at, line) in source.text.lines().enumerate() {
            for named in line
                .split("`supadeck ")
                .skip(1)
                .filter_map(|rest| rest.split('`').next())
            {
                let words: Vec<_> = named
                    .split_whitespace()
                    .take_while(|word| word.chars().all(|c| c.is_ascii_lowercase()))
                    .collect();
                if !is_known(&root, &words) {
                    wrong.push(format!("{}:{}: `supadeck {named}`", source.path, at + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_pictures_of_the_readme_are_there_and_show_the_screens_of_now() {
    use supadeck::app::model::Screen;
    let readme = fs::read_to_string(tree::root().join("README.md")).unwrap();
    let links = readme.split("](").skip(1);
    let links = links.filter_map(|rest| rest.split(')').next());
    let pictures: Vec<&str> = links.filter(|link| link.ends_with(".svg")).collect();
    assert_eq!(pictures.len(), 3, "{pictures:?}");
    for picture in pictures {
        let text = fs::read_to_string(tree::root().join(picture)).unwrap_or_default();
        assert!(text.starts_with("<svg "), "{picture} is no picture");
        // The window of a dry run covers the names of the screens.
        let is_covered = picture.contains("dry-run");
        let missing = Screen::ALL
            .iter()
            .find(|(_, title, _)| !text.contains(title));
        assert!(
            is_covered || missing.is_none(),
            "{picture} is stale ({missing:?}); run `just pictures`"
        );
        assert!(!text.contains("weeksmith-demo"), "{picture} has a password");
    }
}
