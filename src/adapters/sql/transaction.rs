//! The SQL around a script: the head that opens its transaction under the lock, the tail that writes the history and
//! commits, and the whole of it as one message.
//!
//! The head begins with `BEGIN`, so that a session which is already in a failed transaction refuses all of it.
//! `RESET ALL` stands inside the transaction: in front of it, a transaction-mode pooler could run it elsewhere.

use super::between::{BEGIN, LETS_GO, RESET_ANSWERS, RESETS};
use super::codes::{HISTORY_CHANGED, INTERRUPTED_RUN, LEFT_TRANSACTION};
use super::history_row::record;
use super::history_table::RollbackColumn;
use super::journal::{self, Operator};
use super::lock;
use super::quote::{block, dollar};
use crate::domain::script::{Limits, Script};
use crate::domain::sql::statement_kind::leading_words;
use std::ops::Range;
use std::time::Duration;

/// What the tail compares to find out whether it is still in the transaction of the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::adapters) enum TxIdentity<'a> {
    /// The transaction's number, which the head returned.
    Number(&'a str),
    /// The setting in which the head kept it; a file that resets settings would lose it.
    Setting,
    /// The runners' lock, which is gone with the transaction that took it.
    Lock,
}

/// What a script's transaction finds in its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::adapters) enum Behind {
    /// Anything.
    Anything,
    /// The transaction of a script that went in front of it in the same message: that compared the history, left its line in
    /// the journal and reset the session.
    Script,
}

/// Opens the transaction under the runners' lock. `positions` says whether the journal has
/// places for interrupted runs, one of which would be in the way. The last answer has the transaction's number and the time.
pub(in crate::adapters) fn prologue(
    script: &Script,
    limits: &Limits,
    positions: bool,
    behind: Behind,
) -> String {
    let (lock, checks) = (lock::take(), checks(script, positions));
    // Each statement of a block sees what was committed before it, so this reads what the lock protects.
    // What the session holds from before ends only once nobody else runs in its transaction.
    let (resets, body) = match behind {
        Behind::Anything => (
            format!("{RESETS}; "),
            format!("declare found pg_catalog.text; begin {lock}{LETS_GO}{checks}end"),
        ),
        Behind::Script => (
            String::new(),
            format!(
                "declare found pg_catalog.text; is_same pg_catalog.bool; begin {lock}{SAME_HISTORY}\
                if is_same is not true then {checks}end if; end"
            ),
        ),
    };
    let (block, settings) = (block(&body), settings(limits, script));
    format!("{BEGIN}; {resets}{block}{settings}")
}

/// Finds out, in a block that declares `is_same` and under the lock, whether the history is certainly what the script before
/// compared it with: the message arrived a moment ago, and no line of the journal was begun behind the session's own, which
/// every supadeck begins with what it changes. Where the journal does not tell, for want of a right or of a line, the answer
/// is no.
const SAME_HISTORY: &str = "if pg_catalog.clock_timestamp() < pg_catalog.statement_timestamp() + interval '250 milliseconds' then \
    begin is_same := pg_catalog.pg_sequence_last_value('supabase_migrations.supadeck_journal_id_seq') \
    = pg_catalog.currval('supabase_migrations.supadeck_journal_id_seq'); \
    exception when others then null; end; end if; ";

/// Has deferred triggers run before the session is reset: what they set would otherwise be there for the next script.
const FIRE_DEFERRED: &str = "set constraints all immediate";
/// Has REST read the schema again, and commits.
const NOTIFY_AND_COMMIT: &str = "notify pgrst, 'reload schema'; commit";

/// Keeps the transaction's number, by which it is known later.
const NUMBER: &str =
    "pg_catalog.set_config('supadeck.transaction', pg_catalog.txid_current()::text, true)";
/// The time by the server's clock in microseconds, whatever the session's settings are.
const CLOCK: &str = "(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) operator(pg_catalog.*) 1000000)::pg_catalog.int8";

/// The limits of the script's statements, what was set for it, and what its transaction is known by.
fn settings(limits: &Limits, script: &Script) -> String {
    let mut sql = format!(
        "; set local lock_timeout = {}; ",
        limits.lock_timeout.as_millis()
    );
    if let Some(limit) = limits.statement_timeout {
        sql.push_str(&format!(
            "set local statement_timeout = {}; ",
            limit_ms(limit)
        ));
    }
    for statement in &script.settings {
        sql.push_str(&format!("{}\n; ", &**statement));
    }
    sql.push_str(&format!("select {NUMBER}, {CLOCK}"));
    sql
}

