//! The real binary on a pseudo-terminal against the real stack: what a person at the keyboard gets. Few, and whole.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]
#![cfg(unix)]

mod closed_terminal;
mod editor;
mod guide;
mod job;
mod mfa;
mod screen;
mod session;
mod stack;
#[path = "../support/mod.rs"]
mod support;
mod terminal;
mod typed;
