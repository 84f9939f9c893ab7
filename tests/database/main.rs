//! The database on real Postgres, through the real REST layer: its catalog, its rules, its policies, its audit trail,
//! its rollbacks and its seeds. One binary, so that it links once and `cargo test` starts one stack for all of it.
//!
//! What must hold is written down as tables, after section 4 of the design and `docs/schema/overview.md`; what the
//! database does is compared with them, never taken from it. Answers are judged by `code`, not by HTTP status, and each
//! refusal by what is in the tables afterwards, so that the same tests serve postrust and PostgREST.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod access;
mod audit;
mod bounds;
mod catalog;
mod catalog_text;
mod cell;
mod changed;
mod constraint;
mod definer_rights;
mod erasure;
mod foreign_ids;
mod image;
mod lock;
mod lock_bypass;
mod lock_fixture;
mod one_statement;
mod pair;
mod race;
mod random;
mod request;
mod rollback;
mod rule;
mod scale;
mod seal;
mod seed;
mod sql_check;
mod status;
#[path = "../support/mod.rs"]
mod support;
mod test_database;
mod unlock;
