//! The deck without a terminal and without a server: scripts of keys and answers against state, effects and frames.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod access;
mod apply_and_roll_back;
mod audit_list;
mod audit_window;
mod confirm_search;
mod confirmations;
mod dialogs;
mod dry_run;
mod files;
mod fixture;
mod frames;
mod identity;
mod keys;
mod live;
mod locks;
mod mfa;
mod nothing_unseen;
mod palette;
mod planning;
mod production;
mod read_states;
mod resolutions;
mod run_results;
mod samples;
mod table_fixture;
mod tables;
mod wording;
