//! The pure modules that are fuzzed, compiled from the program's own source, and what must hold of them for every input.
//! Without the program's other dependencies a build takes a minute, and nothing but these modules is instrumented.
#![allow(dead_code, reason = "the program uses what the targets do not")]

pub mod app;
pub mod domain;
pub mod property;
