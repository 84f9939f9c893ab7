//! The question before anything is written: what exactly will be done and where, and a word to type.

use super::answer::{Answer, Body, Failure};
use super::context::Context;
use super::prompt;
use crate::domain::problem::{Kind, NOT_CONFIRMED, Problem};
use crate::domain::production::Protection;
use crate::domain::read_only;
use clap::Args as ClapArgs;

/// How a plan is confirmed.
#[derive(ClapArgs)]
pub struct Confirm {
    /// Run without asking; what runs was looked at before
    #[arg(long)]
    pub yes: bool,

    /// The profile's name, which a production profile wants together with --yes
    #[arg(long, value_name = "PROFILE")]
    pub confirm: Option<String>,
}

/// Shows the plan and asks for the word, or checks that the options say yes. Without a terminal and without `--yes`
/// nothing runs, and the refusal holds the plan. What belongs to a production profile wants its name. The plan is written
/// out only where somebody reads it: it may be large.
pub async fn confirm<E: Into<Failure>>(
    context: &Context,
    protection: &Protection,
    options: &Confirm,
    plan: impl FnOnce() -> Result<Answer, E>,
    word: &str,
    what: &str,
) -> Result<(), Failure> {
    let refused = |why: &str, hint: String| {
        let what = format!("Not confirmed: {what}.");
        let problem = Problem::new(Kind::Usage, what, why).with_hint(hint);
        problem.with_code(NOT_CONFIRMED)
    };
    if let Some((why, hint)) = protection.refusal() {
        let what = format!("{what}: nothing was changed.");
        let problem = if protection.read_only.is_some() {
            Problem::new(Kind::Denied, what, why).with_code(read_only::CODE)
        } else {
            Problem::new(Kind::Conflict, what, why)
        };
        return Err(problem.with_hint(hint).into());
    }
    let production = protection.profile.as_deref();
    if options.yes {
        return match production {
            Some(name) if options.confirm.as_deref() != Some(name) => {
                let why =
                    format!("{name} is a production profile, which wants its name besides --yes.");
                let problem = refused(
                    &why,
                    format!("Look at the plan, then add --confirm {name}."),
                );
                Err(Failure::after(problem, plan().map_err(Into::into)?))
            }
            _ => Ok(()),
        };
    }
    if !prompt::is_possible() {
        let problem = refused(
            "There is no terminal to ask at.",
            "Look at the plan, then add --yes.".to_owned(),
        );
        return Err(Failure::after(problem, plan().map_err(Into::into)?));
    }
    if let Body::Page(page) = &plan().map_err(Into::into)?.body {
        context.output().note(page);
    }
    let wanted = production.unwrap_or(word);
    let question = match production {
        Some(name) => {
            format!("{what} on PRODUCTION. To confirm, type the profile’s name, {name}: ")
        }
        None => format!("{what}. To confirm, type “{word}”: "),
    };
    if prompt::word(&question).await?.trim() == wanted {
        return Ok(());
    }
    let why = format!("What was typed is not `{wanted}`.");
    Err(Problem::new(Kind::Cancelled, prompt::UNCHANGED, why).into())
}
