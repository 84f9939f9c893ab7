//! Reads what the call of a dry run answers into a recording.

use super::dry_run_script::{ACT_BEGINS, OUT_OF_TIME, settle};
use super::error_position::find_name;
use crate::adapters::sql::dry_run_limits::{NOT_MEASURED, as_by_commit, left_transaction};
use crate::adapters::sql::snapshot::{self, Texts};
use crate::domain::dry_run::access::Rights;
use crate::domain::dry_run::measure::{Recount, StatementStats, TouchedTable};
use crate::domain::dry_run::recording::{
    DryRunResult, Failed, FileResult, FileScript, StatementResult,
};
use crate::domain::dry_run::undone::Undone;
use crate::domain::problem::Problem;
use crate::domain::script::{NOT_HERE, RunError, ServerError};
use crate::domain::snapshot::Snapshot;
use crate::domain::sql::statement_kind::leading_words;
use crate::domain::text;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The answer.
#[derive(Debug, Deserialize)]
struct Answer {
    /// The number of the transaction in the end.
    number: String,
    /// The transactions that were undone since it began; absent where they are too many.
    #[serde(default)]
    undone: Option<BTreeSet<u64>>,
    said: Vec<Event>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Event {
    Open(Beginning),
    Ran(MeasuredStatement),
    Failed(StatementError),
    Snapshot(SnapshotDelta),
    Rights(Later),
}

/// What each role may do behind the last file, and how many rows it sees where that is another right.
#[derive(Debug, Deserialize)]
struct Later {
    after: Texts,
    visible: Vec<snapshot::Seen>,
}

/// What was there before.
#[derive(Debug, Deserialize)]
struct Beginning {
    /// The number of the transaction.
    number: String,
    baseline: Texts,
    snapshot: SnapshotDelta,
    #[serde(default)]
    rights: Texts,
}

/// What one statement did.
#[derive(Debug, Deserialize)]
struct MeasuredStatement {
    took_us: u64,
    rows: u64,
    /// The tables that are not as they were.
    touched: Texts,
    /// What is in the tables that were written anew.
    #[serde(default)]
    recounts: Vec<snapshot::Count>,
}

/// What the server said about a statement; empty where it said nothing.
#[derive(Debug, Deserialize)]
struct StatementError {
    took_us: u64,
    is_measuring: bool,
    code: String,
    message: String,
    detail: Option<String>,
    hint: Option<String>,
    context: Option<String>,
}

/// What is new in the catalog since the last look, and what is gone.
#[derive(Debug, Deserialize)]
struct SnapshotDelta {
    new: Texts,
    gone: Texts,
}

/// What an answer says of files, and the number of its transaction. An answer of another form is a problem; so is one that
/// does not come from the transaction that was begun.
pub(super) fn read(
    answer: &str,
    scripts: &[FileScript],
    is_cancelled: bool,
) -> Result<(String, DryRunResult), Problem> {
    let answer: Answer = serde_json::from_str(answer).map_err(|error| unreadable(&error))?;
    let mut words = answer.said.into_iter();
    let Some(Event::Open(open)) = words.next() else {
        return Err(left_transaction());
    };
    if open.number != answer.number {
        return Err(left_transaction());
    }
    let before = seen(&Snapshot::default(), open.snapshot)?;
    let mut parser = Parser {
        latest: before.clone(),
        touched: BTreeMap::new(),
        next_xid: None,
        is_cancelled,
        words,
    };
    let undone = answer.undone.map_or(Undone::Unknown, Undone::Known);
    let mut takes = Vec::with_capacity(scripts.len());
    for script in scripts {
        let mut result = parser.file_result(script)?;
        result.undone.clone_from(&undone);
        let is_over = result.failed.is_some();
        takes.push(result);
        if is_over {
            break;
        }
    }
    let mut rights = Rights {
        before: snapshot::parse_rights(open.rights)?,
        ..Rights::default()
    };
    if let Some(Event::Rights(later)) = parser.words.next() {
        rights.after = Some(snapshot::parse_rights(later.after)?);
        rights.visible = snapshot::parse_visible(later.visible);
    }
    let recording = DryRunResult {
        before,
        baseline: snapshot::parse_baseline(open.baseline),
        files: takes,
        rights,
    };
    Ok((answer.number, recording))
}

/// The rest of an answer.
struct Parser<W> {
    latest: Snapshot,
    /// Every table under a lock, by its number.
    touched: BTreeMap<u32, TouchedTable>,
    /// Below which number each transaction was taken when that was told last.
    next_xid: Option<u64>,
    is_cancelled: bool,
    words: W,
}

impl<W: Iterator<Item = Event>> Parser<W> {
    /// The words about one file.
    fn file_result(&mut self, script: &FileScript) -> Result<FileResult, Problem> {
        let mut result = FileResult::default();
        for part in &script.parts {
            match self.ran(&part.sql)? {
                Ok(ran) => result.statements.push(StatementResult {
                    statement: part.statement,
                    notices: Vec::new(),
                    ran,
                }),
                Err((took, halt)) => {
                    let statement = Some(part.statement);
                    result.failed = Some(Failed::at(statement, Vec::new(), took, halt));
                    return Ok(result);
                }
            }
        }
        match self.ran(&settle())? {
            Ok(ran) => result.commit = ran,
            Err((took, halt)) => {
                let halt = as_by_commit(halt);
                result.failed = Some(Failed::at(None, Vec::new(), took, halt));
                return Ok(result);
            }
        }
        if script.wants_snapshot {
            let Some(Event::Snapshot(delta)) = self.words.next() else {
                return Err(unreadable(&"a look at the catalog is missing"));
            };
            self.latest = seen(&self.latest, delta)?;
            result.after = Some(self.latest.clone());
        }
        Ok(result)
    }

