//! The ways to a server: TLS, passwords, poolers, and servers that only pretend to be Postgres.

mod fingerprint;
mod impostor;
mod pooler;
mod sign_in;
mod tls_and_passwords;
mod transports;