/// What must hold under the lock, as statements of a block that declares `found`: the history is what the plan saw, and no
/// interrupted run is in the way.
pub(in crate::adapters) fn checks(script: &Script, positions: bool) -> String {
    let mut checks = String::new();
    if let Some(expected) = &script.expects {
        // Rows mostly lie in the order they were written, which is that of the versions: only if not, they are sorted.
        let aggregate = |order: &str| {
            format!(
                "select pg_catalog.string_agg(version, ','{order}) into found from supabase_migrations.schema_migrations; \
                if pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(coalesce(found, ''), 'UTF8')), 'hex') <> '{}' then ",
                expected.sha256
            )
        };
        checks.push_str(&format!(
            "{}{}raise exception 'supadeck: the history has changed' using errcode = '{HISTORY_CHANGED}', detail = coalesce(found, ''); \
            end if; end if; ",
            aggregate(""),
            aggregate(" order by version collate \"C\""),
        ));
    }
    if script.expects.is_some() && positions && !script.is_resume {
        checks.push_str(&format!(
            "{}; if found is not null then raise exception 'supadeck: a version is interrupted' using errcode = '{INTERRUPTED_RUN}', detail = found; end if; ",
            journal::find_open()
        ));
    }
    checks
}

/// How many answers [`prologue`] gets before the script's own, where nothing was set for it.
pub(in crate::adapters) fn head_answers(limits: &Limits, behind: Behind) -> usize {
    let resets = match behind {
        Behind::Anything => RESET_ANSWERS,
        Behind::Script => 0,
    };
    4 + resets + usize::from(limits.statement_timeout.is_some())
}

/// How many answers [`epilogue`] gets without a mark.
pub(in crate::adapters) fn tail_answers(has_journal: bool) -> usize {
    6 + RESET_ANSWERS + usize::from(has_journal)
}

/// A limit as the server takes it: zero is none at all, and what is shorter than a millisecond is one.
fn limit_ms(limit: Duration) -> u128 {
    if limit.is_zero() {
        0
    } else {
        limit.as_millis().max(1)
    }
}

/// Writes the history and commits. Its second answer is the time with a `mark`, where one is wanted.
pub(in crate::adapters) fn epilogue(
    script: &Script,
    anchor: TxIdentity<'_>,
    mark: Option<&str>,
    column: Option<RollbackColumn>,
    journal: Option<&Operator>,
) -> String {
    let (before, behind) = epilogue_parts(script, anchor, mark, journal);
    format!("{before}; {}; {behind}", record(&script.record, column))
}

/// What stands around the row that a script leaves: checks before it, the journal and COMMIT behind it.
pub(in crate::adapters) fn epilogue_parts(
    script: &Script,
    anchor: TxIdentity<'_>,
    mark: Option<&str>,
    journal: Option<&Operator>,
) -> (String, String) {
    let here = match anchor {
        TxIdentity::Number(number) => dollar(number),
        TxIdentity::Setting => {
            "pg_catalog.current_setting('supadeck.transaction', true)".to_owned()
        }
        TxIdentity::Lock => format!(
            "(select pg_catalog.txid_current()::text from pg_catalog.pg_locks k where {} and k.pid = pg_catalog.pg_backend_pid())",
            lock::is_it("k")
        ),
    };
    // What the file set for its own statements, such as a second each, is for its deferred triggers, and not for the rest.
    let mut before = format!("{FIRE_DEFERRED}; ");
    if let Some(mark) = mark {
        before.push_str(&format!("select {CLOCK}, {mark}; "));
    }
    before.push_str("set local statement_timeout = 0; ");
    // Nor is its search path, by which operators are found.
    before.push_str(&block(&format!(
        "begin perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true); \
        if {here} is distinct from pg_catalog.txid_current()::text then \
        raise exception 'supadeck: the transaction has ended before its time' using errcode = '{LEFT_TRANSACTION}'; end if; {LETS_GO}end"
    )));
    before.push_str(&format!("; {RESETS}"));
    let mut behind = String::new();
    if let Some(runner) = journal {
        behind.push_str(&journal::journal_done(
            &script.record,
            &script.sha256,
            runner,
        ));
        behind.push_str("; ");
    }
    behind.push_str(NOTIFY_AND_COMMIT);
    (before, behind)
}

/// Whether a script's text says that it makes something that lives as long as its session.
pub(in crate::adapters) fn is_temporary(script: &Script) -> bool {
    has_word(script, &["temp", "temporary", "pg_temp"])
}

/// Whether a file resets settings, and with them the one that at-once transactions are recognised by.
pub(in crate::adapters) fn resets_session(script: &Script) -> bool {
    script.parts.iter().any(|part| {
        matches!(
            leading_words(&part.sql, 1).first().map(String::as_str),
            Some("reset" | "discard")
        )
    })
}

