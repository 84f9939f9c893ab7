//! supadeck: a terminal deck for a Supabase project.

pub mod domain;
pub mod ports;
