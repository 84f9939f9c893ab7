//! Secrets that come by the command line: `-` reads one from stdin, `env:NAME` from a variable, `cmd:COMMAND` from a command. What is typed in
//! full may be public only, because every process of the machine can read it (docs/decisions/0101).

use crate::adapters::secrets::{SecretSource, Told};
use crate::domain::database_url::{DatabaseUrl, Fault};
use crate::domain::given;
use crate::domain::problem::{Kind, Problem};
use crate::domain::reference::Reference;
use crate::domain::secret::{ApiKey, KEY_FORMS, KeyForm, SecretKind};
use crate::domain::source::Source;
use secrecy::SecretString;
use std::io::{self, Read};

/// The longest secret that is read from stdin, in bytes; a wrong file is refused and not read into memory.
const LONGEST: u64 = 64 * 1024;

/// An option that takes a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// `--key`.
    Key,
    /// `--secret-key` of `profile add`.
    SecretKey,
    /// `--db-url`.
    DatabaseUrl,
    /// `--access-token`.
    AccessToken,
    /// `--totp`.
    Totp,
}

impl Asked {
    fn option(self) -> &'static str {
        match self {
            Self::Key => "--key",
            Self::SecretKey => "--secret-key",
            Self::DatabaseUrl => "--db-url",
            Self::AccessToken => "--access-token",
            Self::Totp => "--totp",
        }
    }

    /// The variable that sets the same thing without a command line.
    fn variable(self) -> Option<&'static str> {
        match self {
            Self::Key | Self::SecretKey => Some("SUPABASE_SECRET_KEY"),
            Self::DatabaseUrl => Some("SUPABASE_DB_URL"),
            Self::AccessToken => Some("SUPABASE_ACCESS_TOKEN"),
            // A code is good for a minute.
            Self::Totp => None,
        }
    }

    /// The kind of secret that the option stands for.
    pub fn kind(self) -> SecretKind {
        match self {
            Self::Key => SecretKind::PublishableKey,
            Self::SecretKey => SecretKind::SecretKey,
            Self::DatabaseUrl => SecretKind::DatabaseUrl,
            Self::AccessToken => SecretKind::AccessToken,
            Self::Totp => SecretKind::Session,
        }
    }

    fn may_be_typed(self, text: &str) -> bool {
        match self {
            Self::Key | Self::SecretKey => is_public_key(text),
            Self::DatabaseUrl => !DatabaseUrl::may_hold_password(text),
            // The one opens every project of its owner; the other is a secret for its minute.
            Self::AccessToken | Self::Totp => false,
        }
    }
}

/// Whether the option's value is to be read from stdin.
pub fn is_stdin(text: &str) -> bool {
    text == "-"
}

/// The same, and the first line of what a command prints for `cmd:COMMAND`.
pub async fn given(asked: Asked, text: &str, told: &Told) -> Result<SecretString, Problem> {
    if !text.starts_with("cmd:") {
        return resolve(asked, text);
    }
    let reference = reference(asked, text)?;
    let source = SecretSource::by(asked.kind(), reference, Ok(()), told.clone());
    source.get().await
}

/// The reference that was typed for an option.
pub fn reference(asked: Asked, text: &str) -> Result<Reference, Problem> {
    Reference::parse(text).map_err(|problem| Problem {
        kind: Kind::Usage,
        what: format!("{} cannot be used.", asked.option()),
        why: problem.what,
        ..problem
    })
}

/// Resolves what was typed for an option into the secret it stands for.
pub fn resolve(asked: Asked, text: &str) -> Result<SecretString, Problem> {
    let option = asked.option();
    if is_stdin(text) {
        return from_stdin(option);
    }
    if text.starts_with("env:") {
        // What is no name may be the secret itself, with `env:` in front: it is refused, and not repeated.
        let Reference::Variable(name) = reference(asked, text)? else {
            return Err(Problem::internal("A variable was read as a command."));
        };
        return match std::env::var(&name) {
            Ok(value) if !value.trim().is_empty() => {
                Ok(value.trim_end_matches(['\r', '\n']).to_owned().into())
            }
            _ => Err(Problem::new(
                Kind::Usage,
                format!("{option} could not be read."),
                if is_usual(&name) {
                    format!("The environment variable {name} is not set.")
                } else {
                    "The environment variable behind `env:` is not set.".to_owned()
                },
            )),
        };
    }
    if asked.may_be_typed(text) {
        return Ok(text.to_owned().into());
    }
    let is_key = matches!(asked, Asked::Key | Asked::SecretKey);
    if is_key {
        // What is no key is named for what it is; a secret key is refused below.
        let read = given::api_key(&text.to_owned().into(), &Source::Option(option));
        if let Some(problem) = read.err().filter(|problem| problem.kind == Kind::Config) {
            return Err(Problem {
                kind: Kind::Usage,
                ..problem
            });
        }
    }
    if is_key && ApiKey::new(&text.to_owned().into()).form() == KeyForm::Unknown {
        return Err(no_api_key(option));
    }
    // What is wrong with it besides: the fault names single characters at most.
    let besides = match asked {
        Asked::DatabaseUrl => DatabaseUrl::parse(text).err().as_ref().map(Fault::why),
        Asked::AccessToken | Asked::Key | Asked::SecretKey | Asked::Totp => None,
    };
    let what = match asked {
        Asked::Key | Asked::SecretKey => "a secret key",
        Asked::DatabaseUrl => "a password",
        Asked::AccessToken => "an access token",
        Asked::Totp => "a code",
    };
    Err(Problem::new(
        Kind::Usage,
        format!("{option} holds {what}, which may not stand on a command line."),
        format!(
            "Every process on this machine can read command lines, and the shell keeps them.{}",
            besides
                .map(|why| format!(" And the URL cannot be used: {why}"))
                .unwrap_or_default()
        ),
    )
    .with_hint(match asked.variable() {
        // One line that does it right, first: what is typed at its prompt is neither shown nor kept by the shell.
        Some(name) => format!(
            "Type `read -rs {name} && export {name}`, paste it, and leave out {option}. Or use {option} env:NAME, {option} 'cmd:COMMAND', or {option} - to read it from stdin."
        ),
        None => format!(
            "Use {option} env:NAME, {option} 'cmd:COMMAND', or {option} - to read it from stdin."
        ),
    }))
}

