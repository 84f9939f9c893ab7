//! `supadeck migration renumber`.

use super::super::answer::{Answer, Answered};
use super::super::confirm::{self, Confirm};
use super::super::context::Context;
use super::super::page::{Page, Tone};
use super::list;
use super::show;
use crate::ops::migration;
use clap::Args as ClapArgs;

/// Give a migration that is not applied another version
///
/// Its file and its rollback file are renamed together, both or none. Without --to the version is the time in UTC, or
/// what comes after the newest version. Refused for what is applied.
#[derive(ClapArgs)]
pub struct Args {
    /// The version, or the file's name where two files have one version
    #[arg(value_name = "VERSION")]
    which: String,

    /// The new version
    #[arg(long, value_name = "VERSION")]
    to: Option<String>,

    #[command(flatten)]
    confirm: Confirm,
}

/// Plans, asks and renames.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let work = context.work().await?;
    let now = context.now();
    let planning = migration::plan_renumber(&work.schema, &args.which, args.to.as_deref(), now);
    let plan = work.read(planning).await?;
    let mut page = Page::default();
    page.toned(
        Tone::Strong,
        &format!("{} becomes {}", plan.version, plan.to),
    );
    for one in &plan.moves {
        let from = one.from.display();
        page.line(format!("  {from} becomes {}", one.to.display()));
    }
    let shown = || Answer::new(&plan, page.clone());
    let count = show::counted(plan.moves.len(), "file");
    let what = format!("Rename {count}");
    confirm::confirm(
        context,
        &plan.target.protection,
        &args.confirm,
        shown,
        "renumber",
        &what,
    )
    .await?;
    let listing = migration::renumber(&work.schema, &plan).await?;
    list::after(page, &listing, &plan)
}
