//! `supadeck demo`: the local stack with the schema and the demo data of this repository. What fills it is the same
//! engine that `migration apply` and `seed apply` call.

mod args;
#[cfg(feature = "demo")]
mod files;
mod running;
#[cfg(feature = "demo")]
mod with_stack;
#[cfg(not(feature = "demo"))]
mod without_stack;

pub use args::{Args, Done};
pub use running::Running;
#[cfg(feature = "demo")]
pub use with_stack::run;
#[cfg(not(feature = "demo"))]
pub use without_stack::run;
