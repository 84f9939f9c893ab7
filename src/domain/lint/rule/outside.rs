//! Rules about what reaches out of the database: programs and files of the server's machine, and other servers. They own
//! words only; `read` decides when one is broken.

super::define::rules! {
    RUNS_PROGRAM: OutsideDatabase "runs-program",
        "{} runs a program on the server's machine, as the account of Postgres: no rollback undoes what it does.",
        Some("Run the program where you are, and load what it prints with `COPY … FROM stdin`."),
        "copy goal from program 'cat /tmp/goals.csv';";
    WRITES_SERVER_FILE: OutsideDatabase "writes-server-file",
        "{} writes to the files of the server's machine: no rollback brings back what was there.",
        Some("Use `COPY … TO stdout` (psql's `\\copy`), and write the file where you are."),
        "copy goal to '/tmp/goals.csv';";
    READS_SERVER_FILE: OutsideDatabase "reads-server-file",
        "{} reads the files of the server's machine, whatever stands in them.",
        Some("Load the rows with `COPY … FROM stdin`, or INSERT them."),
        "copy goal from '/tmp/goals.csv';";
    SERVER_ROLE: OutsideDatabase "server-role",
        "{} opens programs or files of the server's machine to a role.",
        Some("Leave them to the superuser: no table needs them."),
        "grant pg_execute_server_program to auditor;";
    CALLS_OTHER_SERVER: OutsideDatabase "calls-other-server",
        "{} speaks to another server: no rollback takes back what it did there.",
        Some("Do it from a program that can tell whether it was done, after the migration is applied."),
        "select dblink_exec('dbname=other', 'delete from goal');";
    ACTS_AT_ONCE: OutsideDatabase "acts-at-once",
        "{} acts on the server at once, for everybody: no rollback undoes it.",
        Some("Do it by hand, when its moment has come."),
        "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app';";
    OUTSIDE_EXTENSION: OutsideDatabase "outside-extension",
        "{} gives SQL a way to programs, files or other servers.",
        Some("Leave it out, or name who may use it and grant it to nobody else."),
        "create extension dblink;";
    UNTRUSTED_LANGUAGE: OutsideDatabase "untrusted-language",
        "{} is written in an untrusted language: it can do on the server's machine what the account of Postgres can, no rollback undoes that, and it cannot be read.",
        Some("Write it in SQL or PL/pgSQL."),
        "do language plpython3u $$ pass $$;";
}

/// Whether a rollback undoes what breaks a rule: then it can be tried in a transaction that is never committed.
pub fn is_undone(rule: &str) -> bool {
    let stays = [
        &RUNS_PROGRAM,
        &WRITES_SERVER_FILE,
        &CALLS_OTHER_SERVER,
        &ACTS_AT_ONCE,
        &UNTRUSTED_LANGUAGE,
    ];
    stays.iter().all(|one| one.name != rule)
}