/// Whether a variable's name is written as nearly all are: a password seldom is.
fn is_usual(name: &str) -> bool {
    name.chars()
        .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// What was typed is no key at all. It may be something secret all the same, so it is not repeated.
fn no_api_key(option: &str) -> Problem {
    Problem::new(
        Kind::Usage,
        format!("{option} holds no API key."),
        format!("A key is {KEY_FORMS}."),
    )
    .with_hint("Copy the publishable key from the project's settings, under API keys.")
}

/// Reads one secret from stdin: everything up to its end, without the line break.
pub fn from_stdin(option: &str) -> Result<SecretString, Problem> {
    let failed = |why: &str| {
        Problem::new(
            Kind::Usage,
            format!("{option} could not be read from stdin."),
            why,
        )
    };
    let mut text = String::new();
    io::stdin()
        .take(LONGEST)
        .read_to_string(&mut text)
        .map_err(|_| failed("It is not a text."))?;
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        return Err(failed("There was nothing."));
    }
    if secret.contains('\n') {
        return Err(failed("There was more than one line."));
    }
    Ok(secret.to_owned().into())
}

/// The same, off this thread: signals are heard while stdin says nothing.
pub async fn awaited_from_stdin(option: &'static str) -> Result<SecretString, Problem> {
    let read = tokio::task::spawn_blocking(move || from_stdin(option));
    read.await
        .map_err(|_| Problem::internal("The task that reads stdin ended early."))?
}

/// Whether an API key is public by its nature: a publishable key, or a legacy JWT key of the role anon.
fn is_public_key(text: &str) -> bool {
    let read = given::api_key(&text.to_owned().into(), &Source::Option("--key"));
    read.is_ok_and(|given| !given.value.is_secret())
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use secrecy::ExposeSecret;

    fn jwt(claims: &str) -> String {
        format!("eyJh.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn public_keys_may_be_typed_and_secret_ones_not() {
        for key in ["sb_publishable_abc", &jwt(r#"{"role":"anon"}"#)] {
            assert_eq!(resolve(Asked::Key, key).unwrap().expose_secret(), key);
        }
        let service = jwt(r#"{"role":"service_role"}"#);
        for (key, what) in [
            ("sb_secret_abc", "a secret key"),
            (&service, "a secret key"),
            ("hunter2", "no API key"),
            ("a.b.c", "no API key"),
        ] {
            let problem = resolve(Asked::Key, key).unwrap_err();
            assert_eq!(problem.kind, Kind::Usage);
            assert!(problem.what.contains(what), "{problem}");
            assert!(!format!("{problem:?}").contains(key));
        }
    }

    #[test]
    fn a_database_url_may_be_typed_without_its_password() {
        for url in [
            "postgresql://postgres@localhost:5432/postgres",
            "postgresql://localhost/postgres",
            "postgresql://postgres:@localhost/x",
            "host=localhost user=me",
        ] {
            assert!(resolve(Asked::DatabaseUrl, url).is_ok(), "{url}");
        }
        for url in [
            "postgresql://me:pw@localhost/x",
            "postgres://me:p@w/d@localhost/x",
            "postgresql://localhost/x?password=pw",
            "host=localhost password=pw",
        ] {
            assert!(resolve(Asked::DatabaseUrl, url).is_err(), "{url}");
        }
    }

    #[test]
    fn an_access_token_is_never_typed() {
        for token in ["sbp_0123", "anything"] {
            let problem = resolve(Asked::AccessToken, token).unwrap_err();
            assert_eq!(problem.kind, Kind::Usage);
            assert!(!format!("{problem:?}").contains(token));
            assert!(problem.hint.unwrap().contains("SUPABASE_ACCESS_TOKEN"));
        }
    }

    #[test]
    fn a_code_is_never_typed_as_an_option() {
        let problem = resolve(Asked::Totp, "123456").unwrap_err();
        assert!(!format!("{problem:?}").contains("123456"));
        assert!(problem.hint.unwrap().starts_with("Use --totp env:NAME"));
    }

    #[test]
    fn a_variable_that_is_not_set_is_named() {
        let problem = resolve(Asked::Key, "env:SUPADECK_NO_SUCH_VARIABLE").unwrap_err();
        assert!(problem.why.contains("SUPADECK_NO_SUCH_VARIABLE"));
    }

    #[test]
    fn what_stands_behind_env_is_a_name_or_is_not_repeated() {
        for secret in [
            "sb_secret_hunter2x",
            "hunter2 hunter2",
            "hunter2",
            "pw:hunter2@h",
        ] {
            for asked in [Asked::Key, Asked::DatabaseUrl, Asked::AccessToken] {
                let problem = resolve(asked, &format!("env:{secret}")).unwrap_err();
                assert_eq!(problem.kind, Kind::Usage);
                assert!(!format!("{problem:?}").contains("hunter2"), "{problem:?}");
            }
        }
    }
}
