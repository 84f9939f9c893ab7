//! What ends between two files: everything that a file leaves in its session. A run, a dry run and a run over the Management
//! API all use this list, so a file meets the same session in each of them.

use super::lock;
use super::quote::block;

/// Opens a transaction, whatever the session's defaults are.
pub(in crate::adapters) const BEGIN: &str = "begin isolation level read committed read write";

/// Opens a transaction under the runners' lock in a session that is reset first, or raises that another runner is at work.
pub(in crate::adapters) fn open() -> String {
    let block = block(&format!("begin {}end", lock::take()));
    format!("{BEGIN}; {RESETS}; {block}")
}

/// The statements that end what a session holds by its transaction or by its name: settings and the role, cursors, listens,
/// temporary objects, the last values of sequences. Each of them may stand in a transaction, and gives no rows.
pub(in crate::adapters) const RESETS: &str = "reset all; reset session authorization; reset role; \
    close all; unlisten *; discard temp; discard sequences";
/// How many statements [`RESETS`] has.
pub(in crate::adapters) const RESET_ANSWERS: usize = 7;

/// Statements of a PL/pgSQL block that end what outlives even a transaction that is undone: the session's advisory locks, and
/// what was prepared. Operators and unqualified names are not used, because a file's `search_path` may hold.
pub(in crate::adapters) const LETS_GO: &str = "declare one pg_catalog.text; begin perform pg_catalog.pg_advisory_unlock_all(); \
    for one in select s.name from pg_catalog.pg_prepared_statements s where s.from_sql \
    loop execute pg_catalog.format('deallocate %I', one); end loop; end; ";

/// SQL that ends all of it, in a transaction or outside. It gives no rows.
pub(in crate::adapters) fn end_session() -> String {
    let block = block(&format!("begin {LETS_GO}end"));
    format!("{block}; {RESETS}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sql::split::split;

    #[test]
    fn the_statements_are_counted_right() {
        assert_eq!(split(RESETS).len(), RESET_ANSWERS);
        assert_eq!(split(&end_session()).len(), RESET_ANSWERS + 1);
    }
}
