//! The SQL of the one call that a dry run is: head, a block for each statement, a look behind each file, the report as the
//! only rows, and ROLLBACK. There is no COMMIT in it.
//!
//! A block catches what its statement does wrong, so the call goes on to the report with the statement's number and the
//! server's words, and the blocks behind it do nothing. What was said so far goes from block to block in settings of the
//! transaction; while a statement runs it is on the stack of its block, where neither `RESET ALL` nor a role reaches it.

use super::call_supervisor::name_of;
use super::client::tag;
use crate::adapters::sql::between;
use crate::adapters::sql::dry_run_limits::{self, COUNT, statement_limit};
use crate::adapters::sql::quote::{block, dollar};
use crate::adapters::sql::snapshot::{self, BASELINE, LOCKS_AND_ROWS, SNAPSHOT};
use crate::domain::dry_run::measure::CountTarget;
use crate::domain::dry_run::recording::FileScript;
use crate::domain::script::{Limits, NOT_HERE};
use crate::domain::sql::statement_kind::{leading_words, outer_words};
use std::time::Duration;

/// SQLSTATEs of supadeck's own: a question of ours goes back to where it began; there is no time for more; a statement that
/// a block cannot run.
const BACK: &str = "SD010";
pub(super) const OUT_OF_TIME: &str = "SD011";
/// The words with which the act begins, by which its own lines in a context are known.
pub(super) const ACT_BEGINS: &str = "do $supadeck$";
/// How long counting may take in all.
const COUNT_ALL: Duration = Duration::from_secs(30);
/// The columns of the questions about the tables and about their locks.
const BASELINE_COLUMNS: usize = 7;
const MEASURE_COLUMNS: usize = 9;
const RIGHTS_COLUMNS: usize = 10;
/// What a look at the catalog may take, whatever the limit of a statement is; the next look gives that back.
const EASE: &str = "perform pg_catalog.set_config('supadeck.limit', pg_catalog.current_setting('statement_timeout'), true), \
    pg_catalog.set_config('statement_timeout', '20000', true); ";
/// The report.
fn report() -> String {
    format!(
        "select pg_catalog.concat('{{\"number\":\"', pg_catalog.txid_current(), '\",\"undone\":', coalesce({}, 'null'), ',\"said\":[', \
        pg_catalog.substr(pg_catalog.current_setting('supadeck.said', true), 3), ']}}') as supadeck",
        snapshot::undone_sql()
    )
}

/// What a call is made of.
pub(super) struct DryRunScript<'a> {
    /// The mark by which it is found.
    pub(super) run: &'a str,
    /// The number of the large object that is there afterwards only if the transaction was committed.
    pub(super) witness: u32,
    /// What refuses to begin too late.
    pub(super) fence: &'a str,
    pub(super) limits: &'a Limits,
    /// How long after its beginning the last statement may begin.
    pub(super) longest: Duration,
}

impl DryRunScript<'_> {
    /// The whole call.
    pub(super) fn whole(&self, scripts: &[FileScript]) -> String {
        let mut sql = vec![
            format!("{}{}", tag(self.run), between::open()),
            self.fence.to_owned(),
            format!("set local application_name = '{}'", name_of(self.run)),
            block(&format!("begin {EASE}end")),
            block(&self.open()),
            block(&dry_run_limits::clamp_timeouts(self.limits)),
        ];
        let see = block(&substitute(
            &code(include_str!("dry_run_script/see.sql")),
            &in_savepoint(),
        ));
        let settle = settle();
        for script in scripts {
            let acts = script
                .parts
                .iter()
                .map(|part| statement_block(&part.sql, ""));
            sql.extend(acts);
            if script.wants_snapshot {
                sql.extend([statement_block(&settle, EASE), see.clone()]);
            } else {
                sql.push(statement_block(&settle, ""));
            }
        }
        sql.push(block(&substitute(
            &code(include_str!("dry_run_script/rights.sql")),
            &[
                in_savepoint()[0].clone(),
                in_savepoint()[1].clone(),
                ("RIGHTS", dollar(&rights())),
                ("SEES", snapshot::visible_declarations()),
                ("SEEING", snapshot::visible_sql("one.role", "one.ids")),
            ],
        )));
        sql.extend([report(), "rollback".to_owned()]);
        sql.join(";\n")
    }

    fn open(&self) -> String {
        let [back, limit] = in_savepoint();
        let act = substitute(
            &code(include_str!("dry_run_script/act.sql")),
            &[
                back,
                limit.clone(),
                ("CAPS", dry_run_limits::clamp_timeouts(self.limits)),
                (
                    "COUNT",
                    snapshot::count_sql("one", "true", &snapshot::may_convert("run")),
                ),
                ("LONGEST", self.longest.as_millis().to_string()),
                ("LATE", OUT_OF_TIME.to_owned()),
            ],
        );
        let look = substitute(
            &code(include_str!("dry_run_script/look.sql")),
            &[("SNAPSHOT", SNAPSHOT.to_owned())],
        );
        let measure = substitute(
            &code(include_str!("dry_run_script/ask.sql")),
            &[
                ("TEXTS", cells(MEASURE_COLUMNS, "::pg_catalog.text")),
                ("COLUMNS", cells(MEASURE_COLUMNS, "")),
                ("MEASURE", LOCKS_AND_ROWS.to_owned()),
            ],
        );
        let (texts, columns) = (
            cells(BASELINE_COLUMNS, "::pg_catalog.text"),
            cells(BASELINE_COLUMNS, ""),
        );
        let baseline = format!(
            "with q ({columns}) as materialized (\n{BASELINE}\n) \
            select (select coalesce(pg_catalog.json_agg(pg_catalog.json_build_array({texts})), '[]')::pg_catalog.text from q), \
            (select pg_catalog.string_agg(c1::pg_catalog.text, ',') from q where c0 = 'table'), \
            (select pg_catalog.json_object_agg(c1, coalesce(c3, 0))::pg_catalog.text from q where c0 = 'table' and c6)"
        );
        let [back, limit] = in_savepoint();
        substitute(
            &code(include_str!("dry_run_script/open.sql")),
            &[
                back,
                limit,
                ("ACT", dollar(&format!("{ACT_BEGINS}{act}$supadeck$"))),
                ("LOOK", dollar(&look)),
                ("MEASURE", dollar(&measure)),
                ("BASELINE", dollar(&baseline)),
                ("RIGHTS", dollar(&rights())),
                ("WITNESS", self.witness.to_string()),
            ],
        )
    }
}

