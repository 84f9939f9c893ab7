//! `supadeck profile use`.

use super::super::answer::{Answer, Answered};
use super::super::context::Context;
use super::super::page::Page;
use crate::adapters::connect;
use crate::ops::profile;
use clap::Args as ClapArgs;

/// Make a profile the one in use
#[derive(ClapArgs)]
pub struct Args {
    /// Its name
    name: String,
}

/// Writes the file.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let profiles = connect::profiles(context.settings())?;
    let used = profile::use_(profiles.as_ref(), &args.name).await?;
    let page = Page::of(format!("{} is in use now.", used.name));
    Ok(Answer::new(&super::data(&used), page)?)
}
