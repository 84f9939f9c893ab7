//! `supadeck profile use`.

use super::super::answer::{Answer, Answered};
use super::super::context::Context;
use super::super::page::Page;
use super::view;
use crate::adapters::connect;
use crate::domain::hidden::shown;
use crate::ops::profile;
use clap::Args as ClapArgs;

/// Make a profile the one in use
#[derive(ClapArgs)]
pub struct Args {
    /// Its name
    name: String,

    /// Accept that its database is another than before: it was restored, upgraded or replaced
    #[arg(long)]
    accept_database: bool,
}

/// Writes the file.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let profiles = connect::profiles(context.settings())?;
    if args.accept_database {
        profile::accept_database(profiles.as_ref(), &args.name).await?;
    }
    let used = profile::use_(profiles.as_ref(), &args.name).await?;
    let mut page = Page::of(format!("{} is in use now.", shown(&used.name)));
    if args.accept_database {
        page.line("The next connection keeps what its database is recognised by.");
    }
    Ok(Answer::new(&view::data(&used), page)?)
}
