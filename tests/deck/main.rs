//! The deck without a terminal and without a server: scripts of keys and answers against state, effects and frames.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod access;
mod asked;
mod audit;
mod browsed;
mod dialogs;
mod ends;
mod files;
mod fixture;
mod found;
mod frames;
mod identity;
mod keys;
mod live;
mod locks;
mod planning;
mod production;
mod reads;
mod runs;
mod searched;
mod second;
mod tables;
mod told;
mod trail;
mod unseen;
mod ways;
mod words;
