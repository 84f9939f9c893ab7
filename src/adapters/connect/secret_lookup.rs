//! Which of the places that a secret can come from goes first. Nothing here decides which project is meant.

use super::settings::Variable;
use crate::adapters::secrets::{SecretSource, Told, Trust};
use crate::domain::problem::Problem;
use crate::domain::profile::Profile;
use crate::domain::reference::Reference;
use crate::domain::secret::{SecretKind, unbind};
use crate::domain::source::Source;
use crate::ports::Secrets;
use secrecy::{ExposeSecret, SecretString};

/// The keyring's secrets of a profile, if they may be used.
pub(super) struct SecretLookup<'a> {
    pub(super) secrets: &'a dyn Secrets,
    pub(super) profile: Option<&'a Profile>,
    /// Whether the environment's secrets are those of this project, because SUPABASE_URL says so.
    pub(super) is_ours: bool,
    /// Whether the commands of the profile may be run.
    pub(super) trust: Trust,
    /// Who is told that one of them is waited for.
    pub(super) told: Told,
}

impl SecretLookup<'_> {
    /// What was typed, else what the profile refers to, else what is kept, else what the environment has. A variable goes before what is kept only where
    /// SUPABASE_URL says whose it is; otherwise it may belong to anything, and its use for a profile is a note.
    pub(super) async fn or(
        &self,
        typed: Option<(&SecretString, Source)>,
        variable: Option<&Variable>,
        kind: SecretKind,
        notes: &mut Vec<String>,
    ) -> Result<Option<SecretSource>, Problem> {
        let known = |secret: SecretString, source| SecretSource::known(kind, secret, source);
        if let Some((typed, source)) = typed.filter(|(typed, _)| !typed.expose_secret().is_empty())
        {
            return Ok(Some(known(typed.clone(), source)));
        }
        let taken =
            variable.map(|variable| known(variable.value.clone(), Source::variable(variable.name)));
        let Some(profile) = self.profile else {
            return Ok(taken);
        };
        if self.is_ours && taken.is_some() {
            return Ok(taken);
        }
        if let Some(reference) = profile.secrets.of(kind) {
            return Ok(Some(self.by(kind, reference)));
        }
        let name = &profile.name;
        if let Some(text) = self.secrets.get(name, kind).await? {
            if let Some(secret) = unbind(&profile.url, &text) {
                return Ok(Some(known(secret, Source::profile(name))));
            }
            notes.push(format!(
                "A {} that is kept under `{name}` is for another URL and is not used; `profile add {name} --replace` forgets it.",
                kind.word()
            ));
        }
        if let Some(variable) = variable {
            notes.push(format!(
                "{} is used for `{name}`, which has none of its own.",
                variable.name
            ));
        }
        Ok(taken)
    }

    /// Everything that the profile refers to.
    pub(super) fn references(&self) -> Vec<SecretSource> {
        let all = self
            .profile
            .into_iter()
            .flat_map(|profile| profile.secrets.all());
        all.map(|(kind, reference)| self.by(kind, reference))
            .collect()
    }

    fn by(&self, kind: SecretKind, reference: &Reference) -> SecretSource {
        let (trust, told) = (self.trust.clone(), self.told.clone());
        SecretSource::by(kind, reference.clone(), trust, told)
    }
}
