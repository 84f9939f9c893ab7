//! The use cases: what the screens and the subcommands both call. Typed input, typed output, every effect through a port.
//! Nothing here draws, prints or knows a driver.

pub mod access;
pub mod acting;
pub mod audit;
pub mod audit_backfill;
pub mod audit_export;
pub mod audit_follow;
pub mod audit_seal;
pub mod audit_trail;
pub mod cycle;
pub mod doctor;
pub mod exported_file;
pub mod goal;
pub mod link;
pub mod lock;
pub mod migration;
mod paging;
pub mod people;
pub mod profile;
pub mod scratch_project;
pub mod seed;
pub mod session;
mod short_id;
pub mod table;
pub mod table_change;
pub mod table_export;
pub mod table_import;
pub mod table_values;
pub mod types;
