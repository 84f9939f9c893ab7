//! `supadeck logout`.

use super::answer::{Answer, Answered};
use super::context::Context;
use super::page::{Page, Tone};
use super::{interrupt, slow_notice};
use crate::domain::identity::Identity;
use crate::domain::secret::StoredIn;
use crate::ops::session;
use clap::Args as ClapArgs;
use serde_json::json;

/// Sign out here; other sessions of the account stay
#[derive(ClapArgs)]
pub struct Args {}

/// Ends this session.
pub async fn run(context: &Context, _args: &Args) -> Answered {
    let project = context.project().await?;
    let write = session::sign_out(project.auth.as_ref());
    let whom = || format!("Auth at {}", project.profile.url);
    let write = slow_notice::telling(context.output(), whom, write);
    interrupt::ending(write).await?;
    let mut page = Page::default();
    // Asked afterwards: a keyring may have been given up meanwhile.
    let keeping = project.secrets.keeping().await?;
    if let StoredIn::Memory(why) = &keeping {
        let text = format!(
            "No session was found, and the keyring was not asked: it may hold one still. {why}"
        );
        page.toned(Tone::Warn, &text);
    } else {
        let project_name = project.profile.title();
        let text = match &project.identity {
            Identity::User(user) => format!(
                "{} is signed out of {project_name}: the session is removed from the keyring and ended on the server.",
                user.email
            ),
            _ => format!("No session is kept for {project_name}."),
        };
        page.line(text);
    }
    let asked = keeping == StoredIn::Keyring;
    Ok(Answer::new(&json!(null), page)?.with("keyring_asked", &asked)?)
}
