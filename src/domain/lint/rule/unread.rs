//! Rules about what cannot be read and so counts as dangerous. They own words only; `read` decides when one is broken.

super::define::rules! {
    UNREADABLE: Unreadable "unreadable",
        "The statement cannot be read, so it counts as dangerous: {}.",
        Some("Correct it where it is a slip. Where Postgres takes it as it is, see with `supadeck migration plan` what it does, and write `-- supadeck:allow unreadable` with a reason above it."),
        "alter table goal frobnicate;";
    ODD_BLANK: Unreadable "odd-blank",
        "There is {} in it, which Postgres takes for a letter of a name: two words become one.",
        Some("Write a plain blank in its place."),
        "alter table goal add column\u{a0}done boolean;";
    DYNAMIC_SQL: Unreadable "dynamic-sql",
        "{} runs a string that is put together at run time: the text does not tell what is in it.",
        Some("Write the statement out, or build it with `format` and %I, %L only."),
        "do $$ declare q text := 'x'; begin execute q; end $$;";
    FOREIGN_LANGUAGE: Unreadable "foreign-language",
        "{} is written in a language other than SQL and PL/pgSQL, which cannot be read.",
        Some("Write it in SQL or PL/pgSQL."),
        "do language plv8 $$ throw 1 $$;";
}
