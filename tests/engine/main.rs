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
mod agree;
mod alone;
mod apply;
mod batch;
mod bench;
mod between;
mod bounded;
mod broken;
mod commits;
mod compared;
mod corpus;
mod course;
mod deleted;
mod grammar;
mod ground;
mod halfway;
mod history;
mod impostor;
mod interop;
mod journal;
mod kill;
mod large;
mod limits;
mod line;
mod losses;
mod management;
mod mark;
mod misbehave;
mod outside;
mod pack;
mod packed;
mod plan;
mod platform;
mod platform_locks;
mod pooler;
mod position;
mod redo;
mod refused;
mod remote_plan;
mod remote_runners;
mod remote_walk;
mod renamed;
mod renumbered;
mod risk;
mod rollback;
mod secrets;
mod seeds;
mod session_ends;
mod settled;
mod shape;
mod sign_in;
mod silent;
mod special;
mod split;
mod standin;
mod supabase;
#[path = "../support/mod.rs"]
mod support;
mod together;
mod traces;
mod truth;
mod verify;
mod walk;
mod ways;
mod who;
mod who_lint;
mod who_random;
mod wire;
