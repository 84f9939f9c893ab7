//! Types and rules of supadeck: what a migration, a lock, an audit record or an identity is.
//! No I/O, no clock, no async: everything here is a value or a pure function.

pub mod audit;
pub mod base_url;
pub mod catalog;
pub mod config;
pub mod count;
pub mod csv;
pub mod cycle;
pub mod database_url;
pub mod deep_json;
pub mod factor;
pub mod given;
pub mod goal;
pub mod hidden;
pub mod identity;
pub mod lock;
pub mod markdown;
pub mod migration;
pub mod moment;
pub mod pasted;
pub mod picture;
pub mod problem;
pub mod production;
pub mod profile;
pub mod project_url;
pub mod query;
pub mod reference;
pub mod rehearsal;
pub mod risk;
pub mod script;
pub mod secret;
pub mod seed;
pub mod source;
pub mod sql;
pub mod text;
pub mod token;
