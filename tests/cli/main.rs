//! The real binary in a home directory of its own, against the local stack: every command as text and as JSON, its exit
//! code, and what bad input does.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    missing_docs
)]

mod access;
mod access_token;
mod addresses;
mod aliases;
mod audit;
#[cfg(unix)]
mod completing;
mod confirmations;
mod connecting;
mod demo;
mod doctor;
mod file_names;
mod follow;
mod forwarding_server;
mod keyring;
mod linked;
mod mfa;
mod migration;
mod odd_arguments;
mod other_trails;
mod plan;
mod production;
mod profile;
mod proxies;
mod pseudo_terminal;
#[cfg(unix)]
mod read_only;
mod replaced_profiles;
mod resolutions;
mod rows;
mod secret_references;
mod secrets;
mod secrets_in_arguments;
mod seed;
mod session;
mod session_ends;
mod silent_servers;
#[path = "../support/mod.rs"]
mod support;
mod table_files;
mod tables;
mod terminal;
mod test_environment;
#[cfg(unix)]
mod totp_app;
mod types;
mod unlock;
mod usage;
mod wrong_keys;
