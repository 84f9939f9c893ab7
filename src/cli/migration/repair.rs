//! `supadeck migration repair`.

use super::super::answer::{Answer, Answered};
use super::super::confirm::{self, Confirm};
use super::super::context::Context;
use super::super::interrupt;
use super::super::page::{Page, Tone};
use super::{list, show};
use crate::domain::migration::resolution::Repair;
use crate::domain::report::difference;
use crate::ops::migration::{self, Record, RepairPlan, RowChange};
use clap::{Args as ClapArgs, ValueEnum};

/// Correct the history without running any SQL
///
/// For a history that is wrong: a version that was applied by hand, whose file is gone, or that is recorded under another
/// version. Each row is shown as it is and as it will be, with the difference where a file is recorded. The schema itself
/// is not touched. All rows change in one transaction, and none when one of them is no longer as it was shown.
#[derive(ClapArgs)]
pub struct Args {
    /// The versions to correct
    #[arg(required = true, value_name = "VERSION")]
    versions: Vec<String>,

    /// What the history shall say of them
    #[arg(long, value_name = "STATUS")]
    status: Status,

    #[command(flatten)]
    confirm: Confirm,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Status {
    /// In the history, with the statements of the file
    Applied,
    /// Not in the history
    Reverted,
    /// In the history under the file's version, and no longer under another one
    Renamed,
}

/// Shows, asks and corrects.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let repair = match args.status {
        Status::Applied => Repair::Applied,
        Status::Reverted => Repair::Reverted,
        Status::Renamed => Repair::Renamed,
    };
    let work = context.work().await?;
    let planning = migration::plan_repair(&work.schema, &args.versions, repair);
    let plan = work.read(planning).await?;
    let versions = args.versions.join(", ");
    let what = format!("Record {versions} as {} in the history", repair.word());
    let shown = || Answer::new(&plan, page(&plan));
    confirm::confirm(
        context,
        &plan.target.protection,
        &args.confirm,
        shown,
        "repair",
        &what,
    )
    .await?;
    // Ctrl-C does not end it half-way: nobody would know what is recorded.
    let write = migration::carry_out(&work.schema, &plan);
    let after = interrupt::finishing(context.output(), write).await?;
    list::after(done(&plan), &after, &plan)
}

/// What was changed, row by row.
fn done(plan: &RepairPlan) -> Page {
    let mut page = Page::default();
    let count = show::counted(plan.rows.len(), "row");
    page.toned(Tone::Ok, &format!("The history was corrected, {count}:"));
    for row in &plan.rows {
        page.append(change(row));
    }
    page
}

fn page(plan: &RepairPlan) -> Page {
    let mut page = Page::default();
    page.toned(Tone::Strong, &show::target(&plan.target));
    for row in &plan.rows {
        page.blank();
        page.append(change(row));
        if let Some(found) = &row.difference {
            page.report(difference::page(found));
        }
    }
    page.blank();
    page
}

/// A row as it was and as it is then.
fn change(row: &RowChange) -> Page {
    let mut page = Page::default();
    let before = format!("before  {}", record(row.before.as_ref()));
    page.toned(Tone::Muted, &before);
    page.line(format!("after   {}", record(row.after.as_ref())));
    page
}

fn record(record: Option<&Record>) -> String {
    let Some(record) = record else {
        return "not in the history".to_owned();
    };
    let name = record.name.as_deref().unwrap_or("(no name)");
    let statements = record
        .statements
        .map(|count| format!(", {}", show::counted(count, "statement")));
    format!(
        "{} {name}{}",
        record.version,
        statements.unwrap_or_default()
    )
}
