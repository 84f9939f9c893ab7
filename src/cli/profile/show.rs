//! `supadeck profile show`.

use super::super::answer::{Answer, Answered};
use super::super::context::Context;
use super::view;
use crate::adapters::connect;
use crate::ops::profile;
use clap::Args as ClapArgs;

/// Show a profile: the one named, or the one in use
#[derive(ClapArgs)]
pub struct Args {
    /// Its name
    name: Option<String>,
}

/// Reads the file.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let settings = context.settings();
    let profiles = connect::profiles(settings)?;
    let name = args.name.as_deref().or(settings.profile.as_deref());
    let found = profile::show(profiles.as_ref(), name, settings.url_from()).await?;
    Ok(Answer::new(&view::data(&found), view::page(&found))?)
}
