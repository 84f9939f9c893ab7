//! Where secrets are kept: the keyring of the operating system, or memory when there is none. Never a file.
//! A keyring that hangs is given up after a few seconds and not asked again, so that it can freeze nothing.

mod chunks;
mod command;
mod keyring_store;
mod source;

pub use source::{SecretSource, Told, Trust};

use crate::domain::problem::{Kind, Problem};
use crate::domain::secret::{SecretKind, StoredIn};
use crate::ports::{Secrets, Task};
use keyring_store::{Keyring, KeyringError};
use secrecy::SecretString;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How long the keyring may take for one request. Unlocking it may need a person, but a screen must not wait for one.
const PATIENCE: Duration = Duration::from_secs(5);

/// The service under which the keyring has them.
const SERVICE: &str = "supadeck";

/// The secrets of all profiles.
pub struct SecretStore {
    keyring: Option<Keyring>,
    off_because: &'static str,
    memory: Mutex<HashMap<(String, SecretKind), SecretString>>,
}

impl std::fmt::Debug for SecretStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault")
    }
}

impl SecretStore {
    /// Keeps secrets in the keyring of the operating system.
    pub fn keyring() -> Self {
        Self {
            keyring: Some(Keyring::new(SERVICE, PATIENCE)),
            off_because: "",
            memory: Mutex::default(),
        }
    }

    /// Keeps secrets in memory only.
    pub fn memory() -> Self {
        Self {
            keyring: None,
            off_because: "The keyring is not used here.",
            memory: Mutex::default(),
        }
    }

    /// The one that `SUPADECK_KEYRING` asks for.
    pub fn from_environment() -> Self {
        match std::env::var("SUPADECK_KEYRING") {
            Ok(word) if matches!(word.as_str(), "off" | "0" | "false" | "no") => Self {
                off_because: "The keyring is turned off (SUPADECK_KEYRING=off).",
                ..Self::memory()
            },
            _ => Self::keyring(),
        }
    }

    fn remembered(&self, profile: &str, kind: SecretKind) -> Option<SecretString> {
        let memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.get(&(profile.to_owned(), kind)).cloned()
    }

    fn remember(&self, profile: &str, kind: SecretKind, value: Option<&SecretString>) {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let place = (profile.to_owned(), kind);
        match value {
            Some(value) => memory.insert(place, value.clone()),
            None => memory.remove(&place),
        };
    }

    fn why_memory(&self) -> Option<String> {
        match &self.keyring {
            None => Some(self.off_because.to_owned()),
            Some(keyring) => keyring.why_absent(),
        }
    }
}

impl Secrets for SecretStore {
    fn get<'a>(&'a self, profile: &'a str, kind: SecretKind) -> Task<'a, Option<SecretString>> {
        Box::pin(async move {
            // What was kept in memory in this run is newer than anything a keyring that came back may hold.
            if let Some(value) = self.remembered(profile, kind) {
                return Ok(Some(value));
            }
            let Some(keyring) = &self.keyring else {
                return Ok(None);
            };
            match keyring.get(profile, kind).await {
                Ok(value) => Ok(value),
                Err(KeyringError::Absent) => Ok(None),
                Err(KeyringError::Refused(why)) => {
                    tracing::warn!(%why, kind = kind.word(), "the keyring did not give a secret");
                    Ok(None)
                }
            }
        })
    }

    fn set<'a>(
        &'a self,
        profile: &'a str,
        kind: SecretKind,
        value: &'a SecretString,
    ) -> Task<'a, StoredIn> {
        Box::pin(async move {
            if let Some(keyring) = &self.keyring {
                match keyring.set(profile, kind, value).await {
                    Ok(()) => {
                        self.remember(profile, kind, None);
                        return Ok(StoredIn::Keyring);
                    }
                    Err(KeyringError::Absent) => {}
                    Err(KeyringError::Refused(why)) => return Err(refused(&why)),
                }
            }
            self.remember(profile, kind, Some(value));
            Ok(StoredIn::Memory(self.why_memory().unwrap_or_default()))
        })
    }

    fn remove<'a>(&'a self, profile: &'a str, kind: SecretKind) -> Task<'a, StoredIn> {
        Box::pin(async move {
            self.remember(profile, kind, None);
            if let Some(keyring) = &self.keyring {
                match keyring.remove(profile, kind).await {
                    Ok(()) => return Ok(StoredIn::Keyring),
                    Err(KeyringError::Absent) => {}
                    Err(KeyringError::Refused(why)) => return Err(refused(&why)),
                }
            }
            Ok(StoredIn::Memory(self.why_memory().unwrap_or_default()))
        })
    }

    fn keeping(&self) -> Task<'_, StoredIn> {
        Box::pin(async {
            if let Some(keyring) = &self.keyring {
                keyring.probe().await;
            }
            Ok(self
                .why_memory()
                .map_or(StoredIn::Keyring, StoredIn::Memory))
        })
    }

    fn place(&self, profile: &str, kind: SecretKind) -> String {
        let kind = kind.word();
        if self.keyring.is_some() {
            return format!("{SERVICE}/{profile}/{kind}");
        }
        // What is in the memory of a process is a place of its own.
        let (process, at) = (std::process::id(), std::ptr::from_ref(self).addr());
        format!("memory/{process}/{at}/{profile}/{kind}")
    }

    fn outlives(&self, profile: &str, kind: SecretKind) -> bool {
        self.keyring.is_some() && self.remembered(profile, kind).is_none()
    }
}

fn refused(why: &str) -> Problem {
    Problem::new(
        Kind::Config,
        "The keyring did not take the change.",
        why.to_owned(),
    )
    .with_hint("Unlock the keyring, or set SUPADECK_KEYRING=off to keep secrets in memory.")
}
