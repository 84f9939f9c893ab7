//! `supadeck goal`.

use super::answer::Answered;
use super::context::Context;
use super::interrupt;
use super::page::{Span, Table};
use crate::domain::goal::Goal;
use crate::ops::goal;
use clap::{Args as ClapArgs, Subcommand};

/// Read goals
#[derive(ClapArgs)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    List(List),
}

/// List the goals that the identity may see
#[derive(ClapArgs)]
struct List {
    /// Only those of one cycle; its id, or as much of it as tells it apart
    #[arg(long, value_name = "ID")]
    cycle: Option<String>,
}

/// Runs the subcommand.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let Command::List(List { cycle }) = &args.command;
    let reader = context.reader().await?;
    let goals = goal::list(reader.rest(), reader.who(), cycle.as_deref());
    let goals = interrupt::ending(goals).await?;
    reader.answer(&goals, goals.is_empty(), &table(&goals))
}

/// The goals as a table.
pub fn table(goals: &[Goal]) -> Table {
    let mut table = Table::new(&["@ID", "TYPE", "WEEKS", "#CYCLE", "~DESCRIPTION"]);
    for goal in goals {
        table.row(vec![
            Span::from(&goal.id),
            Span::from(&goal.kind),
            Span::from(format!("{}-{}", goal.start_week, goal.end_week)),
            Span::from(&goal.cycle_id),
            Span::from(&goal.description),
        ]);
    }
    table
}