/// The call that asks afterwards: whether the transaction is undone, where the sequences stand, and how much there is of
/// each holding.
pub(super) fn afterwards(number: &str, holdings: &[CountTarget], seen: &[(String, u32)]) -> String {
    let mut sql = vec![format!(
        "begin isolation level read committed read only; reset all; reset session authorization; reset role; \
        set local search_path = ''; set local row_security = off; set local jit = off; set local lock_timeout = {count}; \
        set local statement_timeout = {count}",
        count = COUNT.as_millis()
    )];
    let in_time = format!(
        "pg_catalog.clock_timestamp() < pg_catalog.now() + '{} ms'::pg_catalog.interval",
        COUNT_ALL.as_millis()
    );
    sql.extend(
        holdings
            .iter()
            .map(|holding| snapshot::count_block(holding, &in_time)),
    );
    sql.extend(snapshot::visible_blocks(seen, &in_time));
    let columns = cells(BASELINE_COLUMNS, "");
    sql.push(format!(
        "select pg_catalog.json_build_object('status', {}, 'sequences', (select coalesce(pg_catalog.json_agg(\
        pg_catalog.json_build_array(c2::pg_catalog.text, c5::pg_catalog.text)), '[]') from (\n{BASELINE}\n) q ({columns}) where c0 = 'sequence'), \
        'counts', {}::pg_catalog.json, 'visible', {}::pg_catalog.json)::pg_catalog.text as supadeck",
        dry_run_limits::status(number),
        snapshot::COUNTED,
        snapshot::SEEN
    ));
    sql.push("rollback".to_owned());
    sql.join(";\n")
}

/// The question what each role may do, as one JSON array.
fn rights() -> String {
    let (texts, columns) = (
        cells(RIGHTS_COLUMNS, "::pg_catalog.text"),
        cells(RIGHTS_COLUMNS, ""),
    );
    format!(
        "select coalesce(pg_catalog.json_agg(pg_catalog.json_build_array({texts})), '[]')::pg_catalog.text from (\n{}\n) q ({columns})",
        snapshot::RIGHTS
    )
}

/// How long the answer to [`afterwards`] may take.
pub(super) fn afterwards_limit(statement: Duration) -> Duration {
    statement + COUNT_ALL + COUNT
}

/// How long after the beginning a last statement may begin, so that its answer comes before the call is given up.
pub(super) fn longest(script: Duration, limits: &Limits) -> Duration {
    script
        .saturating_sub(statement_limit(limits))
        .max(script / 2)
}

/// What a commit would check, and the end of the file's session.
pub(super) fn settle() -> String {
    format!(
        "{}; {}",
        dry_run_limits::settle(),
        dry_run_limits::end_session()
    )
}

/// Hands one statement to the act. `then` follows it.
fn statement_block(sql: &str, then: &str) -> String {
    let run = match not_here(sql) {
        None => sql.to_owned(),
        Some(what) => block(&format!(
            "begin raise exception 'supadeck: {what}' using errcode = '{NOT_HERE}'; end"
        )),
    };
    block(&format!(
        "begin perform pg_catalog.set_config('supadeck.run', {}, true); \
        execute pg_catalog.current_setting('supadeck.act'); {then}end",
        dollar(&run)
    ))
}

