//! The use cases: what the screens and the subcommands both call. Typed input, typed output, every effect through a port.

pub mod audit;
pub mod cycle;
pub mod doctor;
pub mod goal;
pub mod lock;
pub mod migration;
mod paging;
pub mod profile;
pub mod seed;
pub mod session;
