//! `supadeck cycle export`.

use super::super::answer::{Answer, Answered};
use super::super::context::Context;
use super::super::interrupt;
use super::super::page::Page;
use crate::domain::cycle::today;
use crate::domain::problem::Problem;
use crate::ops::{cycle, exported_file};
use clap::Args as ClapArgs;
use std::path::PathBuf;

/// Write the review of a cycle, or of one of its weeks, as Markdown
///
/// The review tells how far each week came against the target of 85 %, what was done, what stood in the way, and what the audit trail says was
/// changed, as far as the identity in use may see it. Without FILE it is printed.
#[derive(ClapArgs)]
pub struct Args {
    /// The cycle's id
    id: String,

    /// The file; it must not be there yet
    file: Option<PathBuf>,

    /// Only this week, 1 to 12
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=12))]
    week: Option<u8>,
}

/// Reads and writes the review.
pub async fn run(context: &Context, args: &Args) -> Answered {
    if let Some(file) = &args.file {
        exported_file::check_free(file)?;
    }
    let reader = context.reader().await?;
    let reading = async {
        let today = today(context.now());
        let review = cycle::review(reader.rest(), reader.who(), &args.id, args.week, today);
        let review = review.await?;
        Ok::<_, Problem>((review, reader.people().await))
    };
    let (review, told) = interrupt::ending(reading).await?;
    for problem in told.problems {
        let mut page = Page::default();
        page.line(format!("Names are not known: {problem}"));
        context.output().note(&page);
    }
    let text = review.markdown(&told.people, &reader.who().sentence());
    let answer = match &args.file {
        None => Answer {
            data: serde_json::to_value(&review)
                .map_err(|error| Problem::internal(format!("The review is no JSON: {error}.")))?,
            ..Answer::raw(text)
        },
        Some(file) => {
            exported_file::write_whole(file, &text)?;
            let mut page = reader.heading();
            page.line(format!("The review is in {}.", file.display()));
            Answer::new(&review, page)?
        }
    };
    Ok(answer
        .with("identity", reader.who())?
        .with("rls", &reader.who().is_under_rls())?)
}