/// What PL/pgSQL cannot execute, in words.
fn not_here(sql: &str) -> Option<&'static str> {
    let first = leading_words(sql, 1);
    match first.first().map(String::as_str)? {
        "savepoint" => Some("SAVEPOINT"),
        "release" => Some("RELEASE SAVEPOINT"),
        "rollback" => Some("ROLLBACK TO SAVEPOINT"),
        "select" | "with" => {
            let words = outer_words(sql);
            let mut pairs = words.windows(2);
            pairs
                .any(|pair| pair[1] == "into" && !matches!(pair[0].as_str(), "insert" | "merge"))
                .then_some("SELECT … INTO")
        }
        _ => None,
    }
}

/// What every block with a question of ours has in it.
fn in_savepoint() -> [(&'static str, String); 2] {
    let limit = [("LIMIT", (Duration::from_secs(10)).as_millis().to_string())];
    [
        ("BACK", BACK.to_owned()),
        (
            "ASIDE",
            substitute(&code(include_str!("dry_run_script/aside.sql")), &limit),
        ),
    ]
}

/// `c0, c1, …`, each with a suffix.
fn cells(count: usize, suffix: &str) -> String {
    let cells: Vec<String> = (0..count).map(|at| format!("c{at}{suffix}")).collect();
    cells.join(", ")
}

/// The lines that are no comments, which need not be sent each time.
fn code(text: &str) -> String {
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.starts_with("--"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Puts values in for `$NAME$`. What a value holds stays as it is, and so do names that are not among them.
fn substitute(text: &str, values: &[(&str, String)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut pieces = text.split('$');
    out.push_str(pieces.next().unwrap_or_default());
    let mut is_open = false;
    for piece in pieces {
        match values.iter().find(|(name, _)| *name == piece) {
            Some((_, value)) if !is_open => {
                out.push_str(value);
                is_open = true;
            }
            _ => {
                if !is_open {
                    out.push('$');
                }
                is_open = false;
                out.push_str(piece);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::script::Part;
    use crate::domain::sql::split::split;
    use crate::domain::sql::transaction::{Control, control};

    fn whole(statements: &[&str]) -> String {
        let parts = statements.iter().enumerate().map(|(statement, sql)| Part {
            statement,
            sql: (*sql).into(),
            data: None,
        });
        let script = FileScript {
            step: 0,
            parts: parts.collect(),
            wants_snapshot: true,
        };
        let frame = DryRunScript {
            run: "mark",
            witness: 1,
            fence: "select 1",
            limits: &Limits::default(),
            longest: Duration::from_secs(1),
        };
        frame.whole(&[script])
    }

    #[test]
    fn whatever_a_statement_holds_it_stays_in_its_block_and_nothing_commits() {
        for sql in [
            "select 1",
            "create function f() returns int language sql as $sd$ select 1 $sd$",
            "select '$sd1$; commit; $supadeck$' -- $sd$",
            "do $$ begin commit; end $$",
            "select 1; commit",
            "select $LOOK$ $RUN$ $LOOK$",
        ] {
            let call = whole(&[sql]);
            assert!(call.contains(sql));
            let controls: Vec<Control> = split(&call)
                .iter()
                .filter_map(|statement| control(statement.text(&call)))
                .collect();
            let begin = Control::Begin { plain: true };
            assert_eq!(
                controls,
                [begin, Control::Rollback { plain: true }],
                "{sql}"
            );
        }
    }

    #[test]
    fn values_are_put_in_once() {
        let values = [("A", "$B$".to_owned()), ("B", "b".to_owned())];
        assert_eq!(substitute("$A$ $B$$C$ $", &values), "$B$ b$C$ $");
        assert_eq!(substitute("x", &values), "x");
        let left = [
            "ACT", "LOOK", "ASIDE", "BACK", "CAPS", "SNAPSHOT", "LIMIT", "LONGEST", "MEASURE",
            "TEXTS", "COLUMNS",
        ];
        let call = whole(&[]);
        for name in left {
            assert!(!call.contains(&format!("${name}$")), "{name}");
        }
    }

    #[test]
    fn what_a_block_cannot_run_is_known() {
        for (sql, what) in [
            ("savepoint a", Some("SAVEPOINT")),
            ("rollback to a", Some("ROLLBACK TO SAVEPOINT")),
            ("select a into b from c", Some("SELECT … INTO")),
            (
                "with x as (select 1) select * into t from x",
                Some("SELECT … INTO"),
            ),
            ("with x as (select 1) insert into t select * from x", None),
            ("select (select 1)", None),
            ("insert into t select 1", None),
        ] {
            assert_eq!(not_here(sql), what, "{sql}");
        }
    }
}
