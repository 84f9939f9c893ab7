//! `supadeck completions`, and what its scripts ask the program for.

mod known;
mod words;

use super::answer::{Answer, Answered};
use crate::domain::problem::Problem;
use clap::Args as ClapArgs;
use clap_complete::Shell;
use known::Known;
use std::ffi::OsString;
use std::io::{self, Read};
use std::sync::mpsc;
use std::time::Duration;

/// The word by which the scripts ask what can follow. It is no command for people.
const ASK: &str = "__complete";

/// The most bytes of a command line that are looked at.
const LONGEST: u64 = 64 << 10;

/// How long somebody who pressed tab is kept waiting: files may lie on a disk that is far away.
const PATIENCE: Duration = Duration::from_millis(700);

/// Print a completion script for a shell
///
/// For bash: supadeck completions bash > ~/.local/share/bash-completion/completions/supadeck
///
/// In bash, zsh and fish it also completes versions of migrations, tables, profiles and identities. They come from files of this machine:
/// the migrations, the profiles, and what commands saw last. Nothing is asked over the network, and no secret is looked at.
#[derive(ClapArgs)]
pub struct Args {
    /// The shell
    shell: Shell,
}

/// Gives the script: for three shells one that asks the program, for the others one that is made of the command line's definition.
pub fn run(args: &Args, mut program: clap::Command) -> Answered {
    let script = match args.shell {
        Shell::Bash => include_str!("supadeck.bash"),
        Shell::Zsh => include_str!("supadeck.zsh"),
        Shell::Fish => include_str!("supadeck.fish"),
        other => {
            let mut script = Vec::new();
            clap_complete::generate(other, &mut program, "supadeck", &mut script);
            let script = String::from_utf8(script)
                .map_err(|_| Problem::internal("The completion script is not a text."))?;
            return Ok(Answer::raw(script));
        }
    };
    Ok(Answer::raw(script.to_owned()))
}

/// What a script asked for: a line for each word that can follow, with a description behind a tab. Nothing where nothing was asked;
/// an empty text where nothing is known, or it is not known in time. The words that are typed come on stdin, each ended by a NUL: there may
/// be a key among them, and the arguments of a process are no place for that.
pub fn asked(args: &[OsString], program: fn() -> clap::Command) -> Option<String> {
    if args.len() != 2 || args[1] != ASK {
        return None;
    }
    let (sender, answer) = mpsc::channel();
    std::thread::spawn(move || {
        let words = typed(io::stdin().lock());
        let mut root = program();
        root.build();
        let known = Known::of(&words);
        let lines = words::following(&root, &words, &|kind| known.values(kind));
        // Nobody may be waiting any more.
        let _ = sender.send(lines.concat());
    });
    Some(answer.recv_timeout(PATIENCE).unwrap_or_default())
}

/// The words of a command line, the last of which is being typed.
fn typed(from: impl Read) -> Vec<String> {
    let mut text = Vec::new();
    // What cannot be read is not completed.
    let _ = from.take(LONGEST).read_to_end(&mut text);
    let mut words: Vec<String> = text
        .split(|byte| *byte == 0)
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .collect();
    words.pop();
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_ends_with_a_nul() {
        assert_eq!(typed(&b"cycle\0show\0\0"[..]), ["cycle", "show", ""]);
        assert_eq!(typed(&b"\0"[..]), [""]);
        assert_eq!(typed(&b""[..]), [""; 0]);
        let much = vec![b'x'; 1 << 17];
        assert_eq!(typed(&much[..]), [""; 0]);
    }
}
