//! supadeck: a terminal deck for a Supabase project.

pub mod adapters;
pub mod app;
pub mod cli;
pub mod domain;
pub mod ops;
pub mod ports;
pub mod shell;
pub mod ui;
