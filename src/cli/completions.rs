//! `supadeck completions`.

use super::answer::{Answer, Answered};
use crate::domain::problem::Problem;
use clap::Args as ClapArgs;
use clap_complete::Shell;

/// Print a completion script for a shell
///
/// For bash: supadeck completions bash > ~/.local/share/bash-completion/completions/supadeck
#[derive(ClapArgs)]
pub struct Args {
    /// The shell
    shell: Shell,
}

/// Generates the script from the same definitions that parse the command line.
pub fn run(args: &Args, mut program: clap::Command) -> Answered {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut program, "supadeck", &mut script);
    let script = String::from_utf8(script)
        .map_err(|_| Problem::internal("The completion script is not a text."))?;
    Ok(Answer::raw(script))
}
