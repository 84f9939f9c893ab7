//! What touches the world: the REST and Auth interfaces, the keyring, the config file, the clock.
//! Each implements a port; none knows a use case or a screen.

pub mod auth;
pub mod clock;
pub mod config;
pub mod connect;
pub mod file_lock;
pub mod http;
pub mod log;
pub mod place;
pub mod postgres;
pub mod profiles;
pub mod rest;
pub mod secrets;
