//! The rules of the project that no compiler checks: who may import whom, what may not be written down, and that generated pages say what the program says.

#![allow(clippy::unwrap_used, clippy::case_sensitive_file_extension_comparisons)]

mod advisories;
mod circles;
mod docs;
mod layers;
mod rules;
mod tree;
