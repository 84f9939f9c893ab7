//! A secret that is known, or the reference that it is looked up by when somebody needs it: once in a process, and not
//! before.

use super::command;
use crate::domain::problem::{Kind, Problem};
use crate::domain::reference::Reference;
use crate::domain::secret::SecretKind;
use crate::domain::source::Source;
use secrecy::{ExposeSecret, SecretString};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::OnceCell;

/// How long a command may take before somebody is told that it is waited for.
const SILENCE: Duration = Duration::from_secs(3);

/// Who is told that a command is waited for.
#[derive(Clone, Default)]
pub struct Told(Option<Arc<dyn Fn(String) + Send + Sync>>);

impl Told {
    /// Tells by this function.
    pub fn by(tell: impl Fn(String) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(tell)))
    }

    /// Tells.
    pub fn tell(&self, text: String) {
        if let Some(tell) = &self.0 {
            tell(text);
        }
    }
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Told")
    }
}

/// Whether commands may be run that stand in the profiles: not when others can write there, with the reason.
pub type Trust = Result<(), Problem>;

/// Where a secret comes from. `Debug` shows a reference, and never a secret.
#[derive(Clone)]
pub struct SecretSource {
    kind: SecretKind,
    from: From,
}

#[derive(Clone)]
enum From {
    Known(SecretString, Source),
    Reference {
        reference: Reference,
        trust: Trust,
        told: Told,
    },
}

impl fmt::Debug for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.from {
            From::Known(..) => write!(f, "SecretSource({})", self.kind.word()),
            From::Reference { reference, .. } => {
                write!(f, "SecretSource({} from {reference})", self.kind.word())
            }
        }
    }
}

/// What the commands have given in this process.
type Found = Mutex<HashMap<Reference, Arc<OnceCell<SecretString>>>>;
static FOUND: LazyLock<Found> = LazyLock::new(Found::default);

impl SecretSource {
    /// A secret that is known, and where it came from.
    pub fn known(kind: SecretKind, secret: SecretString, source: Source) -> Self {
        let from = From::Known(secret, source);
        Self { kind, from }
    }

    /// A secret that is looked up when it is needed.
    pub fn by(kind: SecretKind, reference: Reference, trust: Trust, told: Told) -> Self {
        let from = From::Reference {
            reference,
            trust,
            told,
        };
        Self { kind, from }
    }

    /// Its kind.
    pub fn kind(&self) -> SecretKind {
        self.kind
    }

    /// The reference, where it comes from one.
    pub fn reference(&self) -> Option<&Reference> {
        match &self.from {
            From::Known(..) => None,
            From::Reference { reference, .. } => Some(reference),
        }
    }

    /// Where it comes from, for messages about it.
    pub fn source(&self) -> Source {
        match &self.from {
            From::Known(_, source) => source.clone(),
            From::Reference { reference, .. } => Source::Reference(reference.to_string()),
        }
    }

    /// The secret, if it is known without a look.
    pub fn if_known(&self) -> Option<&SecretString> {
        match &self.from {
            From::Known(secret, _) => Some(secret),
            From::Reference { .. } => None,
        }
    }

    /// The secret.
    pub async fn get(&self) -> Result<SecretString, Problem> {
        match &self.from {
            From::Known(secret, _) => Ok(secret.clone()),
            From::Reference {
                reference,
                trust,
                told,
            } => self.look_up(reference, trust, told).await,
        }
    }

    async fn look_up(
        &self,
        reference: &Reference,
        trust: &Trust,
        told: &Told,
    ) -> Result<SecretString, Problem> {
        let found = match reference {
            Reference::Variable(name) => variable(name),
            Reference::Command { words, .. } => {
                trust.clone()?;
                let cell = {
                    let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
                    Arc::clone(found.entry(reference.clone()).or_default())
                };
                // A failure is not kept: what is locked now may be unlocked a minute later.
                let run = cell.get_or_try_init(|| command::run(words, command::PATIENCE));
                self.telling(reference, told, run).await.cloned()
            }
        };
        found.map_err(|problem| Problem {
            what: format!(
                "The {} could not be had from {reference}.",
                self.kind.title()
            ),
            ..problem
        })
    }

    /// Awaits a command; when it takes long, says so once.
    async fn telling<T>(
        &self,
        reference: &Reference,
        told: &Told,
        run: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        tokio::pin!(run);
        tokio::select! {
            biased;
            ended = &mut run => return ended,
            () = tokio::time::sleep(SILENCE) => {}
        }
        told.tell(format!(
            "Waiting for the {} from {reference}, {} seconds at most.",
            self.kind.title(),
            command::PATIENCE.as_secs()
        ));
        run.await
    }
}

fn variable(name: &str) -> Result<SecretString, Problem> {
    let value = std::env::var(name).unwrap_or_default();
    let value = value.trim();
    if value.is_empty() {
        return Err(
            Problem::new(Kind::Config, "", format!("The environment variable {name} is not set."))
                .with_hint(format!("Set {name}, or change where the secret comes from with `supadeck profile add --replace`.")),
        );
    }
    Ok(value.to_owned().into())
}

/// Whether both are the same secret, without looking anything up.
impl PartialEq for SecretSource {
    fn eq(&self, other: &Self) -> bool {
        match (&self.from, &other.from) {
            (From::Known(one, _), From::Known(two, _)) => {
                one.expose_secret() == two.expose_secret()
            }
            (
                From::Reference { reference, .. },
                From::Reference {
                    reference: other, ..
                },
            ) => reference == other,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn source(reference: &str, trust: Trust) -> SecretSource {
        let reference = Reference::parse(reference).unwrap();
        SecretSource::by(SecretKind::SecretKey, reference, trust, Told::default())
    }

    #[tokio::test]
    async fn a_variable_that_is_not_set_is_named() {
        let problem = source("env:SUPADECK_NO_SUCH_VARIABLE", Ok(()))
            .get()
            .await
            .unwrap_err();
        assert_eq!(problem.kind, Kind::Config);
        assert!(problem.what.contains("secret key"), "{problem}");
        assert!(
            problem.why.contains("SUPADECK_NO_SUCH_VARIABLE"),
            "{problem}"
        );
        assert!(source("env:PATH", Ok(())).get().await.is_ok());
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_command_runs_once_and_only_when_it_is_needed() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("runs");
        let script = dir.path().join("key");
        std::fs::write(
            &script,
            format!("echo x >> '{}'; echo hunter2\n", log.display()),
        )
        .unwrap();
        let reference = format!("cmd:sh '{}'", script.display());
        let one = source(&reference, Ok(()));
        assert!(!log.exists());
        let (a, b) = tokio::join!(one.get(), one.get());
        assert_eq!(a.unwrap().expose_secret(), "hunter2");
        assert_eq!(b.unwrap().expose_secret(), "hunter2");
        source(&reference, Ok(())).get().await.unwrap();
        assert_eq!(std::fs::read_to_string(&log).unwrap(), "x\n");
        assert!(!format!("{one:?}").contains("hunter2"));
    }

    #[tokio::test]
    async fn a_command_that_others_may_have_written_is_not_run() {
        let distrust = Err(Problem::new(Kind::Config, "Others can write there.", ""));
        let problem = source("cmd:true", distrust.clone())
            .get()
            .await
            .unwrap_err();
        assert_eq!(problem.what, "Others can write there.");
        assert!(source("env:PATH", distrust).get().await.is_ok());
    }
}
