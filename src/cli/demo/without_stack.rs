//! The demo of a build without the local stack: it says how to build one with it.

use super::super::answer::Failure;
use super::super::context::Context;
use super::args::{Args, Done};
use crate::domain::config::Config;
use crate::domain::problem::{Kind, Problem};

/// Explains what is missing.
#[allow(clippy::unused_async)] // The same face as with the feature.
pub async fn run(_context: &Context, _config: &Config, _args: &Args) -> Result<Done, Failure> {
    Err(Problem::new(
        Kind::Usage,
        "This build of supadeck has no demo.",
        "The local stack is in it only when it is built with the feature `demo`.",
    )
    .with_hint("In the source directory: cargo run --release --features demo -- demo")
    .into())
}
