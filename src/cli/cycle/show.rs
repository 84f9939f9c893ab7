//! `supadeck cycle show`.

use super::super::answer::Answered;
use super::super::context::Context;
use super::super::page::{Page, Tone};
use super::super::{goal, interrupt, lock};
use crate::domain::cycle::{CycleDetail, today};
use crate::ops::cycle;
use clap::Args as ClapArgs;
use jiff::civil::Date;

/// Show a cycle with its goals and the locks of its weeks
#[derive(ClapArgs)]
pub struct Args {
    /// The cycle's id, or as much of it as tells it apart
    id: String,
}

/// Reads the cycle.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let reader = context.reader().await?;
    let detail = interrupt::ending(cycle::show(reader.rest(), reader.who(), &args.id)).await?;
    reader.page(&detail, page(&detail, today(context.now())))
}

fn page(detail: &CycleDetail, today: Date) -> Page {
    let cycle = &detail.cycle;
    let mut page = Page::default();
    page.toned(Tone::Strong, &format!("Cycle {}", cycle.id));
    page.line(format!(
        "{} to {}, {}, owner {}",
        cycle.start_date,
        cycle.end_date,
        cycle.progress(today),
        cycle.user_id
    ));
    if let Some(vision) = &detail.vision {
        for (name, text) in [
            ("Life", &vision.life),
            ("Year", &vision.year),
            ("Weekly", &vision.weekly),
            ("Daily", &vision.daily),
        ] {
            if !text.is_empty() {
                page.line(format!("{name}: {text}"));
            }
        }
    }
    page.blank();
    if detail.goals.is_empty() {
        page.toned(Tone::Muted, "No goals.");
    } else {
        page.table(&goal::table(&detail.goals));
    }
    page.blank();
    if detail.locks.is_empty() {
        page.toned(Tone::Muted, "No week plans.");
    } else {
        page.table(&lock::view::table(&detail.locks, None));
    }
    page
}
