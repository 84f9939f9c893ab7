//! Native Postgres: finding binaries, choosing the account that runs them, one cluster's life. Knows nothing of
//! Supabase, REST or Auth.

mod account;
#[cfg(feature = "archive")]
mod archive;
mod binaries;
mod cache;
mod cluster;
mod folder;
mod initdb;
mod kept;
mod npm;
mod provider;
mod scratch;
mod watchdog;

pub(crate) use cluster::{Cluster, Endpoint, Settings};
pub(crate) use initdb::SUPERUSER;
pub(crate) use kept::Kept;
