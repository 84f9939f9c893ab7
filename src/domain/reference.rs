//! Where a secret comes from, instead of the secret: `env:NAME`, a variable of the environment, or `cmd:COMMAND`, a command
//! whose first line of output it is. A reference is no secret: it can be shown and written into the profiles.

use super::hidden::{holds_secret, is_mixed, looks_secret};
use super::problem::{Kind, Problem};
use super::secret::SecretKind;
use super::text;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// The forms of a reference, for whoever gave something else.
pub const REFERENCE_FORMS: &str = "env:NAME or cmd:COMMAND";

/// The longest reference, in bytes.
const LONGEST: usize = 1_024;
/// The longest name of a variable.
const LONGEST_NAME: usize = 100;

/// Where a secret comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reference {
    /// A variable of the environment.
    Variable(String),
    /// A command with its arguments, as it was written and split into words; run without a shell.
    Command {
        /// As it was written.
        text: String,
        /// The program and its arguments.
        words: Vec<String>,
    },
}

/// Whether a text is meant as a reference.
pub fn is_reference(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with("env:") || text.starts_with("cmd:")
}

impl Reference {
    /// Reads a reference; a text that is none is refused without being repeated, for it may be a secret.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let text = text.trim();
        if text.len() > LONGEST || text.chars().any(char::is_control) {
            return Err(refused(
                "A reference is too long, or has control characters in it.",
            ));
        }
        if let Some(name) = text.strip_prefix("env:") {
            return Self::variable(name);
        }
        match text.strip_prefix("cmd:") {
            Some(command) => Self::command(command.trim()),
            None => Err(refused("A text is no reference to a secret.")
                .with_hint(format!("A reference is {REFERENCE_FORMS}."))),
        }
    }

    fn variable(name: &str) -> Result<Self, Problem> {
        let is_name = (1..=LONGEST_NAME).contains(&name.len())
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if is_name && (looks_secret(name) || is_mixed(name)) {
            return Err(
                refused("`env:` is followed by what looks like a secret itself.").with_hint(
                    "Put the secret into a variable, and give the variable's name: env:SUPABASE_SECRET_KEY.",
                ),
            );
        }
        if is_name {
            return Ok(Self::Variable(name.to_owned()));
        }
        Err(refused("`env:` is not followed by the name of a variable.")
            .with_hint("A name has letters, digits and underscores: env:SUPABASE_SECRET_KEY."))
    }

    fn command(command: &str) -> Result<Self, Problem> {
        let words = shell_words::split(command)
            .map_err(|_| refused("The command behind `cmd:` has a quote that is not closed."))?;
        let Some(program) = words.first().filter(|program| !program.is_empty()) else {
            return Err(refused("`cmd:` is not followed by a command.")
                .with_hint("It looks like `cmd:pass show supabase/key`."));
        };
        // What such a path means depends on where one stands: a project's folder could have a program of that name.
        let is_relative = program.contains(['/', '\\']) && !is_absolute(program);
        if is_relative {
            return Err(refused("The program behind `cmd:` has a relative path.")
                .with_hint("Name a program that is on PATH, or give its whole path."));
        }
        if holds_secret(command) || words.iter().any(|word| holds_secret(word)) {
            return Err(refused("The command behind `cmd:` has a secret in it.")
                .with_hint("Every process on this machine can read command lines: let the command look the secret up."));
        }
        Ok(Self::Command {
            text: command.to_owned(),
            words,
        })
    }

    /// Whether a command is run for it.
    pub fn is_command(&self) -> bool {
        matches!(self, Self::Command { .. })
    }
}

fn is_absolute(program: &str) -> bool {
    program.starts_with(['/', '\\'])
        || (program.as_bytes().get(1) == Some(&b':')
            && program
                .as_bytes()
                .first()
                .is_some_and(u8::is_ascii_alphabetic))
}

fn refused(what: &str) -> Problem {
    Problem::new(Kind::Config, what, "")
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "env:{name}"),
            Self::Command { text, .. } => write!(f, "cmd:{}", text::cell(text)),
        }
    }
}

impl Serialize for Reference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(|problem| {
            let hint = problem.hint.unwrap_or_default();
            serde::de::Error::custom(format!("{} {hint}", problem.what).trim_end().to_owned())
        })
    }
}

/// Where each secret of a profile comes from, where that is not the keyring.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct References {
    /// The publishable or legacy anon key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publishable_key: Option<Reference>,
    /// The secret or legacy service_role key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_key: Option<Reference>,
    /// The database URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub db_url: Option<Reference>,
    /// The token for the Management API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token: Option<Reference>,
}

