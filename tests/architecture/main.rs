//! The rules of the project that no compiler checks: who may import whom, how big a file may grow, what may not be
//! written down, and that generated pages say what the program says.

#![allow(clippy::unwrap_used, clippy::case_sensitive_file_extension_comparisons)]

mod advisories;
mod docs;
mod layers;
mod rules;
mod tree;