    /// The word about one statement.
    fn ran(&mut self, sql: &str) -> Result<Result<StatementStats, (Duration, RunError)>, Problem> {
        match self.words.next() {
            Some(Event::Ran(measured)) => {
                let touched = snapshot::parse_touched(&measured.touched).into_iter();
                self.touched.extend(touched.map(|table| (table.id, table)));
                let next_xid = snapshot::parse_next_xid(&measured.touched);
                self.next_xid = next_xid.or(self.next_xid);
                let recounts = snapshot::parse_counts(&measured.recounts).into_iter();
                Ok(Ok(StatementStats {
                    took: Duration::from_micros(measured.took_us),
                    rows: if has_rows(sql) { measured.rows } else { 0 },
                    touched: self.touched.values().cloned().collect(),
                    recounts: recounts.map(|(id, tally)| Recount { id, tally }).collect(),
                    next_xid: self.next_xid,
                }))
            }
            Some(Event::Failed(fault)) => {
                let took = Duration::from_micros(fault.took_us);
                Ok(Err((took, halt(fault, sql, self.is_cancelled))))
            }
            _ => Err(unreadable(&"a statement is missing")),
        }
    }
}

/// The catalog, when it was like this before.
fn seen(before: &Snapshot, delta: SnapshotDelta) -> Result<Snapshot, Problem> {
    let mut snapshot = before.clone();
    for object in snapshot::parse_snapshot(delta.gone)?.objects.keys() {
        snapshot.objects.remove(object);
        snapshot.identities.remove(object);
    }
    let new = snapshot::parse_snapshot(delta.new)?;
    snapshot.objects.extend(new.objects);
    snapshot.identities.extend(new.identities);
    Ok(snapshot)
}

/// Whether the server counts rows for a statement when it is sent on its own.
fn has_rows(sql: &str) -> bool {
    let first = leading_words(sql, 1);
    !matches!(
        first.first().map(String::as_str),
        Some("show" | "explain" | "call")
    )
}

/// What a fault means for its file.
fn halt(fault: StatementError, sql: &str, is_cancelled: bool) -> RunError {
    let own = fault.message.strip_prefix("supadeck: ");
    let elsewhere = "Use a scratch database (`--on scratch`), or use a database URL (--db-url).";
    let ours = |code: &str, message: String| {
        RunError::Refused(Box::new(ServerError {
            code: code.to_owned(),
            message,
            hint: Some(elsewhere.to_owned()),
            ..ServerError::default()
        }))
    };
    match (fault.code.as_str(), own) {
        ("57014", _) if is_cancelled => return RunError::Cancelled,
        (OUT_OF_TIME, Some(_)) => {
            return ours(
                "",
                "the dry run takes longer than a call of the Management API may".to_owned(),
            );
        }
        (NOT_HERE, Some(what)) => {
            return ours(
                NOT_HERE,
                format!("{what} cannot run in a dry run over the Management API"),
            );
        }
        _ if fault.is_measuring => {
            return RunError::Lost {
                committing: false,
                why: format!("{NOT_MEASURED} {}", fault.message),
            };
        }
        _ => {}
    }
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let context = given(fault.context).and_then(|text| of_the_file(&text, sql));
    let character = match &context {
        None => find_name(&fault.code, &fault.message, sql),
        Some(_) => None,
    };
    RunError::Refused(Box::new(ServerError {
        code: fault.code,
        message: fault.message,
        detail: given(fault.detail),
        hint: given(fault.hint),
        context,
        character,
        ..ServerError::default()
    }))
}

/// The lines of a context that stand inside of the statement: not those of the blocks around it, nor the statement's own.
/// Their words depend on the server's language, so they are known by what they quote.
fn of_the_file(context: &str, sql: &str) -> Option<String> {
    let to_line = |text: &str, at: usize| text[..at].rfind('\n').unwrap_or(0);
    let mut end = match context.rfind(ACT_BEGINS) {
        Some(at) => to_line(context, at),
        None => context.len(),
    };
    // The line of the EXECUTE.
    end = to_line(context, end);
    let inside = &context[..end];
    if let Some(at) = inside.rfind(sql) {
        end = to_line(inside, at);
    }
    Some(context[..end].to_owned()).filter(|text| !text.is_empty())
}

fn unreadable(why: &dyn std::fmt::Display) -> Problem {
    let why = why.to_string();
    let why = text::cell(&why);
    Problem::internal(format!("The report of the dry run cannot be read: {why}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_lines_of_the_file_stay_in_a_context() {
        let ours = "PL/pgSQL function inline_code_block line 29 at EXECUTE\nSQL statement \"do $supadeck$declare\n said\n$supadeck$\"\nPL/pgSQL function inline_code_block line 1 at EXECUTE";
        assert_eq!(of_the_file(ours, "selec 1"), None);
        let own = format!("SQL statement \"select f()\"\n{ours}");
        assert_eq!(of_the_file(&own, "select f()"), None);
        let inner = format!("PL/pgSQL function f() line 1 at RAISE\n{own}");
        assert_eq!(
            of_the_file(&inner, "select f()").as_deref(),
            Some("PL/pgSQL function f() line 1 at RAISE")
        );
    }

    #[test]
    fn a_transaction_that_is_not_the_one_that_was_begun_is_a_problem() {
        let open = r#"{"open":{"number":"7","baseline":[],"snapshot":{"new":[],"gone":[]}}}"#;
        let answer = |number: u8, said: &str| format!(r#"{{"number":"{number}","said":[{said}]}}"#);
        let (number, recording) = read(&answer(7, open), &[], false).unwrap();
        assert_eq!((number.as_str(), recording), ("7", DryRunResult::default()));
        for text in [answer(8, open), answer(7, "")] {
            let problem = read(&text, &[], false).unwrap_err();
            assert!(problem.why.contains("COMMITTED"), "{problem}");
        }
        assert!(read("[]", &[], false).is_err());
    }
}
