//! Who may do what with which rows: what the catalogs say, for whom it is asked, and how it is read as a matrix.
//!
//! ```text
//!   rules (what the catalogs hold) ─► matrix (verdicts and rows) ─► listing ─► expected (a file for CI)
//!     viewer (who looks)         │  ─► explain (one row, policy by policy) ◄─ condition (an expression in its parts)
//!                                └─► words (a policy in plain words)    ◄─────┘
//! ```

pub mod condition;
pub mod expected;
pub mod explain;
pub mod lint;
pub mod listing;
pub mod matrix;
pub mod rules;
pub mod viewer;
pub mod words;
