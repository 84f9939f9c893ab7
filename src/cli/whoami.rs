//! `supadeck whoami`.

use super::answer::Answered;
use super::context::Context;
use super::page::Page;
use crate::domain::hidden::shown;
use clap::Args as ClapArgs;
use serde_json::json;

/// Show the identity in use, the project it is of, its role, whether Row Level Security applies to it, and the way to the database
#[derive(ClapArgs)]
pub struct Args {}

/// Reads the stored session, refreshing it when it is about to end.
pub async fn run(context: &Context, _args: &Args) -> Answered {
    let reader = context.reader().await?;
    let way = reader.way().await;
    let profile = reader.profile();
    let mut page = Page::default();
    page.line(format!("The project is {}.", profile.title()));
    page.line(way.as_ref().map_or_else(
        || "No way to the database is known: migrations and seeds cannot run.".to_owned(),
        |(_, sentence)| sentence.clone(),
    ));
    let answer = reader.page(reader.who(), page)?;
    let project = json!({"name": shown(&profile.name), "url": profile.shown_url()});
    Ok(answer
        .with("project", &project)?
        .with("way", &way.map(|(word, _)| word))?)
}
