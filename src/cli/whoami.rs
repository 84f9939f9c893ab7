//! `supadeck whoami`.

use super::answer::Answered;
use super::context::Context;
use super::page::{Page, Span, Table, Tone};
use crate::domain::hidden::shown;
use crate::domain::identity::Identity;
use clap::Args as ClapArgs;
use serde_json::json;

/// Show the identity in use, the project it is of, its role, whether Row Level Security applies to it, who else is signed in, and the way to the database
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
    let kept = reader.kept();
    if !kept.is_empty() {
        page.blank();
        let mut table = Table::new(&["SIGNED IN", "ROLE", "", ""]);
        for user in &kept.users {
            let is_this = reader.who().user_id() == Some(user.id.as_str());
            let called = format!("--as user:{}", user.name());
            let mark = if is_this { "reads now" } else { "" };
            let identity = Identity::User(user.clone());
            let rights = identity.rights();
            table.row(vec![
                Span::from(user.name()),
                Span::from(&*rights),
                Span::new(Tone::Muted, &called),
                Span::from(mark),
            ]);
        }
        page.table(&table);
    }
    let kept: Vec<_> = kept
        .users
        .iter()
        .map(|user| {
            let is_this = reader.who().user_id() == Some(user.id.as_str());
            json!({"id": user.id, "email": user.email, "role": user.role, "aal": user.aal.word(), "reads": is_this})
        })
        .collect();
    let answer = reader.page(reader.who(), page)?.with("kept", &kept)?;
    let project = json!({"name": shown(&profile.name), "url": profile.shown_url()});
    Ok(answer
        .with("project", &project)?
        .with("way", &way.map(|(word, _)| word))?)
}
