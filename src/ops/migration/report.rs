//! Puts the ways in which a file can be refused or fail into words: what, why, where in the file, and what to do.

use crate::domain::migration::Holder;
use crate::domain::migration::{Direction, Step};
use crate::domain::problem::{Kind, Problem};
use crate::domain::script::{Halfway, Halt, Refused, Why};
use crate::domain::sql::position::{byte_of_character, excerpt, place};
use crate::domain::sql::refusal::{Refusal, Remedy};
use crate::domain::sql::split::split;
use crate::domain::text::{CELL_LIMIT, cell, harmless, harmless_lines};
use std::path::Path;

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

/// Why a step did not end well. `text` is the file's text, when it can be had.
pub(super) fn step_problem(halt: &Halt, step: &Step, text: Option<&str>) -> Problem {
    let title = format!("{}_{}", step.version, harmless(&step.name));
    let what = match step.direction {
        Direction::Apply => format!("Migration {title}"),
        Direction::Rollback => format!("The rollback of {title}"),
    };
    match halt {
        Halt::Refused(refused) => refused_step(refused, step, text, &what),
        Halt::Cancelled => Problem::cancelled(format!("{what} was stopped, and {}.", undone(step.direction))),
        Halt::HistoryChanged(_) => Problem::new(
            Kind::Conflict,
            "The history has changed since the plan was shown.",
            "Somebody else migrates this database too, so nothing more was run.",
        )
        .with_hint("Look at `supadeck migration list`, and plan again."),
        Halt::Busy { holder } => Problem::new(
            Kind::Conflict,
            "Another runner is migrating this database.",
            held(holder.as_ref()),
        )
        .with_hint("Wait until it is done, then look at the list and plan again.")
        .retryable(),
        Halt::Unsettled(version) => Problem::new(
            Kind::Conflict,
            format!("Version {} is interrupted.", harmless(version)),
            "Somebody else's run stopped in the middle of it since the plan was shown, so nothing more was run.",
        )
        .with_hint("`supadeck migration list` says where it stands, and planning again says the ways out."),
        Halt::NotAlone(why) => Problem::new(
            Kind::Config,
            format!("{what} cannot run outside a transaction here, so nothing of it was run."),
            why.clone(),
        ),
        Halt::Halfway(halfway) => halfway_step(halfway, step, text, &what),
        Halt::Escaped => Problem::new(
            Kind::Database,
            format!("{what} ended its own transaction."),
            "A statement of it committed or rolled back, so a part of it may remain.",
        )
        .with_hint("Compare the database with the file, then mend the history with `supadeck migration repair`."),
        Halt::Lost { committing, why } => Problem::new(
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
pub(in crate::ops) fn held(holder: Option<&Holder>) -> String {
    match holder {
        Some(holder) => {
            format!("It held the migration lock all the time ({holder}), so nothing more was run.")
        }
        None => "It held the migration lock all the time, so nothing more was run.".to_owned(),
    }
}

/// A file outside a transaction stopped in the middle.
fn halfway_step(halfway: &Halfway, step: &Step, text: Option<&str>, what: &str) -> Problem {
    let of = step.statements.len();
    let at = if halfway.statement >= of {
        format!("{what} ran all its {of} statements, and could not be recorded")
    } else {
        format!(
            "{what} stopped at statement {} of {of}",
            halfway.statement + 1
        )
    };
    let title = format!("{at}; what ran before remains.");
    let mut problem = match &halfway.why {
        Why::Refused(refused) => {
            let place = text.and_then(|text| {
                let offset = offset(text, refused.part?, refused.character)?;
                Some(excerpt(text, offset))
            });
            server_problem(refused, title, place)
        }
        Why::Cancelled => Problem::cancelled(title),
        Why::Lost(why) => Problem::new(Kind::Network, title, sentence(&harmless(why))).retryable(),
    };
    let mut more: Vec<String> = problem.detail.take().into_iter().collect();
    if halfway.is_in_doubt {
        more.push(
            match halfway.why {
                Why::Lost(_) => {
                    "The answer to that statement never came, so it may or may not have been done."
                }
                _ => "That statement may have committed a part of its work before it ended.",
            }
            .to_owned(),
        );
    }
    if !halfway.invalid_indexes.is_empty() {
        more.push(format!(
            "Left behind and invalid: {}.",
            halfway.invalid_indexes.join(", ")
        ));
    }
    if !more.is_empty() {
        problem.detail = Some(more.join("\n"));
    }
    let verb = match step.direction {
        Direction::Apply => "apply",
        Direction::Rollback => "rollback",
    };
    if halfway.statement < step.repeats {
        return problem.with_hint(again(halfway, step, verb));
    }
    let indexes = match halfway.invalid_indexes.first() {
        Some(index) => format!(
            "Where a statement makes it again, drop what is invalid first (`drop index concurrently {index}`). "
        ),
        None => String::new(),
    };
    problem.with_hint(format!(
        "{indexes}Go on from statement {} with `supadeck migration {verb} --resume`, run the whole file again with `--retry`, or settle it by hand and say so with `supadeck migration repair --status applied|reverted {}`.",
        (halfway.resume_at + 1).min(of.max(1)),
        step.version
    ))
}

/// The hint behind a run from the start that stopped at what the run before it had done: the journal holds only where the
/// newer one stands.
fn again(halfway: &Halfway, step: &Step, verb: &str) -> String {
    let (at, version) = (halfway.statement + 1, &step.version);
    format!(
        "The run before had done its statement {at}, and {}. `supadeck migration {verb} --resume` goes on at statement {} from now on: undo by hand what the run before did and take it, or do by hand what is left and say so with `supadeck migration repair --status applied|reverted {version}`.",
        if step.repeats < step.statements.len() {
            format!("stopped at statement {}", step.repeats + 1)
        } else {
            "all others".to_owned()
        },
        halfway.resume_at + 1,
    )
}

fn refused_step(refused: &Refused, step: &Step, text: Option<&str>, what: &str) -> Problem {
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
        format!("{what} failed{at}, and {}.", undone(step.direction)),
        shown,
    )
}

/// What it means that a file was undone: a version whose rollback was is as it was before.
fn undone(direction: Direction) -> &'static str {
    match direction {
        Direction::Apply => "nothing of it remains",
        Direction::Rollback => "the version is still applied",
    }
}

/// What the server said, as a problem. `shown` is the place in the file.
pub(in crate::ops) fn server_problem(
    refused: &Refused,
    what: String,
    shown: Option<String>,
) -> Problem {
    let mut detail: Vec<String> = shown.into_iter().collect();
    let more = [&refused.detail, &refused.context];
    detail.extend(more.into_iter().flatten().map(|text| lines(text)));
    let mut problem = Problem::new(kind(&refused.code), what, sentence(&cell(&refused.message)));
    // Over the Management API a refusal may come without one.
    problem.code = Some(refused.code.clone()).filter(|code| !code.is_empty());
    problem.retry = matches!(refused.code.as_str(), "55P03" | "40001" | "40P01");
    if !detail.is_empty() {
        problem = problem.with_detail(detail.join("\n"));
    }
    match refused.hint.as_deref().map(cell) {
        Some(hint) => problem.with_hint(hint.into_owned()),
        None => match own_hint(&refused.code) {
            Some(hint) => problem.with_hint(hint),
            None => problem,
        },
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

fn own_hint(code: &str) -> Option<&'static str> {
    Some(match code {
        "55P03" => {
            "Another session holds a lock on the table. Try again when it is done, or raise `--lock-timeout` or `--lock-retries`."
        }
        "57014" => {
            "A statement timeout stopped it: this run's, the role's or the database's. Raise it with `--statement-timeout`."
        }
        "25001" => {
            "This statement runs only outside a transaction. Put `-- supadeck: no-transaction` on the first line of the migration."
        }
        "42501" => {
            "The role of the database URL may not do this. Use the role that owns the objects."
        }
        "2D000" => {
            "A block or procedure of the file ends the transaction. Put `-- supadeck: no-transaction` on the first line of the migration to run it outside one."
        }
        "53100" => {
            "The server's disk is full. Make room there, or enlarge it, then try again; nothing was half done."
        }
        "53200" => {
            "The server ran out of memory. Try again when less runs there, or do the work in smaller pieces."
        }
        "25006" => "This server or role is read-only. Use the address of the primary server.",
        _ => return None,
    })
}

/// Byte offset of a statement's character in the file.
pub(super) fn offset(text: &str, statement: usize, character: Option<usize>) -> Option<usize> {
    let statement = split(text).into_iter().nth(statement)?;
    let sql = statement.text(text);
    let inside = match character {
        Some(character) => byte_of_character(sql, character),
        None => crate::domain::sql::command::significant(sql)
            .next()
            .map_or(0, |token| token.start),
    };
    Some(statement.range.start + inside)
}

/// A server's message with a capital and a full stop.
pub(in crate::ops) fn sentence(message: &str) -> String {
    let mut chars = message.chars();
    let first = chars
        .next()
        .map(|c| c.to_uppercase().to_string())
        .unwrap_or_default();
    let end = if message.ends_with(['.', '?', ':']) {
        ""
    } else {
        "."
    };
    format!("{first}{}{end}", chars.as_str())
}
