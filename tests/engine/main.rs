//! The migration engine and seeds against a real Postgres: files on disk, a database each, servers and lines that are
//! killed, a real PgBouncer and the real Supabase CLI. One binary, so that the tests share one cluster.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::panic,
    clippy::format_collect
)]

mod access;
mod connection;
mod dry_run;
mod faults;
mod fixture;
mod history;
mod management;
mod run;
#[path = "../support/mod.rs"]
mod support;
