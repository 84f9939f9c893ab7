//! A scratch database: one of the local stack, made for one command and thrown away at its end, whatever that is.

#[cfg(feature = "demo")]
mod with_stack;
#[cfg(not(feature = "demo"))]
mod without_stack;

#[cfg(feature = "demo")]
pub use with_stack::Scratch;
#[cfg(not(feature = "demo"))]
pub use without_stack::Scratch;
