//! Puts the ways in which a file can be refused or fail into words: what, why, where in the file, and what to do.

pub(in crate::ops) mod cause;
mod hint;
mod interrupted;

use crate::domain::dry_run::Environment;
use crate::domain::migration::LockHolder;
use crate::domain::migration::{Direction, Step};
use crate::domain::problem::{Kind, Problem};
use crate::domain::script::{RunError, ServerError};
use crate::domain::sql::execution_mode::{Refusal, Remedy};
use crate::domain::sql::odd_blank::visible;
use crate::domain::sql::position::{byte_of_character, excerpt, place};
use crate::domain::sql::split::split;
use crate::domain::text::{CELL_LIMIT, cell, harmless, harmless_lines, sentence};
use std::borrow::Cow;
use std::path::Path;

/// Where something ended that ended on a scratch database; follows what ended.
const NOT_THE_TARGET: &str =
    " on the scratch database, which is thrown away; the project's own database is as it was";

/// A file that cannot run as it is, found before anything ran.
pub(super) fn refused_file(
    text: &str,
    file: &Path,
    version: &str,
    direction: Direction,
    refusal: &Refusal,
) -> Problem {
    let here = place(text, refusal.at);
    let status = match direction {
        Direction::Apply => "applied",
        Direction::Rollback => "reverted",
    };
    let hint = match refusal.remedy {
        Remedy::Mend(hint) => hint.to_owned(),
        Remedy::RunAlone => format!(
            "Nothing was run. Move the statement into a file of its own, run that file with psql, then `supadeck migration repair --status {status} {version}`."
        ),
    };
    Problem::new(
        Kind::Config,
        format!(
            "{} cannot run: see line {}.",
            harmless(&file.display().to_string()),
            here.line
        ),
        refusal.why.clone(),
    )
    .with_hint(hint)
    .with_detail(excerpt(text, refusal.at))
}

/// Why a step did not end well on a database. `text` is the file's text, when it can be had.
pub(super) fn step_problem(
    halt: &RunError,
    step: &Step,
    text: Option<&str>,
    on: Environment,
) -> Problem {
    let title = format!("{}_{}", step.version, harmless(&step.name));
    let what = match step.direction {
        Direction::Apply => format!("Migration {title}"),
        Direction::Rollback => format!("The rollback of {title}"),
    };
    match halt {
        RunError::Refused(refused) => refused_step(refused, step, text, &what, on),
        RunError::Cancelled => Problem::cancelled(format!("{what} was cancelled{}.", undone(step.direction, on))),
        RunError::HistoryChanged(_) => Problem::new(
            Kind::Conflict,
            "The history has changed since the plan was shown.",
            "Somebody else migrates this database too, so nothing more was run.",
        )
        .with_hint("Look at `supadeck migration list`, and plan again."),
        RunError::Busy { holder } => Problem::new(
            Kind::Conflict,
            "Another runner is migrating this database.",
            held(holder.as_ref()),
        )
        .with_hint("Wait until it is done, then look at the list and plan again.")
        .retryable(),
        RunError::Unsettled(version) => Problem::new(
            Kind::Conflict,
            format!("Version {} is interrupted.", harmless(version)),
            "Somebody else's run stopped in the middle of it since the plan was shown, so nothing more was run.",
        )
        .with_hint("`supadeck migration list` shows its state, and planning again shows the fixes."),
        RunError::NotAlone(why) => Problem::new(
            Kind::Config,
            format!("{what} cannot run outside a transaction here, so nothing of it was run."),
            why.clone(),
        ),
        RunError::Halfway(halfway) => interrupted::problem(halfway, step, text, &what, on),
        RunError::Escaped => Problem::new(
            Kind::Database,
            format!("{what} ended its own transaction."),
            "A statement of it committed or rolled back, so a part of it may remain.",
        )
        .with_hint("Compare the database with the file, then mend the history with `supadeck migration repair`."),
        RunError::Lost { committing, why } => Problem::new(
            Kind::Network,
            if *committing {
                format!("The connection was lost while {what} was being committed.")
            } else {
                format!("The connection was lost during {what}.")
            },
            harmless(why).into_owned(),
        )
        .retryable(),
    }
}

