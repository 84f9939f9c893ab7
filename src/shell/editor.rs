//! The user's editor: which program it is, and its run while it has the terminal.

use super::ending::Ending;
use super::signal::Stops;
use super::terminal::stop_process;
use crate::domain::hidden::holds_secret;
use crate::domain::problem::{Kind, Problem};
use crate::domain::text::harmless;
use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;
use tokio::process::{Child, Command};

/// The variables that name an editor, the first of them that is set.
const VARIABLES: [&str; 2] = ["VISUAL", "EDITOR"];
/// How long an editor may take to end when the deck is told to.
const LAST: Duration = Duration::from_secs(2);

/// An editor with a file.
pub(super) struct Editor {
    program: String,
    command: Command,
    /// What holds when it fails.
    otherwise: &'static str,
}

impl Editor {
    /// The editor that the environment names, with its arguments and this file, and what is said to hold when it fails. It gets
    /// the environment without what holds secrets: `secret` are the variables that the profiles name.
    pub(super) fn of(
        file: &Path,
        otherwise: &'static str,
        secret: &[String],
    ) -> Result<Self, Problem> {
        let words = words(|name| std::env::var(name).ok())?;
        if !file.is_file() {
            let shown = file.display().to_string();
            return Err(Problem::new(
                Kind::Config,
                format!("{} is no longer there.", harmless(&shown)),
                "It was deleted or renamed since the list was read.",
            ));
        }
        // A name that begins with a dash is no option then.
        let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        let (program, arguments) = words.split_first().ok_or_else(unknown)?;
        let mut command = Command::new(program);
        command.env_clear();
        command.envs(std::env::vars_os().filter(|(name, value)| is_passed(name, value, secret)));
        command.args(arguments).arg(file).kill_on_drop(true);
        Ok(Self {
            program: program.clone(),
            command,
            otherwise,
        })
    }

    /// Runs it until it ends. It is in the deck's process group: a stop by the terminal stops both, and an interrupt is its
    /// own business. When the deck is told to end, so is the editor.
    pub(super) async fn run(mut self, stops: &mut Stops, ending: &Ending) -> Result<(), Problem> {
        let _lent = ending.ignore_interrupts();
        let mut child = self.command.spawn().map_err(|error| self.failed(&error))?;
        loop {
            tokio::select! {
                ended = child.wait() => {
                    let status = ended.map_err(|error| self.failed(&error))?;
                    return self.ended(status);
                }
                () = stops.next() => stop_process(),
                () = ending.wait_for_signal() => {
                    end(&mut child).await;
                    return Ok(());
                }
            }
        }
    }

    fn ended(&self, status: ExitStatus) -> Result<(), Problem> {
        if status.success() {
            return Ok(());
        }
        let how = match (status.code(), signal(status)) {
            (Some(code), _) => format!("ended with code {code}"),
            (None, Some(signal)) => format!("was ended by signal {signal}"),
            (None, None) => "did not end by itself".to_owned(),
        };
        Err(Problem::new(
            Kind::Config,
            format!("The editor {} {how}.", harmless(&self.program)),
            self.otherwise,
        ))
    }

    fn failed(&self, error: &io::Error) -> Problem {
        Problem::new(
            Kind::Config,
            format!("The editor {} cannot be started.", harmless(&self.program)),
            format!("{error}."),
        )
        .with_hint("Set VISUAL or EDITOR to a program on PATH, such as `vim` or `code -w`.")
    }
}

/// Whether an editor gets a variable: not what can hold a key, a password or an address of a project.
fn is_passed(name: &OsStr, value: &OsStr, secret: &[String]) -> bool {
    let (name, value) = (name.to_string_lossy(), value.to_string_lossy());
    !is_of_project(&name.to_uppercase())
        && !secret.iter().any(|one| *one == name)
        && !holds_secret(&value)
}

