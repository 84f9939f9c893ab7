//! `supadeck cycle list`.

use super::super::answer::Answered;
use super::super::context::Context;
use super::super::interrupt;
use super::super::page::{Span, Table};
use crate::domain::cycle::today;
use crate::ops::cycle;
use clap::Args as ClapArgs;

/// List the cycles that the identity may see, newest first
#[derive(ClapArgs)]
pub struct Args {}

/// Reads the cycles.
pub async fn run(context: &Context, _args: &Args) -> Answered {
    let reader = context.reader().await?;
    let cycles = interrupt::ending(cycle::list(reader.rest(), reader.who())).await?;
    let mut table = Table::new(&["#ID", "START", "END", ">WEEK", "@OWNER"]);
    let today = today(context.now());
    for cycle in &cycles {
        table.row(vec![
            Span::from(&cycle.id),
            Span::from(&cycle.start_date),
            Span::from(&cycle.end_date),
            Span::from(cycle.progress_cell(today)),
            Span::from(&cycle.user_id),
        ]);
    }
    reader.answer(&cycles, cycles.is_empty(), &table)
}
