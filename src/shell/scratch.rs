//! A dry run of the deck on a scratch database, which is built from the history of the project's own and thrown away.

use crate::adapters::connect::Transport;
use crate::adapters::postgres::PgVariables;
use crate::adapters::scratch::{Said, ScratchDatabase, Wanted};
use crate::app::msg::Msg;
use crate::app::ticket::Ticket;
use crate::domain::dry_run::Report;
use crate::domain::migration::Plan;
use crate::domain::problem::Problem;
use crate::domain::source::Source;
use crate::ops::link;
use crate::ops::migration::{self, Passing, RunControl, Workspace};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Dry-runs a plan there. Nothing runs on the project's database: only its history is read.
pub(super) async fn dry_run(
    schema: &Workspace,
    plan: &Plan,
    cancel: &CancellationToken,
    (ticket, inbox): (Ticket, &mpsc::UnboundedSender<Msg>),
) -> Result<Report, Problem> {
    let wanted = Wanted::of_database(link::major(&plan.target.server_version));
    let told = inbox.clone();
    let said: Said =
        Arc::new(move |_, text| drop(told.send(Msg::Prepared(ticket, text.to_owned()))));
    let scratch = tokio::select! {
        started = Box::pin(ScratchDatabase::start(wanted, &said)) => started?,
        () = cancel.cancelled() => return Err(Problem::cancelled("No dry run was made.")),
    };
    let text = "Building the history there, then trying the files.".to_owned();
    // The inbox is closed only when the deck is over; then nobody wants to know.
    let _ = inbox.send(Msg::Prepared(ticket, text));
    let report = Box::pin(on(&scratch, schema, plan, cancel)).await;
    scratch.stop().await;
    report
}

async fn on(
    scratch: &ScratchDatabase,
    schema: &Workspace,
    plan: &Plan,
    cancel: &CancellationToken,
) -> Result<Report, Problem> {
    let way = Transport::by_url(&scratch.url(), &Source::Code, &PgVariables::default())?;
    let stage = way.stage();
    let mut there = Workspace::new(&schema.root, way.database());
    there.limits = schema.limits;
    // Each file runs twice there, which is no progress of the plan.
    let watch = RunControl {
        cancel: cancel.clone(),
        ..RunControl::quiet()
    };
    let mut passing = Passing::on(scratch.is_right_version());
    migration::rebuild(schema, &there, &mut passing, &watch).await?;
    migration::rehearse_on_scratch(&there, stage.as_ref(), plan, &mut passing, &watch).await
}
