//! `supadeck migration new`.

use super::super::answer::{Answer, Answered};
use super::super::context::Context;
use super::super::page::Page;
use crate::ops::migration;
use clap::Args as ClapArgs;
use serde_json::json;

/// Make an empty migration file and its rollback file, named by the time in UTC
#[derive(ClapArgs)]
pub struct Args {
    /// What the migration does, such as add_goal_notes
    name: String,
}

/// Makes the two files.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let root = context.root().await?;
    let files = migration::new(&root, &args.name, context.now()).await?;
    let mut page = Page::default();
    page.line(format!("Made {}", files.up.display()));
    page.line(format!("Made {}", files.down.display()));
    let data = json!({"up": files.up, "down": files.down});
    Ok(Answer::new(&data, page)?)
}
