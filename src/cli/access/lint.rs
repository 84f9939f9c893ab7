//! `supadeck access lint`.

use super::super::answer::{Answer, Answered, Failure};
use super::super::context::Context;
use super::super::interrupt;
use super::super::page::{Page, Tone};
use super::place::Place;
use crate::domain::access::lint::{AccessFinding, Severity, counts};
use crate::domain::problem::{Kind, Problem};
use crate::domain::report::secured;
use crate::ops::access;
use crate::ports::AccessDatabase;
use clap::Args as ClapArgs;
use serde_json::json;

/// Find security problems in grants and policies, each with the SQL that fixes it. Exit code 1 when there is a warning or worse
///
/// The rules are those of Supabase's database advisors, asked over the database connection. What only a person can decide has no
/// statement. With --write the others become a migration with its rollback, which is read, planned and applied like any other.
#[derive(ClapArgs)]
pub struct Args {
    /// Write what can be mended as a migration of this name, with its rollback
    #[arg(long, value_name = "NAME")]
    write: Option<String>,

    #[command(flatten)]
    place: Place,
}

/// Asks, and writes the files.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let looked = args.place.open(context).await?;
    let answered = look(context, args, looked.database.as_ref()).await;
    looked.close(answered).await
}

async fn look(context: &Context, args: &Args, database: &dyn AccessDatabase) -> Answered {
    let findings = interrupt::ending(database.lint()).await?;
    let mut page = Page::default();
    if findings.is_empty() {
        page.toned(Tone::Ok, "No security problem was found.");
    }
    page.report(secured::findings(&findings));
    let answer = Answer::new(&findings, page)?;
    if let Some(name) = &args.write {
        let root = context.root().await?;
        let files = access::write_mending(&root, name, context.now(), &findings)?;
        let mut page = Page::default();
        page.toned(Tone::Ok, &format!("Made {}", files.up.display()));
        page.line(format!("Made {}", files.down.display()));
        page.line("Read both, then see `supadeck migration plan`.");
        let data = json!({ "up": files.up, "down": files.down, "findings": findings });
        return Ok(Answer::new(&data, page)?);
    }
    let is_note = |finding: &AccessFinding| finding.level == Severity::Info;
    if findings.iter().all(is_note) {
        return Ok(answer);
    }
    let problem = Problem::new(
        Kind::Findings,
        "There are security problems in grants or policies.",
        format!("{}.", counts(&findings)),
    )
    .with_hint(
        "See `supadeck access lint --write NAME`, which writes what can be mended as a migration.",
    );
    Err(Failure::after(problem, answer))
}
