//! supadeck: a terminal deck for a Supabase project.

pub mod adapters;
pub mod cli;
pub mod domain;
pub mod ops;
pub mod ports;
