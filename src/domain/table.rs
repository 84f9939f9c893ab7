//! A table of a project: described, filtered, paged, changed, and as a file.

pub mod cell;
pub mod change;
pub mod column;
pub mod column_choice;
pub mod export;
pub mod filter;
pub mod import;
pub mod info;
pub mod name;
pub mod openapi;
pub mod paging;
pub mod sql_text;
pub mod values;