/// Whether one of the words, in lower case, stands anywhere in a script's text.
pub(in crate::adapters) fn has_word(script: &Script, wanted: &[&str]) -> bool {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || !byte.is_ascii();
    let mut texts = script.parts.iter().map(|part| part.sql.as_bytes());
    texts.any(|text| {
        let mut words = text.split(|byte| !is_word(byte));
        words.any(|word| {
            let is = |one: &&str| word.eq_ignore_ascii_case(one.as_bytes());
            wanted.iter().any(is)
        })
    })
}

/// A whole transaction in one message, and where the script's parts are in it.
pub(in crate::adapters) struct AssembledTx {
    pub(in crate::adapters) sql: String,
    /// The bytes of each part.
    pub(in crate::adapters) parts: Vec<Range<usize>>,
}

/// Puts head, parts and tail together. Every part ends with a line break, because it may end in a comment.
pub(in crate::adapters) fn whole(head: &str, script: &Script, tail: &str) -> AssembledTx {
    let size: usize = script.parts.iter().map(|part| part.sql.len() + 3).sum();
    let mut sql = String::with_capacity(head.len() + size + tail.len() + 2);
    sql.push_str(head);
    sql.push_str(";\n");
    let mut parts = Vec::with_capacity(script.parts.len());
    for part in &script.parts {
        let start = sql.len();
        sql.push_str(&part.sql);
        parts.push(start..sql.len());
        sql.push_str("\n;\n");
    }
    sql.push_str(tail);
    AssembledTx { sql, parts }
}

impl AssembledTx {
    /// The part and the character in it, from 1, that a character of the message falls into.
    pub(in crate::adapters) fn locate(&self, character: usize) -> Option<(usize, usize)> {
        let at = crate::domain::sql::position::byte_of_character(&self.sql, character);
        let part = self
            .parts
            .iter()
            .position(|range| range.start <= at && at <= range.end)?;
        let inside = self.sql[self.parts[part].start..at].chars().count() + 1;
        Some((part, inside))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::script::{Expected, Part, Record};
    use crate::domain::sql::split::split;

    fn script(parts: &[&str]) -> Script {
        Script {
            parts: parts
                .iter()
                .enumerate()
                .map(|(statement, sql)| Part {
                    statement,
                    sql: (*sql).into(),
                    data: None,
                })
                .collect(),
            record: Record::RolledBack {
                version: "1".into(),
            },
            sha256: String::new(),
            expects: Some(Expected::of([].iter())),
            at_once: true,
            is_resume: false,
            alone: None,
            settings: Vec::new(),
        }
    }

    #[test]
    fn the_answers_of_the_head_are_counted_right() {
        for statement_timeout in [None, Some(Duration::from_secs(1))] {
            for expects in [None, Some(Expected::of([].iter()))] {
                let limits = Limits {
                    statement_timeout,
                    ..Limits::default()
                };
                let script = Script {
                    expects,
                    ..script(&[])
                };
                for behind in [Behind::Anything, Behind::Script] {
                    let head = prologue(&script, &limits, true, behind);
                    assert_eq!(split(&head).len(), head_answers(&limits, behind), "{head}");
                }
            }
        }
    }

    #[test]
    fn the_answers_of_the_tail_are_counted_right() {
        let runner = Operator::here();
        let applied = Record::Applied {
            version: "1".into(),
            name: "a;b".into(),
            statements: ["select 1", "select ';'"].iter().collect(),
            rollback: None,
        };
        let back = Record::RolledBack {
            version: "1".into(),
        };
        for record in [applied, back] {
            let script = Script {
                record,
                ..script(&[])
            };
            for journal in [None, Some(&runner)] {
                for mark in [None, Some("'a;b'")] {
                    let tail = epilogue(&script, TxIdentity::Setting, mark, None, journal);
                    let marked = usize::from(mark.is_some());
                    assert_eq!(split(&tail).len(), tail_answers(journal.is_some()) + marked);
                }
            }
        }
    }

    #[test]
    fn a_character_of_the_message_is_found_in_its_part() {
        let script = script(&["select 'ä'", "sélect 1 -- c"]);
        let whole = whole("begin", &script, "commit");
        let at = whole
            .sql
            .find("lect 1")
            .map(|byte| whole.sql[..byte].chars().count() + 1);
        assert_eq!(at.and_then(|at| whole.locate(at)), Some((1, 3)));
        assert_eq!(whole.locate(1), None);
        assert_eq!(split(&whole.sql).len(), 4);
    }
}
