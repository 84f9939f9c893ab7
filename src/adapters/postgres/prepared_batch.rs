//! Scripts that skip the check of the history that the script before them in the same message made.
//!
//! For a small file, planning the checks and the rows around it is more work for the server than the file. So they are
//! prepared once for all of a message, which is answered by one session also behind a pooler.

use super::between::{OURS, RESET_ANSWERS, RESETS};
use super::history_row::{RowShape, TEXT, values};
use super::history_table::{LOCK, Operator, RollbackColumn, about, dollar, line};
use super::transaction::{
    BEGIN, BUSY, CLOCK, FIRE_DEFERRED, LEFT, LEFT_TRANSACTION, NOTIFY_AND_COMMIT, NUMBER, RECHECK,
    has_word, limit_ms, raise_expr,
};
use crate::domain::script::{Limits, Script};
use std::sync::atomic::{AtomicBool, Ordering};

/// How long after its arrival a message is young enough for its scripts to skip the check, in milliseconds.
const MAX_AGE_MS: u32 = 250;
/// The counter of the journal's ids.
const IDS: &str = "'supabase_migrations.supadeck_journal_id_seq'::pg_catalog.regclass";
/// What is prepared: opens a transaction, checks that it is still that one, writes the script's row and its line.
const KEPT: [&str; 3] = ["open", "check", "books"];

/// How the leaning scripts of one message are written: those that leave the same kind of row.
pub(super) struct PreparedBatch<'a> {
    pub(super) limits: &'a Limits,
    pub(super) runner: &'a Operator,
    pub(super) column: Option<RollbackColumn>,
    /// What the prepared statements are called, each with a word more; nothing else in the database is called so.
    pub(super) name: &'a str,
    /// Whether the session has begun to keep them.
    pub(super) has_kept: AtomicBool,
}

impl PreparedBatch<'_> {
    /// Whether a script can lean with what was prepared for another.
    pub(super) fn same_row_shape(&self, script: &Script, other: &Script) -> bool {
        let shape = |script: &Script| RowShape::of(&script.record, self.column);
        shape(script) == shape(other)
    }

    /// Opens the transaction of a script. The one before it has left its line in the journal and has reset the session, and
    /// the first of the message has compared the whole history. So it is enough when the message is young and no line
    /// was begun since, which every supadeck does.
    ///
    /// The `first` leaning script of the message has the statements prepared. The last answer has the number, the time and the
    /// mark.
    pub(super) fn head(&self, script: &Script, first: bool, mark: &str) -> String {
        let mut sql = format!("{BEGIN}; ");
        if first {
            for (word, statement) in KEPT.iter().zip(self.statements(script)) {
                sql.push_str(&format!("prepare {}{statement}; ", self.kept(word)));
            }
        }
        sql.push_str(&format!("execute {}({mark})", self.kept("open")));
        sql
    }

    /// Writes the history of a script and commits; the `last` script of the message forgets what was prepared. The second answer
    /// has the time and the mark.
    pub(super) fn tail(&self, script: &Script, last: bool, mark: &str) -> String {
        let mut values = values(&script.record, self.column);
        values.extend([about(&script.record).0, &script.sha256].map(dollar));
        let mut sql = format!(
            "{FIRE_DEFERRED}; execute {}({mark}); {RESETS}; execute {}({}); ",
            self.kept("check"),
            self.kept("books"),
            values.join(", "),
        );
        if last {
            sql.push_str(&self.deallocate());
        }
        sql.push_str(NOTIFY_AND_COMMIT);
        sql
    }

    /// Forgets what was prepared, if anything was.
    pub(super) fn forgotten(&self) -> Option<String> {
        let has_kept = self.has_kept.load(Ordering::Relaxed);
        has_kept.then(|| self.deallocate())
    }

    fn deallocate(&self) -> String {
        let forget = |word| format!("deallocate {}; ", self.kept(word));
        KEPT.map(forget).concat()
    }

    fn kept(&self, word: &str) -> String {
        format!("\"{} {word}\"", self.name)
    }

    /// The types of the values, and the statement, of each of [`KEPT`].
    fn statements(&self, script: &Script) -> [String; 3] {
        let shape = RowShape::of(&script.record, self.column);
        let mut types = shape.types().to_vec();
        types.extend([TEXT; 2]);
        let mut places: Vec<String> = (1..=types.len()).map(|at| format!("${at}")).collect();
        let line_places = places.split_off(shape.types().len());
        let (_, direction) = about(&script.record);
        let limit =
            |name: &str, ms: u128| format!("pg_catalog.set_config('{name}', '{ms}', true), ");
        let mut limits = limit("lock_timeout", self.limits.lock_timeout.as_millis());
        if let Some(longest) = self.limits.statement_timeout {
            limits.push_str(&limit("statement_timeout", limit_ms(longest)));
        }
        // The lock is tried first, and the counter is read when it is held: it is of no snapshot.
        let open = format!(
            "({TEXT}) as select case when not pg_catalog.pg_try_advisory_xact_lock({LOCK}) then {} \
            when pg_catalog.pg_sequence_last_value({IDS}) is distinct from pg_catalog.currval({IDS}) \
            or pg_catalog.clock_timestamp() > pg_catalog.statement_timestamp() + interval '{MAX_AGE_MS} milliseconds' \
            then {} end, {limits}{NUMBER}, {CLOCK}, $1",
            raise_expr(BUSY, "supadeck: another runner is at work"),
            raise_expr(RECHECK, "supadeck: the history is to be compared again"),
        );
        let check = format!(
            "({TEXT}) as select case when pg_catalog.current_setting('supadeck.transaction', true) \
            is distinct from pg_catalog.txid_current()::text then {} \
            when exists (select from pg_catalog.pg_prepared_statements s where s.from_sql and not pg_catalog.starts_with(s.name, '{OURS}')) \
            then {} end, pg_catalog.pg_advisory_unlock_all(), {CLOCK}, $1",
            raise_expr(
                LEFT_TRANSACTION,
                "supadeck: the transaction has ended before its time"
            ),
            raise_expr(LEFT, "supadeck: the file leaves a prepared statement"),
        );
        let line = line(&line_places[0], direction, &line_places[1], self.runner);
        let books = format!(
            "({}) as {}",
            types.join(", "),
            shape.with_line(&places, &line)
        );
        [open, check, books]
    }
}

