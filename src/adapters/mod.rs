//! What touches the world: the REST and Auth interfaces, Postgres, the keyring, the user's files, the clock.
//! Each implements a port and translates its faults into problems; none knows a use case or a screen.

mod access;
pub mod auth;
pub mod clock;
pub mod column_file;
pub mod config;
pub mod config_dir;
pub mod connect;
pub mod deck_file;
pub mod file_lock;
pub mod file_watch;
pub mod filter_file;
pub mod http;
pub mod key;
pub mod known_names;
pub mod log;
pub mod management;
pub mod memory;
pub mod postgres;
pub mod profiles;
pub mod proxy;
pub mod rest;
pub mod scratch;
pub mod secrets;
mod sql;
pub mod state_file;
pub mod user_lock;
