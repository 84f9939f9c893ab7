//! `supadeck logout`.

use super::answer::{Answer, Answered};
use super::context::Context;
use super::page::Page;
use crate::ops::session;
use clap::Args as ClapArgs;
use serde_json::json;

/// Sign out here; other sessions of the account stay
#[derive(ClapArgs)]
pub struct Args {}

/// Ends this session.
pub async fn run(context: &Context, _args: &Args) -> Answered {
    let auth = context.auth().await?;
    session::sign_out(auth.as_ref()).await?;
    Ok(Answer::new(&json!(null), Page::of("Signed out."))?)
}
