//! Running: apply, roll back, redo and seed, in transactions and outside them, and what is left after a failure.

mod apply;
mod batch;
mod batch_progress;
mod between_files;
mod cancelled;
mod concurrent_runners;
mod grammar;
mod history_check;
mod hostile_files;
mod large_files;
mod leftovers;
mod non_transactional;
mod non_transactional_position;
mod redo;
mod refused;
mod rollback;
mod seeds;
mod timeouts;
mod timeouts_and_owners;
mod transaction_words;

use crate::fixture::TestProject;
use supadeck::domain::migration::{Direction, PlanRequest};

/// How many files `project_of_many` has.
pub(crate) const FILES: usize = 12;

/// Files `10_t.sql` and on, each with a table, a notice and a way back; `extra` goes into the file of an index.
pub(crate) async fn project_of_many(extra: impl Fn(usize) -> &'static str) -> TestProject {
    let mut project = TestProject::new().await;
    // From the first file on they go together.
    project.schema.limits.live_files = 0;
    for at in 0..FILES {
        let number = 10 + at;
        let own = format!(
            "create table t{number} ();\ndo $$ begin raise notice 'of {number}'; end $$;\n"
        );
        project.up(&format!("{number}_t.sql"), own + extra(at));
        project.down(
            &format!("{number}_t.sql"),
            &format!("drop table t{number};"),
        );
    }
    project
}

/// The tables that are there say the same as the history and as the journal's `done` lines.
pub(crate) async fn agreed(project: &TestProject) -> usize {
    let versions = project.versions().await;
    let tables = project
        .texts("select substr(relname, 2)::text from pg_class where relname ~ '^t[0-9]+$' and relkind = 'r' order by 1")
        .await;
    let lines = project
        .texts("select version from supabase_migrations.supadeck_journal where outcome = 'done' order by id")
        .await;
    assert_eq!(versions, tables);
    assert_eq!(versions, lines);
    versions.len()
}

/// Going on with an interrupted file.
pub(crate) fn go_on(direction: Direction, from_start: bool) -> PlanRequest {
    PlanRequest::GoOn {
        direction,
        from_start,
    }
}

/// The sessions that hold an advisory lock.
pub(crate) async fn open_locks(project: &TestProject) -> Vec<String> {
    project
        .texts("select pid::text from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())")
        .await
}