impl References {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The reference of a kind. A session has none.
    pub fn of(&self, kind: SecretKind) -> Option<&Reference> {
        match kind {
            SecretKind::PublishableKey => self.publishable_key.as_ref(),
            SecretKind::SecretKey => self.secret_key.as_ref(),
            SecretKind::DatabaseUrl => self.db_url.as_ref(),
            SecretKind::AccessToken => self.access_token.as_ref(),
            SecretKind::Session => None,
        }
    }

    /// Puts a reference in the place of a kind. A session has none.
    pub fn put(&mut self, kind: SecretKind, reference: Reference) {
        let place = match kind {
            SecretKind::PublishableKey => &mut self.publishable_key,
            SecretKind::SecretKey => &mut self.secret_key,
            SecretKind::DatabaseUrl => &mut self.db_url,
            SecretKind::AccessToken => &mut self.access_token,
            SecretKind::Session => return,
        };
        *place = Some(reference);
    }

    /// The variables of the environment that hold secrets.
    pub fn variables(&self) -> Vec<String> {
        let named = self.all().filter_map(|(_, reference)| match reference {
            Reference::Variable(name) => Some(name.clone()),
            Reference::Command { .. } => None,
        });
        named.collect()
    }

    /// Those that are there, with their kinds.
    pub fn all(&self) -> impl Iterator<Item = (SecretKind, &Reference)> {
        SecretKind::ALL
            .into_iter()
            .filter_map(|kind| Some((kind, self.of(kind)?)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_command_is_split_into_words_without_a_shell() {
        let parsed =
            Reference::parse("cmd: op read 'op://Private/supa base/key' --account $X").unwrap();
        let Reference::Command { words, .. } = &parsed else {
            panic!("{parsed:?}");
        };
        let expected = [
            "op",
            "read",
            "op://Private/supa base/key",
            "--account",
            "$X",
        ];
        assert_eq!(words, &expected);
        assert_eq!(Reference::parse(&parsed.to_string()).unwrap(), parsed);
        assert_eq!(
            Reference::parse(" env:SUPABASE_DB_URL ").unwrap(),
            Reference::Variable("SUPABASE_DB_URL".into())
        );
    }

    #[test]
    fn what_is_no_reference_is_refused_and_not_repeated() {
        for text in [
            "",
            "env:",
            "env:A B",
            "env:1A",
            "env:A=hunter2hunter2",
            "cmd:",
            "cmd:pass show 'x",
            "cmd:./get-key",
            "cmd:bin/get-key",
            "cmd:echo sb_secret_hunter2hunter2",
            "cmd:echo postgresql://u:hunter2hunter2@h/d",
            "cmd:sh -c 'echo postgres://postgres:hunter2@h/x'",
            "cmd:echo postgresql://postgres@127.0.0.1/x?password=hunter2",
            "cmd:env PGPASSWORD=hunter2 foo",
            "cmd:psql host=h password=hunter2",
            "cmd:vault --token=hunter2 get x",
            "env:sb_secret_hunter2hunter2",
            "env:eyJhunter2hunter2",
            "env:sbp_hunter2hunter2",
            "env:Zhunter2X",
            "env:postgres://u:hunter2@h/x",
            "hunter2hunter2",
            "cmd:pass\nshow x",
        ] {
            let problem = Reference::parse(text).unwrap_err();
            assert_eq!(problem.kind, Kind::Config, "{text}");
            assert!(!format!("{problem:?}").contains("hunter2"), "{problem:?}");
        }
        for text in [
            "cmd:/usr/bin/pass show x",
            "cmd:op read op://v/sb_secret_key",
            "env:MY_KEY",
            "env:db_url",
        ] {
            assert!(Reference::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn references_are_written_into_a_profile_and_read_again() {
        let mut references = References::default();
        assert!(references.is_empty());
        references.put(
            SecretKind::DatabaseUrl,
            Reference::parse("cmd:pass show db").unwrap(),
        );
        let text = toml::to_string(&references).unwrap();
        assert_eq!(text, "db_url = \"cmd:pass show db\"\n");
        assert_eq!(toml::from_str::<References>(&text).unwrap(), references);
        let kinds: Vec<_> = references.all().map(|(kind, _)| kind).collect();
        assert_eq!(kinds, [SecretKind::DatabaseUrl]);
        let wrong = toml::from_str::<References>("db_url = \"postgres://u:hunter2@h/d\"");
        assert!(!wrong.unwrap_err().message().contains("hunter2"));
    }
}
