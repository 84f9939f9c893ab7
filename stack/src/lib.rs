//! A Supabase-compatible backend on loopback, in one process: native Postgres, REST at `/rest/v1`, Auth at
//! `/auth/v1`. For the demo, for integration tests, for people without Docker.
//!
//! ```text
//!            127.0.0.1:PORT                       one Postgres cluster
//!   client ─► gateway ─┬─► /rest/v1  rest  ─────► database "postgres"  (or one of your own)
//!             apikey   ├─► /auth/v1  auth  ─────►   roles, auth.*, public: `bootstrap`
//!                      └─► /inbox    auth::inbox
//!   pipe ─► watchdog: a small shell that stops Postgres when this process is gone, however it went
//! ```
//!
//! It depends on nothing of `supadeck` and must never be reachable from outside the machine.

mod auth;
mod bootstrap;
mod child;
mod database;
mod error;
mod gateway;
mod info;
mod options;
mod postgres;
mod rest;
mod secret;
mod served;
mod stack;
pub mod totp;

pub use error::Error;
pub use info::Info;
pub use options::{Options, Progress, Provider, Step};
pub use stack::Stack;
