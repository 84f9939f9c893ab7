//! `supadeck audit verify`.

use super::super::answer::{Answer, Answered, Failure};
use super::super::context::Context;
use super::super::interrupt;
use super::super::page::{Page, Tone};
use super::seal_file;
use crate::domain::audit::seal::{SealVerification, Unsealed};
use crate::domain::moment::{Form, printed};
use crate::domain::plural::counted;
use crate::domain::problem::{Kind, Problem};
use crate::ops::audit_seal;
use clap::Args as ClapArgs;
use std::path::PathBuf;

/// Check that sealed audit records are as they were
///
/// Every digest is computed again, from the first seal on. The first record that was changed, removed or added is named, and what no seal
/// covers yet is told. Needs an auditor or --as service. The exit code is 1 where something is not as it was.
///
/// The owner of a database can rewrite records and seals alike, so that they agree. --against compares with the seals of a file that
/// `audit seal --export` wrote earlier, which the owner could not reach.
#[derive(ClapArgs)]
pub struct Args {
    /// A file of seals that was exported earlier
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
}

/// Checks.
pub async fn run(context: &Context, args: &Args) -> Answered {
    let file = match &args.against {
        Some(path) => Some(seal_file::read(path)?),
        None => None,
    };
    let reader = context.reader().await?;
    let output = context.output();
    let mut shown = 0;
    let told = |found: &SealVerification| {
        // A line for every hundred thousand.
        if found.records / 100_000 > shown {
            shown = found.records / 100_000;
            let mut page = Page::default();
            page.toned(Tone::Muted, &format!("{} records checked.", found.records));
            output.note(&page);
        }
    };
    let checking = audit_seal::verify(reader.rest(), reader.who(), file.as_deref(), told);
    let found = interrupt::ending(checking).await?;
    let answer = reader.page(&found, page(&found))?;
    match problem(&found) {
        None => Ok(answer),
        Some(problem) => Err(failed(problem, answer)),
    }
}

fn failed(problem: Problem, answer: Answer) -> Failure {
    Failure::after(problem, answer)
}

fn page(found: &SealVerification) -> Page {
    let mut page = Page::default();
    if found.seals == 0 && found.fault.is_none() {
        page.toned(Tone::Warn, "There is no seal yet: nothing is proven.");
    } else {
        let records = counted(found.records, "record");
        let seals = counted(found.seals, "seal");
        page.line(format!("{records} in {seals} are as they were sealed."));
    }
    if let (Some(count), None) = (found.compared, &found.fault) {
        page.line(format!(
            "{} of the file are the same here.",
            counted(count, "seal")
        ));
    }
    if let Some(unsealed) = &found.unsealed {
        page.toned(Tone::Muted, &unsealed_line(unsealed));
    }
    page
}

fn unsealed_line(unsealed: &Unsealed) -> String {
    let count = match unsealed.records {
        0 => return "Every record that is there is sealed.".to_owned(),
        count if count > Unsealed::MOST => format!("More than {} records are", Unsealed::MOST),
        1 => "1 record is".to_owned(),
        count => format!("{count} records are"),
    };
    match &unsealed.oldest {
        Some(oldest) => {
            let oldest = printed(oldest, Form::Detail);
            format!("{count} not sealed yet, the oldest of {oldest}.")
        }
        None => format!("{count} not sealed yet."),
    }
}

fn problem(found: &SealVerification) -> Option<Problem> {
    let fault = found.fault.as_ref()?;
    let why = match &fault.found {
        Some(now) => format!("It is now `{}` of {}.", now.action, now.created_at),
        None => String::new(),
    };
    let problem = Problem::new(Kind::Findings, fault.sentence(), why);
    Some(match &fault.record {
        Some(id) if fault.found.is_some() => problem.with_hint(format!(
            "See it with `supadeck audit show {id}`. What comes behind it was not checked."
        )),
        _ => problem.with_hint("What comes behind it was not checked."),
    })
}
