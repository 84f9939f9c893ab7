//! The keyring of the operating system behind a time limit. Each request runs on a thread of its own: a service that hangs
//! holds up that thread alone, and not the end of the program, as a thread of the runtime's pool would.

use super::chunks;
use crate::domain::secret::SecretKind;
use crate::domain::text;
use keyring::{Entry, Error};
use secrecy::{ExposeSecret, SecretString};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// Why the keyring did not do what was asked.
#[derive(Debug)]
pub(super) enum KeyringError {
    /// There is no keyring here, or none that answers.
    Absent,
    /// It is there and refused, with the reason as a sentence.
    Refused(String),
}

/// The keyring.
pub(super) struct Keyring {
    service: &'static str,
    patience: Duration,
    absent: Arc<Mutex<Option<String>>>,
}

impl Keyring {
    /// The keyring under a service name; nothing is asked yet.
    pub(super) fn new(service: &'static str, patience: Duration) -> Self {
        Self {
            service,
            patience,
            absent: Arc::default(),
        }
    }

    /// Why there is no keyring, once that is known.
    pub(super) fn why_absent(&self) -> Option<String> {
        self.absent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Looks whether there is a keyring; [`Self::why_absent`] knows afterwards.
    pub(super) async fn probe(&self) {
        let asked = self.run(|| match Entry::store_status() {
            Ok(()) => Ok(()),
            Err(_) => Err(Error::NoDefaultStore),
        });
        // Both outcomes are remembered by `run`.
        let _ = asked.await;
    }

    pub(super) async fn get(
        &self,
        profile: &str,
        kind: SecretKind,
    ) -> Result<Option<SecretString>, KeyringError> {
        let (service, user) = (self.service, name(profile, kind));
        self.run(move || chunks::read(&Cell { service, user }))
            .await
    }

    /// Keeps a secret and reads it again: a Secret Service without a default collection says yes and keeps nothing.
    pub(super) async fn set(
        &self,
        profile: &str,
        kind: SecretKind,
        value: &SecretString,
    ) -> Result<(), KeyringError> {
        let (service, user, value) = (self.service, name(profile, kind), value.clone());
        let is_kept = self
            .run(move || {
                let cell = Cell { service, user };
                chunks::write(&cell, value.expose_secret())?;
                let kept = chunks::read(&cell)?;
                Ok(kept.is_some_and(|kept| kept.expose_secret() == value.expose_secret()))
            })
            .await?;
        if is_kept {
            return Ok(());
        }
        Err(self.is_absent("The keyring answers and keeps nothing; it may be locked or have no default collection."))
    }

    pub(super) async fn remove(&self, profile: &str, kind: SecretKind) -> Result<(), KeyringError> {
        let (service, user) = (self.service, name(profile, kind));
        self.run(move || chunks::erase(&Cell { service, user }))
            .await
    }

    /// Runs a request on a thread of its own and waits for it as long as is bearable.
    async fn run<T: Send + 'static>(
        &self,
        request: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, KeyringError> {
        if self.why_absent().is_some() {
            return Err(KeyringError::Absent);
        }
        let (answer, answered) = oneshot::channel();
        let started = std::thread::Builder::new()
            .name("keyring".to_owned())
            .spawn(move || answer.send(request()).is_ok());
        if started.is_err() {
            return Err(self.is_absent("No thread could be started to ask it."));
        }
        match tokio::time::timeout(self.patience, answered).await {
            Ok(Ok(Ok(value))) => Ok(value),
            // Whoever keeps it locked is not asked again for every secret.
            Ok(Ok(Err(Error::NoStorageAccess(_)))) => Err(self.is_absent("The keyring is locked.")),
            Ok(Ok(Err(Error::NoDefaultStore))) => {
                Err(self.is_absent("No keyring answers on this machine."))
            }
            Ok(Ok(Err(error))) => Err(KeyringError::Refused(reason(&error))),
            Ok(Err(_)) => Err(self.is_absent("The keyring's library failed.")),
            Err(_) => Err(self.is_absent(&format!(
                "The keyring did not answer within {} seconds; it may be locked.",
                self.patience.as_secs()
            ))),
        }
    }

    fn is_absent(&self, why: &str) -> KeyringError {
        let mut absent = self.absent.lock().unwrap_or_else(PoisonError::into_inner);
        absent.get_or_insert_with(|| why.to_owned());
        KeyringError::Absent
    }
}

fn name(profile: &str, kind: SecretKind) -> String {
    format!("{profile}/{}", kind.word())
}

/// One place in the keyring that holds a secret, in one entry or in several.
struct Cell {
    service: &'static str,
    user: String,
}

impl Cell {
    fn entry(&self, suffix: &str) -> Result<Entry, Error> {
        Entry::new(self.service, &format!("{}{suffix}", self.user))
    }
}

impl chunks::Store for Cell {
    type Error = Error;

    fn get(&self, suffix: &str) -> Result<Option<Vec<u8>>, Error> {
        match self.entry(suffix)?.get_secret() {
            Ok(bytes) => Ok(Some(bytes)),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn put(&self, suffix: &str, bytes: &[u8]) -> Result<(), Error> {
        self.entry(suffix)?.set_secret(bytes)
    }

    fn delete(&self, suffix: &str) -> Result<(), Error> {
        match self.entry(suffix)?.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// The reason in words. Never the error's own data: `BadEncoding` carries the secret's bytes.
fn reason(error: &Error) -> String {
    match error {
        Error::BadEncoding(_) | Error::BadDataFormat(..) => {
            "The entry holds something else.".to_owned()
        }
        Error::Ambiguous(_) => "There are several entries of that name.".to_owned(),
        Error::TooLong(..) => "The secret is too long for this keyring.".to_owned(),
        Error::PlatformFailure(cause) => {
            format!("{}.", text::cell(cause.to_string().trim_end_matches('.')))
        }
        _ => "The keyring does not support it.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn a_keyring_that_hangs_is_given_up_and_not_asked_again() {
        let keyring = Keyring::new("supadeck-test", Duration::from_millis(50));
        let (release, held) = std::sync::mpsc::channel::<()>();
        let asked = keyring.run(move || {
            // Hangs until the test is over.
            let _ = held.recv();
            Ok(())
        });
        assert!(matches!(asked.await, Err(KeyringError::Absent)));
        assert!(keyring.why_absent().unwrap().contains("did not answer"));
        let again = keyring.run(|| -> Result<(), Error> { panic!("asked again") });
        assert!(matches!(again.await, Err(KeyringError::Absent)));
        drop(release);
    }

    #[tokio::test]
    async fn a_machine_without_a_keyring_says_so() {
        let keyring = Keyring::new("supadeck-test", Duration::from_secs(5));
        let asked = keyring.run(|| -> Result<(), Error> { Err(Error::NoDefaultStore) });
        assert!(matches!(asked.await, Err(KeyringError::Absent)));
        assert_eq!(
            keyring.why_absent().unwrap(),
            "No keyring answers on this machine."
        );
    }

    #[test]
    fn a_reason_never_holds_the_secret() {
        let error = Error::BadEncoding(b"hunter2".to_vec());
        assert!(!reason(&error).contains("hunter2"));
    }
}
