//! Rules about who waits while a statement runs. They own words only; `read` decides when one is broken.

super::define::rules! {
    CANNOT_RUN_IN_TRANSACTION: CannotRunInTransaction "cannot-run-in-transaction",
        "Postgres runs {} only outside a transaction: a failure half way leaves what was done.",
        Some("Put it into a file of its own that begins with `-- supadeck: no-transaction`."),
        "create index concurrently goal_cycle on goal (cycle_id);";
    BLOCKS_WRITERS: BlocksWriters "blocks-writers",
        "Whoever writes to {} waits until the transaction ends.",
        Some("Keep the transaction short: put this into a file of its own."),
        "create trigger goal_audit after insert on goal for each row execute function audit();";
    INDEX_NOT_CONCURRENTLY: BlocksWriters "index-not-concurrently",
        "Whoever writes to {} waits while the index is built, however long that takes.",
        Some("Use CREATE INDEX CONCURRENTLY, in a file that begins with `-- supadeck: no-transaction`."),
        "create index goal_cycle on goal (cycle_id);";
    FOREIGN_KEY_WITHOUT_NOT_VALID: BlocksWriters "foreign-key-without-not-valid",
        "Whoever writes to {} waits while every row is checked against the other table.",
        Some("Add it with NOT VALID, and run VALIDATE CONSTRAINT in a later file: that lets writers go on."),
        "alter table goal add foreign key (cycle_id) references cycle (id);";
    DOMAIN_CONSTRAINT: BlocksWriters "domain-constraint",
        "{} checks every column of that type, and writers wait meanwhile.",
        Some("Put the check on the columns, with NOT VALID and a later VALIDATE CONSTRAINT."),
        "alter domain week add constraint week_range check (value between 1 and 12);";
    BLOCKS_READERS: BlocksReaders "blocks-readers",
        "Whoever reads or writes {} waits until the transaction ends.",
        Some("Keep the transaction short: put this into a file of its own, apart from statements that take long."),
        "alter table goal add column colour text;";
    DROP_INDEX_NOT_CONCURRENTLY: BlocksReaders "drop-index-not-concurrently",
        "Whoever reads or writes the table of {} waits until the transaction ends, and first everybody who still uses it has to finish.",
        Some("Use DROP INDEX CONCURRENTLY, in a file that begins with `-- supadeck: no-transaction`."),
        "drop index goal_cycle;";
    REINDEX_NOT_CONCURRENTLY: BlocksReaders "reindex-not-concurrently",
        "Whoever writes to the table of {} waits while it is built anew, and so does whoever plans a query on it.",
        Some("Use REINDEX (CONCURRENTLY), in a file that begins with `-- supadeck: no-transaction`."),
        "reindex table goal;";
    REFRESH_NOT_CONCURRENTLY: BlocksReaders "refresh-not-concurrently",
        "Whoever reads {} waits while its query runs.",
        Some("Give it a unique index and use REFRESH MATERIALIZED VIEW CONCURRENTLY."),
        "refresh materialized view completion;";
    CONSTRAINT_WITHOUT_NOT_VALID: BlocksReaders "constraint-without-not-valid",
        "Whoever reads or writes {} waits while every row is checked.",
        Some("Add it with NOT VALID, and run VALIDATE CONSTRAINT in a later file: that lets readers and writers go on."),
        "alter table goal add constraint weeks check (start_week <= end_week);";
    UNIQUE_WITHOUT_INDEX: BlocksReaders "unique-without-index",
        "Whoever reads or writes {} waits while the index behind the constraint is built.",
        Some("Build a unique index concurrently, then add the constraint with USING INDEX."),
        "alter table goal add unique (cycle_id, type);";
    SET_NOT_NULL: BlocksReaders "set-not-null",
        "Whoever reads or writes the table of {} waits while every row is looked at.",
        Some("Add `check (… is not null) not valid`, validate it in a later file, then SET NOT NULL, which believes it, and drop the check."),
        "alter table goal alter column description set not null;";
    ADD_REQUIRED_COLUMN: BlocksReaders "add-required-column",
        "Adding {} as NOT NULL without a default fails on a table with rows.",
        Some("Give it a constant default, or add it without NOT NULL, fill it, and then make it required."),
        "alter table goal add column colour text not null;";
    RENAME_TABLE: BlocksReaders "rename-table",
        "{}: whoever asks for the old name fails from now on, and everybody waits until the transaction ends.",
        Some("Leave a view with the old name (and security_invoker) until nobody uses it."),
        "alter table goal rename to aim;";
    RENAME_COLUMN: BlocksReaders "rename-column",
        "{}: whoever asks for the old name fails from now on, and everybody waits until the transaction ends.",
        Some("Add the new column, keep both in step, and drop the old one when nobody uses it."),
        "alter table goal rename column description to title;";
    RENAME_OBJECT: BlocksReaders "rename-object",
        "{}: whoever asks for the old name fails from now on.",
        Some("Create the object under the new name beside the old one, and drop that when nobody uses it."),
        "alter function completion() rename to progress;";
    SET_SCHEMA: BlocksReaders "set-schema",
        "{}: whoever asks for it in the old schema fails from now on.",
        Some("Leave a view in the old schema until nobody uses it."),
        "alter table goal set schema private;";
    DROP_VIEW: BlocksReaders "drop-view",
        "{}: whoever reads it fails from now on.",
        Some("Use CREATE OR REPLACE VIEW, or create its successor in the same file."),
        "drop view goals;";
    DROP_FUNCTION: BlocksReaders "drop-function",
        "{}: whoever calls it fails from now on.",
        Some("Use CREATE OR REPLACE FUNCTION, or create its successor in the same file."),
        "drop function completion();";
    CHANGE_TYPE: RewritesTable "change-type",
        "The table of {} may be rewritten, with its indexes, while everybody waits.",
        Some("Add a column of the new type, fill it in batches, switch over, and drop the old one later."),
        "alter table goal alter column start_week type bigint;";
    ADD_COLUMN_REWRITES: RewritesTable "add-column-rewrites",
        "Adding {} computes a value for every row and writes the table anew while everybody waits.",
        Some("Add the column without a default, set the default for new rows, and fill the old ones in batches."),
        "alter table goal add column code uuid default gen_random_uuid();";
    MOVE_TABLE: RewritesTable "move-table",
        "{} writes the table anew while everybody waits.",
        Some("Create a new table of the wanted kind, copy in batches, and switch over."),
        "alter table goal set unlogged;";
    VACUUM_FULL: RewritesTable "vacuum-full",
        "VACUUM FULL writes {} anew while everybody waits.",
        Some("Use plain VACUUM, or pg_repack."),
        "vacuum full goal;";
    CLUSTER: RewritesTable "cluster",
        "CLUSTER writes {} anew while everybody waits.",
        Some("Use pg_repack, or do without the order."),
        "cluster goal using goal_pkey;";
}