/// Whether a script's text says that it may change the history, or what the session keeps prepared.
pub(super) fn touches_history(script: &Script) -> bool {
    has_word(
        script,
        &["supabase_migrations", "deallocate", "discard", "prepare"],
    )
}

/// How many answers [`PreparedBatch::head`] gets.
pub(super) fn head_answers(first: bool) -> usize {
    2 + if first { KEPT.len() } else { 0 }
}

/// How many answers [`PreparedBatch::tail`] gets.
pub(super) fn tail_answers(last: bool) -> usize {
    5 + RESET_ANSWERS + if last { KEPT.len() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::script::{Part, Record};
    use crate::domain::sql::split::split;
    use std::time::Duration;

    fn applied(rollback: bool) -> Record {
        let statements = || ["select ';'", "select 1"].iter().collect();
        Record::Applied {
            version: "1".into(),
            name: "a;b".into(),
            statements: statements(),
            rollback: rollback.then(statements),
        }
    }

    fn script(record: Record) -> Script {
        Script {
            parts: Vec::new(),
            record,
            sha256: "sha".into(),
            expects: None,
            at_once: true,
            is_resume: false,
            alone: None,
            settings: Vec::new(),
        }
    }

    #[test]
    fn the_answers_are_counted_right() {
        let runner = Operator::here();
        let back = Record::RolledBack {
            version: "1".into(),
        };
        let seed = Record::Seeded {
            path: "a;b".into(),
            hash: "c".into(),
        };
        for column in [
            None,
            Some(RollbackColumn::Array),
            Some(RollbackColumn::Text),
        ] {
            for statement_timeout in [None, Some(Duration::from_secs(1))] {
                let limits = Limits {
                    statement_timeout,
                    ..Limits::default()
                };
                let lean = PreparedBatch {
                    limits: &limits,
                    runner: &runner,
                    column,
                    name: "supadeck 1",
                    has_kept: AtomicBool::new(false),
                };
                for record in [applied(false), applied(true), back.clone(), seed.clone()] {
                    let script = script(record.clone());
                    for end in [true, false] {
                        let (head, tail) = (
                            lean.head(&script, end, "'a;b'"),
                            lean.tail(&script, end, "'a;b'"),
                        );
                        assert_eq!(split(&head).len(), head_answers(end), "{head}");
                        assert_eq!(split(&tail).len(), tail_answers(end), "{tail}");
                    }
                }
            }
        }
    }

    #[test]
    fn only_what_leaves_the_same_kind_of_row_fits_and_who_meddles_is_seen() {
        let limits = Limits::default();
        let runner = Operator::here();
        let lean = |column| PreparedBatch {
            limits: &limits,
            runner: &runner,
            column,
            name: "",
            has_kept: AtomicBool::new(false),
        };
        let [with, without] = [true, false].map(|rollback| script(applied(rollback)));
        assert!(lean(None).same_row_shape(&with, &without));
        assert!(!lean(Some(RollbackColumn::Text)).same_row_shape(&with, &without));
        let back = Record::RolledBack {
            version: "1".into(),
        };
        let back = script(back);
        assert!(!lean(None).same_row_shape(&with, &back));
        let with_text = |text: &str| Script {
            parts: vec![Part {
                statement: 0,
                sql: text.into(),
                data: None,
            }],
            ..with.clone()
        };
        assert!(touches_history(&with_text(
            "delete from Supabase_Migrations.schema_migrations"
        )));
        assert!(touches_history(&with_text(
            "do $$ begin execute 'DEALLOCATE all'; end $$"
        )));
        assert!(!touches_history(&with_text(
            "create table supabase (migrations text)"
        )));
    }
}
