//! `supadeck seed list`.

use super::super::answer::{Answer, Answered};
use super::super::context::Context;
use super::super::migration::show;
use super::super::page::{Page, Span, Table, Tone};
use super::{missing, notes, stale};
use crate::domain::seed::SeedState;
use crate::ops::seed;
use clap::Args as ClapArgs;

/// List seed files with their state: pending, applied, changed or missing
///
/// A seed stays recorded when a migration is rolled back, although the rows it wrote may be gone: where supadeck's journal
/// shows that a rollback came after it, the list says so.
#[derive(ClapArgs)]
pub struct Args {}

/// Compares the files with what is recorded.
pub async fn run(context: &Context, _args: &Args) -> Answered {
    let work = context.work().await?;
    let listing = work.read(seed::list(&work.schema)).await?;
    let mut page = Page::default();
    page.toned(Tone::Muted, &show::target(&listing.target));
    if listing.entries.is_empty() {
        let looked = seed::looked(&work.schema)?.unwrap_or_default();
        page.line(format!("There are no seed files. {looked}"));
    } else {
        let mut table = Table::new(&["PATH", "STATE"]);
        for entry in &listing.entries {
            let tone = match entry.state {
                SeedState::Applied => Tone::Ok,
                SeedState::Pending => Tone::Text,
                SeedState::Changed | SeedState::Missing => Tone::Warn,
            };
            table.row(vec![
                Span::from(&entry.path),
                Span::new(tone, entry.state.word()),
            ]);
        }
        page.table(&table);
    }
    page.append(notes::page(&listing.notes));
    page.append(stale::page(&listing.stale));
    page.append(missing::page(&listing.entries));
    let answer = Answer::new(&listing.entries, page)?;
    Ok(answer
        .with("target", &listing.target)?
        .with("stale", &listing.stale)?
        .with("notes", &listing.notes)?)
}
