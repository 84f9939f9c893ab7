//! `supadeck profile`.

mod add;
mod check;
mod collect;
mod keys;
mod linked;
mod list;
mod remove;
mod replace;
mod show;
mod switch;

use super::answer::Answered;
use super::context::Context;
use super::interrupt;
use super::page::{Page, Table, Tone};
use crate::adapters::connect;
use crate::domain::hidden::{shown, shown_path};
use crate::domain::problem::Problem;
use crate::domain::profile::Profile;
use crate::ops::session;
use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Value, json};

/// Keep the projects you work with
///
/// A profile is a line in a file; its keys and passwords go to the keyring, or are looked up where the profile says.
#[derive(ClapArgs)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Add(add::Args),
    List(list::Args),
    Show(show::Args),
    #[command(name = "use")]
    Switch(switch::Args),
    Remove(remove::Args),
}

/// Runs the subcommand.
pub async fn run(context: &Context, args: &Args) -> Answered {
    match &args.command {
        Command::Add(args) => add::run(context, args).await,
        Command::List(args) => list::run(context, args).await,
        Command::Show(args) => show::run(context, args).await,
        Command::Switch(args) => switch::run(context, args).await,
        Command::Remove(args) => remove::run(context, args).await,
    }
}

/// Ends on the server the session that is stored for a profile which is removed or replaced; says where it cannot be.
async fn end_session(context: &Context, name: &str) -> Result<(), Problem> {
    let ended = async {
        let auth = connect::session_of(context.settings(), name).await;
        Ok(session::end_stored(auth.as_ref()).await)
    };
    if let Some(text) = interrupt::finishing(context.output(), ended).await? {
        let mut page = Page::default();
        page.toned(Tone::Warn, &format!("Note: {text}"));
        context.output().note(&page);
    }
    Ok(())
}

/// A profile as JSON. The name is its key in the file, so serde leaves it out there.
fn data(profile: &Profile) -> Value {
    json!({
        "name": shown(&profile.name),
        "url": profile.shown_url(),
        "project_ref": profile.project_ref.as_deref().map(shown),
        "dir": dir(profile),
        "production": profile.production,
        "secrets": profile.secrets,
    })
}

/// The directory as it may be shown.
fn dir(profile: &Profile) -> Option<String> {
    let dir = profile.dir.as_ref()?.display().to_string();
    Some(shown_path(&dir).into_owned())
}

/// A profile, one property a line.
fn page(profile: &Profile) -> Page {
    let mut table = Table::new(&["PROFILE", ""]);
    let dir = dir(profile);
    let reference = shown(profile.project_ref.as_deref().unwrap_or("-"));
    let name = shown(&profile.name);
    let url = profile.shown_url();
    for (name, value) in [
        ("name", &*name),
        ("url", &url),
        ("project ref", &reference),
        ("directory", dir.as_deref().unwrap_or("the current one")),
        ("production", if profile.production { "yes" } else { "no" }),
    ] {
        table.row(vec![name.into(), value.into()]);
    }
    for (kind, from) in profile.secrets.all() {
        table.row(vec![kind.title().into(), from.to_string().into()]);
    }
    let mut page = Page::default();
    page.table(&table);
    page
}
