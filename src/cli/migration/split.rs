//! `supadeck migration split`.

use super::super::answer::{Answer, Answered};
use super::super::confirm::{self, Confirm};
use super::super::context::Context;
use super::super::page::{Page, Tone};
use super::list;
use crate::domain::text::harmless;
use crate::ops::migration::{self, SplitPlan};
use clap::Args as ClapArgs;

/// Split a migration of another tool into the migration and its rollback
///
/// dbmate, goose, sql-migrate, node-pg-migrate and MyBatis write both into one file, golang-migrate, sqlx and postgrator into two files of one version.
/// The rollback goes into rollback/ beside the migrations, under the migration's name. Refused for what is applied.
#[derive(ClapArgs)]
pub struct Args {
    /// The file's name, or its version
    #[arg(value_name = "FILE")]
    which: String,

    #[command(flatten)]
    confirm: Confirm,
}

/// Plans, asks and writes.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let work = context.work().await?;
    let plan = work
        .read(migration::plan_split(&work.schema, &args.which))
        .await?;
    let page = page(&plan);
    let shown = || Answer::new(&plan, page.clone());
    confirm::confirm(
        context,
        &plan.target.protection,
        &args.confirm,
        shown,
        "split",
        "Write the two files",
    )
    .await?;
    let listing = migration::split(&work.schema, &plan).await?;
    list::after(page, &listing, &plan)
}

fn page(plan: &SplitPlan) -> Page {
    let mut page = Page::default();
    page.toned(
        Tone::Strong,
        &format!(
            "{}: migration and rollback as {} writes them",
            plan.version, plan.tool
        ),
    );
    for line in plan.lines() {
        page.line(harmless(&line).into_owned());
    }
    page
}
