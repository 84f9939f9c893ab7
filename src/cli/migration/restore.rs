//! `supadeck migration restore`.

use super::super::answer::{Answer, Answered};
use super::super::confirm::{self, Confirm};
use super::super::context::Context;
use super::super::page::{Page, Tone};
use super::list;
use super::show;
use crate::domain::production::Protection;
use crate::ops::migration::{self, RestorePlan, Restored};
use clap::Args as ClapArgs;

/// Write migration files back as they were applied, from the statements that the history stores
///
/// For files that were edited after they were applied, and for files that are gone. An edited file is kept in the folder
/// `edited` beside the migrations. A rollback file is written when the history stores one and there is none. Refused when
/// the stored statements would not read the same in a file.
#[derive(ClapArgs)]
pub struct Args {
    /// The versions to write back
    #[arg(required = true, value_name = "VERSION")]
    versions: Vec<String>,

    #[command(flatten)]
    confirm: Confirm,
}

/// Plans, asks and writes.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let work = context.work().await?;
    let planning = migration::plan_restore(&work.schema, &args.versions);
    let plan = work.read(planning).await?;
    let shown = || Answer::new(&plan, page(&plan));
    let count = show::counted(plan.files.len(), "migration file");
    let what = format!("Write back {count}");
    // It writes files of this machine alone.
    let protection = Protection {
        read_only: None,
        ..(*plan.target.protection).clone()
    };
    confirm::confirm(context, &protection, &args.confirm, shown, "restore", &what).await?;
    let listing = migration::restore(&work.schema, &plan).await?;
    let mut done = Page::default();
    for restored in &plan.files {
        wrote(&mut done, restored);
    }
    list::after(done, &listing, &plan)
}

fn page(plan: &RestorePlan) -> Page {
    let mut page = Page::default();
    page.toned(Tone::Strong, &show::target(&plan.target));
    for restored in &plan.files {
        page.blank();
        self::restored(&mut page, restored);
    }
    page.blank();
    page
}

/// What one file will be.
pub fn restored(page: &mut Page, restored: &Restored) {
    let title = format!("Write {} as it was applied", restored.file.display());
    page.toned(Tone::Strong, &title);
    if let Some(old) = &restored.replaces {
        let kept = format!("  The file that is there is kept as {}", old.kept.display());
        page.toned(Tone::Muted, &kept);
    }
    page.block(Tone::Text, "    ", &restored.text);
    if let Some(rollback) = &restored.rollback {
        let title = format!("Write {}", rollback.file.display());
        page.toned(Tone::Strong, &title);
        page.block(Tone::Text, "    ", &rollback.text);
    }
    lacks(page, restored);
}

/// What one file became.
pub fn wrote(page: &mut Page, restored: &Restored) {
    page.line(format!("Wrote {}", restored.file.display()));
    if let Some(rollback) = &restored.rollback {
        page.line(format!("Wrote {}", rollback.file.display()));
    }
    if let Some(old) = &restored.replaces {
        page.line(format!("Kept {}", old.kept.display()));
    }
    lacks(page, restored);
}

fn lacks(page: &mut Page, restored: &Restored) {
    if let Some(remark) = restored.remark() {
        page.toned(Tone::Warn, &remark);
    }
}
