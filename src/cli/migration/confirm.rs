//! The question before anything is written: the exact statements, the target, and a word to type.

use super::super::ask;
use super::super::context::{Context, Work};
use super::super::page::Page;
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
/// nothing runs.
pub fn confirm(
    context: &Context,
    work: &Work,
    options: &Confirm,
    plan: &Page,
    word: &str,
    what: &str,
) -> Result<(), Problem> {
    let production = work.production.as_deref();
    if options.yes {
        return match production {
            Some(name) if options.confirm.as_deref() != Some(name) => Err(Problem::new(
                Kind::Usage,
                format!("{what} on the production profile {name} was not confirmed."),
                "A production profile wants its name besides --yes.",
            )
            .with_hint(format!("Add --confirm {name}."))),
            _ => Ok(()),
        };
    }
    if !ask::is_possible() {
        return Err(Problem::new(
            Kind::Usage,
            format!("{what} was not confirmed."),
            "There is no terminal to ask at.",
        )
        .with_hint("Look at the plan first, then add --yes."));
    }
    let output = context.output();
    output.note(plan);
    let wanted = production.unwrap_or(word);
    let question = match production {
        Some(name) => format!("{what} on PRODUCTION. Type the profile's name, {name}, to run it: "),
        None => format!("{what}. Type `{word}` to run it: "),
    };
    if ask::line(output, &question)?.trim() == wanted {
        Ok(())
    } else {
        Err(Problem::cancelled("Nothing was done.").with_hint(format!("Type exactly `{wanted}`.")))
    }
}
