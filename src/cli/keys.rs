//! `supadeck keys`: the table of commands that the deck reads its keys from, with the user's keymap laid over it.

use super::answer::{Answer, Answered, Failure};
use super::page::{Page, Span, Table, Tone};
use crate::adapters::{config, config_dir};
use crate::app::command::{Context, TABLE};
use crate::app::keymap::{Fault, Keymap};
use crate::domain::problem::{Kind, Problem};
use clap::Args as ClapArgs;
use serde_json::{Value, json};
use std::path::PathBuf;

/// List the keys of the deck, as your keymap has them
///
/// A fault in the keymap file is reported with its line, all of them at once.
#[derive(ClapArgs)]
pub struct Args {}

/// Reads the keymap and lists it.
pub fn run(_args: &Args) -> Answered {
    let own = match config_dir::config_dir() {
        Ok(dir) => config::keymap(&dir)?,
        Err(_) => None,
    };
    let text = own.as_ref().map_or("", |(_, text)| text);
    let (keymap, faults) = Keymap::default().with(text);
    let answer = Answer::new(&data(&keymap), page(&keymap))?;
    let Some((path, _)) = own.filter(|_| !faults.is_empty()) else {
        return Ok(answer);
    };
    let problem = Problem::new(
        Kind::Config,
        format!("{} has faults; those lines do not count.", path.display()),
        lines(&faults).join("\n"),
    );
    Err(Failure::after(problem, answer))
}

/// The user's keymap file and what is wrong inside it, a line a fault.
pub fn own_file() -> Result<Option<(PathBuf, Vec<String>)>, Problem> {
    let own = config::keymap(&config_dir::config_dir()?)?;
    Ok(own.map(|(path, text)| (path, lines(&Keymap::default().with(&text).1))))
}

fn lines(faults: &[Fault]) -> Vec<String> {
    let faults = faults.iter();
    let line = |fault: &Fault| format!("line {}: {}", fault.line, fault.what);
    faults.map(line).collect()
}

fn data(keymap: &Keymap) -> Value {
    let row = |spec: &crate::app::command::Spec| {
        let keys: Vec<_> = keymap
            .keys(spec.command)
            .iter()
            .map(ToString::to_string)
            .collect();
        json!({
            "id": spec.id,
            "title": spec.title,
            "context": spec.context.title(),
            "keys": keys,
            "command": spec.twin,
        })
    };
    TABLE.iter().map(row).collect()
}

fn page(keymap: &Keymap) -> Page {
    let mut page = Page::default();
    let mut table = Table::new(&["CONTEXT", "KEYS", "ID", "WHAT IT DOES"]);
    for context in Context::ALL {
        for spec in TABLE.iter().filter(|spec| spec.context == context) {
            table.row(vec![
                Span::new(Tone::Muted, context.title()),
                Span::new(Tone::Strong, &keymap.keys_text(spec.command)),
                Span::from(spec.id),
                Span::from(spec.title),
            ]);
        }
    }
    page.table(&table);
    page
}
