//! `supadeck audit backfill`.

use super::super::answer::{Answer, Answered, Failure};
use super::super::confirm::{self, Confirm};
use super::super::context::Context;
use super::super::interrupt;
use super::super::page::{Page, Tone};
use crate::domain::audit::backfill::BackfillProgress;
use crate::domain::problem::Problem;
use crate::ops::audit_backfill;
use clap::Args as ClapArgs;
use serde_json::json;
use tokio_util::sync::CancellationToken;

/// Fill in which fields old audit records changed, and build the indexes for it
///
/// Records that are older than the column `changed` have no names in it, and no filter by a changed field finds them. This computes the names
/// from the images and changes nothing else; the audit log takes that from its owner, once a record. It goes over the database
/// connection, in pieces of about a second, and holds up nobody. It can be stopped with Ctrl-C and run again.
///
/// Where the audit log was large when it was migrated, its new indexes are built then, beside readers and writers. That wants a Postgres connection.
#[derive(ClapArgs)]
pub struct Args {
    #[command(flatten)]
    confirm: Confirm,
}

/// Asks and fills in.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let work = context.work().await?;
    let target = work.read(work.schema.database.history()).await?.target;
    let extent = work.read(work.upkeep.extent()).await?;
    let plan = || {
        let mut page = Page::default();
        page.line(format!(
            "Fill in `changed` of public.audit_log, about {} records, on {} as {}.",
            extent.records, target.host, target.role
        ));
        Answer::new(
            &json!({ "records": extent.records, "blocks": extent.blocks }),
            page,
        )
    };
    let what = "Fill in the names of changed fields";
    confirm::confirm(
        context,
        &target.protection,
        &args.confirm,
        plan,
        "backfill",
        what,
    )
    .await?;
    let output = context.output();
    let mut shown = 0;
    let told = |progress: &BackfillProgress| {
        if progress.indexes > 0 {
            let mut page = Page::default();
            page.toned(Tone::Muted, &format!("{} indexes built.", progress.indexes));
            output.note(&page);
        }
        // A line for every twentieth part.
        let part = progress.percent() / 5;
        if part > shown {
            shown = part;
            let mut page = Page::default();
            page.toned(
                Tone::Muted,
                &format!(
                    "{} % looked through, {} records filled in.",
                    progress.percent(),
                    progress.filled
                ),
            );
            output.note(&page);
        }
    };
    let cancel = CancellationToken::new();
    let filling = audit_backfill::run(work.upkeep.as_ref(), audit_backfill::PAUSE, told, &cancel);
    let (progress, problem) = interrupt::cancelling(output, &cancel, filling).await?;
    let answer = answer(&progress)?;
    match problem {
        None => Ok(answer),
        Some(problem) => Err(Failure::after(problem, answer)),
    }
}

fn answer(progress: &BackfillProgress) -> Result<Answer, Problem> {
    let mut page = Page::default();
    let filled = match progress.filled {
        0 => "Every record already named the fields that it changed".to_owned(),
        1 => "1 record now names the fields that it changed".to_owned(),
        count => format!("{count} records now name the fields that they changed"),
    };
    let built = match progress.indexes {
        0 => String::new(),
        1 => " 1 index was built.".to_owned(),
        count => format!(" {count} indexes were built."),
    };
    page.line(if progress.is_over() {
        format!("{filled}; all of the audit log was looked through.{built}")
    } else {
        format!(
            "{filled}; {} % of the audit log was looked through.",
            progress.percent()
        )
    });
    Answer::new(progress, page)
}
