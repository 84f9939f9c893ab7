//! `supadeck profile remove`.

use super::super::answer::{Answer, Answered};
use super::super::context::Context;
use super::super::page::Page;
use crate::adapters::connect;
use crate::ops::profile;
use clap::Args as ClapArgs;
use serde_json::json;

/// Remove a profile, with its keys and its session in the keyring
#[derive(ClapArgs)]
pub struct Args {
    /// Its name
    name: String,
}

/// Writes the file and empties the keyring.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let settings = context.settings();
    let profiles = connect::profiles(settings)?;
    let secrets = connect::secrets(settings);
    profile::remove(profiles.as_ref(), secrets.as_ref(), &args.name).await?;
    let page = Page::of(format!("{} is removed, and so are its secrets.", args.name));
    Ok(Answer::new(&json!({"name": args.name}), page)?)
}
