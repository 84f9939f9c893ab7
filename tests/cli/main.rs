//! The real binary in a home directory of its own, against the local stack: every command as text and as JSON, its exit
//! code, and what bad input does.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    missing_docs
)]

mod access;
mod addresses;
mod agree;
mod asked;
#[cfg(unix)]
mod completing;
mod demo;
mod doctor;
mod ending;
mod follow;
mod front;
mod getting_in;
mod hidden;
mod keyring;
mod linked;
mod migration;
#[cfg(unix)]
mod misplaced;
mod names;
mod odd;
mod other_trails;
mod plan;
mod production;
mod profile;
mod proxies;
#[cfg(unix)]
mod read_only;
mod reference;
mod replaced;
mod rows;
mod second;
mod secrets;
mod seed;
mod session;
mod silent;
#[path = "../engine/standin.rs"]
#[allow(dead_code)]
mod standin;
#[path = "../support/mod.rs"]
mod support;
mod table_files;
mod tables;
mod terminal;
mod token;
mod trail;
mod types;
mod unlock;
mod usage;
mod words;
mod world;
