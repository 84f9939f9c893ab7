//! One file per screen that has more state than rows and a place in them.

pub mod audit;
pub mod journal;
pub mod locks;
pub mod migrations;
pub mod opening;
pub mod reason;
pub mod record;
pub mod seeds;
