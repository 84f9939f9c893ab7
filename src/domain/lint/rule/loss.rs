//! Rules about what is gone for good. They own words only; `read` decides when one is broken.

super::define::rules! {
    DROP_TABLE: LosesData "drop-table",
        "Dropping {} loses its rows.",
        Some("Rename the table in this file and drop it in a later one, when nobody has missed it and a dump is kept."),
        "drop table goal;";
    DROP_COLUMN: LosesData "drop-column",
        "Dropping {} loses its values in every row.",
        Some("Stop using the column first; drop it in a later file, when nobody has missed it and its values are kept elsewhere."),
        "alter table goal drop column description;";
    DROP_SCHEMA: LosesData "drop-schema",
        "Dropping {} with CASCADE loses every table in it.",
        Some("Drop what is in it by name, then the schema without CASCADE: Postgres refuses while something is left."),
        "drop schema planning cascade;";
    DROP_CASCADE: LosesData "drop-cascade",
        "CASCADE drops whatever depends on {}, without naming it: columns, views, policies, constraints.",
        Some("Drop what depends on it by name, then the object without CASCADE."),
        "drop type goal_type cascade;";
    DROP_MATERIALIZED_VIEW: LosesData "drop-materialized-view",
        "Dropping {} loses the rows it holds; they come back only when its query is run again on the same data.",
        Some("Create the new one under another name first and switch over."),
        "drop materialized view completion;";
    DROP_SEQUENCE: LosesData "drop-sequence",
        "Dropping {} loses its position; a new one starts again and gives numbers that are taken.",
        Some("Note `last_value` first, and restart the new sequence behind it."),
        "drop sequence goal_number;";
    DROP_EXTENSION: LosesData "drop-extension",
        "Dropping {} takes its types, functions and tables along.",
        Some("Find what uses the extension in `pg_depend`, move that away, then drop it without CASCADE."),
        "drop extension hstore;";
    DROP_DATABASE: LosesData "drop-database",
        "Dropping {} loses everything in it.",
        Some("Rename the database and drop it later, by hand."),
        "drop database planning;";
    DROP_OWNED: LosesData "drop-owned",
        "DROP OWNED drops every object of {}, tables with their rows too.",
        Some("Use `REASSIGN OWNED BY … TO …` first, so that only the grants are dropped."),
        "drop owned by auditor;";
    TRUNCATE: LosesData "truncate",
        "TRUNCATE loses every row of {}, past Row Level Security and past delete triggers.",
        Some("Delete the rows that must go, with a WHERE clause, in a transaction that is looked at before it commits."),
        "truncate goal;";
    TRUNCATE_CASCADE: LosesData "truncate-cascade",
        "CASCADE also empties every table that refers to {}, and those that refer to them.",
        Some("Name the tables that shall be empty, without CASCADE."),
        "truncate goal cascade;";
    DELETE_WITHOUT_WHERE: LosesData "delete-without-where",
        "DELETE without a condition loses every row of {}.",
        Some("Name the rows in a WHERE clause."),
        "delete from goal;";
    UPDATE_WITHOUT_WHERE: LosesData "update-without-where",
        "UPDATE without a condition overwrites every row of {}; the old values are gone.",
        Some("Name the rows in a WHERE clause, in batches when the table is large."),
        "update goal set description = '';";
    CHANGE_TYPE_MAY_LOSE: LosesData "change-type-may-lose",
        "The new type of {} may not hold what the old one held: values can be cut, rounded or changed on the way. The table is rewritten while everybody waits.",
        Some("Add a column of the new type, fill it in batches, compare the two, switch over, and drop the old one later."),
        "alter table goal alter column description type varchar(80);";
}
