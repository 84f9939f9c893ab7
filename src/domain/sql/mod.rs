//! SQL as text: tokens, statements, transaction control, psql's variables and positions in a file.
//! Pure and total: any text, also half a file, gives an answer and never a panic. Nothing here runs SQL.

pub mod execution_mode;
pub mod keyword;
pub mod lexer;
pub mod made_tables;
pub mod name;
pub mod odd_blank;
pub mod one_transaction;
pub mod outline;
pub mod position;
pub mod psql;
pub mod session_effect;
pub mod split;
pub mod statement_kind;
pub mod statements;
pub mod transaction;

pub use lexer::{Class, highlight};
pub use statements::{Slice, Statements};
