//! What the filters of the audit trail and of tables have in common: how they are written, and what they ask of a server.

pub mod condition;
pub mod id_part;
pub mod json_test;
pub mod moment;
pub mod sign;
pub mod text;
