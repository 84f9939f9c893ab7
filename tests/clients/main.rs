//! The clients and their use cases against the real thing: a real Postgres with REST and Auth in front of it, a real keyring,
//! and small servers that misbehave on request. One binary, so that most tests share one cluster.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr
)]

mod acting;
mod audit;
mod audit_filters;
mod auth_store;
mod doctor;
mod faults;
mod jwt;
mod kept_identities;
mod keyring;
mod mfa;
mod misbehaving_server;
mod profile;
mod reads;
mod session;
mod stale_schema;
#[path = "../support/mod.rs"]
mod support;
mod test_project;
mod unlock;
