//! `supadeck whoami`.

use super::answer::Answered;
use super::context::Context;
use super::page::Page;
use clap::Args as ClapArgs;

/// Show the identity in use, its role, and whether Row Level Security applies to it
#[derive(ClapArgs)]
pub struct Args {}

/// Reads the stored session, refreshing it when it is about to end.
pub async fn run(context: &Context, _args: &Args) -> Answered {
    let reader = context.reader().await?;
    reader.page(reader.who(), Page::default())
}
