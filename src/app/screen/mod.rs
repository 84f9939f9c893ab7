//! One file per screen that has more state than rows and a place in them.

pub mod access;
pub mod audit;
pub mod cycles;
pub mod grid;
pub mod home;
pub mod journal;
pub mod locks;
pub mod migrations;
pub mod rationale;
pub mod record;
pub mod record_head;
pub mod request_groups;
pub mod seeds;
pub mod tables;
pub mod unlock_record;
