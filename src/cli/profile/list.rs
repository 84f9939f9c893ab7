//! `supadeck profile list`.

use super::super::answer::{Answer, Answered};
use super::super::context::Context;
use super::super::page::{Page, Span, Table, Tone};
use super::view;
use crate::adapters::connect;
use crate::domain::hidden::shown;
use crate::ops::profile;
use clap::Args as ClapArgs;
use serde_json::Value;

/// List the profiles, and which one is in use
#[derive(ClapArgs)]
pub struct Args {}

/// Reads the file.
pub async fn run(context: &Context, _args: &Args) -> Answered {
    let profiles = connect::profiles(context.settings())?;
    let book = profile::list(profiles.as_ref()).await?;
    let mut table = Table::new(&["", "NAME", "URL", "PRODUCTION"]);
    let mut data = Vec::new();
    for (name, profile) in &book.profiles {
        let in_use = book.default.as_ref() == Some(name);
        let (tone, production) = match (profile.production, profile.read_only) {
            (true, false) => (Tone::Danger, "production"),
            (true, true) => (Tone::Danger, "production, read-only"),
            (false, true) => (Tone::Text, "read-only"),
            (false, false) => (Tone::Text, ""),
        };
        table.row(vec![
            Span::from(if in_use { "*" } else { "" }),
            Span::from(&*shown(name)),
            Span::from(&profile.shown_url()),
            Span::new(tone, production),
        ]);
        let mut profile = profile.clone();
        profile.name.clone_from(name);
        let mut row = view::data(&profile);
        row["in_use"] = Value::Bool(in_use);
        data.push(row);
    }
    let mut page = Page::default();
    if data.is_empty() {
        page.line("There are no profiles. Add one with `supadeck profile add`.");
    } else {
        page.table(&table);
    }
    Ok(Answer::new(&data, page)?.with("file", &profiles.path())?)
}