/// Who held the lock on the runners all the time.
pub(in crate::ops) fn held(holder: Option<&LockHolder>) -> String {
    match holder {
        Some(holder) => {
            format!("It held the migration lock all the time ({holder}), so nothing more was run.")
        }
        None => "It held the migration lock all the time, so nothing more was run.".to_owned(),
    }
}

fn refused_step(
    refused: &ServerError,
    step: &Step,
    text: Option<&str>,
    what: &str,
    on: Environment,
) -> Problem {
    let place = refused
        .part
        .and_then(|statement| Some((statement, text?)))
        .and_then(|(statement, text)| Some((text, offset(text, statement, refused.character)?)));
    let mut at = match refused.part {
        Some(statement) => format!(
            " at statement {} of {}",
            statement + 1,
            step.statements.len()
        ),
        None if refused.at_commit => " when it was committed".to_owned(),
        None => String::new(),
    };
    if let Some((text, offset)) = place {
        let place = crate::domain::sql::position::place(text, offset);
        at.push_str(&format!(", line {}, column {}", place.line, place.column));
    }
    let shown = place.map(|(text, offset)| excerpt(text, offset));
    server_problem(
        refused,
        format!("{what} failed{at}{}.", undone(step.direction, on)),
        shown,
        on,
    )
}

/// What it means that a file was undone: a version whose rollback was is as it was before.
fn undone(direction: Direction, on: Environment) -> &'static str {
    match (on, direction) {
        (Environment::Scratch, _) => NOT_THE_TARGET,
        (Environment::Target, Direction::Apply) => ", and nothing of it remains",
        (Environment::Target, Direction::Rollback) => ", and the version is still applied",
    }
}

/// What the server said, as a problem. `shown` is the place in the file.
pub(in crate::ops) fn server_problem(
    refused: &ServerError,
    what: String,
    shown: Option<String>,
    on: Environment,
) -> Problem {
    let mut detail: Vec<String> = shown.into_iter().collect();
    let more = [&refused.detail, &refused.context];
    detail.extend(more.into_iter().flatten().map(|text| lines(text)));
    let mut why = sentence(&visible(&cell(&as_in_a_run(&refused.message))));
    if let Some(blocker) = &refused.blocker {
        why.push_str(&format!(" It waited for {blocker}."));
    }
    let mut problem = Problem::new(kind(&refused.code), what, why);
    // Over the Management API a refusal may come without one.
    problem.code = Some(refused.code.clone()).filter(|code| !code.is_empty());
    problem.retry = matches!(refused.code.as_str(), "55P03" | "40001" | "40P01");
    if !detail.is_empty() {
        problem = problem.with_detail(detail.join("\n"));
    }
    match hint::of(refused, on) {
        Some(hint) => problem.with_hint(hint),
        None => problem,
    }
}

/// What the server says of a `SET TRANSACTION` in a run. A dry run has a savepoint for each file, and there it says otherwise why it
/// refuses.
fn as_in_a_run(message: &str) -> Cow<'_, str> {
    let of_savepoint = [
        " must not be called in a subtransaction",
        " cannot be called within a subtransaction",
    ];
    let what = of_savepoint
        .iter()
        .find_map(|end| message.strip_suffix(end))
        .filter(|what| what.starts_with("SET TRANSACTION "));
    match what {
        Some(what) => format!("{what} must be called before any query").into(),
        None => message.into(),
    }
}

/// A server's text of several lines, harmless and bounded.
fn lines(text: &str) -> String {
    let shown: String = text.chars().take(CELL_LIMIT).collect();
    harmless_lines(&shown).into_owned()
}

fn kind(code: &str) -> Kind {
    match code {
        "42501" => Kind::Denied,
        "55P03" | "40001" | "40P01" => Kind::Conflict,
        _ => Kind::Database,
    }
}

/// Byte offset of a statement's character in the file.
pub(super) fn offset(text: &str, statement: usize, character: Option<usize>) -> Option<usize> {
    let statement = split(text).into_iter().nth(statement)?;
    let sql = statement.text(text);
    let inside = match character {
        Some(character) => byte_of_character(sql, character),
        None => crate::domain::sql::statement_kind::significant(sql)
            .next()
            .map_or(0, |token| token.start),
    };
    Some(statement.range.start + inside)
}
