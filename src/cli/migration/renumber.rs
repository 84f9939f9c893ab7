//! `supadeck migration renumber`.

use super::super::answer::{Answer, Answered};
use super::super::confirm::{self, Confirm};
use super::super::context::{Context, Work};
use super::super::page::{Page, Tone};
use super::list;
use super::show;
use crate::ops::migration;
use clap::Args as ClapArgs;

/// Give a migration that is not applied another version
///
/// Its file and its rollback file are renamed together, both or none. Without --to the version is the time in UTC, or
/// what comes after the newest version. Refused for what is applied. With --all every file whose version another one has
/// too gets a version of its own: what is applied keeps it, else the first by name, and the others get the next free
/// version before what comes after it.
#[derive(ClapArgs)]
pub struct Args {
    /// The version, or the file's name where two files have one version
    #[arg(value_name = "VERSION", required_unless_present = "all")]
    which: Option<String>,

    /// All files of double versions
    #[arg(long, conflicts_with_all = ["which", "to"])]
    all: bool,

    /// The new version
    #[arg(long, value_name = "VERSION")]
    to: Option<String>,

    #[command(flatten)]
    confirm: Confirm,
}

/// Plans, asks and renames.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let work = context.work().await?;
    let Some(which) = args.which.as_ref().filter(|_| !args.all) else {
        return run_all(context, &work, &args.confirm).await;
    };
    let now = context.now();
    let planning = migration::plan_renumber(&work.schema, which, args.to.as_deref(), now);
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

/// The same for all files of double versions.
async fn run_all(context: &Context, work: &Work, confirm: &Confirm) -> Answered {
    let plan = work
        .read(migration::plan_renumber_all(&work.schema))
        .await?;
    let mut page = Page::default();
    if plan.files.is_empty() {
        page.line("Every migration has a version of its own.");
        return Ok(Answer::new(&plan, page)?);
    }
    for one in &plan.files {
        page.toned(
            Tone::Strong,
            &format!("{}_{} becomes {}", one.version, one.name, one.to),
        );
    }
    for one in &plan.moves {
        let from = one.from.display();
        page.line(format!("  {from} becomes {}", one.to.display()));
    }
    for warning in plan.warnings() {
        page.toned(Tone::Warn, &warning);
    }
    let shown = || Answer::new(&plan, page.clone());
    let what = format!("Rename {}", show::counted(plan.moves.len(), "file"));
    let protection = &plan.target.protection;
    confirm::confirm(context, protection, confirm, shown, "renumber", &what).await?;
    let listing = migration::renumber_all(&work.schema, &plan).await?;
    list::after(page, &listing, &plan)
}
