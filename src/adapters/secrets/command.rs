//! Runs the command of a `cmd:` reference: without a shell, with a small environment, for a bounded time; its first line of
//! output is the secret, and nothing of what it prints is ever shown.

use crate::domain::problem::{Kind, Problem};
use crate::domain::text;
use secrecy::SecretString;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::process::Command;

/// How long a command may take. It may have to ask a person.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// The most bytes that a command may print.
const LONGEST: u64 = 64 * 1024;

/// The variables that a program which looks up secrets needs, and no others: what else stands in the environment may be
/// a secret of its own.
const VARIABLES: [&str; 26] = [
    "HOME",
    "PATH",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "TZ",
    "TERM",
    "TMPDIR",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "SSH_AUTH_SOCK",
    "GNUPGHOME",
    "GPG_TTY",
    "GPG_AGENT_INFO",
    "PASSAGE_DIR",
    "SOPS_AGE_KEY_FILE",
    "APPDATA",
    "LOCALAPPDATA",
    "USERPROFILE",
    "SYSTEMROOT",
    "SYSTEMDRIVE",
    "COMSPEC",
    "PATHEXT",
    "TEMP",
];
/// The same by how they begin: D-Bus, XDG, the locale, 1Password, Bitwarden, pass, Vault, gopass, the clouds' profiles.
const PREFIXES: [&str; 10] = [
    "LC_",
    "XDG_",
    "DBUS_",
    "OP_",
    "BW_",
    "PASSWORD_STORE_",
    "VAULT_",
    "GOPASS_",
    "AWS_",
    "CLOUDSDK_",
];

fn environment() -> Vec<(OsString, OsString)> {
    let is_needed = |name: &OsString| {
        let Some(name) = name.to_str() else {
            return false;
        };
        let upper = name.to_ascii_uppercase();
        VARIABLES.contains(&upper.as_str()) || PREFIXES.iter().any(|it| upper.starts_with(it))
    };
    std::env::vars_os()
        .filter(|(name, _)| is_needed(name))
        .collect()
}

/// Runs the command and takes the first line of what it prints.
pub(super) async fn run(words: &[String], patience: Duration) -> Result<SecretString, Problem> {
    let [program, arguments @ ..] = words else {
        return Err(Problem::internal("A command has no words."));
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .envs(environment())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let mut child = command
        .spawn()
        .map_err(|error| unstarted(program, &error))?;
    let Some(out) = child.stdout.take() else {
        return Err(Problem::internal("A command has no output."));
    };
    let ended = tokio::time::timeout(patience, async {
        let mut printed = Vec::new();
        out.take(LONGEST + 1).read_to_end(&mut printed).await?;
        if printed.len() as u64 > LONGEST {
            return Ok((printed, None));
        }
        Ok((printed, Some(child.wait().await?)))
    });
    let (printed, status) = match ended.await {
        Ok(Ok(ended)) => ended,
        Ok(Err(error)) => return Err(unstarted(program, &error)),
        Err(_) => {
            return Err(failed(
                format!("It did not end within {} seconds.", patience.as_secs()),
                "Run it by hand: it may wait for somebody to unlock something.",
            ));
        }
    };
    match status {
        None => Err(failed(
            format!("It printed more than {} KB.", LONGEST / 1024),
            "Its first line is the secret; name a command that prints nothing else.",
        )),
        Some(status) if !status.success() => Err(failed(
            how(status),
            "Run it by hand to see why; its output is never shown here.",
        )),
        Some(_) => first_line(printed),
    }
}

fn how(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("It ended with exit code {code}."),
        None => "It was ended by a signal.".to_owned(),
    }
}

fn first_line(printed: Vec<u8>) -> Result<SecretString, Problem> {
    // What was printed may be a secret: the text is dropped with the error, and never shown.
    let text = String::from_utf8(printed).map_err(|_| {
        failed(
            "What it printed is not a text.".to_owned(),
            "Its first line is the secret.",
        )
    })?;
    let text = text.trim_start_matches('\u{feff}');
    match text.lines().next().map(str::trim) {
        Some(line) if !line.is_empty() => Ok(line.to_owned().into()),
        _ => Err(failed(
            "Its first line is empty.".to_owned(),
            "Its first line is the secret; run it by hand to see what it prints.",
        )),
    }
}

fn unstarted(program: &str, error: &std::io::Error) -> Problem {
    let program = text::cell(program);
    match error.kind() {
        ErrorKind::NotFound => failed(
            format!("There is no program `{program}` here."),
            "Install it, or give its whole path.",
        ),
        _ => failed(format!("`{program}` could not be run: {error}."), ""),
    }
}

fn failed(why: String, hint: &str) -> Problem {
    let problem = Problem::new(Kind::Config, "", why);
    if hint.is_empty() {
        problem
    } else {
        problem.with_hint(hint)
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use secrecy::ExposeSecret;

    async fn ran(script: &str) -> Result<String, Problem> {
        let words = ["sh", "-c", script].map(str::to_owned);
        let secret = run(&words, Duration::from_secs(10)).await?;
        Ok(secret.expose_secret().to_owned())
    }

    #[tokio::test]
    async fn the_first_line_is_the_secret() {
        assert_eq!(ran("echo one; echo two").await.unwrap(), "one");
        assert_eq!(ran("printf ' one \\r\\n'").await.unwrap(), "one");
        assert_eq!(ran("printf one").await.unwrap(), "one");
    }

    #[tokio::test]
    async fn a_failure_is_named_without_what_was_printed() {
        for (script, why) in [
            ("echo hunter2; echo hunter2 >&2; exit 7", "exit code 7"),
            ("kill -9 $$", "by a signal"),
            ("true", "first line is empty"),
            ("echo; echo hunter2", "first line is empty"),
            ("printf 'hunter2\\377'", "not a text"),
            ("yes hunter2", "more than 64 KB"),
        ] {
            let problem = ran(script).await.unwrap_err();
            assert!(problem.why.contains(why), "{script}: {problem}");
            assert!(!format!("{problem:?}").contains("hunter2"), "{problem:?}");
        }
        let words = ["supadeck-no-such-program".to_owned()];
        let problem = run(&words, PATIENCE).await.unwrap_err();
        assert!(problem.why.contains("There is no program"), "{problem}");
    }

    #[tokio::test]
    async fn a_command_that_hangs_is_given_up() {
        let words = ["sleep", "100"].map(str::to_owned);
        let problem = run(&words, Duration::from_millis(50)).await.unwrap_err();
        assert!(problem.why.contains("did not end"), "{problem}");
    }

    #[tokio::test]
    async fn the_command_sees_no_secret_of_the_environment() {
        // Cargo gives every test some variables of its own; none of them is passed on.
        assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
        let seen = ran("printf '%s' \"x${CARGO_MANIFEST_DIR}x${HOME:+home}\"")
            .await
            .unwrap();
        assert!(seen == "xxhome" || seen == "xx", "{seen}");
    }
}
