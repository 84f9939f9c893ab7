//! Where a dry run goes that would lock the platform's tables: a scratch database is offered first.

use super::super::context::Context;
use super::super::page::{Page, Tone};
use super::super::prompt;
use crate::domain::migration::platform_locks::PlatformLocks;
use crate::domain::problem::{Kind, Problem};
use clap::ValueEnum;

/// Where files are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum On {
    /// The database itself, in a transaction that is never committed
    Target,
    /// A scratch database on this machine, which is thrown away
    Scratch,
}

/// Asks where to run what would lock the platform's tables of the database itself. Where nobody can be asked, what was typed
/// holds, and else it goes to a scratch database, which locks nobody out.
pub async fn chosen(
    context: &Context,
    locks: &PlatformLocks,
    is_typed: bool,
) -> Result<On, Problem> {
    let mut page = Page::default();
    page.toned(
        Tone::Danger,
        &format!("On this database it locks {}", locks.line()),
    );
    if prompt::is_possible() {
        context.output().note(&page);
        let question = "On a scratch database nobody waits. Type “scratch” for that, or “target” to run it on this database: ";
        return match prompt::word(question).await?.trim() {
            "scratch" => Ok(On::Scratch),
            "target" => Ok(On::Target),
            other => {
                let why = format!(
                    "What was typed is neither word: `{}`.",
                    crate::domain::text::cell(other)
                );
                Err(Problem::new(Kind::Cancelled, prompt::UNCHANGED, why))
            }
        };
    }
    let (on, text) = if is_typed {
        (On::Target, "It runs there, as `--on target` says.")
    } else {
        (
            On::Scratch,
            "So it runs on a scratch database; `--on target` runs it on this one.",
        )
    };
    page.toned(Tone::Warn, text);
    context.output().note(&page);
    Ok(on)
}
