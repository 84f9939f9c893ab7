//! Who may do what.

mod lint;
mod matrix;
mod random;
