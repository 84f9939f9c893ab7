//! The question before anything is written: the exact statements, the target, and a word to type.

use super::super::answer::{Answer, Body, Failure};
use super::super::ask;
use super::super::context::{Context, Work};
use crate::domain::problem::{Kind, Problem};
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
/// nothing runs, and the refusal holds the plan. It is written out only where somebody reads it: it may be large.
pub async fn confirm(
    context: &Context,
    work: &Work,
    options: &Confirm,
    plan: impl FnOnce() -> Result<Answer, Problem>,
    word: &str,
    what: &str,
) -> Result<(), Failure> {
    let production = work.production.as_deref();
    let refused = |why: &str, hint: String| {
        let what = format!("{what}: it was not confirmed.");
        Problem::new(Kind::Usage, what, why).with_hint(hint)
    };
    if options.yes {
        return match production {
            Some(name) if options.confirm.as_deref() != Some(name) => {
                let why =
                    format!("{name} is a production profile, which wants its name besides --yes.");
                let problem = refused(
                    &why,
                    format!("Look at the plan, then add --confirm {name}."),
                );
                Err(Failure::after(problem, plan()?))
            }
            _ => Ok(()),
        };
    }
    if !ask::is_possible() {
        let problem = refused(
            "There is no terminal to ask at.",
            "Look at the plan, then add --yes.".to_owned(),
        );
        return Err(Failure::after(problem, plan()?));
    }
    if let Body::Page(page) = &plan()?.body {
        context.output().note(page);
    }
    let wanted = production.unwrap_or(word);
    let question = match production {
        Some(name) => format!("{what} on PRODUCTION. Type the profile's name, {name}, to run it: "),
        None => format!("{what}. Type `{word}` to run it: "),
    };
    if ask::line(&question).await?.trim() == wanted {
        return Ok(());
    }
    let why = format!("What was typed is not `{wanted}`.");
    Err(Problem::new(Kind::Cancelled, ask::UNCHANGED, why).into())
}
