//! `supadeck man`.

use super::answer::{Answer, Answered};
use super::page::Page;
use crate::domain::problem::{Kind, Problem};
use clap::Args as ClapArgs;
use clap_mangen::Man;
use std::fs;
use std::path::{Path, PathBuf};

/// Print a manual page, or write those of all commands
///
/// To read one: supadeck man migration apply | man -l -
/// To have them all: supadeck man --into ~/.local/share/man/man1
#[derive(ClapArgs)]
pub struct Args {
    /// The command that the page is about, such as `migration apply`
    #[arg(value_name = "COMMAND", conflicts_with = "into")]
    of: Vec<String>,

    /// Write the pages of all commands into this directory
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
}

/// Makes the pages from the same definitions that parse the command line.
pub fn run(args: &Args, mut program: clap::Command) -> Answered {
    program.build();
    if let Some(dir) = &args.into {
        let mut names = Vec::new();
        write_all(&program, "supadeck", dir, &mut names)?;
        let mut page = Page::default();
        page.line(format!("{} pages are in {}.", names.len(), dir.display()));
        return Ok(Answer::new(&names, page)?);
    }
    let mut at = &program;
    let mut name = "supadeck".to_owned();
    for part in &args.of {
        let inner = at
            .find_subcommand(part)
            .ok_or_else(|| no_command(&name, part))?;
        name = format!("{name}-{}", inner.get_name());
        at = inner;
    }
    let text = String::from_utf8(page(at, &name)?);
    let text = text.map_err(|_| Problem::internal("The manual page is not a text."))?;
    Ok(Answer::raw(text))
}

/// The page of a command.
fn page(command: &clap::Command, name: &str) -> Result<Vec<u8>, Problem> {
    let mut text = Vec::new();
    let man = Man::new(command.clone().display_name(name.to_owned()));
    man.title(name)
        .render(&mut text)
        .map_err(|_| Problem::internal("The manual page could not be made."))?;
    Ok(text)
}

fn write_all(
    command: &clap::Command,
    name: &str,
    dir: &Path,
    names: &mut Vec<String>,
) -> Result<(), Problem> {
    let failed = |error: std::io::Error| {
        Problem::new(
            Kind::Config,
            format!(
                "The manual pages could not be written into {}.",
                dir.display()
            ),
            format!("{error}."),
        )
    };
    fs::create_dir_all(dir).map_err(failed)?;
    let file = format!("{name}.1");
    fs::write(dir.join(&file), page(command, name)?).map_err(failed)?;
    names.push(file);
    for inner in command.get_subcommands() {
        if inner.get_name() != "help" && !inner.is_hide_set() {
            let name = format!("{name}-{}", inner.get_name());
            write_all(inner, &name, dir, names)?;
        }
    }
    Ok(())
}

fn no_command(name: &str, part: &str) -> Problem {
    let part = crate::domain::hidden::shown(part);
    Problem::new(
        Kind::Usage,
        format!("There is no command `{} {part}`.", name.replace('-', " ")),
        "A manual page is about a command.",
    )
    .with_hint("See `supadeck --help`.")
}
