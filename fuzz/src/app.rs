//! The part of `supadeck::app` that the targets call.

#[path = "../../src/app/command.rs"]
pub mod command;
#[path = "../../src/app/key.rs"]
pub mod key;
#[path = "../../src/app/key_guess.rs"]
mod key_guess;
#[path = "../../src/app/keymap.rs"]
pub mod keymap;