fn is_of_project(name: &str) -> bool {
    [
        "SUPABASE",
        "SUPADECK",
        "POSTGRES",
        "PG",
        "DATABASE_URL",
        "DIRECT_URL",
    ]
    .iter()
    .any(|begin| name.starts_with(begin))
}

/// Asks an editor to end, so that it can keep what is not saved; then ends it.
async fn end(child: &mut Child) {
    #[cfg(unix)]
    if let Some(pid) = child.id().and_then(|id| i32::try_from(id).ok())
        && let Some(pid) = rustix::process::Pid::from_raw(pid)
    {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
    if tokio::time::timeout(LAST, child.wait()).await.is_err() {
        let _ = child.kill().await;
    }
}

#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal(_: ExitStatus) -> Option<i32> {
    None
}

/// The program and its arguments. A variable without a word counts as not set.
fn words(variable: impl Fn(&str) -> Option<String>) -> Result<Vec<String>, Problem> {
    for name in VARIABLES {
        let Some(value) = variable(name).filter(|value| !value.trim().is_empty()) else {
            continue;
        };
        let words = shell_words::split(&value).map_err(|_| {
            Problem::new(
                Kind::Config,
                format!("{name} cannot be read."),
                "A quote in it is not closed.",
            )
            .with_hint(format!(
                "Set it as a shell would read it, such as `{name}=\"code -w\"`."
            ))
        })?;
        if words.first().is_some_and(|program| !program.is_empty()) {
            return Ok(words);
        }
    }
    Err(unknown())
}

fn unknown() -> Problem {
    Problem::new(
        Kind::Config,
        "No editor is known.",
        "Neither VISUAL nor EDITOR is set.",
    )
    .with_hint(
        "Set one of them before the deck is started, such as `EDITOR=vim` or `VISUAL=\"code -w\"`.",
    )
}

#[cfg(test)]
mod tests {
    use super::{is_passed, words};

    fn of(visual: Option<&str>, editor: Option<&str>) -> Result<Vec<String>, String> {
        let found = words(|name| {
            let value = if name == "VISUAL" { visual } else { editor };
            value.map(str::to_owned)
        });
        found.map_err(|problem| problem.to_string())
    }

    #[test]
    fn what_holds_a_secret_does_not_reach_the_editor() {
        let passes = |name: &str, value: &str| {
            is_passed(name.as_ref(), value.as_ref(), &["WORK".to_owned()])
        };
        for (name, value) in [
            ("PATH", "/usr/bin"),
            ("TERM", "xterm"),
            ("WORKSPACE", "/home/me"),
            ("EDITOR", "vim"),
        ] {
            assert!(passes(name, value), "{name}");
        }
        let url = "postgresql://postgres:hunter2@db.example.org/postgres";
        for (name, value) in [
            ("WORK", "hunter2"),
            ("SUPABASE_SECRET_KEY", "x"),
            ("pgpassword", "x"),
            ("DATABASE_URL", "x"),
            ("MY_DATABASE", url),
            ("MY_KEY", "sb_secret_0123456789abcdefghijklmnopqrstuv"),
        ] {
            assert!(!passes(name, value), "{name}");
        }
    }

    #[test]
    fn the_variables_are_read_as_a_shell_would() {
        assert_eq!(of(Some("code -w"), Some("vi")).unwrap(), ["code", "-w"]);
        assert_eq!(of(None, Some("vi")).unwrap(), ["vi"]);
        assert_eq!(of(Some("  "), Some("vi")).unwrap(), ["vi"]);
        assert_eq!(
            of(Some("'/opt/my editor/bin' --wait"), None).unwrap(),
            ["/opt/my editor/bin", "--wait"]
        );
        assert!(of(None, None).unwrap_err().contains("No editor"));
        assert!(of(Some("''"), None).unwrap_err().contains("No editor"));
        assert!(of(Some("vim 'x"), None).unwrap_err().contains("VISUAL"));
    }
}
