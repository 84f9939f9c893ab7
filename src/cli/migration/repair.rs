//! `supadeck migration repair`.

use super::super::answer::{Answer, Answered};
use super::super::context::Context;
use super::super::interrupt;
use super::confirm::{self, Confirm};
use super::show;
use crate::ops::migration::{self, Repair};
use clap::{Args as ClapArgs, ValueEnum};

/// Correct the history without running any SQL
///
/// For a history that is wrong: a version that was applied by hand, or whose file is gone. The schema itself is not touched.
#[derive(ClapArgs)]
pub struct Args {
    /// The versions to correct
    #[arg(required = true, value_name = "VERSION")]
    versions: Vec<String>,

    /// Record them as applied, from their files, or remove them from the history
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
}

/// Asks and corrects.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let (repair, word) = match args.status {
        Status::Applied => (Repair::Applied, "applied"),
        Status::Reverted => (Repair::Reverted, "reverted"),
    };
    let work = context.work().await?;
    let before = interrupt::ending(migration::list(&work.schema)).await?;
    let versions = args.versions.join(", ");
    let what = format!("Record {versions} as {word} in the history");
    let shown = Answer::new(&before.entries, show::listing(&before))?;
    confirm::confirm(context, &work, &args.confirm, shown, "repair", &what).await?;
    // Ctrl-C does not end it half-way: nobody would know what is recorded.
    let write = migration::repair(&work.schema, &args.versions, repair);
    let after = interrupt::finishing(context.output(), write).await?;
    let answer = Answer::new(&after.entries, show::listing(&after))?;
    Ok(answer.with("target", &after.target)?)
}
