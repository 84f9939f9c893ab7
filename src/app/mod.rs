//! The deck's state and how it changes: pure, without I/O, clock or terminal.
//!
//! ```text
//! key, answer, timer ─► Msg ─► update(&mut Model) ─► Effects ─► the shell runs them ─► Msg …
//!                                     │
//!                                     └─► ui draws the Model
//!
//! ┌ header ─ project, identity, RLS (model.rs) ─────────────────────────────┐
//! │ tabs ── model::Screen, tab.rs                                            │
//! │ list ── table.rs, list.rs      │ detail ── screen/*.rs                   │
//! │          ┌ dialog/*.rs: help, palette, identity, confirm, run, result ┐  │
//! └ footer ─ command.rs, keymap.rs ──────────────────────────────────────────┘
//! ```

pub mod availability;
pub mod command;
mod copy;
pub mod dialog;
pub mod effect;
pub mod field;
pub mod key;
mod key_guess;
pub mod keymap;
pub mod known;
pub mod layout;
pub mod list;
pub mod load;
pub mod loadable;
pub mod model;
pub mod msg;
mod production;
pub mod progress;
pub mod reads;
pub mod report;
pub mod rows;
pub mod run;
pub mod screen;
mod scroll;
pub mod secret;
pub mod seen;
mod sign_in;
pub mod tab;
pub mod table;
pub mod ticket;
pub mod update;
pub mod wrap;
pub mod write;

pub use update::update;
