//! Dry runs, on the target and on scratch: what they say will change, be locked, be lost and be opened is what happens.

mod access;
mod bounds;
mod losses;
mod outside;
mod own_commits;
mod packed;
mod plan;
mod platform;
mod platform_locks;
mod predicted_locks;
mod read_only;
mod session_ends;
mod truth;
mod verify;
