//! `supadeck audit init`.

use super::super::answer::{Answer, Answered};
use super::super::context::Context;
use super::super::interrupt;
use super::super::page::{Page, Tone};
use crate::domain::audit::new_trail::{Readers, TrailTable, migration};
use crate::domain::problem::Kind;
use crate::ops::{audit_trail, migration as files};
use clap::{Args as ClapArgs, ValueEnum};
use serde_json::json;

/// Write a migration that makes an audit trail for some tables; nothing is run
///
/// The migration and its rollback are written into the project's folder, to be read, changed and applied like any other: a table audit_log,
/// which `audit list` and the Audit screen read, its indexes, a trigger on each of the tables, and who may read the records: the service role
/// alone, unless --read-by says otherwise. Where the database can be reached, it is checked first that the tables are there and that no audit_log is.
#[derive(ClapArgs)]
pub struct Args {
    /// The tables whose changes are kept, such as orders or shop.orders
    #[arg(required = true, value_name = "TABLE")]
    tables: Vec<String>,

    /// Who may read the records
    #[arg(long, value_name = "WHO", value_enum, default_value_t = ReadBy::Service)]
    read_by: ReadBy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ReadBy {
    /// The service role alone
    Service,
    /// The service role, and each user the records of rows that have the user's id as their user_id
    Subjects,
}

/// Writes the two files.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let mut tables = args
        .tables
        .iter()
        .map(|table| TrailTable::parse(table))
        .collect::<Result<Vec<_>, _>>()?;
    tables.sort();
    tables.dedup();
    let root = context.root().await?;
    let mut page = Page::default();
    match context.catalogs().await {
        Ok(catalogs) => {
            interrupt::ending(audit_trail::check_new(&*catalogs, &tables)).await?;
        }
        // The files are as good without it.
        Err(problem) if problem.kind == Kind::Config => {
            let note =
                "Whether the tables are there was not checked: no way to the database is known.";
            page.toned(Tone::Warn, note);
        }
        Err(problem) => return Err(problem.into()),
    }
    let readers = match args.read_by {
        ReadBy::Service => Readers::Service,
        ReadBy::Subjects => Readers::Subjects,
    };
    let (up, down) = migration(&tables, readers);
    let files = files::new_with(&root, "audit_trail", context.now(), (&up, &down)).await?;
    page.line(format!("Made {}", files.up.display()));
    page.line(format!("Made {}", files.down.display()));
    if let Some(folder) = &files.made {
        let note = format!(
            "Note: the project had no migrations, so the folder {} was made.",
            folder.display()
        );
        page.toned(Tone::Warn, &note);
    }
    page.blank();
    page.block(Tone::Text, "    ", &up);
    page.blank();
    page.line("Nothing was run. Read it, then see `supadeck migration plan` and `supadeck migration apply`.");
    let shown: Vec<String> = tables.iter().map(TrailTable::shown).collect();
    let data = json!({"up": files.up, "down": files.down, "tables": shown});
    Ok(Answer::new(&data, page)?.with("made", &files.made)?)
}
