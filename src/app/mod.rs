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

pub mod answers;
pub mod availability;
mod browse;
pub mod command;
mod copy;
pub mod dialog;
pub mod effect;
pub mod execute;
pub mod field;
pub mod go_on;
pub mod hints;
pub mod jobs;
pub mod key;
mod key_guess;
pub mod keymap;
pub mod known_change;
pub mod labels;
pub mod layout;
pub mod list;
pub mod live;
mod live_reads;
pub mod loadable;
pub mod model;
pub mod msg;
pub mod outline;
mod planning;
pub mod problem_hint;
mod production;
pub mod progress;
pub mod reads;
pub mod remark;
pub mod requests;
pub mod row_names;
pub mod rows;
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

pub use update::update;
