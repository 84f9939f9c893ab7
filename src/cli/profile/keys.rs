//! The secrets of a new profile, each read where it is given: in which slot a key belongs, and what is none.

use crate::cli::output::Output;
use crate::cli::page::{Page, Tone};
use crate::cli::prompt;
use crate::domain::database_url::{self, DatabaseUrl};
use crate::domain::given;
use crate::domain::problem::{Kind, Problem};
use crate::domain::reference::Reference;
use crate::domain::secret::SecretKind;
use crate::domain::source::Source;
use secrecy::{ExposeSecret as _, SecretString};

/// The two places for keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// The publishable or legacy anon key.
    Publishable,
    /// The secret or legacy service_role key.
    Secret,
}

impl Slot {
    /// The slot of a kind of key.
    pub fn of(kind: SecretKind) -> Self {
        match kind {
            SecretKind::SecretKey => Self::Secret,
            _ => Self::Publishable,
        }
    }
}

/// Of what kind a secret is that a profile refers to. A variable that is set is read, so that one of another kind is not kept
/// without a word; a command is not run for that.
pub async fn kind_by_value(
    kind: SecretKind,
    reference: &Reference,
    source: &Source,
    asks: bool,
    output: Output,
) -> Result<SecretKind, Problem> {
    let value = match reference {
        Reference::Variable(name) => std::env::var(name).unwrap_or_default(),
        Reference::Command { .. } => String::new(),
    };
    if value.trim().is_empty() {
        return Ok(kind);
    }
    let value = SecretString::from(value);
    match kind {
        SecretKind::PublishableKey | SecretKind::SecretKey => {
            let (slot, _) = key(Slot::of(kind), &value, source, asks, output).await?;
            return Ok(match slot {
                Slot::Publishable => SecretKind::PublishableKey,
                Slot::Secret => SecretKind::SecretKey,
            });
        }
        SecretKind::DatabaseUrl => drop(database_url(&value, source, output)?),
        SecretKind::AccessToken | SecretKind::Session => {
            drop(access_token(&value, source, output)?);
        }
    }
    Ok(kind)
}

/// Reads a key for a slot. One of the other kind goes there only when somebody who can be asked says so.
pub async fn key(
    slot: Slot,
    text: &SecretString,
    source: &Source,
    asks: bool,
    output: Output,
) -> Result<(Slot, SecretString), Problem> {
    let given = given::api_key(text, source)?;
    tell(output, given.note);
    let own = if given.value.is_secret() {
        Slot::Secret
    } else {
        Slot::Publishable
    };
    if own != slot {
        let (what, question) = match own {
            Slot::Secret => (
                "is a secret key, which bypasses Row Level Security",
                "Keep it as the secret key? [y/N] ",
            ),
            Slot::Publishable => (
                "is a publishable key, which is not the service role's",
                "Keep it as the publishable key? [y/N] ",
            ),
        };
        if !(asks && is_yes(&format!("{} {what}. {question}", source.of("The key"))).await?) {
            return Err(misplaced(own, source, what));
        }
    }
    Ok((own, given.value.expose().to_owned().into()))
}

async fn is_yes(question: &str) -> Result<bool, Problem> {
    let answer = prompt::line(question).await?;
    Ok(matches!(
        answer.trim().to_ascii_lowercase().as_str(),
        "y" | "yes"
    ))
}

fn misplaced(own: Slot, source: &Source, what: &str) -> Problem {
    let kind = match source {
        Source::Option(_) | Source::Reference(_) => Kind::Usage,
        _ => Kind::Config,
    };
    let hint = match own {
        Slot::Secret => {
            "Give a secret key with --secret-key or SUPABASE_SECRET_KEY, and the publishable key with --key."
        }
        Slot::Publishable => {
            "Give a publishable key with --key or SUPABASE_PUBLISHABLE_KEY, and the secret key with --secret-key."
        }
    };
    Problem::new(
        kind,
        "The profile was not added.",
        format!("{} {what}.", source.of("The key")),
    )
    .with_hint(hint)
}

/// Reads a database URL, and gives it without what stood around it.
pub fn database_url(
    text: &SecretString,
    source: &Source,
    output: Output,
) -> Result<SecretString, Problem> {
    let (bare, note) = database_url::trimmed(text.expose_secret());
    DatabaseUrl::read(bare, source)?;
    tell(
        output,
        note.map(|note| format!("{}: {note}", source.of("The database URL"))),
    );
    Ok(bare.to_owned().into())
}

/// Reads an access token.
pub fn access_token(
    text: &SecretString,
    source: &Source,
    output: Output,
) -> Result<SecretString, Problem> {
    let given = given::access_token(text, source)?;
    tell(output, given.note);
    Ok(given.value)
}

fn tell(output: Output, note: Option<String>) {
    if let Some(note) = note {
        let mut page = Page::default();
        page.toned(Tone::Warn, &format!("Note: {note}"));
        output.note(&page);
    }
}
