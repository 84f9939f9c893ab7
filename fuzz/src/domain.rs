//! The part of `supadeck::domain` that the targets call, under the paths that it uses itself.

#[path = "../../src/domain/migration/file_name.rs"]
pub mod file_name;
#[path = "../../src/domain/risk/mod.rs"]
pub mod risk;
#[path = "../../src/domain/sql/mod.rs"]
pub mod sql;
#[path = "../../src/domain/text.rs"]
pub mod text;
